// The plan `wanwu`: override, separation, bonuses. Source of the figures: domain.md, section 5.1.
import Commerce
import Commission
import Testing

@Suite("Wanwu")
struct WanwuTests {
  /// Who is above the seller, from the seller's inviter upwards, as rank names.
  struct Case: Sendable, CustomTestStringConvertible {
    let seller: String
    let above: [String]
    /// Which of `above` gets the override, or nobody.
    let payee: Int?
    var profitDepth = "direct"
    var retainedBy = ["senior"]

    var testDescription: String {
      "\(seller) under \(above), \(profitDepth), retained by \(retainedBy)"
    }
  }

  static let overrides: [Case] = [
    // Below gold: the nearest gold or senior ancestor; a gold one only directly.
    Case(seller: "ordinary", above: [], payee: nil),
    Case(seller: "ordinary", above: ["ordinary"], payee: nil),
    Case(seller: "ordinary", above: ["gold"], payee: 0),
    Case(seller: "ordinary", above: ["senior"], payee: 0),
    Case(seller: "ordinary", above: ["ordinary", "gold"], payee: nil),
    Case(seller: "ordinary", above: ["ordinary", "gold"], payee: 1, profitDepth: "community"),
    Case(seller: "ordinary", above: ["ordinary", "senior"], payee: 1),
    Case(seller: "ordinary", above: ["ordinary", "ordinary", "ordinary", "senior"], payee: 3),
    // A gold head that gets nothing still shields the seller from whoever is above it.
    Case(seller: "ordinary", above: ["ordinary", "gold", "senior"], payee: nil),
    Case(
      seller: "ordinary", above: ["ordinary", "gold", "senior"], payee: 1,
      profitDepth: "community"),
    Case(seller: "ordinary", above: ["gold", "senior"], payee: 0),
    Case(seller: "ordinary", above: ["senior", "senior"], payee: 0),
    // Gold and above have separated: only the direct inviter, if their rank retains.
    Case(seller: "gold", above: [], payee: nil),
    Case(seller: "gold", above: ["ordinary"], payee: nil),
    Case(seller: "gold", above: ["gold"], payee: nil),
    Case(seller: "gold", above: ["senior"], payee: 0),
    Case(seller: "gold", above: ["ordinary", "senior"], payee: nil),
    Case(seller: "gold", above: ["gold"], payee: 0, retainedBy: ["gold", "senior"]),
    Case(seller: "gold", above: ["senior"], payee: nil, retainedBy: ["gold"]),
    Case(seller: "gold", above: ["senior"], payee: nil, retainedBy: []),
    Case(seller: "gold", above: ["gold"], payee: nil, profitDepth: "community"),
    Case(seller: "senior", above: ["senior"], payee: 0),
    Case(seller: "senior", above: ["gold"], payee: nil),
  ]

  @Test("The override goes to the head, or to a retaining inviter", arguments: overrides)
  func override(_ example: Case) throws {
    let plan = try Plan.shipped(
      "wanwu",
      parameters: [
        "profitDepth": .text(example.profitDepth), "retainedBy": .texts(example.retainedBy),
      ])
    var tree = Organisation(plan)
    for (index, rank) in example.above.enumerated().reversed() {
      let inviter = index + 1 < example.above.count ? "U\(index + 1)" : nil
      try tree.join("U\(index)", inviter: inviter, rank: rank)
    }
    try tree.join("X", inviter: example.above.isEmpty ? nil : "U0", rank: example.seller)
    var expected: [String: Int64] = ["X": 4000]
    if let payee = example.payee { expected["U\(payee)"] = 1000 }
    #expect(try tree.earnings(sale(20_000), tree.snapshot(seller: "X")) == expected)
  }

  @Test(
    "The worked example of A, B, C and D ends at 550 yuan",
    arguments: [
      ("platform", ["A": 32_000, "B": 19_000, "C": 4000]),
      ("seller", ["A": 32_000, "B": 17_000, "C": 3000]),
    ] as [(String, [String: Int64])])
  func workedExample(fundedBy: String, expected: [String: Int64]) throws {
    let plan = try Plan.shipped("wanwu", parameters: ["fundedBy": .text(fundedBy)])
    var tree = Organisation(plan)
    var earned: [String: Int64] = [:]
    func join(_ name: String, inviter: String?, rank: String? = nil) throws {
      for award in plan.joiningAwards(
        newMember: id(name), inviter: inviter.map(id), standing: tree.standing)
      {
        if case .bonus(let amount) = award.gift {
          earned[award.payee.text, default: 0] += amount.minorUnits
        }
      }
      try tree.join(name, inviter: inviter, rank: rank)
    }
    func sell(_ seller: String, sign: Int64 = 1, _ snapshot: Snapshot? = nil) throws -> Snapshot {
      let snapshot = snapshot ?? tree.snapshot(seller: seller)
      for (payee, amount) in try tree.earnings(sale(20_000), snapshot) {
        earned[payee, default: 0] += sign * amount
      }
      return snapshot
    }
    try join("A", inviter: nil, rank: "senior")
    try join("B", inviter: "A")
    try join("C", inviter: "B")
    _ = try sell("B")
    let third = try sell("C")
    try tree.promote("B", to: "gold")
    try join("D", inviter: "C")
    _ = try sell("B")
    _ = try sell("C")
    // The refund takes back what the snapshot of the sale gave, not what today's tree would give.
    _ = try sell("C", sign: -1, third)
    #expect(earned == expected)
  }

  @Test(
    "A joining pays the inviter, or the nearest gold or senior member above",
    arguments: [
      (["ordinary"], ["U0 inviteCoupon coupon 2000"]),
      (["gold"], ["U0 joinBonus 10000", "U0 inviteCoupon coupon 2000"]),
      (["senior"], ["U0 joinBonus 15000", "U0 inviteCoupon coupon 2000"]),
      (["ordinary", "gold"], ["U1 joinBonus 10000", "U0 inviteCoupon coupon 2000"]),
      (["ordinary", "senior"], ["U1 joinBonus 15000", "U0 inviteCoupon coupon 2000"]),
      (["ordinary", "gold", "senior"], ["U1 joinBonus 10000", "U0 inviteCoupon coupon 2000"]),
      (["gold", "senior"], ["U0 joinBonus 10000", "U0 inviteCoupon coupon 2000"]),
    ])
  func joining(above: [String], expected: [String]) throws {
    var tree = Organisation(try Plan.shipped("wanwu"))
    for (index, rank) in above.enumerated() {
      try tree.join("U\(index)", inviter: "U\(index + 1)", rank: rank)
    }
    #expect(tree.awards("N", inviter: "U0") == expected)
  }

  @Test("A joining without an inviter, or with an unknown one, awards nothing")
  func joiningAlone() throws {
    let tree = Organisation(try Plan.shipped("wanwu"))
    #expect(tree.awards("N", inviter: nil).isEmpty)
    #expect(tree.awards("N", inviter: "ghost").isEmpty)
    #expect(tree.awards("N", inviter: "N").isEmpty)
  }

  @Test("The bonuses are parameters, and a bonus of nothing is no award")
  func bonusParameters() throws {
    var tree = Organisation(
      try Plan.shipped(
        "wanwu", parameters: ["goldBonus": .integer(1), "seniorBonus": .integer(0)]))
    try tree.join("G", rank: "gold")
    try tree.join("S", rank: "senior")
    #expect(tree.awards("N", inviter: "G") == ["G joinBonus 1", "G inviteCoupon coupon 2000"])
    #expect(tree.awards("N", inviter: "S") == ["S inviteCoupon coupon 2000"])
  }

  @Test("In a room the promoter sells, and without one the host")
  func room() throws {
    var tree = Organisation(try Plan.shipped("wanwu"))
    try tree.join("S", rank: "senior")
    try tree.join("H")
    try tree.join("P", inviter: "S")
    let one = sale(20_000)
    #expect(try tree.earnings(one, tree.snapshot(host: "H")) == ["H": 4000])
    #expect(
      try tree.earnings(one, tree.snapshot(host: "H", promoter: "P")) == ["P": 4000, "S": 1000])
    // Somebody who is no member cannot sell.
    #expect(try tree.earnings(one, tree.snapshot(host: "H", promoter: "V")) == ["H": 4000])
    #expect(try tree.earnings(one, tree.snapshot(seller: "V")) == [:])
  }

  @Test("An own purchase earns the same and is marked")
  func ownPurchase() throws {
    var tree = Organisation(try Plan.shipped("wanwu"))
    try tree.join("X")
    let own = try tree.plan.settle(sale(20_000), tree.snapshot(seller: "X", buyer: "X"))
    #expect(own.total(of: id("X")) == Amount(4000))
    #expect(own.isSelfPurchase)
    let other = try tree.plan.settle(sale(20_000), tree.snapshot(seller: "X", buyer: "Y"))
    #expect(!other.isSelfPurchase)
  }

  @Test(
    "An override that the seller pays is taken out of their share, rounded down first",
    arguments: [(1, 0, 0), (15, 3, 0), (19, 3, 0), (20, 3, 1), (35, 6, 1), (40, 6, 2)])
  func sellerFunded(paid: Int64, seller: Int64, head: Int64) throws {
    var tree = Organisation(
      try Plan.shipped("wanwu", parameters: ["fundedBy": .text("seller")]))
    try tree.join("S", rank: "senior")
    try tree.join("X", inviter: "S")
    #expect(
      try tree.earnings(sale(paid), tree.snapshot(seller: "X")) == ["X": seller, "S": head])
  }
}
