// Reads calls about webhooks. Pure; any thread. Source: Protocol/webhooks.md.

import Commerce
import Coordination
import Wire

/// Calls about endpoints and what they did not take.
enum WebhookCalls {
  static func list(_ request: inout CallRequest) throws(Fault) -> Call {
    .query(.books(.webhooks(request.environment.webhooks(request.caller.storefront))))
  }

  static func deadLetters(_ request: inout CallRequest) throws(Fault) -> Call {
    .query(
      .books(
        .deadLetters(
          try request.fields.identifier("endpoint"),
          after: try request.fields.optionalInteger("after", in: 0...Int64.max) ?? 0,
          limit: try request.fields.limit(max: CallLimits.pageMax))))
  }

  static func replay(_ request: inout CallRequest) throws(Fault) -> Call {
    // One less than the largest number: the next sequence is reckoned from it.
    let from = try request.fields.integer("from", in: 1...Int64.max - 1)
    return .command(
      .replayWebhook(
        try request.fields.identifier("endpoint"), from: from,
        to: try request.fields.optionalInteger("to", in: from...Int64.max - 1)))
  }
}

extension HTTPRoute {
  /// The paths of this file, in the order of Protocol/README.md.
  static let webhooks: [HTTPRoute] = [
    HTTPRoute(.get, "/v1/webhooks", [.backend, .operator], WebhookCalls.list),
    HTTPRoute(
      .get, "/v1/webhooks/{endpoint}/dead-letters", [.backend, .operator],
      WebhookCalls.deadLetters),
    HTTPRoute(.post, "/v1/webhooks/{endpoint}/replay", .operator, WebhookCalls.replay),
  ]
}
