import EchoServer
import Testing
import Transport
import Wire

extension TransportTests {
  @Suite("Extensions of WebSocket")
  struct ExtensionTests {
    /// What browsers offer, and what a bolder client might.
    static let offers = [
      "permessage-deflate", "permessage-deflate; client_max_window_bits",
      "x-webkit-deflate-frame, permessage-deflate; server_no_context_takeover",
    ]

    @Test(
      "An offer of compression is declined, and a compressed frame closes with 1002",
      arguments: offers)
    func declinesCompression(offer: String) throws {
      let server = try TestServer()
      // The client itself fails the handshake where any extension is answered.
      let client = try WebSocketClient(
        "127.0.0.1", server.port, "/echo",
        headers: HTTPHeaders([("Sec-WebSocket-Extensions", offer)]), sha1: sha1)
      try client.send(text: "plain")
      #expect(try client.receiveText() == "plain")
      // "Hello" as permessage-deflate has it: RFC 7692 section 7.2.3.1.
      var frame = WebSocketEncoder.frame(
        .text, [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00], mask: 0x0102_0304)
      frame[0] |= 0x40
      try client.write(raw: frame)
      #expect(closing(of: client).code == CloseCode.protocolError)
      #expect(server.waitForClosed(1))
      #expect(server.causes == [.violation])
    }
  }
}
