// Orders that are reported after ranks or the plan have changed: they are settled as if they had been
// reported when they were placed.

import Commerce
import Commission
import Coordination
import Testing

@Suite("Orders reported late")
struct LateOrderTests {
  private static let hour: Int64 = 3_600_000

  static let placements: [(hours: Int64, milliseconds: Int64, earns: String)] = [
    (-10, 0, "A"), (0, -1, "A"), (0, 0, "A"), (0, 1, "A"), (2, -1, "A"), (2, 0, "B"), (2, 1, "B"),
    (4, -1, "B"), (4, 0, "A"), (4, 1, "A"), (30, 0, "A"),
  ]
  static let versions: [(hours: Int64, milliseconds: Int64, version: Int64)] = [
    (-10, 0, 1), (1, -1, 1), (1, 0, 2), (2, -1, 2), (2, 0, 3),
  ]

  /// A, a senior, invited B, who invited C; B was lifted after two hours and lowered after four. Now it
  /// is two days later.
  private func shop() throws -> Shop {
    let shop = try Shop(Plan.shipped("wanwu"))
    try shop.join("A", rank: "senior")
    try shop.join("B", inviter: "A")
    try shop.join("C", inviter: "B")
    for rank in ["gold", "ordinary"] {
      shop.wait(2 * Self.hour)
      try shop.accept(.setRank(member: person("B"), rank: rank))
    }
    shop.wait(days: 2)
    return shop
  }

  private func after(_ milliseconds: Int64) -> Timestamp {
    Shop.start.advanced(byMilliseconds: milliseconds)
  }

  private func overridden(_ shop: Shop, _ id: String) throws -> [String] {
    try shop.accept(shop.pay(id))
    let plan = shop.plan
    let order = try shop.order(id)
    let settled = try plan.settle(order.sale(currency: .cny), order.snapshot)
    return settled.payees.map(\.payee.text).filter { $0 != "C" }
  }

  @Test(
    "An order has the ranks of the moment of its placement; one that begins just then counts",
    arguments: placements)
  func ranks(_ placed: (hours: Int64, milliseconds: Int64, earns: String)) throws {
    let shop = try shop()
    try shop.accept(
      shop.report(
        "o", room: nil, seller: "C", at: after(placed.hours * Self.hour + placed.milliseconds)))
    #expect(try overridden(shop, "o") == [placed.earns])
    // What holds now is for what is placed now.
    try shop.accept(.setRank(member: person("B"), rank: "gold"))
    try shop.accept(shop.report("now", room: nil, seller: "C"))
    #expect(try overridden(shop, "now") == ["B"])
  }

  @Test(
    "A rank may be told with the moment from which it held: not before the last change, nor ahead")
  func from() throws {
    let shop = try Shop(Plan.shipped("wanwu"))
    try shop.join("A", rank: "senior")
    try shop.join("B", inviter: "A")
    try shop.join("C", inviter: "B")
    shop.wait(days: 2)
    try shop.accept(shop.report("before", room: nil, seller: "C", at: after(Self.hour)))
    func set(_ rank: String, _ milliseconds: Int64) -> Command {
      .setRank(member: person("B"), rank: rank, from: after(milliseconds))
    }
    #expect(try shop.refusal(set("gold", -1)) == .invalidField)
    #expect(try shop.refusal(set("gold", 48 * Self.hour + 1)) == .invalidField)
    try shop.accept(set("gold", Self.hour))
    #expect(try shop.refusal(set("ordinary", Self.hour - 1)) == .invalidField)
    // What was here keeps what it pinned; what is reported now has what held then.
    #expect(try overridden(shop, "before") == ["A"])
    for (id, milliseconds, earns) in [
      ("early", Self.hour - 1, "A"), ("late", Self.hour, "B"),
    ] as [(String, Int64, String)] {
      try shop.accept(shop.report(id, room: nil, seller: "C", at: after(milliseconds)))
      #expect(try overridden(shop, id) == [earns])
    }
  }

  @Test("Of many changes the one before the placement counts, however long ago")
  func many() throws {
    let shop = try Shop(Plan.shipped("wanwu"))
    try shop.join("A", rank: "senior")
    try shop.join("B", inviter: "A")
    try shop.join("C", inviter: "B")
    let ranks = (1...9).map { $0 % 2 == 0 ? "ordinary" : "gold" }
    for rank in ranks {
      shop.wait(1_000)
      try shop.accept(.setRank(member: person("B"), rank: rank))
    }
    shop.wait(days: 1)
    for (index, rank) in (["ordinary"] + ranks).enumerated() {
      let id = "o\(index)"
      try shop.accept(
        shop.report(id, room: nil, seller: "C", at: after(Int64(index) * 1_000 + 500)))
      #expect(try overridden(shop, id) == [rank == "gold" ? "B" : "A"], "\(id)")
    }
  }

  @Test(
    "An order reported a day late is the same as one reported at its moment, around a promotion",
    arguments: [-hour, -1, 1, hour])
  func arrival(_ placed: Int64) throws {
    func run(isPrompt: Bool) throws -> Order {
      let shop = try Shop(Plan.shipped("wanwu"))
      try shop.join("A", rank: "senior")
      try shop.join("B", inviter: "A")
      try shop.join("C", inviter: "B")
      shop.wait(2 * Self.hour)
      let promoted = shop.now
      let order = shop.report(
        "o", room: nil, seller: "C", at: promoted.advanced(byMilliseconds: placed))
      // An order is reported at its own moment, or a day late.
      let isBefore = isPrompt && placed < 0
      if isBefore { try shop.accept(order) }
      try shop.accept(.setRank(member: person("B"), rank: "gold"))
      shop.wait(isPrompt ? max(placed, 0) : 86_400_000)
      if !isBefore { try shop.accept(order) }
      return try shop.order("o")
    }
    let (prompt, late) = (try run(isPrompt: true), try run(isPrompt: false))
    #expect(prompt == late)
    #expect(late.snapshot.people.contains { $0.holder?.rank.name == "gold" } == (placed > 0))
  }

  @Test(
    "An order has the version of the plan of the moment of its placement",
    arguments: versions)
  func plans(_ placed: (hours: Int64, milliseconds: Int64, version: Int64)) throws {
    let shop = try Shop(Plan.shipped("wanwu"))
    shop.auditsAlways = false
    try shop.join("C")
    for bonus in [1, 2] {
      shop.wait(Self.hour)
      try activate(Plan.shipped("wanwu", parameters: ["goldBonus": .integer(Int64(bonus))]), shop)
    }
    shop.wait(days: 1)
    // Told again, the plan stays what it was and holds since then.
    try activate(Plan.shipped("wanwu", parameters: ["goldBonus": .integer(2)]), shop)
    try shop.accept(
      shop.report(
        "o", room: nil, seller: "C", at: after(placed.hours * Self.hour + placed.milliseconds)))
    #expect(try shop.order("o").planVersion == placed.version)
    try shop.accept(shop.report("now", room: nil, seller: "C"))
    #expect(try shop.order("now").planVersion == 3)
  }

  private func activate(_ plan: Plan, _ shop: Shop) throws {
    try shop.accept(
      .configureStorefront(
        Storefront(
          id: Shop.id, name: "Shop", currency: .cny, zone: .shanghai, precedence: [.code],
          visitHoldMilliseconds: Storefront.visitHoldDefault,
          unpaidHoldMilliseconds: Storefront.unpaidHoldDefault, planVersion: 1, createdAt: shop.now
        ), plan: plan, risks: .trial))
  }
}
