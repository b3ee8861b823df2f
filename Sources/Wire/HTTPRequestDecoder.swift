/// Turns the bytes of a client into requests, one at a time, however the bytes were cut.
///
/// Strict on purpose: whatever two servers could read differently (two lengths, a length and a
/// coding, folded lines, bare line feeds, space before a colon) is refused, because that is how
/// requests are smuggled. A failure is final. No I/O; owned by one thread at a time.
/// Source: RFC 9112.
package struct HTTPRequestDecoder: Sendable {
  private enum Step: Sendable {
    case start(maySkipLine: Bool)
    case headers(RequestLine, HTTPHeaderReader)
    case body(RequestLine, HTTPHeaders, HTTPBodyReader)
    case failed(HTTPError)
  }

  private struct RequestLine {
    let method: HTTPMethod
    let target: HTTPTarget
    /// Host of an absolute target.
    let authority: [UInt8]?
    let versionMinor: Int
  }

  private let bodyBytesMax: Int
  private var queue = ByteQueue()
  private var step = Step.start(maySkipLine: true)
  private var expectsContinue = false
  /// Whether a header has been read that nobody has looked at.
  private var isHeadNew = false

  /// Makes a decoder at the beginning of a connection.
  ///
  /// - Parameter bodyBytesMax: how long a body may be; a longer one is refused as soon as its
  ///   length is known.
  package init(bodyBytesMax: Int) { self.bodyBytesMax = bodyBytesMax }

  /// Takes bytes as they came; call `next` until it returns nothing.
  ///
  /// - Parameter bytes: copied.
  package mutating func feed(_ bytes: UnsafeRawBufferPointer) { queue.append(bytes) }

  /// One complete request, or nothing while more bytes are wanted.
  ///
  /// - Throws: the reason to answer with and close; every later call throws the same.
  package mutating func next() throws(HTTPError) -> HTTPRequest? {
    do throws(HTTPError) {
      return try advance()
    } catch {
      step = .failed(error)
      throw error
    }
  }

  /// The bytes after the last request, once the connection speaks another protocol.
  ///
  /// The decoder is empty afterwards.
  package mutating func takeRest() -> [UInt8] { queue.takeAll() }

  /// Whether a request has begun and not ended: the time when a slow client must be timed.
  package var isInsideRequest: Bool {
    if case .start = step { return !queue.isEmpty }
    return true
  }

  /// Whether the header is complete and the body is not: the time for a longer patience.
  package var isInsideBody: Bool {
    if case .body = step { return true }
    return false
  }

  /// Whether the client waits for `100 Continue` before it sends the body; true once a request.
  ///
  /// Ask after `next` returned nothing. Source: RFC 9110 section 10.1.1.
  package mutating func takeExpectation() -> Bool {
    guard case .body = step, expectsContinue else { return false }
    expectsContinue = false
    return true
  }

  /// The request whose header is complete and whose body is not, without a body; once a request.
  ///
  /// Ask after `next` returned nothing. So whoever decides may refuse a request before its body is
  /// kept; a request that came whole is never asked about here.
  package mutating func takeHead() -> HTTPRequest? {
    guard isHeadNew, case .body(let line, let headers, _) = step else { return nil }
    isHeadNew = false
    return HTTPRequest(
      method: line.method, target: line.target, versionMinor: line.versionMinor, headers: headers)
  }

  /// Makes the limit of the body that is being read a smaller one.
  ///
  /// - Parameter bytesMax: how long the body may be; a larger limit than the present one changes nothing.
  /// - Throws: `.bodyTooLarge` where it is longer already, or is said to become longer; every later call
  ///   throws the same.
  package mutating func limitBody(to bytesMax: Int) throws(HTTPError) {
    guard case .body(let line, let headers, var reader) = step else { return }
    do throws(HTTPError) {
      try reader.limit(to: bytesMax)
      step = .body(line, headers, reader)
    } catch {
      step = .failed(error)
      throw error
    }
  }

  /// Bytes that an incomplete request keeps, those of its header aside.
  package var bytesHeld: Int {
    guard case .body(_, _, let reader) = step else { return queue.bytes.count }
    return queue.bytes.count + reader.body.count
  }

  private mutating func advance() throws(HTTPError) -> HTTPRequest? {
    while true {
      switch step {
      case .failed(let error): throw error
      case .start(let maySkipLine):
        guard
          let line = try queue.takeLine(
            bytesMax: HTTPLimits.firstLineBytesMax, else: .targetTooLong)
        else { return nil }
        if line.isEmpty, maySkipLine {
          // One empty line before a request is an old client's habit. RFC 9112 section 2.2.
          step = .start(maySkipLine: false)
        } else {
          step = .headers(try requestLine(queue.bytes[line]), HTTPHeaderReader())
        }
      case .headers(let line, var reader):
        let isComplete = try reader.read(&queue)
        guard isComplete else {
          step = .headers(line, reader)
          return nil
        }
        step = .body(line, reader.headers, try body(line, reader.headers))
        isHeadNew = true
      case .body(let line, let headers, var reader):
        // The copy in `step` would make every append to the body a copy of the body.
        step = .start(maySkipLine: true)
        let isComplete = try reader.read(&queue)
        guard isComplete else {
          step = .body(line, headers, reader)
          return nil
        }
        expectsContinue = false
        isHeadNew = false
        return HTTPRequest(
          method: line.method, target: line.target, versionMinor: line.versionMinor,
          headers: headers, body: reader.body)
      }
    }
  }

  private func requestLine(_ line: ArraySlice<UInt8>) throws(HTTPError) -> RequestLine {
    let parts = line.split(separator: 0x20, omittingEmptySubsequences: false)
    guard parts.count == 3, !parts[0].isEmpty, parts[0].allSatisfy(isTokenByte) else {
      throw .malformedRequestLine
    }
    let versionMinor = try httpVersionMinor(parts[2], else: .malformedRequestLine)
    guard let method = HTTPMethod(rawValue: String(decoding: parts[0], as: UTF8.self)) else {
      throw .unknownMethod
    }
    var target = parts[1]
    let authority = takeAuthority(&target)
    let parsed = try HTTPTarget(target)
    guard parsed.path != "*" || method == .options else { throw .malformedTarget }
    return RequestLine(
      method: method, target: parsed, authority: authority, versionMinor: versionMinor)
  }

  /// Cuts `http://authority` off an absolute target, which RFC 9112 section 3.2.2 makes us accept.
  private func takeAuthority(_ target: inout ArraySlice<UInt8>) -> [UInt8]? {
    for scheme in ["http://", "https://"] where target.starts(with: scheme.utf8) {
      let rest = target.dropFirst(scheme.utf8.count)
      let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") }
      target = rest[(end ?? rest.endIndex)...]
      return Array(rest[..<(end ?? rest.endIndex)])
    }
    return nil
  }

  private mutating func body(
    _ line: RequestLine, _ headers: HTTPHeaders
  ) throws(HTTPError) -> HTTPBodyReader {
    try checkHost(line, headers)
    let framing = try HTTPBodyReader.framing(headers)
    // HTTP/1.0 has no transfer coding; a front end may have framed it by another rule. RFC 9112 6.1.
    guard framing != .chunked || line.versionMinor == 1 else { throw .contradictoryLength }
    let reader = try HTTPBodyReader(framing ?? .length(0), bytesMax: bodyBytesMax)
    if let expectation = headers["expect"], line.versionMinor == 1 {
      guard lowercasedASCII(expectation) == "100-continue" else { throw .unknownExpectation }
      expectsContinue = true
    }
    return reader
  }

  private func checkHost(_ line: RequestLine, _ headers: HTTPHeaders) throws(HTTPError) {
    let hosts = headers.values("host")
    guard hosts.count == 1 || (hosts.isEmpty && line.versionMinor == 0) else {
      throw .malformedHost
    }
    for host in hosts {
      guard !host.isEmpty, host.utf8.allSatisfy(isHostByte) else { throw .malformedHost }
      if let authority = line.authority {
        guard host.utf8.map(lowercasedASCII) == authority.map(lowercasedASCII) else {
          throw .malformedHost
        }
      }
    }
  }
}

/// Whether a byte may stand in a host with its port: names, IPv4 and bracketed IPv6 addresses.
private func isHostByte(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"),
    UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"):
    true
  default: false
  }
}

/// The minor number of `HTTP/1.x`.
///
/// - Throws: `malformed` where this is no version, `.unsupportedVersion` where it is another one.
func httpVersionMinor(
  _ version: ArraySlice<UInt8>, else malformed: HTTPError
) throws(HTTPError) -> Int {
  if version.elementsEqual("HTTP/1.1".utf8) { return 1 }
  if version.elementsEqual("HTTP/1.0".utf8) { return 0 }
  let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
  let bytes = Array(version)
  guard bytes.count == 8, bytes.starts(with: "HTTP/".utf8), digits.contains(bytes[5]),
    bytes[6] == UInt8(ascii: "."), digits.contains(bytes[7])
  else { throw malformed }
  throw .unsupportedVersion
}
