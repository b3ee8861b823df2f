// A connection to a service of the operator's that is made when it is wanted and kept for the next
// request. Used by one thread at a time; blocks up to the deadline.

import Transport
import Wire

/// Where requests to one address go.
final class KeptConnection {
  private let address: CommissionAddress
  private let answerBytesMax: Int
  private let cutoff: Cutoff?
  private var client: HTTPClient?

  /// Connects to nothing yet.
  ///
  /// - Parameters:
  ///   - address: where to.
  ///   - answerBytesMax: the most bytes of an answer.
  ///   - cutoff: ends every wait before its time; nil for never.
  init(_ address: CommissionAddress, answerBytesMax: Int, cutoff: Cutoff? = nil) {
    self.cutoff = cutoff
    self.address = address
    self.answerBytesMax = answerBytesMax
  }

  /// Posts a message and waits for the answer.
  ///
  /// A kept connection that the other side has closed meanwhile is made anew, once: the message may
  /// then arrive twice.
  /// - Parameters:
  ///   - path: percent-encoded.
  ///   - headers: beside `Host` and `Content-Length`.
  ///   - body: of the message.
  ///   - deadline: for connecting, asking and the whole answer together, monotonic milliseconds.
  /// - Returns: the answer, whatever its status.
  /// - Throws: why there is none; then the connection is dropped.
  func post(
    _ path: String, headers: HTTPHeaders, body: [UInt8], until deadline: Int64
  ) throws(ClientError) -> HTTPResponse {
    let wasKept = client != nil
    do throws(ClientError) {
      return try exchange(path, headers, body, deadline)
    } catch {
      guard wasKept, error == .closed else { throw error }
    }
    return try exchange(path, headers, body, deadline)
  }

  /// Makes the next request connect anew.
  func drop() { client = nil }

  private func exchange(
    _ path: String, _ headers: HTTPHeaders, _ body: [UInt8], _ deadline: Int64
  ) throws(ClientError) -> HTTPResponse {
    do throws(ClientError) {
      let connection: HTTPClient
      if let client {
        connection = client
      } else {
        let left = deadline - monotonicMilliseconds()
        guard left > 0 else { throw .timedOut }
        connection = try HTTPClient(
          address.host, address.port, timeoutMilliseconds: left, bodyBytesMax: answerBytesMax,
          cutoff: cutoff)
        client = connection
      }
      let response = try connection.send(
        .post, path, headers: headers, body: body, until: deadline)
      if response.headers.contains("connection", token: "close") { drop() }
      return response
    } catch {
      // An answer that comes late would be taken for that of the next request.
      drop()
      throw error
    }
  }
}
