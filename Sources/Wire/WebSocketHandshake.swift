/// The step from HTTP to WebSocket, for both ends; the digest comes from outside.
///
/// Extensions are never agreed, so none is answered. Whether the `Origin` is welcome is for the
/// server to judge before it accepts. Source: RFC 6455 section 4.
package enum WebSocketHandshake {
  /// The subprotocol that carries our messages.
  package static let subprotocol = "waggle.v1"

  /// SHA-1 of some bytes, 20 bytes; only the handshake uses it, for no secret.
  package typealias SHA1 = (_ bytes: [UInt8]) -> [UInt8]

  /// What the server answers to a good handshake.
  package struct Acceptance: Equatable, Sendable {
    /// The `101` answer.
    package let response: HTTPResponse
    /// What was agreed; nothing where the client offered no subprotocol of ours.
    package let subprotocol: String?
  }

  /// Checks a request to switch and makes the answer.
  ///
  /// - Parameters:
  ///   - request: as decoded.
  ///   - supported: subprotocols that we speak, the best first.
  ///   - sha1: the digest.
  /// - Returns: the answer and the agreed subprotocol.
  /// - Throws: `WebSocketHandshakeError` with the response to send instead.
  package static func accept(
    _ request: HTTPRequest, supported: [String] = [subprotocol], sha1: SHA1
  ) throws(WebSocketHandshakeError) -> Acceptance {
    guard request.method == .get else { throw .notGet }
    guard request.versionMinor == 1 else { throw .oldVersion }
    guard request.body.isEmpty else { throw .hasBody }
    guard request.headers.contains("upgrade", token: "websocket"),
      request.headers.contains("connection", token: "upgrade")
    else { throw .noUpgrade }
    guard request.headers.values("sec-websocket-version") == ["13"] else {
      throw .unsupportedVersion
    }
    let keys = request.headers.values("sec-websocket-key")
    guard keys.count == 1, Base64.decode(keys[0], .standard)?.count == 16 else {
      throw .malformedKey
    }
    let offered = request.headers.list("sec-websocket-protocol")
    let chosen = supported.first { offered.contains($0) }
    var headers = HTTPHeaders([
      ("upgrade", "websocket"), ("connection", "Upgrade"),
      ("sec-websocket-accept", answer(to: keys[0], sha1)),
    ])
    if let chosen { headers.add("sec-websocket-protocol", chosen) }
    return Acceptance(
      response: HTTPResponse(status: 101, headers: headers), subprotocol: chosen)
  }

  /// The bytes of a client's request to switch.
  ///
  /// - Parameters:
  ///   - target: origin form, already percent-encoded.
  ///   - host: authority of the target.
  ///   - nonce: 16 random bytes.
  ///   - subprotocols: what to offer, the best first.
  ///   - headers: further fields, such as `Authorization` or `Origin`.
  /// - Returns: the whole message.
  package static func requestBytes(
    _ target: String, host: String, nonce: [UInt8], subprotocols: [String] = [subprotocol],
    headers: HTTPHeaders = HTTPHeaders()
  ) -> [UInt8] {
    precondition(nonce.count == 16, "a nonce has 16 bytes")
    var fields = HTTPHeaders([
      ("upgrade", "websocket"), ("connection", "Upgrade"),
      ("sec-websocket-key", Base64.encode(nonce, .standard)), ("sec-websocket-version", "13"),
    ])
    if !subprotocols.isEmpty {
      fields.add("sec-websocket-protocol", subprotocols.joined(separator: ", "))
    }
    for field in headers.fields { fields.add(field.name, field.value) }
    return HTTPRequest.bytes(.get, target, host: host, headers: fields)
  }

  /// Checks a server's answer to `requestBytes`.
  ///
  /// - Parameters:
  ///   - response: as decoded.
  ///   - nonce: what the request had.
  ///   - subprotocols: what the request offered.
  ///   - sha1: the digest.
  /// - Returns: the subprotocol that the server chose, or nothing.
  /// - Throws: `WebSocketHandshakeError.refused` or `.malformedAnswer`.
  package static func check(
    _ response: HTTPResponse, nonce: [UInt8], subprotocols: [String] = [subprotocol], sha1: SHA1
  ) throws(WebSocketHandshakeError) -> String? {
    guard response.status == 101 else { throw .refused(status: response.status) }
    let expected = answer(to: Base64.encode(nonce, .standard), sha1)
    let chosen = response.headers.values("sec-websocket-protocol")
    guard response.headers.contains("upgrade", token: "websocket"),
      response.headers.contains("connection", token: "upgrade"),
      response.headers.values("sec-websocket-accept") == [expected],
      response.headers.values("sec-websocket-extensions").isEmpty,
      chosen.isEmpty || (chosen.count == 1 && subprotocols.contains(chosen[0]))
    else { throw .malformedAnswer }
    return chosen.first
  }

  /// The proof that the server read the key. Source: RFC 6455 section 4.2.2, item 5.4.
  private static func answer(to key: String, _ sha1: SHA1) -> String {
    Base64.encode(sha1(Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)), .standard)
  }
}

/// Why there will be no WebSocket.
package enum WebSocketHandshakeError: Error, Equatable, Sendable {
  /// The method is not `GET`.
  case notGet
  /// HTTP/1.0.
  case oldVersion
  /// The request has a body.
  case hasBody
  /// `Upgrade: websocket` or `Connection: Upgrade` is missing.
  case noUpgrade
  /// `Sec-WebSocket-Version` is not 13.
  case unsupportedVersion
  /// `Sec-WebSocket-Key` is not 16 bytes in base64, or stands twice.
  case malformedKey
  /// Client side: the server answered with another status.
  case refused(status: Int)
  /// Client side: the server's answer breaks the protocol.
  case malformedAnswer

  /// What the server answers; the connection may stay open.
  package var response: HTTPResponse {
    switch self {
    case .notGet: HTTPResponse(status: 405, headers: HTTPHeaders([("allow", "GET")]))
    case .noUpgrade:
      HTTPResponse(
        status: 426,
        headers: HTTPHeaders([("upgrade", "websocket"), ("connection", "Upgrade")]))
    case .unsupportedVersion:
      HTTPResponse(status: 426, headers: HTTPHeaders([("sec-websocket-version", "13")]))
    case .oldVersion, .hasBody, .malformedKey, .refused, .malformedAnswer:
      HTTPResponse(status: 400)
    }
  }
}
