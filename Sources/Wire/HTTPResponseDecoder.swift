/// Turns the bytes of a server into responses: for webhooks, the load tool and tests.
///
/// Interim responses (1xx) are passed over, but for `101`, after which the stream is no longer HTTP
/// and `takeRest` hands over what followed. A failure is final. No I/O.
/// Source: RFC 9112 sections 4 and 6.3.
package struct HTTPResponseDecoder: Sendable {
  private enum Step: Sendable {
    case start
    case headers(status: Int, HTTPHeaderReader)
    case body(status: Int, HTTPHeaders, HTTPBodyReader)
    case upgraded
    case failed(HTTPError)
  }

  private let bodyBytesMax: Int
  private var queue = ByteQueue()
  private var step = Step.start

  /// Whether the request that the next response answers was `HEAD`, so that no body follows.
  package var answersHead = false

  /// Makes a decoder at the beginning of a connection.
  ///
  /// - Parameter bodyBytesMax: how long a body may be.
  package init(bodyBytesMax: Int) { self.bodyBytesMax = bodyBytesMax }

  /// Takes bytes as they came; call `next` until it returns nothing.
  ///
  /// - Parameter bytes: copied.
  package mutating func feed(_ bytes: UnsafeRawBufferPointer) { queue.append(bytes) }

  /// One complete response, or nothing while more bytes are wanted.
  ///
  /// - Throws: why this is no response; every later call throws the same.
  package mutating func next() throws(HTTPError) -> HTTPResponse? {
    do throws(HTTPError) {
      return try advance()
    } catch {
      step = .failed(error)
      throw error
    }
  }

  /// Tells that the server has closed: a body without a length ends here.
  ///
  /// - Returns: the last response, or nothing where none had begun.
  /// - Throws: `HTTPError.truncated` where a response was not complete.
  package mutating func finish() throws(HTTPError) -> HTTPResponse? {
    if let response = try next() { return response }
    switch step {
    case .body(let status, let headers, let reader) where reader.endsAtClose:
      step = .start
      return HTTPResponse(status: status, headers: headers, body: reader.body)
    case .start where queue.isEmpty, .upgraded: return nil
    default:
      step = .failed(.truncated)
      throw .truncated
    }
  }

  /// The bytes after the last response, once the connection speaks another protocol.
  package mutating func takeRest() -> [UInt8] { queue.takeAll() }

  private mutating func advance() throws(HTTPError) -> HTTPResponse? {
    while true {
      switch step {
      case .failed(let error): throw error
      case .upgraded: return nil
      case .start:
        guard
          let line = try queue.takeLine(
            bytesMax: HTTPLimits.firstLineBytesMax, else: .malformedStatusLine)
        else { return nil }
        step = .headers(status: try status(queue.bytes[line]), HTTPHeaderReader())
      case .headers(let status, var reader):
        let isComplete = try reader.read(&queue)
        guard isComplete else {
          step = .headers(status: status, reader)
          return nil
        }
        if status == 101 {
          step = .upgraded
          return HTTPResponse(status: status, headers: reader.headers)
        }
        step =
          status < 200
          ? .start
          : .body(
            status: status, reader.headers, try body(status, reader.headers))
      case .body(let status, let headers, var reader):
        step = .start
        let isComplete = try reader.read(&queue)
        guard isComplete else {
          step = .body(status: status, headers, reader)
          return nil
        }
        return HTTPResponse(status: status, headers: headers, body: reader.body)
      }
    }
  }

  private func status(_ line: ArraySlice<UInt8>) throws(HTTPError) -> Int {
    let parts = line.split(separator: 0x20, maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count >= 2 else { throw .malformedStatusLine }
    _ = try httpVersionMinor(parts[0], else: .malformedStatusLine)
    guard parts[1].count == 3, let status = Int(String(decoding: parts[1], as: UTF8.self)),
      (100...599).contains(status)
    else { throw .malformedStatusLine }
    return status
  }

  private func body(
    _ status: Int, _ headers: HTTPHeaders
  ) throws(HTTPError) -> HTTPBodyReader {
    if answersHead || status == 204 || status == 304 {
      return try HTTPBodyReader(.length(0), bytesMax: bodyBytesMax)
    }
    return try HTTPBodyReader(
      try HTTPBodyReader.framing(headers) ?? .untilClose, bytesMax: bodyBytesMax)
  }
}
