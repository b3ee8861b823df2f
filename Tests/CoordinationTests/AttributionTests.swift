// Who brought the buyer of an order, with every reason to lose. Source: domain.md, section 2.

import Commerce
import Commission
import Coordination
import Notation
import Testing

@Suite("Attribution")
struct AttributionTests {
  /// Every order of every choice of sources, also none at all.
  static let precedences: [[AttributionSource]] = {
    var found: [[AttributionSource]] = [[]]
    var longest = found
    for _ in AttributionSource.allCases {
      longest = longest.flatMap { begun in
        AttributionSource.allCases.filter { !begun.contains($0) }.map { begun + [$0] }
      }
      found += longest
    }
    return found
  }()

  @Test(
    "The storefront's order of sources decides, and the receipt says why each lost",
    arguments: precedences, 0..<8)
  func precedence(_ precedence: [AttributionSource], _ mask: Int) throws {
    let all = AttributionSource.allCases
    let touched = all.indices.filter { mask >> $0 & 1 == 1 }.map { all[$0] }
    let shop = try Shop(precedence: precedence)
    try shop.join("H", "C", "V", "L")
    try shop.open()
    var promoters: [AttributionSource: String] = [:]
    if touched.contains(.lock) {
      try shop.touch("v", "L", room: nil)
      promoters[.lock] = "L"
    }
    if touched.contains(.visit) {
      try shop.touch("v", "V")
      promoters[.visit] = "V"
      // The first touch locks, whatever else it is.
      promoters[.lock] = promoters[.lock] ?? "V"
    }
    if touched.contains(.code) { promoters[.code] = "C" }
    try shop.accept(shop.report("o1", promoter: promoters[.code]))
    let receipt = try shop.order("o1").receipt
    let winner = precedence.first { promoters[$0] != nil }
    #expect(receipt.source == winner)
    #expect(receipt.promoter?.text == winner.flatMap { promoters[$0] })
    let unused = all.filter { !precedence.contains($0) }
    #expect(
      receipt.candidates.map { "\($0.source) \($0.promoter) \($0.loss?.rawValue ?? "won")" }
        == (precedence + unused).compactMap { source in
          promoters[source].map { promoter in
            let loss = unused.contains(source) ? "not_used" : "precedence"
            return "\(source) \(promoter) \(source == winner ? "won" : loss)"
          }
        })
  }

  private func shop(_ plan: Plan? = nil) throws -> Shop {
    let shop = try Shop(plan)
    try shop.join("H", "P", "Q")
    try shop.open()
    return shop
  }

  private func receipt(
    _ shop: Shop, _ id: String = "o1", room: String? = "r1", seller: String? = nil,
    promoter: String? = nil, buyer: String = "v", at: Timestamp? = nil
  ) throws -> [String] {
    try shop.accept(
      shop.report(id, room: room, seller: seller, promoter: promoter, buyer: buyer, at: at))
    return try shop.order(id).receipt.candidates.map {
      "\($0.source.rawValue) \($0.promoter) \($0.loss?.rawValue ?? "won")"
    }
  }

  @Test("The last touch of a room wins, the first locks")
  func lastTouch() throws {
    let shop = try shop()
    for promoter in ["P", "Q", "P", "Q"] {
      try shop.touch("v", promoter)
      shop.wait(1)
    }
    #expect(
      try receipt(shop) == [
        "visit Q won", "visit P replaced", "visit Q replaced", "visit P replaced",
        "lock P precedence",
      ])
  }

  @Test("Opening the same page again and again does not push out who else brought the buyer")
  func reloads() throws {
    let shop = try shop()
    try shop.touch("v", "Q")
    let first = shop.now.advanced(byMilliseconds: 1)
    for _ in 0..<20 {
      shop.wait(1)
      try shop.touch("v", "P")
    }
    try shop.touch("v", "Q")
    let order = try receipt(shop)
    #expect(order.first == "visit Q won" && order.count == Visits.kept + 1)
    #expect(order.dropLast().last == "visit Q replaced")
    #expect(shop.earnings("P", in: "r1").viewersBrought == 1)
    #expect(shop.earnings("Q", in: "r1").viewersBrought == 1)
    // The first of the repeated ones is kept too: an order reported late finds it.
    #expect(try receipt(shop, "o2", at: first).contains("visit P won"))
  }

  @Test("Who sells to themselves without a promoter makes an own purchase as well")
  func ownSale() throws {
    let shop = try shop(Plan.shipped("wanwu"))
    for (order, buyer, isOwn) in [("o1", "P", true), ("o2", "Q", false)] {
      let reply = try shop.accept(shop.report(order, room: nil, seller: "P", buyer: buyer)).reply
      #expect(reply["selfPurchase"] == .bool(isOwn))
    }
  }

  @Test("Each promoter who did not bring the buyer is told why, in both languages, and only once")
  func losers() throws {
    let shop = try shop()
    try shop.touch("v", "P")
    try shop.touch("v", "Q")
    try shop.accept(shop.report("o1"))
    let receipt = try shop.order("o1").receipt
    #expect(
      receipt.explanation(in: .english) == [
        "P did not bring the buyer by a visit: a later link into the same room replaced it."
      ])
    #expect(
      receipt.explanation(in: .chinese, for: person("P")) == [
        "买家不归属 P（进入直播间的链接）：已被同一直播间更晚的链接取代。"
      ])
    #expect(receipt.explanation(in: .english, for: person("Q")) == [])
    #expect(receipt.explanation(in: .english, for: person("H")) == [])
  }

  @Test("A touch reported late stands where it belongs, but never moves a lock")
  func lateTouch() throws {
    let shop = try shop()
    shop.wait(10)
    try shop.touch("v", "P")
    try shop.touch("v", "Q", at: Shop.start)
    #expect(try receipt(shop) == ["visit P won", "visit Q replaced", "lock P precedence"])
  }

  @Test("Touches after the placement lose, whatever their kind", arguments: [0, 1] as [Int64])
  func afterPlacement(_ later: Int64) throws {
    let shop = try shop()
    try shop.touch("v", "P", at: shop.now.advanced(byMilliseconds: later))
    #expect(
      try receipt(shop)
        == (later == 0
          ? ["visit P won", "lock P precedence"]
          : ["visit P after_placement", "lock P after_placement"]))
  }

  @Test("A touch after the placement does not hide the one before it")
  func touchBehindPlacement() throws {
    let shop = try shop()
    try shop.touch("v", "P")
    try shop.touch("v", "Q", at: shop.now.advanced(byMilliseconds: 1))
    #expect(
      try receipt(shop) == ["visit Q after_placement", "visit P won", "lock P precedence"])
  }

  static let hold = Storefront.visitHoldDefault
  /// Milliseconds from the touch to the room's end and to the order, and whether the visit holds.
  static let ends: [(end: Int64, order: Int64, holds: Bool)] = [
    (hold * 9, hold * 9 - 1, true), (hold * 9, hold * 9, false), (1, hold - 1, true),
    (1, hold, true), (1, hold + 1, false), (hold, hold, true), (hold + 1, hold + 1, false),
    (hold + 2, hold + 1, true),
  ]

  @Test(
    "A visit holds while the room is open, and after its end for 24 h from the touch",
    arguments: ends)
  func visitHold(_ example: (end: Int64, order: Int64, holds: Bool)) throws {
    let shop = try shop()
    try shop.touch("v", "P", room: nil)
    try shop.touch("v", "Q")
    shop.wait(example.end)
    try shop.end()
    let at = Shop.start.advanced(byMilliseconds: example.order)
    #expect(
      try receipt(shop, at: at)
        == (example.holds
          ? ["visit Q won", "lock P precedence"] : ["visit Q too_old", "lock P won"]))
  }

  @Test("A room's host never counts as its promoter, by code, visit or lock")
  func host() throws {
    let shop = try shop()
    try shop.touch("v", "H", room: nil)
    #expect(try receipt(shop, promoter: "H") == ["code H host", "lock H host"])
    try shop.touch("w", "P")
    #expect(
      try receipt(shop, "o2", promoter: "H", buyer: "w") == [
        "code H host", "visit P won", "lock P precedence",
      ])
  }

  @Test("One's own purchase counts and is marked, unless the plan denies it")
  func selfPurchase() throws {
    let open = try shop()
    try open.touch("P", "P")
    #expect(try receipt(open, buyer: "P") == ["visit P won"])
    #expect(try open.order("o1").receipt.selfPurchase)

    let document = String(decoding: try Plan.shipped("fengxiang").document, as: UTF8.self)
    let allowed = "\"selfPurchase\":\"allowed\""
    let range = try #require(document.firstRange(of: allowed))
    let denying =
      document[..<range.lowerBound] + "\"selfPurchase\":\"denied\"" + document[range.upperBound...]
    let closed = try shop(try Plan(document: Array(denying.utf8)))
    try closed.touch("P", "Q", room: nil)
    try closed.touch("P", "P")
    #expect(try receipt(closed, buyer: "P") == ["visit P self_purchase", "lock Q won"])
    #expect(try !closed.order("o1").receipt.selfPurchase)
  }

  @Test("What an order was attributed to is frozen when it is placed")
  func frozen() throws {
    let shop = try shop()
    try shop.touch("v", "P")
    try shop.accept(shop.report("o1"))
    let placed = try shop.order("o1").receipt
    shop.wait(1)
    try shop.touch("v", "Q")
    try shop.accept(shop.pay("o1"))
    try shop.accept(shop.refund("o1", "x1", [(0, 5_000)]))
    #expect(try shop.order("o1").receipt == placed)
    #expect(shop.balance(.pending(person("P"))) == 300)
    #expect(shop.balance(.pending(person("Q"))) == 0)
  }

  @Test("A viewer's first touch binds for good, and nobody else's later one moves it")
  func lock() throws {
    let shop = try shop()
    #expect(try shop.touch("v", "P", room: nil)["lock"] == "won")
    #expect(try shop.touch("v", "Q", room: nil)["lock"] == "kept")
    #expect(try shop.touch("v", "P", room: nil)["lock"] == "held")
    #expect(shop.earnings("P").viewersBrought == 1)
    #expect(shop.earnings("Q").viewersBrought == 0)
    let evidence = LinkEvidence.vouched(promoter: person("P"), room: nil)
    #expect(
      try shop.refusal(.touch(viewer: person("P"), evidence, at: shop.now)) == .selfLock)
  }
}
