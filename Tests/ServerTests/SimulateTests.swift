// What-if: history under another plan, from scenarios, from a store in memory and from a database.

import Commerce
import Commission
import Coordination
import FoundationEssentials
import Histories
import Notation
import Storage
import Testing

@testable import Server

@Suite("What-if")
struct SimulateTests {
  private static let root = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }

  private func run(_ words: String...) -> (code: ExitCode, listener: Listener) {
    let listener = Listener()
    let code = CommandTable.waggle.run(
      ["plan", "simulate"] + words, environment: [:], output: listener.output)
    return (code, listener)
  }

  private static func scenario(_ name: String) -> String { root + "/Tests/Scenarios/\(name).json" }

  private func figures(_ json: JSON, of member: String) -> [Int64?] {
    let entry = json["members"]?.elements?.first { $0["member"]?.text == member }
    return ["before", "after", "difference"].map { entry?[$0]?.integer }
  }

  // MARK: Scenarios

  @Test(
    "The worked example funded by the seller, run as if the platform funded it, is 320, 190, 40")
  func workedExample() throws {
    let (code, listener) = run(
      "--scenario", Self.scenario("wanwu-seller-funded"), "--parameter", "fundedBy=platform",
      "--json")
    #expect(code == .done)
    #expect(listener.notes == [])
    let json = try JSON.read(Array((listener.results.first ?? "").utf8))
    #expect(figures(json, of: "A") == [32_000, 32_000, 0])
    #expect(figures(json, of: "B") == [17_000, 19_000, 2_000])
    #expect(figures(json, of: "C") == [3_000, 4_000, 1_000])
    #expect(json["totals"]?["members"]?["difference"]?.integer == 3_000)
    #expect(json["totals"]?["suppliers"]?["difference"]?.integer == 0)
    #expect(json["totals"]?["platform"]?["difference"]?.integer == -3_000)
    #expect(json["members"]?.elements?.compactMap { $0["member"]?.text } == ["B", "C", "A"])
    #expect(json["after"]?["parameters"]?["fundedBy"]?.text == "platform")
  }

  @Test("The table shows people by the size of their difference, then totals, with signs")
  func table() {
    let (code, listener) = run(
      "--scenario", Self.scenario("wanwu-seller-funded"), "--parameter", "fundedBy=platform",
      "--limit", "2")
    #expect(code == .done)
    let table = listener.results.drop { !$0.contains("difference") || $0.contains(":") }
    let rows = table.map { $0.split(separator: " ").joined(separator: " ") }
    #expect(
      Array(rows.prefix(7)) == [
        "before after difference", "member B 17000 19000 +2000", "member C 3000 4000 +1000",
        "all members 52000 55000 +3000", "all suppliers 36000 36000 0",
        "platform -28000 -31000 -3000",
        "1 more members with smaller differences: --limit, --json",
      ])
  }

  private static let scenarios: [String] = {
    let folder = root + "/Tests/Scenarios"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasSuffix(".json") }.sorted().map { folder + "/" + $0 }
  }()

  private func whatIf(_ file: String, _ plan: Plan?) throws -> (WhatIf, Plan) {
    let scenario = try ScenarioCommand.read(file)
    let runner = ScenarioRunner(scenario)
    _ = try runner.run()
    let history = MemoryHistory(runner.store, ScenarioRunner.storefront)
    let days: (CivilDay?, CivilDay?) = (nil, nil)
    return (
      try WhatIf.run(history, under: plan ?? scenario.plan, days: days) { _, _ in }, scenario.plan
    )
  }

  @Test("Whatever plan history runs under, the differences sum to zero and suppliers keep theirs")
  func conserves() throws {
    #expect(Self.scenarios.count >= 45)
    for file in Self.scenarios {
      for name in Plan.shippedNames {
        let (result, _) = try whatIf(file, try Plan.shipped(name))
        let comparison = result.comparison
        #expect(comparison.suppliers.difference == .zero, "\(file) under \(name)")
        let sum = comparison.membersTotal.difference + comparison.platform.difference
        #expect(sum == .zero, "\(file) under \(name)")
      }
    }
  }

  // MARK: The accumulator

  private func narrow() throws -> Plan {
    let wide = String(decoding: try Plan.shipped("wanwu").document, as: UTF8.self)
    return try Plan(
      document: Array(
        wide.replacing(#""from":50000,"to":400000"#, with: #""from":50000,"to":200000"#).utf8))
  }

  @Test("Lines that the other plan refuses are listed and count on neither side")
  func refused() throws {
    let shop = try SmallHistory(plan: "wanwu")
    try shop.sell("o1", [(10_000, 200_000), (10_000, 200_001)])
    try shop.sell("o2", [(5_000, 400_000)])
    let comparison = try shop.compare(under: try narrow())
    #expect(comparison.refusedCount == 2)
    #expect(comparison.refused.map(\.order.text) == ["o1", "o2"])
    #expect(comparison.refused.map(\.line) == [1, 0])
    #expect(comparison.refused.map(\.net) == [Amount(10_000), Amount(5_000)])
    #expect(Set(comparison.refused.map(\.code)) == ["rate_out_of_range"])
    #expect(comparison.orders == 2 && comparison.lines == 1)
    #expect(comparison.members[MemberID(trusted: "B")]?.before == Amount(2_000))
    #expect(comparison.members[MemberID(trusted: "B")]?.after == Amount(2_000))
  }

  @Test("Days are the storefront's, and the last one counts")
  func days() throws {
    let shop = try SmallHistory(plan: "wanwu")
    // Ten seconds before and at midnight in Shanghai.
    shop.now = try Timestamp("2026-03-02T15:59:50Z")
    try shop.sell("o1", [(10_000, 200_000)])
    shop.now = try Timestamp("2026-03-02T16:00:00Z")
    try shop.sell("o2", [(10_000, 200_000)])
    let second = CivilDay(year: 2026, month: 3, day: 2)
    let third = CivilDay(year: 2026, month: 3, day: 3)
    let plan = try Plan.shipped("wanwu")
    #expect(try shop.compare(under: plan, from: second, until: second).orders == 1)
    #expect(try shop.compare(under: plan, from: second, until: third).orders == 2)
    #expect(try shop.compare(under: plan, from: third).orders == 1)
    #expect(try shop.compare(under: plan, until: second).orders == 1)
    #expect(try shop.compare(under: plan, from: third, until: second).orders == 0)
    #expect(try shop.compare(under: plan, until: second).joinings == 2)
    #expect(try shop.compare(under: plan, from: second).joinings == 0)
  }

  @Test("A pact that was agreed stays; one that the plan gave follows the other plan")
  func pacts() throws {
    let shop = try SmallHistory(plan: "fengxiang")
    try shop.openRoom("agreed", Rate(trusted: 500_000))
    try shop.openRoom("given", nil)
    try shop.sell("o1", [(10_000, 200_000)], room: "agreed")
    try shop.sell("o2", [(10_000, 200_000)], room: "given")
    let other = try Plan.shipped("fengxiang", parameters: ["pactPpm": .integer(400_000)])
    let promoter = try shop.compare(under: other).members[MemberID(trusted: "A")]
    #expect(promoter?.before == Amount(1_000 + 600 + 100 + 140))
    #expect(promoter?.after == Amount(1_000 + 800 + 100 + 120))
  }

  // MARK: Databases

  @Test(
    "Under its own plan history changes for nobody, and nothing is written",
    arguments: Plan.shippedNames)
  func identity(_ name: String) throws {
    let plan = try HistoryRun.plan(name, seed: 5)
    let manager = FileManager.default
    let folder = manager.temporaryDirectory.path + "/waggle-simulate-\(UUID().uuidString)"
    try manager.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? manager.removeItem(atPath: folder) }
    let zone: ZoneSource = { try TimeZones.table(named: $0) }
    let store = try SQLiteStore.open(directory: folder, zone: zone)
    let live = try HistoryRun(plan: plan, store: store, seed: 5)
    try live.run(steps: 150)
    let reader = try SQLiteReader.open(directory: folder, zone: zone)
    let before = try reader.ledgerDigest(HistoryRun.storefront)
    let days: (CivilDay?, CivilDay?) = (nil, nil)
    var told: Int64 = 0
    let same = try reader.moment {
      try WhatIf.run(StoredHistory(reader, HistoryRun.storefront), under: plan, days: days) {
        told = $0
        #expect($0 <= $1)
      }
    }
    #expect(told == same.comparison.orders && told > 5)
    for (member, figures) in same.comparison.membersBySize {
      #expect(figures.difference == .zero, "\(member)")
    }
    #expect(same.comparison.platform.difference == .zero)
    // What is before is what the ledger has.
    for (party, amount) in try reader.partyTotals(HistoryRun.storefront) {
      guard let id = party.split(separator: "/").last, party.hasPrefix("member/") else { continue }
      let member = MemberID(trusted: String(id))
      #expect(same.comparison.members[member]?.before == amount, "\(party)")
    }

    let memory = MemoryStore()
    try HistoryRun(plan: plan, store: memory, seed: 5).run(steps: 150)
    for other in Plan.shippedNames {
      let other = try HistoryRun.plan(other, seed: 6)
      let stored = try reader.moment {
        try WhatIf.run(
          StoredHistory(reader, HistoryRun.storefront), under: other, days: days,
          progress: { _, _ in })
      }
      let kept = try WhatIf.run(
        MemoryHistory(memory, HistoryRun.storefront), under: other, days: days,
        progress: { _, _ in })
      #expect(stored.comparison.members == kept.comparison.members)
      #expect(stored.comparison.platform == kept.comparison.platform)
    }
    #expect(try reader.ledgerDigest(HistoryRun.storefront) == before)
  }

  @Test("The command reads a data directory and says what is wrong with its options")
  func command() throws {
    let manager = FileManager.default
    let folder = manager.temporaryDirectory.path + "/waggle-simulate-\(UUID().uuidString)"
    try manager.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? manager.removeItem(atPath: folder) }
    let store = try SQLiteStore.open(directory: folder, zone: { try TimeZones.table(named: $0) })
    try HistoryRun(plan: try Plan.shipped("wanwu"), store: store, seed: 1).run(steps: 60)
    let data = ["--data", folder, "--storefront", "history"]
    func outcome(_ words: String...) -> (ExitCode, String) {
      let listener = Listener()
      let code = CommandTable.waggle.run(
        ["plan", "simulate"] + data + words, environment: [:], output: listener.output)
      return (code, (listener.results + listener.notes).joined(separator: "\n"))
    }
    #expect(outcome("--plan", "youpin").0 == .done)
    #expect(outcome("--parameter", "retainedBy=gold,senior").0 == .done)
    for (words, code, told) in [
      ([], ExitCode.usage, "--plan, --document or --parameter is needed"),
      (["--plan", "none"], .usage, "one of wanwu, fengxiang, shuai, youpin"),
      (["--plan", "wanwu", "--document", "x"], .usage, "exclude each other"),
      (["--document", folder + "/none.json"], .inputOutput, "cannot read"),
      (["--parameter", "fundedBy"], .usage, "is not NAME=VALUE"),
      (["--parameter", "nothing=1"], .usage, "has no parameter"),
      (["--parameter", "goldBonus=x"], .usage, "is a whole number"),
      (["--plan", "wanwu", "--from", "2026-02-30"], .usage, "a day such as 2026-03-01"),
      (
        ["--plan", "wanwu", "--from", "2026-03-02", "--until", "2026-03-01"], .usage,
        "a day not before --from"
      ),
      (["--plan", "wanwu", "--storefront", "other"], .failed, "there is no storefront other"),
    ] {
      let listener = Listener()
      let found = CommandTable.waggle.run(
        ["plan", "simulate"] + data + words, environment: [:], output: listener.output)
      #expect(found == code, "\(words)")
      #expect(listener.notes.contains { $0.contains(told) }, "\(words): \(listener.notes)")
    }
  }

  @Test("A command of two words is found, and half of it hints at the whole")
  func twoWords() {
    for words in [["plan"], ["plan", "simulat"], ["plan", "--json"]] {
      let listener = Listener()
      let code = CommandTable.waggle.run(words, environment: [:], output: listener.output)
      #expect(code == .usage)
      #expect(listener.notes.contains { $0.contains("plan simulate") }, "\(listener.notes)")
    }
    let listener = Listener()
    let words = ["help", "plan", "simulate"]
    #expect(CommandTable.waggle.run(words, environment: [:], output: listener.output) == .done)
    #expect(listener.results.first == "usage: waggle plan simulate [options]")
  }
}

/// A small storefront: A invited B, who sells and hosts; A promotes in B's rooms.
private final class SmallHistory {
  static let storefront = StorefrontID(trusted: "small")
  let store = MemoryStore()
  private let coordinator: Coordinator
  var now: Timestamp

  init(plan: String) throws {
    now = try Timestamp("2026-03-01T02:00:00Z")
    coordinator = Coordinator(store: store)
    try accept(
      .configureStorefront(
        Storefront(
          id: Self.storefront, name: "", currency: .cny, zone: .shanghai, precedence: [.code],
          visitHoldMilliseconds: 0, unpaidHoldMilliseconds: 0, planVersion: 1, createdAt: now),
        plan: try Plan.shipped(plan), risks: .trial))
    let (a, b) = (MemberID(trusted: "A"), MemberID(trusted: "B"))
    try accept(.join(member: a, name: "", inviter: nil, rank: nil, at: now))
    try accept(.join(member: b, name: "", inviter: a, rank: nil, at: now))
  }

  private func accept(_ command: Command) throws {
    _ = try coordinator.decide(command, by: .system, storefront: Self.storefront, at: now).get()
    _ = try coordinator.commit()
  }

  func openRoom(_ id: String, _ pact: Rate?) throws {
    try accept(
      .openRoom(RoomID(trusted: id), host: MemberID(trusted: "B"), title: nil, pact: pact))
  }

  func sell(_ id: String, _ lines: [(paid: Int64, ratePpm: Int32)], room: String? = nil) throws {
    try accept(
      .reportOrder(
        ReportedOrder(
          id: OrderID(trusted: id), room: room.map(RoomID.init(trusted:)),
          seller: room == nil ? MemberID(trusted: "B") : nil,
          promoter: room == nil ? nil : MemberID(trusted: "A"), buyer: ViewerID(trusted: "v"),
          lines: lines.map { line in
            ReportedLine(
              sku: SKUID(trusted: "S"), units: 1, paid: Amount(line.paid), cost: .zero,
              terms: StatedTerms(
                supplier: SupplierID(trusted: "supplier"), rate: Rate(trusted: line.ratePpm)))
          }, placedAt: now)))
    try accept(
      .pay(OrderID(trusted: id), payment: FactID(trusted: "p-" + id), paid: [], at: now))
  }

  func compare(
    under plan: Plan, from: CivilDay? = nil, until: CivilDay? = nil
  ) throws -> PlanComparison {
    try WhatIf.run(
      MemoryHistory(store, Self.storefront), under: plan, days: (from, until),
      progress: { _, _ in }
    ).comparison
  }
}
