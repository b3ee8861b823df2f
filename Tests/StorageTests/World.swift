// A small world driven through the coordinator: two stores given the same commands must agree.

import Commerce
import Commission
import Coordination
import Ledger
import Notation
import Testing

@testable import Storage

/// Moments by their distance in minutes from the beginning of the world.
func minute(_ minutes: Int64) -> Timestamp {
  Timestamp(milliseconds: 1_772_000_000_000 + minutes * 60_000)
}

/// Days in minutes.
let day: Int64 = 24 * 60

/// Knows the two zones that the tests use.
let zones: ZoneSource = { name in
  switch name {
  case "UTC": .utc
  case "Asia/Shanghai": .shanghai
  default: throw UnknownZone(name: name)
  }
}

struct UnknownZone: Error, Equatable {
  let name: String
}

/// Commands in order, each with the moment and the actor.
struct Script {
  typealias Step = (command: Command, actor: Actor, storefront: StorefrontID, at: Timestamp)

  static let storefront = StorefrontID(trusted: "sf")
  static let other = StorefrontID(trusted: "other")
  private(set) var steps: [Step] = []
  private var clock: Int64 = 0

  mutating func add(
    _ command: Command, by actor: Actor = .system, in storefront: StorefrontID = storefront,
    at minutes: Int64? = nil
  ) {
    clock = minutes ?? clock + 1
    steps.append((command, actor, storefront, minute(clock)))
  }

  static func configuration(
    _ id: StorefrontID, plan: String, service: ServiceID? = nil
  ) throws -> Command {
    .configureStorefront(
      Storefront(
        id: id, name: "甩甩 \(id)", currency: .cny, zone: .shanghai,
        precedence: [.code, .visit, .lock], visitHoldMilliseconds: Storefront.visitHoldDefault,
        unpaidHoldMilliseconds: Storefront.unpaidHoldDefault, planVersion: 0,
        createdAt: minute(0), settlementService: service), plan: try Plan.shipped(plan),
      risks: .trial)
  }

  static func item(
    _ sku: String, title: String, category: String, price: Int64, supplied: Int64?,
    currency: Currency = .cny
  ) -> Command {
    let product = ProductID(trusted: "p-" + sku)
    let supplier = SupplierID(trusted: "supplier-\(sku.utf8.count % 2)")
    return .importItem(
      CatalogueItem(
        product: Product(
          id: product, supplier: supplier, title: title, category: category, picture: ""),
        sku: SKU(
          id: SKUID(trusted: sku), product: product, supplier: supplier, title: title + " 红",
          picture: "https://example.org/\(sku).jpg", currency: currency, price: Amount(price),
          cost: Amount(price * 6 / 10), rate: Rate(trusted: 200_000), saleFrom: minute(0),
          saleUntil: nil), supplied: supplied))
  }

  /// Every kind of command, with accepted and refused ones, facts repeated and out of order.
  static func whole() throws -> Script {
    var script = Script()
    script.add(try configuration(storefront, plan: "wanwu"))
    script.add(try configuration(other, plan: "fengxiang"), in: other)
    script.addCatalogue()
    script.addPeople()
    script.addRoom()
    script.addOrders()
    script.addAftermath()
    script.addOtherStorefront()
    try script.addDelegation()
    return script
  }

  private mutating func addCatalogue() {
    add(Self.item("honey", title: "Wild 蜂蜜", category: "food", price: 9_999, supplied: 500))
    add(Self.item("wax", title: "Bees' wax 100%", category: "home", price: 333, supplied: nil))
    add(Self.item("hive", title: "A_hive", category: "garden/home", price: 20_000, supplied: 1))
    add(Self.item("wax", title: "Bees' wax 100%", category: "home", price: 350, supplied: nil))
    add(
      .defineSet(
        ProductSet(
          id: ProductSetID(trusted: "spring"), title: "春", skus: ["hive", "wax"].map(sku))))
  }

  private func sku(_ id: String) -> SKUID { SKUID(trusted: id) }

  private mutating func addPeople() {
    for (member, inviter) in [("a", nil), ("b", "a"), ("c", "b"), ("d", "c"), ("p", "a")] {
      add(
        .join(
          member: MemberID(trusted: member), name: "店主 " + member,
          inviter: inviter.map { MemberID(trusted: $0) }, rank: member == "a" ? "senior" : nil,
          at: minute(clock)))
    }
    add(.setRank(member: MemberID(trusted: "b"), rank: "gold"))
    add(.setRank(member: MemberID(trusted: "nobody"), rank: "gold"))
  }

  private mutating func addRoom() {
    let room = RoomID(trusted: "r")
    let host = MemberID(trusted: "c")
    add(.scheduleRoom(room, host: host, title: "Tonight 今晚", scheduledFor: minute(60)))
    for (id, uses) in [("l1", nil), ("l2", 1)] as [(String, Int64?)] {
      add(
        .createLink(
          Link(
            id: LinkID(trusted: id), text: "text-of-\(id)", promoter: MemberID(trusted: "p"),
            room: room, sku: sku("honey"), channel: "wechat", expiresAt: minute(90 * day),
            maximumUses: uses,
            issuedAt: minute(clock))))
    }
    add(.openRoom(room, host: host, title: nil, pact: Rate(trusted: 300_000)))
    add(.raisePact(room, Rate(trusted: 350_000)), by: .person(host))
    add(.addListings(room, .skus([sku("honey")])), by: .person(host))
    add(.addListings(room, .set(ProductSetID(trusted: "spring"))), by: .person(host))
    add(.pinListing(room, sku("wax")), by: .person(host))
    add(.reorderListings(room, [sku("hive")]), by: .person(host))
    for viewer in ["v1", "v2", "v3", "v1"] { add(.attend(room, ViewerID(trusted: viewer))) }
    func link(_ id: String, _ viewer: String, uses: Int64? = nil) {
      let signed = SignedLink(
        id: LinkID(trusted: id), storefront: Self.storefront, promoter: MemberID(trusted: "p"),
        room: room, channel: "wechat", expiresAt: minute(90 * day), maximumUses: uses)
      add(.touch(viewer: ViewerID(trusted: viewer), .genuine(signed), at: minute(clock)))
    }
    link("l1", "v1")
    link("l2", "v2", uses: 1)
    link("l2", "v3", uses: 1)
    add(
      .touch(
        viewer: ViewerID(trusted: "v3"),
        .rejected(.linkAltered, claimed: MemberID(trusted: "p")), at: minute(clock)))
    add(
      .touch(
        viewer: ViewerID(trusted: "v3"), .vouched(promoter: MemberID(trusted: "d"), room: nil),
        at: minute(clock)))
    add(.revokeLink(LinkID(trusted: "l1")), by: .person(MemberID(trusted: "p")))
    link("l1", "v3")
    add(.moveRoom(room, to: .paused), by: .person(host))
    add(.moveRoom(room, to: .live), by: .person(host))
    add(.removeListing(room, sku("wax")), by: .person(host))
  }

  private mutating func addOrders() {
    let room = RoomID(trusted: "r")
    for (order, buyer, item, units) in [
      ("o1", "v1", "honey", 2), ("o2", "v2", "hive", 1), ("o3", "v3", "hive", 1),
      ("o4", "v3", "honey", 1), ("o5", "v1", "honey", 1),
    ] {
      add(
        .placeOrder(
          OrderID(trusted: order), room, buyer: ViewerID(trusted: buyer), sku: sku(item),
          units: Int64(units), promoter: nil), by: .person(ViewerID(trusted: buyer)))
    }
    add(
      .reportOrder(
        ReportedOrder(
          id: OrderID(trusted: "o6"), room: nil, seller: MemberID(trusted: "d"), promoter: nil,
          buyer: MemberID(trusted: "d"),
          lines: [
            ReportedLine(sku: sku("honey"), units: 1, paid: Amount(9_001)),
            ReportedLine(
              sku: sku("outside"), units: 3, paid: Amount(1_000), cost: Amount(100),
              terms: StatedTerms(
                supplier: SupplierID(trusted: "s9"), rate: Rate(trusted: 100_000))),
          ], placedAt: minute(clock))))
    add(pay("o1", "pay1"))
    add(pay("o1", "pay1"))
    add(pay("o2", "pay1"))
    add(pay("o2", "pay2", [LineAmount(line: 0, amount: Amount(15_000))]))
    // Before its payment.
    add(refund("o4", "back4", [LineAmount(line: 0, amount: Amount(99))]))
    add(.deliver(OrderID(trusted: "o4"), delivery: FactID(trusted: "got4"), at: minute(clock)))
    add(pay("o4", "pay4"))
    add(pay("o6", "pay6"))
    add(.cancel(OrderID(trusted: "o5"), at: minute(clock)))
    add(
      .placeOrder(
        OrderID(trusted: "o7"), room, buyer: ViewerID(trusted: "v2"), sku: sku("honey"), units: 1,
        promoter: MemberID(trusted: "d")), by: .person(ViewerID(trusted: "v2")))
  }

  private func pay(_ order: String, _ fact: String, _ lines: [LineAmount] = []) -> Command {
    .pay(OrderID(trusted: order), payment: FactID(trusted: fact), paid: lines, at: minute(100))
  }

  private func refund(_ order: String, _ fact: String, _ lines: [LineAmount] = []) -> Command {
    .refund(
      OrderID(trusted: order), refund: FactID(trusted: fact), lines: lines, at: minute(clock))
  }

  private mutating func addAftermath() {
    // The later an id, the earlier it is due.
    for (order, days) in [("o1", 2), ("o2", 1), ("o6", 0)] as [(String, Int64)] {
      add(
        .deliver(
          OrderID(trusted: order), delivery: FactID(trusted: "got-" + order),
          at: minute(100 + days * day)))
    }
    add(.dispute(OrderID(trusted: "o2"), dispute: FactID(trusted: "d2"), at: minute(clock)))
    add(.expire([OrderID(trusted: "o7"), OrderID(trusted: "o1")]), at: 2 * day)
    add(.resolve(OrderID(trusted: "o2"), dispute: FactID(trusted: "d2"), at: minute(3 * day)))
    add(refund("o1", "back1", [LineAmount(line: 0, amount: Amount(777))]))
    add(
      .release(
        orders: ["o1", "o2", "o4", "o6"].map { OrderID(trusted: $0) },
        bonuses: ["b/joinBonus", "d/joinBonus"]), at: 11 * day)
    // The period is what the store finds at the time, see `World.run`.
    add(.payOut(StatementID(trusted: "may"), until: nil, .empty))
    // After payout: debt.
    add(refund("o1", "back1b"))
    add(refund("o6", "back6", [LineAmount(line: 0, amount: Amount(9_001))]))
    add(
      .acknowledge(
        StatementID(trusted: "may"), acknowledgement: FactID(trusted: "bank-1"),
        failed: [FailedPayment(member: MemberID(trusted: "d"), reason: "账户已注销")],
        at: minute(clock)))
    add(.payOut(StatementID(trusted: "june"), until: minute(clock), .empty))
    add(.payOut(StatementID(trusted: "may"), until: nil, .empty))
    add(.moveRoom(RoomID(trusted: "r"), to: .ended), by: .person(MemberID(trusted: "c")))
  }

  private mutating func addOtherStorefront() {
    add(
      .join(
        member: MemberID(trusted: "a"), name: "", inviter: nil, rank: nil, at: minute(clock)),
      in: Self.other)
    add(
      .openRoom(RoomID(trusted: "r"), host: MemberID(trusted: "a"), title: "同", pact: nil),
      in: Self.other)
    add(.addListings(RoomID(trusted: "r"), .skus([sku("honey")])), in: Self.other)
    for order in ["o1", "o9"] {
      add(
        .placeOrder(
          OrderID(trusted: order), RoomID(trusted: "r"), buyer: ViewerID(trusted: "v1"),
          sku: sku("honey"), units: 1, promoter: nil), in: Self.other)
    }
    add(pay("o1", "pay1"), in: Self.other)
    addInvites()
  }

  /// Orders that a service settles: one is settled and then refunded, one still waits.
  private mutating func addDelegation() throws {
    let (o5, o6) = (OrderID(trusted: "o5"), OrderID(trusted: "o6"))
    add(
      try Self.configuration(Self.other, plan: "fengxiang", service: ServiceID(trusted: "books")),
      in: Self.other)
    for order in [o5, o6] {
      add(
        .placeOrder(
          order, RoomID(trusted: "r"), buyer: ViewerID(trusted: "v1"), sku: sku("honey"), units: 2,
          promoter: nil), in: Self.other)
      add(pay(order.text, "pay-\(order)"), in: Self.other)
    }
    let failure = Delegation.Failure(code: "service_timed_out", message: "没有回答")
    let inVain = ServiceAnswer(.failure(failure), retryAt: minute(clock + 90 * day))
    for order in [o5, o6] { add(.settle(order, revision: 1, inVain), in: Self.other) }
    // What the service says is what the plan makes of the order at the time, see `World.run`.
    add(.settle(o5, revision: 1, Self.asThePlanSays), in: Self.other)
    add(refund("o5", "back5", [LineAmount(line: 0, amount: Amount(333))]), in: Self.other)
    add(.settle(o5, revision: 2, Self.asThePlanSays), in: Self.other)
  }

  /// Stands for the answer of a service that has the same plan.
  static let asThePlanSays = ServiceAnswer(
    .failure(Delegation.Failure(code: "", message: "")), retryAt: minute(0))

  /// Settled sales earn invite codes, codes are used and taken back, a refund claws back.
  private mutating func addInvites() {
    func send(_ command: Command, at minutes: Int64? = nil) {
      add(command, in: Self.other, at: minutes)
    }
    func join(_ member: String, code: String? = nil) {
      send(
        .join(
          member: MemberID(trusted: member), name: "", inviter: nil, rank: nil, at: minute(clock),
          invite: code.map { InviteID(trusted: $0) }))
    }
    join("p")
    send(
      .touch(
        viewer: ViewerID(trusted: "q"), .vouched(promoter: MemberID(trusted: "p"), room: nil),
        at: minute(clock)))
    send(
      .placeOrder(
        OrderID(trusted: "o3"), RoomID(trusted: "r"), buyer: ViewerID(trusted: "q"),
        sku: sku("honey"), units: 31, promoter: nil))
    send(pay("o3", "pay3"))
    send(.deliver(OrderID(trusted: "o3"), delivery: FactID(trusted: "got3"), at: minute(clock)))
    send(.release(orders: [OrderID(trusted: "o3")], bonuses: []), at: 20 * day)
    for (code, days) in [("i1", Int64(40)), ("i2", 40), ("i3", 21)] {
      send(
        .createInvite(
          Invite(
            id: InviteID(trusted: code), promoter: MemberID(trusted: "p"), issuedAt: minute(clock),
            expiresAt: minute(days * day))))
    }
    join("q", code: "i1")
    send(.withdrawInvite(InviteID(trusted: "i2")), at: 22 * day)
    send(
      .createInvite(
        Invite(
          id: InviteID(trusted: "i4"), promoter: MemberID(trusted: "p"), issuedAt: minute(clock),
          expiresAt: minute(60 * day))))
    send(refund("o3", "back3"))
  }
}

/// A coordinator that keeps what it answered and published.
final class World {
  let coordinator: Coordinator
  private(set) var replies: [Result<JSON, Rejection>] = []
  private(set) var published = Changes()

  private let store: any Store

  init(_ store: any Store) {
    self.store = store
    coordinator = Coordinator(store: store)
  }

  private func answer(
    about order: OrderID, _ storefront: StorefrontID
  ) throws -> ServiceAnswer {
    guard case .order(let order)? = try coordinator.record(.order(storefront, order)),
      case .planVersion(let version)? = try coordinator.record(
        .planVersion(storefront, order.planVersion))
    else { throw UnknownZone(name: "order") }
    return ServiceAnswer(
      .settlement(try version.plan.settle(order.sale(currency: .cny), order.snapshot)),
      retryAt: minute(0))
  }

  /// Runs steps with a commit after every few, as a busy writer would.
  func run(_ steps: some Sequence<Script.Step>, batch: Int) throws {
    var waiting = 0
    for step in steps {
      var command = step.command
      if case .payOut(let statement, let until, _) = command {
        published.merge(try coordinator.commit())
        waiting = 0
        command = .payOut(
          statement, until: until, try store.statementPeriod(step.storefront, until: until))
      }
      if case .settle(let order, let revision, Script.asThePlanSays) = command {
        command = .settle(order, revision: revision, try answer(about: order, step.storefront))
      }
      let result = try coordinator.decide(
        command, by: step.actor, storefront: step.storefront, at: step.at)
      replies.append(result.map(\.reply))
      waiting += 1
      if waiting == batch {
        published.merge(try coordinator.commit())
        waiting = 0
      }
    }
    published.merge(try coordinator.commit())
  }
}
