import EchoServer
import Testing
import Transport
import Wire

extension TransportTests {
  @Suite("Slow and endless messages")
  struct SlowMessageTests {
    /// A masked text frame of this length, or the first of its fragments.
    private func frame(_ count: Int, isFinal: Bool = true) -> [UInt8] {
      let payload = [UInt8](repeating: UInt8(ascii: "x"), count: count)
      return WebSocketEncoder.frame(.text, payload, isFinal: isFinal, mask: 0x0102_0304)
    }

    @Test(
      "A frame that does not end is closed with 1008 after thirty seconds, however often bytes come"
    )
    func cutsOffSlowFrame() throws {
      let server = try TestServer()
      let client = try server.webSocket()
      for byte in frame(20).prefix(6) {
        try client.write(raw: [byte])
        server.advance(5_000)
      }
      #expect(closing(of: client).code == CloseCode.policyViolation)
      #expect(server.waitForClosed(1))
      #expect(server.causes == [.timeout])
    }

    @Test("So is a message in fragments that never ends, with pings in between or empty ones")
    func cutsOffEndlessFragments() throws {
      let server = try TestServer()
      let client = try server.webSocket()
      try client.write(raw: frame(1, isFinal: false))
      for step in 0..<6 {
        try client.send(step % 2 == 0 ? .continuation : .ping, [], isFinal: step % 2 == 1)
        server.advance(5_000)
      }
      #expect(closing(of: client).code == CloseCode.policyViolation)
    }

    @Test("Who sends whole messages, each cut in two, is never closed for it")
    func toleratesCutMessages() throws {
      let server = try TestServer()
      let client = try server.webSocket()
      let bytes = frame(20)
      try client.write(raw: Array(bytes[..<9]))
      for _ in 0..<5 {
        server.advance(20_000)
        // The rest of one message and the beginning of the next, in one read.
        try client.write(raw: Array(bytes[9...] + bytes[..<9]))
        #expect(try client.receiveText() == String(repeating: "x", count: 20))
      }
      server.settle()
      #expect(server.causes.isEmpty)
    }

    @Test("A message in fragments that grows beyond the limit is closed with 1009 at the header")
    func limitsFragments() throws {
      let server = try TestServer { $0.messageBytesMax = 1000 }
      let client = try server.webSocket()
      try client.write(raw: frame(999, isFinal: false))
      // The length alone decides; no byte of it has been sent.
      try client.write(raw: [0x00, 0x80 | 2, 0, 0, 0, 0])
      #expect(closing(of: client).code == CloseCode.messageTooBig)
    }
  }
}
