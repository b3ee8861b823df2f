// One connection's TLS: plain bytes in and out, records on the socket.
//
// OpenSSL reads and writes through a BIO of ours. It reads from the socket directly. What it writes
// goes to the socket directly, and what the socket does not take is held here, so that OpenSSL is
// never interrupted within a record and a write never has to be repeated with the same bytes. Nothing
// is encrypted while something is held: at most one record (16 KiB), or a flight of the handshake.
// So to its owner a session behaves as a socket with a small buffer does.
//
// After an error of the protocol nothing may be encrypted or decrypted any more (`isBroken`).
// Lives with its connection: one thread at a time.
import CLinux
import COpenSSL
import Glibc

/// The TLS session of one connection.
final class TLSSession {
  /// Plain bytes of one record. Source: RFC 8446, section 5.1.
  private static let recordBytesMax = 16_384
  /// What may be held: more comes only from a peer that makes us answer (key updates, attempts at
  /// renegotiation) and does not read the answers.
  private static let heldBytesMax = 131_072

  private let session: OpaquePointer
  fileprivate let descriptor: Int32
  /// Ciphertext that the socket had no room for, from `heldStart` on.
  fileprivate var held: [UInt8] = []
  fileprivate var heldStart = 0
  fileprivate var hasEnded = false
  fileprivate var hasReadShort = false
  fileprivate var failure: SystemError?
  private var isBroken = false
  /// Why the protocol failed, after `.refused`.
  private(set) var refusal = TLSError(operation: "TLS", reason: "nothing has failed")
  private var isClosing = false

  /// Whether ciphertext waits for room in the socket.
  var holdsBytes: Bool { !held.isEmpty }
  /// Whether the handshake is over.
  var isEstablished: Bool { SSL_is_init_finished(session) == 1 }
  /// Whether the last `receive` emptied the socket and decrypted everything; a length says nothing
  /// here, since a read gives one record at the most. An earlier `receive` says nothing either: what
  /// has come since may have been reported already, to an owner that was not reading.
  var hasEmptiedSocket: Bool { hasReadShort && SSL_has_pending(session) == 0 }
  /// The protocol that was agreed upon, such as `TLSv1.3`.
  var version: String { String(cString: SSL_get_version(session)) }

  /// A session that waits for a client's first bytes.
  init(server context: TLSServerContext, descriptor: Int32) throws(TLSError) {
    (session, self.descriptor) = (try Self.new(context.pointer), descriptor)
    SSL_set_accept_state(session)
    attach()
  }

  /// A session that will ask a server to prove that it is `name`.
  init(client context: TLSClientContext, name: String, descriptor: Int32) throws(TLSError) {
    (session, self.descriptor) = (try Self.new(context.pointer), descriptor)
    SSL_set_connect_state(session)
    attach()
    guard copenssl_tls_expect(session, name) == 1, copenssl_tls_offer_http11(session) == 1 else {
      throw TLSError("name the server")
    }
  }

  deinit { SSL_free(session) }

  private static func new(_ context: OpaquePointer) throws(TLSError) -> OpaquePointer {
    ERR_clear_error()
    guard let session = SSL_new(context) else { throw TLSError("make a session") }
    return session
  }

  private func attach() {
    guard let bio = BIO_new(socketMethod) else { preconditionFailure("out of memory") }
    // Unretained: SSL_free in deinit frees the BIO too, so it never outlives this object.
    BIO_set_data(bio, Unmanaged.passUnretained(self).toOpaque())
    BIO_set_init(bio, 1)
    SSL_set_bio(session, bio, bio)
  }

  /// Goes on with the handshake, which `receive` does too.
  ///
  /// - Returns: `.bytes(0)` once it is over.
  func handshake() -> TransferOutcome {
    ERR_clear_error()
    let result = SSL_do_handshake(session)
    return result == 1 ? .bytes(0) : outcome(result)
  }

  /// Decrypts what has come.
  func receive(into buffer: UnsafeMutableRawBufferPointer) -> TransferOutcome {
    guard !isBroken else { return .ended }
    ERR_clear_error()
    hasReadShort = false
    var count = 0
    let result = SSL_read_ex(session, buffer.baseAddress, buffer.count, &count)
    if held.count - heldStart > Self.heldBytesMax {
      isBroken = true
      return .failed(SystemError(operation: "TLS", code: ENOBUFS))
    }
    return result == 1 ? .bytes(count) : outcome(result)
  }

  /// Encrypts and sends, as far as there is room.
  func send(_ bytes: UnsafeRawBufferPointer) -> TransferOutcome {
    if case .failed(let error) = flush() { return .failed(error) }
    guard !isBroken else { return .failed(SystemError(operation: "TLS", code: EPIPE)) }
    guard held.isEmpty, isEstablished else { return .wouldBlock }
    var sent = 0
    while sent < bytes.count, held.isEmpty {
      ERR_clear_error()
      let count = min(bytes.count - sent, Self.recordBytesMax)
      var written = 0
      let result = SSL_write_ex(
        session, bytes.baseAddress?.advanced(by: sent), count, &written)
      guard result == 1 else {
        isBroken = true
        ERR_clear_error()
        return .failed(failure ?? SystemError(operation: "TLS", code: EPROTO))
      }
      sent += written
    }
    return .bytes(sent)
  }

  /// Sends what is held, as far as there is room.
  ///
  /// - Returns: `.bytes(0)` where nothing is held any more.
  func flush() -> TransferOutcome {
    if let failure { return .failed(failure) }
    while !held.isEmpty {
      let outcome = held.withUnsafeBytes {
        ByteChannel.sendPlain(UnsafeRawBufferPointer(rebasing: $0[heldStart...]), to: descriptor)
      }
      guard case .bytes(let count) = outcome else { return outcome }
      heldStart += count
      if heldStart == held.count { (held, heldStart) = ([], 0) }
    }
    return .bytes(0)
  }

  /// Tells the peer, once, that nothing more will come. Source: RFC 8446, section 6.1.
  func sayGoodbye() {
    guard isEstablished, !isBroken, !isClosing, failure == nil else { return }
    isClosing = true
    ERR_clear_error()
    // 0 says that the peer's own is still missing, which nobody waits for here.
    _ = SSL_shutdown(session)
    ERR_clear_error()
  }

  private func outcome(_ result: Int32) -> TransferOutcome {
    switch SSL_get_error(session, result) {
    case SSL_ERROR_WANT_READ: return .wouldBlock
    case SSL_ERROR_ZERO_RETURN: return .ended
    default: break
    }
    defer { ERR_clear_error() }
    isBroken = true
    if let failure { return .failed(failure) }
    // A peer that ends without saying so could have been cut off by somebody in between; requests
    // and frames say themselves how long they are, so that nothing cut is taken for whole.
    if hasEnded { return .ended }
    let isPlainHTTP = copenssl_is_plain_http(ERR_peek_last_error()) == 1
    refusal = TLSError("TLS")
    return .refused(isPlainHTTP: isPlainHTTP)
  }

  /// Writes for OpenSSL: to the socket, and into `held` what the socket does not take.
  fileprivate func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard failure == nil else { return false }
    var sent = 0
    while held.isEmpty, sent < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[sent...])
      switch ByteChannel.sendPlain(rest, to: descriptor) {
      case .bytes(let count): sent += count
      case .failed(let error):
        failure = error
        return false
      case .wouldBlock, .ended, .refused: held.append(contentsOf: rest)
      }
      if !held.isEmpty { return true }
    }
    if sent < bytes.count { held.append(contentsOf: bytes[sent...]) }
    return true
  }

  /// Reads for OpenSSL; nil where there is nothing now.
  fileprivate func read(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
    switch ByteChannel.receivePlain(into: buffer, from: descriptor) {
    case .bytes(let count):
      hasReadShort = count < buffer.count
      return count
    case .wouldBlock: return nil
    case .ended, .refused: hasEnded = true
    case .failed(let error): failure = error
    }
    return 0
  }
}

// Safe to share: made once, complete before anybody sees it, and only read after that.
nonisolated(unsafe) private let socketMethod: OpaquePointer = {
  guard let method = BIO_meth_new(copenssl_source_sink(), "waggle") else {
    preconditionFailure("out of memory")
  }
  BIO_meth_set_write_ex(method) { bio, bytes, count, written in
    guard let bio, let session = owner(of: bio) else { return 0 }
    copenssl_clear_retry(bio)
    guard session.write(UnsafeRawBufferPointer(start: bytes, count: count)) else { return 0 }
    written?.pointee = count
    return 1
  }
  BIO_meth_set_read_ex(method) { bio, buffer, count, filled in
    guard let bio, let session = owner(of: bio) else { return 0 }
    copenssl_clear_retry(bio)
    let bytes = UnsafeMutableRawBufferPointer(start: buffer, count: count)
    guard let count = session.read(into: bytes) else {
      copenssl_retry_read(bio)
      return 0
    }
    filled?.pointee = count
    return count > 0 ? 1 : 0
  }
  BIO_meth_set_ctrl(method) { bio, command, _, _ in
    switch command {
    case BIO_CTRL_FLUSH: 1
    case BIO_CTRL_EOF: bio.flatMap(owner)?.hasEnded == true ? 1 : 0
    default: 0
    }
  }
  return method
}()

private func owner(of bio: OpaquePointer) -> TLSSession? {
  BIO_get_data(bio).map { Unmanaged<TLSSession>.fromOpaque($0).takeUnretainedValue() }
}
