// The methods of the WebSocket: who may call each, and how its parameters are read. `session.open` and
// `session.refresh` are not here: they are about the session itself. Pure; any thread.
//
// Precedence of faults: `unknown_method`, `forbidden`, `invalid_field`.

import Notation
import Wire

/// One method of the WebSocket.
package struct SocketMethod: Sendable {
  /// Its name, such as `room.open`.
  package let name: String
  /// Any one of these opens it.
  package let scopes: Token.Scopes
  /// Reads its parameters.
  let read: @Sendable (inout CallRequest) throws(Fault) -> Call

  init(
    _ name: String, _ scopes: Token.Scopes,
    _ read: @escaping @Sendable (inout CallRequest) throws(Fault) -> Call
  ) {
    self.name = name
    self.scopes = scopes
    self.read = read
  }
}

extension Token.Scopes {
  /// Everybody with a token.
  static let any: Token.Scopes = [.viewer, .promoter, .host, .backend, .operator, .broker]
}

/// The methods of the WebSocket.
package enum SocketCalls {
  /// Every method but those that change the session, in the order of Protocol/README.md.
  package static let methods: [SocketMethod] = [
    SocketMethod("session.get", .any, StorefrontCalls.session),
    SocketMethod("room.schedule", [.host, .operator], RoomCalls.schedule),
    SocketMethod("room.open", [.host, .operator], RoomCalls.open),
    SocketMethod("room.pause", [.host, .operator], RoomCalls.pause),
    SocketMethod("room.resume", [.host, .operator], RoomCalls.resume),
    SocketMethod("room.end", [.host, .operator], RoomCalls.end),
    SocketMethod("room.raise_pact", [.host, .operator], RoomCalls.raisePact),
    SocketMethod("room.list", .any, RoomCalls.list),
    SocketMethod("room.timeline", [.host, .operator, .backend, .broker], RoomCalls.timeline),
    SocketMethod("room.join", .any, RoomCalls.join),
    SocketMethod("room.leave", .any, RoomCalls.leave),
    SocketMethod("listing.add", [.host, .operator], ListingCalls.add),
    SocketMethod("listing.remove", [.host, .operator], ListingCalls.remove),
    SocketMethod("listing.pin", [.host, .operator], ListingCalls.pin),
    SocketMethod("listing.reorder", [.host, .operator], ListingCalls.reorder),
    SocketMethod("listing.list", .any, ListingCalls.list),
    SocketMethod("listing.quote", [.host, .promoter, .operator], ListingCalls.quote),
    SocketMethod(
      "catalogue.search", [.host, .operator, .backend, .broker], StorefrontCalls.search),
    SocketMethod("set.define", [.host, .operator, .backend], StorefrontCalls.defineSet),
    SocketMethod("set.list", [.host, .operator, .backend], StorefrontCalls.listSets),
    SocketMethod("link.create", [.promoter, .operator, .backend], LinkCalls.create),
    SocketMethod("link.revoke", [.promoter, .operator, .backend], LinkCalls.revoke),
    SocketMethod("link.list", [.promoter, .operator, .backend], LinkCalls.list),
    SocketMethod(
      "invite.create", [.promoter, .host, .operator, .backend], InviteCalls.create),
    SocketMethod(
      "invite.withdraw", [.promoter, .host, .operator, .backend], InviteCalls.withdraw),
    SocketMethod("invite.list", [.promoter, .host, .operator, .backend], InviteCalls.list),
    SocketMethod("order.place", [.viewer, .host, .promoter], OrderCalls.place),
    SocketMethod(
      "order.cancel", [.viewer, .host, .promoter, .operator, .backend], OrderCalls.cancel),
    SocketMethod("order.get", .any, OrderCalls.get),
    SocketMethod("order.list", .any, OrderCalls.listOwn),
    SocketMethod(
      "order.explain", [.promoter, .host, .backend, .operator, .broker], OrderCalls.explain),
    SocketMethod(
      "earning.list", [.host, .promoter, .backend, .operator], OrderCalls.listEarnings),
    SocketMethod(
      "calendar.get", [.host, .promoter, .backend, .operator], StatementCalls.calendar),
    SocketMethod(
      "ticker.subscribe", [.host, .promoter, .backend, .operator], TickerCalls.subscribe),
    SocketMethod(
      "ticker.unsubscribe", [.host, .promoter, .backend, .operator], TickerCalls.unsubscribe),
  ]

  private static let methodsByName = Dictionary(
    uniqueKeysWithValues: methods.map { ($0.name, $0) })

  /// Whether there is such a method.
  ///
  /// - Parameter method: as it was called; the session's own two are none here.
  /// - Returns: whether `call` knows it.
  package static func isMethod(_ method: String) -> Bool { methodsByName[method] != nil }

  /// Reads one call.
  ///
  /// - Parameters:
  ///   - method: as it was called.
  ///   - parameters: an object.
  ///   - caller: who calls.
  ///   - environment: what the reading depends on.
  /// - Returns: the wish, checked for scope and form.
  /// - Throws: `unknown_method`, `forbidden`, `invalid_field`, `link_too_long`.
  package static func call(
    method: String, parameters: JSON, caller: Caller, environment: CallEnvironment
  ) throws(Fault) -> Call {
    guard let known = methodsByName[method] else { throw .unknownMethod(method) }
    guard !known.scopes.isDisjoint(with: caller.scopes) else { throw .forbidden(known.name) }
    var request = CallRequest(
      fields: Fields(parameters), caller: caller, environment: environment)
    let call = try known.read(&request)
    try request.fields.finish()
    return call
  }
}
