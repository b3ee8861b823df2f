// Digests: SHA-256 in one call or piece by piece, and SHA-1 for one old handshake.
//
// The algorithms are looked up once and shared between threads; a context belongs to one owner.

import COpenSSL

/// An incremental SHA-256, which can be used again after `finish`. Source: FIPS 180-4.
///
/// Belongs to one thread at a time.
package struct SHA256: ~Copyable {
  /// Bytes of a digest.
  package static let byteCount = 32
  private let context: OpaquePointer

  /// Starts with the empty message.
  package init() {
    guard let context = EVP_MD_CTX_new() else { preconditionFailure("out of memory") }
    self.context = context
    start()
  }

  deinit { EVP_MD_CTX_free(context) }

  /// Appends bytes to the message.
  ///
  /// - Parameter bytes: any number.
  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    mustSucceed(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count), "EVP_DigestUpdate")
  }

  /// Appends bytes to the message.
  ///
  /// - Parameter bytes: any number.
  package mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

  /// Ends the message, and starts with the empty one again.
  ///
  /// - Returns: 32 bytes.
  package mutating func finish() -> [UInt8] {
    let digest = [UInt8](unsafeUninitializedCapacity: Self.byteCount) { buffer, count in
      mustSucceed(
        EVP_DigestFinal_ex(context, buffer.baseAddress, nil), "EVP_DigestFinal_ex")
      count = Self.byteCount
    }
    start()
    return digest
  }

  /// The digest of one message.
  ///
  /// - Parameter bytes: the message.
  /// - Returns: 32 bytes.
  package static func digest(of bytes: UnsafeRawBufferPointer) -> [UInt8] {
    oneShot(bytes, algorithm: sha256, byteCount: byteCount)
  }

  /// The digest of one message.
  ///
  /// - Parameter bytes: the message.
  /// - Returns: 32 bytes.
  package static func digest(of bytes: [UInt8]) -> [UInt8] {
    bytes.withUnsafeBytes { digest(of: $0) }
  }

  private func start() {
    ERR_clear_error()
    mustSucceed(EVP_DigestInit_ex2(context, sha256, nil), "EVP_DigestInit_ex2")
  }
}

/// SHA-1, only because the WebSocket handshake asks for it. Source: RFC 6455, section 4.2.2.
package enum SHA1 {
  /// The digest of one message.
  ///
  /// - Parameter bytes: the message.
  /// - Returns: 20 bytes.
  package static func digest(of bytes: [UInt8]) -> [UInt8] {
    bytes.withUnsafeBytes { oneShot($0, algorithm: sha1, byteCount: 20) }
  }
}

// Safe to share: a fetched algorithm is never changed, and counts its references atomically.
// Fetching takes longer than hashing a short message, so that it is done once and never undone.
nonisolated(unsafe) let sha256 = fetch("SHA256")
nonisolated(unsafe) private let sha1 = fetch("SHA1")

private func fetch(_ name: String) -> OpaquePointer {
  ERR_clear_error()
  guard let algorithm = EVP_MD_fetch(nil, name, nil) else {
    preconditionFailure("OpenSSL has no \(name)")
  }
  return algorithm
}

private func oneShot(
  _ bytes: UnsafeRawBufferPointer, algorithm: OpaquePointer, byteCount: Int
) -> [UInt8] {
  [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
    ERR_clear_error()
    mustSucceed(
      EVP_Digest(bytes.baseAddress, bytes.count, buffer.baseAddress, nil, algorithm, nil),
      "EVP_Digest")
    count = byteCount
  }
}
