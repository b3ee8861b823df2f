// Reports about orders in every order of arrival.
//
// What may be permuted: everything that is reported about an order – payment, delivery, refunds,
// disputes and their resolutions, and each of them again – and all of it between orders. A report that
// cannot be judged yet (anything about an order that is not there) is refused without a trace and sent
// again later, as an at-least-once sender does. A release may run at any point in between, except
// before a dispute of the same order: a released order is past dispute, by design.
//
// What may not: a placement, for it freezes the ranks, relations, touches and terms of its moment; what
// it freezes (joinings, ranks, touches, pacts); and payouts, which pay what is available when they run.

import Commerce
import Commission
import Coordination
import Histories
import Testing

@Suite("Order of arrival")
struct HistoryOrderTests {
  private static let placed = Timestamp(milliseconds: 1_772_330_400_000)

  private static func after(days: Int64) -> Timestamp {
    placed.advanced(byMilliseconds: days * 86_400_000)
  }

  /// A storefront where these orders have been placed, and the ledger that reports lead to.
  private struct Arrival {
    private let store = MemoryStore()
    private let coordinator: Coordinator

    init(plan: Plan, orders: [String]) throws {
      coordinator = Coordinator(store: store)
      try accept(
        .configureStorefront(
          Storefront(
            id: HistoryRun.storefront, name: "", currency: .cny, zone: .shanghai,
            precedence: [.code], visitHoldMilliseconds: 0, unpaidHoldMilliseconds: 0,
            planVersion: 1, createdAt: placed), plan: plan, risks: .trial))
      let top = plan.ranks[plan.ranks.count - 1].name
      try accept(.join(member: person("A"), name: "", inviter: nil, rank: top, at: placed))
      try accept(.join(member: person("B"), name: "", inviter: person("A"), rank: nil, at: placed))
      for id in orders { try accept(HistoryOrderTests.order(id)) }
    }

    private func send(_ command: Command, at: Timestamp) throws -> Rejection? {
      let result = try coordinator.decide(
        command, by: .system, storefront: HistoryRun.storefront, at: at)
      _ = try coordinator.commit()
      if case .failure(let rejection) = result { return rejection }
      return nil
    }

    private func accept(_ command: Command) throws {
      if let rejection = try send(command, at: placed) { throw rejection }
    }

    func release(at: Timestamp) throws {
      let due = store.dueReleases(HistoryRun.storefront, at: at, limit: .max)
      if let rejection = try send(.release(orders: due.orders, bonuses: due.bonuses), at: at) {
        throw rejection
      }
    }

    /// Lets reports arrive; what is refused comes again behind the others.
    ///
    /// - Parameters:
    ///   - reports: in the order of arrival.
    ///   - releasingAfter: after how many arrivals a release runs; none runs before the end.
    /// - Returns: the text of the ledger's digest once everything has been released.
    /// - Throws: a refusal that coming again does not mend.
    func digest(_ reports: [Command], releasingAfter: Int? = nil) throws -> String {
      try take(reports, releasingAfter: releasingAfter)
      try release(at: after(days: 90))
      let ledger = Auditor(store, plan(of: store))
      for finding in ledger.findings() { Issue.record("\(finding)") }
      return HistoryChecker.digestText(of: store.transactions.map(\.transaction))
    }

    /// What is stored of an order.
    func order(stored id: String) throws -> Order {
      let key = Key.order(HistoryRun.storefront, OrderID(trusted: id))
      guard case .order(let found)? = store.records[key] else { throw Shop.Missing(name: id) }
      return found
    }

    /// Lets reports arrive; what is refused comes again behind the others.
    func take(_ reports: [Command], releasingAfter: Int? = nil) throws {
      var waiting = reports
      var arrivals = 0
      while !waiting.isEmpty {
        var refused: [Command] = []
        for report in waiting {
          if try send(report, at: after(days: 60)) != nil { refused.append(report) }
          arrivals += 1
          if arrivals == releasingAfter { try release(at: after(days: 60)) }
        }
        guard refused.count < waiting.count else {
          Issue.record("never accepted: \(refused)")
          break
        }
        waiting = refused
      }
    }

    private func plan(of store: MemoryStore) -> Plan {
      guard case .planVersion(let found)? = store.records[.planVersion(HistoryRun.storefront, 1)]
      else { preconditionFailure("the storefront has a plan") }
      return found.plan
    }
  }

  // MARK: Reports

  private static func order(_ order: String) -> Command {
    .reportOrder(
      ReportedOrder(
        id: OrderID(trusted: order), room: nil, seller: person("B"), promoter: nil,
        buyer: person("v"),
        lines: [line(9_999, cost: 6_001, ratePpm: 333_333), line(101, cost: 7)], placedAt: placed))
  }

  private static func pay(_ order: String) -> Command {
    .pay(OrderID(trusted: order), payment: FactID(trusted: "p-" + order), paid: [], at: placed)
  }

  private static func deliver(_ order: String) -> Command {
    .deliver(
      OrderID(trusted: order), delivery: FactID(trusted: "d-" + order), at: after(days: 2))
  }

  private static func refund(_ order: String, _ number: Int, _ amount: Int64) -> Command {
    .refund(
      OrderID(trusted: order), refund: FactID(trusted: "x\(number)-" + order),
      lines: [LineAmount(line: 0, amount: Amount(amount))], at: after(days: 3))
  }

  private static func dispute(
    _ order: String, _ number: Int = 1, day: Int64 = 4
  ) -> Command {
    .dispute(
      OrderID(trusted: order), dispute: FactID(trusted: "q\(number)-" + order),
      at: after(days: day))
  }

  private static func resolve(
    _ order: String, _ number: Int = 1, day: Int64 = 6
  ) -> Command {
    .resolve(
      OrderID(trusted: order), dispute: FactID(trusted: "q\(number)-" + order),
      at: after(days: day))
  }

  private static func permutations<Element>(_ elements: [Element]) -> [[Element]] {
    guard !elements.isEmpty else { return [[]] }
    return elements.indices.flatMap { index in
      var rest = elements
      let first = rest.remove(at: index)
      return permutations(rest).map { [first] + $0 }
    }
  }

  static let sets: [(name: String, orders: [String], reports: [Command])] = [
    (
      "a payment, its repeat, a delivery, two refunds", ["o1"],
      [pay("o1"), pay("o1"), deliver("o1"), refund("o1", 1, 3_333), refund("o1", 2, 6_666)]
    ),
    (
      "a dispute and its resolution around the others", ["o1"],
      [pay("o1"), deliver("o1"), dispute("o1"), resolve("o1"), refund("o1", 1, 5_000)]
    ),
    (
      "two orders of one seller", ["o1", "o2"],
      [pay("o1"), pay("o2"), refund("o1", 1, 9_999), refund("o2", 1, 1), deliver("o2")]
    ),
  ]

  @Test("Five reports lead to the same ledger in each of their 120 orders", arguments: sets)
  func every(_ set: (name: String, orders: [String], reports: [Command])) throws {
    let plan = try Plan.shipped("wanwu", parameters: ["fundedBy": .text("seller")])
    var digests: Set<String> = []
    for reports in Self.permutations(set.reports) {
      digests.insert(try Arrival(plan: plan, orders: set.orders).digest(reports))
    }
    #expect(digests.count == 1, "\(set.name)")
    #expect(digests.first?.contains("net|o1|member/A|") == true)
  }

  @Test(
    "An order, its payment, its delivery and two disputes lead to one ledger in all 5 040 orders",
    arguments: [
      // Received on 3 March: released from the 11th on, later by the days of either dispute.
      (second: (from: Int64(5), until: Int64(9)), due: "2026-03-15T16:00:00Z"),
      (second: (from: Int64(4), until: Int64(5)), due: "2026-03-12T16:00:00Z"),
      (second: (from: Int64(7), until: Int64(8)), due: "2026-03-13T16:00:00Z"),
    ])
  func twoDisputes(_ set: (second: (from: Int64, until: Int64), due: String)) throws {
    let plan = try Plan.shipped("wanwu")
    let reports = [
      Self.order("o1"), Self.pay("o1"), Self.deliver("o1"), Self.dispute("o1", 1, day: 4),
      Self.resolve("o1", 1, day: 6), Self.dispute("o1", 2, day: set.second.from),
      Self.resolve("o1", 2, day: set.second.until),
    ]
    var orders: [Order] = []
    var digests: Set<String> = []
    for reports in Self.permutations(reports) {
      let arrival = try Arrival(plan: plan, orders: [])
      try arrival.take(reports)
      let order = try arrival.order(stored: "o1")
      if !orders.contains(order) { orders.append(order) }
      digests.insert(try arrival.digest([]))
    }
    #expect(digests.count == 1)
    #expect(orders.count == 1, "the same reports are the same order, whatever came first")
    #expect(orders.first?.releaseDue(zone: .shanghai) == (try Timestamp(set.due)))
  }

  @Test(
    "Many reports about several orders, with repeats and a release in between, lead to one ledger",
    arguments: Plan.shippedNames)
  func many(_ name: String) throws {
    let plan = try Plan.shipped(name)
    let orders = ["o1", "o2", "o3"]
    let undisputed = orders.flatMap { order in
      [
        Self.pay(order), Self.deliver(order), Self.refund(order, 1, 1_111),
        Self.refund(order, 2, 2_222), Self.refund(order, 3, 6_666),
      ]
    }
    var dice = Dice(seed: 11)
    var digests: Set<String> = []
    for round in 0..<60 {
      let repeats = (0..<5).map { _ in dice.pick(undisputed) }
      let reports = dice.shuffled(undisputed + repeats)
      let arrival = try Arrival(plan: plan, orders: orders)
      digests.insert(
        try arrival.digest(
          reports, releasingAfter: round == 0 ? nil : dice.below(reports.count)))
    }
    #expect(digests.count == 1)
  }

  @Test("Where more was paid out meanwhile the nets still agree, and what is owed is debt")
  func payouts() throws {
    let plan = try Plan.shipped("wanwu")
    let early = [Self.refund("o1", 1, 9_999), Self.pay("o1"), Self.deliver("o1")]
    let late = [Self.pay("o1"), Self.deliver("o1"), Self.refund("o1", 1, 9_999)]
    func nets(_ text: String) -> [Substring] {
      text.split(separator: "\n").filter { $0.hasPrefix("net|o1|") }
    }
    let first = try Arrival(plan: plan, orders: ["o1"]).digest(early)
    let second = try Arrival(plan: plan, orders: ["o1"]).digest(late, releasingAfter: 2)
    #expect(nets(first) == nets(second))
    #expect(!nets(first).isEmpty)
  }
}
