// Tells the process that supervises this one how it is doing: systemd, or anything that speaks its
// protocol. One datagram with lines of NAME=VALUE to the socket that NOTIFY_SOCKET names; nobody
// answers, and nobody waits. Source: sd_notify(3). Any thread.

import Glibc

/// The way to a supervisor.
package struct Notifier: Sendable {
  private let path: [UInt8]
  /// How often the supervisor wants to hear `WATCHDOG=1` at the least, in milliseconds; none where it
  /// does not ask. Source: sd_watchdog_enabled(3).
  package let watchdogMilliseconds: Int64?

  /// Finds the supervisor; nothing where there is none, or its address is of another kind.
  ///
  /// - Parameter environment: gives a variable by its name.
  package init?(environment: (String) -> String?) {
    guard let path = environment("NOTIFY_SOCKET"), let first = path.utf8.first,
      first == UInt8(ascii: "/") || first == UInt8(ascii: "@"),
      path.utf8.count < MemoryLayout.size(ofValue: sockaddr_un().sun_path)
    else { return nil }
    self.path = Array(path.utf8)
    let isMeant = environment("WATCHDOG_PID").map { $0 == "\(getpid())" } ?? true
    let microseconds = environment("WATCHDOG_USEC").flatMap { Int64($0) }
    watchdogMilliseconds = isMeant ? microseconds.map { max(1, $0 / 1000) } : nil
  }

  /// Sends assignments, such as `READY=1`; does nothing where the supervisor does not listen.
  ///
  /// - Parameter assignments: without line breaks.
  /// - Returns: whether the datagram was taken.
  @discardableResult
  package func send(_ assignments: String...) -> Bool {
    let socket = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard socket >= 0 else { return false }
    defer { close(socket) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
    // An abstract name begins with a zero byte and has no other end than its length.
    if path[0] == UInt8(ascii: "@") { address.sun_path.0 = 0 }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + path.count)
    let text = Array(assignments.joined(separator: "\n").utf8)
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
        return sendto(socket, text, text.count, flags, address, length) == text.count
      }
    }
  }

  /// The variable of this process.
  ///
  /// - Parameter name: of the variable.
  /// - Returns: its value, or nothing.
  package static func variable(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }
}
