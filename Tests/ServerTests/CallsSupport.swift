// What the tests of calls share: callers, an environment, and one valid call of every kind.

import Commerce
import Crypto
import Notation
import Wire

@testable import Server

/// Callers and an environment that never change.
enum Sample {
  static let now = Timestamp(milliseconds: 1_772_359_200_500)
  static let storefront = StorefrontID(trusted: "shop")

  static let environment = CallEnvironment(
    now: now, linkKeyID: 7,
    mac: { id, message in
      id == 7 ? HMACSHA256.code(for: message, key: Array("a link key".utf8)) : nil
    },
    zone: { (name) throws(TimeZoneError) in
      guard name == "UTC" else { throw .unknown(name) }
      return .utc
    })

  static func caller(_ scopes: Token.Scopes, person: String = "ann") -> Caller {
    Caller(
      person: PersonID(trusted: person), storefront: storefront, scopes: scopes,
      expiry: now.advanced(byMilliseconds: 60_000))
  }

  static let allScopes: [Token.Scopes] = [
    .viewer, .promoter, .host, .backend, .operator, .broker,
  ]

  /// A valid call of every method of the socket, as a member makes it.
  static let socketParameters: [(method: String, parameters: String)] = [
    ("session.get", "{}"), ("room.schedule", #"{"room":"r1","title":"茶"}"#),
    ("room.open", #"{"room":"r1","pactPpm":300000}"#),
    ("room.pause", #"{"room":"r1"}"#), ("room.resume", #"{"room":"r1"}"#),
    ("room.end", #"{"room":"r1"}"#), ("room.raise_pact", #"{"room":"r1","pactPpm":400000}"#),
    ("room.list", "{}"), ("room.timeline", #"{"room":"r1"}"#),
    ("room.join", #"{"room":"r1"}"#), ("room.leave", #"{"room":"r1"}"#),
    ("listing.add", #"{"room":"r1","sku":"s1"}"#),
    ("listing.remove", #"{"room":"r1","sku":"s1"}"#),
    ("listing.pin", #"{"room":"r1","sku":null}"#),
    ("listing.reorder", #"{"room":"r1","skus":["s2","s1"]}"#),
    ("listing.list", #"{"room":"r1"}"#), ("listing.quote", #"{"skus":["s1"],"room":"r1"}"#),
    ("catalogue.search", #"{"text":"tea"}"#),
    ("set.define", #"{"set":"x","title":"X","skus":["s1"]}"#),
    ("set.list", #"{"after":"x","limit":100}"#),
    ("link.create", #"{"room":"r1"}"#), ("link.revoke", #"{"link":"l1"}"#), ("link.list", "{}"),
    ("invite.create", #"{"key":"k1"}"#), ("invite.withdraw", #"{"invite":"c1"}"#),
    ("invite.list", "{}"), ("order.place", #"{"key":"k1","room":"r1","sku":"s1","units":1}"#),
    ("order.cancel", #"{"order":"o1"}"#), ("order.get", #"{"order":"o1"}"#),
    ("order.list", #"{"after":"o1","limit":100}"#),
    ("order.explain", #"{"order":"o1"}"#),
    ("earning.list", #"{"room":"r1","after":"o1","limit":100}"#), ("calendar.get", "{}"),
    ("ticker.subscribe", #"{"ticker":"earnings"}"#),
    ("ticker.unsubscribe", #"{"ticker":"earnings"}"#),
  ]

  /// The field in which a backend or operator has to name the member.
  static let memberFields = [
    "room.schedule": "host", "room.open": "host", "listing.quote": "host",
    "link.create": "promoter", "link.list": "promoter", "ticker.subscribe": "member",
    "ticker.unsubscribe": "member", "earning.list": "member", "calendar.get": "member",
    "POST /v1/links": "promoter",
    "invite.create": "promoter", "invite.list": "promoter", "POST /v1/invites": "promoter",
  ]

  /// A valid request to every path: the path as in the table, the target, and the body.
  static let requests: [(route: String, target: String, body: String)] =
    [
      ("PUT /v1/storefront", "/v1/storefront", #"{"name":"Shop"}"#),
      ("GET /v1/storefront", "/v1/storefront", ""),
      ("POST /v1/catalogue/import", "/v1/catalogue/import", catalogueHeader + "\n"),
      ("GET /v1/catalogue", "/v1/catalogue", ""),
      ("PUT /v1/sets/{set}", "/v1/sets/x", #"{"title":"X","skus":["s1"]}"#),
      ("POST /v1/members", "/v1/members", #"{"member":"m","joinedAt":"2026-03-01T10:00:00Z"}"#),
      ("GET /v1/members", "/v1/members?after=m&limit=10", ""),
      ("PUT /v1/members/{member}/rank", "/v1/members/m/rank", #"{"rank":"gold"}"#),
      ("GET /v1/members/{member}", "/v1/members/ann", ""),
      ("GET /v1/members/{member}/ranks", "/v1/members/ann/ranks", ""),
      (
        "GET /v1/members/{member}/rank-preview", "/v1/members/ann/rank-preview?rank=gold&days=7", ""
      ), ("GET /v1/members/{member}/invites", "/v1/members/ann/invites", ""),
      ("GET /v1/members/{member}/orders", "/v1/members/ann/orders?room=r1&limit=10", ""),
      ("POST /v1/invites", "/v1/invites", #"{"key":"k1"}"#),
      ("POST /v1/invites/{invite}/withdrawal", "/v1/invites/c1/withdrawal", "{}"),
      ("GET /v1/rooms", "/v1/rooms?states=live,ended&limit=10", ""),
      ("GET /v1/rooms/{room}", "/v1/rooms/r1", ""),
      ("POST /v1/links", "/v1/links", #"{"room":"r1"}"#),
      (
        "POST /v1/touches", "/v1/touches",
        #"{"viewer":"v","promoter":"m","touchedAt":"2026-03-01T10:00:00Z"}"#
      ), ("POST /v1/orders", "/v1/orders", order),
      (
        "POST /v1/orders/{order}/payment", "/v1/orders/o1/payment",
        #"{"payment":"p1","paidAt":"2026-03-01T10:00:00Z"}"#
      ),
      (
        "POST /v1/orders/{order}/delivery", "/v1/orders/o1/delivery",
        #"{"delivery":"d1","deliveredAt":"2026-03-01T10:00:00Z"}"#
      ),
      (
        "POST /v1/orders/{order}/refunds", "/v1/orders/o1/refunds",
        #"{"refund":"f1","refundedAt":"2026-03-01T10:00:00Z","lines":[{"line":0,"amount":1}]}"#
      ),
      (
        "POST /v1/orders/{order}/cancellation", "/v1/orders/o1/cancellation",
        #"{"cancelledAt":"2026-03-01T10:00:00Z"}"#
      ),
      (
        "POST /v1/orders/{order}/dispute", "/v1/orders/o1/dispute",
        #"{"dispute":"x1","disputedAt":"2026-03-01T10:00:00Z"}"#
      ),
      (
        "POST /v1/orders/{order}/resolution", "/v1/orders/o1/resolution",
        #"{"dispute":"x1","resolvedAt":"2026-03-01T10:00:00Z"}"#
      ),
      (
        "POST /v1/reports", "/v1/reports",
        #"{"reports":[{"report":"cancellation","order":"o1","cancelledAt":"2026-03-01T10:00:00Z"}]}"#
      ), ("GET /v1/orders/{order}", "/v1/orders/o1", ""),
      ("GET /v1/orders/{order}/explanation", "/v1/orders/o1/explanation", ""),
      ("GET /v1/orders", "/v1/orders?room=r1&first=newest", ""),
      ("POST /v1/releases", "/v1/releases", "{}"),
      ("POST /v1/revocations", "/v1/revocations", #"{"revocation":"v1","person":"v"}"#),
    ] + statementRequests
    + [
      ("GET /v1/plans", "/v1/plans", ""),
      ("POST /v1/plans/trial", "/v1/plans/trial", #"{"plan":"wanwu","days":7}"#),
    ] + webhookRequests

  static let order =
    #"{"order":"o1","buyer":"v","room":"r1","placedAt":"2026-03-01T10:00:00Z","#
    + #""lines":[{"sku":"s1","units":2,"paid":19900}]}"#
  static let catalogueHeader = "sku,product,supplier,title,price,cost,ratePpm"

  /// An object with one more member.
  static func adding(_ name: String, _ value: JSON, to object: JSON) -> JSON {
    .object((object.members ?? []) + [JSON.Member(name, value)])
  }
}

/// Reads a call of the socket.
func socketCall(
  _ method: String, _ parameters: String, _ scopes: Token.Scopes, person: String = "ann"
) throws -> Call {
  try SocketCalls.call(
    method: method, parameters: try JSON.read(parameters),
    caller: Sample.caller(scopes, person: person), environment: Sample.environment)
}

/// Reads an HTTP request.
func httpCall(
  _ line: String, _ body: String = "", _ scopes: Token.Scopes, type: String? = "application/json",
  headers: [(String, String)] = []
) throws -> Call {
  let mark = line.firstIndex(of: " ") ?? line.endIndex
  guard let method = HTTPMethod(rawValue: String(line[..<mark])) else {
    throw Fault("test", "no method in \(line)", status: 500)
  }
  var fields = HTTPHeaders(headers)
  if let type { fields.add("Content-Type", type) }
  let request = HTTPRequest(
    method: method, target: try HTTPTarget(Array(line[mark...].dropFirst().utf8)[...]),
    headers: fields, body: Array(body.utf8))
  return try HTTPCalls.call(
    request: request, caller: Sample.caller(scopes), environment: Sample.environment)
}

/// The fault that reading ended with, or nothing where it did not.
func fault(_ read: () throws -> Call) throws -> Fault? {
  do {
    _ = try read()
    return nil
  } catch let error as Fault {
    return error
  }
}
