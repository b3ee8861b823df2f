import EchoServer
import Testing
import Transport
import Wire

extension TransportTests {
  @Suite("Limits and time-outs of a loop")
  struct LimitTests {
    @Test("A header that does not end is cut off after five seconds, however often bytes come")
    func cutsOffSlowHeader() throws {
      let server = try TestServer()
      let client = try server.http()
      try client.write(raw: Array("GET / HTTP/1.1\r\n".utf8))
      for _ in 0..<4 {
        server.advance(1_000)
        try client.write(raw: Array("a: b\r\n".utf8))
      }
      server.advance(999)
      #expect(server.causes.isEmpty)
      server.advance(1_000)
      #expect(try client.read().status == 408)
      #expect(server.waitForClosed(1))
      #expect(server.causes == [.timeout])
    }

    @Test("A connection without a byte is closed after five seconds")
    func cutsOffSilentConnection() throws {
      let server = try TestServer()
      let client = try server.http()
      server.advance(5_000)
      #expect(throws: ClientError.closed) { try client.read() }
      #expect(server.waitForClosed(1))
      #expect(server.causes == [.timeout])
    }

    @Test("A body has thirty seconds from the end of its header")
    func cutsOffSlowBody() throws {
      let server = try TestServer()
      let client = try server.http()
      let head = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
      try client.write(raw: Array((head + "Expect: 100-continue\r\n\r\n").utf8))
      try client.write(raw: Array("a".utf8))
      server.advance(29_000)
      try client.write(raw: Array("b".utf8))
      server.advance(31_000)
      #expect(try client.read().status == 408)
    }

    @Test("Bodies on their way are bounded together: whoever goes beyond it is told to come back")
    func boundsPartialBodies() throws {
      let server = try TestServer { $0.partialBodiesBytesMax = 100_000 }
      let head = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n"
      let (first, second) = (try server.http(), try server.http())
      try first.write(raw: Array(head.utf8) + [UInt8](repeating: 0x61, count: 59_999))
      #expect(try server.http().send(.get, "/hello").status == 200)
      try second.write(raw: Array(head.utf8) + [UInt8](repeating: 0x61, count: 59_999))
      let refused = try second.read()
      #expect(refused.status == 503 && refused.headers["retry-after"] == "1")
      // What was kept is kept, and what is given back can be used again.
      try first.write(raw: [0x61])
      #expect(try first.read().body.count == 60_000)
      let third = try server.http()
      try third.write(raw: Array(head.utf8) + [UInt8](repeating: 0x61, count: 59_999))
      try third.write(raw: [0x61])
      #expect(try third.read().body.count == 60_000)
    }

    @Test("An idle kept-alive connection is closed after sixty seconds")
    func closesIdle() throws {
      let server = try TestServer()
      let client = try server.http()
      #expect(try client.send(.get, "/hello").status == 200)
      server.advance(59_000)
      #expect(try client.send(.get, "/hello").status == 200)
      server.advance(60_000)
      #expect(throws: ClientError.closed) { try client.read() }
      #expect(server.waitForClosed(1))
      #expect(server.causes == [.timeout])
    }

    @Test("A silent WebSocket is pinged after 25 seconds and closed with 3009 eight seconds later")
    func pings() throws {
      let server = try TestServer()
      let client = try server.webSocket()
      client.answersPings = false
      server.advance(24_000)
      #expect(throws: ClientError.timedOut) { try client.receive(timeoutMilliseconds: 20) }
      server.advance(1_000)
      #expect(try client.receive() == .ping([]))
      server.advance(8_000)
      #expect(try client.receive() == .close(code: 3009, reason: "ping timeout"))
      #expect(throws: ClientError.closed) { try client.receive() }
      #expect(server.waitForClosed(1))
      #expect(server.causes == [.timeout])
    }

    @Test("Any traffic counts as a sign of life")
    func acceptsSignsOfLife() throws {
      let server = try TestServer()
      let client = try server.webSocket()
      for _ in 0..<3 {
        server.advance(24_000)
        try client.send(text: "here")
        #expect(try client.receiveText() == "here")
      }
      server.advance(25_000)
      #expect(try client.receive() == .ping([]))
      server.advance(8_000)
      try client.send(text: "here")
      #expect(try client.receiveText() == "here")
      #expect(server.causes.isEmpty)
    }

    /// Sends frames of 60 KiB to a client that does not read, until one is dropped.
    private func fill(_ server: TestServer, _ id: ConnectionID, countMax: Int) -> [Int] {
      let frame = Frame(text: [UInt8](repeating: UInt8(ascii: "x"), count: 60 * 1024))
      for count in 1...countMax {
        server.loops[0].post(.send(frame, id))
        #expect(server.journal.wait { _ in outcomes(server).count >= count })
        if outcomes(server).last?.0 == "dropped" { break }
      }
      return outcomes(server).map(\.1)
    }

    private func outcomes(_ server: TestServer) -> [(String, Int)] {
      server.journal.all.compactMap {
        if case .sent(let outcome, let bytes) = $0 { (outcome, bytes) } else { nil }
      }
    }

    @Test("A reader slower than the queue allows is closed with 3008, its memory given back")
    func closesSlowReader() throws {
      let server = try TestServer { $0.queueBytesMax = 1 << 20 }
      let (client, id) = try server.identifiedWebSocket()
      let queued = fill(server, id, countMax: 1000)
      #expect(queued.dropLast().allSatisfy { $0 <= 1 << 20 })
      #expect((queued.last ?? 0) <= 61 * 1024)
      #expect(queued.count > 17)
      #expect(server.waitForClosed(1))
      #expect(server.causes == [.slowConsumer])
      // From then on nothing is taken, and what had begun arrives whole before the close.
      server.loops[0].post(.send(Frame(text: Array("after".utf8)), id))
      #expect(server.journal.wait { _ in outcomes(server).count == queued.count + 1 })
      #expect(outcomes(server).last?.0 == "dropped")
      var texts = 0
      while case .text(let text) = try client.receive() {
        #expect(text.count == 60 * 1024)
        texts += 1
      }
      #expect(texts < queued.count)
      try client.close(code: 3008)
      #expect(throws: ClientError.closed) { try client.receive() }
    }

    @Test("The close frame of a slow reader carries 3008")
    func tellsSlowReader() throws {
      let server = try TestServer { $0.queueBytesMax = 200_000 }
      let (client, id) = try server.identifiedWebSocket()
      _ = fill(server, id, countMax: 1000)
      #expect(closing(of: client).code == 3008)
    }

    @Test("A queue older than ten seconds closes the connection, one younger does not")
    func closesStaleQueue() throws {
      let server = try TestServer { $0.queueBytesMax = 64 << 20 }
      let (client, id) = try server.identifiedWebSocket()
      let frame = Frame(text: [UInt8](repeating: UInt8(ascii: "x"), count: 8 << 20))
      server.loops[0].post(.send(frame, id))
      server.loops[0].post(.send(frame, id))
      #expect(server.journal.wait { _ in outcomes(server).count == 2 })
      #expect(outcomes(server).last?.0 == "queued")
      server.advance(9_999)
      server.loops[0].post(.send(Frame(text: []), id))
      #expect(server.journal.wait { _ in outcomes(server).count == 3 })
      #expect(server.causes.isEmpty)
      server.advance(1_000)
      #expect(server.waitForClosed(1))
      #expect(server.causes == [.slowConsumer])
      #expect(closing(of: client).code == 3008)
    }

    @Test("A long queue that the reader drains is reported as writable, and nothing is lost")
    func reportsWritable() throws {
      let server = try TestServer { $0.queueBytesMax = 64 << 20 }
      let (client, id) = try server.identifiedWebSocket()
      _ = fill(server, id, countMax: 200)
      #expect(!server.journal.all.contains(.writable(id)))
      for _ in 0..<200 { #expect(try client.receiveText().utf8.count == 60 * 1024) }
      #expect(server.journal.wait { $0.contains(.writable(id)) })
    }

    @Test("One address may have so many connections and no more, over all loops")
    func limitsAddresses() throws {
      let server = try TestServer(loops: 2) { $0.quota = AddressQuota(connectionsMax: 3) }
      var clients = try (0..<3).map { _ in try server.webSocket() }
      #expect(throws: ClientError.closed) { try server.webSocket() }
      clients.removeLast()
      #expect(server.waitForClosed(1))
      clients.append(try server.webSocket())
      for client in clients {
        try client.send(text: "here")
        #expect(try client.receiveText() == "here")
      }
    }

    @Test("One address may open so many connections at once, then so many a second, over all loops")
    func pacesAddresses() throws {
      let pace = Pace(intervalMilliseconds: 100, burst: 3)
      let server = try TestServer(loops: 2) { $0.openings = AddressPaces(pace) }
      for _ in 0..<3 { try server.webSocket().close() }
      // Closing gives nothing back: it is opening that costs.
      #expect(throws: ClientError.self) { try server.webSocket() }
      server.advance(99)
      #expect(throws: ClientError.self) { try server.webSocket() }
      server.advance(1)
      let client = try server.webSocket()
      #expect(throws: ClientError.self) { try server.webSocket() }
      try client.send(text: "here")
      #expect(try client.receiveText() == "here")
    }

    @Test("Addresses of this machine open as many as they like, where it is so chosen")
    func sparesLoopback() throws {
      let paces = AddressPaces(Pace(intervalMilliseconds: 100, burst: 1), sparesLoopback: true)
      for (host, isSpared) in [
        ("127.0.0.1", true), ("127.9.9.9", true), ("::1", true), ("::ffff:127.0.0.1", true),
        ("128.0.0.1", false), ("2001:db8::1", false),
      ] {
        let network = try #require(InternetAddress(host: host, port: 1)).network
        #expect(paces.take(network, at: 0) == 0)
        #expect((paces.take(network, at: 0) == 0) == isSpared, "\(host)")
      }
      let server = try TestServer { $0.openings = paces }
      for _ in 0..<20 { _ = try server.webSocket() }
    }

    @Test("A loop takes so many connections and no more")
    func limitsConnections() throws {
      let server = try TestServer { $0.connectionsMax = 2 }
      let clients = try (0..<2).map { _ in try server.webSocket() }
      #expect(throws: ClientError.closed) { try server.webSocket() }
      for client in clients {
        try client.send(text: "here")
        #expect(try client.receiveText() == "here")
      }
    }

    @Test("Addresses of one IPv6 network of 64 bits count together, IPv4 addresses each for itself")
    func countsNetworks() throws {
      let network = { (host: String) in
        try #require(InternetAddress(host: host, port: 1)).network
      }
      #expect(try network("2001:db8::1") == network("2001:db8::ffff:0:0:2"))
      #expect(try network("2001:db8::1") != network("2001:db8:0:1::1"))
      #expect(try network("192.0.2.1") != network("192.0.2.2"))
      #expect(try network("192.0.2.1") == network("::ffff:192.0.2.1"))
      #expect(InternetAddress(host: "example.org", port: 1) == nil)
      #expect(InternetAddress(host: "::1", port: 80)?.description == "[::1]:80")
    }
  }
}
