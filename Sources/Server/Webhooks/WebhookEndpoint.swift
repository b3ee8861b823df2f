// An endpoint of webhooks as the key file names it, and what it is sent. Values; any thread.
// Source: Protocol/webhooks.md; Standard Webhooks 1.0.

import Commerce
import Coordination
import Ledger
import Notation
import Storage

/// Names an endpoint: its id is unique within its storefront.
package struct WebhookKey: Hashable, Sendable {
  /// Whose ledger it is told of.
  let storefront: StorefrontID
  /// Its id.
  let endpoint: EndpointID
}

/// Where a storefront's events are sent to.
package struct WebhookEndpoint: Equatable, Sendable {
  /// Names it.
  let key: WebhookKey
  /// Where it listens; plain HTTP on this machine, or a proxy that adds TLS.
  let address: CommissionAddress
  /// The path there, beginning with a slash.
  let path: String
  /// Every message is signed with each; one, or two while one replaces the other.
  let secrets: [SigningSecret]
  /// What it is told of; none is everything.
  let kinds: [CauseKind]?
  /// Where a new endpoint begins in the ledger; none is behind its present end.
  let from: Int64?

  /// Where it is, for its operator.
  var url: String { address.description + path }

  /// Whether it is told of something.
  func wants(_ kind: CauseKind) -> Bool { kinds?.contains(kind) ?? true }

  /// Behind which sequence it begins when it is new.
  ///
  /// - Parameter end: the last sequence of its storefront's ledger, 0 for an empty one.
  /// - Returns: 0 where it is told everything.
  func beginning(end: Int64) -> Int64 { from.map { $0 - 1 } ?? end }
}

/// What an endpoint is sent about one transaction: the same bytes at every attempt.
enum WebhookMessage {
  /// What every type begins with.
  static let typePrefix = "ledger."

  /// The type of an event, such as `ledger.sale`.
  static func type(_ kind: CauseKind) -> String { typePrefix + kind.rawValue }

  /// The id of an event, such as `shop/books/17`: the same at every attempt, for ever.
  ///
  /// No id of a storefront or an endpoint contains a slash, so no two events share one.
  static func id(_ key: WebhookKey, _ sequence: Int64) -> String {
    "\(key.storefront)/\(key.endpoint)/\(sequence)"
  }

  /// The body: type, moment of booking and the transaction.
  static func body(_ entry: LedgerEntry, of storefront: StorefrontID) -> [UInt8] {
    let body: JSON = [
      "type": .string(type(entry.transaction.cause.kind)),
      "timestamp": .string(entry.transaction.at.description),
      "data": .object(
        [JSON.Member("storefront", .string(storefront.text))] + (entryView(entry).members ?? [])),
    ]
    return body.bytes
  }
}
