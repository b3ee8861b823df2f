// Orders and money over time: conservation, order of arrival, refunds, release and debt.
// Source: domain.md, section 3.

import Commerce
import Commission
import Coordination
import Ledger
import Testing

@Suite("Settlement")
struct SettlementTests {
  /// Facts about one order that may arrive in any order.
  enum Fact: CaseIterable { case payment, delivery, firstRefund, secondRefund, promotion }

  static let permutations: [[Fact]] = {
    var found: [[Fact]] = [[]]
    for _ in Fact.allCases {
      found = found.flatMap { begun in
        Fact.allCases.filter { !begun.contains($0) }.map { begun + [$0] }
      }
    }
    return found
  }()

  private func outcome(_ order: [Fact]) throws -> (nets: [Auditor.Net: Int64], balances: [String]) {
    let shop = try Shop(try Plan.shipped("wanwu"))
    try shop.join("A", rank: "senior")
    try shop.join("B", inviter: "A")
    let lines = [line(9_999, cost: 6_001, ratePpm: 123_456), line(777, cost: 401)]
    try shop.accept(shop.report("o1", room: nil, seller: "B", lines: lines))
    for fact in order {
      shop.wait(1)
      let command: Command
      switch fact {
      // The backend's own times, whatever the order of arrival.
      case .payment: command = .pay(o1, payment: FactID(trusted: "p"), paid: [], at: Shop.start)
      case .delivery:
        command = .deliver(o1, delivery: FactID(trusted: "d"), at: Shop.start)
      case .firstRefund: command = refund("x1", [(0, 3_333), (1, 1)])
      case .secondRefund: command = refund("x2", [(0, 6_665)])
      case .promotion: command = .setRank(member: person("B"), rank: "gold")
      }
      try shop.accept(command)
    }
    shop.wait(days: 30)
    try shop.release()
    var balances: [String] = []
    for case (.balance(_, let account), .balance(let amount)) in shop.store.records
    where amount != .zero {
      balances.append("\(account.name) \(amount)")
    }
    return (Auditor(shop.store, shop.plan).netsPerParty, balances.sorted())
  }

  private let o1 = OrderID(trusted: "o1")

  private func refund(_ id: String, _ parts: [(Int64, Int64)]) -> Command {
    .refund(
      o1, refund: FactID(trusted: id),
      lines: parts.map { LineAmount(line: $0.0, amount: Amount($0.1)) }, at: Shop.start)
  }

  @Test(
    "Payment, delivery and refunds come to the same books in any order of arrival",
    arguments: permutations)
  func orderOfArrival(_ order: [Fact]) throws {
    let (nets, balances) = try outcome(order)
    // One fen is left of the first line, 776 of the second; 20 % of 776 is 155, a quarter of it 38.
    #expect(
      balances == [
        "available/A 15038", "available/B 155", "buyers -777", "platform -14816",
        "supplier/supplier 400",
      ])
    let expected = try outcome(Fact.allCases)
    #expect(nets == expected.nets)
  }

  @Test("A payment may be lower than what was placed, by line, and never higher")
  func paidLess() throws {
    let shop = try Shop()
    try shop.join("H")
    try shop.open()
    func paid(_ line: Int64, _ amount: Int64) -> [LineAmount] {
      [LineAmount(line: line, amount: Amount(amount))]
    }
    try shop.accept(shop.report("o1", lines: [line(), line()]))
    #expect(try shop.refusal(shop.pay("o1", paid: paid(0, 10_001))) == .paymentExceedsPlaced)
    #expect(try shop.refusal(shop.pay("o1", paid: paid(2, 1))) == .unknownLine)
    #expect(try shop.refusal(shop.pay("o1", paid: paid(0, -1))) == .invalidField)
    try shop.accept(shop.refund("o1", "x1", [(0, 5_000)]))
    #expect(try shop.refusal(shop.pay("o1", paid: paid(0, 4_999))) == .refundExceedsPaid)
    try shop.accept(shop.pay("o1", paid: paid(0, 5_000)))
    #expect(shop.balance(.buyers) == -10_000)
    #expect(shop.balance(.pending(person("H"))) == 2_000)
    #expect(try shop.refusal(shop.pay("o1", payment: "other")) == .alreadyPaid)
  }

  @Test("A refund before the payment moves no money and counts with the payment")
  func refundFirst() throws {
    let shop = try Shop()
    try shop.join("H")
    try shop.open()
    try shop.accept(shop.report("o1"))
    try shop.accept(shop.refund("o1", "x1"))
    #expect(shop.store.transactions.isEmpty)
    try shop.accept(shop.pay("o1"))
    #expect(shop.store.transactions.isEmpty)
    #expect(try shop.order("o1").state == .refunded)
    #expect(shop.earnings("H").orders == 1)
  }

  @Test("A member's debt is offset over several releases before anything is available")
  func debt() throws {
    let shop = try Shop()
    try shop.join("H")
    try shop.open()
    try shop.sell("o1")
    try shop.accept(shop.deliver("o1"))
    shop.wait(days: 9)
    try shop.release()
    _ = try shop.payOut("s1")
    try shop.accept(shop.refund("o1", "x1"))
    let member = person("H")
    #expect(shop.balance(.debt(member)) == -2_000)
    for (id, debt, available) in [("o2", -1_200, 0), ("o3", -400, 0), ("o4", 0, 400)]
      as [(String, Int64, Int64)]
    {
      try shop.sell(id, lines: [line(4_000, cost: 0)])
      #expect(shop.balance(.pending(member)) == 800)
      try shop.accept(shop.deliver(id))
      shop.wait(days: 9)
      try shop.release()
      #expect(shop.balance(.debt(member)) == debt)
      #expect(shop.balance(.available(member)) == available)
      #expect(shop.balance(.pending(member)) == 0)
    }
    #expect(shop.earnings("H").reversed.minorUnits == 2_000)
  }

  @Test("An order is settled under the version of the plan that it was placed under")
  func planVersions() throws {
    let shop = try Shop()
    // The auditor knows one plan only.
    shop.auditsAlways = false
    try shop.join("H", "P")
    try shop.sell("o1", room: nil, seller: "H", promoter: "P")
    guard case .storefront(let storefront)? = shop.store.records[.storefront(Shop.id)] else {
      throw Shop.Missing(name: "storefront")
    }
    let later = try Plan.shipped("fengxiang", parameters: ["pactPpm": .integer(1_000_000)])
    try shop.accept(.configureStorefront(storefront, plan: later, risks: .trial))
    #expect(shop.balance(.pending(person("P"))) == 600)
    try shop.accept(shop.refund("o1", "x1", [(0, 5_000)]))
    #expect(shop.balance(.pending(person("P"))) == 300)
    #expect(shop.balance(.pending(person("H"))) == 700)
    try shop.sell("o2", room: nil, seller: "H", promoter: "P")
    #expect(shop.balance(.pending(person("P"))) == 2_300)
    try shop.accept(shop.refund("o1", "x2"))
    #expect(shop.balance(.pending(person("P"))) == 2_000)
    #expect(shop.balance(.pending(person("H"))) == 0)
  }

  @Test("What is not due is passed over, whoever asks for it")
  func releaseOfOthers() throws {
    let shop = try Shop()
    try shop.join("H")
    try shop.open()
    try shop.accept(shop.report("unpaid"))
    try shop.accept(shop.deliver("unpaid"))
    try shop.sell("undelivered")
    try shop.sell("disputed")
    try shop.accept(shop.deliver("disputed"))
    try shop.accept(shop.dispute("disputed", "d"))
    shop.wait(days: 30)
    let orders = ["unpaid", "undelivered", "disputed"].map { OrderID(trusted: $0) }
    #expect(shop.store.dueReleases(Shop.id, at: shop.now, limit: 9).isEmpty)
    #expect(try shop.accept(.release(orders: orders, bonuses: ["none"])).reply["released"] == 0)
    #expect(shop.balance(.available(person("H"))) == 0)
  }

  /// What one random run does; every acceptance is audited, every refusal compared.
  private func run(seed: UInt64, plan: String, steps: Int) throws -> Shop {
    var chance = SplitMix64(seed: seed)
    let shop = try Shop(try Plan.shipped(plan))
    let ranks = shop.plan.ranks.map(\.name)
    var members = ["H"]
    try shop.join("H")
    try shop.open(pact: Int32(chance.below(1_000_001)))
    var orders: [String] = ["none"]
    for step in 0..<steps {
      shop.wait(Int64(chance.below(40_000_000)))
      let order = chance.pick(orders)
      switch chance.below(12) {
      case 0:
        try shop.join("m\(step)", inviter: chance.pick(members), rank: chance.pick(ranks))
        members.append("m\(step)")
      case 1:
        try shop.accept(.setRank(member: person(chance.pick(members)), rank: chance.pick(ranks)))
      case 2:
        let evidence = LinkEvidence.vouched(
          promoter: person(chance.pick(members)),
          room: chance.below(2) == 0 ? nil : RoomID(trusted: "r1"))
        _ = try shop.send(.touch(viewer: person("v\(chance.below(4))"), evidence, at: shop.now))
      case 3, 4:
        let inRoom = chance.below(2) == 0
        let lines = (0...chance.below(3)).map { _ in
          line(
            Int64(chance.below(20_000)), cost: Int64(chance.below(15_000)),
            ratePpm: Int32(50_000 + chance.below(350_001)))
        }
        let report = shop.report(
          "o\(step)", room: inRoom ? "r1" : nil, seller: inRoom ? nil : chance.pick(members),
          promoter: chance.below(3) == 0 ? chance.pick(members) : nil,
          buyer: "v\(chance.below(4))", lines: lines)
        try shop.accept(report)
        orders.append("o\(step)")
      case 5, 6: _ = try shop.send(shop.pay(order))
      case 7: _ = try shop.send(shop.deliver(order))
      case 8:
        let part = (Int64(chance.below(3)), Int64(chance.below(9_000)))
        _ = try shop.send(shop.refund(order, "x\(chance.below(step + 1))", [part]))
      case 9:
        _ = try shop.send(
          chance.below(2) == 0
            ? shop.dispute(order, "d\(chance.below(step + 1))")
            : shop.resolve(order, "d\(chance.below(step + 1))"))
      case 10: try shop.release()
      default: _ = try shop.payOut("s\(chance.below(step + 1))")
      }
    }
    return shop
  }

  @Test(
    "Whatever happens, the books balance after every command, and giving all back nets to zero",
    arguments: Plan.shippedNames, 0..<6)
  func conservation(_ plan: String, _ seed: Int) throws {
    let shop = try run(seed: UInt64(seed), plan: plan, steps: 150)
    #expect(shop.store.transactions.count > 10)
    for case (.order(_, let id), .order(let order)) in shop.store.records where order.net > .zero {
      try shop.accept(shop.refund(id.text, "all-\(id)"))
    }
    let left = Auditor(shop.store, shop.plan).netsPerParty.keys.filter {
      !$0.subject.hasPrefix("award/") && !$0.subject.hasPrefix("statement/")
    }
    #expect(left.isEmpty)
    #expect(shop.balance(.buyers) == 0)
    #expect(shop.balance(.supplier(SupplierID(trusted: "supplier"))) == 0)
  }

  @Test("The same commands give the same books, byte for byte")
  func determinism() throws {
    let runs = try (0..<2).map { _ in
      try run(seed: 7, plan: "wanwu", steps: 80).store.transactions.map(
        \.transaction.canonicalBytes)
    }
    #expect(runs[0] == runs[1])
  }
}

@Suite("The release calendar")
struct ReleaseCalendarTests {
  private static func time(_ text: String) throws -> Timestamp { try Timestamp(text) }

  static let cases: [(received: String, disputes: [(String, String)], due: String)] = [
    ("2026-03-02T15:59:59Z", [], "2026-03-09T16:00:00Z"),
    ("2026-03-02T16:00:00Z", [], "2026-03-10T16:00:00Z"),
    // Resolved on the day it began, or before receipt: no day is lost.
    (
      "2026-03-02T02:00:00Z", [("2026-03-03T00:00:00Z", "2026-03-03T15:59:59Z")],
      "2026-03-09T16:00:00Z"
    ),
    (
      "2026-03-02T02:00:00Z", [("2026-02-20T02:00:00Z", "2026-03-01T02:00:00Z")],
      "2026-03-09T16:00:00Z"
    ),
    (
      "2026-03-02T02:00:00Z", [("2026-02-20T02:00:00Z", "2026-03-02T03:00:00Z")],
      "2026-03-09T16:00:00Z"
    ),
    // Over midnight is a day; days before receipt do not count.
    (
      "2026-03-02T02:00:00Z", [("2026-03-03T15:59:59Z", "2026-03-03T16:00:00Z")],
      "2026-03-10T16:00:00Z"
    ),
    (
      "2026-03-02T02:00:00Z", [("2026-02-20T02:00:00Z", "2026-03-04T02:00:00Z")],
      "2026-03-11T16:00:00Z"
    ),
    (
      "2026-03-02T02:00:00Z",
      [
        ("2026-03-03T02:00:00Z", "2026-03-05T02:00:00Z"),
        ("2026-03-06T02:00:00Z", "2026-03-07T02:00:00Z"),
      ],
      "2026-03-12T16:00:00Z"
    ),
  ]

  @Test(
    "Release is at the start of day D + 8, moved by the whole days of dispute", arguments: cases)
  func due(_ example: (received: String, disputes: [(String, String)], due: String)) throws {
    let disputes = try example.disputes.map {
      Dispute(
        id: FactID(trusted: "q"), from: try Timestamp($0.0), until: try Timestamp($0.1))
    }
    let due = ReleaseCalendar.due(
      from: try Timestamp(example.received), disputes: disputes, zone: .shanghai)
    #expect(due == (try Timestamp(example.due)))
  }
}
