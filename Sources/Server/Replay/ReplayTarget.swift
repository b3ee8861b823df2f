// The server that a replay talks to, and what every kind of call to it has in common: the token, and how
// a refusal or a lost connection is told. A value; one thread at a time.

import Commerce
import Notation
import Transport
import Wire

/// A server and the right to use it.
package struct ReplayTarget: Sendable {
  /// An address, or `localhost`.
  package let host: String
  /// 1…65535.
  package let port: UInt16
  /// A token of the storefront with the scopes `operator backend`.
  package let token: String

  /// Makes a target.
  ///
  /// - Parameters:
  ///   - host: an address, or `localhost`.
  ///   - port: 1…65535.
  ///   - token: with the scopes `operator backend`.
  package init(host: String, port: UInt16, token: String) {
    self.host = host
    self.port = port
    self.token = token
  }

  /// Reads `http://host:port`.
  ///
  /// - Parameters:
  ///   - url: without path; the port is 80 where it is left out.
  ///   - token: with the scopes `operator backend`.
  package init?(url: String, token: String) {
    let scheme = "http://"
    guard url.hasPrefix(scheme) else { return nil }
    var authority = url.dropFirst(scheme.count)
    if authority.hasSuffix("/") { authority.removeLast() }
    guard !authority.isEmpty, !authority.contains("/") else { return nil }
    var port: UInt16 = 80
    // The last colon, unless it is inside the brackets of an IPv6 address.
    if let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") {
      guard let number = UInt16(authority[authority.index(after: colon)...]), number > 0 else {
        return nil
      }
      port = number
      authority = authority[..<colon]
    }
    if authority.hasPrefix("["), authority.hasSuffix("]") {
      authority = authority.dropFirst().dropLast()
    }
    guard !authority.isEmpty else { return nil }
    self.init(host: String(authority), port: port, token: token)
  }

  /// What every HTTP request carries.
  var headers: HTTPHeaders {
    HTTPHeaders([("authorization", "Bearer \(token)"), ("content-type", "application/json")])
  }

  /// A new connection.
  func connect() throws -> HTTPClient {
    try reaching { () throws(ClientError) in
      try HTTPClient(host, port, timeoutMilliseconds: 60_000)
    }
  }

  /// Turns a lost connection into a failure that says whom we could not reach.
  func reaching<Answer>(_ body: () throws(ClientError) -> Answer) throws -> Answer {
    do throws(ClientError) {
      return try body()
    } catch {
      throw CommandFailure(.unavailable, "\(host):\(port): \(clause(error))")
    }
  }

  private func clause(_ error: ClientError) -> String {
    switch error {
    case .malformedHost: "is no address; names are not looked up"
    case .timedOut: "no answer in time"
    case .closed: "the server has closed the connection"
    case .system(let error): error.description
    case .tls(let error): "no secure connection: \(error)"
    case .http(let error): "an answer that is no HTTP: \(error)"
    case .webSocket(let error): "an answer that is no WebSocket frame: \(error)"
    case .refused(let response): "status \(response.status) instead of a WebSocket"
    case .handshake(let error): "a WebSocket handshake that breaks the protocol: \(error)"
    }
  }

  /// The answer of an accepted request; a repeat of something accepted before is one too.
  ///
  /// - Throws: `CommandFailure` with the server's own message where the request was refused.
  func check(_ response: HTTPResponse, _ subject: String, wantsBody: Bool = true) throws -> JSON {
    let isAccepted = response.status == 200 || response.status == 201
    if isAccepted, !wantsBody { return .null }
    do {
      let answer = try JSON.read(response.body)
      if isAccepted { return answer }
      let detail = answer["detail"]?.text ?? answer["title"]?.text ?? "no reason given"
      throw CommandFailure(
        .failed, "\(subject): \(answer["code"]?.text ?? String(response.status)): \(detail)")
    } catch let error as JSONError {
      throw CommandFailure(
        .failed, "\(subject): status \(response.status), and an answer that is no JSON: \(error)")
    }
  }
}
