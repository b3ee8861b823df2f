// Operational errors of OpenSSL, and the one way in which it is called.
//
// OpenSSL keeps a queue of errors per thread. What an earlier call left there would be taken for the
// reason of the next failure (and confuses TLS outright), so each call starts with an empty queue
// and leaves one.

import COpenSSL

/// OpenSSL could not do what was asked of it.
package struct CryptoError: Error, Equatable, Sendable {
  /// What was attempted.
  package let operation: String
  /// What went wrong.
  package let code: Code
  /// OpenSSL's words, for a log; never a key.
  package let message: String

  /// What went wrong, as far as a caller can act on it.
  package enum Code: Equatable, Sendable {
    /// The key cannot be read: not PEM, encrypted, or of a wrong length.
    case malformedKey
    /// A key of an algorithm that is not used here.
    case unsupportedKey
    /// An RSA key of fewer than 2048 bits. Source: RFC 7518, section 3.3.
    case weakKey
    /// OpenSSL failed for a reason of its own.
    case failed
  }
}

extension CryptoError: CustomStringConvertible {
  /// One line for a log.
  package var description: String { "\(operation): \(message) (\(code))" }
}

extension CryptoError {
  /// Takes the newest reason out of this thread's queue, and empties the queue.
  init(_ operation: String, _ code: Code) {
    let number = ERR_peek_last_error()
    ERR_clear_error()
    let text = number == 0 ? nil : ERR_reason_error_string(number)
    self.init(
      operation: operation, code: code,
      message: text.map { String(cString: $0) } ?? "no reason given")
  }
}

/// Checks what can fail only for want of memory or of OpenSSL's own default provider.
func mustSucceed(_ result: Int32, _ operation: StaticString) {
  precondition(result == 1, "OpenSSL failed: \(operation)")
}
