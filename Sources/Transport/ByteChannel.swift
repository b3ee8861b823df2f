// The seam for TLS: everything that a connection reads or writes passes through these five
// functions. Today the bytes go straight to the socket; an encrypted connection would keep its
// session beside the descriptor and transform them here, and nothing above would notice. Only on
// the owning loop's thread.
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
}

/// The byte stream of one connection.
struct ByteChannel {
  let descriptor: Int32

  func receive(into buffer: UnsafeMutableRawBufferPointer) -> TransferOutcome {
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
  func send(_ bytes: UnsafeRawBufferPointer) -> TransferOutcome {
    do {
      return .bytes(
        try systemCall("send") { clinux_send(descriptor, bytes.baseAddress, bytes.count) })
    } catch {
      return error.isWouldBlock ? .wouldBlock : .failed(error)
    }
  }

  /// Ends this side's direction after what was sent; the peer may still be sending.
  func endSending() {
    // Fails only where the connection is already broken, which the next read reports.
    _ = shutdown(descriptor, Int32(SHUT_WR))
  }

  func close() { closeDescriptor(descriptor) }
}
