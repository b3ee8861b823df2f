// Bodies of strangers over real sockets: refused by their headers, bounded, and bounded together.

import Commerce
import Notation
import Testing
import Transport
import Wire

@testable import Server

@Suite("Bodies that are not read")
struct AttackBodyTests {
  /// Sends a header that promises a body, and nothing of it.
  private func promise(
    _ shop: Shop, _ line: String, _ headers: [String] = [], length: Int = 1_000_000
  ) throws -> HTTPClient {
    let client = try HTTPClient("127.0.0.1", shop.door.port)
    let lines = [line + " HTTP/1.1", "Host: a", "Content-Length: \(length)"] + headers
    try client.write(raw: Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8))
    return client
  }

  private func refusal(_ client: HTTPClient) throws -> (status: Int, code: String?) {
    let response = try client.read()
    #expect(throws: ClientError.closed) { try client.read() }
    return (response.status, try JSON.read(response.body)["code"]?.text)
  }

  @Test("A body is refused by its header, before it comes, where path, method or token are no good")
  func byHeader() throws {
    let shop = try Shop.open()
    func bearer(_ scopes: Token.Scopes) throws -> String {
      "Authorization: Bearer " + (try shop.door.token("desk", scopes))
    }
    let good = try bearer([.backend])
    let cases: [(String, [String], Int, String)] = [
      ("POST /v1/orders", [], 401, "unauthenticated"),
      ("POST /v1/orders", ["Authorization: Bearer x"], 401, "token_malformed"),
      ("POST /v1/orders", [try bearer(.viewer)], 403, "forbidden"),
      ("POST /v1/nothing", [good], 404, "not_found"),
      ("PUT /v1/orders", [good], 405, "method_not_allowed"),
      ("POST /v1/orders", ["Expect: 100-continue"], 401, "unauthenticated"),
      ("GET /v1/socket", ["Upgrade: websocket", "Connection: Upgrade"], 401, "unauthenticated"),
      ("POST /", [], 413, "body_too_large"), ("GET /l/x", [], 413, "body_too_large"),
      ("POST /demo/session", [], 404, "not_found"), ("POST /nothing", [], 404, "not_found"),
      ("POST /v1/orders", [good], 413, "body_too_large"),
    ]
    for (line, headers, status, code) in cases {
      let refused = try refusal(try promise(shop, line, headers))
      #expect(refused.status == status && refused.code == code, "\(line) \(refused)")
    }
    let refused = try promise(shop, "POST /v1/orders").read()
    #expect(refused.headers["x-request-id"] != nil)
    #expect(refused.headers["connection"] == "close")
    // A short body that comes along with its header is of no more use.
    let whole = try HTTPClient("127.0.0.1", shop.door.port)
    #expect(try whole.send(.post, "/livez", body: [1]).status == 413)
    #expect(shop.server.health.count(.unread, .refused) >= 8)
  }

  @Test("An order of a thousand lines is taken, a catalogue of a megabyte too, and no byte beyond")
  func limits() throws {
    let shop = try Shop.open()
    let bearer = "Authorization: Bearer " + (try shop.door.token("desk", [.backend]))
    let short = HTTPCalls.shortBodyBytesMax
    #expect(
      try refusal(try promise(shop, "POST /v1/orders", [bearer], length: short + 1)).status == 413)
    for (path, length) in [
      ("/v1/orders", short), ("/v1/catalogue/import", HTTPCalls.longBodyBytesMax),
    ] {
      let client = try promise(shop, "POST " + path, [bearer], length: length)
      try client.write(raw: [UInt8](repeating: 0x20, count: length))
      #expect(try client.read().status == 415)
    }
    // Chunks do not say how many will come.
    let chunked = try HTTPClient("127.0.0.1", shop.door.port)
    let head =
      "POST /v1/orders HTTP/1.1\r\nHost: a\r\n\(bearer)\r\nTransfer-Encoding: chunked\r\n\r\n"
    try chunked.write(raw: Array((head + "40000\r\n").utf8))
    try chunked.write(raw: [UInt8](repeating: 0x20, count: short) + Array("\r\n1\r\n".utf8))
    #expect(try refusal(chunked).status == 413)

    let id = String(repeating: "s", count: 64)
    let line: JSON = ["sku": .string(id), "units": 1_000_000, "paid": 1_000_000_000_000]
    let order: JSON = [
      "order": .string(id), "buyer": .string(id), "seller": "lin",
      "placedAt": .string(wallClock().description),
      "lines": .array([JSON](repeating: line, count: 1_000)),
    ]
    #expect(order.bytes.count < short)
    #expect(try shop.door.desk().post("/v1/orders", order).code == "unknown_sku")
  }
}
