// Orders that a commission service settles: money waits in `unsettled`, answers are checked before a
// fen is booked, and what comes of it is what the plan would have booked at once.
// Source: Protocol/commission-service.md; decision 0021.

import Commerce
import Coordination
import Ledger
import Testing

@testable import Commission

@Suite("Delegated settlement")
struct DelegationTests {
  private let o1 = OrderID(trusted: "o1")

  /// A shop of wanwu whose orders a service settles, with A over B.
  private func delegated() throws -> Shop {
    let shop = try Shop(try Plan.shipped("wanwu"))
    // The test's own auditor settles with the plan; here the differential test does its work.
    shop.auditsAlways = false
    try shop.delegate(to: ServiceID(trusted: "books"))
    try shop.join("A", rank: "senior")
    try shop.join("B", inviter: "A", rank: "gold")
    return shop
  }

  @Test("A paid order's money waits in unsettled and nobody has earned a fen of it")
  func waits() throws {
    let shop = try delegated()
    let before = shop.balances
    try shop.sell("o1", room: nil, seller: "B")
    #expect(shop.balances == before.merging(["buyers": -10_000, "unsettled": 10_000]) { $1 })
    let delegation = try #require(try shop.order("o1").delegation)
    #expect(!delegation.isSettled)
    #expect(delegation.revision == 1)
    #expect(delegation.waitsSince == shop.now)
    #expect(shop.store.ordersToSettle(Shop.id, at: shop.now, limit: 9) == [o1])
  }

  @Test("An answer is booked once: the split is that of the plan, and nothing is left unsettled")
  func booked() throws {
    let shop = try delegated()
    let local = try Shop(try Plan.shipped("wanwu"))
    try local.join("A", rank: "senior")
    try local.join("B", inviter: "A", rank: "gold")
    for shop in [shop, local] { try shop.sell("o1", room: nil, seller: "B") }
    let answer = try shop.localAnswer(o1)
    #expect(try shop.settle(o1, answer) == "settled")
    #expect(shop.balances == local.balances)
    #expect(shop.store.ordersToSettle(Shop.id, at: shop.now, limit: 9) == [])
    #expect(shop.earnings("B") == local.earnings("B"))
    // The same answer again, as after a time-out whose answer was lost.
    let transactions = shop.store.transactions.count
    #expect(try shop.settle(o1, answer) == "stale")
    #expect(shop.store.transactions.count == transactions)
  }

  @Test("An answer about an older revision changes nothing: the refund in between is asked about")
  func stale() throws {
    let shop = try delegated()
    try shop.sell("o1", room: nil, seller: "B")
    let old = try shop.localAnswer(o1)
    try shop.accept(shop.refund("o1", "x", [(0, 4_000)]))
    let before = shop.store.records
    #expect(try shop.settle(o1, old, revision: 1) == "stale")
    #expect(shop.store.records == before)
    #expect(shop.balance(.unsettled) == 6_000)
    #expect(try shop.settle(o1, try shop.localAnswer(o1)) == "settled")
    #expect(shop.balance(.unsettled) == 0)
  }

  @Test("A refund after the split lies in unsettled with its sign until the service has answered")
  func refundAfterSplit() throws {
    let shop = try delegated()
    let before = shop.balances
    try shop.sell("o1", room: nil, seller: "B")
    #expect(try shop.settle(o1, try shop.localAnswer(o1)) == "settled")
    let pending = shop.balance(.pending(person("B")))
    try shop.accept(shop.refund("o1", "x", [(0, 9_990)]))
    #expect(shop.balance(.buyers) == -10)
    #expect(shop.balance(.unsettled) == -9_990)
    #expect(shop.balance(.pending(person("B"))) == pending)
    #expect(try shop.settle(o1, try shop.localAnswer(o1)) == "settled")
    #expect(shop.balance(.unsettled) == 0)
    let left = shop.balance(.pending(person("B")))
    #expect(left < pending)
    #expect(shop.earnings("B").reversed.minorUnits == pending - left)
    try shop.accept(shop.refund("o1", "y"))
    #expect(shop.balances == before)
  }

  @Test("A full refund takes everything back at once, for there is nothing to ask about")
  func fullRefund() throws {
    let shop = try delegated()
    shop.wait(days: 30)
    try shop.release()
    let before = shop.balances
    // Before anything was split, while shares are pending, and after their release.
    for (id, isSettled, isReleased) in [
      ("o1", false, false), ("o2", true, false), ("o3", true, true),
    ] {
      let order = OrderID(trusted: id)
      try shop.sell(id, room: nil, seller: "B")
      if isSettled { #expect(try shop.settle(order, try shop.localAnswer(order)) == "settled") }
      try shop.accept(shop.deliver(id))
      if isReleased {
        shop.wait(days: 30)
        try shop.release()
        #expect(shop.balance(.available(person("B"))) > before["available/B", default: 0])
      }
      try shop.accept(shop.refund(id, "x-" + id))
      #expect(shop.balances == before)
      #expect(shop.waiting.isEmpty)
    }
  }

  @Test("What is not settled is not released, and is as soon as it is")
  func releaseWaits() throws {
    let shop = try delegated()
    shop.wait(days: 30)
    try shop.release()
    let before = shop.balances
    try shop.sell("o1", room: nil, seller: "B")
    try shop.accept(shop.deliver("o1"))
    shop.wait(days: 30)
    try shop.release()
    #expect(try shop.order("o1").releasedAt == nil)
    #expect(try shop.settle(o1, try shop.localAnswer(o1)) == "settled")
    try shop.release()
    #expect(try shop.order("o1").releasedAt == shop.now)
    #expect(shop.balance(.available(person("B"))) > 0)
    // A refund of a part claws back, once the service has said how much; one of all at once.
    let available = shop.balance(.available(person("B")))
    try shop.accept(shop.refund("o1", "x", [(0, 5_000)]))
    #expect(shop.balance(.available(person("B"))) == available)
    #expect(try shop.settle(o1, try shop.localAnswer(o1)) == "settled")
    #expect(shop.balance(.available(person("B"))) < available)
    try shop.accept(shop.refund("o1", "y"))
    #expect(shop.balances == before)
  }

  @Test("A refund before the payment and the payment are one revision")
  func refundFirst() throws {
    let shop = try delegated()
    try shop.accept(shop.report("o1", room: nil, seller: "B"))
    try shop.accept(shop.refund("o1", "x", [(0, 2_500)]))
    #expect(try shop.order("o1").delegation?.revision == 0)
    try shop.accept(shop.pay("o1"))
    #expect(try shop.order("o1").delegation?.revision == 1)
    #expect(shop.balance(.unsettled) == 7_500)
  }

  @Test("A failed attempt is kept with its reason and does not move money")
  func failed() throws {
    let shop = try delegated()
    try shop.sell("o1", room: nil, seller: "B")
    let balances = shop.balances
    let retryAt = shop.now.advanced(byMilliseconds: 700)
    for attempt in 1...3 as ClosedRange<Int64> {
      let failure = Delegation.Failure(code: "service_timed_out", message: "No answer.")
      #expect(
        try shop.settle(o1, ServiceAnswer(.failure(failure), retryAt: retryAt)) == "waits")
      let delegation = try #require(try shop.order("o1").delegation)
      #expect(delegation.attempts == attempt)
      #expect(delegation.failure == failure)
    }
    #expect(shop.balances == balances)
    let early = retryAt.advanced(byMilliseconds: -1)
    #expect(shop.store.ordersToSettle(Shop.id, at: early, limit: 9) == [])
    #expect(shop.store.ordersToSettle(Shop.id, at: retryAt, limit: 9) == [o1])
    #expect(try shop.settle(o1, try shop.localAnswer(o1)) == "settled")
    #expect(try shop.order("o1").delegation?.failure == nil)
  }

  @Test("Orders placed before a storefront delegates are settled at once, those after it wait")
  func switched() throws {
    let shop = try Shop(try Plan.shipped("wanwu"))
    shop.auditsAlways = false
    try shop.join("B", rank: "gold")
    try shop.accept(shop.report("o0", room: nil, seller: "B"))
    try shop.delegate(to: ServiceID(trusted: "books"))
    try shop.accept(shop.pay("o0"))
    #expect(shop.balance(.unsettled) == 0)
    try shop.sell("o1", room: nil, seller: "B")
    #expect(shop.balance(.unsettled) == 10_000)
    // Back again: what waits still does, until somebody settles it.
    try shop.delegate(to: nil)
    #expect(shop.balance(.unsettled) == 10_000)
    try shop.sell("o2", room: nil, seller: "B")
    #expect(shop.balance(.unsettled) == 10_000)
  }

  /// Ways in which an answer can be wrong, and what it is refused for.
  private static let dollars = try? Currency("USD")

  static let wrongs: [(code: String, change: @Sendable (Settlement) -> Settlement)] = [
    ("settlement_foreign_plan", { $0.with(plan: PlanReference(name: "wanwu", version: 99)) }),
    ("settlement_currency", { $0.with(currency: dollars) }),
    ("settlement_lines", { $0.with(lines: $0.lines + $0.lines) }),
    ("settlement_net", { $0.changed { $0.rebuilt(net: $0.net + Amount(1)) } }),
    ("settlement_net", { $0.changed { $0.rebuilt(net: $0.net - Amount(1)) } }),
    ("settlement_pool", { $0.changed { $0.rebuilt(pool: $0.pool + Amount(1)) } }),
    ("settlement_supplier", { $0.changed { $0.rebuilt(supplier: $0.supplier + Amount(1)) } }),
    ("settlement_supplier", { $0.changed { $0.rebuilt(supplier: $0.supplier - Amount(1)) } }),
    ("settlement_out_of_bounds", { $0.changed { $0.with(shareOf: "B", amount: -1) } }),
    ("settlement_out_of_bounds", { $0.changed { $0.with(shareOf: "B", amount: 10_001) } }),
    ("settlement_unbalanced", { $0.changed { $0.keeping(platform: $0.platform + Amount(1)) } }),
    ("settlement_unknown_payee", { $0.changed { $0.with(shareOf: "nobody", amount: 1) } }),
  ]

  @Test("A wrong answer is refused by name and moves no money", arguments: wrongs.indices)
  func wrong(_ index: Int) throws {
    let (code, change) = Self.wrongs[index]
    let shop = try delegated()
    try shop.sell("o1", room: nil, seller: "B")
    let balances = shop.balances
    let right = try shop.localSettlement(o1)
    #expect(
      try shop.settle(o1, ServiceAnswer(.settlement(change(right)), retryAt: shop.now))
        == "waits")
    #expect(try shop.order("o1").delegation?.failure?.code == code)
    #expect(shop.balances == balances)
    #expect(try shop.settle(o1, try shop.localAnswer(o1)) == "settled")
  }

  @Test("The plan's bound is the last fen that an answer may pay out, but for rounding")
  func bound() throws {
    let plan = try Plan.shipped("wanwu")
    let worst = plan.worstCasePayoutPpm
    #expect(worst == 500_000)
    // At the highest line rate the bound is half of the price; rounding may add a fen per share.
    let most = plan.mostPaid(
      of: Amount(10_000), rate: Rate(trusted: 400_000), worstCasePayoutPpm: worst)
    #expect((5_000...5_020).contains(most.minorUnits))
    for (extra, expected) in [(0, nil), (1, "settlement_out_of_bounds")] as [(Int64, String?)] {
      let shop = try delegated()
      try shop.sell("o1", room: nil, seller: "B", lines: [line(ratePpm: 400_000)])
      let settlement = try shop.localSettlement(o1).changed {
        LineSettlement(
          net: $0.net, pool: $0.pool, supplier: $0.supplier,
          shares: [share(of: "B", most.minorUnits + extra)])
      }
      _ = try shop.settle(o1, ServiceAnswer(.settlement(settlement), retryAt: shop.now))
      #expect(try shop.order("o1").delegation?.failure?.code == expected)
    }
  }

  @Test(
    "Whatever is reported and answered in whatever order, the books end as if the plan had settled",
    arguments: 0..<60)
  func differential(_ seed: Int) throws {
    var random = SplitMix64(seed: UInt64(seed))
    let names = ["wanwu", "fengxiang"]
    let plan = try Plan.shipped(names[seed % 2])
    let shops = [try Shop(plan), try Shop(plan)]
    let top = plan.ranks[plan.ranks.count - 1].name
    for shop in shops {
      shop.auditsAlways = false
      try shop.join("A", rank: top)
      try shop.join("B", "C", inviter: "A")
      try shop.join("D", inviter: "C", rank: top)
      try shop.open("r1", host: "B", pact: 300_000)
    }
    let remote = shops[0]
    try remote.delegate(to: ServiceID(trusted: "books"))
    var refunds = 0
    var answers: [(OrderID, Int64, ServiceAnswer)] = []
    for _ in 0..<120 {
      let order = "o\(random.below(6))"
      let wait = Int64(random.below(200_000_000))
      for shop in shops { shop.wait(wait) }
      switch random.below(10) {
      case 0, 1:
        let lines = (0...random.below(3)).map { _ in
          line(
            Int64(random.below(20_000)), cost: Int64(random.below(9_000)),
            ratePpm: 50_000 + Int32(random.below(350_001)))
        }
        let seller = random.pick(["B", "C", "D"])
        let promoter = random.pick(["A", "C", "D"])
        try both(shops) {
          $0.report(
            order, room: seller == "B" ? "r1" : nil, seller: seller == "B" ? nil : seller,
            promoter: promoter, lines: lines)
        }
      case 2, 3: try both(shops) { $0.pay(order) }
      case 4: try both(shops) { $0.deliver(order) }
      case 5, 6:
        refunds += 1
        let parts = random.below(3) == 0 ? [] : [(Int64(0), Int64(1 + random.below(5_000)))]
        try both(shops) { $0.refund(order, "x\(refunds)", parts) }
      case 7:
        // Ask about one that waits; the answer may come at once, later, twice, or never.
        guard let id = remote.waiting.randomElement(using: &random),
          let revision = try remote.order(id.text).delegation?.revision
        else { continue }
        answers.append((id, revision, try remote.localAnswer(id)))
      case 8:
        guard let (id, revision, answer) = answers.randomElement(using: &random) else { continue }
        _ = try remote.settle(id, answer, revision: revision)
      default: for shop in shops { try shop.release() }
      }
      #expect(remote.balances.values.reduce(0, +) == 0)
    }
    for id in remote.waiting {
      #expect(try remote.settle(id, try remote.localAnswer(id)) == "settled")
    }
    #expect(remote.balance(.unsettled) == 0)
    for shop in shops {
      shop.wait(days: 60)
      try shop.release()
    }
    #expect(remote.balances == shops[1].balances)
    for name in ["A", "B", "C", "D"] {
      #expect(remote.earnings(name).pending == shops[1].earnings(name).pending)
      #expect(remote.earnings(name).released == shops[1].earnings(name).released)
    }
  }

  /// Sends the same report to both, which have to take it alike.
  private func both(_ shops: [Shop], _ command: (Shop) -> Command) throws {
    let codes = try shops.map { try $0.refusal(command($0)) }
    #expect(codes[0] == codes[1])
  }
}

// MARK: A service that is the plan

extension Shop {
  fileprivate func delegate(to service: ServiceID?) throws {
    guard case .storefront(var storefront)? = store.records[.storefront(Shop.id)] else {
      throw Missing(name: "shop")
    }
    storefront.settlementService = service
    try accept(.configureStorefront(storefront, plan: plan, risks: .trial))
  }

  /// What the plan makes of an order as it stands.
  fileprivate func localSettlement(_ id: OrderID) throws -> Settlement {
    let order = try order(id.text)
    return try plan.settle(order.sale(currency: .cny), order.snapshot)
  }

  fileprivate func localAnswer(_ id: OrderID) throws -> ServiceAnswer {
    ServiceAnswer(.settlement(try localSettlement(id)), retryAt: now)
  }

  /// Gives an answer to the core, about the newest revision unless said otherwise.
  fileprivate func settle(
    _ id: OrderID, _ answer: ServiceAnswer, revision: Int64? = nil
  ) throws -> String? {
    let newest = try order(id.text).delegation?.revision ?? 0
    return try accept(.settle(id, revision: revision ?? newest, answer)).reply["outcome"]?.text
  }

  /// Orders that wait for the service.
  fileprivate var waiting: [OrderID] { store.ordersToSettle(Shop.id, at: now, limit: .max) }

  /// Every balance that is not zero, by account name.
  fileprivate var balances: [String: Int64] {
    var found: [String: Int64] = [:]
    for case (.balance(_, let account), .balance(let amount)) in store.records
    where amount != .zero {
      found[account.name] = amount.minorUnits
    }
    return found
  }
}

// MARK: Answers put together by hand

private func share(of payee: String, _ amount: Int64) -> Share {
  Share(
    payee: person(payee), rule: "any", taking: nil, of: .net, base: Amount(amount),
    deducted: .zero, amount: Amount(amount), funding: .platform)
}

extension Settlement {
  fileprivate func with(
    plan: PlanReference? = nil, currency: Currency? = nil, lines: [LineSettlement]? = nil
  ) -> Settlement {
    Settlement(
      plan: plan ?? self.plan, currency: currency ?? self.currency, lines: lines ?? self.lines)
  }

  /// The same with another first line.
  fileprivate func changed(_ change: (LineSettlement) -> LineSettlement) -> Settlement {
    with(lines: [change(lines[0])] + lines.dropFirst())
  }
}

extension LineSettlement {
  fileprivate func rebuilt(
    net: Amount? = nil, pool: Amount? = nil, supplier: Amount? = nil
  ) -> LineSettlement {
    LineSettlement(
      net: net ?? self.net, pool: pool ?? self.pool, supplier: supplier ?? self.supplier,
      shares: shares)
  }

  /// A line that does not sum to its net, which only the module that makes lines could make.
  fileprivate func keeping(platform: Amount) -> LineSettlement {
    LineSettlement(net: net, pool: pool, supplier: supplier, platform: platform, shares: shares)
  }

  fileprivate func with(shareOf payee: String, amount: Int64) -> LineSettlement {
    LineSettlement(
      net: net, pool: pool, supplier: supplier, shares: [share(of: payee, amount)])
  }
}
