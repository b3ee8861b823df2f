// The socket under the blocking clients: one connection, every wait with a limit. For tools and
// tests; the server itself never blocks. Used by one thread at a time.
import CLinux
import Glibc
import Wire

/// Why a blocking client did not get what it wanted.
package enum ClientError: Error, Equatable, Sendable {
  /// The host is no address; names are not looked up.
  case malformedHost
  /// The time is over.
  case timedOut
  /// The server has closed the connection.
  case closed
  /// The system refused.
  case system(SystemError)
  /// The server's bytes are no HTTP.
  case http(HTTPError)
  /// The server's bytes are no WebSocket frames.
  case webSocket(WebSocketError)
  /// The server answered the handshake with something else than 101.
  case refused(HTTPResponse)
  /// The server's 101 breaks the protocol.
  case handshake(WebSocketHandshakeError)
  /// The server does not speak TLS as we do, or is not who it should be; OpenSSL's reason.
  case tls(TLSError)
}

/// A connected TCP socket with time-outs.
final class ClientSocket {
  private let descriptor: Int32
  private var channel: ByteChannel
  private let cutoff: Cutoff?
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)

  /// Connects, and shakes hands where there is a context of TLS.
  init(
    host: String, port: UInt16, tls: TLSClientContext? = nil, timeoutMilliseconds: Int64,
    cutoff: Cutoff? = nil
  ) throws(ClientError) {
    self.cutoff = cutoff
    guard let address = InternetAddress(host: host, port: port) else { throw .malformedHost }
    do {
      let isIPv6: Int32 = address.isIPv4 ? 0 : 1
      descriptor = try systemCall("socket") { clinux_socket(isIPv6) }
      channel = ByteChannel(descriptor: descriptor)
      _ = try systemCall("fcntl") { clinux_set_nonblocking(descriptor) }
      _ = try systemCall("TCP_NODELAY") { clinux_no_delay(descriptor) }
      try connect(address, isIPv6, timeoutMilliseconds)
    } catch let error as SystemError {
      throw .system(error)
    } catch let error as ClientError {
      throw error
    } catch {
      preconditionFailure("typed above")
    }
    guard let tls else { return }
    let session: TLSSession
    do throws(TLSError) {
      session = try TLSSession(client: tls, name: host, descriptor: descriptor)
    } catch {
      throw .tls(error)
    }
    channel = ByteChannel(descriptor: descriptor, tls: session)
    try shakeHands(session, until: monotonicMilliseconds() + timeoutMilliseconds)
  }

  deinit {
    channel.close()
    buffer.deallocate()
  }

  /// Writes all bytes.
  func write(_ bytes: [UInt8], timeoutMilliseconds: Int64) throws(ClientError) {
    let deadline = monotonicMilliseconds() + timeoutMilliseconds
    var start = 0
    while start < bytes.count {
      let outcome = bytes.withUnsafeBytes {
        channel.send(UnsafeRawBufferPointer(rebasing: $0[start...]))
      }
      switch outcome {
      case .bytes(let count): start += count
      case .wouldBlock: try wait(POLLOUT, until: deadline)
      case .ended, .refused: throw .closed
      case .failed(let error): throw isReset(error) ? .closed : .system(error)
      }
    }
    while channel.holdsBytes {
      try wait(POLLOUT, until: deadline)
      if case .failed(let error)? = channel.tls?.flush() { throw .system(error) }
    }
  }

  /// Reads what has come, at least one byte, and lends it to `body`; waits for it where needed.
  ///
  /// - Throws: `.closed` at the end of the stream.
  func read(
    until deadline: Int64, _ body: (UnsafeRawBufferPointer) -> Void
  ) throws(ClientError) {
    while true {
      switch channel.receive(into: buffer) {
      case .bytes(let count):
        return body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      case .wouldBlock: try wait(POLLIN, until: deadline)
      case .ended, .refused: throw .closed
      case .failed(let error): throw isReset(error) ? .closed : .system(error)
      }
    }
  }

  /// Ends this direction; the server may still answer.
  func endSending() { channel.endSending() }

  private func shakeHands(_ session: TLSSession, until deadline: Int64) throws(ClientError) {
    while true {
      switch session.handshake() {
      case .bytes: return
      case .wouldBlock: try wait(session.holdsBytes ? POLLOUT : POLLIN, until: deadline)
      case .ended: throw .closed
      case .failed(let error): throw isReset(error) ? .closed : .system(error)
      case .refused: throw .tls(session.refusal)
      }
    }
  }

  private func isReset(_ error: SystemError) -> Bool {
    error.code == ECONNRESET || error.code == EPIPE
  }

  private func connect(
    _ address: InternetAddress, _ isIPv6: Int32, _ timeoutMilliseconds: Int64
  ) throws {
    var system = address.system
    do {
      _ = try systemCall("connect") { clinux_connect(descriptor, &system, isIPv6) }
    } catch {
      guard error.code == EINPROGRESS else { throw error }
      try wait(POLLOUT, until: monotonicMilliseconds() + timeoutMilliseconds)
      let code = clinux_socket_error(descriptor)
      guard code == 0 else { throw SystemError(operation: "connect", code: code) }
    }
  }

  private func wait(_ interest: Int32, until deadline: Int64) throws(ClientError) {
    while true {
      var entry = pollfd(fd: descriptor, events: Int16(interest), revents: 0)
      var left = max(0, min(deadline, cutoff?.end ?? .max) - monotonicMilliseconds())
      if cutoff != nil { left = min(left, Cutoff.sliceMilliseconds) }
      let ready: Int32
      do {
        ready = try systemCall("poll") { poll(&entry, 1, Int32(clamping: left)) }
      } catch {
        throw .system(error)
      }
      if ready > 0 { return }
      guard monotonicMilliseconds() < min(deadline, cutoff?.end ?? .max) else { throw .timedOut }
    }
  }
}
