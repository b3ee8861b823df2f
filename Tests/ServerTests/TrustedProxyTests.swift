// Limits by address behind a proxy: whom its header names counts, and nobody else's header does.

import Commerce
import Notation
import Testing
import Transport
import Wire

@testable import Server

@Suite("Behind a proxy")
struct TrustedProxyTests {
  private func address(_ text: String) throws -> InternetAddress {
    try #require(InternetAddress(host: text, port: 0))
  }

  @Test(
    "The last address that no trusted proxy has counts, and what is no address ends the search",
    arguments: [
      (["203.0.113.9"], "203.0.113.9"), (["6.6.6.6, 203.0.113.9"], "203.0.113.9"),
      (["203.0.113.9, 10.0.0.2"], "203.0.113.9"), (["203.0.113.9", "10.0.0.2"], "203.0.113.9"),
      (["6.6.6.6, 203.0.113.9:4711,10.0.0.2:80"], "203.0.113.9"),
      (["2001:db8::1"], "2001:db8::1"), (["[2001:db8::1]"], "2001:db8::1"),
      (["[2001:db8::1]:443"], "2001:db8::1"), (["::ffff:203.0.113.9"], "203.0.113.9"),
      (["203.0.113.9, unknown"], nil), (["203.0.113.9, _hidden, 10.0.0.2"], nil), ([], nil),
      ([""], nil), (["10.0.0.2"], nil),
    ] as [([String], String?)])
  func rightmost(_ values: [String], _ wanted: String?) throws {
    let headers = HTTPHeaders(values.map { ("X-Forwarded-For", $0) })
    let found = ForwardedFor.client(headers, trusted: [try address("10.0.0.2")])
    #expect(found?.host == wanted)
  }

  /// Opens links until one is refused.
  private func opened(_ client: HTTPClient, _ path: String, _ forwarded: String?) throws -> Int {
    let headers = HTTPHeaders(forwarded.map { [("X-Forwarded-For", $0)] } ?? [])
    for count in 0..<300 where try client.send(.get, path, headers: headers).status == 429 {
      return count
    }
    return 300
  }

  @Test(
    "Visitors behind a trusted proxy are limited one by one; they cannot choose for whom they count"
  )
  func trusted() throws {
    let clocks = ManualClocks()
    let loopback = try address("127.0.0.1")
    let shop = try Shop.open { options in
      clocks.set(&options)
      options.trustedProxies = [loopback]
    }
    let path = "/l/" + (try #require(try shop.door.link("chen").text))
    let client = try HTTPClient("127.0.0.1", shop.door.port)
    #expect(try opened(client, path, "203.0.113.9") == 200)
    #expect(try opened(client, path, "6.6.6.6, 203.0.113.9") == 0)
    #expect(try opened(client, path, "203.0.113.9, 203.0.113.10") == 200)
    // The proxy itself, such as where it names nobody.
    #expect(try opened(client, path, nil) == 200)
    #expect(try opened(client, path, "rubbish") == 0)
    // Whoever comes through it is not this machine, whatever they send.
    #expect(try client.send(.get, "/metrics").status == 401)
  }

  @Test("Nobody else is believed")
  func untrusted() throws {
    let clocks = ManualClocks()
    let other = try address("127.0.0.2")
    let shop = try Shop.open { options in
      clocks.set(&options)
      options.trustedProxies = [other]
    }
    let path = "/l/" + (try #require(try shop.door.link("chen").text))
    let client = try HTTPClient("127.0.0.1", shop.door.port)
    #expect(try opened(client, path, "203.0.113.9") == 200)
    #expect(try opened(client, path, "203.0.113.10") == 0)
    #expect(try client.send(.get, "/metrics").status == 200)
  }
}
