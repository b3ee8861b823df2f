// The way into a running server for a test: tokens, and connections of either kind. A value; any
// thread may use it, each for connections of its own.

import Commerce
import Crypto
import Notation
import Testing
import Transport
import Wire

@testable import Server

/// Where a server listens and whose tokens it takes.
struct Door: Sendable {
  let port: UInt16
  let keyring: Keyring
  var storefront = StorefrontID(trusted: "shop")

  /// A token of one person of the storefront.
  func token(
    _ person: String, _ scopes: Token.Scopes, seconds: Int64 = 3600, now: Timestamp = wallClock()
  ) throws -> String {
    try keyring.issue(
      person: PersonID(trusted: person), storefront: storefront, scopes: scopes,
      lifetimeMilliseconds: seconds * 1000, now: now)
  }

  /// An HTTP connection of the storefront's own systems.
  func desk(_ scopes: Token.Scopes = [.backend, .operator]) throws -> Desk {
    Desk(try HTTPClient("127.0.0.1", port), token: try token("desk", scopes))
  }

  /// A WebSocket that has not said who it is.
  func stranger() throws -> Visitor {
    Visitor(try WebSocketClient("127.0.0.1", port, "/v1/socket", sha1: SHA1.digest(of:)))
  }

  /// A WebSocket of one person, with its session open.
  func visitor(_ person: String, _ scopes: Token.Scopes = .viewer) throws -> Visitor {
    let visitor = try stranger()
    try visitor.done("session.open", ["token": .string(try token(person, scopes))])
    return visitor
  }

  /// What a plain path such as `/readyz` answers.
  func status(_ path: String) throws -> Int {
    try HTTPClient("127.0.0.1", port).send(.get, path).status
  }
}

/// One HTTP connection that reports facts and asks for figures. Used by one thread at a time.
final class Desk {
  /// An answer as the tests look at it.
  struct Reply: Equatable, Sendable {
    let status: Int
    let isRepeat: Bool
    let body: JSON

    /// The stable code of a refusal.
    var code: String? { body["code"]?.text }
    var isAccepted: Bool { status == 200 || status == 201 }
  }

  private let client: HTTPClient
  private let token: String

  init(_ client: HTTPClient, token: String) {
    self.client = client
    self.token = token
  }

  func get(_ path: String) throws -> JSON {
    let reply = try send(.get, path, nil)
    try #require(reply.status == 200, "\(path): \(reply.body)")
    return reply.body
  }

  func post(_ path: String, _ body: JSON) throws -> Reply { try send(.post, path, body) }

  /// Reports what must be accepted.
  @discardableResult
  func done(_ path: String, _ body: JSON) throws -> JSON {
    let reply = try send(.post, path, body)
    try #require(reply.isAccepted, "\(path): \(reply.body)")
    return reply.body
  }

  /// Configures what must be accepted.
  @discardableResult
  func put(_ path: String, _ body: JSON) throws -> JSON {
    let reply = try send(.put, path, body)
    try #require(reply.isAccepted, "\(path): \(reply.body)")
    return reply.body
  }

  /// Sends the rows of a catalogue, each `sku,price,cost,ratePpm,stock`.
  func importRows(_ rows: [String]) throws {
    var text = "sku,product,supplier,title,price,cost,ratePpm,stock\n"
    for row in rows {
      let sku = row.prefix { $0 != "," }
      text += "\(sku),\(sku),sup,\(sku),\(row.drop { $0 != "," }.dropFirst())\n"
    }
    try importText(text)
  }

  /// Sends a catalogue.
  func importText(_ text: String) throws {
    let reply = try send(.post, "/v1/catalogue/import", type: "text/csv", Array(text.utf8))
    try #require(reply.status == 200 && reply.body["rejectedCount"] == 0, "\(reply.body)")
  }

  func send(_ method: HTTPMethod, _ path: String, _ body: JSON?) throws -> Reply {
    try send(method, path, type: "application/json", body?.bytes ?? [])
  }

  private func send(
    _ method: HTTPMethod, _ path: String, type: String, _ body: [UInt8]
  ) throws -> Reply {
    try begin(method, path, type: type, body)
    return try finish()
  }

  /// Sends without waiting for the answer.
  func begin(
    _ method: HTTPMethod, _ path: String, type: String = "application/json", _ body: [UInt8]
  ) throws {
    var headers = HTTPHeaders([("Authorization", "Bearer " + token)])
    if !body.isEmpty { headers.add("Content-Type", type) }
    try client.write(method, path, headers: headers, body: body)
  }

  /// Waits for the answer to what was begun.
  func finish() throws -> Reply {
    let response = try client.read()
    return Reply(
      status: response.status, isRepeat: response.headers["idempotent-replayed"] == "true",
      body: response.body.isEmpty ? .null : try JSON.read(response.body))
  }
}
