// A blocking WebSocket client over one connection, for tools and tests. Used by one thread at a
// time.
import Wire

/// One WebSocket connection to a server.
package final class WebSocketClient {
  /// The subprotocol that the server chose, if any.
  package let subprotocol: String?
  private let socket: ClientSocket
  private let timeoutMilliseconds: Int64
  private let randomMask: () -> UInt32
  private var decoder: WebSocketDecoder
  /// Whether a ping is answered before `receive` returns it.
  package var answersPings = true

  /// Connects and shakes hands.
  ///
  /// - Parameters:
  ///   - host: an address, or `localhost`.
  ///   - port: 1…65535.
  ///   - target: path and query, percent-encoded.
  ///   - subprotocols: what to offer, the best first.
  ///   - headers: such as `Authorization` or `Origin`.
  ///   - messageBytesMax: what to take from the server.
  ///   - tls: whom to trust, for wss; nil for ws.
  ///   - timeoutMilliseconds: for connecting, shaking hands, and then for each message sent.
  ///   - randomMask: unpredictable numbers (RFC 6455 section 5.3).
  ///   - sha1: SHA-1 of some bytes.
  /// - Throws: `.refused` where the server answers with a status; else why there is no connection.
  package init(
    _ host: String, _ port: UInt16, _ target: String,
    subprotocols: [String] = [WebSocketHandshake.subprotocol],
    headers: HTTPHeaders = HTTPHeaders(), messageBytesMax: Int = 67_108_864,
    tls: TLSClientContext? = nil, timeoutMilliseconds: Int64 = 10_000,
    randomMask: @escaping () -> UInt32 = { UInt32.random(in: 0...UInt32.max) },
    sha1: WebSocketHandshake.SHA1
  ) throws(ClientError) {
    socket = try ClientSocket(
      host: host, port: port, tls: tls, timeoutMilliseconds: timeoutMilliseconds)
    self.timeoutMilliseconds = timeoutMilliseconds
    self.randomMask = randomMask
    decoder = WebSocketDecoder(role: .client, messageBytesMax: messageBytesMax)
    let nonce = (0..<4).flatMap { _ in
      withUnsafeBytes(of: randomMask()) { Array($0) }
    }
    let authority =
      host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
    try socket.write(
      WebSocketHandshake.requestBytes(
        target, host: authority, nonce: nonce, subprotocols: subprotocols, headers: headers),
      timeoutMilliseconds: timeoutMilliseconds)
    var responses = HTTPResponseDecoder(bodyBytesMax: 1_048_576)
    let response = try Self.response(
      &responses, socket, until: monotonicMilliseconds() + timeoutMilliseconds)
    guard response.status == 101 else { throw .refused(response) }
    do throws(WebSocketHandshakeError) {
      subprotocol = try WebSocketHandshake.check(
        response, nonce: nonce, subprotocols: subprotocols, sha1: sha1)
    } catch {
      throw .handshake(error)
    }
    responses.takeRest().withUnsafeBytes { decoder.feed($0) }
  }

  /// Sends a text message.
  ///
  /// - Parameter text: sent whole.
  /// - Throws: why it could not be sent.
  package func send(text: String) throws(ClientError) { try send(.text, Array(text.utf8)) }

  /// Sends one frame.
  ///
  /// - Parameters:
  ///   - opcode: what it is.
  ///   - payload: the bytes.
  ///   - isFinal: false for a fragment that others follow.
  /// - Throws: why it could not be sent.
  package func send(
    _ opcode: WebSocketOpcode, _ payload: [UInt8], isFinal: Bool = true
  ) throws(ClientError) {
    try write(
      raw: WebSocketEncoder.frame(opcode, payload, isFinal: isFinal, mask: randomMask()))
  }

  /// Sends a close frame; the server's answer comes out of `receive`.
  ///
  /// - Parameters:
  ///   - code: one that may be sent, or nil for an empty frame.
  ///   - reason: up to 123 bytes.
  /// - Throws: why it could not be sent.
  package func close(
    code: UInt16? = CloseCode.normal, reason: String = ""
  ) throws(ClientError) {
    try write(raw: WebSocketEncoder.close(code, reason: reason, mask: randomMask()))
  }

  /// Sends bytes as they are, to try a server with what no client should send.
  ///
  /// - Parameter bytes: anything.
  /// - Throws: why they could not be sent.
  package func write(raw bytes: [UInt8]) throws(ClientError) {
    try socket.write(bytes, timeoutMilliseconds: timeoutMilliseconds)
  }

  /// Waits for the next event of any kind.
  ///
  /// - Parameter timeoutMilliseconds: how long; 0 asks only for what is there.
  /// - Returns: the event; a ping has been answered already.
  /// - Throws: `.timedOut`, or `.closed` after the end of the stream.
  package func receive(timeoutMilliseconds: Int64 = 10_000) throws(ClientError) -> WebSocketEvent {
    let deadline = monotonicMilliseconds() + timeoutMilliseconds
    while true {
      let event: WebSocketEvent?
      do throws(WebSocketError) {
        event = try decoder.next()
      } catch {
        throw .webSocket(error)
      }
      if let event {
        if case .ping(let payload) = event, answersPings { try send(.pong, payload) }
        return event
      }
      try socket.read(until: deadline) { decoder.feed($0) }
    }
  }

  /// Waits for the next text message, passing over pings and pongs.
  ///
  /// - Parameter timeoutMilliseconds: how long.
  /// - Returns: the text.
  /// - Throws: `.closed` where a close frame or the end of the stream comes instead.
  package func receiveText(timeoutMilliseconds: Int64 = 10_000) throws(ClientError) -> String {
    let deadline = monotonicMilliseconds() + timeoutMilliseconds
    while true {
      let left = max(0, deadline - monotonicMilliseconds())
      switch try receive(timeoutMilliseconds: left) {
      case .text(let text): return String(decoding: text, as: UTF8.self)
      case .close: throw .closed
      case .binary, .ping, .pong: continue
      }
    }
  }

  private static func response(
    _ decoder: inout HTTPResponseDecoder, _ socket: ClientSocket, until deadline: Int64
  ) throws(ClientError) -> HTTPResponse {
    while true {
      do throws(HTTPError) {
        if let response = try decoder.next() { return response }
      } catch {
        throw .http(error)
      }
      try socket.read(until: deadline) { decoder.feed($0) }
    }
  }
}
