// Reported events: the same id and content get the first answer for ever, the same id and other
// content are a conflict. Source: domain.md, section 3.

import Commerce
import Commission
import Coordination
import Testing

@Suite("Reported events")
struct FactTests {
  /// One kind of event: what has to have happened, the event, and the same id with other content.
  struct Kind: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let before: @Sendable (Shop) throws -> Void
    let event: @Sendable (Shop) -> Command
    let others: @Sendable (Shop) -> [Command]

    init(
      _ name: String, before: @escaping @Sendable (Shop) throws -> Void = { _ in },
      event: @escaping @Sendable (Shop) -> Command,
      others: @escaping @Sendable (Shop) -> [Command]
    ) {
      testDescription = name
      self.before = before
      self.event = event
      self.others = others
    }
  }

  private static func place(_ units: Int64, buyer: String = "v", promoter: String? = nil) -> Command
  {
    .placeOrder(
      OrderID(trusted: "o1"), RoomID(trusted: "r1"), buyer: person(buyer),
      sku: SKUID(trusted: "a"), units: units, promoter: promoter.map(person))
  }

  static let kinds: [Kind] = [
    Kind("placement", event: { _ in place(1) }) { _ in
      [place(2), place(1, buyer: "w"), place(1, promoter: "P")]
    },
    Kind("report", event: { $0.report("o1") }) { shop in
      [
        shop.report("o1", room: nil, seller: "H"), shop.report("o1", promoter: "P"),
        shop.report("o1", buyer: "w"), shop.report("o1", lines: [line(10_001)]),
        shop.report("o1", lines: [line(cost: 5_999)]), shop.report("o1", lines: [line(units: 2)]),
        shop.report("o1", lines: [line(ratePpm: 200_001)]),
        shop.report("o1", lines: [line(), line()]),
        shop.report("o1", at: shop.now.advanced(byMilliseconds: 1)),
      ]
    },
    Kind(
      "payment", before: { try $0.accept($0.report("o1")) }, event: { $0.pay("o1", payment: "p") }
    ) { shop in
      [
        shop.pay("o2", payment: "p"),
        shop.pay("o1", payment: "p", paid: [LineAmount(line: 0, amount: Amount(10_000))]),
      ]
    },
    Kind("delivery", before: { try $0.sell("o1") }, event: { $0.deliver("o1", delivery: "d") }) {
      [$0.deliver("o2", delivery: "d")]
    },
    Kind(
      "refund", before: { try $0.sell("o1") }, event: { $0.refund("o1", "x", [(0, 2_500)]) }
    ) { shop in
      [
        shop.refund("o2", "x", [(0, 2_500)]), shop.refund("o1", "x", [(0, 2_501)]),
        shop.refund("o1", "x", [(0, 1_250), (0, 1_250)]), shop.refund("o1", "x"),
      ]
    },
    Kind("dispute", before: { try $0.sell("o1") }, event: { $0.dispute("o1", "d") }) {
      [$0.dispute("o2", "d")]
    },
    Kind(
      "resolution",
      before: {
        try $0.sell("o1")
        try $0.accept($0.dispute("o1", "d"))
      }, event: { $0.resolve("o1", "d") }
    ) { [$0.resolve("o2", "d")] },
  ]

  private func shop() throws -> Shop {
    let shop = try Shop()
    try shop.join("H", "P")
    try shop.open()
    try shop.importSKU("a", supplied: 10)
    try shop.accept(.addListings(RoomID(trusted: "r1"), .skus(skus("a"))))
    try shop.accept(shop.report("o2"))
    return shop
  }

  @Test(
    "The same event gets the first answer again, byte for byte, whatever has happened since",
    arguments: kinds)
  func repeats(_ kind: Kind) throws {
    let shop = try shop()
    try kind.before(shop)
    let event = kind.event(shop)
    let first = try shop.accept(event)
    #expect(!first.isRepeat)
    let again = try shop.accept(event)
    #expect(again.isRepeat)
    #expect(again.reply.bytes == first.reply.bytes)
    // Whether the order can still be paid or refunded does not matter here.
    shop.wait(days: 1)
    _ = try shop.send(shop.pay("o1", payment: "later"))
    _ = try shop.send(shop.refund("o1", "later"))
    _ = try shop.send(shop.deliver("o1", delivery: "later"))
    shop.wait(days: 30)
    try shop.release()
    let late = try shop.accept(event)
    #expect(late.isRepeat)
    #expect(late.reply.bytes == first.reply.bytes)
  }

  @Test("The same id with other content is a conflict", arguments: kinds)
  func conflicts(_ kind: Kind) throws {
    let shop = try shop()
    try kind.before(shop)
    try shop.accept(kind.event(shop))
    for other in kind.others(shop) {
      #expect(try shop.refusal(other) == .idempotencyConflict, "\(other)")
    }
    shop.wait(1)
    if case .placeOrder = kind.event(shop) {
      // A buyer says no time, so the same wish later is the same wish.
      #expect(try shop.accept(kind.event(shop)).isRepeat)
    } else {
      #expect(try shop.refusal(kind.event(shop)) == .idempotencyConflict)
    }
  }

  @Test("A refused event leaves its id free", arguments: kinds)
  func refusedIdsStayFree(_ kind: Kind) throws {
    let shop = try shop()
    #expect(try shop.refusal(shop.refund("o9", "x", [(0, 1)])) == .unknownOrder)
    #expect(try shop.refusal(shop.pay("o9", payment: "p")) == .unknownOrder)
    #expect(try shop.refusal(shop.deliver("o9", delivery: "d")) == .unknownOrder)
    #expect(try shop.refusal(shop.dispute("o9", "d")) == .unknownOrder)
    #expect(try shop.refusal(shop.resolve("o9", "d")) == .unknownOrder)
    #expect(try shop.refusal(shop.report("o1", room: "r9")) == .unknownRoom)
    try kind.before(shop)
    #expect(try !shop.accept(kind.event(shop)).isRepeat)
  }

  @Test("A statement pays once, whoever could be paid when it is asked for again")
  func statements() throws {
    let shop = try shop()
    try shop.sell("o1")
    try shop.accept(shop.deliver("o1"))
    shop.wait(days: 9)
    try shop.release()
    let first = try shop.payOut("s1")
    #expect(first.reply["total"] == 2000)
    try shop.sell("o3")
    try shop.accept(shop.deliver("o3"))
    shop.wait(days: 9)
    try shop.release()
    let again = try shop.payOut("s1")
    #expect(again.isRepeat)
    #expect(again.reply.bytes == first.reply.bytes)
    #expect(shop.balance(.available(person("H"))) == 2000)
    #expect(try shop.payOut("s2").reply["total"] == 2000)
  }

  @Test(
    "A joining is a repeat only where all was said the same, also after a promotion"
  )
  func joining() throws {
    let shop = try Shop(try Plan.shipped("wanwu"))
    try shop.join("P")
    func join(_ name: String, _ inviter: String?, _ rank: String?) -> Command {
      .join(
        member: person("N"), name: name, inviter: inviter.map(person), rank: rank, at: shop.now)
    }
    try shop.accept(join("n", "P", "gold"))
    try shop.accept(.setRank(member: person("N"), rank: "senior"))
    let others = [
      join("m", "P", "gold"), join("n", nil, "gold"), join("n", "P", nil), join("n", "P", "senior"),
    ]
    for other in others { #expect(try shop.refusal(other) == .memberExists) }
    shop.wait(1)
    let again = try shop.accept(join("n", "P", "gold"))
    #expect(again.isRepeat)
    #expect(again.reply["rank"] == "senior")
  }
}
