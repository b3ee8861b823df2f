// The storefront of Tests/Bench/shop.py, in memory: 20 rooms of 20 hosts under the plan `fengxiang`, each
// host brought in by somebody, 200 promoters, 200 SKUs, 5,000 buyers.

import Commerce
import Commission
import Coordination
import Ledger

/// A storefront over the real coordinator, and the orders that are reported to it.
final class OrderedShop {
  /// Orders that are decided before anything is counted.
  static let warm = 1000

  let coordinator: Coordinator
  private let store = MemoryStore()
  private static let id = StorefrontID(trusted: "bench")
  private static let (rooms, promoters, skus, buyers) = (20, 200, 200, 5000)
  /// 2026-03-01 10:00 in Shanghai.
  private let opened = Timestamp(milliseconds: 1_772_330_400_000)
  private var now: Timestamp

  init() throws {
    coordinator = Coordinator(store: store)
    now = opened
    let storefront = Storefront(
      id: OrderedShop.id, name: "Bench", currency: .cny, zone: .shanghai,
      precedence: [.code, .visit, .lock], visitHoldMilliseconds: Storefront.visitHoldDefault,
      unpaidHoldMilliseconds: Storefront.unpaidHoldDefault, planVersion: 1, createdAt: now)
    try decide([
      .configureStorefront(storefront, plan: try Plan.shipped("fengxiang"), risks: .trial)
    ])
    try decide((0..<OrderedShop.skus).map(catalogue))
    try decide((0..<OrderedShop.rooms).map { join("inviter-\($0)", nil) })
    try decide((0..<OrderedShop.rooms).map { join("host-\($0)", "inviter-\($0)") })
    try decide((0..<OrderedShop.promoters).map { join("promoter-\($0)", nil) })
    let listed = (0..<OrderedShop.skus).map { SKUID(trusted: "sku-\($0)") }
    for number in 0..<OrderedShop.rooms {
      let room = RoomID(trusted: "room-\(number)")
      try decide([
        .openRoom(room, host: MemberID(trusted: "host-\(number)"), title: "Bench", pact: nil),
        .addListings(room, .skus(listed)),
      ])
    }
    // Buyers with an odd number came by a link: the last touch in their room is a visit.
    try decide(stride(from: 1, to: OrderedShop.buyers, by: 2).map(touch))
    _ = try coordinator.commit()
    now = opened.advanced(byMilliseconds: 60_000)
  }

  /// Decides commands, none of which may be refused.
  func decide(_ commands: [Command]) throws {
    for command in commands {
      _ = try coordinator.decide(
        command, by: .system, storefront: OrderedShop.id, at: now
      ).get().replyBytes
    }
  }

  /// The same under a name of its own, by which a profiler finds what is to be counted.
  @inline(never)
  func decideBatch(_ commands: [Command]) throws { try decide(commands) }

  /// A paid order, as `Product.order` of Tests/Bench/shop.py numbers them.
  func order(_ number: Int) -> Command {
    let buyer = (number * 7919) % OrderedShop.buyers
    let sku = number % OrderedShop.skus
    let units = Int64(1 + number % 2)
    let at = opened.advanced(byMilliseconds: 59_000)
    return .reportOrder(
      ReportedOrder(
        id: OrderID(trusted: "o-\(number)"), room: RoomID(trusted: "room-\(buyer % 20)"),
        seller: nil,
        promoter: buyer % 2 == 0
          ? MemberID(trusted: "promoter-\(number % OrderedShop.promoters)") : nil,
        buyer: ViewerID(trusted: "buyer-\(buyer)"),
        lines: [
          ReportedLine(
            sku: SKUID(trusted: "sku-\(sku)"), units: units, paid: Amount(price(sku) * units))
        ], placedAt: at,
        payment: ReportedPayment(id: FactID(trusted: "p-\(number)"), at: at)))
  }

  /// The books in a few words: transactions, events, and a sum over every byte of both.
  var summary: String {
    var sum: UInt64 = 14_695_981_039_346_656_037
    func add(_ bytes: some Sequence<UInt8>) {
      for byte in bytes { sum = (sum ^ UInt64(byte)) &* 1_099_511_628_211 }
    }
    for booked in store.transactions { add(booked.transaction.canonicalBytes) }
    for event in store.events { add(event.payload.bytes) }
    // What was answered, by the order of the reports: a dictionary has none of its own.
    for number in 0..<store.transactions.count {
      let key = Key.fact(OrderedShop.id, "order/o-\(number)")
      if case .fact(let fact)? = store.records[key] { add(fact.body + fact.answer) }
    }
    return "\(store.transactions.count) transactions, \(store.events.count) events, \(sum)"
  }

  private func catalogue(_ number: Int) -> Command {
    let product = ProductID(trusted: "product-\(number)")
    let supplier = SupplierID(trusted: "supplier-\(number % 10)")
    return .importItem(
      CatalogueItem(
        product: Product(
          id: product, supplier: supplier, title: "Bench item \(number)", category: "",
          picture: ""),
        sku: SKU(
          id: SKUID(trusted: "sku-\(number)"), product: product, supplier: supplier,
          title: "Bench item \(number)", picture: "", currency: .cny,
          price: Amount(price(number)), cost: Amount(price(number) / 2),
          rate: Rate(trusted: Int32(100_000 + number % 5 * 25_000)), saleFrom: nil, saleUntil: nil),
        supplied: nil))
  }

  private func join(_ member: String, _ inviter: String?) -> Command {
    .join(
      member: MemberID(trusted: member), name: "", inviter: inviter.map(MemberID.init(trusted:)),
      rank: nil, at: opened.advanced(byMilliseconds: -86_400_000))
  }

  private func touch(_ buyer: Int) -> Command {
    .touch(
      viewer: ViewerID(trusted: "buyer-\(buyer)"),
      .vouched(
        promoter: MemberID(trusted: "promoter-\(buyer % OrderedShop.promoters)"),
        room: RoomID(trusted: "room-\(buyer % OrderedShop.rooms)")), at: opened)
  }

  private func price(_ sku: Int) -> Int64 { Int64(2000 + sku % OrderedShop.skus * 137) }
}
