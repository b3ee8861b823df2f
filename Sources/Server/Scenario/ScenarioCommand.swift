// `waggle scenario FILE…`: settlement scenarios from files, checked against the core without a
// server. One thread; reads the files, plan documents beside them and the system's time zones.

import Commerce
import Glibc

/// The command that runs settlement scenarios.
package enum ScenarioCommand {
  /// The most bytes of a scenario or a plan document.
  static let bytesMax = 64 << 20

  /// The declaration for the table of commands.
  package static let subcommand = Subcommand(
    name: "scenario", summary: "run settlement scenarios and check their figures",
    details: """
      Runs each file through the same core, commission module and ledger as the server, without \
      a network and with the time taken from the steps, and compares every figure that the file \
      expects. A plan is a shipped one by its name, or a document by its path, looked up beside \
      the scenario first. A file that is malformed ends with code 2 and the place; the others \
      still run.
      """,
    arguments: [CommandArgument("FILE", "A scenario in JSON.", count: .many)],
    examples: [
      .init("scenario Tests/Scenarios/*.json", "Runs the scenarios that come with the source.")
    ]
  ) { input, output in
    try run(files: input.arguments, output: output)
  }

  /// Runs scenario files; prints one line for each that holds, else what differs.
  ///
  /// - Parameters:
  /// - files: paths.
  /// - output: results go to `line`, faults of form to `note`.
  /// - Returns: `.malformedInput` where a file is malformed or cannot be read, else `.failed` where
  ///   an expectation does not hold, else `.done`.
  /// - Throws: nothing that a file can cause.
  package static func run(files: [String], output: CommandOutput) throws -> ExitCode {
    var code = ExitCode.done
    for file in files {
      let scenario: Scenario
      do { scenario = try read(file) } catch {
        output.note("malformed  \(file): \(error)")
        code = .malformedInput
        continue
      }
      let count = scenario.steps.count == 1 ? "1 step" : "\(scenario.steps.count) steps"
      let failures = try ScenarioRunner(scenario).run()
      guard !failures.isEmpty else {
        output.line("ok  \(scenario.title) (\(count))")
        continue
      }
      output.line("failed  \(scenario.title) (\(count))")
      for failure in failures { output.line("  \(file): \(failure)") }
      if code == .done { code = .failed }
    }
    return code
  }

  static func read(_ file: String) throws(ScenarioFault) -> Scenario {
    let bytes: [UInt8]
    do { bytes = try SmallFile.read(file, bytesMax: bytesMax) } catch {
      throw ScenarioFault(place: "", reason: "cannot be read: \(error)")
    }
    let reader = ScenarioReader(
      planDocument: { (path) throws(ScenarioReader.Unreadable) in
        try planDocument(path, beside: file)
      },
      zone: { (name) throws(TimeZoneError) in try TimeZones.table(named: name) })
    return try reader.read(bytes)
  }

  /// A plan document by its path: from the scenario's folder, else from the working folder.
  private static func planDocument(
    _ path: String, beside file: String
  ) throws(ScenarioReader.Unreadable) -> [UInt8] {
    let folder = file.lastIndex(of: "/").map { String(file[...$0]) } ?? ""
    var paths = [path]
    if !path.hasPrefix("/"), !folder.isEmpty { paths.insert(folder + path, at: 0) }
    var reason = ""
    for path in paths {
      do { return try SmallFile.read(path, bytesMax: bytesMax) } catch {
        if reason.isEmpty { reason = "cannot be read: \(error)" }
      }
    }
    throw ScenarioReader.Unreadable(reason: reason)
  }
}
