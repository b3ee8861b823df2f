// What the tests of this target share: a storefront in memory that audits itself after every
// command, and short ways to name things.

import Commerce
import Commission
import Coordination
import Ledger
import Notation
import Testing

/// A storefront over the real coordinator and a store in memory.
///
/// After a refusal it compares the whole store with what it was before; after an acceptance it runs
/// the auditor, which shares no code with the core.
final class Shop {
  static let id = StorefrontID(trusted: "shop")

  let store = MemoryStore()
  let plan: Plan
  private let coordinator: Coordinator
  /// The moment of the next command.
  var now = start
  /// Whether every acceptance is audited; long random runs audit now and then instead.
  var auditsAlways = true

  /// 2026-03-01 10:00 in Shanghai.
  static let start = Timestamp(milliseconds: 1_772_330_400_000)

  init(
    _ plan: Plan? = nil, precedence: [AttributionSource] = [.code, .visit, .lock]
  ) throws {
    self.plan = try plan ?? Plan.shipped("fengxiang")
    coordinator = Coordinator(store: store)
    try accept(
      .configureStorefront(
        Storefront(
          id: Shop.id, name: "Shop", currency: .cny, zone: .shanghai, precedence: precedence,
          visitHoldMilliseconds: Storefront.visitHoldDefault,
          unpaidHoldMilliseconds: Storefront.unpaidHoldDefault, planVersion: 1, createdAt: now),
        plan: self.plan, risks: .trial))
  }

  func send(_ command: Command, by actor: Actor = .system) throws -> Result<Outcome, Rejection> {
    let records = store.records
    let transactions = store.transactions.count
    let events = store.events.count
    let result = try coordinator.decide(command, by: actor, storefront: Shop.id, at: now)
    let stored = try coordinator.commit()
    switch result {
    case .success(let outcome):
      if outcome.isRepeat { #expect(stored.isEmpty, "a repeat changes nothing") }
      if auditsAlways { audit() }
    case .failure:
      #expect(store.records == records, "a refusal changes no record")
      #expect(store.transactions.count == transactions, "a refusal books nothing")
      #expect(store.events.count == events, "a refusal tells nothing")
    }
    return result
  }

  @discardableResult
  func accept(_ command: Command, by actor: Actor = .system) throws -> Outcome {
    try send(command, by: actor).get()
  }

  /// The code of a refusal; nothing where the command was accepted.
  func refusal(_ command: Command, by actor: Actor = .system) throws -> RejectionCode? {
    if case .failure(let rejection) = try send(command, by: actor) { return rejection.code }
    return nil
  }

  func audit() {
    for finding in Auditor(store, plan).findings() { Issue.record("\(finding)") }
  }

  func wait(_ milliseconds: Int64) { now = now.advanced(byMilliseconds: milliseconds) }
  func wait(days: Int64) { wait(days * 86_400_000) }
}

// MARK: Reading

extension Shop {
  func balance(_ account: Account) -> Int64 {
    guard case .balance(let amount)? = store.records[.balance(Shop.id, account)] else { return 0 }
    return amount.minorUnits
  }

  func room(_ id: String) throws -> Room {
    guard case .room(let room)? = store.records[.room(Shop.id, RoomID(trusted: id))] else {
      throw Missing(name: id)
    }
    return room
  }

  func order(_ id: String) throws -> Order {
    guard case .order(let order)? = store.records[.order(Shop.id, OrderID(trusted: id))] else {
      throw Missing(name: id)
    }
    return order
  }

  func stock(_ id: String) throws -> Stock {
    guard case .stock(let stock)? = store.records[.stock(SKUID(trusted: id))] else {
      throw Missing(name: id)
    }
    return stock
  }

  func earnings(_ member: String, in room: String? = nil) -> Earnings {
    let key = Key.earnings(Shop.id, person(member), room.map { RoomID(trusted: $0) })
    guard case .earnings(let earnings)? = store.records[key] else { return Earnings() }
    return earnings
  }

  func events(_ room: String) -> [RoomEvent] {
    store.events(Shop.id, RoomID(trusted: room), after: 0, limit: .max)
  }

  /// Something that a test takes for granted and that is not there.
  struct Missing: Error { let name: String }
}

// MARK: Short commands

extension Shop {
  func join(_ names: String..., inviter: String? = nil, rank: String? = nil) throws {
    for name in names {
      try accept(
        .join(
          member: person(name), name: name, inviter: inviter.map(person), rank: rank, at: now))
    }
  }

  func open(_ id: String = "r1", host: String = "H", pact: Int32? = nil) throws {
    try accept(
      .openRoom(
        RoomID(trusted: id), host: person(host), title: nil, pact: pact.map(Rate.init(trusted:))))
  }

  func end(_ id: String = "r1") throws {
    try accept(.moveRoom(RoomID(trusted: id), to: .ended))
  }

  @discardableResult
  func touch(
    _ viewer: String, _ promoter: String, room: String? = "r1", at: Timestamp? = nil
  ) throws -> JSON {
    let evidence = LinkEvidence.vouched(
      promoter: person(promoter), room: room.map { RoomID(trusted: $0) })
    return try accept(.touch(viewer: person(viewer), evidence, at: at ?? now)).reply
  }

  /// Reports an order on stated terms; 10 000 at 20 % with a cost of 6 000 unless said otherwise.
  func report(
    _ id: String, room: String? = "r1", seller: String? = nil, promoter: String? = nil,
    buyer: String = "v", lines: [ReportedLine] = [line()], at: Timestamp? = nil
  ) -> Command {
    .reportOrder(
      ReportedOrder(
        id: OrderID(trusted: id), room: room.map { RoomID(trusted: $0) },
        seller: seller.map(person), promoter: promoter.map(person), buyer: person(buyer),
        lines: lines, placedAt: at ?? now))
  }

  func pay(_ id: String, payment: String? = nil, paid: [LineAmount] = []) -> Command {
    .pay(
      OrderID(trusted: id), payment: FactID(trusted: payment ?? "pay-\(id)"), paid: paid, at: now)
  }

  func deliver(_ id: String, delivery: String? = nil) -> Command {
    .deliver(OrderID(trusted: id), delivery: FactID(trusted: delivery ?? "dlv-\(id)"), at: now)
  }

  func refund(_ id: String, _ refund: String, _ parts: [(Int64, Int64)] = []) -> Command {
    .refund(
      OrderID(trusted: id), refund: FactID(trusted: refund),
      lines: parts.map { LineAmount(line: $0.0, amount: Amount($0.1)) }, at: now)
  }

  func dispute(_ id: String, _ dispute: String) -> Command {
    .dispute(OrderID(trusted: id), dispute: FactID(trusted: dispute), at: now)
  }

  func resolve(_ id: String, _ dispute: String) -> Command {
    .resolve(OrderID(trusted: id), dispute: FactID(trusted: dispute), at: now)
  }

  func sell(
    _ id: String, room: String? = "r1", seller: String? = nil, promoter: String? = nil,
    buyer: String = "v", lines: [ReportedLine] = [line()]
  ) throws {
    try accept(
      report(id, room: room, seller: seller, promoter: promoter, buyer: buyer, lines: lines))
    try accept(pay(id))
  }

  func release() throws {
    let due = store.dueReleases(Shop.id, at: now, limit: .max)
    try accept(.release(orders: due.orders, bonuses: due.bonuses))
  }

  @discardableResult
  func payOut(_ statement: String, until: Timestamp? = nil) throws -> Outcome {
    try accept(
      .payOut(
        StatementID(trusted: statement), until: until,
        store.statementPeriod(Shop.id, until: until)))
  }

  func importSKU(
    _ id: String, supplied: Int64?, price: Int64 = 10_000, cost: Int64 = 6_000,
    currency: Currency = .cny, until: Timestamp? = nil, from: Timestamp? = nil
  ) throws {
    let product = Product(
      id: ProductID(trusted: "p-" + id), supplier: SupplierID(trusted: "supplier"), title: id,
      category: "", picture: "")
    let sku = SKU(
      id: SKUID(trusted: id), product: product.id, supplier: product.supplier, title: id,
      picture: "", currency: currency, price: Amount(price), cost: Amount(cost),
      rate: Rate(trusted: 200_000), saleFrom: from, saleUntil: until)
    try accept(.importItem(CatalogueItem(product: product, sku: sku, supplied: supplied)))
  }
}

func person(_ name: String) -> PersonID { PersonID(trusted: name) }
func skus(_ names: String...) -> [SKUID] { names.map { SKUID(trusted: $0) } }

func line(
  _ paid: Int64 = 10_000, cost: Int64 = 6_000, ratePpm: Int32 = 200_000, units: Int64 = 1
) -> ReportedLine {
  ReportedLine(
    sku: SKUID(trusted: "S"), units: units, paid: Amount(paid), cost: Amount(cost),
    terms: StatedTerms(
      supplier: SupplierID(trusted: "supplier"), rate: Rate(trusted: ratePpm)))
}

/// Steele, Lea and Flood's generator: the same seed gives the same run everywhere.
struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A number of 0 ..< bound.
  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

  mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }
}
