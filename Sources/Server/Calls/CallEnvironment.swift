// What reading a call depends on besides the call itself: the moment, the link keys, the time zones.
// Reading stays a pure function of it. Any thread.

import Commerce
import Coordination
import Wire

/// What reading a call depends on besides the call itself.
package struct CallEnvironment: Sendable {
  /// The moment at which the call is read.
  package let now: Timestamp
  /// The key that signs new share links; `mac` knows it.
  package let linkKeyID: UInt8
  /// HMAC-SHA-256 under a link key: 32 bytes, or nothing where there is no such key.
  package let mac: @Sendable (_ keyID: UInt8, _ message: [UInt8]) -> [UInt8]?
  /// The table of a time zone by its name; throws where there is none.
  package let zone: @Sendable (String) throws -> TimeZoneTable
  /// Whether the key file names such a commission service for a storefront.
  package let isService: @Sendable (ServiceID, StorefrontID) -> Bool
  /// The endpoints that the key file names for a storefront.
  package let webhooks: @Sendable (StorefrontID) -> [WebhookEndpoint]

  /// Whether the server is a demonstration, whose own checkout takes no money.
  package var isDemo = false

  /// Makes an environment.
  ///
  /// - Parameters:
  ///   - now: the moment at which the call is read.
  ///   - linkKeyID: the key that signs new share links.
  ///   - mac: HMAC-SHA-256 under a link key.
  ///   - zone: the table of a time zone by its name.
  ///   - isService: whether there is such a commission service for a storefront.
  ///   - webhooks: the endpoints of a storefront.
  package init(
    now: Timestamp, linkKeyID: UInt8,
    mac: @escaping @Sendable (_ keyID: UInt8, _ message: [UInt8]) -> [UInt8]?,
    zone: @escaping @Sendable (String) throws -> TimeZoneTable,
    isService: @escaping @Sendable (ServiceID, StorefrontID) -> Bool = { _, _ in false },
    webhooks: @escaping @Sendable (StorefrontID) -> [WebhookEndpoint] = { _ in [] }
  ) {
    self.now = now
    self.linkKeyID = linkKeyID
    self.mac = mac
    self.zone = zone
    self.isService = isService
    self.webhooks = webhooks
  }
}

/// One call while it is read: its fields, who calls, and what the reading depends on.
struct CallRequest {
  /// The parameters, the body, or the query, together with what stands in the path.
  var fields: Fields
  /// Who calls; the scopes of the method have been checked.
  let caller: Caller
  /// What the reading depends on.
  let environment: CallEnvironment
  /// The body of an HTTP request that is no JSON.
  var file: (type: CatalogueFileType, bytes: [UInt8])?

  /// The member that the call is about: the caller, or whom a backend or operator names.
  ///
  /// - Parameters:
  ///   - name: the field in which staff name the member.
  ///   - role: what a caller has to be to be meant without a name.
  /// - Returns: the member.
  /// - Throws: `forbidden` where anybody else names one, `invalid_field`.
  mutating func member(
    _ name: String, orCallerAs role: Token.Scopes
  ) throws(Fault) -> MemberID {
    if let named: MemberID = try fields.optionalIdentifier(name) {
      guard caller.isStaff else { throw .forbidden("naming another \(name)") }
      return named
    }
    guard !caller.scopes.isDisjoint(with: role) else {
      throw fields.fault(name, "\(name) is missing: the token's own person is none.")
    }
    return caller.person
  }
}
