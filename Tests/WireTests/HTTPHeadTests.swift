import Testing

@testable import Wire

@Suite("The header of a request before its body")
struct HTTPHeadTests {
  /// The next request; a macro cannot change what it looks at.
  private func next(_ decoder: inout HTTPRequestDecoder) throws -> HTTPRequest? {
    try decoder.next()
  }

  private func limit(_ decoder: inout HTTPRequestDecoder, _ bytesMax: Int) throws {
    try decoder.limitBody(to: bytesMax)
  }

  private func head(_ decoder: inout HTTPRequestDecoder) -> HTTPRequest? { decoder.takeHead() }

  private func feed(_ decoder: inout HTTPRequestDecoder, _ text: String) {
    Array(text.utf8).withUnsafeBytes { decoder.feed($0) }
  }

  @Test("A header is told of once, and not where the request came whole")
  func once() throws {
    var decoder = HTTPRequestDecoder(bodyBytesMax: 10)
    feed(&decoder, "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n")
    #expect(try next(&decoder) == nil && head(&decoder) == nil)
    feed(&decoder, "\r\nab")
    #expect(try next(&decoder) == nil)
    let found = try #require(head(&decoder))
    #expect(found.method == .post && found.target.path == "/a" && found.body == [])
    #expect(found.headers["content-length"] == "4" && head(&decoder) == nil)
    #expect(decoder.bytesHeld == 2)
    feed(&decoder, "cdPOST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx")
    #expect(try next(&decoder)?.body == Array("abcd".utf8))
    #expect(try next(&decoder)?.body == Array("x".utf8))
    #expect(try next(&decoder) == nil && head(&decoder) == nil)
    #expect(decoder.bytesHeld == 0)
  }

  @Test("A body is held once, however it came")
  func heldOnce() throws {
    var decoder = HTTPRequestDecoder(bodyBytesMax: 100_000)
    feed(&decoder, "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n")
    for part in 1...5 {
      feed(&decoder, String(repeating: "a", count: 10_000))
      #expect(try next(&decoder) == nil)
      #expect(decoder.bytesHeld == part * 10_000)
    }
  }

  @Test("A smaller limit refuses what is said to become longer, or becomes it")
  func limits() throws {
    let start = "POST /a HTTP/1.1\r\nHost: a\r\n"
    var said = HTTPRequestDecoder(bodyBytesMax: 10)
    feed(&said, start + "Content-Length: 5\r\n\r\nab")
    #expect(try next(&said) == nil)
    try said.limitBody(to: 5)
    #expect(throws: HTTPError.bodyTooLarge) { try limit(&said, 4) }
    #expect(throws: HTTPError.bodyTooLarge) { try next(&said) }

    var chunked = HTTPRequestDecoder(bodyBytesMax: 10)
    feed(&chunked, start + "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")
    #expect(try next(&chunked) == nil)
    try chunked.limitBody(to: 4)
    // A larger limit changes nothing.
    try chunked.limitBody(to: 9)
    feed(&chunked, "2\r\nab\r\n")
    #expect(try next(&chunked) == nil)
    feed(&chunked, "1\r\na\r\n")
    #expect(throws: HTTPError.bodyTooLarge) { try next(&chunked) }
  }
}
