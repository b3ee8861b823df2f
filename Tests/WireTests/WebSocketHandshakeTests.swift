import Testing

@testable import Wire

/// Stands in for SHA-1: what it was asked, and the digest that RFC 6455 section 1.3 gives.
private func knownDigest(_ bytes: [UInt8]) -> [UInt8] {
  let expected = "dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
  guard String(decoding: bytes, as: UTF8.self) == expected else { return [0] }
  return [
    0xB3, 0x7A, 0x4F, 0x2C, 0xC0, 0x62, 0x4F, 0x16, 0x90, 0xF6, 0x46, 0x06, 0xCF, 0x38, 0x59, 0x45,
    0xB2, 0xBE, 0xC4, 0xEA,
  ]
}

private func request(
  method: String = "GET", version: String = "1.1", without missing: String = "",
  adding added: String = ""
) throws -> HTTPRequest {
  let lines = [
    "Host: server.example.com", "Upgrade: WebSocket", "Connection: keep-alive, Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol: chat, waggle.v1",
    "Sec-WebSocket-Version: 13",
  ]
  let kept = lines.filter { missing.isEmpty || !$0.hasPrefix(missing) }
  let text =
    "\(method) /chat HTTP/\(version)\r\n"
    + (kept + (added.isEmpty ? [] : [added]))
    .joined(separator: "\r\n") + "\r\n\r\n"
  var decoder = HTTPRequestDecoder(bodyBytesMax: 10)
  Array(text.utf8).withUnsafeBytes { decoder.feed($0) }
  return try #require(try decoder.next())
}

@Suite("A connection switches from HTTP to WebSocket")
struct WebSocketHandshakeTests {
  @Test("The example of RFC 6455 section 1.3 is accepted with its answer")
  func example() throws {
    let acceptance = try WebSocketHandshake.accept(try request(), sha1: knownDigest)
    #expect(acceptance.subprotocol == "waggle.v1")
    let answer = String(decoding: acceptance.response.bytes(keepsAlive: true), as: UTF8.self)
    #expect(
      answer == "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
        + "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
        + "sec-websocket-protocol: waggle.v1\r\n\r\n")
  }

  @Test("Without a subprotocol of ours none is agreed")
  func noSubprotocol() throws {
    let acceptance = try WebSocketHandshake.accept(
      try request(without: "Sec-WebSocket-Protocol"), sha1: knownDigest)
    #expect(acceptance.subprotocol == nil)
    #expect(acceptance.response.headers["sec-websocket-protocol"] == nil)
  }

  @Test("What is no handshake is refused with the status that says why")
  func refusals() throws {
    let version = "Sec-WebSocket-Version"
    let key = "Sec-WebSocket-Key"
    let cases: [(HTTPRequest, WebSocketHandshakeError, Int)] = [
      (try request(method: "POST"), .notGet, 405),
      (try request(version: "1.0"), .oldVersion, 400),
      (try request(without: "Upgrade"), .noUpgrade, 426),
      (try request(without: "Connection"), .noUpgrade, 426),
      (try request(without: "Connection", adding: "Connection: close"), .noUpgrade, 426),
      (try request(without: version), .unsupportedVersion, 426),
      (try request(without: version, adding: version + ": 8"), .unsupportedVersion, 426),
      (try request(adding: version + ": 13"), .unsupportedVersion, 426),
      (try request(without: key), .malformedKey, 400),
      (try request(without: key, adding: key + ": AQID"), .malformedKey, 400),
      (
        try request(without: key, adding: key + ": dGhlIHNhbXBsZSBub25jZR=="), .malformedKey, 400
      ),
    ]
    for (request, expected, status) in cases {
      #expect(throws: expected) {
        try WebSocketHandshake.accept(request, sha1: knownDigest)
      }
      #expect(expected.response.status == status)
    }
    #expect(
      WebSocketHandshakeError.unsupportedVersion.response.headers["sec-websocket-version"] == "13")
  }

  @Test("A client and a server agree, and the client checks the proof")
  func bothEnds() throws {
    let nonce = Array("the sample nonce".utf8)
    var decoder = HTTPRequestDecoder(bodyBytesMax: 0)
    let bytes = WebSocketHandshake.requestBytes("/ws?room=a", host: "h", nonce: nonce)
    bytes.withUnsafeBytes { decoder.feed($0) }
    let request = try #require(try decoder.next())
    let answer = try WebSocketHandshake.accept(request, sha1: knownDigest).response
    #expect(
      try WebSocketHandshake.check(answer, nonce: nonce, sha1: knownDigest) == "waggle.v1")
    #expect(throws: WebSocketHandshakeError.malformedAnswer) {
      try WebSocketHandshake.check(answer, nonce: nonce, sha1: { _ in [1] })
    }
    #expect(throws: WebSocketHandshakeError.malformedAnswer) {
      try WebSocketHandshake.check(answer, nonce: nonce, subprotocols: ["x"], sha1: knownDigest)
    }
    #expect(throws: WebSocketHandshakeError.refused(status: 429)) {
      try WebSocketHandshake.check(HTTPResponse(status: 429), nonce: nonce, sha1: knownDigest)
    }
  }
}

@Suite("Base64 and percent-encoding are strict")
struct TextEncodingTests {
  @Test(
    "The vectors of RFC 4648 section 10 hold in both directions",
    arguments: [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
      ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ])
  func vectors(plain: String, encoded: String) {
    let url = String(encoded.prefix { $0 != "=" })
    #expect(Base64.encode(Array(plain.utf8), .standard) == encoded)
    #expect(Base64.encode(Array(plain.utf8)) == url)
    #expect(Base64.decode(encoded, .standard) == Array(plain.utf8))
    #expect(Base64.decode(url) == Array(plain.utf8))
  }

  @Test("The two alphabets differ in two characters")
  func alphabets() {
    #expect(Base64.encode([0xFB, 0xFF]) == "-_8")
    #expect(Base64.encode([0xFB, 0xFF], .standard) == "+/8=")
    #expect(Base64.decode("+/8") == nil && Base64.decode("-_8=", .standard) == nil)
  }

  @Test(
    "What no encoder writes is refused",
    arguments: [
      "A", "AAAAA", "AA==", "AB", "AAB", "A A", "AA\n", "=", "A===", "é",
    ])
  func refusals(text: String) { #expect(Base64.decode(text) == nil) }

  @Test(
    "Padding is whole or the text is refused",
    arguments: ["Zg", "Zg=", "Zg===", "=Zg=", "Z=g=", "Zm9v====", "====", "Zh=="])
  func padding(text: String) { #expect(Base64.decode(text, .standard) == nil) }

  @Test("Percent-encoding comes back, and leaves only unreserved characters")
  func percent() {
    let text = "a-._~Z9 /?&=+%中"
    let encoded = PercentEncoding.encode(text)
    #expect(encoded == "a-._~Z9%20%2F%3F%26%3D%2B%25%E4%B8%AD")
    #expect(PercentEncoding.decode(Array(encoded.utf8)[...]) == text)
    #expect(PercentEncoding.decode(Array("%".utf8)[...]) == nil)
    #expect(PercentEncoding.decode(Array("%e4%b8".utf8)[...]) == nil)
    #expect(PercentEncoding.decode(Array("a+b".utf8)[...]) == "a+b")
    #expect(PercentEncoding.decode(Array("a+b".utf8)[...], plusIsSpace: true) == "a b")
  }
}
