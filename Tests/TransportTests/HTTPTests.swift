import EchoServer
import Testing
import Transport
import Wire

extension TransportTests {
  @Suite("HTTP on a loop")
  struct HTTPTests {
    @Test("Several requests are answered on one connection")
    func keepsAlive() throws {
      let server = try TestServer()
      let client = try server.http()
      for _ in 0..<3 {
        #expect(try client.send(.get, "/hello").body == Array("hello".utf8))
        let body = Array("some body".utf8)
        #expect(try client.send(.post, "/echo", body: body).body == body)
      }
      #expect(try client.send(.get, "/nowhere").status == 404)
      #expect(server.journal.all.filter { if case .opened = $0 { true } else { false } }.count == 1)
    }

    @Test("Pipelined requests are answered in order, however many come at once")
    func pipelines() throws {
      let server = try TestServer()
      let client = try server.http()
      for count in 0..<50 { try client.write(.post, "/echo", body: Array("\(count)".utf8)) }
      for count in 0..<50 { #expect(try client.read().body == Array("\(count)".utf8)) }
    }

    @Test("A second request waits until the first one is answered, even from another thread")
    func answersLate() throws {
      let server = try TestServer()
      let client = try server.http()
      try client.write(.get, "/late")
      try client.write(.get, "/hello")
      #expect(server.journal.wait { $0.contains(.request("/late")) })
      #expect(!server.journal.all.contains(.request("/hello")))
      server.loops[0].post(.answerLate)
      #expect(try client.read().body == Array("late".utf8))
      #expect(try client.read().body == Array("hello".utf8))
    }

    @Test("A response larger than every buffer arrives whole, and the next one after it")
    func sendsLargeResponses() throws {
      let server = try TestServer()
      let client = try server.http()
      try client.write(.get, "/bytes?count=9000000")
      try client.write(.get, "/hello")
      #expect(try client.read().body.count == 9_000_000)
      #expect(try client.read().body == Array("hello".utf8))
    }

    @Test("HEAD tells the length and sends no body")
    func answersHead() throws {
      let server = try TestServer()
      let client = try server.http()
      let response = try client.send(.head, "/bytes?count=5")
      #expect(response.headers["content-length"] == "5")
      #expect(response.body.isEmpty)
      #expect(try client.send(.get, "/hello").status == 200)
    }

    @Test(
      "What is no request is answered with its status, then the connection ends",
      arguments: [
        ("nonsense\r\n\r\n", 400), ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 262145\r\n\r\n", 413),
      ])
    func refusesMalformed(bytes: String, status: Int) throws {
      let server = try TestServer()
      let client = try server.http()
      try client.write(raw: Array(bytes.utf8))
      #expect(try client.read().status == status)
      #expect(throws: ClientError.closed) { try client.read() }
      #expect(server.waitForClosed(1))
      #expect(server.causes == [.violation])
    }

    @Test("A body of exactly the limit is taken")
    func takesBodyAtLimit() throws {
      let server = try TestServer()
      let body = [UInt8](repeating: 7, count: 262_144)
      #expect(try server.http().send(.post, "/echo", body: body).body.count == 262_144)
    }

    @Test("A refused body is read to its end, so that the client gets to read the refusal")
    func lingersAfterRefusal() throws {
      let server = try TestServer()
      let client = try server.http()
      let head = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n"
      try client.write(raw: Array(head.utf8))
      #expect(try client.read().status == 413)
      for _ in 0..<3 {
        try client.write(raw: [UInt8](repeating: 1, count: 1_000_000))
        server.settle()
      }
    }

    @Test("Who asks to close is answered and closed")
    func closesOnRequest() throws {
      let server = try TestServer()
      let client = try server.http()
      let headers = HTTPHeaders([("connection", "close")])
      let response = try client.send(.get, "/hello", headers: headers)
      #expect(response.headers["connection"] == "close")
      #expect(throws: ClientError.closed) { try client.read() }
      #expect(server.waitForClosed(1))
      #expect(server.causes == [.local])
    }

    @Test("A client that ends its direction still gets its answer")
    func answersHalfClosed() throws {
      let server = try TestServer()
      let client = try server.http()
      try client.write(.get, "/late")
      client.endSending()
      #expect(server.journal.wait { $0.contains(.request("/late")) })
      server.loops[0].post(.answerLate)
      #expect(try client.read().body == Array("late".utf8))
      #expect(throws: ClientError.closed) { try client.read() }
      #expect(server.waitForClosed(1))
      #expect(server.causes == [.peer])
    }

    @Test("A client that waits for 100 Continue gets it")
    func continues() throws {
      let server = try TestServer()
      let client = try server.http()
      let head =
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
      try client.write(raw: Array(head.utf8))
      server.advance(29_999)
      try client.write(raw: Array("ok".utf8))
      #expect(try client.read().body == Array("ok".utf8))
    }
  }
}
