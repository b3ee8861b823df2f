// The plan `fengxiang`: the pool between promoter and host, and the host's inviter.
// Source: domain.md, section 5.2.
import Commerce
import Commission
import Testing

@Suite("Fengxiang")
struct FengxiangTests {
  private func tree(_ parameters: [String: PlanValue] = [:]) throws -> Organisation {
    var tree = Organisation(try Plan.shipped("fengxiang", parameters: parameters))
    try tree.join("R")
    try tree.join("H", inviter: "R")
    try tree.join("P")
    return tree
  }

  @Test("The figures of a sale and of its refund in part agree to the fen")
  func figures() throws {
    let tree = try tree()
    let snapshot = tree.snapshot(host: "H", promoter: "P", pact: 300_000)
    let before = try tree.plan.settle(sale(9999, cost: 6001, ratePpm: 150_000), snapshot)
    #expect(before.total(of: id("P")) == Amount(449))
    #expect(before.total(of: id("H")) == Amount(1050))
    #expect(before.total(of: id("R")) == Amount(105))
    #expect(before.supplier == Amount(6001))
    #expect(before.platform == Amount(2394))
    let after = try tree.plan.settle(
      sale(9999, refunded: 3333, cost: 6001, ratePpm: 150_000), snapshot)
    #expect(after.total(of: id("P")) == Amount(299))
    #expect(after.total(of: id("H")) == Amount(700))
    #expect(after.total(of: id("R")) == Amount(70))
    #expect(after.supplier == Amount(4000))
    #expect(after.platform == Amount(1597))
  }

  @Test(
    "The promoter's part is rounded down and the host takes the rest of the pool",
    arguments: [
      (0, 0, 2000), (1, 0, 2000), (499, 0, 2000), (500, 1, 1999), (300_000, 600, 1400),
      (999_999, 1999, 1), (1_000_000, 2000, 0),
    ])
  func pact(ppm: Int32, promoter: Int64, host: Int64) throws {
    let tree = try tree(["hostOverridePpm": .integer(0)])
    #expect(
      try tree.earnings(
        sale(10_000), tree.snapshot(host: "H", promoter: "P", pact: ppm))
        == ["P": promoter, "H": host, "R": 0])
  }

  @Test("A room without a pact has the plan's own")
  func standardPact() throws {
    let snapshot = try tree().snapshot(host: "H", promoter: "P")
    #expect(try tree().earnings(sale(10_000), snapshot) == ["P": 600, "H": 1400, "R": 140])
    let other = try tree(["pactPpm": .integer(500_000)])
    #expect(try other.earnings(sale(10_000), snapshot) == ["P": 1000, "H": 1000, "R": 100])
  }

  @Test("Without a promoter the host takes the whole pool")
  func alone() throws {
    let tree = try tree()
    let whole: [String: Int64] = ["H": 2000, "R": 200]
    #expect(try tree.earnings(sale(10_000), tree.snapshot(host: "H")) == whole)
    // Nor is somebody a promoter who is no member, or the host.
    #expect(try tree.earnings(sale(10_000), tree.snapshot(host: "H", promoter: "V")) == whole)
    #expect(try tree.earnings(sale(10_000), tree.snapshot(host: "H", promoter: "H")) == whole)
  }

  @Test("Who sells without a room stands as the host")
  func withoutRoom() throws {
    let tree = try tree()
    #expect(try tree.earnings(sale(10_000), tree.snapshot(seller: "H")) == ["H": 2000, "R": 200])
    #expect(
      try tree.earnings(sale(10_000), tree.snapshot(seller: "H", promoter: "P"))
        == ["P": 600, "H": 1400, "R": 140])
  }

  @Test("Without an inviter nobody gets the override, and the explanation says so")
  func noInviter() throws {
    let tree = try tree()
    let settlement = try tree.plan.settle(sale(10_000), tree.snapshot(host: "P"))
    #expect(settlement.payees.map(\.payee) == [id("P")])
    #expect(settlement.withheld.map(\.rule) == ["promoter", "hostOverride"])
    #expect(
      settlement.explanation(by: tree.plan, in: .english).last
        == "Nobody earns override on the live sales of a host whom one brought in: "
        + "there is nobody as the host's inviter. Rule hostOverride of fengxiang v1.")
  }

  @Test("Who is both promoter and the host's inviter gets two shares")
  func twoShares() throws {
    let tree = try tree()
    let settlement = try tree.plan.settle(
      sale(10_000), tree.snapshot(host: "H", promoter: "R"))
    #expect(settlement.lines[0].shares.map(\.rule) == ["promoter", "host", "hostOverride"])
    #expect(settlement.total(of: id("R")) == Amount(740))
    #expect(settlement.payees.map(\.payee) == [id("R"), id("H")])
  }

  @Test("Invite codes are a quota of settled sales")
  func quota() throws {
    let plan = try Plan.shipped("fengxiang", parameters: ["inviteCodePer": .integer(5000)])
    #expect(plan.quotas.map(\.id) == ["inviteCode"])
    #expect(plan.quotas.map(\.settledSalesPerUnit) == [Amount(5000)])
  }
}
