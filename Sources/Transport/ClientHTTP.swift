// A blocking HTTP client over one kept-alive connection, for tools and tests: no redirects, no
// pool, no retries. Used by one thread at a time.
import Wire

/// One HTTP/1.1 connection to a server.
package final class HTTPClient {
  private let socket: ClientSocket
  private let host: String
  private let timeoutMilliseconds: Int64
  private var decoder: HTTPResponseDecoder
  /// Whether each request that waits for its response is `HEAD`, the oldest first.
  private var waiting: [Bool] = []

  /// Connects.
  ///
  /// - Parameters:
  ///   - host: an address, or `localhost`.
  ///   - port: 1…65535.
  ///   - tls: whom to trust, for https; nil for http.
  ///   - timeoutMilliseconds: for connecting, and then for each request and each response.
  ///   - bodyBytesMax: how long the body of a response may be.
  ///   - cutoff: ends every wait before its time; nil for never.
  /// - Throws: why there is no connection.
  package init(
    _ host: String, _ port: UInt16, tls: TLSClientContext? = nil,
    timeoutMilliseconds: Int64 = 10_000,
    bodyBytesMax: Int = 67_108_864, cutoff: Cutoff? = nil
  ) throws(ClientError) {
    decoder = HTTPResponseDecoder(bodyBytesMax: bodyBytesMax)
    socket = try ClientSocket(
      host: host, port: port, tls: tls, timeoutMilliseconds: timeoutMilliseconds, cutoff: cutoff)
    self.host = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
    self.timeoutMilliseconds = timeoutMilliseconds
  }

  /// Sends a request and waits for its response.
  ///
  /// - Parameters:
  ///   - method: what to do.
  ///   - target: path and query, percent-encoded.
  ///   - headers: beside `Host` and `Content-Length`.
  ///   - body: the plain body.
  /// - Returns: the response, whatever its status.
  /// - Throws: why there is none.
  package func send(
    _ method: HTTPMethod, _ target: String, headers: HTTPHeaders = HTTPHeaders(),
    body: [UInt8] = []
  ) throws(ClientError) -> HTTPResponse {
    try write(method, target, headers: headers, body: body)
    return try read()
  }

  /// Sends a request and waits for its response, both together until a deadline.
  ///
  /// After a failure the connection is of no more use: an answer that comes late would be taken for
  /// that of the next request.
  /// - Parameters:
  ///   - method: what to do.
  ///   - target: path and query, percent-encoded.
  ///   - headers: beside `Host` and `Content-Length`.
  ///   - body: the plain body.
  ///   - deadline: monotonic milliseconds.
  /// - Returns: the response, whatever its status.
  /// - Throws: why there is none.
  package func send(
    _ method: HTTPMethod, _ target: String, headers: HTTPHeaders, body: [UInt8],
    until deadline: Int64
  ) throws(ClientError) -> HTTPResponse {
    waiting.append(method == .head)
    try socket.write(
      HTTPRequest.bytes(method, target, host: host, headers: headers, body: body),
      timeoutMilliseconds: max(0, deadline - monotonicMilliseconds()))
    return try read(until: deadline)
  }

  /// Sends a request without waiting: several may be on their way (pipelining).
  ///
  /// - Parameters:
  ///   - method: what to do.
  ///   - target: path and query, percent-encoded.
  ///   - headers: beside `Host` and `Content-Length`.
  ///   - body: the plain body.
  /// - Throws: why it could not be sent.
  package func write(
    _ method: HTTPMethod, _ target: String, headers: HTTPHeaders = HTTPHeaders(),
    body: [UInt8] = []
  ) throws(ClientError) {
    waiting.append(method == .head)
    try write(raw: HTTPRequest.bytes(method, target, host: host, headers: headers, body: body))
  }

  /// Sends bytes as they are, to try a server with what no client should send.
  ///
  /// - Parameter bytes: anything.
  /// - Throws: why they could not be sent.
  package func write(raw bytes: [UInt8]) throws(ClientError) {
    try socket.write(bytes, timeoutMilliseconds: timeoutMilliseconds)
  }

  /// Waits for the response to the oldest request that has none.
  ///
  /// - Returns: the response, whatever its status.
  /// - Throws: `.closed` where the server has closed instead.
  package func read() throws(ClientError) -> HTTPResponse {
    try read(until: monotonicMilliseconds() + timeoutMilliseconds)
  }

  private func read(until deadline: Int64) throws(ClientError) -> HTTPResponse {
    decoder.answersHead = waiting.first ?? false
    if !waiting.isEmpty { waiting.removeFirst() }
    while true {
      if let response = try decoded({ decoder throws(HTTPError) in try decoder.next() }) {
        return response
      }
      do throws(ClientError) {
        try socket.read(until: deadline) { decoder.feed($0) }
      } catch {
        guard error == .closed,
          let last = try decoded({ decoder throws(HTTPError) in try decoder.finish() })
        else { throw error }
        return last
      }
    }
  }

  /// Ends the sending direction, as a client does that asks nothing more.
  package func endSending() { socket.endSending() }

  private func decoded(
    _ step: (inout HTTPResponseDecoder) throws(HTTPError) -> HTTPResponse?
  ) throws(ClientError) -> HTTPResponse? {
    do throws(HTTPError) {
      return try step(&decoder)
    } catch {
      throw .http(error)
    }
  }
}
