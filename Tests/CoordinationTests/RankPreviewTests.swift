// What a preview says of a promotion is what the promotion then does.

import Commerce
import Commission
import Coordination
import Notation
import Testing

@Suite("Separation preview")
struct RankPreviewTests {
  /// A (senior) invited B, B invited C and E; B, C and E sell one each; C invited D.
  private func shop() throws -> Shop {
    let shop = try Shop(Plan.shipped("wanwu"))
    try shop.join("A", rank: "senior")
    try shop.join("B", inviter: "A")
    try shop.join("C", "E", inviter: "B")
    return shop
  }

  private func trade(_ shop: Shop, _ prefix: String) throws {
    for seller in ["B", "C", "E"] {
      try shop.sell(prefix + seller, room: nil, seller: seller, lines: [line(20_000, cost: 12_000)])
    }
    try shop.join(prefix + "D", inviter: "C")
  }

  private func preview(
    _ shop: Shop, _ member: String = "B", _ rank: String = "gold", days: Int64 = 10,
    since: Timestamp = Shop.start
  ) throws -> JSON {
    let preview = try RankPreview(
      Shop.id, member: person(member), rank: rank, days: days, at: shop.now,
      load: { shop.store.load($0) })
    for (key, record) in shop.store.records.sorted(by: { "\($0.key)" < "\($1.key)" }) {
      switch (key, record) {
      case (_, .order(let order)) where order.placedAt >= since: try preview.add(order)
      case (_, .member(let member)) where member.joinedAt >= since:
        try preview.add(joining: member.id, inviter: member.inviter)
      default: continue
      }
    }
    return preview.json
  }

  @Test("Says who loses and gains what, and touches nothing")
  func figures() throws {
    let shop = try shop()
    shop.wait(1)
    let since = shop.now
    try trade(shop, "1")
    let records = shop.store.records
    let found = try preview(shop, since: since)
    #expect(shop.store.records == records)
    // Of C and E 1000 each go from A to B; A keeps 1000 on B's own. D's bonus: 15000 from A, 10000 to B.
    #expect(
      found["people"]
        == [
          [
            "member": "A", "before": 18_000, "after": 1_000, "difference": -17_000,
            "perDay": -1_700,
          ],
          [
            "member": "B", "before": 4_000, "after": 16_000, "difference": 12_000, "perDay": 1_200,
          ],
        ])
    #expect(found["platform"]?["difference"] == 5_000)
    #expect(found["orders"] == 3 && found["joinings"] == 1 && found["refused"] == 0)
    #expect(found["takesEffectAt"]?.text == shop.now.description)
    #expect(found["rank"] == "ordinary" && found["newRank"] == "gold")
  }

  @Test("The same trade after the promotion gives what was foreseen")
  func foreseen() throws {
    let shop = try shop()
    shop.wait(1)
    let since = shop.now
    try trade(shop, "1")
    let before = ["A", "B"].map { shop.balance(.pending(person($0))) }
    let foreseen = try preview(shop, since: since)
    try shop.accept(.setRank(member: person("B"), rank: "gold"))
    try trade(shop, "2")
    for (index, member) in ["A", "B"].enumerated() {
      let got = shop.balance(.pending(person(member))) - before[index]
      #expect(foreseen["people"]?.elements?[index]["after"] == .integer(got), "\(member)")
    }
  }

  @Test("Refunds count, unpaid orders do not, and a rank that changes nothing says so")
  func nets() throws {
    let shop = try shop()
    try trade(shop, "1")
    try shop.accept(shop.refund("1C", "x1"))
    try shop.accept(shop.report("open", room: nil, seller: "E"))
    shop.wait(1)
    let found = try preview(shop, since: shop.now.advanced(byMilliseconds: -1))
    let people = try #require(found["people"]?.elements)
    #expect(people[1]["difference"] == 31_000)
    #expect(try preview(shop, "B", "ordinary")["people"] == [])
    #expect(try preview(shop, "E", "gold", days: 3)["people"]?.elements?.count == 1)
  }

  @Test("Somebody or a rank that is not there is refused")
  func refusals() throws {
    let shop = try shop()
    #expect(throws: Rejection.self) { try preview(shop, "X") }
    #expect(throws: Rejection.self) { try preview(shop, "B", "manager") }
  }
}
