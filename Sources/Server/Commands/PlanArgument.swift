// The plan that an argument of `waggle plan …` means: a shipped one by its name, or a document by its
// path, with parameters bound. Reads the document from disk; any thread.

import Commission

/// A plan that a command line names by PLAN and `--parameter`.
struct PlanArgument {
  /// The most bytes of a plan document.
  private static let bytesMax = 1 << 20

  /// The argument to declare.
  static let argument = CommandArgument(
    "PLAN",
    "A shipped plan by its name (\(Plan.shippedNames.joined(separator: ", "))), or the path of a plan"
      + " document.")

  /// The option to declare.
  static let option = CommandOption.list(
    "parameter", "NAME=VALUE",
    "Bind a parameter of the plan instead of its default, such as goldBonus=0; ranks are separated"
      + " by commas, such as retainedBy=gold,senior.")

  private let input: CommandInput

  /// Takes the words of a command.
  init(_ input: CommandInput) { self.input = input }

  /// The plan that is meant.
  ///
  /// - Returns: the plan with its parameters bound.
  /// - Throws: `CommandFailure`: `.inputOutput` for a document that cannot be read, `.malformedInput`
  ///   for one that is no plan, `.usage` for parameters.
  func plan() throws(CommandFailure) -> Plan {
    let plain = try unbound(input.arguments[0])
    let parameters = try parameters(for: plain)
    guard !parameters.isEmpty else { return plain }
    do { return try Plan(document: plain.document, parameters: parameters) } catch {
      throw CommandFailure(.usage, "--parameter: \(error)")
    }
  }

  private func unbound(_ word: String) throws(CommandFailure) -> Plan {
    if Plan.shippedNames.contains(word) {
      do { return try Plan.shipped(word) } catch {
        throw CommandFailure(.internalFault, "the shipped plan \(word) cannot be read: \(error)")
      }
    }
    let bytes: [UInt8]
    do { bytes = try SmallFile.read(word, bytesMax: Self.bytesMax) } catch {
      let hint = nearestName(to: word, among: Plan.shippedNames).map { "; did you mean \($0)?" }
      throw CommandFailure(
        .inputOutput,
        "\(word) is no shipped plan, and cannot be read as a file: \(error)\(hint ?? "")")
    }
    do { return try Plan(document: bytes) } catch {
      throw CommandFailure(.malformedInput, "\(word): \(error)")
    }
  }

  /// Values of the kind that the plan's own values of the same parameters have.
  private func parameters(for plan: Plan) throws(CommandFailure) -> [String: PlanValue] {
    var values: [String: PlanValue] = [:]
    for text in input.list("parameter") {
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else {
        throw CommandFailure(.usage, "--parameter: NAME=VALUE is wanted, not \"\(text)\"")
      }
      let (name, word) = (String(parts[0]), String(parts[1]))
      switch plan.value(of: name) {
      case .integer:
        guard let integer = Int64(word) else {
          throw CommandFailure(.usage, "--parameter: \(name) is a whole number, not \"\(word)\"")
        }
        values[name] = .integer(integer)
      case .texts: values[name] = .texts(word.split(separator: ",").map(String.init))
      case .text, nil: values[name] = .text(word)
      }
    }
    return values
  }
}
