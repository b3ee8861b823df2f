import EchoServer
import Glibc
import Testing
import Transport
import Wire

extension TransportTests {
  @Suite("The life of loops and connections")
  struct LifeTests {
    @Test("The id of a connection that is gone reaches nobody, also when its slot is used again")
    func ignoresStaleID() throws {
      let server = try TestServer()
      var (client, stale) = try server.identifiedWebSocket()
      try client.close()
      _ = closing(of: client)
      #expect(server.waitForClosed(1))
      let fresh: ConnectionID
      (client, fresh) = try server.identifiedWebSocket()
      #expect(fresh.rawValue & 0xff_ffff == stale.rawValue & 0xff_ffff, "the slot is used again")
      #expect(fresh != stale)
      server.loops[0].post(.close(stale, code: 4000, reason: ""))
      server.loops[0].post(.send(Frame(text: Array("stale".utf8)), stale))
      server.loops[0].post(.send(Frame(text: Array("fresh".utf8)), fresh))
      #expect(try client.receiveText() == "fresh")
      #expect(server.journal.all.contains(.sent("dropped", queuedBytes: 0)))
    }

    @Test("A drained loop answers what is in flight, sends 1012 and ends")
    func drains() throws {
      let server = try TestServer()
      let (client, _) = try server.identifiedWebSocket()
      let idle = try server.http()
      #expect(try idle.send(.get, "/hello").status == 200)
      let busy = try server.http()
      try busy.write(.get, "/late")
      #expect(server.journal.wait { $0.contains(.request("/late")) })
      server.loops[0].drain(withinMilliseconds: 30_000)
      #expect(try client.receive() == .close(code: 1012, reason: "service restart"))
      try client.close(code: 1012)
      #expect(throws: ClientError.closed) { try idle.read() }
      #expect(throws: (any Error).self) { try server.http().send(.get, "/hello") }
      server.loops[0].post(.answerLate)
      let response = try busy.read()
      #expect(response.body == Array("late".utf8))
      #expect(response.headers["connection"] == "close")
      #expect(throws: ClientError.closed) { try busy.read() }
      busy.endSending()
      _ = closing(of: client)
      #expect(server.waitForClosed(3))
      server.loops[0].join()
      #expect(server.journal.all.last == .ended)
    }

    @Test("A drained loop cuts off who does not leave, at the deadline and not before")
    func stopsHard() throws {
      let server = try TestServer()
      let client = try server.webSocket()
      server.loops[0].drain(withinMilliseconds: 3_000)
      #expect(try client.receive() == .close(code: 1012, reason: "service restart"))
      server.advance(2_999)
      #expect(throws: ClientError.timedOut) { try client.receive(timeoutMilliseconds: 20) }
      server.clock.advance(1)
      server.loops[0].wake()
      server.loops[0].join()
      #expect(throws: ClientError.closed) { try client.receive() }
      #expect(server.journal.all.last == .ended)
    }

    @Test("Five hundred connections at once are served, and every descriptor is closed afterwards")
    func servesMany() throws {
      let port: UInt16
      do {
        let server = try TestServer(loops: 2)
        port = server.port
        let clients = try (0..<500).map { _ in try server.webSocket() }
        for (index, client) in clients.enumerated() { try client.send(text: "\(index)") }
        for (index, client) in clients.enumerated() {
          #expect(try client.receiveText() == "\(index)")
        }
        let slots = Set(server.upgraded.map(\.loop))
        #expect(slots == [0, 1], "the kernel spreads connections over the loops")
        // Both ends of every connection and the listeners are of this process.
        let open = socketsOpen(at: port)
        withExtendedLifetime(clients) { #expect(open >= 1_000) }
        server.stop()
        #expect(server.causes.count == 500)
      }
      #expect(socketsOpen(at: port) == 0)
    }

    @Test("A port that somebody listens on is refused, though the loops of one server share theirs")
    func refusesUsedPort() throws {
      let server = try TestServer(loops: 2)
      let address = try #require(InternetAddress(host: "127.0.0.1", port: server.port))
      #expect(throws: SystemError(operation: "bind", code: EADDRINUSE)) {
        try Listener.open(address, count: 1)
      }
    }

    @Test("IPv6 is served too")
    func servesIPv6() throws {
      let server = try TestServer(host: "::1")
      #expect(try HTTPClient("::1", server.port).send(.get, "/hello").status == 200)
      let client = try WebSocketClient("::1", server.port, "/echo", sha1: sha1)
      try client.send(text: "six")
      #expect(try client.receiveText() == "six")
    }

    @Test("A client that resets its connection disturbs nobody else")
    func survivesResets() throws {
      let server = try TestServer()
      let (witness, _) = try server.identifiedWebSocket()
      for _ in 0..<20 {
        let (client, id) = try server.identifiedWebSocket()
        server.loops[0].post(.send(Frame(text: Array("unread".utf8)), id))
        _ = try client.receive()
        server.loops[0].post(.send(Frame(text: Array("unread".utf8)), id))
        // Closing with unread input makes the kernel send a reset.
      }
      try witness.send(text: "here")
      #expect(try witness.receiveText() == "here")
      #expect(server.waitForClosed(20))
    }

    /// How many sockets of this process have an end at this port. Other tests of the same process open
    /// and close descriptors meanwhile, so those cannot be counted.
    private func socketsOpen(at port: UInt16) -> Int {
      func ends(_ descriptor: Int32) -> [UInt16] {
        [getsockname, getpeername].map { name in
          var address = sockaddr_in()
          var size = socklen_t(MemoryLayout<sockaddr_in>.size)
          let found = withUnsafeMutableBytes(of: &address) { bytes in
            name(descriptor, bytes.assumingMemoryBound(to: sockaddr.self).baseAddress, &size)
          }
          return found == 0 ? address.sin_port.byteSwapped : 0
        }
      }
      return (0..<20_000).count { ends($0).contains(port) }
    }
  }
}
