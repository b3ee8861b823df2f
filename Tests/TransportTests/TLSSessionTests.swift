// TLS without a loop: two sessions, and between them a wire that a test cuts where it likes. What is
// looked for is a connection that waits for nothing: with edge-triggered readiness the kernel reports
// only what comes after the socket was emptied, so a session may not call a socket empty that is not.
import CLinux
import COpenSSL
import Certificates
import Glibc
import Testing

@testable import Transport

/// One authority for all tests: making keys takes a moment.
private let shared = Result { try Certificates() }

/// A client and a server of TLS; what the client sends waits in `wire` until it is let through.
private final class Pair {
  private let near: (Int32, Int32)
  private let far: (Int32, Int32)
  let client: TLSSession
  let server: TLSSession
  /// What the server has decrypted.
  var received: [UInt8] = []
  /// What the client has decrypted.
  var answered: [UInt8] = []

  init(_ trust: TLSClientContext, _ identity: TLSServerContext) throws {
    near = try Self.socketPair()
    far = try Self.socketPair()
    client = try TLSSession(client: trust, name: "127.0.0.1", descriptor: near.0)
    server = try TLSSession(server: identity, descriptor: far.1)
  }

  deinit { for descriptor in [near.0, near.1, far.0, far.1] { closeDescriptor(descriptor) } }

  private static func socketPair() throws -> (Int32, Int32) {
    var pair: (Int32, Int32) = (-1, -1)
    let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue)
    let result = withUnsafeMutableBytes(of: &pair) {
      socketpair(AF_UNIX, type, 0, $0.assumingMemoryBound(to: Int32.self).baseAddress)
    }
    try #require(result == 0)
    return pair
  }

  private static func bytes(waitingAt descriptor: Int32) -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while case .bytes(let count) = buffer.withUnsafeMutableBytes({
      ByteChannel.receivePlain(into: $0, from: descriptor)
    }) {
      bytes += buffer[..<count]
    }
    return bytes
  }

  /// What the client has sent since this was asked last.
  func flight() -> [UInt8] { Self.bytes(waitingAt: near.1) }

  /// Puts bytes into the server's socket.
  func deliver(_ bytes: some Collection<UInt8>) throws {
    let outcome = Array(bytes).withUnsafeBytes { ByteChannel.sendPlain($0, to: far.0) }
    guard case .bytes(let count) = outcome else {
      try #require(bytes.isEmpty)
      return
    }
    try #require(count == bytes.count)
  }

  /// Does once what a loop does when its connection is readable: reads until the session says that
  /// the kernel will report what comes next.
  func serve(readsMax: Int = .max) throws {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    for _ in 0..<readsMax {
      switch buffer.withUnsafeMutableBytes({ server.receive(into: $0) }) {
      case .bytes(let count):
        received += buffer[..<count]
        if !server.hasEmptiedSocket { continue }
      case .wouldBlock: break
      case let other: throw Unexpected(outcome: other)
      }
      try expectNothingForgotten()
      return
    }
  }

  /// Nothing may lie in the socket once the owner has been told that it is empty.
  private func expectNothingForgotten() throws {
    var waiting: Int32 = 0
    try #require(ioctl(far.1, UInt(FIONREAD), &waiting) == 0)
    #expect(waiting == 0, "the kernel will not report these bytes again")
  }

  /// Lets the server's answers through and decrypts what is in them.
  func answer() throws {
    let bytes = Self.bytes(waitingAt: far.0)
    _ = bytes.withUnsafeBytes { ByteChannel.sendPlain($0, to: near.1) }
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while case .bytes(let count) = buffer.withUnsafeMutableBytes({ client.receive(into: $0) }) {
      answered += buffer[..<count]
    }
  }

  func send(_ text: String) {
    _ = Array(text.utf8).withUnsafeBytes { client.send($0) }
  }

  struct Unexpected: Error {
    let outcome: TransferOutcome
  }
}

extension TransportTests {
  @Suite("Sessions of TLS")
  struct TLSSessionTests {
    private let identity: TLSServerContext
    private let trusts: [TLSClientContext]
    private static let request = "GET /v1/socket HTTP/1.1\r\nHost: a\r\n\r\n"

    /// Clients of TLS 1.2 and of 1.3.
    init() throws {
      let certificates = try shared.get()
      let paths = try certificates.issue("sessions")
      identity = try TLSServerContext(
        certificateChain: contents(paths.certificate), privateKey: contents(paths.key))
      trusts = try [TLS1_2_VERSION, TLS1_3_VERSION].map {
        let trust = try TLSClientContext(authorities: certificates.authority)
        SSL_CTX_ctrl(trust.pointer, SSL_CTRL_SET_MAX_PROTO_VERSION, Int($0), nil)
        return trust
      }
    }

    /// Two sessions whose client has sent its first flight.
    private func begun(_ trust: TLSClientContext) throws -> (Pair, hello: [UInt8]) {
      let pair = try Pair(trust, identity)
      _ = pair.client.handshake()
      return (pair, pair.flight())
    }

    /// Two sessions whose client has sent its Finished, and where the protocol lets it, the request.
    private func finished(_ trust: TLSClientContext) throws -> (Pair, flight: [UInt8]) {
      let (pair, hello) = try begun(trust)
      try pair.deliver(hello)
      try pair.serve()
      try pair.answer()
      pair.send(Self.request)
      return (pair, pair.flight())
    }

    /// Whether the request is there, and its answer comes back.
    private func expectServed(_ pair: Pair) throws {
      // TLS 1.2: the client's turn comes only after the server's Finished.
      if !pair.client.isEstablished || pair.received.isEmpty {
        try pair.answer()
        pair.send(Self.request)
        try pair.deliver(pair.flight())
        try pair.serve()
      }
      #expect(pair.received == Array(Self.request.utf8))
      guard case .bytes(2) = Array("ok".utf8).withUnsafeBytes({ pair.server.send($0) }) else {
        Issue.record("the server cannot send")
        return
      }
      try pair.answer()
      #expect(pair.answered == Array("ok".utf8))
    }

    @Test("A handshake is served wherever its flights are cut, the request in the last one")
    func cuts() throws {
      for trust in trusts {
        var cut = 1
        while true {
          let (pair, flight) = try finished(trust)
          guard cut < flight.count else { break }
          for part in [flight[..<cut], flight[cut...]] {
            try pair.deliver(part)
            try pair.serve()
          }
          try expectServed(pair)
          cut += 1
        }
        #expect(cut > 60)
        for cut in stride(from: 1, to: try begun(trust).hello.count, by: 7) {
          let (pair, hello) = try begun(trust)
          for part in [hello[..<cut], hello[cut...]] {
            try pair.deliver(part)
            try pair.serve()
          }
          try pair.answer()
          pair.send(Self.request)
          try pair.deliver(pair.flight())
          try pair.serve()
          try expectServed(pair)
        }
      }
    }

    @Test("A handshake is served byte by byte, and all at once")
    func drips() throws {
      for trust in trusts {
        for size in [1, 2, 3, 100_000] {
          let (pair, hello) = try begun(trust)
          for flight in [hello, nil] {
            var rest = flight ?? pair.flight()
            while !rest.isEmpty {
              try pair.deliver(rest.prefix(size))
              rest = Array(rest.dropFirst(size))
              try pair.serve()
            }
            try pair.answer()
            if flight != nil { pair.send(Self.request) }
          }
          try expectServed(pair)
        }
      }
    }

    @Test("A request in records of one byte is served, in one piece and in many")
    func tinyRecords() throws {
      for trust in trusts {
        for size in [1, 7, 23, 100_000] {
          let (pair, flight) = try finished(trust)
          try pair.deliver(flight)
          try pair.serve()
          try expectServed(pair)
          pair.received = []
          for byte in Self.request.unicodeScalars { pair.send(String(byte)) }
          var rest = pair.flight()
          while !rest.isEmpty {
            try pair.deliver(rest.prefix(size))
            rest = Array(rest.dropFirst(size))
            try pair.serve()
          }
          #expect(pair.received == Array(Self.request.utf8))
        }
      }
    }

    @Test("A socket that has been emptied once is not taken for empty when more has come since")
    func looksAgain() throws {
      for trust in trusts {
        let (pair, flight) = try finished(trust)
        try pair.deliver(flight)
        try pair.serve()
        try expectServed(pair)
        pair.received = []
        pair.send("a")
        pair.send("b")
        try pair.deliver(pair.flight())
        // The first of two records; the owner is busy with it, and the second waits, decrypted or not.
        try pair.serve(readsMax: 1)
        #expect(pair.received == Array("a".utf8))
        // The kernel reports this now, to an owner that does not read yet.
        pair.send("c")
        try pair.deliver(pair.flight())
        try pair.serve()
        #expect(pair.received == Array("abc".utf8))
      }
    }
  }
}
