import Testing

@testable import Wire

private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

private func responses(
  _ chunks: [[UInt8]], isHead: Bool = false
) throws(HTTPError) -> [HTTPResponse] {
  var decoder = HTTPResponseDecoder(bodyBytesMax: 100)
  decoder.answersHead = isHead
  var all: [HTTPResponse] = []
  for chunk in chunks {
    chunk.withUnsafeBytes { decoder.feed($0) }
    while let response = try decoder.next() { all.append(response) }
  }
  if let last = try decoder.finish() { all.append(last) }
  return all
}

@Suite("Responses are encoded and decoded")
struct HTTPResponseTests {
  @Test("A response tells its length, and closes only when asked to")
  func encoding() {
    let response = HTTPResponse(
      status: 200, headers: HTTPHeaders([("Content-Type", "text/plain")]), body: Array("hi".utf8))
    #expect(
      text(response.bytes(keepsAlive: true))
        == "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nhi")
    #expect(
      text(response.bytes(keepsAlive: false, isHead: true))
        == "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n"
        + "connection: close\r\n\r\n")
    #expect(
      text(HTTPResponse(status: 204).bytes(keepsAlive: true)) == "HTTP/1.1 204 No Content\r\n\r\n")
  }

  @Test("A value from outside cannot begin a line of its own")
  func responseSplitting() {
    let headers = HTTPHeaders([("Location", "/a\r\nSet-Cookie: b\u{0}")])
    #expect(headers["location"] == "/a  Set-Cookie: b ")
  }

  @Test("What a server encodes a client decodes, in any chunking")
  func roundTrip() throws {
    let sent = [
      HTTPResponse(status: 200, body: Array("one".utf8)), HTTPResponse(status: 304),
      HTTPResponse(status: 404, body: []),
    ]
    let stream =
      HTTPResponse.continueBytes + sent.flatMap { $0.bytes(keepsAlive: true) }
      + Array("HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n".utf8)
      + Array("HTTP/1.0 200 OK\r\n\r\nuntil the end".utf8)
    for chunks in chunkings(of: stream, seed: 3) {
      let got = try responses(chunks)
      #expect(got.map(\.status) == [200, 304, 404, 200, 200])
      #expect(got.map { text($0.body) } == ["one", "", "", "a", "until the end"])
    }
  }

  @Test("The answer to HEAD has no body whatever length it tells")
  func head() throws {
    let stream = HTTPResponse(status: 200, body: [1, 2]).bytes(keepsAlive: true, isHead: true)
    #expect(try responses([stream], isHead: true).map(\.body) == [[]])
  }

  @Test("After 101 the rest is not HTTP")
  func switching() throws {
    var decoder = HTTPResponseDecoder(bodyBytesMax: 10)
    Array("HTTP/1.1 101 Go\r\nUpgrade: x\r\n\r\nrest".utf8).withUnsafeBytes { decoder.feed($0) }
    let step1 = try decoder.next()
    #expect(step1?.status == 101)
    let step2 = try decoder.next()
    #expect(step2 == nil)
    let step3 = decoder.takeRest()
    #expect(text(step3) == "rest")
  }

  @Test(
    "What is no response is refused",
    arguments: [
      ("HTTP/1.1\r\n\r\n", HTTPError.malformedStatusLine),
      ("HTTP/1.1 20 OK\r\n\r\n", .malformedStatusLine),
      ("HTTP/1.1 +20 OK\r\n\r\n", .malformedStatusLine),
      ("HTTP/1.1 600 OK\r\n\r\n", .malformedStatusLine),
      ("ICY 200 OK\r\n\r\n", .malformedStatusLine),
      ("HTTP/2.0 200 OK\r\n\r\n", .unsupportedVersion),
      ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfour", .truncated),
      ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n", .truncated),
      ("HTTP/1.1 200 OK\r\nContent-L", .truncated),
      ("HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n", .bodyTooLarge),
      ("HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "a", count: 101), .bodyTooLarge),
      (
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        .contradictoryLength
      ),
    ])
  func refusals(stream: String, expected: HTTPError) {
    #expect(throws: expected) { try responses([Array(stream.utf8)]) }
  }

  @Test("A client's request is read back by the server")
  func requestBytes() throws {
    let bytes = HTTPRequest.bytes(
      .post, "/hook?a=%20", host: "h:1", headers: HTTPHeaders([("X-A", "b")]),
      body: Array("{}".utf8))
    var decoder = HTTPRequestDecoder(bodyBytesMax: 2)
    bytes.withUnsafeBytes { decoder.feed($0) }
    let request = try #require(try decoder.next())
    #expect(request.headers["host"] == "h:1" && request.headers["x-a"] == "b")
    #expect(request.target["a"] == " " && text(request.body) == "{}")
  }
}
