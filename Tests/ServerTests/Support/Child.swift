// The program itself as a process of its own, to be killed. Ends only processes that it started.

import Glibc
import Notation
import Testing
import Transport
import Wire

@testable import Server

/// A `waggle` process that a test started.
final class Child {
  let directory: String
  /// The way in.
  let door: Door
  private let process: pid_t
  /// Held open: a process that writes where nobody listens is ended by a signal.
  private let output: Int32
  private var hasEnded = false

  /// The program beside the tests.
  static func program() throws -> String {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count)
    try #require(count > 0)
    let path = String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
    let beside = path.split(separator: "/").dropLast().joined(separator: "/")
    return "/" + beside + "/waggle"
  }

  /// Starts a server on a directory, and waits until it is ready.
  ///
  /// - Parameters:
  ///   - directory: there already.
  ///   - failPoint: where it is to end itself, see `ArmedFailPoint`.
  /// - Throws: where the process did not say that it is ready.
  init(directory: String, failPoint: String = "") throws {
    self.directory = directory
    // A file that has reached its limit is then an error of the write, not a signal: for disk faults.
    let script = """
      trap '' XFSZ
      [ -z "$2" ] || export \(ArmedFailPoint.variable)="$2"
      exec "$0" serve --data "$1" --port 0
      """
    let (process, output) = try Child.spawn(
      ["/bin/sh", "-c", script, try Child.program(), directory, failPoint])
    self.process = process
    self.output = output
    let line = Child.firstLine(output)
    let digits = line.split(separator: ":").last.map(String.init) ?? ""
    guard let port = UInt16(digits) else {
      kill(process, SIGKILL)
      waitpid(process, nil, 0)
      close(output)
      throw CommandFailure(.unavailable, "no server: \(line)")
    }
    door = Door(port: port, keyring: try Keyring.loadOrCreate(directory: directory))
  }

  deinit { end(SIGKILL) }

  /// Ends the process with a signal and waits until it is gone.
  ///
  /// - Returns: its exit code, or -1 where the signal ended it.
  @discardableResult
  func end(_ signal: Int32) -> Int32 {
    guard !hasEnded else { return -1 }
    hasEnded = true
    defer { close(output) }
    kill(process, signal)
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    return status & 0x7f == 0 ? status >> 8 & 0xff : -1
  }

  /// Waits until the process has ended by itself; `end` still has to be called.
  func endsWithin(milliseconds: Int64) -> Bool {
    let deadline = monotonicMilliseconds() + milliseconds
    repeat {
      var found = siginfo_t()
      // Left as it is, so that `end` finds it and its number is nobody else's meanwhile.
      if waitid(P_PID, id_t(process), &found, WEXITED | WNOHANG | WNOWAIT) == 0,
        found.si_signo == SIGCHLD
      {
        return true
      }
      usleep(1_000)
    } while monotonicMilliseconds() < deadline
    return false
  }

  /// Kills it from any thread; `end` still has to be called.
  var killer: @Sendable () -> Void {
    let process = process
    return { kill(process, SIGKILL) }
  }

  /// Lets no file of the process grow beyond so many bytes; none lifts that again.
  func limitFiles(bytes: Int?) throws {
    let limit = "--fsize=\(bytes.map(String.init) ?? "unlimited"):"
    let code = try Child.finish(["/usr/bin/prlimit", "--pid", "\(process)", limit])
    try #require(code == 0)
  }

  /// Runs `waggle` with some arguments to its end.
  ///
  /// - Returns: its exit code.
  static func run(_ arguments: [String]) throws -> Int32 {
    try finish([try program()] + arguments)
  }

  private static func finish(_ arguments: [String]) throws -> Int32 {
    let (process, output) = try spawn(arguments)
    var chunk = [UInt8](repeating: 0, count: 4096)
    while read(output, &chunk, chunk.count) > 0 {}
    close(output)
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    return status & 0x7f == 0 ? status >> 8 & 0xff : -1
  }

  private static func spawn(_ arguments: [String]) throws -> (pid_t, output: Int32) {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    defer { close(ends[1]) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    var process: pid_t = 0
    let texts = arguments.map { strdup($0) }
    defer { for text in texts { free(text) } }
    let code = posix_spawn(&process, arguments[0], &actions, nil, texts + [nil], environ)
    try #require(code == 0, "\(arguments[0]): \(String(cString: strerror(code)))")
    return (process, ends[0])
  }

  private static func firstLine(_ descriptor: Int32) -> String {
    var line: [UInt8] = []
    var byte: UInt8 = 0
    while read(descriptor, &byte, 1) == 1, byte != UInt8(ascii: "\n") { line.append(byte) }
    return String(decoding: line, as: UTF8.self)
  }
}
