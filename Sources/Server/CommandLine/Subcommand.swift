// A command of the program, declared as data: parsing, precedence and `--help` all follow from the
// declaration, so that they cannot disagree. A value; any thread.

/// One command, such as `waggle serve`.
package struct Subcommand: Sendable {
  /// What is typed: `serve`; two words where commands belong together, such as `plan simulate`.
  package let name: String
  /// One line for the list of commands, without a full stop.
  package let summary: String
  /// What it does, in a few sentences for a newcomer.
  package let details: String
  /// What stands on the command line besides options, in order.
  package let arguments: [CommandArgument]
  /// Its options, in the order of `--help`.
  package let options: [CommandOption]
  /// Command lines that work as they stand, without the program's name, each with what it does.
  package let examples: [Example]
  /// Does the work.
  package let run: Run

  /// What a command does with its options; throws `CommandFailure` to end early with a message.
  package typealias Run = @Sendable (CommandInput, CommandOutput) throws -> ExitCode

  /// A command line to imitate.
  package struct Example: Sendable {
    let line: String
    let meaning: String

    /// Makes an example.
    ///
    /// - Parameters:
    ///   - line: such as `serve --demo`, without the program's name.
    ///   - meaning: what it does.
    package init(_ line: String, _ meaning: String) {
      self.line = line
      self.meaning = meaning
    }
  }

  /// Declares a command.
  ///
  /// - Parameters:
  ///   - name: what is typed.
  ///   - summary: one line, without a full stop.
  ///   - details: a few sentences.
  ///   - arguments: in order; only the last may be optional or repeated.
  ///   - options: with names that differ; `config` and `help` are there already.
  ///   - examples: lines to imitate.
  ///   - run: does the work.
  package init(
    name: String, summary: String, details: String, arguments: [CommandArgument] = [],
    options: [CommandOption] = [], examples: [Example] = [], run: @escaping Run
  ) {
    let names = options.map(\.name) + ["config", "help"]
    precondition(Set(names).count == names.count, "an option of \(name) is declared twice")
    precondition(
      arguments.dropLast().allSatisfy { $0.count == .one }, "only the last argument may be optional"
    )
    self.name = name
    self.summary = summary
    self.details = details
    self.arguments = arguments
    self.options = options
    self.examples = examples
    self.run = run
  }

  /// Its own options and those that every command has.
  var allOptions: [CommandOption] { options + [.config] }
}

/// Something named that a command can be told: `--port 8080`.
package struct CommandOption: Sendable {
  /// What an option takes.
  package enum Kind: Equatable, Sendable {
    /// Nothing: it is there or not. In the environment and in files it is `true` or `false`.
    case flag
    /// One value; given more than once, the last counts.
    case value(placeholder: String)
    /// Any number of values: given again and again, or separated by commas outside the command line.
    case list(placeholder: String)
  }

  /// Lower-case words with hyphens: `queue-bytes-max`.
  package let name: String
  /// What it takes.
  package let kind: Kind
  /// What it does, in a sentence or two with units and range.
  package let help: String
  /// The value where none is given, or nothing.
  package let fallback: String?
  /// Whether the value is never to be shown.
  package let isSecret: Bool

  /// Declares an option that takes a value.
  ///
  /// - Parameters:
  ///   - name: lower-case words with hyphens.
  ///   - placeholder: what stands for the value in `--help`, in capitals.
  ///   - fallback: the value where none is given.
  ///   - isSecret: whether the value is never to be shown.
  ///   - help: what it does.
  /// - Returns: the option.
  package static func value(
    _ name: String, _ placeholder: String, default fallback: String? = nil, isSecret: Bool = false,
    _ help: String
  ) -> CommandOption {
    CommandOption(
      name: name, kind: .value(placeholder: placeholder), help: help, fallback: fallback,
      isSecret: isSecret)
  }

  /// Declares an option that may be given again and again.
  ///
  /// - Parameters:
  ///   - name: lower-case words with hyphens.
  ///   - placeholder: what stands for one value in `--help`, in capitals.
  ///   - help: what it does.
  /// - Returns: the option.
  package static func list(
    _ name: String, _ placeholder: String, _ help: String
  ) -> CommandOption {
    CommandOption(
      name: name, kind: .list(placeholder: placeholder), help: help, fallback: nil, isSecret: false)
  }

  /// Declares an option that is there or not.
  ///
  /// - Parameters:
  ///   - name: lower-case words with hyphens.
  ///   - help: what it does.
  /// - Returns: the option.
  package static func flag(_ name: String, _ help: String) -> CommandOption {
    CommandOption(name: name, kind: .flag, help: help, fallback: nil, isSecret: false)
  }

  static let config = CommandOption.value(
    "config", "FILE",
    "Read options from a file with lines such as \"port = 8080\"; lines that begin with # are"
      + " comments. A flag is written \"demo = true\".")

  /// The name in the environment: `WAGGLE_QUEUE_BYTES_MAX`.
  var environmentName: String {
    "WAGGLE_" + name.uppercased().split(separator: "-").joined(separator: "_")
  }
}

/// Something that a command takes by its place on the command line.
package struct CommandArgument: Sendable {
  /// How many there may be.
  package enum Count: Sendable {
    /// Exactly one.
    case one
    /// One or none.
    case optional
    /// One or more.
    case many
  }

  let placeholder: String
  let count: Count
  let help: String

  /// Declares an argument.
  ///
  /// - Parameters:
  ///   - placeholder: what stands for it in `--help`, in capitals.
  ///   - help: what it is.
  ///   - count: how many there may be.
  package init(_ placeholder: String, _ help: String, count: Count = .one) {
    self.placeholder = placeholder
    self.count = count
    self.help = help
  }
}
