// Stock: reserved when an order is placed, sold when it is paid, given back when it is not; never
// oversold. Source: domain.md, section 3; CatalogueRecords.swift, Stock.

import Commerce
import Coordination
import Testing

@Suite("Stock")
struct StockTests {
  private let r1 = RoomID(trusted: "r1")

  private func shop(supplied: Int64?) throws -> Shop {
    let shop = try Shop()
    try shop.join("H")
    try shop.open()
    try shop.importSKU("a", supplied: supplied)
    try shop.accept(.addListings(r1, .skus(skus("a"))))
    return shop
  }

  private func place(_ id: String, units: Int64 = 1, buyer: String = "v") -> Command {
    .placeOrder(
      OrderID(trusted: id), r1, buyer: person(buyer), sku: SKUID(trusted: "a"), units: units,
      promoter: nil)
  }

  private func figures(_ shop: Shop) throws -> [Int64?] {
    let stock = try shop.stock("a")
    return [stock.reserved, stock.sold, stock.left]
  }

  @Test("A buyer who names the price gets that price or a refusal")
  func expectedPrice() throws {
    let shop = try shop(supplied: 3)
    func order(_ id: String, price: Int64) -> Command {
      .placeOrder(
        OrderID(trusted: id), r1, buyer: person("v"), sku: SKUID(trusted: "a"), units: 1,
        promoter: nil, price: Amount(price))
    }
    #expect(try shop.refusal(order("o1", price: 9_999)) == .priceChanged)
    #expect(try shop.refusal(order("o1", price: 10_001)) == .priceChanged)
    try shop.accept(order("o1", price: 10_000))
  }

  @Test("Only the storefront whose import brought a product may change it")
  func keeper() throws {
    let shop = try shop(supplied: 3)
    let key = Key.product(ProductID(trusted: "p-a"))
    guard case .product(var product)? = shop.store.records[key] else {
      Issue.record("the product was imported")
      return
    }
    #expect(product.keeper == Shop.id)
    product.keeper = StorefrontID(trusted: "another")
    var changes = Changes()
    changes.set(key, .product(product))
    shop.store.commit(changes)
    let cold = Coordinator(store: shop.store)
    guard case .sku(let sku)? = shop.store.records[.sku(SKUID(trusted: "a"))] else { return }
    let item = CatalogueItem(product: product, sku: sku, supplied: 3)
    let result = try cold.decide(
      .importItem(item), by: .system, storefront: Shop.id, at: shop.now)
    #expect(throws: Rejection.self) { try result.get() }
    if case .failure(let rejection) = result { #expect(rejection.code == .notYourProduct) }
  }

  @Test("The last unit goes to one buyer")
  func lastUnit() throws {
    let shop = try shop(supplied: 3)
    try shop.accept(place("o1", units: 2))
    #expect(try shop.refusal(place("o2", units: 2)) == .outOfStock)
    try shop.accept(place("o2"))
    #expect(try shop.refusal(place("o3")) == .outOfStock)
    #expect(try figures(shop) == [3, 0, 0])
    try shop.accept(shop.pay("o1"))
    #expect(try figures(shop) == [1, 2, 0])
  }

  @Test("A cancelled order gives its stock back, once, and a paid one cannot be cancelled")
  func cancel() throws {
    let shop = try shop(supplied: 2)
    try shop.accept(place("o1", units: 2))
    let cancel = Command.cancel(OrderID(trusted: "o1"), at: shop.now)
    #expect(try shop.refusal(cancel, by: .person(person("w"))) == .notYourOrder)
    let first = try shop.accept(cancel, by: .person(person("v")))
    #expect(!first.isRepeat)
    #expect(try figures(shop) == [0, 0, 2])
    for command in [shop.pay("o1"), shop.deliver("o1"), shop.refund("o1", "x1", [(0, 1)])] {
      #expect(try shop.refusal(command) == .orderCancelled)
    }
    try shop.accept(place("o2", units: 2))
    try shop.accept(shop.pay("o2"))
    #expect(try shop.refusal(.cancel(OrderID(trusted: "o2"), at: shop.now)) == .alreadyPaid)
    // The ledger has moved on, and the first answer stays.
    shop.wait(1)
    let again = try shop.accept(.cancel(OrderID(trusted: "o1"), at: shop.now))
    #expect(again.isRepeat && again.reply == first.reply)
  }

  @Test("An unpaid order expires with its time and not before; a late payment sells what is left")
  func expiry() throws {
    let shop = try shop(supplied: 1)
    let hold = Storefront.unpaidHoldDefault
    let o1 = OrderID(trusted: "o1")
    try shop.accept(place("o1"))
    shop.wait(hold - 1)
    #expect(shop.store.expiredOrders(Shop.id, at: shop.now, limit: 9) == [])
    #expect(try shop.accept(.expire([o1])).reply["expired"] == 0)
    shop.wait(1)
    #expect(shop.store.expiredOrders(Shop.id, at: shop.now, limit: 9) == [o1])
    #expect(try shop.accept(.expire([o1])).reply["expired"] == 1)
    #expect(try figures(shop) == [0, 0, 1])
    try shop.accept(place("o2"))
    #expect(try shop.refusal(shop.pay("o1")) == .outOfStock)
    try shop.accept(.cancel(OrderID(trusted: "o2"), at: shop.now))
    try shop.accept(shop.pay("o1"))
    #expect(try figures(shop) == [0, 1, 0])
    #expect(try shop.accept(.expire([o1])).reply["expired"] == 0)
  }

  @Test("A new supply may be larger, or as small as what is committed, not smaller")
  func supply() throws {
    let shop = try shop(supplied: 5)
    try shop.accept(place("o1", units: 3))
    try shop.importSKU("a", supplied: 3)
    #expect(try figures(shop) == [3, 0, 0])
    do {
      try shop.importSKU("a", supplied: 2)
      Issue.record("two units cannot cover three")
    } catch let rejection as Rejection {
      #expect(rejection.code == .stockBelowCommitted)
    }
    try shop.importSKU("a", supplied: nil)
    try shop.accept(place("o2", units: 1_000))
  }

  @Test("Nothing is bought that is not listed, on sale, in a live room, in a sensible number")
  func placing() throws {
    let shop = try shop(supplied: nil)
    #expect(try shop.refusal(place("o1", units: 0)) == .invalidField)
    for units in [Int64.min, -1, 1_000_001, .max] {
      #expect(try shop.refusal(place("o1", units: units)) == .invalidField)
    }
    try shop.importSKU("b", supplied: nil)
    let unlisted = Command.placeOrder(
      OrderID(trusted: "o1"), r1, buyer: person("v"), sku: SKUID(trusted: "b"), units: 1,
      promoter: nil)
    #expect(try shop.refusal(unlisted) == .notListed)
    try shop.accept(.moveRoom(r1, to: .paused))
    #expect(try shop.refusal(place("o1")) == .roomState)
    try shop.accept(.moveRoom(r1, to: .live))
    try shop.accept(place("o1"))
    try shop.importSKU("a", supplied: nil, from: shop.now.advanced(byMilliseconds: 1))
    #expect(try shop.refusal(place("o2")) == .outsideSaleWindow)
    shop.wait(1)
    try shop.accept(place("o2"))
  }

  @Test("Whatever is placed, paid, cancelled and expired, nothing is oversold", arguments: 0..<20)
  func interleavings(_ seed: Int) throws {
    var chance = SplitMix64(seed: UInt64(seed))
    let shop = try shop(supplied: 12)
    var ids: [String] = []
    for step in 0..<120 {
      shop.wait(Int64(chance.below(120_000)))
      switch chance.below(6) {
      case 0, 1:
        let id = "o\(step)"
        if try shop.refusal(place(id, units: Int64(1 + chance.below(4)))) == nil { ids.append(id) }
      case 2 where !ids.isEmpty: _ = try shop.send(shop.pay(chance.pick(ids), payment: "p\(step)"))
      case 3 where !ids.isEmpty:
        _ = try shop.send(.cancel(OrderID(trusted: chance.pick(ids)), at: shop.now))
      case 4:
        try shop.accept(.expire(shop.store.expiredOrders(Shop.id, at: shop.now, limit: 3)))
      case 5 where !ids.isEmpty:
        _ = try shop.send(shop.refund(chance.pick(ids), "x\(step)", [(0, 1)]))
      default: continue
      }
    }
    // The auditor has compared stock with the orders after every step.
    #expect(try shop.stock("a").left.map { $0 >= 0 } == true)
    #expect(ids.count > 3)
  }
}
