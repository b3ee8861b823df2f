// Every kind of fault that a scenario file can have, with the place that has to be told.

import Commerce
import Commission
import Testing

@testable import Server

@Suite("The form of scenarios")
struct ScenarioFormTests {
  private static var reader: ScenarioReader {
    ScenarioReader(
      planDocument: { (_) throws(ScenarioReader.Unreadable) in
        throw ScenarioReader.Unreadable(reason: "cannot be read: none")
      },
      zone: { (name) throws(TimeZoneError) in throw .unknown(name) })
  }

  private static func file(_ head: String, _ steps: String) -> String {
    "{\"title\": \"t\", \(head), \"steps\": [\(steps)]}"
  }

  /// Faults of the head of the file.
  static let heads: [(text: String, fault: String)] = [
    ("", "line 1, column 1: a value is missing"),
    ("{", "line 1, column 2: a key in quotes is missing"),
    ("[]", "must be an object, is an array"),
    (#"{"title": "t", "title": "t"}"#, "line 1, column 16: the key \"title\" stands twice"),
    (#"{"plan": "wanwu", "steps": []}"#, "title: is missing"),
    (#"{"title": "t", "steps": []}"#, "plan: is missing"),
    (#"{"title": "t", "plan": "wanwu"}"#, "steps: is missing"),
    (#"{"title": 1, "plan": "wanwu", "steps": []}"#, "title: must be a string, is a whole number"),
    (file(#""plan": "wanwu", "steeps": []"#, ""), "steeps: is unknown here"),
    (
      file(#""plan": "wonwu""#, ""),
      "plan: \"wonwu\" is no shipped plan, and as a file it cannot be read: none"
    ),
    (file(#""plan": null"#, ""), "plan: must be a string, is null"),
    (
      file(#""plan": "wanwu", "parameters": {"goldbonus": 1}"#, ""),
      "parameters.goldbonus: is no parameter of the plan wanwu"
    ),
    (
      file(#""plan": "wanwu", "parameters": {"goldBonus": 1.5}"#, ""),
      "parameters.goldBonus: must be a whole number, a string or an array of strings"
    ),
    (
      file(#""plan": "wanwu", "parameters": []"#, ""), "parameters: must be an object, is an array"
    ),
    (
      file(#""plan": "wanwu", "currency": "yuan""#, ""),
      "currency: \"yuan\" is no currency such as CNY"
    ),
    (
      file(#""plan": "wanwu", "timeZone": "Asia/Atlantis""#, ""),
      "timeZone: this machine does not know the time zone Asia/Atlantis (package tzdata)"
    ),
    (#"{"title": "t", "plan": "wanwu", "steps": {}}"#, "steps: must be an array, is an object"),
  ]

  @Test("A fault in the head of a file is told with its place", arguments: heads)
  func headFaults(_ example: (text: String, fault: String)) {
    #expect(fault(in: example.text) == example.fault)
  }

  /// Faults of one step, which stands behind a good one.
  static let steps: [(step: String, fault: String)] = [
    (#"7"#, "steps[1]: must be an object, is a whole number"),
    (#"{}"#, "steps[1].do: is missing"),
    (#"{"do": "end"}"#, "steps[1].do: \"end\" is nothing that a step can do"),
    (#"{"do": 1}"#, "steps[1].do: must be a string, is a whole number"),
    (
      #"{"at": "2026-03-01", "do": "release"}"#,
      "steps[1].at: \"2026-03-01\" is no time such as 2026-03-01T10:00:00Z (RFC 3339)"
    ),
    (
      #"{"at": "2026-02-29T10:00:00Z", "do": "release"}"#,
      "steps[1].at: \"2026-02-29T10:00:00Z\" is no time such as 2026-03-01T10:00:00Z (RFC 3339)"
    ),
    (#"{"at": null, "do": "release"}"#, "steps[1].at: must be a string, is null"),
    (#"{"do": "release", "order": "o1"}"#, "steps[1].order: is unknown here"),
    (#"{"do": "join"}"#, "steps[1].member: is missing"),
    (
      #"{"do": "join", "member": ""}"#,
      "steps[1].member: \"\" is no id: 1…64 bytes out of A–Z a–z 0–9 . _ : ~ -"
    ),
    (#"{"do": "join", "member": "A", "rang": "x"}"#, "steps[1].rang: is unknown here"),
    (#"{"do": "join", "member": "A", "inviter": 1}"#, #"steps[1].inviter: must be a string,"#),
    (#"{"do": "promote", "member": "A"}"#, "steps[1].rank: is missing"),
    (#"{"do": "open", "room": "r1"}"#, "steps[1].host: is missing"),
    (
      #"{"do": "open", "room": "r1", "host": "A", "pactPpm": 0.3}"#,
      "steps[1].pactPpm: must be a whole number, is 0.3"
    ),
    (
      #"{"do": "open", "room": "r1", "host": "A", "pactPpm": "300000"}"#,
      "steps[1].pactPpm: must be a whole number, is a string"
    ),
    (#"{"do": "touch", "viewer": "v"}"#, "steps[1].promoter: is missing"),
    (#"{"do": "sale", "order": "o", "lines": []}"#, "steps[1].seller: is missing: a sale has a"),
    (
      #"{"do": "sale", "order": "o", "seller": "A", "room": "r", "lines": []}"#,
      "steps[1].room: stands beside seller; a sale has one of them"
    ),
    (#"{"do": "sale", "order": "o", "seller": "A"}"#, "steps[1].lines: is missing"),
    (
      #"{"do": "sale", "order": "o", "seller": "A", "lines": {}}"#,
      "steps[1].lines: must be an array, is an object"
    ),
    (sale(#""sku": "S", "units": 1, "paid": 1, "cost": 1"#), "steps[1].lines[0].ratePpm: is mis"),
    (
      sale(#""sku": "S", "units": 1, "paid": 99.5, "cost": 1, "ratePpm": 50000"#),
      "steps[1].lines[0].paid: must be a whole number, is 99.5"
    ),
    (
      sale(#""sku": "S", "units": 1, "paid": 1e2, "cost": 1, "ratePpm": 50000"#),
      "steps[1].lines[0].paid: must be a whole number, is 1e2"
    ),
    (
      sale(#""sku": "S", "units": 1, "paid": 9223372036854775808, "cost": 1, "ratePpm": 50000"#),
      "steps[1].lines[0].paid: must be a whole number, is 9223372036854775808"
    ),
    (
      sale(#""sku": "S", "units": 1, "paid": 1, "cost": 1, "ratePpm": 50000, "title": "x""#),
      "steps[1].lines[0].title: is unknown here"
    ),
    (#"{"do": "refund", "order": "o"}"#, "steps[1].refund: is missing"),
    (
      #"{"do": "refund", "order": "o", "refund": "x", "lines": [{"line": 0}]}"#,
      "steps[1].lines[0].amount: is missing"
    ),
    (#"{"do": "payout"}"#, "steps[1].statement: is missing"),
    (#"{"do": "deliver"}"#, "steps[1].order: is missing"),
    (#"{"do": "expect", "balance": {}}"#, "steps[1].balance: is unknown here"),
    (
      #"{"do": "expect", "balances": {"A": {"earned": 1}}}"#,
      "steps[1].balances.A.earned: is unknown here"
    ),
    (
      #"{"do": "expect", "balances": {"A": {"paid": true}}}"#,
      "steps[1].balances.A.paid: must be a whole number, is a boolean"
    ),
    (#"{"do": "expect", "balances": {"A": 1}}"#, "steps[1].balances.A: must be an object, is a"),
    (#"{"do": "expect", "balances": {"A b": {}}}"#, "steps[1].balances.A b: \"A b\" is no id"),
    (#"{"do": "expect", "shares": {"o1": 5}}"#, "steps[1].shares.o1: must be an object, is a"),
    (#"{"do": "expect", "grants": {"A": "20"}}"#, "steps[1].grants.A: must be a whole number,"),
    (#"{"do": "expect", "rejected": false}"#, "steps[1].rejected: must be true or a code, is a"),
  ]

  private static func sale(_ line: String) -> String {
    "{\"do\": \"sale\", \"order\": \"o\", \"seller\": \"A\", \"lines\": [{\(line)}]}"
  }

  @Test("A fault in a step is told with its place", arguments: steps)
  func stepFaults(_ example: (step: String, fault: String)) {
    let first = #"{"at": "2026-03-01T02:00:00Z", "do": "release"}"#
    let text = ScenarioFormTests.file(#""plan": "wanwu""#, first + ", " + example.step)
    #expect(fault(in: text)?.hasPrefix(example.fault) == true)
  }

  @Test("The first step needs a time, the others take that of the step before")
  func times() throws {
    let release = #"{"do": "release"}"#
    #expect(
      fault(in: ScenarioFormTests.file(#""plan": "wanwu""#, release))
        == "steps[0].at: is missing: the first step needs a time")
    let text = ScenarioFormTests.file(
      #""plan": "wanwu""#,
      #"{"at": "2026-03-01T10:00:00+08:00", "do": "release"}, \#(release)"#)
    let scenario = try ScenarioFormTests.reader.read(Array(text.utf8))
    let expected = try Timestamp("2026-03-01T02:00:00Z")
    #expect(scenario.steps.map(\.at) == [expected, expected])
  }

  @Test("Without a word, money is yuan and days are those of Shanghai")
  func defaults() throws {
    let scenario = try ScenarioFormTests.reader.read(
      Array(ScenarioFormTests.file(#""plan": "fengxiang""#, "").utf8))
    #expect(scenario.currency == .cny)
    #expect(scenario.zone == .shanghai)
    #expect(scenario.plan == (try Plan.shipped("fengxiang")))
  }

  private func fault(in text: String) -> String? {
    do {
      _ = try ScenarioFormTests.reader.read(Array(text.utf8))
      return nil
    } catch { return error.description }
  }
}
