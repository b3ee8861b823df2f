// Reads calls that take tokens back. Pure; any thread. Source: Protocol/decisions/0027.

import Commerce
import Coordination

/// Calls about who comes in.
enum RevocationCalls {
  /// A person's tokens, or one token.
  static func revoke(_ request: inout CallRequest) throws(Fault) -> Call {
    let id: FactID = try request.fields.identifier("revocation")
    let person: PersonID? = try request.fields.optionalIdentifier("person")
    let token = try request.fields.optionalText("token", bytesMin: 1, bytesMax: 128)
    let before = try request.fields.optionalTimestamp("before")
    let wish: RevocationWish
    switch (person, token) {
    case (let person?, nil): wish = .person(person, before: before)
    case (nil, let token?):
      guard before == nil else {
        throw request.fields.fault("before", "A token is revoked whole: before has no meaning.")
      }
      wish = .token(token)
    default: throw request.fields.fault("person", "Either person or token.")
    }
    return .command(.revoke(id, wish, by: request.caller.person))
  }
}
