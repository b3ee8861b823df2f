// The scenarios that come with the source, and the command around them: exit codes and what it
// says.

import FoundationEssentials
import Testing

@testable import Server

@Suite("Scenarios")
struct ScenarioTests {
  /// The top of the repository.
  private static let root = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }

  private static func scenarios(in folder: String) -> [String] {
    // No folder means no scenarios; whoever needs some checks that there are.
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasSuffix(".json") }.sorted().map { folder + "/" + $0 }
  }

  private static let shipped = scenarios(in: root + "/Tests/Scenarios")
  private static let shared = scenarios(in: root + "/../shared/scenarios")

  private func expectToHold(_ file: String) throws {
    let listener = Listener()
    let code = try ScenarioCommand.run(files: [file], output: listener.output)
    #expect(code == .done)
    #expect(listener.notes == [])
    #expect(listener.results.filter { !$0.hasPrefix("ok  ") } == [])
  }

  @Test("Every shipped scenario holds", arguments: shipped)
  func shippedHold(_ file: String) throws { try expectToHold(file) }

  @Test("At least seventy scenarios are shipped")
  func thereAreScenarios() { #expect(ScenarioTests.shipped.count >= 70) }

  @Test(
    "Every shared scenario holds",
    .enabled(if: !shared.isEmpty, "there is no folder ../shared/scenarios beside the repository"),
    arguments: shared)
  func sharedHold(_ file: String) throws { try expectToHold(file) }

  /// A sale that gives B 2000 of 10 000, and then these steps.
  private static func text(_ steps: String, title: String = "a sale") -> String {
    #"""
    {"title": "\#(title)", "plan": "wanwu", "steps": [
      {"at": "2026-03-01T02:00:00Z", "do": "join", "member": "B"},
      {"do": "sale", "order": "o1", "seller": "B", "lines": [
        {"sku": "S", "units": 1, "paid": 10000, "cost": 6000, "ratePpm": 200000}]},
      \#(steps)]}
    """#
  }

  private func run(_ texts: [String]) throws -> (code: ExitCode, listener: Listener) {
    let manager = FileManager.default
    let folder = manager.temporaryDirectory.path + "/waggle-scenarios-\(UUID().uuidString)"
    try manager.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? manager.removeItem(atPath: folder) }
    var files: [String] = []
    for (index, text) in texts.enumerated() {
      files.append(folder + "/\(index).json")
      try text.write(toFile: files[index], atomically: false, encoding: .utf8)
    }
    let listener = Listener()
    return (try ScenarioCommand.run(files: files, output: listener.output), listener)
  }

  static let differing: [(steps: String, told: String)] = [
    (
      #"{"do": "expect", "balances": {"B": {"pending": 2001}}}"#,
      "steps[2] at 2026-03-01T02:00:00Z: balances.B.pending: expected 2001, actual 2000"
    ),
    (
      #"{"do": "expect", "balances": {"B": {"debt": 1}}}"#,
      "steps[2] at 2026-03-01T02:00:00Z: balances.B.debt: expected 1, actual 0"
    ),
    (
      #"{"do": "expect", "supplier": 5999}"#,
      "steps[2] at 2026-03-01T02:00:00Z: supplier: expected 5999, actual 6000"
    ),
    (
      #"{"do": "expect", "platform": -2000}"#,
      "steps[2] at 2026-03-01T02:00:00Z: platform: expected -2000, actual 2000"
    ),
    (
      #"{"do": "expect", "grants": {"B": {"coupon": 2000}}}"#,
      "steps[2] at 2026-03-01T02:00:00Z: grants.B.coupon: expected 2000, actual 0"
    ),
    (
      #"{"do": "expect", "shares": {"o1": {"B": 1999}}}"#,
      "steps[2] at 2026-03-01T02:00:00Z: shares.o1.B: expected 1999, actual 2000"
    ),
    (
      #"{"do": "expect", "shares": {"o2": {"B": 0}}}"#,
      "steps[2] at 2026-03-01T02:00:00Z: shares.o2.B: expected 0, actual no such order"
    ),
    (
      #"{"do": "expect", "rejected": true}"#,
      "steps[2] at 2026-03-01T02:00:00Z: rejected: expected true,"
        + " actual the step before was not refused"
    ),
    (
      #"{"do": "dispute", "order": "o2"}, {"do": "expect", "rejected": "unknown_line"}"#,
      "steps[3] at 2026-03-01T02:00:00Z: rejected: expected unknown_line, actual unknown_order"
    ),
    (
      #"{"do": "dispute", "order": "o2"}"#,
      "steps[2] at 2026-03-01T02:00:00Z: dispute: expected accepted,"
        + " actual refused as unknown_order (order): There is no order o2."
    ),
    (
      #"{"do": "dispute", "order": "o2"}, {"do": "expect", "supplier": 6000}"#,
      "steps[2] at 2026-03-01T02:00:00Z: dispute: expected accepted,"
        + " actual refused as unknown_order (order): There is no order o2."
    ),
    (
      #"{"do": "dispute", "order": "o2"}, {"do": "deliver", "order": "o1"}"#,
      "steps[2] at 2026-03-01T02:00:00Z: dispute: expected accepted,"
        + " actual refused as unknown_order (order): There is no order o2."
    ),
  ]

  @Test("A figure that differs is told with its place, and ends with code 1", arguments: differing)
  func differences(_ example: (steps: String, told: String)) throws {
    let (code, listener) = try run([ScenarioTests.text(example.steps)])
    #expect(code == .failed)
    #expect(
      listener.results.first == "failed  a sale (\(example.steps.count(of: "\"do\"") + 2) steps)")
    #expect(listener.results.count == 2)
    #expect(listener.results.last?.hasSuffix(".json: " + example.told) == true)
  }

  @Test("Every figure that differs is told, also after the first")
  func allDifferences() throws {
    let (code, listener) = try run([
      ScenarioTests.text(
        #"{"do": "expect", "supplier": 1, "platform": 2}, {"do": "expect", "platform": 3}"#)
    ])
    #expect(code == .failed)
    #expect(listener.results.count == 4)
  }

  @Test("A malformed file wins over one that does not hold, and the others still run")
  func exitCodes() throws {
    let holds = ScenarioTests.text(#"{"do": "expect", "supplier": 6000}"#, title: "holds")
    let differs = ScenarioTests.text(#"{"do": "expect", "supplier": 1}"#, title: "differs")
    let malformed = ScenarioTests.text(#"{"do": "expect", "supplier": 1.5}"#)
    #expect(try run([holds]).code == .done)
    #expect(try run([holds, differs]).code == .failed)
    for order in [[malformed, differs, holds], [holds, differs, malformed]] {
      let (code, listener) = try run(order)
      #expect(code == .malformedInput)
      #expect(listener.results.contains("ok  holds (3 steps)"))
      #expect(listener.results.contains("failed  differs (3 steps)"))
      #expect(listener.notes.count == 1)
      #expect(
        listener.notes.first?.hasSuffix(
          ".json: steps[2].supplier: must be a whole number, is 1.5") == true)
    }
  }

  @Test("A file that is not there counts as malformed")
  func missingFile() throws {
    let listener = Listener()
    let code = try ScenarioCommand.run(files: ["/nowhere/none.json"], output: listener.output)
    #expect(code == .malformedInput)
    #expect(
      listener.notes == [
        "malformed  /nowhere/none.json: cannot be read: No such file or directory"
      ])
  }
}

extension String {
  fileprivate func count(of part: String) -> Int { split(separator: part).count - 1 }
}
