// Which plan a command line means: a shipped one, a document, or the one at hand with other parameters.
// Reads the document from disk; any thread.

import Commission

/// A plan that a command line names.
struct PlanChoice {
  /// The most bytes of a plan document.
  private static let bytesMax = 1 << 20

  /// The options to declare.
  static let options: [CommandOption] = [
    .value("plan", "NAME", "A shipped plan: wanwu, fengxiang, shuai or youpin."),
    .value("document", "FILE", "A plan document, instead of --plan."),
    .list(
      "parameter", "NAME=VALUE",
      "A parameter of the plan; ranks are separated by commas, such as retainedBy=gold,senior."),
  ]

  private let input: CommandInput

  /// Takes the options of a command.
  init(_ input: CommandInput) { self.input = input }

  /// The plan that is meant.
  ///
  /// - Parameter present: stands where neither a name nor a document is given.
  /// - Returns: the plan with its parameters bound.
  /// - Throws: `CommandFailure`: `.usage` for names and parameters, `.inputOutput` for a file that
  ///   cannot be read, `.malformedInput` for a document that is no plan.
  func plan(otherwise present: Plan) throws(CommandFailure) -> Plan {
    let base: Plan
    switch (input.optionalText("plan"), input.optionalText("document")) {
    case (_?, _?): throw CommandFailure(.usage, "--plan and --document exclude each other")
    case (let name?, nil):
      do { base = try Plan.shipped(name) } catch {
        throw input.refusal("plan", "one of \(Plan.shippedNames.joined(separator: ", "))")
      }
    case (nil, let path?): base = try read(path)
    case (nil, nil):
      guard !input.list("parameter").isEmpty else {
        throw CommandFailure(.usage, "--plan, --document or --parameter is needed")
      }
      base = present
    }
    let parameters = try parameters(for: base)
    do { return try Plan(document: base.document, parameters: parameters) } catch {
      throw CommandFailure(.usage, "--parameter: \(error)")
    }
  }

  /// The plan document at a path.
  func read(_ path: String) throws(CommandFailure) -> Plan {
    let bytes: [UInt8]
    do { bytes = try SmallFile.read(path, bytesMax: Self.bytesMax) } catch {
      throw CommandFailure(.inputOutput, "cannot read \(path): \(error)")
    }
    do { return try Plan(document: bytes) } catch {
      throw CommandFailure(.malformedInput, "\(path): \(error)")
    }
  }

  /// Values as the plan's own values of the same parameters are: numbers, words, lists of words.
  func parameters(for plan: Plan) throws(CommandFailure) -> [String: PlanValue] {
    var values: [String: PlanValue] = [:]
    for text in input.list("parameter") {
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else {
        throw CommandFailure(.usage, "--parameter: \"\(text)\" is not NAME=VALUE")
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
