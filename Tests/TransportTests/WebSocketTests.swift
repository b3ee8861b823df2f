import EchoServer
import Testing
import Transport
import Wire

extension TransportTests {
  @Suite("WebSocket on a loop")
  struct WebSocketTests {
    @Test("The handshake agrees on the subprotocol and messages are echoed", arguments: [1, 3])
    func echoes(loops: Int) throws {
      let server = try TestServer(loops: loops)
      let client = try server.webSocket()
      #expect(client.subprotocol == "waggle.v1")
      for text in ["", "a", "grüße 🐝", String(repeating: "x", count: 65_536)] {
        try client.send(text: text)
        #expect(try client.receiveText() == text)
      }
    }

    @Test("Frames that arrive together with the handshake are not lost")
    func takesEarlyFrames() throws {
      let server = try TestServer()
      let client = try server.http()
      let nonce = [UInt8](repeating: 1, count: 16)
      try client.write(
        raw: WebSocketHandshake.requestBytes("/echo", host: "a", nonce: nonce)
          + WebSocketEncoder.text(Array("early".utf8), mask: 1)
          + WebSocketEncoder.close(1000, mask: 2))
      #expect(try client.read().status == 101)
      #expect(server.waitForClosed(1))
      #expect(server.causes == [.peer])
    }

    @Test("A refused upgrade leaves the connection to HTTP")
    func refusesUpgrade() throws {
      let server = try TestServer()
      let refused = ClientError.refused(
        HTTPResponse(status: 403, headers: HTTPHeaders([("content-length", "0")])))
      #expect(throws: refused) { try server.webSocket("/closed") }
      let client = try server.http()
      let headers = HTTPHeaders([("connection", "upgrade"), ("upgrade", "websocket")])
      #expect(try client.send(.get, "/echo", headers: headers).status == 426)
      #expect(try client.send(.get, "/hello").status == 200)
    }

    @Test("A message in fragments is echoed whole, with a ping answered in between")
    func joinsFragments() throws {
      let server = try TestServer()
      let client = try server.webSocket()
      try client.send(.text, Array("one ".utf8), isFinal: false)
      try client.send(.ping, [1, 2, 3])
      #expect(try client.receive() == .pong([1, 2, 3]))
      try client.send(.continuation, Array("two".utf8))
      #expect(try client.receiveText() == "one two")
    }

    @Test("Frames are taken however they are cut, several connections at a time")
    func takesAnyCut() throws {
      let server = try TestServer()
      let clients = try (0..<3).map { _ in try server.webSocket() }
      let frames = ["first", "second", "third"].map {
        WebSocketEncoder.text(Array($0.utf8), mask: 0x0102_0304)
      }
      for byte in 0..<frames[0].count {
        for (client, frame) in zip(clients, frames) { try client.write(raw: [frame[byte]]) }
      }
      for (client, frame) in zip(clients, frames) {
        try client.write(raw: Array(frame.dropFirst(frames[0].count)))
      }
      #expect(try clients.map { try $0.receiveText() } == ["first", "second", "third"])
    }

    @Test("A message of 1 MiB is echoed where the limit allows it")
    func takesLargeMessages() throws {
      let server = try TestServer {
        $0.messageBytesMax = 1 << 20
        $0.queueBytesMax = 2 << 20
      }
      let client = try server.webSocket()
      let text = String(repeating: "0123456789abcdef", count: 65_536)
      for _ in 0..<3 {
        try client.send(text: text)
        #expect(try client.receiveText() == text)
      }
    }

    @Test("The client's close is answered with its code, and the connection ends")
    func answersClose() throws {
      let server = try TestServer()
      let client = try server.webSocket()
      try client.close(code: 4321, reason: "enough")
      #expect(closing(of: client) == (4321, true))
      #expect(server.waitForClosed(1))
      #expect(server.causes == [.peer])
    }

    @Test("The server's close reaches the client; what it sends afterwards is discarded")
    func closes() throws {
      let server = try TestServer()
      let (client, id) = try server.identifiedWebSocket()
      server.loops[0].post(.close(id, code: 4000, reason: "over"))
      #expect(try client.receive() == .close(code: 4000, reason: "over"))
      #expect(server.waitForClosed(1))
      #expect(server.causes == [.local])
      try client.send(text: "too late")
      try client.close(code: 4000)
      #expect(throws: ClientError.closed) { try client.receive() }
      #expect(server.causes == [.local])
    }

    @Test("A client that never answers a close is cut off after the close time-out")
    func cutsOffSilentClose() throws {
      let server = try TestServer()
      let (client, id) = try server.identifiedWebSocket()
      server.loops[0].post(.close(id, code: 4000, reason: ""))
      #expect(try client.receive() == .close(code: 4000, reason: ""))
      server.advance(4_999)
      #expect(throws: ClientError.timedOut) { try client.receive(timeoutMilliseconds: 20) }
      server.advance(1_000)
      #expect(throws: ClientError.closed) { try client.receive() }
    }

    @Test("A lost client is noticed without a close frame")
    func noticesLoss() throws {
      let server = try TestServer()
      _ = try server.webSocket()
      #expect(server.waitForClosed(1))
      #expect(server.causes == [.peer])
    }

    @Test(
      "What breaks the protocol is answered with its code, then the connection ends",
      arguments: [
        ("a message too long", [0x81, 0xff, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0], 1009),
        ("text that is not UTF-8", [0x81, 0x81, 0, 0, 0, 0, 0xff], 1007),
        ("an unmasked frame", [0x81, 0x01, 0x61], 1002),
        ("a reserved bit", [0xc1, 0x80, 0, 0, 0, 0], 1002),
        ("binary where only text is taken", [0x82, 0x80, 0, 0, 0, 0], 1003),
      ] as [(String, [UInt8], UInt16)])
    func failsViolations(_: String, bytes: [UInt8], code: UInt16) throws {
      let server = try TestServer()
      let client = try server.webSocket()
      try client.write(raw: bytes + [UInt8](repeating: 0, count: 1000))
      #expect(closing(of: client) == (code, true))
      #expect(server.waitForClosed(1))
      #expect(server.causes == [.violation])
    }

    @Test("One frame encoded once reaches every connection of every loop")
    func broadcasts() throws {
      let server = try TestServer(loops: 2)
      let clients = try (0..<20).map { _ in try server.webSocket() }
      #expect(server.journal.wait { _ in server.upgraded.count == 20 })
      let frame = Frame(text: Array("to all".utf8))
      for loop in server.loops { loop.post(.broadcast(frame)) }
      for client in clients { #expect(try client.receiveText() == "to all") }
    }

    @Test("Messages posted by many threads all arrive, each thread's in order")
    func postsFromAnyThread() async throws {
      let server = try TestServer()
      let (client, id) = try server.identifiedWebSocket()
      let loop = server.loops[0]
      await withTaskGroup(of: Void.self) { group in
        for thread in 0..<4 {
          group.addTask {
            for count in 0..<250 {
              loop.post(.send(Frame(text: Array("\(thread) \(count)".utf8)), id))
            }
          }
        }
      }
      var next = [0, 0, 0, 0]
      for _ in 0..<1000 {
        let parts = try client.receiveText().split(separator: " ").compactMap { Int($0) }
        #expect(next[parts[0]] == parts[1])
        next[parts[0]] += 1
      }
      #expect(next == [250, 250, 250, 250])
    }
  }
}
