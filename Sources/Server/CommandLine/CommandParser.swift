// From words, environment and file to the options of one command. The first that names an option
// wins: command line, environment, file, default. An empty variable counts as absent, so that it
// can be switched off in a script. Reads nothing by itself: the file comes through a closure.

/// Weighs everything that a command can be told by.
struct CommandParser {
  /// The command to be run.
  let command: Subcommand
  /// Every option of the program: a file is shared by all commands, and may name any of them.
  let knownOptions: [CommandOption]
  let environment: [String: String]
  /// Reads the configuration file.
  let readFile: (String) throws(CommandFailure) -> [UInt8]

  private typealias Setting = CommandInput.Setting

  /// Parses the words behind the command's name.
  func input(_ words: [String]) throws(CommandFailure) -> CommandInput {
    var (settings, arguments) = try commandLine(words)
    for option in command.allOptions {
      if let text = environment[option.environmentName], !text.isEmpty, settings[option.name] == nil
      {
        settings[option.name] = Setting(
          values: try values(text, of: option, "in \(option.environmentName)"),
          source: .environment(option.environmentName))
      }
    }
    if let path = settings["config"]?.values.last {
      for (name, setting) in try file(path) where settings[name] == nil { settings[name] = setting }
    }
    for option in command.options where settings[option.name] == nil {
      if let fallback = option.fallback {
        settings[option.name] = Setting(values: [fallback], source: .fallback)
      }
    }
    try checkCount(arguments)
    return CommandInput(arguments: arguments, options: command.allOptions, settings: settings)
  }

  private func commandLine(
    _ words: [String]
  ) throws(CommandFailure) -> (settings: [String: Setting], arguments: [String]) {
    var settings: [String: Setting] = [:]
    var arguments: [String] = []
    var rest = words[...]
    while let word = rest.popFirst() {
      if word == "--" {
        arguments += rest
        break
      }
      guard word.hasPrefix("-"), word != "-" else {
        arguments.append(word)
        continue
      }
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let option = command.allOptions.first(where: { "--" + $0.name == parts[0] }) else {
        throw unknown(
          "unknown option \(parts[0])", String(parts[0]), command.allOptions.map { "--" + $0.name })
      }
      var value = parts.count > 1 ? String(parts[1]) : nil
      if option.kind == .flag {
        value = try values(value ?? "true", of: option, "on the command line")[0]
      } else if value == nil, let next = rest.first, !next.hasPrefix("--") {
        value = rest.removeFirst()
      }
      guard let value else { throw CommandFailure(.usage, "\(word) needs a value") }
      add([value], of: option, from: .commandLine, to: &settings)
    }
    return (settings, arguments)
  }

  private func file(_ path: String) throws(CommandFailure) -> [String: Setting] {
    var settings: [String: Setting] = [:]
    let known = knownOptions.filter { $0.name != CommandOption.config.name }
    for entry in try ConfigurationFile.entries(path: path, bytes: readFile(path)) {
      guard let option = known.first(where: { $0.name == entry.name }) else {
        throw unknown(
          "\(path):\(entry.line): unknown option \(entry.name)", entry.name, known.map(\.name))
      }
      let values = try values(entry.value, of: option, "at \(path):\(entry.line)")
      guard command.options.contains(where: { $0.name == entry.name }) else { continue }
      let source = CommandInput.Source.file(path: path, line: entry.line)
      add(values, of: option, from: source, to: &settings)
    }
    return settings
  }

  /// The values in one text; a flag's is checked and made `true` or `false`.
  private func values(
    _ text: String, of option: CommandOption, _ place: String
  ) throws(CommandFailure) -> [String] {
    switch option.kind {
    case .value: return [text]
    case .list: return text.split(separator: ",").map { trimmed($0) }
    case .flag:
      if ["true", "yes", "on", "1"].contains(text) { return ["true"] }
      if ["false", "no", "off", "0"].contains(text) { return ["false"] }
      throw CommandFailure(
        .usage, "--\(option.name): \"\(text)\" \(place) is neither true nor false")
    }
  }

  /// A list grows with every mention; of anything else the last mention counts.
  private func add(
    _ values: [String], of option: CommandOption, from source: CommandInput.Source,
    to settings: inout [String: Setting]
  ) {
    var earlier: [String] = []
    if case .list = option.kind { earlier = settings[option.name]?.values ?? [] }
    settings[option.name] = Setting(values: earlier + values, source: source)
  }

  private func checkCount(_ arguments: [String]) throws(CommandFailure) {
    let declared = command.arguments
    let isOptional = declared.last?.count == .optional
    guard arguments.count >= declared.count - (isOptional ? 1 : 0) else {
      throw CommandFailure(.usage, "\(declared[arguments.count].placeholder) is missing")
    }
    guard arguments.count <= declared.count || declared.last?.count == .many else {
      throw CommandFailure(.usage, "\"\(arguments[declared.count])\" is one argument too many")
    }
  }

  private func unknown(_ message: String, _ name: String, _ known: [String]) -> CommandFailure {
    let hint = nearestName(to: name, among: known).map { "; did you mean \($0)?" } ?? ""
    return CommandFailure(.usage, message + hint)
  }
}
