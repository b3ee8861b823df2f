// What sessions of TLS are made from: certificate and key of a server, or whom a client trusts.
//
// A context is complete when its `init` returns and is never changed after; a new certificate makes
// a new context, and connections that were opened with the old one keep it. Any thread.
import COpenSSL
import Synchronization

/// Certificate and key of a server, checked to fit together.
///
/// `@unchecked Sendable` holds because nothing here changes the context after `init`, and OpenSSL
/// guards what handshakes change inside it (reference counts, ticket keys) with locks of its own.
package final class TLSServerContext: @unchecked Sendable {
  /// When the certificate ends, in seconds of Unix time.
  package let expirySeconds: Int64
  let pointer: OpaquePointer

  /// Reads a certificate and its key.
  ///
  /// - Parameters:
  ///   - certificateChain: PEM, the server's own certificate first, then those above it.
  ///   - privateKey: PEM, unencrypted.
  /// - Throws: why they cannot be used, such as a key of another certificate.
  package init(certificateChain: [UInt8], privateKey: [UInt8]) throws(TLSError) {
    ERR_clear_error()
    guard let context = copenssl_tls_context(1) else { throw TLSError("make a context of TLS") }
    let result = copenssl_tls_use(
      context, certificateChain, Int32(clamping: certificateChain.count), privateKey,
      Int32(clamping: privateKey.count))
    guard result == 1 else {
      let error = TLSError("read certificate and key")
      SSL_CTX_free(context)
      throw error
    }
    ERR_clear_error()
    pointer = context
    expirySeconds = copenssl_tls_expiry(context)
  }

  deinit { SSL_CTX_free(pointer) }
}

/// The certificate that new connections are shown; it can be exchanged while connections live.
package final class TLSIdentity: Sendable {
  private let current: Mutex<TLSServerContext>

  /// Starts with a certificate.
  ///
  /// - Parameter context: for connections from now on.
  package init(_ context: TLSServerContext) { current = Mutex(context) }

  /// What new connections are opened with.
  package var context: TLSServerContext { current.withLock { $0 } }

  /// Exchanges the certificate; connections that are open keep the one they were opened with.
  ///
  /// - Parameter context: for connections from now on.
  package func replace(with context: TLSServerContext) { current.withLock { $0 = context } }
}

/// Whom a client trusts.
///
/// `@unchecked Sendable` for the same reason as `TLSServerContext`.
package final class TLSClientContext: @unchecked Sendable {
  let pointer: OpaquePointer

  /// Trusts the authorities of a file and nobody else, or those that the system trusts.
  ///
  /// - Parameter authorities: the path of certificates in PEM; nil for the system's, or those of the
  ///   file that `SSL_CERT_FILE` names.
  /// - Throws: why the file cannot be used.
  package init(authorities: String? = nil) throws(TLSError) {
    ERR_clear_error()
    guard let context = copenssl_tls_context(0) else { throw TLSError("make a context of TLS") }
    let result =
      authorities.map { SSL_CTX_load_verify_file(context, $0) }
      ?? SSL_CTX_set_default_verify_paths(context)
    guard result == 1 else {
      let error = TLSError("read authorities")
      SSL_CTX_free(context)
      throw error
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
    pointer = context
  }

  deinit { SSL_CTX_free(pointer) }
}
