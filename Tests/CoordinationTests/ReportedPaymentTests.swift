// An order that is paid already when it is reported: one decision for two facts.

import Commerce
import Coordination
import Testing

@Suite("Orders reported with their payment")
struct ReportedPaymentTests {
  private func shop() throws -> Shop {
    let shop = try Shop()
    try shop.join("H", "P")
    try shop.open()
    return shop
  }

  private func together(_ shop: Shop, _ id: String, payment: String, amount: Int64 = 10_000)
    -> Command
  {
    .reportOrder(
      ReportedOrder(
        id: OrderID(trusted: id), room: RoomID(trusted: "r1"), seller: nil, promoter: person("P"),
        buyer: person("v"), lines: [line(amount)], placedAt: shop.now,
        payment: ReportedPayment(id: FactID(trusted: payment), at: shop.now)))
  }

  private func apart(_ shop: Shop, _ id: String, payment: String) throws {
    try shop.accept(shop.report(id, promoter: "P"))
    try shop.accept(shop.pay(id, payment: payment))
  }

  @Test("Placed and paid at once comes to the books, figures and events of two reports")
  func equalsTwoReports() throws {
    let (one, two) = (try shop(), try shop())
    let answer = try one.accept(together(one, "o1", payment: "p1"))
    try apart(two, "o1", payment: "p1")
    #expect(answer.reply["state"]?.text == "paid")
    #expect(one.store.transactions == two.store.transactions)
    #expect(one.store.events == two.store.events)
    let facts = { (shop: Shop) in
      shop.store.records.filter { if case .fact = $0.key { false } else { true } }
    }
    #expect(facts(one) == facts(two))
  }

  @Test(
    "The payment is known afterwards: reported alone it is a repeat, for another order a conflict")
  func paymentIsKnown() throws {
    let shop = try shop()
    let first = try shop.accept(together(shop, "o1", payment: "p1"))
    let alone = try shop.accept(shop.pay("o1", payment: "p1"))
    #expect(alone.isRepeat)
    #expect(alone.reply.bytes == first.reply.bytes)
    try shop.accept(shop.report("o2"))
    #expect(try shop.refusal(shop.pay("o2", payment: "p1")) == .idempotencyConflict)
    let again = try shop.accept(together(shop, "o1", payment: "p1"))
    #expect(again.isRepeat && again.reply.bytes == first.reply.bytes)
    #expect(try shop.refusal(together(shop, "o1", payment: "p2")) == .idempotencyConflict)
    #expect(try shop.refusal(shop.report("o1", promoter: "P")) == .idempotencyConflict)
  }

  @Test("Where the payment is refused, nothing of the order has happened")
  func bothOrNeither() throws {
    let shop = try shop()
    try apart(shop, "o1", payment: "p1")
    #expect(try shop.refusal(together(shop, "o2", payment: "p1")) == .idempotencyConflict)
    #expect(try shop.refusal(shop.deliver("o2")) == .unknownOrder)
    try shop.accept(together(shop, "o2", payment: "p2"))
  }
}
