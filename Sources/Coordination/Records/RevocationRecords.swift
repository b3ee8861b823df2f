// What operators took back before its time: tokens that must no longer open anything.
// Source: Protocol/decisions/0027.

import Commerce

/// What is revoked.
package enum RevokedSubject: Equatable, Sendable {
  /// Every token of a person that was issued before a moment.
  case person(PersonID, before: Timestamp)
  /// One token, by its `jti`; 1…128 bytes.
  case token(String)
}

/// A revocation; it is never taken back: whoever is to come in again is given a new token.
package struct Revocation: Equatable, Sendable {
  /// The operator's id of it.
  package let id: FactID
  /// What is revoked.
  package let subject: RevokedSubject
  /// Which operator.
  package let by: PersonID
  /// When.
  package let at: Timestamp

  /// Makes a revocation.
  package init(id: FactID, subject: RevokedSubject, by: PersonID, at: Timestamp) {
    self.id = id
    self.subject = subject
    self.by = by
    self.at = at
  }
}

/// Whose tokens an operator wants to revoke.
package enum RevocationWish: Equatable, Sendable {
  /// A person's, issued before a moment; none is the moment of the decision.
  case person(PersonID, before: Timestamp?)
  /// One token's, by its `jti`.
  case token(String)
}
