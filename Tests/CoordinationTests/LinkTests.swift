// Share links: who may make one, and how each fault of a link is judged. Source: domain.md, section
// 2.

import Commerce
import Coordination
import Notation
import Testing

@Suite("Share links")
struct LinkTests {
  private let r1 = RoomID(trusted: "r1")

  private func shop() throws -> Shop {
    let shop = try Shop()
    try shop.join("H", "P", "Q")
    try shop.open()
    return shop
  }

  private func link(
    _ id: String = "l1", promoter: String = "P", room: String? = "r1", sku: String? = nil,
    maximumUses: Int64? = nil
  ) -> Link {
    Link(
      id: LinkID(trusted: id), text: "text-of-\(id)", promoter: person(promoter),
      room: room.map { RoomID(trusted: $0) }, sku: sku.map { SKUID(trusted: $0) }, channel: "",
      expiresAt: expiry, maximumUses: maximumUses,
      issuedAt: Shop.start)
  }

  private var expiry: Timestamp { Shop.start.advanced(byMilliseconds: 1_000) }

  private func signed(
    _ id: String = "l1", storefront: StorefrontID = Shop.id, promoter: String = "P",
    room: String? = "r1", maximumUses: Int64? = nil
  ) -> LinkEvidence {
    .genuine(
      SignedLink(
        id: LinkID(trusted: id), storefront: storefront, promoter: person(promoter),
        room: room.map { RoomID(trusted: $0) }, channel: "", expiresAt: expiry,
        maximumUses: maximumUses))
  }

  /// What opening a link comes to: nothing where it was accepted.
  private func reason(
    _ shop: Shop, _ evidence: LinkEvidence, viewer: String = "v", at: Timestamp? = nil
  ) throws -> String? {
    let answer = try shop.accept(
      .touch(viewer: person(viewer), evidence, at: at ?? shop.now)
    ).reply
    #expect(answer["accepted"]?.bool == (answer["reason"] == nil))
    return answer["reason"]?.text
  }

  @Test("A good link locks, counts as a visit, and uses itself up once for each viewer")
  func goodLink() throws {
    let shop = try shop()
    try shop.accept(.createLink(link()))
    #expect(try shop.accept(.createLink(link())).isRepeat)
    for viewer in ["v", "v", "w"] { #expect(try reason(shop, signed(), viewer: viewer) == nil) }
    guard case .link(let kept)? = shop.store.records[.link(Shop.id, LinkID(trusted: "l1"))] else {
      throw Shop.Missing(name: "l1")
    }
    #expect(kept.uses == 2)
    #expect(shop.earnings("P", in: "r1").viewersBrought == 2)
  }

  @Test("Every fault of a link has its own reason, is counted for its owner, and binds nobody")
  func badLinks() throws {
    let shop = try shop()
    try shop.accept(.createLink(link("revoked")))
    try shop.accept(.revokeLink(LinkID(trusted: "revoked")))
    let foreign = signed(storefront: StorefrontID(trusted: "other"))
    let cases: [(evidence: LinkEvidence, reason: RejectionCode, owner: String?)] = [
      (.rejected(.linkMalformed, claimed: nil), .linkMalformed, nil),
      (.rejected(.linkAltered, claimed: person("P")), .linkAltered, "P"),
      (.rejected(.linkAltered, claimed: person("nobody")), .linkAltered, nil),
      (foreign, .linkForeign, nil),
      (signed("revoked"), .linkRevoked, "P"),
      (signed(promoter: "nobody"), .unknownMember, nil),
      (signed(room: "r9"), .unknownRoom, "P"),
      (signed(promoter: "H"), .ownRoom, "H"),
      (signed(maximumUses: 0), .linkExhausted, "P"),
    ]
    for (index, example) in cases.enumerated() {
      let before = example.owner.map { refusals(shop, $0, example.reason) }
      let viewer = "viewer\(index)"
      #expect(try reason(shop, example.evidence, viewer: viewer) == example.reason.rawValue)
      #expect(shop.store.records[.viewer(Shop.id, person(viewer))] == nil)
      #expect(shop.store.records[.visits(Shop.id, person(viewer), r1)] == nil)
      if let owner = example.owner, let before {
        #expect(refusals(shop, owner, example.reason) == before + 1)
      }
    }
    #expect(refusals(shop, "nobody", .linkAltered) == 0)
    #expect(try reason(shop, signed(room: nil), viewer: "P") == "self_lock")
  }

  private func refusals(_ shop: Shop, _ owner: String, _ code: RejectionCode) -> Int64 {
    guard case .linkRefusals(let kept)? = shop.store.records[.linkRefusals(Shop.id, person(owner))]
    else { return 0 }
    return kept.counts.first { $0.code == code }?.count ?? 0
  }

  @Test("A link is valid before its expiry, not from it on", arguments: [-1, 0, 1] as [Int64])
  func expires(_ offset: Int64) throws {
    let shop = try shop()
    let found = try reason(shop, signed(), at: expiry.advanced(byMilliseconds: offset))
    #expect(found == (offset < 0 ? nil : "link_expired"))
  }

  @Test("A link brings as many viewers as it may, and not one more")
  func exhaustion() throws {
    let shop = try shop()
    try shop.accept(.createLink(link(maximumUses: 2)))
    let evidence = signed(maximumUses: 2)
    #expect(try reason(shop, evidence, viewer: "a") == nil)
    #expect(try reason(shop, evidence, viewer: "a") == nil)
    #expect(try reason(shop, evidence, viewer: "b") == nil)
    #expect(try reason(shop, evidence, viewer: "c") == "link_exhausted")
  }

  @Test("Whoever a link has brought may open it again after it is used up", arguments: ["r1", nil])
  func exhaustedAgain(room: String?) throws {
    let shop = try shop()
    try shop.accept(.createLink(link(room: room, maximumUses: 1)))
    let evidence = signed(room: room, maximumUses: 1)
    #expect(try reason(shop, evidence, viewer: "a") == nil)
    try shop.touch("a", "Q")
    #expect(try reason(shop, evidence, viewer: "a") == nil)
    #expect(try reason(shop, evidence, viewer: "b") == "link_exhausted")
    #expect(refusals(shop, "P", .linkExhausted) == 1)
    guard case .link(let kept)? = shop.store.records[.link(Shop.id, LinkID(trusted: "l1"))] else {
      throw Shop.Missing(name: "l1")
    }
    #expect(kept.uses == 1)
  }

  @Test("Nobody makes a link that could not be used, or takes back another's")
  func making() throws {
    let shop = try shop()
    #expect(try shop.refusal(.createLink(link(promoter: "nobody"))) == .unknownMember)
    #expect(try shop.refusal(.createLink(link(promoter: "H"))) == .ownRoom)
    #expect(try shop.refusal(.createLink(link(room: "r9"))) == .unknownRoom)
    #expect(try shop.refusal(.createLink(link(sku: "none"))) == .unknownSKU)
    try shop.accept(.createLink(link()))
    let id = LinkID(trusted: "l1")
    #expect(try shop.refusal(.revokeLink(id), by: .person(person("Q"))) == .notYourLink)
    #expect(try !shop.accept(.revokeLink(id), by: .person(person("P"))).isRepeat)
    #expect(try shop.accept(.revokeLink(id), by: .person(person("P"))).isRepeat)
    #expect(try shop.refusal(.revokeLink(LinkID(trusted: "none"))) == .unknownLink)
    try shop.end()
    #expect(try shop.refusal(.createLink(link("l2"))) == .roomState)
  }
}
