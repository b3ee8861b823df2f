// Sends events to one endpoint over a kept connection and says what became of them. No redirects:
// an address that the operator did not write is never called. Used by one thread; blocks up to the
// time-out.

import Commerce
import Coordination
import Storage
import Transport
import Wire

/// The connection to one endpoint.
final class WebhookClient {
  /// The most bytes of an answer; nobody reads it but for its beginning.
  static let answerBytesMax = 65_536

  private let endpoint: WebhookEndpoint
  private let timeoutMilliseconds: Int64
  private let clock: @Sendable () -> Timestamp
  private let connection: KeptConnection

  /// Makes a client; nothing is connected yet.
  ///
  /// - Parameters:
  ///   - endpoint: where to.
  ///   - timeoutMilliseconds: for connecting, sending and the whole answer together, > 0.
  ///   - cutoff: ends every wait before its time.
  ///   - clock: the moment, for signing.
  init(
    _ endpoint: WebhookEndpoint, timeoutMilliseconds: Int64, cutoff: Cutoff,
    clock: @escaping @Sendable () -> Timestamp
  ) {
    self.endpoint = endpoint
    self.timeoutMilliseconds = timeoutMilliseconds
    self.clock = clock
    connection = KeptConnection(
      endpoint.address, answerBytesMax: Self.answerBytesMax, cutoff: cutoff)
  }

  /// Sends an event.
  ///
  /// - Parameter entry: the transaction.
  /// - Returns: why it was not taken; nothing where it was.
  func send(_ entry: LedgerEntry) -> WebhookFailure? {
    let body = WebhookMessage.body(entry, of: endpoint.key.storefront)
    var headers = MessageSignature.headers(
      id: WebhookMessage.id(endpoint.key, entry.transaction.sequence), at: clock(), body: body,
      secrets: endpoint.secrets)
    headers.add("content-type", "application/json")
    headers.add("user-agent", "waggle")
    do throws(ClientError) {
      let response = try connection.post(
        endpoint.path, headers: headers, body: body,
        until: monotonicMilliseconds() + timeoutMilliseconds)
      return WebhookClient.judge(response)
    } catch {
      return WebhookClient.failure(error)
    }
  }

  /// What an answer means. Source: Standard Webhooks 1.0, "Deliverability and reliability".
  static func judge(_ response: HTTPResponse) -> WebhookFailure? {
    let status = response.status
    let words = response.body.isEmpty ? "" : ": " + DelegationFault.shown(response.body)
    let message = "The endpoint answered with status \(status)\(words)"
    switch status {
    case 200...299: return nil
    case 410: return WebhookFailure(.gone, message)
    case 408, 425, 429, 500...: return WebhookFailure(.unwell, message)
    default: return WebhookFailure(.refused, message)
    }
  }

  /// What it means that there is no answer.
  static func failure(_ error: ClientError) -> WebhookFailure {
    func unreachable(_ reason: String) -> WebhookFailure {
      WebhookFailure(.unreachable, "The endpoint cannot be reached: \(reason).")
    }
    switch error {
    case .timedOut: return WebhookFailure(.timedOut, "The endpoint did not answer in time.")
    case .malformedHost: return unreachable("its host is no address")
    case .closed: return unreachable("the connection was closed")
    case .system(let error): return unreachable("\(error)")
    case .http(let error): return unreachable("what answers speaks no HTTP (\(error.code))")
    case .tls(let error): return unreachable("there is no secure connection (\(error))")
    case .webSocket, .refused, .handshake: return unreachable("what answers is no endpoint")
    }
  }
}
