// Promotions by locked fans and by settled sales, what an operator's word does to them, and the
// history of ranks.

import Commerce
import Commission
import Coordination
import Testing

@Suite("Ranks")
struct RankTests {
  private func shop(
    _ plan: String = "shuai", _ parameters: [String: PlanValue] = [:]
  ) throws -> Shop {
    let shop = try Shop(Plan.shipped(plan, parameters: parameters))
    try shop.join("M")
    return shop
  }

  /// Locks so many new viewers to a member.
  private func fans(_ count: Int, of member: String, in shop: Shop, named: String = "v") throws {
    for index in 0..<count { try shop.touch("\(named)\(index)", member, room: nil) }
  }

  @Test(
    "Ten locked fans make a shopkeeper, nine do not",
    arguments: [(9, "fan"), (10, "shopkeeper"), (11, "shopkeeper")])
  func threshold(count: Int, rank: String) throws {
    let shop = try shop()
    try fans(count, of: "M", in: shop)
    #expect(shop.rank("M") == rank)
    #expect(shop.progress("M").lockedFans == Int64(count))
    #expect(shop.history("M").count == (rank == "fan" ? 1 : 2))
  }

  @Test("A viewer who opens links twice, or was locked to somebody else, counts once")
  func unique() throws {
    let shop = try shop()
    try shop.join("N")
    try fans(9, of: "M", in: shop)
    for index in 0..<9 { try shop.touch("v\(index)", "M", room: nil) }
    try shop.touch("w", "N", room: nil)
    try shop.touch("w", "M", room: nil)
    #expect(shop.rank("M") == "fan")
    #expect(shop.progress("M").lockedFans == 9)
    #expect(shop.progress("N").lockedFans == 1)
  }

  @Test("A guest is locked and is no fan")
  func guests() throws {
    let shop = try shop()
    try fans(9, of: "M", in: shop)
    let reply = try shop.touch("guest-1", "M", room: nil)
    #expect(reply["lock"]?.text == "won")
    #expect(shop.rank("M") == "fan")
    #expect(shop.earnings("M").viewersBrought == 10)
    try shop.touch("guest", "M", room: nil)
    #expect(shop.rank("M") == "shopkeeper")
  }

  @Test("The last lock promotes the locker, whose locker then has enough shopkeepers")
  func chain() throws {
    let shop = try shop(
      "shuai", ["fansForShopkeeper": .integer(2), "shopkeepersForNext": .integer(2)])
    try shop.join("A", "B")
    for fan in ["A", "B"] { try shop.touch(fan, "M", room: nil) }
    #expect(shop.rank("M") == "shopkeeper")
    try fans(2, of: "A", in: shop, named: "a")
    #expect(shop.rank("M") == "shopkeeper")
    try fans(1, of: "B", in: shop, named: "b")
    #expect(shop.rank("B") == "fan" && shop.rank("M") == "shopkeeper")
    shop.wait(5)
    try shop.touch("b9", "B", room: nil)
    #expect(shop.rank("B") == "shopkeeper" && shop.rank("M") == "manager")
    let last = shop.history("M").last
    #expect(
      last
        == RankChange(
          number: 3, from: "shopkeeper", to: "manager", at: shop.now,
          cause: .threshold(
            RankEvidence(
              kind: .lockedFansOfRank, ofRank: "shopkeeper", counted: 2, needed: 2, planVersion: 1)
          )))
  }

  @Test(
    "Nine shopkeepers among one's fans are too few, the tenth makes a manager",
    arguments: [9, 10])
  func shopkeepers(count: Int) throws {
    let shop = try shop()
    for index in 0..<10 {
      try shop.touch("f\(index)", "M", room: nil)
      try shop.join("f\(index)", rank: index < count ? "shopkeeper" : nil)
    }
    #expect(shop.rank("M") == (count == 10 ? "manager" : "shopkeeper"))
  }

  @Test("A viewer who was locked first and joins later is a fan of that rank from then on")
  func joining() throws {
    let shop = try shop(
      "shuai", ["fansForShopkeeper": .integer(1), "shopkeepersForNext": .integer(1)])
    try shop.touch("v", "M", room: nil)
    #expect(shop.rank("M") == "shopkeeper")
    #expect(shop.progress("M").counts.fansByRank.isEmpty)
    try shop.join("v")
    #expect(shop.progress("M").counts.fansByRank == ["fan": 1])
    try shop.accept(.setRank(member: person("v"), rank: "shopkeeper"))
    #expect(shop.progress("M").counts.fansByRank == ["fan": 0, "shopkeeper": 1])
    #expect(shop.rank("M") == "manager")
  }

  @Test("Locks in a ring end, and everybody in it gets what they have reached")
  func ring() throws {
    let shop = try shop(
      "shuai", ["fansForShopkeeper": .integer(1), "shopkeepersForNext": .integer(1)])
    try shop.join("A", "B")
    try shop.touch("A", "B", room: nil)
    try shop.touch("B", "M", room: nil)
    try shop.touch("M", "A", room: nil)
    for member in ["A", "B", "M"] {
      #expect(shop.rank(member) == "manager", "\(member)")
      #expect(shop.history(member).map(\.to) == ["fan", "shopkeeper", "manager"])
    }
  }

  @Test("An operator's lower rank stays until an operator raises it")
  func held() throws {
    let shop = try shop()
    try fans(10, of: "M", in: shop)
    try shop.accept(.setRank(member: person("M"), rank: "fan"))
    try shop.touch("w1", "M", room: nil)
    #expect(shop.rank("M") == "fan")
    try shop.accept(.setRank(member: person("M"), rank: "shopkeeper"))
    #expect(!shop.progress("M").isHeld)
    #expect(shop.history("M").map(\.cause).suffix(2) == [.operator, .operator])
    #expect(shop.history("M").map(\.number) == [1, 2, 3, 4])
  }

  @Test("Setting the rank that is there changes nothing")
  func sameRank() throws {
    let shop = try shop()
    let before = shop.store.records
    try shop.accept(.setRank(member: person("M"), rank: "fan"))
    #expect(shop.store.records == before)
    #expect(try shop.refusal(.setRank(member: person("M"), rank: "gold")) == .unknownRank)
    #expect(try shop.refusal(.setRank(member: person("X"), rank: "fan")) == .unknownMember)
  }

  @Test("Settled sales promote only where the plan asks for them", arguments: [0, 19_999, 20_000])
  func settled(threshold: Int64) throws {
    let shop = try shop("wanwu", ["goldSales": .integer(threshold)])
    for order in ["o1", "o2"] {
      try shop.sell(order, room: nil, seller: "M")
      try shop.accept(shop.deliver(order))
    }
    #expect(shop.rank("M") == "ordinary", "pending sales do not count")
    try shop.accept(shop.refund("o2", "x1", [(0, 1)]))
    shop.wait(days: 8)
    try shop.release()
    #expect(shop.progress("M").settledSales == Amount(19_999))
    #expect(shop.rank("M") == (threshold == 19_999 ? "gold" : "ordinary"))
    try shop.accept(shop.refund("o1", "x2"))
    #expect(shop.progress("M").settledSales == Amount(9_999))
    #expect(shop.rank("M") == (threshold == 19_999 ? "gold" : "ordinary"), "no demotion by a count")
  }

  @Test("Both thresholds at once are climbed one after the other")
  func steps() throws {
    let shop = try shop(
      "wanwu", ["goldSales": .integer(5_000), "seniorSales": .integer(10_000)])
    try shop.sell("o1", room: nil, seller: "M")
    try shop.accept(shop.deliver("o1"))
    shop.wait(days: 8)
    try shop.release()
    #expect(shop.history("M").map(\.to) == ["ordinary", "gold", "senior"])
  }

  @Test("A promotion holds for orders placed from then on and for none before")
  func prospective() throws {
    let shop = try shop("wanwu", ["goldSales": .integer(10_000)])
    try shop.join("B", inviter: "M")
    try shop.join("C", inviter: "B")
    try shop.sell("c1", room: nil, seller: "C")
    try shop.sell("b1", room: nil, seller: "B")
    try shop.accept(shop.deliver("b1"))
    shop.wait(days: 8)
    try shop.release()
    #expect(shop.rank("B") == "gold")
    try shop.sell("c2", room: nil, seller: "C")
    #expect(shop.balance(.pending(person("B"))) == 500, "a quarter of C's 2000 on c2 alone")
    try shop.accept(shop.refund("c1", "x1"))
    #expect(shop.balance(.pending(person("B"))) == 500)
  }

  @Test("Ranks that no promotion names are passed over, declared ones are not")
  func ladder() throws {
    let plan = try Plan.shipped("wanwu", parameters: ["seniorSales": .integer(100)])
    let counts = PromotionCounts(settledSales: Amount(100))
    #expect(
      plan.nextPromotion(from: plan.lowestRank, counts: counts)?.promotion.rank.name == "senior")
    let both = try Plan.shipped(
      "wanwu", parameters: ["goldSales": .integer(101), "seniorSales": .integer(100)])
    #expect(both.nextPromotion(from: both.lowestRank, counts: counts) == nil)
    let gold = try #require(both.rank(named: "gold"))
    #expect(both.nextPromotion(from: gold, counts: counts)?.counted == 100)
  }
}

extension Shop {
  func rank(_ member: String) -> String? {
    guard case .member(let found)? = store.records[.member(Shop.id, person(member))] else {
      return nil
    }
    return found.rank
  }

  func progress(_ member: String) -> MemberProgress {
    guard case .memberProgress(let found)? = store.records[.memberProgress(Shop.id, person(member))]
    else { return MemberProgress() }
    return found
  }

  func history(_ member: String) -> [RankChange] {
    (1...max(1, progress(member).rankChanges)).compactMap { number in
      let key = Key.rankChange(Shop.id, person(member), number)
      if case .rankChange(let change)? = store.records[key] { return change }
      return nil
    }
  }
}
