// Two storefronts on one server: with every scope in one of them, nothing of the other can be read or
// changed, whatever ids are named.

import Commerce
import Notation
import Testing
import Wire

@testable import Server

@Suite("Delivery: storefronts are apart")
struct DeliveryIsolationTests {
  /// What a stranger with every scope is answered, request by request; nothing means that it works,
  /// and then only on what is theirs.
  static let routes: [String: String?] = [
    "PUT /v1/storefront": nil, "GET /v1/storefront": nil, "POST /v1/catalogue/import": nil,
    "GET /v1/catalogue": nil, "PUT /v1/sets/{set}": nil, "POST /v1/members": nil,
    "PUT /v1/members/{member}/rank": "unknown_member", "GET /v1/members/{member}": "unknown_member",
    "GET /v1/members/{member}/ranks": "unknown_member",
    "GET /v1/members/{member}/rank-preview": "unknown_member",
    "GET /v1/members/{member}/invites": "unknown_member",
    "GET /v1/members": nil, "GET /v1/members/{member}/orders": "unknown_member",
    // The batch is taken, its reports are refused: see below.
    "POST /v1/reports": nil, "GET /v1/plans": nil, "POST /v1/plans/trial": nil,
    "GET /v1/ledger/accounts": nil,
    "POST /v1/invites": "unknown_member",
    "POST /v1/invites/{invite}/withdrawal": "invite_unknown",
    "GET /v1/rooms": nil, "GET /v1/rooms/{room}": "unknown_room",
    "POST /v1/links": "unknown_member", "POST /v1/touches": "unknown_member",
    "POST /v1/orders": "unknown_room", "POST /v1/orders/{order}/payment": "unknown_order",
    "POST /v1/orders/{order}/delivery": "unknown_order",
    "POST /v1/orders/{order}/refunds": "unknown_order",
    "POST /v1/orders/{order}/cancellation": "unknown_order",
    "POST /v1/orders/{order}/dispute": "unknown_order",
    "POST /v1/orders/{order}/resolution": "unknown_order",
    "GET /v1/orders/{order}": "unknown_order",
    "GET /v1/orders/{order}/explanation": "unknown_order",
    "GET /v1/orders": nil, "POST /v1/releases": nil, "POST /v1/revocations": nil,
    "POST /v1/statements": nil,
    // The statement is the stranger's own by then: it has the id that the table gives every statement.
    "GET /v1/statements": nil, "GET /v1/statements/{statement}": nil,
    "GET /v1/statements/{statement}/members/{member}": "not_on_statement",
    "GET /v1/statements/{statement}/payout.csv": nil,
    "POST /v1/statements/{statement}/acknowledgement": nil,
    "GET /v1/members/{member}/calendar": "unknown_member",
    "GET /v1/exports/tax": nil, "GET /v1/exports/tax.csv": nil,
    "GET /v1/orders/{order}/certificate": "unknown_order", "GET /v1/certificates/{day}": nil,
    "GET /v1/unsettled": nil, "GET /v1/ledger": nil, "GET /v1/ledger/transactions": nil,
    "GET /v1/webhooks": nil, "GET /v1/webhooks/{endpoint}/dead-letters": "unknown_endpoint",
    "POST /v1/webhooks/{endpoint}/replay": "unknown_endpoint",
  ]

  static let methods: [(method: String, parameters: JSON, code: String?)] = [
    ("session.get", .object([]), nil),
    ("room.schedule", ["room": "r1", "title": "X", "host": "lin"], "unknown_member"),
    ("room.open", ["room": "r1", "host": "lin"], "unknown_member"),
    ("room.pause", ["room": "r1"], "unknown_room"),
    ("room.resume", ["room": "r1"], "unknown_room"), ("room.end", ["room": "r1"], "unknown_room"),
    ("room.raise_pact", ["room": "r1", "pactPpm": 900_000], "unknown_room"),
    ("room.list", .object([]), nil), ("room.timeline", ["room": "r1"], "unknown_room"),
    ("room.join", ["room": "r1"], "unknown_room"),
    ("room.leave", ["room": "r1"], nil),
    ("listing.add", ["room": "r1", "sku": "tea"], "unknown_room"),
    ("listing.remove", ["room": "r1", "sku": "tea"], "unknown_room"),
    ("listing.pin", ["room": "r1", "sku": .null], "unknown_room"),
    ("listing.reorder", ["room": "r1", "skus": ["rare", "tea"]], "unknown_room"),
    ("listing.list", ["room": "r1"], nil),
    ("listing.quote", ["skus": ["tea"], "host": "lin", "room": "r1"], "unknown_room"),
    ("catalogue.search", ["text": "tea"], nil),
    ("set.define", ["set": "s1", "title": "Y", "skus": ["rare"]], nil),
    ("set.list", .object([]), nil),
    ("link.create", ["room": "r1", "promoter": "chen"], "unknown_member"),
    ("link.revoke", ["link": "LINK"], "unknown_link"), ("link.list", ["promoter": "chen"], nil),
    ("invite.create", ["key": "k", "promoter": "chen"], "unknown_member"),
    ("invite.withdraw", ["invite": "c1"], "invite_unknown"),
    ("invite.list", ["promoter": "chen"], "unknown_member"),
    ("order.place", ["key": "k", "room": "r1", "sku": "tea", "units": 1], "unknown_room"),
    ("order.cancel", ["order": "o1"], "unknown_order"),
    ("order.get", ["order": "o1"], "unknown_order"),
    ("earning.list", ["member": "chen"], "unknown_member"),
    ("calendar.get", ["member": "chen"], "unknown_member"),
    // The buyer of the first storefront's orders has the same name here.
    ("order.list", .object([]), nil),
    ("order.explain", ["order": "o1"], "unknown_order"),
    ("ticker.subscribe", ["ticker": "earnings", "member": "chen"], nil),
    ("ticker.unsubscribe", ["ticker": "earnings", "member": "chen"], nil),
  ]

  /// Everything that the owner can see.
  private func everything(_ desk: Desk) throws -> [JSON] {
    try [
      "/v1/storefront", "/v1/rooms/r1", "/v1/rooms", "/v1/members/lin", "/v1/members/chen",
      "/v1/orders?room=r1", "/v1/orders/o1", "/v1/orders/o1/explanation", "/v1/orders/o2",
      "/v1/ledger", "/v1/ledger/transactions?subject=o1",
    ].map { try desk.get($0) }
  }

  /// A storefront with a paid order `o1`, one that waits, `o2`, and a second storefront.
  private func twoShops() throws -> (shop: Shop, other: Door) {
    let shop = try Shop.open()
    let desk = try shop.door.desk()
    for order in ["o1", "o2"] {
      let report = Report.order(order, buyer: "v1").members ?? []
      try desk.done("/v1/orders", .object(report + [JSON.Member("promoter", "chen")]))
    }
    let payment = Report.payment("o1")
    try desk.done(payment.path, payment.body)
    try desk.put("/v1/sets/s1", ["title": "X", "skus": ["tea"]])
    var other = shop.door
    other.storefront = StorefrontID(trusted: "other")
    try other.desk().put("/v1/storefront", ["name": "Other", "plan": "fengxiang"])
    return (shop, other)
  }

  @Test("Over HTTP, ids of another storefront are as if they did not exist")
  func http() throws {
    let (shop, other) = try twoShops()
    let owner = try shop.door.desk()
    let before = try everything(owner)
    #expect(Set(Sample.requests.map(\.route)) == Set(DeliveryIsolationTests.routes.keys))
    let stranger = try other.desk([.backend, .operator, .host, .promoter, .viewer, .broker])
    // Two routes answer files and no JSON; the figures in them are those of the routes beside them.
    let files = ["payout.csv", "tax.csv"]
    for (route, target, text) in Sample.requests
    where route != "POST /v1/catalogue/import" && !files.contains(where: route.hasSuffix) {
      let method = try #require(HTTPMethod(rawValue: String(route.prefix { $0 != " " })))
      var body = text.isEmpty ? nil : try JSON.read(text)
      switch route {
      case "POST /v1/links": body = ["room": "r1", "promoter": "chen"]
      case "POST /v1/invites": body = ["key": "k", "promoter": "chen"]
      case "POST /v1/touches":
        body = ["viewer": "v", "promoter": "chen", "touchedAt": "2026-03-01T10:00:00Z"]
      case "PUT /v1/members/{member}/rank": body = ["rank": "member"]
      case "PUT /v1/sets/{set}": body = ["title": "Y", "skus": ["rare"]]
      default: break
      }
      // The people and sets of the table, by the names that they have in the first storefront.
      let path = target.replacing("/members/ann", with: "/members/chen")
        .replacing("/members/m/", with: "/members/chen/")
        .replacing("rank=gold", with: "rank=member").replacing("/sets/x", with: "/sets/s1")
      let reply = try stranger.send(method, path, body)
      let expected = DeliveryIsolationTests.routes[route] ?? nil
      #expect(reply.code == expected, "\(route): \(reply.body)")
      #expect(reply.isAccepted == (expected == nil), "\(route): \(reply.body)")
      if route == "POST /v1/reports" {
        let codes = reply.body["results"]?.elements?.map { $0["problem"]?["code"] }
        #expect(codes == ["unknown_order"])
      }
    }
    #expect(try stranger.get("/v1/orders?room=r1")["orders"] == [])
    #expect(try stranger.get("/v1/rooms")["rooms"] == [])
    #expect(try stranger.get("/v1/ledger/transactions?subject=o1")["transactions"] == [])
    #expect(try everything(owner) == before)
  }

  @Test("Over the socket, too, and nothing that happens in one is pushed in the other")
  func socket() throws {
    let (shop, other) = try twoShops()
    let owner = try shop.door.desk()
    let made = try owner.done("/v1/links", ["room": "r1", "promoter": "chen"])
    let before = try everything(owner)
    let names = Set(DeliveryIsolationTests.methods.map(\.method))
    #expect(names == Set(SocketCalls.methods.map(\.name)))
    let stranger = try other.visitor(
      "v1", [.backend, .operator, .host, .promoter, .viewer, .broker])
    for (method, parameters, code) in DeliveryIsolationTests.methods {
      let parameters =
        method == "link.revoke" ? ["link": made["link"] ?? .null] : parameters
      switch try stranger.call(method, parameters) {
      case .success(let result):
        #expect(code == nil, "\(method)")
        if method == "listing.list" { #expect(result["listings"] == []) }
        if method == "order.list" { #expect(result["orders"] == []) }
        if method == "set.list" {
          #expect(result == ["sets": [["set": "s1", "title": "Y", "skus": 1]], "after": .null])
        }
      case .failure(let refusal): #expect(refusal.code == code, "\(method): \(refusal)")
      }
    }
    #expect(try everything(owner) == before)

    // A link of the first storefront brings nobody into the second, nor a room of the same name.
    try other.desk().done("/v1/members", ["member": "lin", "joinedAt": "2026-01-01T00:00:00Z"])
    try stranger.done("room.open", ["room": "r1", "host": "lin"])
    let joined = try stranger.done("room.join", ["room": "r1", "link": made["text"] ?? .null])
    #expect(joined["touch"]?["accepted"] == false)
    #expect(joined["touch"]?["reason"] == "link_foreign")
    try stranger.done("ticker.subscribe", ["ticker": "storefront"])
    try stranger.done("ticker.subscribe", ["ticker": "earnings", "member": "chen"])
    let payment = Report.payment("o2")
    try owner.done(payment.path, payment.body)
    try stranger.done("room.pause", ["room": "r1"])
    try stranger.listen { $0.events("r1").last?["kind"] == "room.paused" }
    #expect(stranger.events("r1").allSatisfy { $0["kind"]?.text?.hasPrefix("room.") == true })
    #expect(stranger.latest("ticker.earnings") == nil)
    #expect((stranger.latest("ticker.storefront")?["orders"] ?? 0) == 0)
  }
}
