// Runs a scenario through the real core, with the steps' own times and a store in memory, and
// compares what it expects with what is there.
//
// A step is one or more commands that are committed together or not at all, so a refused step
// changes nothing. A sale or refund with an id that was accepted before is the same event reported
// again: it keeps its first time, so that the same content is a repeat and other content a
// conflict. Disputes have no ids here, so an order has one open at a time, and `resolve` is about that.
// One thread.

import Commerce
import Commission
import Coordination

/// Something that a scenario expects and that is not so.
struct ScenarioFailure: Equatable, CustomStringConvertible {
  /// The step's index in the file, from 0.
  let step: Int
  /// When the step happens.
  let at: Timestamp
  /// What was looked at, such as `balances.P.pending`.
  let path: String
  let expected: String
  let actual: String

  var description: String {
    "steps[\(step)] at \(at): \(path): expected \(expected), actual \(actual)"
  }
}

/// One run of one scenario.
final class ScenarioRunner {
  static let storefront = StorefrontID(trusted: "scenario")
  static let supplier = SupplierID(trusted: "supplier")
  /// Who buys where the scenario does not say; nobody can have touched a link under this id.
  private static let stranger = ViewerID(trusted: "~stranger")
  /// How many releases one command takes.
  private static let releasesPerCommand = 1_000

  let scenario: Scenario
  let store = MemoryStore()
  private let coordinator: Coordinator
  private var firstTimes: [String: Timestamp] = [:]
  /// The dispute that is open, by order.
  private var openDisputes: [OrderID: FactID] = [:]
  private(set) var failures: [ScenarioFailure] = []

  init(_ scenario: Scenario) {
    self.scenario = scenario
    coordinator = Coordinator(store: store)
  }

  /// Runs every step, also those after a failure.
  ///
  /// - Returns: what is not as expected, in the order of the steps.
  /// - Throws: what the store throws; the one in memory never does.
  func run() throws -> [ScenarioFailure] {
    guard let first = scenario.steps.first else { return [] }
    try setUp(at: first.at)
    var refused: (step: Int, rejection: Rejection)?
    for (index, step) in scenario.steps.enumerated() {
      if case .expect(let expectation) = step.action {
        if expectation.rejected == nil, let refused { report(refused) }
        check(expectation, step: index, at: step.at, refused: refused?.rejection)
        refused = nil
      } else {
        if let refused { report(refused) }
        refused = try carryOut(step, index: index).map { (index, $0) }
      }
    }
    if let refused { report(refused) }
    return failures
  }

  /// A refusal that the very next step does not expect.
  private func report(_ refused: (step: Int, rejection: Rejection)) {
    let step = scenario.steps[refused.step]
    let field = refused.rejection.field.map { " (\($0))" } ?? ""
    fail(
      refused.step, step.at, step.action.name, expected: "accepted",
      actual: "refused as \(refused.rejection.code.rawValue)\(field): \(refused.rejection.message)")
  }

  func fail(_ step: Int, _ at: Timestamp, _ path: String, expected: String, actual: String) {
    failures.append(
      ScenarioFailure(step: step, at: at, path: path, expected: expected, actual: actual))
  }

  private func setUp(at: Timestamp) throws {
    let storefront = Storefront(
      id: ScenarioRunner.storefront, name: scenario.title, currency: scenario.currency,
      zone: scenario.zone, precedence: AttributionSource.allCases,
      visitHoldMilliseconds: Storefront.visitHoldDefault,
      unpaidHoldMilliseconds: Storefront.unpaidHoldDefault, planVersion: 1, createdAt: at)
    let rejection = try decide(
      [.configureStorefront(storefront, plan: scenario.plan, risks: .trial)], at: at)
    precondition(rejection == nil, "a new storefront is never refused")
  }

  /// Commits commands together, or none of them.
  private func decide(_ commands: [Command], at: Timestamp) throws -> Rejection? {
    for command in commands {
      let result = try coordinator.decide(
        command, by: .system, storefront: ScenarioRunner.storefront, at: at)
      if case .failure(let rejection) = result {
        coordinator.rollBack()
        return rejection
      }
    }
    _ = try coordinator.commit()
    return nil
  }

  private func carryOut(_ step: Scenario.Step, index: Int) throws -> Rejection? {
    let at = step.at
    switch step.action {
    case .join(let member, let inviter, let rank):
      return try decide(
        [.join(member: member, name: "", inviter: inviter, rank: rank, at: at)], at: at)
    case .promote(let member, let rank):
      return try decide([.setRank(member: member, rank: rank)], at: at)
    case .open(let room, let host, let pactPpm):
      let pact: Rate?
      do { pact = try pactPpm.map(Rate.init(partsPerMillion:)) } catch {
        return outOfRange("pactPpm")
      }
      return try decide([.openRoom(room, host: host, title: nil, pact: pact)], at: at)
    case .touch(let viewer, let promoter, let room):
      let evidence = LinkEvidence.vouched(promoter: promoter, room: room)
      return try decide([.touch(viewer: viewer, evidence, at: at)], at: at)
    case .sale(let sale): return try sell(sale, at: at)
    case .refund(let order, let refund, let lines):
      return try giveBack(order, refund, lines, at: at)
    case .deliver(let order):
      // The format has no id for a delivery: the same order and time are the same delivery.
      let delivery = FactID(trusted: "\(order)@\(at.milliseconds)")
      return try decide([.deliver(order, delivery: delivery, at: at)], at: at)
    case .dispute(let order):
      return try dispute(order, FactID(trusted: "step-\(index)"), at: at)
    case .resolve(let order): return try resolve(order, at: at)
    case .release: return try release(at: at)
    case .payout(let statement):
      let period = store.statementPeriod(ScenarioRunner.storefront, until: nil)
      return try decide([.payOut(statement, until: nil, period)], at: at)
    case .expect: preconditionFailure("an expectation is checked, not carried out")
    }
  }

  /// The order is placed and paid at once; a refused payment takes the placement with it.
  private func sell(_ sale: ScenarioSale, at: Timestamp) throws -> Rejection? {
    var lines: [ReportedLine] = []
    for (index, line) in sale.lines.enumerated() {
      let rate: Rate
      do { rate = try Rate(partsPerMillion: line.ratePpm) } catch {
        return outOfRange("lines[\(index)].ratePpm")
      }
      lines.append(
        ReportedLine(
          sku: line.sku, units: line.units, paid: Amount(line.paid), cost: Amount(line.cost),
          terms: StatedTerms(supplier: ScenarioRunner.supplier, rate: rate)))
    }
    var room: RoomID?
    var seller: MemberID?
    switch sale.place {
    case .room(let id): room = id
    case .seller(let id): seller = id
    }
    let event = "order/\(sale.order)"
    let placedAt = firstTimes[event] ?? at
    let report = ReportedOrder(
      id: sale.order, room: room, seller: seller, promoter: sale.promoter,
      buyer: sale.buyer ?? ScenarioRunner.stranger, lines: lines, placedAt: placedAt)
    let payment = FactID(trusted: sale.order.text)
    return try decide(
      [.reportOrder(report), .pay(sale.order, payment: payment, paid: [], at: placedAt)],
      at: at, remembering: event, as: placedAt)
  }

  private func giveBack(
    _ order: OrderID, _ refund: FactID, _ lines: [Scenario.LineRefund]?, at: Timestamp
  ) throws -> Rejection? {
    // For the core no lines mean all that is left; here that is said by leaving `lines` out.
    if let lines, lines.isEmpty {
      return Rejection(.invalidField, "A refund of lines names one at least.", field: "lines")
    }
    let parts = (lines ?? []).map { LineAmount(line: $0.line, amount: Amount($0.amount)) }
    let event = "refund/\(refund)"
    let refundedAt = firstTimes[event] ?? at
    return try decide(
      [.refund(order, refund: refund, lines: parts, at: refundedAt)],
      at: at, remembering: event, as: refundedAt)
  }

  private func dispute(
    _ order: OrderID, _ dispute: FactID, at: Timestamp
  ) throws -> Rejection? {
    guard openDisputes[order] == nil else {
      return Rejection(.alreadyDisputed, "Order \(order) is disputed already.", field: "order")
    }
    let rejection = try decide([.dispute(order, dispute: dispute, at: at)], at: at)
    if rejection == nil { openDisputes[order] = dispute }
    return rejection
  }

  private func resolve(_ order: OrderID, at: Timestamp) throws -> Rejection? {
    guard store.records[.order(ScenarioRunner.storefront, order)] != nil else {
      return Rejection(.unknownOrder, "There is no order \(order).", field: "order")
    }
    guard let dispute = openDisputes[order] else {
      return Rejection(.notDisputed, "Order \(order) is not disputed.", field: "order")
    }
    let rejection = try decide([.resolve(order, dispute: dispute, at: at)], at: at)
    if rejection == nil { openDisputes[order] = nil }
    return rejection
  }

  private func decide(
    _ commands: [Command], at: Timestamp, remembering event: String, as time: Timestamp
  ) throws -> Rejection? {
    let rejection = try decide(commands, at: at)
    if rejection == nil { firstTimes[event] = time }
    return rejection
  }

  /// Releases what is due until nothing is.
  private func release(at: Timestamp) throws -> Rejection? {
    while true {
      let due = store.dueReleases(
        ScenarioRunner.storefront, at: at, limit: ScenarioRunner.releasesPerCommand)
      if due.isEmpty { return nil }
      let rejection = try decide([.release(orders: due.orders, bonuses: due.bonuses)], at: at)
      if rejection != nil { return rejection }
    }
  }

  private func outOfRange(_ field: String) -> Rejection {
    Rejection(.invalidField, "\(field) is 0…1 000 000.", field: field)
  }
}
