// One TCP connection to a port of this machine, and what has to be waited for.
//
// Level-triggered: a descriptor is reported for output only while bytes wait to be sent. The load
// client has one thread; nothing here is shared.

import CLinux
import Glibc

/// Something of the operating system that the client cannot go on without.
struct LoadFailure: Error, CustomStringConvertible {
  let description: String

  /// The operation that failed just now, with errno's meaning.
  static func system(_ operation: String) -> LoadFailure {
    LoadFailure(description: "\(operation): \(String(cString: strerror(errno)))")
  }
}

/// Monotonic microseconds.
func microseconds() -> Int64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
}

/// One connection: its descriptor and the bytes that the kernel did not take yet.
struct Socket {
  private(set) var descriptor: Int32 = -1
  private var waiting: [UInt8] = []
  private var sent = 0

  /// Connects to a port of 127.0.0.1; on the loopback this is done at once or refused.
  init(port: UInt16) throws {
    var address = clinux_address()
    _ = clinux_parse_address("127.0.0.1", port, &address)
    descriptor = clinux_socket(0)
    guard descriptor >= 0 else { throw LoadFailure.system("socket") }
    guard clinux_connect(descriptor, &address, 0) == 0 else {
      let failure = LoadFailure.system("connect to port \(port)")
      close()
      throw failure
    }
    _ = clinux_set_nonblocking(descriptor)
    _ = clinux_no_delay(descriptor)
  }

  var isOpen: Bool { descriptor >= 0 }
  /// Whether there is something left to send, so that room for it has to be waited for.
  var isWaiting: Bool { !waiting.isEmpty }

  /// Sends what the kernel takes and keeps the rest.
  mutating func send(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
    var done = 0
    if waiting.isEmpty {
      let count = clinux_send(descriptor, base, bytes.count)
      done = max(0, count)
    }
    if done < bytes.count { waiting.append(contentsOf: bytes[done...]) }
  }

  mutating func send(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { send($0) }
  }

  /// Sends what was left, now that there is room.
  mutating func flush() {
    let count = waiting.withUnsafeBytes { bytes in
      bytes.baseAddress.map { clinux_send(descriptor, $0 + sent, bytes.count - sent) } ?? 0
    }
    sent += max(0, count)
    if sent == waiting.count {
      waiting.removeAll(keepingCapacity: false)
      sent = 0
    }
  }

  /// How many bytes came: 0 at the end of the stream or at a fault, -1 where none are there now.
  func receive(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    guard let base = buffer.baseAddress else { return 0 }
    let count = clinux_receive(descriptor, base, buffer.count)
    if count < 0 { return errno == EAGAIN || errno == EINTR ? -1 : 0 }
    return count
  }

  mutating func close() {
    guard descriptor >= 0 else { return }
    _ = Glibc.close(descriptor)
    descriptor = -1
  }
}

/// Waits for many descriptors.
struct Waiter {
  let epoll: Int32
  private let room: UnsafeMutableBufferPointer<epoll_event>

  init() throws {
    epoll = clinux_epoll_create()
    guard epoll >= 0 else { throw LoadFailure.system("epoll_create1") }
    room = .allocate(capacity: 1024)
    room.initialize(repeating: epoll_event())
  }

  func add(_ descriptor: Int32, token: UInt64, output: Bool = false) throws {
    try control(EPOLL_CTL_ADD, descriptor, token, output)
  }

  func change(_ descriptor: Int32, token: UInt64, output: Bool) throws {
    try control(EPOLL_CTL_MOD, descriptor, token, output)
  }

  private func control(
    _ operation: Int32, _ descriptor: Int32, _ token: UInt64, _ output: Bool
  ) throws {
    var event = epoll_event()
    event.events = clinux_epoll_in | (output ? clinux_epoll_out : 0)
    event.data.u64 = token
    guard epoll_ctl(epoll, operation, descriptor, &event) == 0 else {
      throw LoadFailure.system("epoll_ctl")
    }
  }

  /// What is ready within a time, to the microsecond: epoll_wait alone knows milliseconds only.
  func wait(microseconds: Int64) -> UnsafeMutableBufferPointer<epoll_event>.SubSequence {
    var time = timespec(
      tv_sec: Int(microseconds / 1_000_000), tv_nsec: Int(microseconds % 1_000_000) * 1000)
    let count = epoll_pwait2(epoll, room.baseAddress, Int32(room.count), &time, nil)
    return room[0..<max(0, Int(count))]
  }
}
