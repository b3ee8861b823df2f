import Testing

@testable import Wire

/// What a decoder made of a stream: requests, then perhaps a failure.
private struct Reading: Equatable {
  var requests: [HTTPRequest] = []
  var failure: HTTPError?
  var rest: [UInt8] = []
}

private func reading(_ chunks: [[UInt8]], bodyBytesMax: Int = 100) -> Reading {
  var decoder = HTTPRequestDecoder(bodyBytesMax: bodyBytesMax)
  var reading = Reading()
  for chunk in chunks {
    chunk.withUnsafeBytes { decoder.feed($0) }
    do throws(HTTPError) {
      while let request = try decoder.next() { reading.requests.append(request) }
    } catch {
      reading.failure = error
      return reading
    }
  }
  reading.rest = decoder.takeRest()
  return reading
}

private func reading(_ text: String, bodyBytesMax: Int = 100) -> Reading {
  reading([Array(text.utf8)], bodyBytesMax: bodyBytesMax)
}

@Suite("Requests are decoded from bytes")
struct HTTPRequestDecoderTests {
  @Test("A request has its method, decoded path and query, headers in any case, and body")
  func wholeRequest() throws {
    let result = reading(
      "POST /v1/rooms/caf%C3%A9?from=a%26b&q=1+2&flag HTTP/1.1\r\nHost: shop.example:8080\r\n"
        + "X-Tag:  one\ttwo \r\nContent-Length: 5\r\n\r\nhello")
    let request = try #require(result.requests.first)
    #expect(result.requests.count == 1 && result.failure == nil && result.rest.isEmpty)
    #expect(request.method == .post)
    #expect(request.target.path == "/v1/rooms/café")
    #expect(request.target.segments == ["v1", "rooms", "café"])
    #expect(request.target["from"] == "a&b")
    #expect(request.target["q"] == "1 2")
    #expect(request.target["flag"] == "")
    #expect(request.target["none"] == nil)
    #expect(request.headers["x-TAG"] == "one\ttwo")
    #expect(request.body == Array("hello".utf8))
    #expect(request.keepsAlive)
  }

  @Test("A chunked body is put together; extensions and trailers are checked and dropped")
  func chunkedBody() throws {
    let result = reading(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n"
        + "4\r\nWiki\r\n6;note=\"x\"\r\npedia \r\nE ; a=b\r\nin \r\n\r\nchunks.\r\n"
        + "0\r\nExpires: never\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(result.failure == nil)
    #expect(result.requests.count == 2)
    #expect(
      result.requests.first?.body == Array("Wikipedia in \r\n\r\nchunks.".utf8))
  }

  @Test("Pipelined requests come one by one, and what follows an upgrade stays")
  func pipelining() throws {
    var decoder = HTTPRequestDecoder(bodyBytesMax: 0)
    let stream = Array(
      "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n\u{1}!".utf8)
    stream.withUnsafeBytes { decoder.feed($0) }
    #expect(decoder.isInsideRequest)
    let step1 = try decoder.next()
    #expect(step1?.target.path == "/1")
    let step2 = try decoder.next()
    #expect(step2?.target.path == "/2")
    let step3 = decoder.takeRest()
    #expect(step3 == [1, UInt8(ascii: "!")])
    #expect(!decoder.isInsideRequest)
    let step4 = try decoder.next()
    #expect(step4 == nil)
  }

  @Test("Any chunking gives the same requests", arguments: UInt64(1)...5)
  func chunkingOfGoodStreams(seed: UInt64) {
    let stream = Array(
      ("\r\nGET /a?b=c HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n"
        + "POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
        + "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "2;x\r\nab\r\n1\r\nc\r\n0\r\nT: v\r\n\r\n" + "GET /d HT").utf8)
    let whole = reading([stream])
    #expect(whole.requests.map(\.target.path) == ["/a", "/b", "/c"])
    #expect(whole.rest.isEmpty == false || whole.failure == nil)
    for chunks in chunkings(of: stream, seed: seed) { #expect(reading(chunks) == whole) }
  }

  static let malformed: [(String, HTTPError)] = [
    ("GET / HTTP/1.1\nHost: a\n\n", .malformedLine),
    ("GET / HTTP/1.1\r\nHost: a\n\r\n", .malformedLine),
    ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine),
    ("GET /\r\nHost: a\r\n\r\n", .malformedRequestLine),
    ("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", .malformedRequestLine),
    (" GET / HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine),
    ("G(T / HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine),
    ("GET / http/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine),
    ("GET / HTTP/11\r\nHost: a\r\n\r\n", .malformedRequestLine),
    ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", .unsupportedVersion),
    ("GET / HTTP/1.2\r\nHost: a\r\n\r\n", .unsupportedVersion),
    ("get / HTTP/1.1\r\nHost: a\r\n\r\n", .unknownMethod),
    ("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", .unknownMethod),
    ("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine),
    ("GET a HTTP/1.1\r\nHost: a\r\n\r\n", .malformedTarget),
    ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", .malformedTarget),
    ("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", .malformedTarget),
    ("GET /a\u{0}b HTTP/1.1\r\nHost: a\r\n\r\n", .malformedTarget),
    ("GET /a\rb HTTP/1.1\r\nHost: a\r\n\r\n", .malformedTarget),
    ("GET /é HTTP/1.1\r\nHost: a\r\n\r\n", .malformedTarget),
    ("GET /%4 HTTP/1.1\r\nHost: a\r\n\r\n", .malformedTarget),
    ("GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", .malformedTarget),
    ("GET /%ff HTTP/1.1\r\nHost: a\r\n\r\n", .malformedTarget),
    ("GET /a%2fb HTTP/1.1\r\nHost: a\r\n\r\n", .malformedTarget),
    ("GET /a%00b HTTP/1.1\r\nHost: a\r\n\r\n", .malformedTarget),
    ("GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n", .malformedTarget),
    ("GET /a/%2E%2e/b HTTP/1.1\r\nHost: a\r\n\r\n", .malformedTarget),
    ("GET /?a=%f HTTP/1.1\r\nHost: a\r\n\r\n", .malformedTarget),
    ("GET / HTTP/1.1\r\n\r\n", .malformedHost),
    ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", .malformedHost),
    ("GET / HTTP/1.1\r\nHost:\r\n\r\n", .malformedHost),
    ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", .malformedHost),
    ("GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", .malformedHost),
    ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", .malformedHost),
    ("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", .malformedHost),
    ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", .malformedHeader),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n", .malformedHeader),
    ("GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", .malformedHeader),
    ("GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", .malformedHeader),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: b\u{0}c\r\n\r\n", .malformedHeader),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: b\rc\r\n\r\n", .malformedHeader),
    ("GET / HTTP/1.1\r\nHost: a\r\nX\u{1}Y: b\r\n\r\n", .malformedHeader),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: b\u{7F}\r\n\r\n", .malformedHeader),
    (post("Content-Length: 1\r\nTransfer-Encoding: chunked"), .contradictoryLength),
    (post("Transfer-Encoding: chunked\r\nContent-Length: 0"), .contradictoryLength),
    (post("Content-Length: 1\r\nContent-Length: 2"), .malformedLength),
    (post("Content-Length: 1\r\nContent-Length: 1"), .malformedLength),
    (post("Content-Length: 1, 1"), .malformedLength),
    (post("Content-Length: +1"), .malformedLength),
    (post("Content-Length: -1"), .malformedLength),
    (post("Content-Length: 0x1"), .malformedLength),
    (post("Content-Length: "), .malformedLength),
    (post("Content-Length: 1 1"), .malformedLength),
    (post("Content-Length: 99999999999999999999999999"), .bodyTooLarge),
    (post("Content-Length: 101"), .bodyTooLarge),
    (post("Transfer-Encoding: gzip, chunked"), .unsupportedTransferCoding),
    (post("Transfer-Encoding: chunked, chunked"), .unsupportedTransferCoding),
    (post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"), .unsupportedTransferCoding),
    (post("Transfer-Encoding: xchunked"), .unsupportedTransferCoding),
    (post("Transfer-Encoding: identity"), .unsupportedTransferCoding),
    (post("Transfer-Encoding: "), .unsupportedTransferCoding),
    ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", .contradictoryLength),
    (post("Expect: a-miracle"), .unknownExpectation),
    (chunked("\r\n"), .malformedChunk),
    (chunked("-1\r\n"), .malformedChunk),
    (chunked("0x1\r\na\r\n"), .malformedChunk),
    (chunked("1 1\r\na\r\n"), .malformedChunk),
    (chunked("1\na\r\n"), .malformedLine),
    (chunked("1\r\nab\r\n"), .malformedChunk),
    (chunked("1\r\na\n0\r\n\r\n"), .malformedChunk),
    (chunked("1;a\rb\r\na\r\n"), .malformedChunk),
    (chunked("10000000000000000\r\n"), .malformedChunk),
    (chunked("ffffffffffffff\r\n"), .bodyTooLarge),
    (chunked("65\r\n"), .bodyTooLarge),
    (chunked("40\r\n" + String(repeating: "a", count: 64) + "\r\n25\r\n"), .bodyTooLarge),
    (chunked("0\r\nBad Trailer: x\r\n\r\n"), .malformedHeader),
    (chunked("1;" + String(repeating: "a", count: 253) + "\r\n"), .malformedChunk),
  ]

  private static func post(_ header: String) -> String {
    "POST / HTTP/1.1\r\nHost: a\r\n" + header + "\r\n\r\n"
  }

  private static func chunked(_ body: String) -> String {
    post("Transfer-Encoding: chunked") + body
  }

  @Test("A malformed or ambiguous request is refused alike in any chunking", arguments: malformed)
  func refusals(stream: String, expected: HTTPError) {
    for chunks in chunkings(of: Array(stream.utf8), seed: 7, count: 8) {
      let result = reading(chunks)
      #expect(result.failure == expected && result.requests.isEmpty)
    }
  }

  @Test("A failure is final")
  func failureIsFinal() {
    var decoder = HTTPRequestDecoder(bodyBytesMax: 0)
    Array("bad\r\n".utf8).withUnsafeBytes { decoder.feed($0) }
    #expect(throws: HTTPError.malformedRequestLine) { try decoder.next() }
    Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8).withUnsafeBytes { decoder.feed($0) }
    #expect(throws: HTTPError.malformedRequestLine) { try decoder.next() }
  }

  @Test("The limits hold to the byte")
  func limits() {
    func target(_ count: Int) -> String {
      "GET /" + String(repeating: "a", count: count - 1) + " HTTP/1.1\r\nHost: a\r\n\r\n"
    }
    #expect(reading(target(8192)).requests.count == 1)
    #expect(reading(target(8193)).failure == .targetTooLong)
    #expect(reading(String(repeating: "a", count: 9000)).failure == .targetTooLong)

    func block(_ count: Int) -> String {
      let fixed = "Host: a\r\nX: \r\n\r\n".utf8.count
      return "GET / HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "x", count: count - fixed)
        + "\r\n\r\n"
    }
    #expect(reading(block(16384)).requests.count == 1)
    #expect(reading(block(16385)).failure == .headersTooLarge)
    #expect(
      reading("GET / HTTP/1.1\r\n" + String(repeating: "a", count: 16385)).failure
        == .headersTooLarge)

    func fields(_ count: Int) -> String {
      "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: y\r\n", count: count - 1) + "\r\n"
    }
    #expect(reading(fields(100)).requests.count == 1)
    #expect(reading(fields(101)).failure == .tooManyHeaders)

    let body = String(repeating: "b", count: 100)
    let length = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n"
    #expect(reading(length + body).requests.first?.body.count == 100)
    #expect(reading(length + body, bodyBytesMax: 99).failure == .bodyTooLarge)
    #expect(reading(Self.chunked("64\r\n" + body + "\r\n0\r\n\r\n")).requests.count == 1)

    let extended = "1;" + String(repeating: "e", count: 199) + "\r\nb\r\n"
    let twenty = String(repeating: extended, count: 20)
    #expect(reading(Self.chunked(twenty + "0\r\n\r\n")).requests.count == 1)
    #expect(reading(Self.chunked(twenty + extended)).failure == .malformedChunk)
  }

  @Test("The absolute form is taken when it names the host, and the asterisk for OPTIONS")
  func otherForms() {
    #expect(
      reading("GET HTTP://a/ HTTP/1.1\r\nHost: a\r\n\r\n").failure == .malformedTarget)
    #expect(
      reading("GET http://A:80/x?y HTTP/1.1\r\nHost: a:80\r\n\r\n").requests.first?.target.path
        == "/x")
    #expect(
      reading("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").requests.first?.target.path == "*")
  }

  @Test(
    "A connection is kept alive in HTTP/1.1 unless a token says close",
    arguments: [
      ("HTTP/1.1", "X: y", true), ("HTTP/1.1", "Connection: keep-alive", true),
      ("HTTP/1.1", "Connection: Upgrade, CLOSE", false), ("HTTP/1.0", "X: y", false),
      ("HTTP/1.0", "Connection: keep-alive", false),
    ])
  func keepAlive(version: String, header: String, expected: Bool) {
    let result = reading("GET / \(version)\r\nHost: a\r\n\(header)\r\n\r\n")
    #expect(result.requests.first?.keepsAlive == expected)
  }

  @Test("An expectation shows once, between the headers and the body")
  func expectation() throws {
    var decoder = HTTPRequestDecoder(bodyBytesMax: 10)
    func feed(_ text: String) { Array(text.utf8).withUnsafeBytes { decoder.feed($0) } }
    feed("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n")
    let step5 = try decoder.next()
    #expect(step5 == nil)
    let step6 = decoder.takeExpectation()
    #expect(!step6)
    feed("\r\n")
    let step7 = try decoder.next()
    #expect(step7 == nil)
    let step8 = decoder.takeExpectation()
    #expect(step8)
    let step9 = decoder.takeExpectation()
    #expect(!step9)
    feed("ok")
    let step10 = try decoder.next()
    #expect(step10?.body == Array("ok".utf8))
    let step11 = decoder.takeExpectation()
    #expect(!step11)
  }

  @Test("Header bytes that are not UTF-8 keep their values")
  func opaqueBytes() {
    let stream = Array("GET / HTTP/1.1\r\nHost: a\r\nX: caf".utf8) + [0xE9] + Array("\r\n\r\n".utf8)
    #expect(reading([stream]).requests.first?.headers["x"] == "café")
  }

  @Test("Random bytes never trap and never make a request", arguments: UInt64(1)...20)
  func noise(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    let alphabet = Array("GET / HTTP/1.1\r\n\r\n:; 0aZ\u{0}%".utf8)
    let stream = (0..<4000).map { _ in alphabet.randomElement(using: &generator) ?? 0 }
    let whole = reading([stream])
    for chunks in chunkings(of: stream, seed: seed, count: 3) { #expect(reading(chunks) == whole) }
  }
}
