// Drives the real coordinator over any store with a random history: trees, plans, rooms, touches,
// sales, refunds, promotions, disputes, releases, payouts, and everything reported again. One seed
// gives one history. One thread.

import Commerce
import Commission
import Coordination
import Ledger

/// One random history of one storefront.
package final class HistoryRun {
  /// Whose history.
  package static let storefront = StorefrontID(trusted: "history")
  /// 2026-03-01 10:00 in Shanghai.
  private static let start = Timestamp(milliseconds: 1_772_330_400_000)

  /// The plan of the storefront.
  package let plan: Plan
  /// Every accepted command, in order.
  package private(set) var steps: [HistoryStep] = []
  /// Every transaction, in order.
  package private(set) var transactions: [Transaction] = []
  /// How many commands were refused.
  package private(set) var refusals = 0
  private let store: any Store
  private let coordinator: Coordinator
  private var dice: Dice
  private var now = start
  private var members: [MemberID] = []
  private var rooms: [RoomID] = []
  private var orders: [OrderID] = []
  /// Disputes of which one end was reported: the beginning, unless it says when they ended.
  private var disputed: [(order: OrderID, dispute: FactID, ended: Timestamp?)] = []
  private var count = 0

  /// Makes a storefront with a first few members and a room.
  ///
  /// - Parameters:
  ///   - plan: of the storefront.
  ///   - store: empty.
  ///   - seed: of everything that happens.
  /// - Throws: what the store throws.
  package init(plan: Plan, store: any Store, seed: UInt64) throws {
    self.plan = plan
    self.store = store
    coordinator = Coordinator(store: store)
    dice = Dice(seed: seed)
    try send(
      .configureStorefront(
        Storefront(
          id: Self.storefront, name: "History", currency: .cny, zone: .shanghai,
          precedence: [.code, .visit, .lock],
          visitHoldMilliseconds: Storefront.visitHoldDefault,
          unpaidHoldMilliseconds: Storefront.unpaidHoldDefault, planVersion: 1, createdAt: now),
        plan: plan, risks: .trial))
    for _ in 0..<6 { try join() }
    try openRoom()
  }

  /// A plan with random parameters.
  ///
  /// - Parameters:
  ///   - name: of a shipped plan.
  ///   - seed: of the parameters.
  /// - Returns: the plan with its parameters bound.
  /// - Throws: `PlanError` for a name that is not shipped.
  package static func plan(_ name: String, seed: UInt64) throws -> Plan {
    var dice = Dice(seed: seed &* 31 &+ 7)
    var parameters: [String: PlanValue] = [:]
    for parameter in try Plan.shipped(name).parameters {
      switch (parameter.name, parameter.value) {
      case ("fundedBy", _): parameters["fundedBy"] = .text(dice.pick(["platform", "seller"]))
      case ("profitDepth", _):
        parameters["profitDepth"] = .text(dice.pick(["direct", "community"]))
      case ("retainedBy", _):
        parameters["retainedBy"] = .texts(dice.pick([["gold"], ["senior"], ["gold", "senior"]]))
      case (let name, .integer) where name.hasSuffix("Ppm"):
        parameters[name] = .integer(
          Int64(dice.pick([0, 1, 333_333, 1_000_000, dice.below(1_000_001)])))
      case ("goldBonus", _), ("seniorBonus", _):
        parameters[parameter.name] = .integer(Int64(1 + dice.below(20_000)))
      default: continue
      }
    }
    return try Plan.shipped(name, parameters: parameters)
  }

  /// Lets something happen, that many times.
  package func run(steps: Int) throws {
    for _ in 0..<steps {
      now = now.advanced(byMilliseconds: Int64(dice.below(60_000_000)))
      try happen()
    }
  }

  /// Gives everything back that was paid and not given back.
  package func refundEverything() throws {
    for order in orders { _ = try send(.refund(order, refund: fact("all"), lines: [], at: now)) }
  }

  private func happen() throws {
    switch dice.below(23) {
    case 0: try join()
    case 1:
      try send(.setRank(member: dice.pick(members), rank: dice.pick(plan.ranks).name))
    case 2, 3: try touch()
    case 4:
      if dice.percent(30) {
        try openRoom()
      } else {
        try send(.raisePact(dice.pick(rooms), Rate(trusted: Int32(dice.below(1_000_001)))))
      }
    case 5, 6, 7: try place()
    case 8, 9, 10: try pay()
    case 11, 12, 13: try send(.deliver(order, delivery: fact("delivery"), at: now))
    case 14, 15: try refund()
    case 16:
      let (order, dispute) = (order, fact("dispute"))
      if dice.percent(85) {
        if try !send(.dispute(order, dispute: dispute, at: now)) { return }
        disputed.append((order, dispute, nil))
      } else {
        if try !send(.resolve(order, dispute: dispute, at: now)) { return }
        disputed.append((order, dispute, now))
      }
    case 17:
      guard !disputed.isEmpty else { return }
      let (order, dispute, ended) = disputed.remove(at: dice.below(disputed.count))
      if let ended {
        let began = ended.advanced(byMilliseconds: -Int64(dice.below(500_000_000)))
        try send(.dispute(order, dispute: dispute, at: began))
      } else {
        try send(.resolve(order, dispute: dispute, at: now))
      }
    case 18, 19, 20:
      let due = try store.dueReleases(Self.storefront, at: now, limit: 10_000)
      try send(.release(orders: due.orders, bonuses: due.bonuses))
    case 21:
      try send(
        .payOut(
          StatementID(trusted: name("statement")), until: nil,
          try store.statementPeriod(Self.storefront, until: nil)))
    default:
      let earlier = dice.pick(steps).command
      // A release is no report: it says what is due now, not what was due then.
      if case .release = earlier { return }
      try send(earlier)
    }
  }

  // MARK: What can happen

  private func join() throws {
    let member = MemberID(trusted: name("m"))
    let inviter = members.isEmpty || dice.percent(15) ? nil : dice.pick(members)
    let rank = dice.percent(40) ? dice.pick(plan.ranks).name : nil
    if try send(.join(member: member, name: "", inviter: inviter, rank: rank, at: now)) {
      members.append(member)
    }
  }

  private func openRoom() throws {
    let room = RoomID(trusted: name("room"))
    let pact = dice.percent(50) ? Rate(trusted: Int32(dice.below(1_000_001))) : nil
    if try send(.openRoom(room, host: dice.pick(members), title: nil, pact: pact)) {
      rooms.append(room)
    }
  }

  private func touch() throws {
    let evidence = LinkEvidence.vouched(
      promoter: dice.pick(members), room: dice.percent(60) ? dice.pick(rooms) : nil)
    try send(.touch(viewer: buyer, evidence, at: now))
  }

  private func place() throws {
    let id = OrderID(trusted: name("o"))
    let inRoom = dice.percent(50)
    let rates = (
      plan.lineRates.lowerBound.partsPerMillion, plan.lineRates.upperBound.partsPerMillion
    )
    let lines = (0...dice.below(4)).map { index in
      ReportedLine(
        sku: SKUID(trusted: "sku"), units: 1, paid: Amount(money()), cost: Amount(money()),
        terms: StatedTerms(
          supplier: SupplierID(trusted: "supplier\(index % 2)"),
          rate: Rate(
            trusted: dice.pick([
              rates.0, rates.1, rates.0 + Int32(dice.below(Int(rates.1 - rates.0))),
            ]))))
    }
    let report = ReportedOrder(
      id: id, room: inRoom ? dice.pick(rooms) : nil, seller: inRoom ? nil : dice.pick(members),
      promoter: dice.percent(30) ? dice.pick(members) : nil, buyer: buyer, lines: lines,
      // Some are reported days later, when ranks and pacts are others.
      placedAt: dice.percent(25)
        ? now.advanced(byMilliseconds: -Int64(dice.below(400_000_000))) : now)
    if try send(.reportOrder(report)) { orders.append(id) }
  }

  private func pay() throws {
    let order = order
    var paid: [LineAmount] = []
    if dice.percent(20) { paid = [LineAmount(line: 0, amount: Amount(Int64(dice.below(5_000))))] }
    try send(.pay(order, payment: fact("payment"), paid: paid, at: now))
  }

  private func refund() throws {
    let part = LineAmount(line: Int64(dice.below(3)), amount: Amount(Int64(1 + dice.below(9_000))))
    try send(
      .refund(order, refund: fact("refund"), lines: dice.percent(25) ? [] : [part], at: now))
  }

  // MARK: Names and figures

  private var order: OrderID {
    // The latest ones mostly, so that orders live whole lives.
    guard !orders.isEmpty else { return OrderID(trusted: "none") }
    return dice.percent(70) ? dice.pick(orders.suffix(8)) : dice.pick(orders)
  }

  private var buyer: ViewerID {
    dice.percent(20) ? dice.pick(members) : ViewerID(trusted: "v\(dice.below(5))")
  }

  private func money() -> Int64 {
    switch dice.below(10) {
    case 0: Int64(dice.below(4))
    case 1: Int64(dice.next() % 1_000_000_000_001)
    default: Int64(dice.below(30_000))
    }
  }

  private func name(_ kind: String) -> String {
    count += 1
    return "\(kind)\(count)"
  }

  private func fact(_ kind: String) -> FactID { FactID(trusted: name(kind)) }

  /// Sends a command and commits it; whether it was accepted.
  @discardableResult
  private func send(_ command: Command) throws -> Bool {
    let result = try coordinator.decide(
      command, by: .system, storefront: Self.storefront, at: now)
    let changes = try coordinator.commit()
    transactions += changes.transactions.map(\.transaction)
    guard case .success(let outcome) = result else {
      refusals += 1
      return false
    }
    steps.append(
      HistoryStep(
        command: command, at: now, isRepeat: outcome.isRepeat,
        promoter: outcome.reply["promoter"]?.text.map(MemberID.init(trusted:)),
        members: changes.records.compactMap { _, record in
          if case .member(let member) = record { member } else { nil }
        }, entries: changes.transactions.map { HistoryEntry($0.transaction) }))
    return true
  }
}
