// `--help`, built from the declarations. Lines of at most 80 columns where words allow. Pure.

/// Writes the help texts.
enum CommandHelp {
  private static let columns = 80

  /// The help of the whole program.
  static func program(_ table: CommandTable) -> [String] {
    ["usage: \(table.name) COMMAND [options]", ""] + wrapped(table.summary, indent: 0)
      + ["", "Commands:"] + list(table.commands)
      + ["", "\"\(table.name) COMMAND --help\" says more about one of them."]
  }

  /// The help of the commands that begin with the same word.
  static func family(_ word: String, of table: CommandTable) -> [String] {
    ["usage: \(table.name) \(word) COMMAND [options]", "", "Commands:"]
      + list(table.commands.filter { $0.name.hasPrefix(word + " ") })
      + ["", "\"\(table.name) \(word) COMMAND --help\" says more about one of them."]
  }

  private static func list(_ commands: [Subcommand]) -> [String] {
    let width = commands.map(\.name.utf8.count).max() ?? 0
    return commands.map { command in
      let gap = String(repeating: " ", count: width - command.name.utf8.count + 2)
      return "  \(command.name)\(gap)\(command.summary)"
    }
  }

  /// The help of one command.
  static func command(_ command: Subcommand, program: String) -> [String] {
    var lines = ["usage: " + usage(command, program: program), ""]
    lines += wrapped(command.details, indent: 0)
    if !command.arguments.isEmpty {
      lines += ["", "Arguments:"]
      lines += command.arguments.flatMap { entry($0.placeholder, $0.help) }
    }
    lines += ["", "Options:"]
    lines += command.allOptions.flatMap { entry(heading($0), text($0)) }
    lines += entry("--help", "Print this text.")
    lines += [""]
    lines += wrapped(
      "An option on the command line wins over the environment, that over the file of --config,"
        + " that over the default. \"--\" ends the options.", indent: 0)
    if !command.examples.isEmpty {
      lines += ["", "Examples:"]
      lines += command.examples.flatMap { entry("\(program) \($0.line)", $0.meaning) }
    }
    lines += ["", "Exit codes:"]
    lines += ExitCode.allCases.map { code in
      "  \(code.rawValue < 10 ? " " : "")\(code.rawValue)  \(code.meaning)"
    }
    return lines
  }

  private static func usage(_ command: Subcommand, program: String) -> String {
    let arguments = command.arguments.map { argument in
      switch argument.count {
      case .one: " " + argument.placeholder
      case .optional: " [\(argument.placeholder)]"
      case .many: " \(argument.placeholder)..."
      }
    }
    return "\(program) \(command.name) [options]" + arguments.joined()
  }

  private static func heading(_ option: CommandOption) -> String {
    switch option.kind {
    case .flag: "--\(option.name)"
    case .value(let placeholder), .list(let placeholder): "--\(option.name) \(placeholder)"
    }
  }

  private static func text(_ option: CommandOption) -> String {
    var text = option.help
    if case .list = option.kind {
      text += " May be given again; in the environment and in the file, commas separate."
    }
    if let fallback = option.fallback { text += " Default: \(fallback)." }
    return text + " Environment: \(option.environmentName)."
  }

  private static func entry(_ heading: String, _ text: String) -> [String] {
    ["  " + heading] + wrapped(text, indent: 6)
  }

  /// The text in lines of at most 80 columns; a line break in it begins a new line.
  static func wrapped(_ text: String, indent: Int) -> [String] {
    let margin = String(repeating: " ", count: indent)
    return text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { paragraph in
      var lines: [String] = []
      var line = ""
      for word in paragraph.split(separator: " ") {
        if !line.isEmpty, indent + line.count + 1 + word.count > columns {
          lines.append(margin + line)
          line = ""
        }
        line += (line.isEmpty ? "" : " ") + word
      }
      return lines + [line.isEmpty ? "" : margin + line]
    }
  }
}
