// Why TLS cannot be had, in words for a log. Any thread.
import COpenSSL

/// OpenSSL refused something.
package struct TLSError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What was attempted, such as `read certificate and key`.
  package let operation: String
  /// OpenSSL's words; never a key.
  package let reason: String

  /// Makes an error.
  ///
  /// - Parameters:
  ///   - operation: what was attempted.
  ///   - reason: for a log.
  package init(operation: String, reason: String) {
    self.operation = operation
    self.reason = reason
  }

  /// Takes the newest reason out of this thread's queue, and empties the queue.
  init(_ operation: String) {
    let number = ERR_peek_last_error()
    ERR_clear_error()
    let text = number == 0 ? nil : ERR_reason_error_string(number)
    self.init(
      operation: operation, reason: text.map { String(cString: $0) } ?? "no reason given")
  }

  /// One line for a log.
  package var description: String { "\(operation): \(reason)" }
}
