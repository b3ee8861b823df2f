// Listening sockets that somebody else has opened and keeps open: systemd, or whoever restarts the
// program. While one process has ended and the next has not begun, who connects waits in the socket's
// queue; nobody is refused.
//
// The protocol: LISTEN_PID is the process that is meant, LISTEN_FDS how many descriptors it is given,
// from 3 on. Source: sd_listen_fds(3).
import CLinux
import Glibc

extension Listener {
  private static let firstPassed: Int32 = 3

  /// Takes over the listening sockets that this process was given, if it was given any.
  ///
  /// Looked at once, before any other descriptor is opened: what was taken is closed on exec, and the
  /// variables are removed, so that no child takes the same sockets for its own.
  /// - Returns: the sockets in the order given; none where there are none for this process.
  /// - Throws: `ENOTSOCK`, `EINVAL` for a descriptor that is no listening socket of the internet.
  package static func passed() throws(SystemError) -> [Listener] {
    defer {
      for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { unsetenv(name) }
    }
    guard let process = variable("LISTEN_PID"), process == getpid(),
      let count = variable("LISTEN_FDS"), count > 0
    else { return [] }
    var listeners: [Listener] = []
    for descriptor in firstPassed..<firstPassed + min(count, 256) {
      listeners.append(try adopt(descriptor))
    }
    return listeners
  }

  /// A second handle on the same socket, for another loop.
  ///
  /// - Returns: a listener of its own; the kernel wakes both, and one of them finds the connection.
  /// - Throws: the system's reason.
  package func duplicate() throws(SystemError) -> Listener {
    let copy = try systemCall("dup") { fcntl(descriptor, F_DUPFD_CLOEXEC, 0) }
    return Listener(descriptor: copy, address: address)
  }

  /// Makes a listener of an open descriptor.
  ///
  /// - Parameter descriptor: belongs to the listener from here on, where this does not throw.
  /// - Returns: the listener.
  /// - Throws: why it is none.
  static func adopt(_ descriptor: Int32) throws(SystemError) -> Listener {
    var isListening: Int32 = 0
    var kind: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    // Not through `systemCall`: a descriptor that is not open is here the fault of somebody else.
    guard getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &isListening, &length) == 0,
      getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &kind, &length) == 0
    else { throw SystemError(operation: "passed socket \(descriptor)", code: errno) }
    var address = clinux_address()
    guard isListening == 1, kind == Int32(SOCK_STREAM.rawValue),
      clinux_local_address(descriptor, &address) == 0, address.port != 0
    else { throw SystemError(operation: "passed socket \(descriptor)", code: EINVAL) }
    _ = try systemCall("fcntl") { clinux_set_nonblocking(descriptor) }
    _ = try systemCall("fcntl") { fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    _ = try systemCall("TCP_NODELAY") { clinux_no_delay(descriptor) }
    return Listener(descriptor: descriptor, address: InternetAddress(address))
  }

  private static func variable(_ name: String) -> Int32? {
    getenv(name).flatMap { Int32(String(cString: $0)) }
  }
}
