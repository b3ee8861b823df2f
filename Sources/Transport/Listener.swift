// Listening sockets: one a loop, all on one port (SO_REUSEPORT), so that the kernel spreads new
// connections by their addresses and no loop waits for another. Made on any thread, then owned by
// one loop.
import CLinux
import Glibc
import Synchronization

/// A socket that accepts connections.
package final class Listener: Sendable {
  /// Where it listens, with the port that the system chose.
  package let address: InternetAddress
  let descriptor: Int32
  private let isOpen = Atomic(true)

  init(descriptor: Int32, address: InternetAddress) {
    self.descriptor = descriptor
    self.address = address
  }

  deinit { stop() }

  /// Stops listening, at once and for ever; who waits in the queue is turned away.
  package func stop() {
    if isOpen.exchange(false, ordering: .acquiringAndReleasing) { closeDescriptor(descriptor) }
  }

  /// Opens listening sockets that share one port.
  ///
  /// Sharing would also let a second server start on the same port unnoticed and take half of the
  /// connections; so a chosen port is first bound without sharing, which fails where anybody
  /// listens.
  /// - Parameters:
  ///   - address: port 0 lets the system choose one.
  ///   - count: how many, 1…256: one a loop.
  ///   - backlog: connections that may wait for `accept`, cut by the system to its own limit.
  /// - Returns: the sockets, with one and the same address.
  /// - Throws: the system's reason, such as an address in use.
  package static func open(
    _ address: InternetAddress, count: Int, backlog: Int32 = 4096
  ) throws(SystemError) -> [Listener] {
    precondition(count >= 1 && count <= 256, "between 1 and 256 loops")
    if address.port != 0 {
      closeDescriptor(try bound(to: address, shared: false))
    }
    var listeners: [Listener] = []
    var actual = address
    for _ in 0..<count {
      let descriptor = try bound(to: actual, shared: true)
      do {
        var local = clinux_address()
        _ = try systemCall("listen") { listen(descriptor, backlog) }
        _ = try systemCall("getsockname") { clinux_local_address(descriptor, &local) }
        actual = InternetAddress(local)
      } catch {
        closeDescriptor(descriptor)
        throw error
      }
      listeners.append(Listener(descriptor: descriptor, address: actual))
    }
    return listeners
  }

  private static func bound(
    to address: InternetAddress, shared: Bool
  ) throws(SystemError) -> Int32 {
    let isIPv6: Int32 = address.isIPv4 ? 0 : 1
    let descriptor = try systemCall("socket") { clinux_socket(isIPv6) }
    do {
      _ = try systemCall("fcntl") { clinux_set_nonblocking(descriptor) }
      _ = try systemCall("SO_REUSEADDR") { clinux_reuse_address(descriptor) }
      if shared { _ = try systemCall("SO_REUSEPORT") { clinux_reuse_port(descriptor) } }
      // Linux hands this option down to every accepted socket, which saves a call for each.
      _ = try systemCall("TCP_NODELAY") { clinux_no_delay(descriptor) }
      var system = address.system
      _ = try systemCall("bind") { clinux_bind(descriptor, &system, isIPv6) }
    } catch {
      closeDescriptor(descriptor)
      throw error
    }
    return descriptor
  }
}
