// What one person can learn of another's orders, over real sockets.

import Commerce
import Crypto
import Glibc
import Notation
import Testing
import Transport
import Wire

@testable import Server

@Suite("Explanations, as a stranger asks for them", .serialized)
struct AttackAccessTests {
  private let storefront = StorefrontID(trusted: "shop")

  private func token(
    _ server: Server, _ person: String, _ scopes: Token.Scopes
  ) throws -> String {
    try server.keyring.issue(
      person: PersonID(trusted: person), storefront: storefront, scopes: scopes,
      lifetimeMilliseconds: 3_600_000, now: wallClock())
  }

  /// What a promoter is told of an order.
  private func explanation(_ server: Server, to person: String) throws -> JSON {
    let socket = try WebSocketClient(
      "127.0.0.1", server.address.port, "/v1/socket", sha1: SHA1.digest)
    defer { try? socket.close() }
    let token = try token(server, person, .promoter)
    var answers: [JSON] = []
    for (id, method, parameters) in [
      (Int64(1), "session.open", ["token": .string(token)] as JSON),
      (2, "order.explain", ["order": "1001"]),
    ] {
      let call: JSON = [
        "jsonrpc": "2.0", "id": .integer(id), "method": .string(method), "params": parameters,
      ]
      try socket.send(text: String(decoding: call.bytes, as: UTF8.self))
      answers.append(try JSON.read(try socket.receiveText()))
    }
    return answers[1]
  }

  @Test("Only who took part in an order, or could have earned on it, is told what it came to")
  func strangers() throws {
    var template = Array("/tmp/waggle-attack-test-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    let folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    var options = ServerOptions(
      directory: folder, zone: { try TimeZones.table(named: $0) }, log: { _ in })
    options.port = 0
    let server = try startServer(options)
    defer { server.stop() }
    let client = try HTTPClient("127.0.0.1", server.address.port)
    let staff = try token(server, "staff", [.operator, .backend])
    func send(_ method: HTTPMethod, _ path: String, _ body: String, _ type: String) throws {
      let headers = HTTPHeaders([("Authorization", "Bearer " + staff), ("Content-Type", type)])
      let response = try client.send(method, path, headers: headers, body: Array(body.utf8))
      try #require((200...201).contains(response.status), "\(path) \(response.status)")
    }
    let json = "application/json"
    let risks = #""acceptedRisks": ["headcount_pay"]"#
    try send(.put, "/v1/storefront", "{\"name\": \"S\", \"plan\": \"wanwu\", \(risks)}", json)
    let joined = #""joinedAt": "2026-03-01T00:00:00Z""#
    for member in ["chen", "wang"] {
      try send(.post, "/v1/members", "{\"member\": \"\(member)\", \(joined)}", json)
    }
    try send(
      .post, "/v1/catalogue/import",
      "sku,product,supplier,title,price,cost,ratePpm\nk,k,s,T,1000,500,200000\n", "text/csv")
    try send(
      .post, "/v1/orders",
      #"""
      {"order": "1001", "buyer": "v", "seller": "chen", "placedAt": "2026-03-02T00:00:00Z",
       "lines": [{"sku": "k", "units": 1, "paid": 987654}]}
      """#, json)
    #expect(try explanation(server, to: "chen")["result"]?["net"] == 987_654)
    let stranger = try explanation(server, to: "wang")
    #expect(stranger["error"]?["data"]?["code"] == "not_your_order")
    #expect(!String(decoding: stranger.bytes, as: UTF8.self).contains("987654"))
  }
}
