// Keys of public-key signatures: Ed25519 (EdDSA) and RSA with SHA-256 (RS256).
//
// The algorithm is a property of the key, never of the message, so that nobody can choose it for us.
// Threads: a key may be shared; each signature and each check makes a context of its own.

import COpenSSL

/// An algorithm of signatures.
package enum SignatureAlgorithm: Equatable, Sendable {
  /// Ed25519, `EdDSA` in a token. Source: RFC 8032, RFC 8037.
  case ed25519
  /// RSASSA-PKCS1-v1_5 with SHA-256, `RS256` in a token. Source: RFC 7518, section 3.3.
  case rs256
}

/// A private key.
package final class SigningKey: Sendable {
  /// What it signs with.
  package let algorithm: SignatureAlgorithm
  private let key: Key

  /// Reads a key from PEM (PKCS #8, or the older RSA form).
  ///
  /// - Parameter pem: unencrypted.
  /// - Throws: `.malformedKey`, `.unsupportedKey`, `.weakKey`.
  package init(pem: String) throws(CryptoError) {
    let read = readKey(pem, copenssl_read_private_key)
    key = try Key(read, operation: "read private key")
    algorithm = try key.algorithm()
  }

  /// Takes an Ed25519 seed.
  ///
  /// - Parameter seed: 32 bytes. Source: RFC 8032, section 5.1.5.
  /// - Throws: `.malformedKey` for another length.
  package init(ed25519Seed seed: [UInt8]) throws(CryptoError) {
    ERR_clear_error()
    let read = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, seed, seed.count)
    key = try Key(read, operation: "read Ed25519 seed")
    algorithm = .ed25519
  }

  /// The key that checks what this one signs.
  package var verificationKey: VerificationKey {
    VerificationKey(sharing: key, algorithm: algorithm)
  }

  /// Signs a message.
  ///
  /// - Parameter message: any bytes.
  /// - Returns: 64 bytes (Ed25519), or as many as the modulus (RS256). Always the same ones.
  /// - Throws: `.failed`.
  package func signature(for message: [UInt8]) throws(CryptoError) -> [UInt8] {
    ERR_clear_error()
    guard let context = EVP_MD_CTX_new() else { preconditionFailure("out of memory") }
    defer { EVP_MD_CTX_free(context) }
    guard EVP_DigestSignInit(context, nil, algorithm.digest, nil, key.pointer) == 1 else {
      throw CryptoError("EVP_DigestSignInit", .failed)
    }
    var result: Int32 = 0
    let capacity = Int(EVP_PKEY_get_size(key.pointer))
    let signature = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
      count = capacity
      result = EVP_DigestSign(context, buffer.baseAddress, &count, message, message.count)
      if result != 1 { count = 0 }
    }
    guard result == 1 else { throw CryptoError("EVP_DigestSign", .failed) }
    return signature
  }
}

/// A public key.
package final class VerificationKey: Sendable {
  /// What it checks.
  package let algorithm: SignatureAlgorithm
  private let key: Key

  /// Reads a key from PEM (SubjectPublicKeyInfo).
  ///
  /// - Parameter pem: a public key, not a certificate.
  /// - Throws: `.malformedKey`, `.unsupportedKey`, `.weakKey`.
  package init(pem: String) throws(CryptoError) {
    let read = readKey(pem, copenssl_read_public_key)
    key = try Key(read, operation: "read public key")
    algorithm = try key.algorithm()
  }

  /// Takes an Ed25519 public key.
  ///
  /// - Parameter bytes: 32 bytes.
  /// - Throws: `.malformedKey` for another length.
  package init(ed25519 bytes: [UInt8]) throws(CryptoError) {
    ERR_clear_error()
    let read = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, bytes, bytes.count)
    key = try Key(read, operation: "read Ed25519 public key")
    algorithm = .ed25519
  }

  fileprivate init(sharing key: Key, algorithm: SignatureAlgorithm) {
    self.key = key
    self.algorithm = algorithm
  }

  /// Whether `signature` is this key's signature of `message`.
  ///
  /// - Parameters:
  ///   - signature: of any length; one of a wrong length is not valid.
  ///   - message: any bytes.
  /// - Returns: false also when OpenSSL fails: what was not checked is not valid.
  package func isValid(_ signature: [UInt8], for message: [UInt8]) -> Bool {
    ERR_clear_error()
    defer { ERR_clear_error() }
    guard let context = EVP_MD_CTX_new() else { preconditionFailure("out of memory") }
    defer { EVP_MD_CTX_free(context) }
    guard EVP_DigestVerifyInit(context, nil, algorithm.digest, nil, key.pointer) == 1 else {
      return false
    }
    return EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
  }
}

extension SignatureAlgorithm {
  /// Ed25519 digests by itself, twice, and takes none.
  fileprivate var digest: OpaquePointer? { self == .ed25519 ? nil : sha256 }
}

/// Owns one EVP_PKEY.
///
/// Sendable although it holds a pointer: the key is complete when `init` returns, nothing here
/// changes it after, OpenSSL guards the caches inside it with a lock of its own, and several
/// contexts may use one EVP_PKEY at once (TLS servers share theirs between all threads so).
private final class Key: @unchecked Sendable {
  let pointer: OpaquePointer

  init(_ pointer: OpaquePointer?, operation: String) throws(CryptoError) {
    guard let pointer else { throw CryptoError(operation, .malformedKey) }
    self.pointer = pointer
  }

  deinit { EVP_PKEY_free(pointer) }

  func algorithm() throws(CryptoError) -> SignatureAlgorithm {
    switch EVP_PKEY_get_base_id(pointer) {
    case EVP_PKEY_ED25519: return .ed25519
    case EVP_PKEY_RSA:
      let bits = EVP_PKEY_get_bits(pointer)
      guard bits >= 2048 else {
        throw CryptoError(operation: "read key", code: .weakKey, message: "RSA of \(bits) bits")
      }
      return .rs256
    case let other:
      throw CryptoError(
        operation: "read key", code: .unsupportedKey, message: "key type \(other)")
    }
  }
}

private func readKey(
  _ pem: String, _ reader: (UnsafeRawPointer, Int32) -> OpaquePointer?
) -> OpaquePointer? {
  ERR_clear_error()
  let bytes = Array(pem.utf8)
  return bytes.withUnsafeBytes { buffer in
    guard let start = buffer.baseAddress, let count = Int32(exactly: buffer.count) else {
      return nil
    }
    return reader(start, count)
  }
}
