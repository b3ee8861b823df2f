// Quotes before a sale, explanations after it, and the two plans that pay one payee.
import Commerce
import Commission
import Testing

@Suite("Quotes and explanations")
struct QuoteTests {
  private func quote(
    _ tree: Organisation, _ host: String, price: Int64, ratePpm: Int32 = 200_000,
    pact: Int32? = nil
  ) throws -> [Int64] {
    let quote = try tree.plan.quote(
      price: Amount(price), rate: Rate(trusted: ratePpm),
      pact: pact.map { Rate(trusted: $0) }, host: id(host), standing: tree.standing
    ).get()
    return [quote.alone, quote.withPromoter, quote.promoter].map(\.minorUnits)
  }

  @Test("A host's earning on one unit is exact, alone and with a promoter")
  func fengxiang() throws {
    var tree = Organisation(try Plan.shipped("fengxiang"))
    try tree.join("H")
    #expect(try quote(tree, "H", price: 3333, ratePpm: 150_000) == [499, 350, 149])
    #expect(try quote(tree, "H", price: 3333, ratePpm: 150_000, pact: 500_000) == [499, 250, 249])
    #expect(try quote(tree, "H", price: 0) == [0, 0, 0])
  }

  @Test("A quote knows what the host's head takes under the plan in force")
  func wanwu() throws {
    var tree = Organisation(
      try Plan.shipped("wanwu", parameters: ["fundedBy": .text("seller")]))
    try tree.join("S", rank: "senior")
    try tree.join("H", inviter: "S")
    #expect(try quote(tree, "H", price: 20_000) == [3000, 0, 4000])
    #expect(try quote(tree, "S", price: 20_000) == [4000, 0, 4000])
  }

  @Test("A quote that no sale could have is refused")
  func refused() throws {
    var tree = Organisation(try Plan.shipped("wanwu"))
    try tree.join("H")
    #expect(throws: SettlementRefusal.amountOutOfRange(line: 0)) {
      try quote(tree, "H", price: -1)
    }
    #expect(throws: SettlementRefusal.self) { try quote(tree, "H", price: 1, ratePpm: 1) }
  }

  @Test("An explanation tells rule, base, rate, rounding, deduction and plan")
  func explanation() throws {
    var tree = Organisation(
      try Plan.shipped("wanwu", parameters: ["fundedBy": .text("seller")]))
    try tree.join("S", rank: "senior")
    try tree.join("X", inviter: "S")
    let settlement = try tree.plan.settle(sale(9999), tree.snapshot(seller: "X"))
    #expect(
      settlement.explanation(by: tree.plan, in: .english) == [
        "Line 1: X earns 15.00 CNY as the seller's commission: 100% of 19.99 CNY "
          + "(the line's commission), rounded down, is 19.99 CNY; less 4.99 CNY that this share "
          + "pays to others, 15.00 CNY. Rule seller of wanwu v1.",
        "Line 1: S earns 4.99 CNY as 25 % of the seller's profit: 25% of 19.99 CNY "
          + "(the seller's commission), rounded down, is 4.99 CNY. Rule override of wanwu v1.",
      ])
    #expect(
      settlement.explanation(by: tree.plan, in: .chinese, for: id("S")) == [
        "第1行：S 获得 4.99 CNY，店主利润的25%：店主佣金 19.99 CNY 的 25%，向下取整为 4.99 CNY。"
          + "规则 override，wanwu v1。"
      ])
  }

  @Test("An explanation tells the head who earns nothing why")
  func whyNot() throws {
    var tree = Organisation(try Plan.shipped("wanwu"))
    try tree.join("G", rank: "gold")
    try tree.join("B", inviter: "G")
    try tree.join("C", inviter: "B")
    let below = try tree.plan.settle(sale(20_000), tree.snapshot(seller: "C"))
    #expect(below.withheld.map(\.member) == [id("G")])
    #expect(
      below.explanation(by: tree.plan, in: .english, for: id("G")) == [
        "G does not earn 25 % of the seller's profit: a gold head earns only on sellers whom "
          + "they invited directly. Rule override of wanwu v1."
      ])
    try tree.promote("B", to: "gold")
    let separated = try tree.plan.settle(sale(20_000), tree.snapshot(seller: "B"))
    #expect(
      separated.explanation(by: tree.plan, in: .chinese, for: id("G")) == [
        "G 未获得店主利润的25%：店主已分离，邀请人的等级不保留其店铺利润。规则 override，wanwu v1。"
      ])
    try tree.join("L")
    let alone = try tree.plan.settle(sale(20_000), tree.snapshot(seller: "L"))
    #expect(
      alone.explanation(by: tree.plan, in: .english, for: id("G")) == [
        "Nobody earns 25 % of the seller's profit: there is nobody as a gold or senior member "
          + "above the seller. Rule override of wanwu v1."
      ])
  }

  @Test("Under shuai the commission is the locker's, and without one the host's")
  func shuai() throws {
    var tree = Organisation(try Plan.shipped("shuai"))
    try tree.join("H")
    try tree.join("L")
    #expect(
      try tree.earnings(sale(10_000), tree.snapshot(host: "H", promoter: "L")) == ["L": 2000])
    #expect(try tree.earnings(sale(10_000), tree.snapshot(host: "H")) == ["H": 2000])
  }

  @Test("Under youpin a team takes its part out of its promoter's commission")
  func youpin() throws {
    var tree = Organisation(try Plan.shipped("youpin"))
    try tree.join("T", rank: "team")
    try tree.join("P", inviter: "T")
    try tree.join("Q")
    #expect(
      try tree.earnings(sale(10_000), tree.snapshot(promoter: "P")) == ["P": 1600, "T": 400])
    #expect(try tree.earnings(sale(10_000), tree.snapshot(promoter: "Q")) == ["Q": 2000])
  }
}
