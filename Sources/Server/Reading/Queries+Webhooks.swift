// How far endpoints were told of the ledger, and what they did not take, for staff. Never a secret.

import Commerce
import Coordination
import Notation
import Storage

extension Queries {
  /// The endpoints of the key file, in its order, then those that it names no more.
  func webhooks(_ named: [WebhookEndpoint]) throws -> JSON {
    try reader.moment {
      let sequence = try reader.chainEnd(storefront).sequence
      let known = try reader.webhooks(storefront)
      var views: [JSON] = []
      for endpoint in named {
        let id = endpoint.key.endpoint
        // Nothing is stored only where the storefront came after the server's start: then all of its
        // ledger is new to the endpoint, which will begin where the desk of webhooks begins it.
        let progress =
          known.first { $0.endpoint == id }?.progress
          ?? WebhookProgress(delivered: endpoint.beginning(end: 0))
        let types = endpoint.kinds.map { kinds in
          JSON.array(kinds.map { .string(WebhookMessage.type($0)) })
        }
        views.append(
          .object(
            webhookView(id, progress, sequence: sequence) + [
              JSON.Member("url", .string(endpoint.url)), JSON.Member("types", types ?? .null),
            ]))
      }
      for (id, progress) in known where !named.contains(where: { $0.key.endpoint == id }) {
        views.append(
          .object(
            webhookView(id, progress, sequence: sequence) + [
              JSON.Member("url", .null), JSON.Member("types", .null),
            ]))
      }
      return ["webhooks": .array(views), "sequence": .integer(sequence)]
    }
  }

  /// A page of what an endpoint did not take, delivered since or not.
  func deadLetters(of endpoint: EndpointID, after: Int64, limit: Int) throws -> JSON {
    try reader.moment {
      guard try reader.load([.webhookProgress(storefront, endpoint)])[0] != nil else {
        throw Fault(
          Rejection(.unknownEndpoint, "There is no endpoint \(endpoint).", field: "endpoint"))
      }
      let letters = try reader.deadLetters(storefront, endpoint, after: after, limit: limit)
      let key = WebhookKey(storefront: storefront, endpoint: endpoint)
      let views = letters.map { letter in
        JSON.object(
          [JSON.Member("event", .string(WebhookMessage.id(key, letter.sequence)))]
            + (deadLetterView(letter).members ?? []))
      }
      let next = letters.count == limit ? letters.last?.sequence : nil
      return [
        "endpoint": .string(endpoint.text), "deadLetters": .array(views),
        "after": next.map { .integer($0) } ?? .null,
      ]
    }
  }
}
