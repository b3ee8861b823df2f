// Faults that a hostile reading of the core found, each with the sequence that showed it.

import Commerce
import Commission
import Coordination
import Ledger
import Notation
import Testing

@Suite("What a hostile caller tried")
struct AttackTests {
  private func shop() throws -> Shop {
    let shop = try Shop()
    try shop.join("H", "P", "Q")
    try shop.open()
    return shop
  }

  private func moment(day: Int64, hour: Int64 = 0) -> Timestamp {
    Shop.start.advanced(byMilliseconds: (day * 24 + hour) * 3_600_000)
  }

  // MARK: Books that are full

  @Test(
    "A balance that would leave 64 bits refuses the payment and leaves the server standing",
    arguments: [Account.buyers, .platform, .supplier(SupplierID(trusted: "supplier"))])
  func fullBooks(account: Account) throws {
    let shop = try shop()
    try shop.accept(shop.report("o1"))
    shop.auditsAlways = false
    var full = Changes()
    let sign: Int64 = account == .buyers ? -1 : 1
    full.set(.balance(Shop.id, account), .balance(Amount(sign * (Int64.max - 100))))
    shop.store.commit(full)
    #expect(try shop.refusal(shop.pay("o1")) == .invalidField)
  }

  @Test("Turnover that would leave 64 bits refuses the payment, also where everything is refunded")
  func fullTurnover() throws {
    let shop = try shop()
    try shop.accept(shop.report("o1"))
    shop.auditsAlways = false
    var full = Changes()
    full.set(
      .storefrontProgress(Shop.id),
      .storefrontProgress(StorefrontProgress(gmv: Amount(Int64.max - 1))))
    shop.store.commit(full)
    let result = try Coordinator(store: shop.store).decide(
      shop.pay("o1"), by: .system, storefront: Shop.id, at: shop.now)
    guard case .failure(let rejection) = result else { throw Shop.Missing(name: "a refusal") }
    #expect(rejection.code == .invalidField)
  }

  // MARK: Facts that arrive early or late

  @Test(
    "All was given back before the payment is known, and less was paid than placed: nothing is left"
  )
  func everythingBackFirst() throws {
    let early = try shop()
    try early.accept(early.report("o1", promoter: "P"))
    try early.accept(early.refund("o1", "back"))
    try early.accept(early.pay("o1", paid: [LineAmount(line: 0, amount: Amount(9_000))]))
    let late = try shop()
    try late.accept(late.report("o1", promoter: "P"))
    try late.accept(late.pay("o1", paid: [LineAmount(line: 0, amount: Amount(9_000))]))
    try late.accept(late.refund("o1", "back"))
    for shop in [early, late] {
      #expect(try shop.order("o1").state == .refunded)
      #expect(try shop.order("o1").lines[0].refunded == Amount(9_000))
      #expect(shop.balance(.buyers) == 0)
    }
    // A part that is more than what was paid still contradicts the payment.
    try early.accept(early.report("o2"))
    try early.accept(early.refund("o2", "part", [(0, 9_500)]))
    let paid = [LineAmount(line: 0, amount: Amount(9_000))]
    #expect(try early.refusal(early.pay("o2", paid: paid)) == .refundExceedsPaid)
  }

  @Test("Days that two disputes cover hold a release up once, in whatever order they were reported")
  func overlappingDisputes() throws {
    let zone = TimeZoneTable.shanghai
    let received = moment(day: 0)
    func due(_ disputes: [(Int64, Int64)]) -> Int64 {
      let due = ReleaseCalendar.due(
        from: received,
        disputes: disputes.map {
          Dispute(
            id: FactID(trusted: "q"), from: moment(day: $0.0), until: moment(day: $0.1))
        },
        zone: zone)
      return zone.day(at: due).daysSinceEpoch - zone.day(at: received).daysSinceEpoch
    }
    #expect(due([]) == 8)
    #expect(due([(1, 5)]) == 12)
    #expect(due([(1, 5), (3, 6)]) == 13)
    #expect(due([(3, 6), (1, 5)]) == 13)
    #expect(due([(1, 6), (2, 3)]) == 13)
    #expect(due([(1, 3), (3, 5)]) == 12)
    #expect(due([(1, 3), (4, 5)]) == 11)
  }

  @Test("A touch from before a link was revoked counts, however late it is reported")
  func revokedLater() throws {
    let shop = try shop()
    let id = LinkID(trusted: "l1")
    try shop.accept(
      .createLink(
        Link(
          id: id, text: "t", promoter: person("P"), room: nil, sku: nil, channel: "",
          expiresAt: moment(day: 30), maximumUses: nil, issuedAt: Shop.start)))
    shop.now = moment(day: 2)
    try shop.accept(.revokeLink(id))
    shop.now = moment(day: 3)
    func open(_ viewer: String, day: Int64) throws -> JSON {
      try shop.accept(
        .touch(
          viewer: person(viewer),
          .genuine(
            SignedLink(
              id: id, storefront: Shop.id, promoter: person("P"), room: nil, channel: "",
              expiresAt: moment(day: 30), maximumUses: nil)), at: moment(day: day))
      ).reply
    }
    #expect(try open("v", day: 1)["accepted"] == true)
    #expect(try open("w", day: 2)["reason"]?.text == "link_revoked")
    #expect(try open("w", day: 3)["reason"]?.text == "link_revoked")
  }

  @Test("Old touches that are reported late do not push out the newest one")
  func lateTouches() throws {
    let shop = try shop()
    shop.now = moment(day: 1)
    try shop.touch("v", "P", at: moment(day: 1))
    for hour in Int64(0)..<8 { try shop.touch("v", "Q", at: moment(day: 0, hour: hour)) }
    let answer = try shop.accept(shop.report("o1")).reply
    #expect(answer["promoter"]?.text == "P")
    #expect(answer["attributedBy"]?.text == "visit")
  }
}
