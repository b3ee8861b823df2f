// What was revoked, in memory, so that every token is compared with it. Filled from the database at the
// start and by the writer after each commit; a lock guards it. Any thread. Source: decision 0027.

import Commerce
import Coordination
import Synchronization

/// Revoked tokens of all storefronts.
final class Revocations: Sendable {
  private struct OfStorefront {
    /// Tokens issued before are refused.
    var persons: [PersonID: Timestamp] = [:]
    /// By their `jti`.
    var tokens: Set<String> = []
  }

  private let contents = Mutex<[StorefrontID: OfStorefront]>([:])

  /// Starts with what was revoked before.
  init(_ known: [(storefront: StorefrontID, revocation: Revocation)] = []) {
    for (storefront, revocation) in known { add(revocation, of: storefront) }
  }

  /// Remembers a revocation; of several moments of one person the last counts.
  func add(_ revocation: Revocation, of storefront: StorefrontID) {
    contents.withLock { contents in
      switch revocation.subject {
      case .token(let token): contents[storefront, default: OfStorefront()].tokens.insert(token)
      case .person(let person, let before):
        let present = contents[storefront]?.persons[person] ?? before
        contents[storefront, default: OfStorefront()].persons[person] = max(present, before)
      }
    }
  }

  /// Whether a caller's token was revoked. One that does not say when it was issued may be an old one.
  func cover(_ caller: Caller) -> Bool {
    guard let mark = caller.mark else { return false }
    return contents.withLock { contents in
      guard let revoked = contents[caller.storefront] else { return false }
      if let id = mark.id, revoked.tokens.contains(id) { return true }
      guard let before = revoked.persons[caller.person] else { return false }
      return mark.issued.map { $0 < before } ?? true
    }
  }
}

/// What of a token is remembered as long as a session lives.
package struct TokenMark: Equatable, Sendable {
  /// Tells the key that signed it from every other, also from a later one of the same name.
  let key: UInt64
  /// Its `jti`.
  let id: String?
  /// Its `iat`.
  let issued: Timestamp?
}
