// Why a commission service gave no settlement. Values only; any thread.

import Crypto
import Transport

/// Why a sale was not settled elsewhere.
package enum DelegationFault: Error, Equatable, Sendable {
  /// No connection, or it broke twice; the reason is for people.
  case unreachable(String)
  /// There was no whole answer in time.
  case timedOut
  /// Neither a settlement nor a refusal: the status and the beginning of the body, for people.
  case badStatus(Int, body: String)
  /// The answer is not genuine, or is about another request.
  case badSignature(SignatureFault)
  /// The answer is genuine and not what an answer must be; the place, such as `lines[0].net`.
  case malformed(place: String, reason: String)
  /// The service refuses this sale, with its code and sentence; the same request is always refused.
  case refused(code: String, message: String)

  /// The most bytes of a body or a message that are kept.
  static let textBytesMax = 200

  /// A stable word for lists and metrics; see Protocol/commission-service.md.
  package var code: String {
    switch self {
    case .unreachable: "service_unreachable"
    case .timedOut: "service_timed_out"
    case .badStatus: "service_bad_status"
    case .badSignature: "service_bad_signature"
    case .malformed: "service_malformed_answer"
    case .refused: "service_refused"
    }
  }

  /// Whether the service is not there or not well, which is what a circuit breaker counts.
  ///
  /// A wrong signature or a malformed answer comes from a service that is there: to keep other sales
  /// from it would help nobody. Statuses below 500 are about the request, but for 429.
  package var isOfTransport: Bool {
    switch self {
    case .unreachable, .timedOut: true
    case .badStatus(let status, _): status >= 500 || status == 429
    case .badSignature, .malformed, .refused: false
    }
  }

  /// Whether the same request would fail again until somebody has changed something.
  package var isPermanent: Bool {
    if case .refused = self { true } else { false }
  }

  /// A sentence for an operator; no secret, and nothing long.
  package var message: String {
    switch self {
    case .unreachable(let reason): "The service cannot be reached: \(reason)."
    case .timedOut: "The service did not answer in time."
    case .badStatus(let status, let body): "The service answered with status \(status): \(body)"
    case .badSignature(let fault): "The service's answer is not genuine: \(fault.sentence)"
    case .malformed(let place, let reason):
      place.isEmpty
        ? "The service's answer is malformed: \(reason)"
        : "The service's answer is malformed at \(place): \(reason)"
    case .refused(let code, let message): "The service refuses the sale (\(code)): \(message)"
    }
  }

  /// The beginning of some bytes as one line for people; what is no printable text becomes `?`.
  static func shown(_ bytes: some Collection<UInt8>) -> String {
    let clean = String(decoding: bytes.prefix(textBytesMax), as: UTF8.self).unicodeScalars.map {
      $0.isSteering || $0 == "\u{FFFD}" ? "?" : Character($0)
    }
    return String(clean) + (bytes.count > textBytesMax ? "…" : "")
  }
}
