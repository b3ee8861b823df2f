// Where a command writes. Whole lines, written at once and unbuffered, so that a script that waits
// for an address sees it, and so that tests can listen. Any thread.

import Glibc

/// The two streams of a command.
package struct CommandOutput: Sendable {
  /// Takes one line, without its end.
  package typealias Write = @Sendable (String) -> Void

  /// Results, for the reader or the next program.
  package let line: Write
  /// Progress and complaints, for the person at the terminal.
  package let note: Write

  /// Makes the two streams.
  ///
  /// - Parameters:
  ///   - line: takes a line of results.
  ///   - note: takes a line for the person.
  package init(line: @escaping Write, note: @escaping Write) {
    self.line = line
    self.note = note
  }

  /// The process's own standard output and standard error.
  package static let standard = CommandOutput(
    line: { write($0, to: STDOUT_FILENO) }, note: { write($0, to: STDERR_FILENO) })

  private static func write(_ line: String, to file: Int32) {
    let bytes = Array((line + "\n").utf8)
    var start = 0
    while start < bytes.count {
      let count = bytes[start...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      // Nobody reads any more, or the disk is full: there is nobody left to tell.
      guard count > 0 else { return }
      start += count
    }
  }
}
