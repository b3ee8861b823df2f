// Who may read the figures of a server: nobody from outside, however the request is dressed.

import Commerce
import Glibc
import Notation
import Testing
import Transport
import Wire

@testable import Server

@Suite("Operations: who may read figures")
struct OperationsAccessTests {
  @Test("A revoked token of an operator reads no figures")
  func revoked() throws {
    let shop = try Shop.open()
    let token = try shop.server.keyring.issue(
      person: PersonID(trusted: "boss"), storefront: shop.door.storefront, scopes: .operator,
      lifetimeMilliseconds: 3_600_000, now: wallClock(), id: "one")
    let headers = HTTPHeaders([("Via", "1.1 proxy"), ("Authorization", "Bearer " + token)])
    let client = try HTTPClient("127.0.0.1", shop.door.port)
    #expect(try client.send(.get, "/metrics", headers: headers).status == 200)
    try shop.door.desk().done("/v1/revocations", ["revocation": "r1", "token": "one"])
    let refused = try client.send(.get, "/metrics", headers: headers)
    #expect(refused.status == 401)
    #expect(try JSON.read(refused.body)["code"] == "token_revoked")
  }

  @Test(
    "Health and figures have one spelling each; a rule of a proxy for it holds",
    arguments: ["metrics", "livez", "readyz"])
  func spellings(_ name: String) throws {
    let shop = try Shop()
    let client = try HTTPClient("127.0.0.1", shop.door.port)
    #expect(try client.send(.get, "/" + name).status == 200)
    #expect(try client.send(.get, "/" + name + "?a=b").status == 200)
    let first = "%" + String(name.utf8.first ?? 0, radix: 16)
    for other in [
      "/" + name + "/", "//" + name, "/" + first + name.dropFirst(), "/" + name + "//",
      "/" + name.uppercased(), "/x/" + name,
    ] {
      #expect(try client.send(.get, other).status == 404, "\(other)")
    }
  }

  @Test("Whatever a proxy adds, and a host that is not this machine, make a request a foreign one")
  func foreign() throws {
    let shop = try Shop()
    let port = shop.door.port
    func status(_ head: String, version: String = "1.1") throws -> Int {
      let client = try HTTPClient("127.0.0.1", port)
      try client.write(raw: Array("GET /metrics HTTP/\(version)\r\n\(head)\r\n".utf8))
      return try client.read().status
    }
    for host in ["127.0.0.1:\(port)", "localhost", "LOCALHOST:1", "[::1]:\(port)", "127.9.9.9"] {
      #expect(try status("Host: \(host)\r\n") == 200, "\(host)")
    }
    for host in ["shop.example", "10.0.0.1:\(port)", "localhost.example", "[2001:db8::1]", "0"] {
      #expect(try status("Host: \(host)\r\n") == 401, "\(host)")
    }
    for name in [
      "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Anything",
      "Forwarded", "Via", "CF-Connecting-IP", "X-Real-IP", "True-Client-IP",
    ] {
      #expect(try status("Host: localhost\r\n\(name): a\r\n") == 401, "\(name)")
    }
    // A proxy that is told nothing else speaks the old version: nginx up to 1.29.
    #expect(try status("Host: localhost\r\n", version: "1.0") == 401)
  }
}
