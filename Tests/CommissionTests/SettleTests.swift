// Arithmetic of a line, refusals and their precedence, and properties that hold for any sale.
import Commerce
import Commission
import Testing

@Suite("Settling")
struct SettleTests {
  @Test(
    "The pool is rounded down to a whole minor unit",
    arguments: [
      (0, 200_000, 0), (4, 200_000, 0), (5, 200_000, 1), (9, 200_000, 1), (10, 200_000, 2),
      (19, 50_000, 0), (20, 50_000, 1), (21, 50_000, 1), (2, 400_000, 0), (3, 400_000, 1),
      (1_000_000_000_000, 400_000, 400_000_000_000), (7, 142_857, 0), (8, 142_857, 1),
    ])
  func pool(net: Int64, ratePpm: Int32, pool: Int64) throws {
    let tree = Organisation(try Plan.shipped("wanwu"))
    let settlement = try tree.plan.settle(sale(net, ratePpm: ratePpm), tree.snapshot())
    #expect(settlement.lines[0].pool == Amount(pool))
  }

  @Test(
    "The supplier's part follows the net, rounded down",
    arguments: [
      (100, 0, 60, 60), (100, 1, 60, 59), (100, 50, 61, 30), (100, 99, 60, 0), (100, 100, 60, 0),
      (3, 1, 2, 1), (0, 0, 60, 0), (100, 0, 250, 250), (100, 0, 0, 0),
      (1_000_000_000_000, 1, 1_000_000_000_000, 999_999_999_999),
    ])
  func supplier(paid: Int64, refunded: Int64, cost: Int64, supplier: Int64) throws {
    let tree = Organisation(try Plan.shipped("wanwu"))
    let settlement = try tree.plan.settle(
      sale(paid, refunded: refunded, cost: cost), tree.snapshot())
    #expect(settlement.supplier == Amount(supplier))
    #expect(settlement.platform == Amount(paid - refunded - supplier))
  }

  @Test("The platform pays what suppliers and shares take beyond the net")
  func negativePlatform() throws {
    var tree = Organisation(try Plan.shipped("wanwu"))
    try tree.join("X")
    let settlement = try tree.plan.settle(
      sale(100, cost: 90, ratePpm: 400_000), tree.snapshot(seller: "X"))
    #expect(settlement.platform == Amount(-30))
  }

  @Test("Lines are settled one by one and then summed")
  func lines() throws {
    var tree = Organisation(try Plan.shipped("wanwu"))
    try tree.join("S", rank: "senior")
    try tree.join("X", inviter: "S")
    let lines = [
      line(19, ratePpm: 50_000), line(19, ratePpm: 50_000), line(38, ratePpm: 200_000),
    ]
    let settlement = try tree.plan.settle(
      Sale(currency: .cny, lines: lines), tree.snapshot(seller: "X"))
    // 0.95 + 0.95 + 7.6: each rounded down alone. The override is a quarter of 7.
    #expect(settlement.total(of: id("X")) == Amount(7))
    #expect(settlement.total(of: id("S")) == Amount(1))
    #expect(settlement.lines.map(\.net) == [Amount(19), Amount(19), Amount(38)])
    #expect(settlement.net == Amount(76))
  }

  static let limit = Amount.limit.minorUnits

  @Test(
    "Figures out of range are refused",
    arguments: [
      ([], .lineCountOutOfRange(0)),
      (Array(repeating: line(1), count: 1001), .lineCountOutOfRange(1001)),
      ([line(-1)], .amountOutOfRange(line: 0)),
      ([line(limit + 1)], .amountOutOfRange(line: 0)),
      ([line(1), line(1, refunded: -1)], .amountOutOfRange(line: 1)),
      ([line(1, cost: -1)], .amountOutOfRange(line: 0)),
      ([line(1, cost: limit + 1)], .amountOutOfRange(line: 0)),
      ([line(5, refunded: 6)], .refundExceedsPaid(line: 0)),
      ([line(1, ratePpm: 49_999)], rate(0)),
      ([line(1), line(1, ratePpm: 400_001)], rate(1)),
      ([line(1, ratePpm: 0)], rate(0)),
      // Precedence: the kind of fault before the number of the line.
      ([line(1, ratePpm: 0), line(5, refunded: 6)], .refundExceedsPaid(line: 1)),
      ([line(5, refunded: 6), line(-1)], .amountOutOfRange(line: 1)),
    ] as [([Sale.Line], SettlementRefusal)])
  func refusals(lines: [Sale.Line], refusal: SettlementRefusal) throws {
    let tree = Organisation(try Plan.shipped("wanwu"))
    #expect(throws: refusal) {
      try tree.plan.settle(Sale(currency: .cny, lines: lines), tree.snapshot())
    }
  }

  static func rate(_ line: Int) -> SettlementRefusal {
    .rateOutOfRange(line: line, allowed: Rate(trusted: 50_000)...Rate(trusted: 400_000))
  }

  @Test(
    "Figures at the ends of their ranges are settled",
    arguments: [
      Array(repeating: line(1), count: 1000), [line(limit, cost: limit)], [line(0)],
      [line(5, refunded: 5)], [line(1, ratePpm: 50_000)], [line(1, ratePpm: 400_000)],
    ])
  func accepted(lines: [Sale.Line]) throws {
    let tree = Organisation(try Plan.shipped("wanwu"))
    let settlement = try tree.plan.settle(
      Sale(currency: .cny, lines: lines), tree.snapshot())
    #expect(settlement.lines.count == lines.count)
  }

  @Test("A snapshot of another plan, or with ranks that this one lacks, is refused")
  func foreignSnapshot() throws {
    let wanwu = Organisation(try Plan.shipped("wanwu"))
    let fengxiang = Organisation(try Plan.shipped("fengxiang"))
    let foreign = fengxiang.snapshot(host: "H")
    #expect(throws: SettlementRefusal.foreignSnapshot(foreign.plan)) {
      try wanwu.plan.settle(sale(1), foreign)
    }
    var newer = try Text(Plan.shipped("wanwu").document)
    newer.replace("\"version\":1", "\"version\":2")
    let next = try Plan(document: newer.bytes)
    #expect(throws: SettlementRefusal.foreignSnapshot(wanwu.plan.reference)) {
      try next.settle(sale(1), wanwu.snapshot())
    }
  }

  @Test("A plan that denies own purchases pays nobody for theirs, and says so")
  func deniedSelfPurchase() throws {
    var text = try Text(Plan.shipped("fengxiang").document)
    text.replace("\"selfPurchase\":\"allowed\"", "\"selfPurchase\":\"denied\"")
    var tree = Organisation(try Plan(document: text.bytes))
    try tree.join("H")
    try tree.join("P")
    let snapshot = tree.snapshot(host: "H", promoter: "P", buyer: "P")
    let settlement = try tree.plan.settle(sale(10_000), snapshot)
    #expect(settlement.payees.map(\.payee) == [id("H")])
    #expect(settlement.total(of: id("H")) == Amount(2000))
    #expect(settlement.withheld.first?.member == id("P"))
    #expect(settlement.withheld.first?.reason == .selfPurchase)
    #expect(!settlement.isSelfPurchase)
  }

  @Test("Any sale keeps to the fen and below its bound, and its refund undoes it", arguments: 0..<8)
  func properties(seed: UInt64) throws {
    var chance = SplitMix64(seed: seed)
    for name in Plan.shippedNames {
      let fundings: [String] = name == "wanwu" ? ["platform", "seller"] : ["platform"]
      for funding in fundings {
        let plan = try Plan.shipped(
          name, parameters: name == "wanwu" ? ["fundedBy": .text(funding)] : [:])
        let tree = try randomTree(plan, &chance)
        let bound = plan.worstCasePayoutPpm
        for _ in 0..<50 { try check(tree, bound, &chance) }
      }
    }
  }

  private func randomTree(_ plan: Plan, _ chance: inout SplitMix64) throws -> Organisation {
    var tree = Organisation(plan)
    for index in 0..<12 {
      let inviter = index == 0 ? nil : tree.names.randomElement(using: &chance)
      let rank = try #require(plan.ranks.randomElement(using: &chance))
      try tree.join("M\(index)", inviter: inviter, rank: rank.name)
    }
    return tree
  }

  private func check(
    _ tree: Organisation, _ bound: Int64, _ chance: inout SplitMix64
  ) throws {
    func member() -> String? {
      Bool.random(using: &chance) ? tree.names.randomElement(using: &chance) : nil
    }
    let snapshot = tree.snapshot(
      seller: member(), host: member(), promoter: member(), buyer: member(),
      pact: Bool.random(using: &chance) ? Int32.random(in: 0...1_000_000, using: &chance) : nil)
    var sale = Sale(
      currency: .cny,
      lines: (0..<Int.random(in: 1...5, using: &chance)).map { _ in
        line(
          Int64.random(in: 0...(Bool.random(using: &chance) ? 50 : 1_000_000), using: &chance),
          cost: Int64.random(in: 0...1_000_000, using: &chance),
          ratePpm: Int32.random(in: 50_000...400_000, using: &chance))
      })
    // Returned bit by bit, and checked after every bit.
    for _ in 0..<4 {
      try conserved(try tree.plan.settle(sale, snapshot), sale, bound)
      let index = Int.random(in: 0..<sale.lines.count, using: &chance)
      let left = sale.lines[index].paid - sale.lines[index].refunded
      sale.lines[index].refunded += Amount(
        Int64.random(in: 0...left.minorUnits, using: &chance))
    }
    for index in sale.lines.indices { sale.lines[index].refunded = sale.lines[index].paid }
    let undone = try tree.plan.settle(sale, snapshot)
    try conserved(undone, sale, bound)
    #expect(undone.payees.allSatisfy { $0.amount == .zero })
    #expect(undone.supplier == .zero && undone.platform == .zero)
  }

  private func conserved(_ settlement: Settlement, _ sale: Sale, _ bound: Int64) throws {
    for (index, line) in settlement.lines.enumerated() {
      let net = sale.lines[index].paid - sale.lines[index].refunded
      let shares = line.shares.reduce(Amount.zero) { $0 + $1.amount }
      #expect(line.net == net)
      #expect(line.supplier + line.platform + shares == net)
      #expect(line.supplier >= .zero && line.shares.allSatisfy { $0.amount >= .zero })
      #expect(shares.minorUnits * 1_000_000 <= net.minorUnits * bound)
    }
    let shares = settlement.payees.reduce(Amount.zero) { $0 + $1.amount }
    #expect(settlement.supplier + settlement.platform + shares == settlement.net)
  }

  @Test(
    "The worst-case payout is what the dearest tree takes of the price",
    arguments: [
      ("wanwu", ["fundedBy": .text("platform")], 500_000),
      ("wanwu", ["fundedBy": .text("seller")], 400_000), ("fengxiang", [:], 440_000),
      ("fengxiang", ["hostOverridePpm": .integer(1_000_000)], 800_000), ("shuai", [:], 400_000),
      ("youpin", [:], 400_000),
    ] as [(String, [String: PlanValue], Int64)])
  func worstCase(name: String, parameters: [String: PlanValue], bound: Int64) throws {
    #expect(try Plan.shipped(name, parameters: parameters).worstCasePayoutPpm == bound)
  }

  @Test("The order of refunds does not matter")
  func refundOrder() throws {
    // Settled from what has been returned in all, so two orders pass through other sums and must
    // still post the same total of differences.
    var tree = Organisation(try Plan.shipped("wanwu"))
    try tree.join("S", rank: "senior")
    try tree.join("X", inviter: "S")
    let snapshot = tree.snapshot(seller: "X")
    func posted(_ refunds: [Int64]) throws -> [String: Int64] {
      var posted = try tree.earnings(sale(9999), snapshot)
      var before = posted
      var refunded: Int64 = 0
      for refund in refunds {
        refunded += refund
        let now = try tree.earnings(sale(9999, refunded: refunded), snapshot)
        for (payee, amount) in now { posted[payee, default: 0] += amount - (before[payee] ?? 0) }
        before = now
      }
      return posted
    }
    let expected = try tree.earnings(sale(9999, refunded: 3338), snapshot)
    for refunds: [Int64] in [[1, 4, 3333], [3333, 4, 1], [4, 3333, 1], [3338]] {
      #expect(try posted(refunds) == expected)
    }
  }
}
