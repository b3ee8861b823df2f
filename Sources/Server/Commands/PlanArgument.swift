// The plan that an argument of `waggle plan …` means: a shipped one by its name, or a document by its
// path, with parameters bound. Reads the document from disk; any thread.

import Commission

/// A plan that a command line names by PLAN and `--parameter`.
struct PlanArgument {
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
    let parameters = try PlanChoice(input).parameters(for: plain)
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
    do { return try PlanChoice(input).read(word) } catch {
      guard error.code == .inputOutput else { throw error }
      let hint = nearestName(to: word, among: Plan.shippedNames).map { "; did you mean \($0)?" }
      throw CommandFailure(
        .inputOutput,
        "\(word) is no shipped plan, and \(error.message)\(hint ?? "")")
    }
  }
}
