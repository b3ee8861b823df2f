// The quota of invite codes: earned, reserved, consumed, returned, clawed back; and joining by code.

import Commerce
import Commission
import Coordination
import Testing

@Suite("Invite codes")
struct InviteTests {
  /// A code per 10 000; H hosts room r1, P promotes.
  private func shop(inviteOnly: Bool = false, plan: String = "fengxiang") throws -> Shop {
    let parameters: [String: PlanValue] =
      plan == "fengxiang" ? ["inviteCodePer": .integer(10_000)] : [:]
    let shop = try Shop(Plan.shipped(plan, parameters: parameters))
    try shop.join("H", "P")
    try shop.open()
    if inviteOnly { try shop.configure(inviteOnly: true) }
    return shop
  }

  /// Sells an order through P and releases it.
  private func settle(_ order: String, _ paid: Int64, in shop: Shop) throws {
    try shop.sell(order, promoter: "P", lines: [line(paid, cost: 0)])
    try shop.accept(shop.deliver(order))
    shop.wait(days: 8)
    try shop.release()
  }

  @Test(
    "A code is earned by every full price of settled sales",
    arguments: [(9_999, 0), (10_000, 1), (10_001, 1), (19_999, 1), (20_000, 2), (0, 0)])
  func earned(paid: Int64, codes: Int64) throws {
    let shop = try shop()
    try shop.sell("o1", promoter: "P", lines: [line(paid, cost: 0)])
    #expect(shop.quota("P").earned == 0, "pending sales earn nothing")
    try shop.accept(shop.deliver("o1"))
    shop.wait(days: 8)
    try shop.release()
    #expect(shop.quota("P").earned == codes)
    #expect(shop.quota("H") == QuotaAccount(), "the host's sale is the promoter's")
    #expect(try shop.invite("c1") == (codes == 0 ? .quotaExhausted : nil))
  }

  @Test("What is left over counts with the next order, and the entries name both")
  func remainder() throws {
    let shop = try shop()
    try settle("o1", 6_000, in: shop)
    try settle("o2", 6_000, in: shop)
    let entries = shop.entries("P")
    #expect(entries.map(\.units) == [0, 1])
    #expect(entries.map(\.order) == [OrderID(trusted: "o1"), OrderID(trusted: "o2")])
    #expect(QuotaFunding.of(entries)[2] == [.init("o1", 6_000), .init("o2", 4_000)])
  }

  @Test("Reserved, withdrawn, reserved again, consumed: what is left follows")
  func movements() throws {
    let shop = try shop()
    try settle("o1", 10_000, in: shop)
    #expect(try shop.invite("c1") == nil)
    #expect(try shop.invite("c2") == .quotaExhausted)
    #expect(try shop.accept(shop.invitation("c1")).isRepeat)
    try shop.accept(.withdrawInvite(InviteID(trusted: "c1")), by: .person(person("P")))
    #expect(try shop.accept(.withdrawInvite(InviteID(trusted: "c1"))).isRepeat)
    #expect(shop.quota("P").left == 1)
    #expect(try shop.invite("c2") == nil)
    #expect(try shop.join("N", code: "c2") == nil)
    #expect(shop.entries("P").map(\.kind) == [.earned, .reserved, .returned, .reserved, .consumed])
    #expect(shop.entries("P").map(\.left) == [1, 0, 1, 0, 0])
    #expect(shop.member("N")?.inviter == person("P"))
    #expect(shop.state("c2") == .consumed && shop.state("c1") == .withdrawn)
    #expect(try shop.refusal(.withdrawInvite(InviteID(trusted: "c2"))) == .inviteUsed)
    #expect(QuotaFunding.of(shop.entries("P"))[4] == [.init("o1", 10_000)])
  }

  @Test("A code is nobody's business but its owner's and the staff's")
  func owners() throws {
    let shop = try shop()
    try settle("o1", 10_000, in: shop)
    try shop.accept(shop.invitation("c1"))
    let withdrawal = Command.withdrawInvite(InviteID(trusted: "c1"))
    #expect(try shop.refusal(withdrawal, by: .person(person("H"))) == .inviteUnknown)
    #expect(try shop.refusal(shop.invitation("c1", of: "H")) == .idempotencyConflict)
    #expect(try shop.refusal(shop.invitation("c9", of: "X")) == .unknownMember)
  }

  @Test("Joining by code is refused with the reason why it cannot be used")
  func refusals() throws {
    let shop = try shop(inviteOnly: true)
    try settle("o1", 40_000, in: shop)
    for code in ["c1", "c2", "c3"] { try shop.accept(shop.invitation(code)) }
    #expect(try shop.join("N", code: nil) == .inviteNeeded)
    #expect(try shop.join("N", code: "x") == .inviteUnknown)
    #expect(try shop.join("N", code: "c1", inviter: "H") == .invalidField)
    #expect(try shop.join("N", code: "c1", inviter: "P") == nil)
    #expect(try shop.join("O", code: "c1") == .inviteUsed)
    try shop.accept(.withdrawInvite(InviteID(trusted: "c2")))
    #expect(try shop.join("O", code: "c2") == .inviteWithdrawn)
    shop.wait(Shop.validMilliseconds)
    #expect(try shop.join("O", code: "c3") == .inviteExpired)
    shop.wait(-1)
    #expect(try shop.join("O", code: "c3") == nil)
  }

  @Test("The same joining reported again is a repeat, with another code it is not")
  func repeats() throws {
    let shop = try shop()
    try settle("o1", 20_000, in: shop)
    for code in ["c1", "c2"] { try shop.accept(shop.invitation(code)) }
    #expect(try shop.join("N", code: "c1") == nil)
    #expect(try shop.join("N", code: "c1") == nil)
    #expect(shop.quota("P").consumed == 1)
    #expect(try shop.join("N", code: "c2") == .memberExists)
  }

  @Test("A code that expires unused can be had back")
  func expiry() throws {
    let shop = try shop()
    try settle("o1", 10_000, in: shop)
    try shop.accept(shop.invitation("c1"))
    shop.wait(Shop.validMilliseconds - 1)
    #expect(try shop.invite("c2") == .quotaExhausted)
    shop.wait(1)
    #expect(try shop.invite("c2") == nil)
    #expect(shop.state("c1") == .expired)
    #expect(shop.entries("P").map(\.kind) == [.earned, .reserved, .returned, .reserved])
  }

  @Test("A refund after release takes unused codes back, the latest first")
  func clawback() throws {
    let shop = try shop()
    try settle("o1", 20_000, in: shop)
    for code in ["c1", "c2"] { try shop.accept(shop.invitation(code)) }
    try shop.accept(shop.refund("o1", "x1", [(0, 1)]))
    #expect(shop.state("c1") == .open && shop.state("c2") == .revoked)
    #expect(try shop.join("N", code: "c2") == .inviteWithdrawn)
    #expect(shop.quota("P").left == 0)
    #expect(shop.entries("P").map(\.kind).suffix(2) == [.clawedBack, .revoked])
    #expect(shop.entries("P").map(\.left).suffix(2) == [-1, 0])
  }

  @Test("A used code whose sales are refunded leaves a shortfall that later sales make good")
  func shortfall() throws {
    let shop = try shop()
    try settle("o1", 10_000, in: shop)
    try shop.accept(shop.invitation("c1"))
    #expect(try shop.join("N", code: "c1") == nil)
    try shop.accept(shop.refund("o1", "x1"))
    #expect(shop.quota("P").left == -1)
    #expect(shop.state("c1") == .consumed && shop.member("N") != nil)
    try settle("o2", 10_000, in: shop)
    #expect(shop.quota("P").left == 0)
    #expect(try shop.invite("c2") == .quotaExhausted)
    try settle("o3", 10_000, in: shop)
    #expect(try shop.invite("c2") == nil)
    let funding = QuotaFunding.of(shop.entries("P"))
    #expect(funding[3] == [.init("o1", 10_000)], "what it was given out on, as it was then")
    #expect(funding[5] == [.init("o2", 10_000)])
  }

  @Test("A refund before release only lowers what the release will earn")
  func early() throws {
    let shop = try shop()
    try shop.sell("o1", promoter: "P", lines: [line(10_000, cost: 0)])
    try shop.accept(shop.refund("o1", "x1", [(0, 1)]))
    try shop.accept(shop.deliver("o1"))
    shop.wait(days: 8)
    try shop.release()
    #expect(shop.quota("P").earned == 0)
    #expect(shop.entries("P").map(\.amount) == [Amount(9_999)])
  }

  @Test("An order earns and claws back at the price pinned by its plan")
  func price() throws {
    let shop = try shop()
    try settle("o1", 10_000, in: shop)
    try shop.configure(
      plan: Plan.shipped("fengxiang", parameters: ["inviteCodePer": .integer(2_500)]))
    try settle("o2", 5_000, in: shop)
    #expect(shop.quota("P").earned == 3)
    try shop.accept(shop.refund("o1", "x1", [(0, 2_500)]))
    #expect(shop.quota("P").earned == 2)
    try shop.accept(shop.refund("o2", "x2", [(0, 2_500)]))
    #expect(shop.quota("P").earned == 1)
  }

  @Test(
    "A refund breaks up a unit with the order in it, free ones first, and what is left fills anew")
  func brokenUnits() throws {
    let shop = try shop()
    for (order, paid) in [("o1", 10_000), ("o2", 6_000), ("o3", 14_000)] as [(String, Int64)] {
      try settle(order, paid, in: shop)
    }
    try shop.accept(shop.invitation("c1"))
    // Units: o1; o2 and 4000 of o3; 10000 of o3. The last is free and has o3 in it.
    try shop.accept(shop.refund("o3", "x1", [(0, 9_000)]))
    try shop.accept(shop.invitation("c2"))
    try shop.accept(shop.refund("o1", "x2", [(0, 2_000)]))
    #expect(shop.state("c2") == .revoked && shop.state("c1") == .open)
    #expect(try shop.join("N", code: "c1") == nil)
    let entries = shop.entries("P")
    #expect(
      entries.map(\.kind) == [
        .earned, .earned, .earned, .reserved, .clawedBack, .reserved, .clawedBack, .revoked,
        .consumed,
      ])
    let funding = QuotaFunding.of(entries)
    #expect(funding[4] == [.init("o1", 10_000)])
    #expect(funding[5] == [.init("o3", -9_000)])
    #expect(funding[6] == [.init("o2", 6_000), .init("o3", 4_000)])
    #expect(funding[9] == funding[6], "what is left pays for the code that is still out")
  }

  @Test("A plan without the quota does not limit codes")
  func unlimited() throws {
    let shop = try shop(inviteOnly: true, plan: "wanwu")
    for code in ["c1", "c2"] { try shop.accept(shop.invitation(code)) }
    #expect(try shop.join("N", code: "c1") == nil)
    #expect(shop.quota("P") == QuotaAccount())
    try shop.accept(.withdrawInvite(InviteID(trusted: "c2")))
    #expect(shop.entries("P").isEmpty)
  }
}

extension Shop {
  static let validMilliseconds: Int64 = 86_400_000

  func invitation(_ code: String, of promoter: String = "P") -> Command {
    .createInvite(
      Invite(
        id: InviteID(trusted: code), promoter: person(promoter), issuedAt: now,
        expiresAt: now.advanced(byMilliseconds: Shop.validMilliseconds)))
  }

  func invite(_ code: String) throws -> RejectionCode? { try refusal(invitation(code)) }

  func join(_ name: String, code: String?, inviter: String? = nil) throws -> RejectionCode? {
    try refusal(
      .join(
        member: person(name), name: name, inviter: inviter.map(person), rank: nil, at: now,
        invite: code.map { InviteID(trusted: $0) }))
  }

  func configure(inviteOnly: Bool = false, plan: Plan? = nil) throws {
    try accept(
      .configureStorefront(
        Storefront(
          id: Shop.id, name: "Shop", currency: .cny, zone: .shanghai,
          precedence: [.code, .visit, .lock], visitHoldMilliseconds: Storefront.visitHoldDefault,
          unpaidHoldMilliseconds: Storefront.unpaidHoldDefault, planVersion: 1, createdAt: now,
          inviteOnly: inviteOnly), plan: plan ?? self.plan, risks: .trial))
  }

  func member(_ name: String) -> Member? {
    guard case .member(let found)? = store.records[.member(Shop.id, person(name))] else {
      return nil
    }
    return found
  }

  func quota(_ member: String) -> QuotaAccount {
    guard case .quota(let found)? = store.records[.quota(Shop.id, person(member))] else {
      return QuotaAccount()
    }
    return found
  }

  func entries(_ member: String) -> [QuotaEntry] {
    (0..<quota(member).entries).compactMap { index in
      let key = Key.quotaEntry(Shop.id, person(member), index + 1)
      if case .quotaEntry(let entry)? = store.records[key] { return entry }
      return nil
    }
  }

  func state(_ code: String) -> InviteState? {
    guard case .invite(let found)? = store.records[.invite(Shop.id, InviteID(trusted: code))] else {
      return nil
    }
    return found.state
  }
}

extension QuotaFunding.Part {
  fileprivate init(_ order: String, _ amount: Int64) {
    self.init(order: OrderID(trusted: order), amount: Amount(amount))
  }
}
