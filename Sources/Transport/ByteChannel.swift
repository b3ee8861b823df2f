// Everything that a connection reads or writes passes through these few functions. A plain connection
// goes straight to the socket and pays one comparison for the other kind; an encrypted one has a
// session beside the descriptor that turns bytes into records. Only on the owning loop's thread.
import CLinux
import Glibc

/// What became of an attempt to read or write.
enum TransferOutcome {
  /// So many bytes, at least one.
  case bytes(Int)
  /// Nothing now; readiness will be reported.
  case wouldBlock
  /// The peer has ended its direction (only reading).
  case ended
  /// The connection is broken.
  case failed(SystemError)
  /// What the peer sent is no TLS, or not what we speak; it has been told, where that is possible
  /// (only reading).
  case refused(isPlainHTTP: Bool)
}

/// The byte stream of one connection.
struct ByteChannel {
  let descriptor: Int32
  /// Encrypts; none for a plain connection.
  private(set) var tls: TLSSession?

  init(descriptor: Int32, tls: TLSSession? = nil) {
    self.descriptor = descriptor
    self.tls = tls
  }

  /// Whether bytes that were taken already still wait for room in the socket.
  @inline(__always)
  var holdsBytes: Bool { tls?.holdsBytes ?? false }

  func receive(into buffer: UnsafeMutableRawBufferPointer) -> TransferOutcome {
    if let tls { return tls.receive(into: buffer) }
    return Self.receivePlain(into: buffer, from: descriptor)
  }

  @inline(__always)
  func send(_ bytes: UnsafeRawBufferPointer) -> TransferOutcome {
    if let tls { return tls.send(bytes) }
    return Self.sendPlain(bytes, to: descriptor)
  }

  /// Ends this side's direction after what was sent; the peer may still be sending.
  ///
  /// Where the socket has no room for the farewell of TLS it is to be called again after the next
  /// flush.
  func endSending() {
    if let tls {
      tls.sayGoodbye()
      guard !tls.holdsBytes else { return }
    }
    // Fails only where the connection is already broken, which the next read reports.
    _ = shutdown(descriptor, Int32(SHUT_WR))
  }

  func close() {
    tls?.sayGoodbye()
    closeDescriptor(descriptor)
  }

  /// Forgets the session after an error of its protocol: what still comes is not decrypted. The
  /// owner may send nothing that was meant to be secret.
  mutating func forgetTLS() { tls = nil }

  static func receivePlain(
    into buffer: UnsafeMutableRawBufferPointer, from descriptor: Int32
  ) -> TransferOutcome {
    do {
      let count = try systemCall("recv") {
        clinux_receive(descriptor, buffer.baseAddress, buffer.count)
      }
      return count == 0 ? .ended : .bytes(count)
    } catch {
      return error.isWouldBlock ? .wouldBlock : .failed(error)
    }
  }

  @inline(__always)
  static func sendPlain(
    _ bytes: UnsafeRawBufferPointer, to descriptor: Int32
  ) -> TransferOutcome {
    do {
      return .bytes(
        try systemCall("send") { clinux_send(descriptor, bytes.baseAddress, bytes.count) })
    } catch {
      return error.isWouldBlock ? .wouldBlock : .failed(error)
    }
  }
}
