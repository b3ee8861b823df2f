// Every way in which a call can fail, with its stable code; see Protocol/errors.md.

import Commerce
import Coordination
import Notation
import Wire

/// A failure as a caller sees it.
package struct Fault: Error, Equatable, Sendable {
  /// The stable code.
  package let code: String
  /// An English sentence about this very case.
  package let message: String
  /// The field at fault, where one is.
  package let field: String?
  /// Whether the same call may succeed later.
  package let isTemporary: Bool
  /// The HTTP status.
  package let status: Int
  /// The HTTP methods that the path has, for `method_not_allowed`; such as `GET, HEAD, POST`.
  package let allow: String?
  /// Members beside the code, in the form of Protocol/errors.md; mostly none.
  package let details: [JSON.Member]

  /// Makes a fault.
  package init(
    _ code: String, _ message: String, status: Int, field: String? = nil, isTemporary: Bool = false,
    allow: String? = nil, details: [JSON.Member] = []
  ) {
    self.code = code
    self.details = details
    self.message = message
    self.status = status
    self.allow = allow
    self.field = field
    self.isTemporary = isTemporary
  }

  /// What the core refused.
  package init(_ rejection: Rejection) {
    self.init(
      rejection.code.rawValue, rejection.message, status: rejection.code.status,
      field: rejection.field, details: rejection.details)
  }

  /// A field is missing, mistyped or out of range.
  package static func invalidField(_ field: String, _ message: String) -> Fault {
    Fault("invalid_field", message, status: 422, field: field)
  }

  /// There is no session or token.
  package static let unauthenticated = Fault(
    "unauthenticated", "A token is needed first.", status: 401)

  /// The caller calls too often.
  ///
  /// - Parameter waitMilliseconds: how long until the next call is taken; > 0.
  /// - Returns: a temporary fault with the time to wait.
  package static func rateLimited(waitMilliseconds: Int64) -> Fault {
    Fault(
      "rate_limited", "Too many; the next one is taken in \(waitMilliseconds) ms.", status: 429,
      isTemporary: true,
      details: [JSON.Member("retryAfterMilliseconds", .integer(waitMilliseconds))])
  }

  /// The person has as many sessions as anybody may.
  package static let tooManySessions = Fault(
    "too_many_sessions", "A person has at most \(PersonLimit.sessionsMax) sessions at once.",
    status: 429, isTemporary: true)

  /// The token does not allow this.
  package static func forbidden(_ what: String) -> Fault {
    Fault("forbidden", "The token's scopes do not allow \(what).", status: 403)
  }

  /// There is no such WebSocket method.
  package static func unknownMethod(_ method: String) -> Fault {
    Fault("unknown_method", "There is no method \(method).", status: 404)
  }

  /// There is no such path.
  package static let notFound = Fault("not_found", "There is nothing at this path.", status: 404)

  /// The server has more to do than it can take on.
  package static let busy = Fault(
    "busy", "The server is busy; try again shortly.", status: 503, isTemporary: true)

  /// The database cannot be written or read; nothing was changed.
  package static let storageUnavailable = Fault(
    "storage_unavailable", "The database is not available; nothing was changed.", status: 503,
    isTemporary: true)

  /// As a JSON-RPC error.
  package var remote: RemoteFault {
    RemoteFault(
      number: remoteNumber, message: message, code: code,
      isTemporary: isTemporary,
      details: (field.map { [JSON.Member("field", .string($0))] } ?? []) + details)
  }

  /// The numbers that the standard has a meaning for. Source: JSON-RPC 2.0, section 5.1.
  private var remoteNumber: Int {
    switch code {
    case "invalid_field": -32602
    case "unknown_method": -32601
    case "internal": -32603
    default: -32000
    }
  }

  /// As a problem. Source: RFC 9457, section 3.
  var problem: JSON {
    var members: [JSON.Member] = [
      JSON.Member("type", .string("urn:waggle:error:" + code)),
      JSON.Member("title", .string(code)), JSON.Member("status", .integer(Int64(status))),
      JSON.Member("detail", .string(message)), JSON.Member("code", .string(code)),
      JSON.Member("temporary", .bool(isTemporary)),
    ]
    if let field { members.append(JSON.Member("field", .string(field))) }
    return .object(members + details)
  }

  /// As an HTTP response. Source: RFC 9457.
  package var response: HTTPResponse {
    var headers = HTTPHeaders()
    headers.add("Content-Type", "application/problem+json")
    if status == 401 { headers.add("WWW-Authenticate", "Bearer") }
    if isTemporary { headers.add("Retry-After", "1") }
    if let allow { headers.add("Allow", allow) }
    return HTTPResponse(status: status, headers: headers, body: problem.bytes)
  }
}

extension RejectionCode {
  /// The HTTP status of a refusal.
  var status: Int {
    switch self {
    case .invalidField, .unknownRank, .unknownLine, .currencyMismatch, .refundExceedsPaid,
      .notOnStatement, .paymentExceedsPlaced, .planRefused, .planFindings, .supplierMismatch,
      .stockBelowCommitted,
      .inviteCycle, .inviteNeeded, .selfLock, .ownRoom, .pactLowered, .linkMalformed, .linkAltered,
      .linkForeign:
      422
    case .unknownStorefront, .unknownMember, .unknownRoom, .unknownSKU, .unknownSet, .unknownOrder,
      .unknownLink, .inviteUnknown, .unknownStatement, .unknownEndpoint:
      404
    case .notYourRoom, .notYourLink, .notYourOrder, .notYourProduct: 403
    case .linkExpired, .linkRevoked, .linkExhausted, .inviteWithdrawn, .inviteExpired: 410
    case .idempotencyConflict, .memberExists, .roomState, .notListed, .tooManyListings,
      .outsideSaleWindow, .outOfStock, .priceChanged, .orderCancelled, .alreadyPaid,
      .alreadyDelivered, .alreadyAcknowledged, .alreadyReleased, .alreadyDisputed, .notDisputed,
      .inviteUsed, .quotaExhausted, .replayRunning:
      409
    }
  }
}
