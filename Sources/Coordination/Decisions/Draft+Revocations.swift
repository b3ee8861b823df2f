// Taking tokens back. The core only keeps what was revoked: who comes in is judged outside.
// Source: Protocol/decisions/0027.

import Commerce
import Notation

extension Draft {
  /// Revokes a token, or a person's tokens that were issued before a moment.
  ///
  /// - Throws: `invalid_field` for a moment in the future, which would keep the person out for a while
  ///   though nobody has said so.
  mutating func revoke(
    _ id: FactID, _ wish: RevocationWish, by actor: PersonID
  ) throws(Stop) -> JSON {
    let subject: RevokedSubject
    var members = [JSON.Member("revocation", .string(id.text))]
    switch wish {
    case .token(let token):
      subject = .token(token)
      members.append(JSON.Member("token", .string(token)))
    case .person(let person, let before):
      guard before.map({ $0 <= now }) ?? true else {
        throw .refuse(.invalidField, "before must not lie in the future.", field: "before")
      }
      subject = .person(person, before: before ?? now)
      members.append(JSON.Member("person", .string(person.text)))
      members.append(JSON.Member("before", .string((before ?? now).description)))
    }
    let made = Revocation(id: id, subject: subject, by: actor, at: now)
    write(.revocation(storefrontID, id), .revocation(made))
    members.append(JSON.Member("revokedAt", .string(now.description)))
    return .object(members)
  }
}
