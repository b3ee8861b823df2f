import Synchronization
import Testing

@testable import Server

/// Collects what a command writes.
final class Listener: Sendable {
  private let lines = Mutex<(results: [String], notes: [String])>(([], []))

  var results: [String] { lines.withLock { $0.results } }
  var notes: [String] { lines.withLock { $0.notes } }
  var output: CommandOutput {
    CommandOutput(
      line: { [self] line in lines.withLock { $0.results.append(line) } },
      note: { [self] line in lines.withLock { $0.notes.append(line) } })
  }
}

private let serve = Subcommand(
  name: "serve", summary: "run the server", details: "Runs the server until it is told to stop.",
  arguments: [CommandArgument("FOLDER", "Where the data is kept.", count: .optional)],
  options: [
    .value("port", "PORT", default: "8080", "TCP port, 0…65535; 0 takes a free one."),
    .value("queue-bytes-max", "BYTES", "Most bytes that wait for one connection."),
    .value("key", "SECRET", isSecret: true, "Signs tokens."),
    .list("origin", "URL", "A page that may connect."),
    .flag("demo", "Fill an empty server with demonstration data."),
  ],
  examples: [.init("serve --demo", "Serves the demonstration.")]
) { input, output in
  let port = try input.integer("port", in: 0...65_535)
  output.line("port \(port), folder \(input.arguments), demo \(input.flag("demo"))")
  input.summary.forEach(output.line)
  return .done
}

private let verify = Subcommand(
  name: "verify", summary: "check history", details: "Checks.",
  arguments: [CommandArgument("LEDGER", "One."), CommandArgument("FILE", "More.", count: .many)],
  options: [.value("against", "DIGEST", "The digest that is expected.")]
) { input, output in
  let isRight = try input.text("against") == "right"
  output.line(input.arguments.joined(separator: "|"))
  return isRight ? .done : .failed
}

private struct Broken: Error {}
private let broken = Subcommand(name: "broken", summary: "fail", details: "Fails.") { _, _ in
  throw Broken()
}

private let table = CommandTable(
  name: "waggle", version: "1.2.3", summary: "A server.", commands: [serve, verify, broken])

@Suite("The command line")
struct CommandLineTests {
  private func run(
    _ line: String, environment: [String: String] = [:]
  ) -> (code: ExitCode, heard: Listener) {
    let heard = Listener()
    let words = line.split(separator: " ").map(String.init)
    return (table.run(words, environment: environment, output: heard.output), heard)
  }

  /// The option's value and source, as the summary shows them.
  private func setting(
    _ name: String, _ words: [String], environment: [String: String] = [:], file: String = ""
  ) throws -> String? {
    let parser = CommandParser(
      command: serve, knownOptions: table.commands.flatMap(\.allOptions), environment: environment,
      readFile: { _ in Array(file.utf8) })
    return try parser.input(words).summary.first { $0.hasPrefix(name + " = ") }
  }

  @Test("Command line wins over environment, that over the file, that over the default")
  func precedence() throws {
    let environment = ["WAGGLE_PORT": "2", "WAGGLE_CONFIG": "c"]
    let file = "# ports\n\nport = 3\n"
    #expect(
      try setting("port", ["--port", "1"], environment: environment, file: file)
        == "port = 1  (command line)")
    #expect(
      try setting("port", [], environment: environment, file: file)
        == "port = 2  (environment WAGGLE_PORT)")
    #expect(
      try setting("port", [], environment: ["WAGGLE_CONFIG": "c"], file: file)
        == "port = 3  (c:3)")
    #expect(try setting("port", ["--config=c"], file: file) == "port = 3  (c:3)")
    #expect(try setting("port", []) == "port = 8080  (default)")
    #expect(
      try setting("port", [], environment: ["WAGGLE_PORT": ""]) == "port = 8080  (default)")
    #expect(try setting("queue-bytes-max", []) == nil)
    #expect(
      try setting("queue-bytes-max", [], environment: ["WAGGLE_QUEUE_BYTES_MAX": "5"])
        == "queue-bytes-max = 5  (environment WAGGLE_QUEUE_BYTES_MAX)")
  }

  @Test(
    "A value stands behind its option or behind an equals sign",
    arguments: [
      ("--port 1", "port = 1  (command line)"), ("--port=1", "port = 1  (command line)"),
      ("--port=", "port =   (command line)"), ("--port=a=b", "port = a=b  (command line)"),
      ("--port 1 --port 2", "port = 2  (command line)"), ("--port -1", "port = -1  (command line)"),
      ("--origin a --origin b,c", "origin = a,b,c  (command line)"),
      ("--demo", "demo = true  (command line)"), ("--demo=false", "demo = false  (command line)"),
      ("--demo folder", "demo = true  (command line)"),
      ("--key hush", "key = (secret)  (command line)"),
    ])
  func values(_ line: String, _ expected: String) throws {
    let words = line.split(separator: " ").map(String.init)
    let name = try #require(expected.split(separator: " ").first)
    #expect(try setting(String(name), words) == expected)
  }

  @Test("Lists and flags come from environment and file too")
  func listsAndFlags() throws {
    #expect(
      try setting("origin", [], environment: ["WAGGLE_ORIGIN": "a, b"])
        == "origin = a,b  (environment WAGGLE_ORIGIN)")
    #expect(
      try setting("origin", ["--config", "c"], file: "origin = a\norigin=b,c")
        == "origin = a,b,c  (c:2)")
    #expect(
      try setting("demo", ["--config", "c"], file: "demo = yes\r\n") == "demo = true  (c:1)")
    #expect(
      try setting("demo", ["--demo=off"], environment: ["WAGGLE_DEMO": "1"])
        == "demo = false  (command line)")
    // Another command's option may stand in the shared file, and means nothing here.
    #expect(try setting("against", ["--config", "c"], file: "against = x") == nil)
    #expect(
      try setting("key", ["--config", "c"], file: "key = a=#b ") == "key = (secret)  (c:1)")
  }

  @Test(
    "Wrong usage is explained and ends with 64",
    arguments: [
      ("serve --prot 1", "waggle serve: unknown option --prot; did you mean --port?"),
      ("serve --xyzzyxyzzy", "waggle serve: unknown option --xyzzyxyzzy"),
      (
        "serve --demo=maybe",
        "waggle serve: --demo: \"maybe\" on the command line is neither true nor false"
      ),
      ("serve -p", "waggle serve: unknown option -p"),
      ("serve --port", "waggle serve: --port needs a value"),
      ("serve --port --demo", "waggle serve: --port needs a value"),
      ("serve a b", "waggle serve: \"b\" is one argument too many"),
      (
        "serve --port 65536",
        "waggle serve: --port: a whole number between 0 and 65535 is wanted, not \"65536\" (command line)"
      ),
      (
        "serve --port -1",
        "waggle serve: --port: a whole number between 0 and 65535 is wanted, not \"-1\" (command line)"
      ),
      (
        "serve --port +1",
        "waggle serve: --port: a whole number between 0 and 65535 is wanted, not \"+1\" (command line)"
      ),
      ("verify", "waggle verify: LEDGER is missing"),
      ("verify a", "waggle verify: FILE is missing"),
      ("verify a b", "waggle verify: --against is needed"),
      ("sevre", "waggle: unknown command sevre; did you mean serve?"),
      ("frobnicate", "waggle: unknown command frobnicate; see waggle --help"),
      ("--port", "waggle: unknown command --port; see waggle --help"),
    ])
  func wrongUsage(_ line: String, _ expected: String) {
    let (code, heard) = run(line)
    #expect(code == .usage)
    #expect(heard.notes.first == expected)
    #expect(heard.results == [])
  }

  @Test(
    "A faulty configuration is reported with its line",
    arguments: [
      ("prot = 1", ExitCode.usage, "c:1: unknown option prot; did you mean port?"),
      ("\n# x\nport", .malformedInput, "c:3: a line \"name = value\" is wanted"),
      ("= 1", .malformedInput, "c:1: a line \"name = value\" is wanted"),
      ("config = d", .usage, "c:1: unknown option config"),
      ("demo = maybe", .usage, "--demo: \"maybe\" at c:1 is neither true nor false"),
    ])
  func faultyFile(_ file: String, _ code: ExitCode, _ message: String) {
    #expect(throws: CommandFailure(code, message)) {
      try setting("port", ["--config", "c"], file: file)
    }
  }

  @Test("A configuration that cannot be read ends with 74")
  func missingFile() {
    let (code, heard) = run("serve --config /nonexistent/c")
    #expect(code == .inputOutput)
    #expect(
      heard.notes == ["waggle serve: cannot read /nonexistent/c: No such file or directory"])
    #expect(run("serve --config /").code == .inputOutput)
    #expect(run("serve --config /dev/zero").heard.notes[0].hasSuffix("longer than 1048576 bytes"))
  }

  @Test("A command gets its arguments and its code reaches the shell")
  func dispatch() {
    #expect(run("serve data --demo").heard.results[0] == "port 8080, folder [\"data\"], demo true")
    #expect(run("verify a b c --against right").code == .done)
    #expect(run("verify --against wrong a b").code == .failed)
    #expect(run("verify a --against=right -- --b -- -c").heard.results == ["a|--b|--|-c"])
    #expect(run("verify - - --against=right").heard.results == ["-|-"])
    let (code, heard) = run("broken")
    #expect(code == .internalFault && heard.notes[0].contains("internal fault: Broken"))
  }

  @Test(
    "Help answers a newcomer",
    arguments: [
      "serve --help", "serve -h", "help serve", "--help serve", "serve --port --help",
    ])
  func help(_ line: String) {
    let (code, heard) = run(line)
    let text = heard.results.joined(separator: "\n")
    #expect(code == .done && heard.notes.isEmpty)
    for part in [
      "usage: waggle serve [options] [FOLDER]\n", "Runs the server until it is told to stop.",
      "  --port PORT\n      TCP port, 0…65535; 0 takes a free one. Default: 8080. Environment:",
      "WAGGLE_PORT.", "  --queue-bytes-max BYTES\n", "  --demo\n", "  --config FILE\n",
      "  waggle serve --demo\n      Serves the demonstration.", "Exit codes:\n   0  done\n",
      "  64  wrong usage", "  74  reading or writing failed",
    ] {
      #expect(text.contains(part))
    }
    #expect(heard.results.allSatisfy { $0.count <= 80 })
  }

  @Test("The program's help lists its commands, on standard error where nothing was asked")
  func programHelp() {
    for line in ["--help", "-h", "help"] {
      let (code, heard) = run(line)
      #expect(code == .done && heard.results.contains("  serve   run the server"))
    }
    let (code, heard) = run("")
    #expect(code == .usage && heard.results.isEmpty)
    #expect(heard.notes.contains("  verify  check history"))
    #expect(run("--version").heard.results == ["waggle 1.2.3"])
  }

  @Test("Help behind the end of options is an argument")
  func helpAsArgument() {
    #expect(run("verify a --against right -- --help").heard.results == ["a|--help"])
  }

  @Test(
    "The nearest name is few slips away",
    arguments: [
      ("prot", "port"), ("por", "port"), ("portt", "port"), ("pirt", "port"), ("host", "port"),
      ("orgin", "origin"), ("quue-byte-max", "queue-bytes-max"), ("x", nil), ("", nil),
      ("something-else", nil),
    ] as [(String, String?)])
  func nearest(_ typed: String, _ expected: String?) {
    #expect(nearestName(to: typed, among: ["port", "origin", "queue-bytes-max"]) == expected)
  }
}

@Suite("Progress")
struct ProgressLineTests {
  /// Runs a piece of work that reports at the given moments, and gives what was written.
  private func lines(
    total: Int64?, reports: [(moment: Int64, done: Int64)], end: Int64
  ) -> [String] {
    let moment = Mutex<Int64>(10_000)
    let heard = Listener()
    var progress = ProgressLine(
      label: "importing", unit: "lines", total: total, now: { moment.withLock { $0 } },
      write: heard.output.note)
    for report in reports {
      moment.withLock { $0 = 10_000 + report.moment }
      progress.advance(to: report.done)
    }
    moment.withLock { $0 = 10_000 + end }
    progress.finish()
    return heard.notes
  }

  @Test("Nothing is said about work that is done within two seconds")
  func short() {
    #expect(lines(total: 10, reports: [(0, 1), (1999, 10)], end: 2000) == [])
    #expect(lines(total: 0, reports: [], end: 0) == [])
  }

  @Test("A line comes every two seconds and one at the end")
  func long() {
    #expect(
      lines(
        total: 1000, reports: [(1000, 100), (2000, 200), (3999, 399), (4000, 400), (9000, 1000)],
        end: 10_050) == [
          "importing: 200 of 1000 lines (20 %), 100 per second, 8 s left",
          "importing: 400 of 1000 lines (40 %), 100 per second, 6 s left",
          "importing: 1000 of 1000 lines (100 %), 111 per second",
          "importing: 1000 lines in 10.0 s, 99 per second",
        ])
  }

  @Test("Without a total there is no percentage, and without progress no rate")
  func unknownTotal() {
    #expect(
      lines(total: nil, reports: [(2500, 0), (4500, 9)], end: 4600) == [
        "importing: 0 lines", "importing: 9 lines, 2 per second",
        "importing: 9 lines in 4.6 s, 1 per second",
      ])
    #expect(lines(total: nil, reports: [], end: 2001) == ["importing: 0 lines in 2.0 s"])
  }

  @Test("Figures too large to scale leave out what would not fit, and do not crash")
  func huge() {
    #expect(
      lines(total: .max, reports: [(2000, .max / 2)], end: 2001) == [
        "importing: \(Int64.max / 2) of \(Int64.max) lines (50 %)",
        "importing: \(Int64.max / 2) lines in 2.0 s",
      ])
  }
}
