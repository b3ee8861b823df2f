// The paths of the HTTP API: who may call each, what body it takes, and how that is read. Pure; any
// thread.

import Wire

/// One method of one path.
package struct HTTPRoute: Sendable {
  /// What the body of a request is.
  enum Body: Sendable {
    /// There is none; what is asked stands in the query.
    case none
    /// A JSON object; none at all is as good as an empty one.
    case json
    /// A catalogue file.
    case catalogue
  }

  /// What is asked; `GET` answers `HEAD` too.
  package let method: HTTPMethod
  /// The path, such as `/v1/rooms/{room}`; what stands in braces is a field of the call.
  package let path: String
  /// Any one of these opens it.
  package let scopes: Token.Scopes
  /// What the body is.
  let body: Body
  /// The field whose id makes the report repeatable, where it has one of its own.
  let reportID: String?
  /// Reads its fields.
  let read: @Sendable (inout CallRequest) throws(Fault) -> Call
  private let parts: [Part]

  private enum Part: Sendable {
    case word(String)
    case field(String)
  }

  init(
    _ method: HTTPMethod, _ path: String, _ scopes: Token.Scopes, body: Body? = nil,
    reportID: String? = nil, _ read: @escaping @Sendable (inout CallRequest) throws(Fault) -> Call
  ) {
    self.method = method
    self.path = path
    self.scopes = scopes
    self.body = body ?? (method == .get ? .none : .json)
    self.reportID = reportID
    self.read = read
    parts = path.split(separator: "/").map { part in
      part.hasPrefix("{") ? .field(String(part.dropFirst().dropLast())) : .word(String(part))
    }
  }

  /// The fields that a path gives, or nothing where it is another path.
  ///
  /// - Parameter segments: of the path.
  /// - Returns: the fields in order.
  func match(_ segments: [String]) -> [(name: String, text: String)]? {
    guard segments.count == parts.count else { return nil }
    var fields: [(name: String, text: String)] = []
    for (part, segment) in zip(parts, segments) {
      switch part {
      case .word(let word): guard word == segment else { return nil }
      case .field(let name): fields.append((name, segment))
      }
    }
    return fields
  }

  /// Every path of the API but the socket's, in the order of Protocol/README.md.
  package static let all: [HTTPRoute] = {
    let reporters: Token.Scopes = [.backend, .operator]
    let readers: Token.Scopes = [.backend, .operator, .broker]
    let inviters: Token.Scopes = [.promoter, .host, .backend, .operator]
    return [
      HTTPRoute(.put, "/v1/storefront", .operator, StorefrontCalls.configure),
      HTTPRoute(.get, "/v1/storefront", .any, StorefrontCalls.get),
      HTTPRoute(
        .post, "/v1/catalogue/import", reporters, body: .catalogue,
        StorefrontCalls.importCatalogue),
      HTTPRoute(
        .get, "/v1/catalogue", [.backend, .operator, .host, .broker], StorefrontCalls.browse),
      HTTPRoute(
        .put, "/v1/sets/{set}", [.backend, .operator, .host], reportID: "set",
        StorefrontCalls.defineSet),
      HTTPRoute(
        .post, "/v1/members", reporters, reportID: "member", StorefrontCalls.addMember),
      HTTPRoute(.get, "/v1/members", readers, StorefrontCalls.listMembers),
      HTTPRoute(.put, "/v1/members/{member}/rank", .operator, StorefrontCalls.setRank),
      HTTPRoute(.get, "/v1/members/{member}", .any, StorefrontCalls.getMember),
      HTTPRoute(.get, "/v1/members/{member}/ranks", .any, RankCalls.history),
      HTTPRoute(.get, "/v1/members/{member}/rank-preview", readers, RankCalls.preview),
      HTTPRoute(.get, "/v1/members/{member}/invites", .any, InviteCalls.ofMember),
      HTTPRoute(.get, "/v1/members/{member}/orders", .any, OrderCalls.listEarningsOf),
      HTTPRoute(.post, "/v1/invites", inviters, reportID: "key", InviteCalls.create),
      HTTPRoute(
        .post, "/v1/invites/{invite}/withdrawal", inviters, reportID: "invite",
        InviteCalls.withdraw),
      HTTPRoute(.get, "/v1/rooms", .any, RoomCalls.list),
      HTTPRoute(.get, "/v1/rooms/{room}", .any, RoomCalls.get),
      HTTPRoute(.post, "/v1/links", [.promoter, .backend, .operator], LinkCalls.create),
      HTTPRoute(.post, "/v1/touches", reporters, LinkCalls.touch),
      HTTPRoute(.post, "/v1/orders", reporters, reportID: "order", FactCalls.order),
      HTTPRoute(
        .post, "/v1/orders/{order}/payment", reporters, reportID: "payment", FactCalls.payment),
      HTTPRoute(
        .post, "/v1/orders/{order}/delivery", reporters, reportID: "delivery",
        FactCalls.delivery),
      HTTPRoute(
        .post, "/v1/orders/{order}/refunds", reporters, reportID: "refund", FactCalls.refund),
      HTTPRoute(
        .post, "/v1/orders/{order}/cancellation", reporters, reportID: "order",
        FactCalls.cancellation),
      HTTPRoute(
        .post, "/v1/orders/{order}/dispute", reporters, reportID: "dispute", FactCalls.dispute),
      HTTPRoute(
        .post, "/v1/orders/{order}/resolution", reporters, reportID: "dispute",
        FactCalls.resolution),
      HTTPRoute(.post, "/v1/reports", reporters, ReportCalls.reports),
      HTTPRoute(.get, "/v1/orders/{order}", readers, OrderCalls.get),
      HTTPRoute(.get, "/v1/orders/{order}/explanation", readers, OrderCalls.explain),
      HTTPRoute(.get, "/v1/orders", readers, OrderCalls.list),
      HTTPRoute(.post, "/v1/releases", .operator, FactCalls.releaseDue),
      HTTPRoute(
        .post, "/v1/revocations", .operator, reportID: "revocation", RevocationCalls.revoke),
    ] + statements + plans + webhooks
  }()
}
