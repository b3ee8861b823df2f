// What a command was told, after flags, environment, file and defaults have been weighed.
// A value; any thread.

/// The options and arguments of one run of a command.
package struct CommandInput: Sendable {
  /// Where a value came from; earlier cases win over later ones.
  package enum Source: Equatable, Sendable, CustomStringConvertible {
    /// The command line.
    case commandLine
    /// The environment, by the name of the variable.
    case environment(String)
    /// The configuration file, by its path and the line from 1.
    case file(path: String, line: Int)
    /// The declaration.
    case fallback

    /// Where to go and change it.
    package var description: String {
      switch self {
      case .commandLine: "command line"
      case .environment(let name): "environment \(name)"
      case .file(let path, let line): "\(path):\(line)"
      case .fallback: "default"
      }
    }
  }

  /// The values of one option and where they came from.
  struct Setting: Equatable {
    var values: [String]
    var source: Source
  }

  /// What stood on the command line besides options, in order.
  package let arguments: [String]
  private let options: [CommandOption]
  private let settings: [String: Setting]

  init(arguments: [String], options: [CommandOption], settings: [String: Setting]) {
    self.arguments = arguments
    self.options = options
    self.settings = settings
  }

  /// The value of an option that has to be there.
  ///
  /// - Parameter name: of a declared option that takes a value.
  /// - Returns: the value given, or its default.
  /// - Throws: `CommandFailure` with `.usage` where there is neither.
  package func text(_ name: String) throws(CommandFailure) -> String {
    if let text = optionalText(name) { return text }
    throw CommandFailure(.usage, "--\(name) is needed")
  }

  /// The value of an option, or nothing where it was not given and has no default.
  ///
  /// - Parameter name: of a declared option that takes a value.
  /// - Returns: the value given, or its default.
  package func optionalText(_ name: String) -> String? { setting(name)?.values.last }

  /// All values of an option that may be repeated; none where it was not given.
  ///
  /// - Parameter name: of a declared list.
  /// - Returns: the values in the order given.
  package func list(_ name: String) -> [String] { setting(name)?.values ?? [] }

  /// Whether a flag is up.
  ///
  /// - Parameter name: of a declared flag.
  /// - Returns: whether it was given and not `false`.
  package func flag(_ name: String) -> Bool { setting(name)?.values.last == "true" }

  /// The value of an option as a whole number.
  ///
  /// - Parameters:
  ///   - name: of a declared option that takes a value.
  ///   - range: what is accepted.
  /// - Returns: the number.
  /// - Throws: `CommandFailure` with `.usage` where there is none, or none in the range.
  package func integer(
    _ name: String, in range: ClosedRange<Int64>
  ) throws(CommandFailure) -> Int64 {
    let text = try text(name)
    if let number = Int64(text), range.contains(number), !text.hasPrefix("+") { return number }
    throw refusal(
      name, "a whole number between \(range.lowerBound) and \(range.upperBound) is wanted")
  }

  /// A failure that says what is wrong with an option's value and where the value came from.
  ///
  /// - Parameters:
  ///   - name: of a declared option.
  ///   - wish: what would be right, as a clause.
  /// - Returns: a failure with `.usage`, to be thrown.
  package func refusal(_ name: String, _ wish: String) -> CommandFailure {
    guard let setting = setting(name), let value = setting.values.last else {
      return CommandFailure(.usage, "--\(name): \(wish)")
    }
    let shown = option(name).isSecret ? "the value" : "\"\(value)\""
    return CommandFailure(.usage, "--\(name): \(wish), not \(shown) (\(setting.source))")
  }

  /// Every option that has a value, in the order declared, one line each with its source; secrets
  /// are not shown.
  package var summary: [String] {
    options.compactMap { option in
      guard let setting = settings[option.name] else { return nil }
      let value = option.isSecret ? "(secret)" : setting.values.joined(separator: ",")
      return "\(option.name) = \(value)  (\(setting.source))"
    }
  }

  private func setting(_ name: String) -> Setting? {
    _ = option(name)
    return settings[name]
  }

  private func option(_ name: String) -> CommandOption {
    guard let option = options.first(where: { $0.name == name }) else {
      preconditionFailure("the command does not declare --\(name)")
    }
    return option
  }
}
