// The one way into the kernel: every system call of this target passes through `systemCall`.
//
// An interrupted call is repeated. An error that only a fault in this program can cause (a
// descriptor that is not open, an address outside the process) stops the program: going on would
// read or write some other connection's bytes. Everything else is operational and comes back as a
// `SystemError`. Any thread.
import CLinux
import Glibc

/// An operation that the kernel refused.
package struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was tried, such as `bind`.
  package let operation: String
  /// The kernel's reason; see errno(3).
  package let code: Int32

  /// Makes an error.
  ///
  /// - Parameters:
  ///   - operation: what was tried.
  ///   - code: errno.
  package init(operation: String, code: Int32) {
    self.operation = operation
    self.code = code
  }

  /// Such as `bind: Address already in use (98)`.
  package var description: String { "\(operation): \(String(cString: strerror(code))) (\(code))" }

  /// Nothing can be done at this moment; readiness will be reported.
  var isWouldBlock: Bool { code == EAGAIN || code == EWOULDBLOCK }
  /// The process or the system has no descriptor left.
  var isOutOfDescriptors: Bool { code == EMFILE || code == ENFILE }
}

/// Performs a system call.
///
/// - Parameters:
///   - operation: its name, for the error.
///   - body: the call; a result below zero means that errno is set.
/// - Returns: the result, at least zero.
/// - Throws: the operational error.
@inline(__always)
func systemCall<Result: SignedInteger>(
  _ operation: StaticString, _ body: () -> Result
) throws(SystemError) -> Result {
  while true {
    let result = body()
    if result >= 0 { return result }
    let code = errno
    if code == EINTR { continue }
    precondition(
      code != EBADF && code != EFAULT && code != ENOTSOCK,
      "a descriptor or an address of this program is wrong")
    throw SystemError(operation: operation.description, code: code)
  }
}

/// Closes a descriptor; never retried, since Linux has freed it even where it reports an error.
func closeDescriptor(_ descriptor: Int32) {
  let result = close(descriptor)
  precondition(result == 0 || errno != EBADF, "a descriptor was closed twice")
}

/// Whether a time service says that it keeps the wall clock.
package func isClockKept() -> Bool { clinux_clock_is_kept() == 1 }

/// Milliseconds of the clock that never jumps, since some moment before this process.
package func monotonicMilliseconds() -> Int64 {
  var time = timespec()
  let result = clock_gettime(CLOCK_MONOTONIC, &time)
  precondition(result == 0, "Linux always has a monotonic clock")
  return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
}

/// Gives memory that is free between what is in use back to the system. Takes some milliseconds, in which
/// whoever allocates waits.
package func giveBackMemory() { clinux_trim_memory() }
