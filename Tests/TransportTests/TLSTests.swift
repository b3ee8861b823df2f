import Certificates
import EchoServer
import Testing
import Transport
import Wire

/// One authority for all tests: making keys takes a moment.
private let shared = Result { try Certificates() }

extension TLSServerContext {
  /// The certificate of some name, freshly made.
  fileprivate convenience init(_ certificates: Certificates, _ name: String) throws {
    let paths = try certificates.issue(name)
    try self.init(
      certificateChain: contents(paths.certificate), privateKey: contents(paths.key))
  }
}

extension TransportTests {
  @Suite("TLS")
  struct TLSTests {
    private let certificates: Certificates
    private let identity: TLSIdentity

    init() throws {
      certificates = try shared.get()
      identity = TLSIdentity(try TLSServerContext(certificates, "first"))
    }

    private func server(
      _ configure: (inout LoopConfiguration) -> Void = { _ in }
    ) throws -> TestServer {
      let server = try TestServer {
        $0.tls = identity
        configure(&$0)
      }
      server.trust = try TLSClientContext(authorities: certificates.authority)
      return server
    }

    /// What `openssl s_client` says of a server that it asks to end at once.
    private func client(
      _ server: TestServer, _ arguments: [String], input: String = "Q\n"
    ) throws -> (status: Int32, output: String) {
      try run(
        [
          "/usr/bin/timeout", "10", "/usr/bin/openssl", "s_client", "-connect",
          "127.0.0.1:\(server.port)", "-CAfile", certificates.authority, "-verify_return_error",
        ] + arguments, input: input)
    }

    @Test("Requests and frames go through TLS as they do without, small and large")
    func echoes() throws {
      let server = try server { $0.requestBodyBytesMax = 8 << 20 }
      let http = try server.http()
      #expect(try http.send(.get, "/hello").body == Array("hello".utf8))
      let body = (0..<(5 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      #expect(try http.send(.post, "/echo", body: body).body == body)
      #expect(try http.send(.get, "/bytes?count=9000000").body.count == 9_000_000)
      let socket = try server.webSocket()
      for count in [0, 1, 125, 16_383, 16_384, 16_385, 65_535, 65_536] {
        let text = String(repeating: "x", count: count)
        try socket.send(text: text)
        #expect(try socket.receiveText() == text)
      }
      try socket.close()
      #expect(closing(of: socket).hasEnded)
    }

    @Test("A broadcast reaches encrypted connections, whole and in order")
    func broadcasts() throws {
      let server = try server()
      let sockets = try (0..<5).map { _ in try server.webSocket() }
      for number in 0..<200 {
        server.loops[0].post(.broadcast(Frame(text: Array("\(number)".utf8))))
      }
      for socket in sockets {
        for number in 0..<200 { #expect(try socket.receiveText() == "\(number)") }
      }
    }

    @Test("A client that trusts another authority, or expects another host, goes no further")
    func proves() throws {
      let server = try server()
      let others = try Certificates()
      server.trust = try TLSClientContext(authorities: others.authority)
      #expect(throws: ClientError.self) { try server.http() }
      #expect(server.waitForClosed(1))
      #expect(try client(server, ["-verify_ip", "127.0.0.1"]).status == 0)
      #expect(try client(server, ["-verify_hostname", "example.org"]).status != 0)
    }

    @Test(
      "TLS 1.2 and 1.3 are spoken, and nothing older",
      arguments: [
        ("-tls1_3", true), ("-tls1_2", true), ("-tls1_1", false), ("-tls1", false),
      ])
    func versions(version: String, isSpoken: Bool) throws {
      let server = try server()
      // The client's own scruples are lowered, so that the refusal is the server's.
      let cipher = isSpoken ? "DEFAULT" : "DEFAULT@SECLEVEL=0"
      let (status, output) = try client(server, [version, "-cipher", cipher])
      #expect((status == 0) == isSpoken, "\(output)")
      if !isSpoken { #expect(output.contains("alert protocol version"), "\(output)") }
      #expect(try server.http().send(.get, "/hello").status == 200)
    }

    @Test(
      "Ciphers without forward secrecy or authentication are refused",
      arguments: [
        "AES128-GCM-SHA256", "AES128-SHA", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384",
        "NULL-SHA256", "AECDH-AES128-SHA",
      ])
    func ciphers(cipher: String) throws {
      let server = try server()
      let (status, output) = try client(server, ["-tls1_2", "-cipher", cipher + "@SECLEVEL=0"])
      #expect(status != 0 && output.contains("alert handshake failure"), "\(output)")
    }

    @Test(
      "Only http/1.1 is agreed upon by ALPN",
      arguments: [
        ("http/1.1", true), ("h2,http/1.1", true), ("h2", false),
      ])
    func alpn(offer: String, isTaken: Bool) throws {
      let server = try server()
      let (status, output) = try client(server, ["-alpn", offer])
      #expect((status == 0) == isTaken, "\(output)")
      #expect(output.contains("ALPN protocol: http/1.1") == isTaken)
    }

    @Test("A session is resumed by its ticket", arguments: ["-tls1_2", "-tls1_3"])
    func resumes(version: String) throws {
      let server = try server()
      let ticket = certificates.directory + "/ticket\(version)"
      let request = "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
      let first = try client(
        server, [version, "-ign_eof", "-sess_out", ticket], input: request)
      #expect(first.output.contains("New, "), "\(first.output)")
      let second = try client(server, [version, "-ign_eof", "-sess_in", ticket], input: request)
      #expect(second.output.contains("Reused, "), "\(second.output)")
      #expect(second.output.contains("hello"))
    }

    @Test("A client cannot negotiate anew")
    func keepsAgreement() throws {
      let server = try server()
      let (_, output) = try client(server, ["-tls1_2"], input: "R\nQ\n")
      #expect(output.contains("RENEGOTIATING"), "\(output)")
      #expect(output.contains("no renegotiation"), "\(output)")
    }

    @Test("A handshake that stalls is cut after five seconds, at its beginning and in its middle")
    func cutsStalled() throws {
      let server = try server()
      let silent = try HTTPClient("127.0.0.1", server.port)
      let begun = try HTTPClient("127.0.0.1", server.port)
      try begun.write(raw: [0x16, 0x03, 0x01, 0x01, 0x00, 0x01])
      server.advance(4_999)
      #expect(server.causes.isEmpty)
      server.advance(1_000)
      #expect(throws: ClientError.closed) { try silent.read() }
      #expect(throws: ClientError.closed) { try begun.read() }
      #expect(server.waitForClosed(2))
      #expect(server.causes == [.timeout, .timeout])
    }

    @Test("After the handshake a request has its own five seconds")
    func timesRequest() throws {
      let server = try server()
      let client = try server.http()
      server.advance(4_999)
      #expect(server.causes.isEmpty)
      server.advance(1_000)
      #expect(throws: ClientError.closed) { try client.read() }
      #expect(server.causes == [.timeout])
    }

    @Test("Bytes that are no TLS end the connection, and nothing else")
    func refusesGarbage() throws {
      let server = try server()
      var random = SystemRandomNumberGenerator()
      for count in [1, 5, 64, 4_096, 100_000] {
        let client = try HTTPClient("127.0.0.1", server.port)
        // No record begins with 0xff.
        try? client.write(
          raw: [0xff] + (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) })
        client.endSending()
        #expect(throws: ClientError.self) {
          // An alert may come, which is no HTTP; then the end.
          while true { _ = try client.read() }
        }
      }
      #expect(server.waitForClosed(5))
      #expect(try server.http().send(.get, "/hello").status == 200)
    }

    @Test("Plain HTTP on the port of TLS is told so in plain text")
    func answersPlain() throws {
      let server = try server()
      let client = try HTTPClient("127.0.0.1", server.port)
      let answer = try client.send(.get, "/hello")
      #expect(answer.status == 400)
      #expect(answer.body == Array("this port speaks https\n".utf8))
      #expect(throws: ClientError.closed) { try client.read() }
      #expect(server.waitForClosed(1))
      #expect(server.causes == [.violation])
      #expect(!server.journal.all.contains(.request("/hello")))
    }

    @Test("A new certificate is shown to new connections; those that are open live on")
    func reloads() throws {
      let server = try server()
      let old = try server.webSocket()
      #expect(try client(server, []).output.contains("subject=CN = first"))
      identity.replace(with: try TLSServerContext(certificates, "second"))
      #expect(try client(server, []).output.contains("subject=CN = second"))
      try old.send(text: "still here")
      #expect(try old.receiveText() == "still here")
      #expect(try server.http().send(.get, "/hello").status == 200)
    }

    @Test("A certificate and a key that do not belong together are refused, and so is no PEM")
    func refusesPair() throws {
      let (one, other) = (try certificates.issue("one"), try certificates.issue("other"))
      let (chain, key) = (try contents(one.certificate), try contents(other.key))
      #expect(throws: TLSError.self) {
        try TLSServerContext(certificateChain: chain, privateKey: key)
      }
      #expect(throws: TLSError.self) {
        try TLSServerContext(certificateChain: chain, privateKey: [])
      }
      #expect(throws: TLSError.self) {
        try TLSServerContext(certificateChain: [], privateKey: key)
      }
      let broken =
        chain + Array("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".utf8)
      #expect(throws: TLSError.self) {
        try TLSServerContext(certificateChain: broken, privateKey: contents(one.key))
      }
    }

    @Test("A slow reader of an encrypted connection is closed with 3008, begun frames whole")
    func closesSlowReader() throws {
      let server = try server { $0.queueBytesMax = 1 << 20 }
      let (client, id) = try server.identifiedWebSocket()
      let frame = Frame(text: [UInt8](repeating: UInt8(ascii: "x"), count: 60 * 1024))
      for _ in 0..<1_000 where server.causes.isEmpty {
        server.loops[0].post(.send(frame, id))
        server.settle()
      }
      #expect(server.causes == [.slowConsumer])
      var end: WebSocketEvent?
      while end == nil {
        switch try client.receive() {
        case .text(let text): #expect(text.count == 60 * 1024)
        case let other: end = other
        }
      }
      #expect(end == .close(code: 3008, reason: "slow consumer"))
    }

    @Test("A drained loop says good-bye to encrypted connections")
    func drains() throws {
      let server = try server()
      let client = try server.webSocket()
      let idle = try server.http()
      #expect(try idle.send(.get, "/hello").status == 200)
      server.loops[0].drain(withinMilliseconds: 30_000)
      #expect(closing(of: client).code == 1012)
      #expect(throws: ClientError.closed) { try idle.read() }
      server.loops[0].join()
    }
  }
}
