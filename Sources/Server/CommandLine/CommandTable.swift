// All commands of the program, and the way from the process's words to one of them.
// One thread: the main one.

import Glibc

/// The commands of a program.
package struct CommandTable: Sendable {
  /// The program's name, as typed.
  package let name: String
  /// What `--version` prints behind the name.
  package let version: String
  /// What the program is, in a sentence or two.
  package let summary: String
  /// In the order of `--help`.
  package let commands: [Subcommand]

  /// Makes a table.
  ///
  /// - Parameters:
  ///   - name: the program's name.
  ///   - version: such as `1.0.0`.
  ///   - summary: a sentence or two.
  ///   - commands: with names that differ.
  package init(name: String, version: String, summary: String, commands: [Subcommand]) {
    precondition(
      Set(commands.map(\.name)).count == commands.count, "a command is declared twice")
    self.name = name
    self.version = version
    self.summary = summary
    self.commands = commands
  }

  /// Runs the command that the process was started with, and ends the process with its code.
  package func runAndExit() -> Never {
    var environment: [String: String] = [:]
    var entry = environ
    while let text = entry.pointee {
      let parts = String(cString: text).split(
        separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { environment[String(parts[0])] = String(parts[1]) }
      entry += 1
    }
    let words = Array(CommandLine.arguments.dropFirst())
    exit(run(words, environment: environment, output: .standard).rawValue)
  }

  /// Runs the command that some words name.
  ///
  /// - Parameters:
  ///   - words: the command line without the program's name.
  ///   - environment: the variables.
  ///   - output: where the command writes.
  /// - Returns: how it ended. Failures are explained on `output.note`.
  package func run(
    _ words: [String], environment: [String: String], output: CommandOutput
  ) -> ExitCode {
    guard let first = words.first else {
      CommandHelp.program(self).forEach(output.note)
      return .usage
    }
    if let family = family(in: words) {
      let isAsked = words.count > 1
      CommandHelp.family(family, of: self).forEach(isAsked ? output.line : output.note)
      return isAsked ? .done : .usage
    }
    if first == "--version" {
      output.line("\(name) \(version)")
      return .done
    }
    let asksForHelp = first == "help" || first == "--help" || first == "-h"
    let typed = asksForHelp ? words.dropFirst() : words[...]
    guard let name = typed.first else {
      CommandHelp.program(self).forEach(output.line)
      return .done
    }
    guard let (command, rest) = command(in: typed) else {
      let family = commands.map(\.name).filter { $0.hasPrefix(name + " ") }
      let known = family.isEmpty ? commands.map(\.name) : family
      let said = family.isEmpty ? name : typed.prefix(2).joined(separator: " ")
      let otherwise =
        family.isEmpty
        ? "see \(self.name) --help" : "there are \(family.joined(separator: ", "))"
      let nearest = nearestName(to: said, among: known)
      let hint = "; " + (nearest.map { "did you mean \($0)?" } ?? otherwise)
      output.note("\(self.name): unknown command \(said)\(hint)")
      return .usage
    }
    if asksForHelp || rest.prefix(while: { $0 != "--" }).contains(where: isHelp) {
      CommandHelp.command(command, program: self.name).forEach(output.line)
      return .done
    }
    return run(command, Array(rest), environment: environment, output: output)
  }

  /// The command that words begin with, whose name may be two of them, and the words behind it.
  private func command(in words: ArraySlice<String>) -> (Subcommand, ArraySlice<String>)? {
    for count in [2, 1] {
      let name = words.prefix(count).joined(separator: " ")
      if let command = commands.first(where: { $0.name == name }) {
        return (command, words.dropFirst(count))
      }
    }
    return nil
  }

  private func isHelp(_ word: String) -> Bool { word == "--help" || word == "-h" }

  private func run(
    _ command: Subcommand, _ words: [String], environment: [String: String], output: CommandOutput
  ) -> ExitCode {
    let parser = CommandParser(
      command: command, knownOptions: commands.flatMap(\.allOptions), environment: environment,
      readFile: CommandTable.configuration)
    do {
      return try command.run(try parser.input(words), output)
    } catch let failure as CommandFailure {
      output.note("\(name) \(command.name): \(failure.message)")
      if failure.code == .usage { output.note("see \(name) \(command.name) --help") }
      return failure.code
    } catch {
      output.note("\(name) \(command.name): internal fault: \(error)")
      return .internalFault
    }
  }

  private static func configuration(_ path: String) throws(CommandFailure) -> [UInt8] {
    do {
      return try SmallFile.read(path, bytesMax: ConfigurationFile.bytesMax)
    } catch {
      throw CommandFailure(.inputOutput, "cannot read \(path): \(error)")
    }
  }

  /// The first word of several commands, where nothing follows it but a wish for help.
  private func family(in words: [String]) -> String? {
    let names = words.filter { $0 != "help" && !isHelp($0) }
    guard names.count == 1, !commands.contains(where: { $0.name == names[0] }) else { return nil }
    return commands.contains { $0.name.hasPrefix(names[0] + " ") } ? names[0] : nil
  }
}
