// epoll and the eventfd that wakes it. One poller belongs to one loop.
//
// Registrations are edge-triggered, for input and output at once: a connection costs one
// `epoll_ctl` in its life and arming for output costs none. The owner must therefore read until
// nothing is left (or remember that there is more), and must have tried to send before it waits for
// room. The eventfd is edge-triggered as well and is never read: each write is an edge, and its
// 64-bit counter cannot fill up. `wake` may be called from any thread; the rest only on the loop's.
import CLinux
import Glibc

/// Waits for readiness of many descriptors.
final class Poller: Sendable {
  /// What the kernel reports for a wake by another thread.
  static let wakeToken = UInt64.max
  /// What the kernel reports for the listening socket.
  static let listenerToken = UInt64.max - 1

  private let epoll: Int32
  private let event: Int32

  init() throws(SystemError) {
    epoll = try systemCall("epoll_create1") { clinux_epoll_create() }
    do {
      event = try systemCall("eventfd") { clinux_eventfd() }
    } catch {
      closeDescriptor(epoll)
      throw error
    }
    // Should this throw, all fields are set, so that deinit closes both.
    try register(event, token: Self.wakeToken, interest: clinux_epoll_in | clinux_epoll_edge)
  }

  deinit {
    closeDescriptor(event)
    closeDescriptor(epoll)
  }

  /// Makes a waiting loop return; cheap, but a system call: once for many messages is enough.
  func wake() {
    var one: UInt64 = 1
    do {
      _ = try systemCall("write(eventfd)") { write(event, &one, 8) }
    } catch {
      precondition(error.isWouldBlock, "an eventfd can always be written to")
    }
  }

  /// Reports both directions of a connection's descriptor, each time that one becomes ready.
  func register(connection descriptor: Int32, token: UInt64) throws(SystemError) {
    try register(
      descriptor, token: token,
      interest: clinux_epoll_in | clinux_epoll_out | clinux_epoll_peer_closed | clinux_epoll_edge)
  }

  /// Reports a listening socket as long as somebody waits in its queue.
  func register(listener descriptor: Int32) throws(SystemError) {
    try register(descriptor, token: Self.listenerToken, interest: clinux_epoll_in)
  }

  /// Stops reports for a descriptor that stays open.
  func remove(_ descriptor: Int32) {
    do {
      var unused = epoll_event()
      _ = try systemCall("epoll_ctl") { epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, &unused) }
    } catch {
      preconditionFailure("only a registered descriptor is removed: \(error)")
    }
  }

  /// Waits.
  ///
  /// - Parameters:
  ///   - events: is filled from its start.
  ///   - milliseconds: how long at most; below zero for ever.
  /// - Returns: how many were filled in; zero after the time is over.
  func wait(_ events: UnsafeMutableBufferPointer<epoll_event>, milliseconds: Int32) -> Int {
    do {
      return Int(
        try systemCall("epoll_wait") {
          epoll_wait(epoll, events.baseAddress, Int32(events.count), milliseconds)
        })
    } catch {
      preconditionFailure("waiting fails only for a wrong argument: \(error)")
    }
  }

  private func register(
    _ descriptor: Int32, token: UInt64, interest: UInt32
  ) throws(SystemError) {
    var event = epoll_event()
    event.events = interest
    event.data.u64 = token
    _ = try systemCall("epoll_ctl") { epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) }
  }
}
