// Hostile clients over real sockets: floods, foreign pages, smuggled requests, and what secrets leave behind.
// Clocks are moved, never waited for.

import Commerce
import Crypto
import Notation
import Synchronization
import Testing
import Transport
import Wire

@testable import Server

@Suite("Floods and forgeries")
struct AttackFloodTests {
  private func metric(_ shop: Shop, _ name: String) -> Int? {
    shop.server.health.metrics.split(separator: "\n").first { $0.hasPrefix("waggle_\(name) ") }
      .flatMap { Int($0.split(separator: " ")[1]) }
  }

  private func refusal(_ answer: Result<JSON, Visitor.Refusal>) -> Visitor.Refusal? {
    if case .failure(let refusal) = answer { refusal } else { nil }
  }

  @Test("A session has 200 calls at once and then 100 a second; staff have no such limit")
  func callRate() throws {
    let clocks = ManualClocks()
    let shop = try Shop.open(clocks.set)
    let visitor = try shop.door.visitor("v1")
    let staff = try shop.door.visitor("s1", [.backend])
    // The session took one.
    for _ in 0..<199 { try visitor.done("room.list") }
    let refused = try #require(refusal(try visitor.call("room.list")))
    #expect(refused.code == "rate_limited" && refused.isTemporary)
    clocks.advance(10)
    try visitor.done("room.list")
    #expect(refusal(try visitor.call("room.list"))?.code == "rate_limited")
    #expect(metric(shop, "calls_rate_limited_total") == 2)
    for _ in 0..<300 { try staff.done("room.list") }
  }

  @Test("Joining again and again makes one viewer, and is limited")
  func joins() throws {
    let clocks = ManualClocks()
    let shop = try Shop.open(clocks.set)
    let visitor = try shop.door.visitor("v1")
    let host = try shop.door.visitor("lin", .host)
    for _ in 0..<120 { try visitor.done("room.join", ["room": "r1"]) }
    #expect(refusal(try visitor.call("room.join", ["room": "r1"]))?.code == "rate_limited")
    let figures = try host.done("ticker.subscribe", ["ticker": "room", "room": "r1"])
    #expect(figures["watching"] == 1 && figures["unique"] == 1)
  }

  @Test("A hundred messages in a row that are no calls close with 3503, ninety-nine do not")
  func rubbish() throws {
    let shop = try Shop.open()
    let visitor = try shop.door.visitor("v1")
    for _ in 0..<2 {
      for _ in 0..<99 { try visitor.socket.send(text: "rubbish") }
      try visitor.done("room.list")
    }
    for _ in 0..<100 { try visitor.socket.send(text: "[]") }
    #expect(try visitor.readToEnd() == 3503)
    #expect(metric(shop, "misuse_closes_total") == 1)
  }

  @Test("Who goes on calling after a thousand refusals in a row is closed with 3503")
  func deafFlood() throws {
    let clocks = ManualClocks()
    let shop = try Shop.open(clocks.set)
    let visitor = try shop.door.visitor("v1")
    var bytes: [UInt8] = []
    for id in 1001...2300 {
      let call = Visitor.request(Int64(id), "room.list", .object([]))
      bytes += WebSocketEncoder.text(call.bytes, mask: 0x0102_0304)
    }
    try visitor.socket.write(raw: bytes)
    #expect(try visitor.readToEnd() == 3503)
  }

  @Test(
    "An address opens 200 links at once and then ten a second; nobody is made a guest beyond that")
  func links() throws {
    let clocks = ManualClocks()
    let shop = try Shop.open { options in
      clocks.set(&options)
      options.allowsGuests = true
    }
    let path = "/l/" + (try #require(try shop.door.link("chen").text))
    let client = try HTTPClient("127.0.0.1", shop.door.port)
    for _ in 0..<200 { #expect(try client.send(.get, path).status == 302) }
    let refused = try client.send(.get, path)
    #expect(refused.status == 429 && refused.headers["retry-after"] == "1")
    #expect(refused.headers["set-cookie"] == nil)
    let problem = try JSON.read(refused.body)
    #expect(problem["code"] == "rate_limited" && problem["temporary"] == true)
    #expect(problem["retryAfterMilliseconds"] == 100)
    #expect(refused.headers["x-request-id"] != nil)
    clocks.advance(100)
    #expect(try client.send(.get, path).status == 302)
    #expect(try client.send(.get, path).status == 429)
    #expect(metric(shop, "links_rate_limited_total") == 2)
    #expect(shop.server.health.count(.rate) == 2)
  }

  @Test("Junk that is opened as links closes the door to nobody who has a genuine one")
  func junkLinks() throws {
    let clocks = ManualClocks()
    let shop = try Shop.open(clocks.set)
    let path = "/l/" + (try #require(try shop.door.link("chen").text))
    let client = try HTTPClient("127.0.0.1", shop.door.port)
    for _ in 0..<200 { #expect(try client.send(.get, "/l/junk").status == 302) }
    #expect(try client.send(.get, "/l/junk").status == 429)
    for _ in 0..<200 { #expect(try client.send(.get, path).status == 302) }
    #expect(try client.send(.get, path).status == 429)
  }

  @Test(
    "One address has so many connections; the others are refused, counted, and nobody is robbed")
  func connections() throws {
    let shop = try Shop { $0.connectionsPerAddress = 3 }
    let visitors = try (0..<3).map { _ in try shop.door.stranger() }
    #expect(throws: ClientError.self) { try shop.door.stranger() }
    for visitor in visitors { #expect(refusal(try visitor.call("room.list")) != nil) }
    #expect(metric(shop, "connections_refused_total") == 1)
  }

  @Test("An address that opens connections too fast is refused for a while, and counted")
  func openings() throws {
    let clocks = ManualClocks()
    let shop = try Shop {
      clocks.set(&$0)
      $0.connectsPerSecond = 1
    }
    let visitors = try (0..<4).map { _ in try shop.door.stranger() }
    #expect(throws: ClientError.self) { try shop.door.stranger() }
    for visitor in visitors { #expect(refusal(try visitor.call("room.list")) != nil) }
    #expect(metric(shop, "connections_rate_limited_total") == 1)
    #expect(metric(shop, "connections_refused_total") == 0)
    #expect(shop.server.health.metrics.contains("waggle_limits_refused_total{limit=\"rate\"} 1"))
    clocks.advance(1_000)
    // The loop looks at the clock once a turn.
    _ = try visitors[0].call("room.list")
    #expect(refusal(try shop.door.stranger().call("room.list")) != nil)
  }

  @Test("Without an option, this machine opens as many connections as it likes, others do not")
  func openingsByDefault() throws {
    let paces = try #require(sampleOptions().openings)
    let network = { (host: String) in try #require(InternetAddress(host: host, port: 1)).network }
    for _ in 0..<400 { #expect(paces.take(try network("192.0.2.1"), at: 0) == 0) }
    #expect(paces.take(try network("192.0.2.1"), at: 0) == 10)
    for _ in 0..<1_000 { #expect(paces.take(try network("127.0.0.1"), at: 0) == 0) }
    #expect(sampleOptions(connectsPerSecond: 0).openings == nil)
    let asked = try #require(sampleOptions(connectsPerSecond: 1_000).openings)
    for _ in 0..<4_000 { #expect(asked.take(try network("127.0.0.1"), at: 0) == 0) }
    #expect(asked.take(try network("127.0.0.1"), at: 0) == 1)
  }

  private func sampleOptions(connectsPerSecond: Int64? = nil) -> ServerOptions {
    var options = ServerOptions(
      directory: "", zone: { try TimeZones.table(named: $0) }, log: { _ in })
    options.connectsPerSecond = connectsPerSecond
    return options
  }

  @Test("A server that can take no calls closes new WebSockets with 1013")
  func busy() throws {
    let shop = try Shop { $0.callsWaitingMax = 0 }
    #expect(try shop.door.stranger().readToEnd() == 1013)
    #expect(metric(shop, "connections_busy_total") == 1)
  }

  // MARK: Forgeries

  @Test("A page of another origin opens no WebSocket, whatever cookie its visitor has")
  func origins() throws {
    let shop = try Shop { $0.origins = ["https://shop.example"] }
    let port = shop.door.port
    let cookie = "\(Access.cookieName)=\(try shop.door.token("v1", .viewer))"
    func status(_ origin: String?) throws -> Int {
      var headers = HTTPHeaders([("Cookie", cookie)])
      if let origin { headers.add("Origin", origin) }
      do throws(ClientError) {
        _ = try WebSocketClient(
          "127.0.0.1", port, "/v1/socket", headers: headers, sha1: SHA1.digest(of:))
        return 101
      } catch .refused(let response) {
        #expect(try JSON.read(response.body)["code"] == "forbidden_origin")
        return response.status
      }
    }
    for good in [nil, "https://shop.example", "http://127.0.0.1:\(port)"] {
      #expect(try status(good) == 101)
    }
    let twice = HTTPHeaders([
      ("Origin", "http://127.0.0.1:\(port)"), ("Origin", "https://evil.example"),
    ])
    #expect(throws: ClientError.self) {
      _ = try WebSocketClient(
        "127.0.0.1", port, "/v1/socket", headers: twice, sha1: SHA1.digest(of:))
    }
    for bad in [
      "https://evil.example", "null", "", "https://shop.example.evil.example",
      "http://shop.example", "http://127.0.0.1", "https://shop.example:8443", "*",
    ] {
      #expect(try status(bad) == 403, "\(bad)")
    }
  }

  @Test("A request smuggled behind an ambiguous length is never answered")
  func smuggling() throws {
    let shop = try Shop()
    let smuggled = "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"
    let heads = [
      "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "Content-Length: 0\r\nContent-Length: 5\r\n\r\n", "Content-Length: +0\r\n\r\n",
      "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
      "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", "Content-Length: 0\n\r\n",
      "Transfer-Encoding: chunked\r\n\r\n0;\n\r\n",
    ]
    for head in heads {
      let client = try HTTPClient("127.0.0.1", shop.door.port)
      let request = "POST /v1/orders HTTP/1.1\r\nHost: a\r\n" + head
      try client.write(raw: Array((request + smuggled).utf8))
      let status = try client.read().status
      #expect(status == 400 || status == 501, "\(head)")
      #expect(throws: ClientError.closed) { try client.read() }
    }
  }

  @Test("No token and no key is ever written to the log, the metrics, an answer or a redirect")
  func secrets() throws {
    let told = Mutex<[String]>([])
    let shop = try Shop.open { options in
      options.allowsGuests = true
      options.log = { line in told.withLock { $0.append(line) } }
    }
    let token = try shop.door.token("v1", .viewer)
    let client = try HTTPClient("127.0.0.1", shop.door.port)
    let bearer = HTTPHeaders([("Authorization", "Bearer " + token + "x")])
    // A token in a URL opens nothing: it would stand in the logs of every proxy.
    let inURL = try client.send(.get, "/v1/rooms?token=\(token)&access_token=\(token)")
    #expect(inURL.status == 401)
    var answers = [inURL, try client.send(.get, "/v1/rooms", headers: bearer)]
    let path = "/l/" + (try #require(try shop.door.link("chen").text))
    let cookie = HTTPHeaders([("Cookie", "\(Access.cookieName)=\(token)")])
    answers.append(try client.send(.get, path, headers: cookie))
    let visitor = try shop.door.stranger()
    let refused = try visitor.call("session.open", ["token": .string(token + "x")])
    // A failure is logged; the call that met it had a token.
    shop.faults.failsCommits.store(true, ordering: .relaxed)
    try visitor.socket.send(text: "[]")
    let failed = try client.send(.get, path)
    #expect(failed.headers["location"]?.contains("storage_unavailable") == true)
    shop.faults.failsCommits.store(false, ordering: .relaxed)
    #expect(!told.withLock { $0.isEmpty })
    let everything =
      told.withLock { $0 }.joined() + shop.server.health.metrics + "\(refused)"
      + answers.map { "\($0.headers)" + String(decoding: $0.body, as: UTF8.self) }.joined()
    let signature = try #require(token.split(separator: ".").last)
    #expect(!everything.contains(signature))
  }
}
