// The program as a supervisor runs it: with a listening socket that the supervisor holds, and a socket to
// be told on. Ends only processes that it started.

import Glibc
import Testing
import Transport

@testable import Server

/// A listening socket that outlives the processes that are given it.
final class HeldSocket {
  let descriptor: Int32
  let port: UInt16

  init() throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    try #require(descriptor >= 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let socket = descriptor
    let isListening = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(socket, address, length) == 0 && listen(socket, 4096) == 0
          && getsockname(socket, address, &length) == 0
      }
    }
    try #require(isListening)
    port = UInt16(bigEndian: address.sin_port)
  }

  deinit { close(descriptor) }
}

/// A datagram socket with a name, as a supervisor has it.
final class Listening {
  let name: String
  private let descriptor: Int32

  /// Takes a name.
  ///
  /// - Parameter name: a path, or `@` and an abstract name.
  /// - Throws: where the name is taken.
  init(_ name: String) throws {
    self.name = name
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    try #require(descriptor >= 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(name.utf8)) }
    if name.hasPrefix("@") { address.sun_path.0 = 0 }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + name.utf8.count)
    let socket = descriptor
    let isBound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(socket, $0, length) == 0 }
    }
    try #require(isBound)
    var patience = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit {
    close(descriptor)
    if !name.hasPrefix("@") { unlink(name) }
  }

  /// The lines of the next datagram.
  func next() throws -> [String] {
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = recv(descriptor, &bytes, bytes.count, 0)
    try #require(count >= 0, "nothing was said for 20 s")
    return String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n").map(String.init)
  }

  /// Reads until a line comes.
  func await(_ line: String) throws { while try !next().contains(line) {} }
}

/// One run of the program.
final class Service {
  let process: pid_t
  private let output: Int32
  private var hasEnded = false

  /// Starts a server and waits until it says that it is ready.
  init(
    directory: String, on socket: HeldSocket? = nil, notify: String? = nil,
    descriptorsMax: Int? = nil, _ options: [String] = []
  ) throws {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    if let socket { posix_spawn_file_actions_adddup2(&actions, socket.descriptor, 3) }
    // The process whose number the variable holds has to be the one that becomes the program.
    var script = "exec \"$0\" serve --port 0 \"$@\""
    if socket != nil { script = "export LISTEN_PID=$$ LISTEN_FDS=1; " + script }
    if let notify {
      script = "export NOTIFY_SOCKET='\(notify)' WATCHDOG_USEC=200000; " + script
    }
    if let descriptorsMax { script = "ulimit -n \(descriptorsMax); " + script }
    let words = ["/bin/sh", "-c", script, try Child.program(), "--data", directory] + options
    let texts = words.map { strdup($0) }
    defer { for text in texts { free(text) } }
    var started: pid_t = 0
    let code = posix_spawn(&started, "/bin/sh", &actions, nil, texts + [nil], environ)
    close(ends[1])
    try #require(code == 0)
    process = started
    output = ends[0]
    var line: [UInt8] = []
    var byte: UInt8 = 0
    while read(output, &byte, 1) == 1, byte != UInt8(ascii: "\n") { line.append(byte) }
    firstLine = String(decoding: line, as: UTF8.self)
    try #require(firstLine.hasPrefix("waggle is ready on "), "\(firstLine)")
  }

  /// What it said first.
  let firstLine: String

  /// The port that it chose itself.
  var port: UInt16 { firstLine.split(separator: ":").last.flatMap { UInt16($0) } ?? 0 }

  deinit {
    if !hasEnded { _ = wait(after: SIGKILL) }
  }

  func signal(_ signal: Int32) { kill(process, signal) }

  /// Waits for the end.
  ///
  /// - Returns: the exit code; -1 where a signal ended it.
  func wait(after signal: Int32? = nil) -> Int32 {
    if let signal { kill(process, signal) }
    hasEnded = true
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    close(output)
    return status & 0x7f == 0 ? status >> 8 & 0xff : -1
  }
}
