// Share links over real sockets: what counts as somebody who opened one. A link that is looked at by a
// program, or by a visitor of another storefront, must neither cheat nor rob a promoter.

import Commerce
import Glibc
import Notation
import Testing
import Transport
import Wire

@testable import Server

@Suite("Landing, as a hostile visitor sees it", .serialized)
struct AttackLandingTests {
  private func withServer(_ body: (Server, HTTPClient) throws -> Void) throws {
    var template = Array("/tmp/waggle-attack-test-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    let folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    var options = ServerOptions(
      directory: folder, zone: { try TimeZones.table(named: $0) }, log: { _ in })
    options.port = 0
    options.allowsGuests = true
    let server = try startServer(options)
    defer { server.stop() }
    try body(server, try HTTPClient("127.0.0.1", server.address.port))
  }

  private func headers(_ server: Server, _ storefront: String) throws -> HTTPHeaders {
    let token = try server.keyring.issue(
      person: PersonID(trusted: "staff"), storefront: StorefrontID(trusted: storefront),
      scopes: [.operator, .backend], lifetimeMilliseconds: 3_600_000, now: wallClock())
    return HTTPHeaders([
      ("Authorization", "Bearer " + token), ("Content-Type", "application/json"),
    ])
  }

  private func send(
    _ client: HTTPClient, _ method: HTTPMethod, _ path: String, _ body: JSON, _ headers: HTTPHeaders
  ) throws -> JSON {
    let response = try client.send(method, path, headers: headers, body: body.bytes)
    #expect((200...201).contains(response.status))
    return try JSON.read(response.body)
  }

  /// A storefront with a promoter, and the path of a link of theirs.
  private func prepare(
    _ server: Server, _ client: HTTPClient, _ storefront: String
  ) throws -> String {
    let staff = try headers(server, storefront)
    _ = try send(client, .put, "/v1/storefront", ["name": "S"], staff)
    let joined: JSON = ["member": "chen", "joinedAt": "2026-03-01T00:00:00Z"]
    _ = try send(client, .post, "/v1/members", joined, staff)
    let link = try send(client, .post, "/v1/links", ["promoter": "chen"], staff)
    return try #require(link["path"]?.text)
  }

  private func brought(
    _ server: Server, _ client: HTTPClient, _ storefront: String
  ) throws -> Int64 {
    let response = try client.send(
      .get, "/v1/members/chen", headers: try headers(server, storefront))
    let earnings = try JSON.read(response.body)["earnings"]?.elements ?? []
    return earnings.first { $0["room"] == .null }?["viewersBrought"]?.integer ?? 0
  }

  @Test("A link that is only looked at (HEAD, prefetch) leads on and touches nobody")
  func previews() throws {
    try withServer { server, client in
      let path = try prepare(server, client, "one")
      #expect(try client.send(.head, path).status == 302)
      let prefetch = HTTPHeaders([("Sec-Purpose", "prefetch;prerender")])
      let looked = try client.send(.get, path, headers: prefetch)
      #expect(looked.status == 503 && looked.headers["set-cookie"] == nil)
      #expect(try client.send(.post, path).status == 405)
      #expect(try brought(server, client, "one") == 0)
      #expect(try client.send(.get, path).status == 302)
      #expect(try brought(server, client, "one") == 1)
    }
  }

  @Test("A guest of one storefront who opens another's link is a guest there, and its promoter's")
  func otherStorefront() throws {
    try withServer { server, client in
      let first = try prepare(server, client, "one")
      let second = try prepare(server, client, "two")
      let cookie = try #require(try client.send(.get, first).headers["set-cookie"])
      let pair = String(cookie.split(separator: ";")[0])
      let landed = try client.send(.get, second, headers: HTTPHeaders([("Cookie", pair)]))
      #expect(landed.status == 302 && landed.headers["set-cookie"] != nil)
      #expect(landed.headers["location"] == "/?#viewer")
      #expect(try brought(server, client, "two") == 1)
    }
  }
}
