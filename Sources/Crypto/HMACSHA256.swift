// Message authentication codes, and the comparison that does not give them away.
//
// Whoever signs or checks many messages with one key keeps an HMACSHA256: the key is scheduled once
// and a message then costs two short digests and the array of the answer.

import COpenSSL

/// HMAC-SHA-256 under one key, for any number of messages in turn. Source: RFC 2104, FIPS 198-1.
///
/// Belongs to one thread at a time.
package struct HMACSHA256: ~Copyable {
  /// Bytes of a code.
  package static let byteCount = 32
  private let context: OpaquePointer

  /// Schedules the key and starts with the empty message.
  ///
  /// - Parameter key: any number of bytes; RFC 7518, section 3.2, wants at least 32 for a token.
  package init(key: [UInt8]) {
    ERR_clear_error()
    guard let context = EVP_MAC_CTX_new(hmac) else { preconditionFailure("out of memory") }
    self.context = context
    // An empty array may have no address, which OpenSSL would take for "the key from before".
    let result = (key.isEmpty ? [0] : key).withUnsafeBufferPointer { bytes in
      bytes.baseAddress.map { copenssl_hmac_sha256_start(context, $0, key.count) } ?? 0
    }
    mustSucceed(result, "EVP_MAC_init")
  }

  deinit { EVP_MAC_CTX_free(context) }

  /// Appends bytes to the message.
  ///
  /// - Parameter bytes: any number.
  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    // EVP_MAC_update refuses a null pointer only in some versions; an empty piece changes nothing.
    guard let start = bytes.baseAddress, bytes.count > 0 else { return }
    let pointer = start.assumingMemoryBound(to: UInt8.self)
    mustSucceed(EVP_MAC_update(context, pointer, bytes.count), "EVP_MAC_update")
  }

  /// Appends bytes to the message.
  ///
  /// - Parameter bytes: any number.
  package mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

  /// Ends the message, and starts with the empty one under the same key again.
  ///
  /// - Returns: 32 bytes.
  package mutating func finish() -> [UInt8] {
    let code = [UInt8](unsafeUninitializedCapacity: Self.byteCount) { buffer, count in
      mustSucceed(
        EVP_MAC_final(context, buffer.baseAddress, &count, Self.byteCount), "EVP_MAC_final")
    }
    ERR_clear_error()
    mustSucceed(EVP_MAC_init(context, nil, 0, nil), "EVP_MAC_init")
    return code
  }

  /// The code of one whole message; what `update` was given before is part of it.
  ///
  /// - Parameter message: the message.
  /// - Returns: 32 bytes.
  package mutating func code(for message: [UInt8]) -> [UInt8] {
    update(message)
    return finish()
  }

  /// The code of one message under a key that is used once.
  ///
  /// - Parameters:
  ///   - message: the message.
  ///   - key: any number of bytes.
  /// - Returns: 32 bytes.
  package static func code(for message: [UInt8], key: [UInt8]) -> [UInt8] {
    var context = HMACSHA256(key: key)
    return context.code(for: message)
  }
}

/// Compares secrets in a time that depends on their length only.
///
/// - Parameters:
///   - left: any bytes.
///   - right: any bytes.
/// - Returns: whether they are the same; at once false if their lengths differ.
package func isEqualInConstantTime(_ left: [UInt8], _ right: [UInt8]) -> Bool {
  left.withUnsafeBytes { left in
    right.withUnsafeBytes { right in
      guard left.count == right.count else { return false }
      guard let first = left.baseAddress, let second = right.baseAddress else { return true }
      return CRYPTO_memcmp(first, second, left.count) == 0
    }
  }
}

// Safe to share, for the same reasons as the digests.
nonisolated(unsafe) private let hmac: OpaquePointer = {
  ERR_clear_error()
  guard let algorithm = EVP_MAC_fetch(nil, "HMAC", nil) else {
    preconditionFailure("OpenSSL has no HMAC")
  }
  return algorithm
}()
