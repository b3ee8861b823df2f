// The log: one event a line, as a JSON object for machines or as words for a person at a terminal.
//
// What is written is chosen field by field: never a token, a link, a query string or a body. The same
// event again and again is written ten times in ten seconds, then counted; the next line of its kind
// says how many were left out. Any thread.

import Commerce
import Notation
import Synchronization
import Transport

/// How the log is written.
package enum LogFormat: String, Sendable, CaseIterable {
  /// `2026-11-22T03:49:26.120Z error storage_failed detail="…"`.
  case text
  /// `{"time":"…","level":"error","event":"storage_failed","request":null,"detail":"…"}`.
  case json
}

/// How much an event matters.
package enum LogLevel: String, Sendable {
  /// The ordinary course of things.
  case info
  /// Somebody should look at it one day.
  case warning
  /// Somebody should look at it now.
  case error
}

/// Writes events as lines.
package final class Log: Sendable {
  /// Lines of one event in `windowMilliseconds` before the rest is only counted.
  static let linesPerWindow = 10
  /// How long lines are counted together.
  static let windowMilliseconds: Int64 = 10_000

  private struct Window {
    var start: Int64
    var lines = 0
    var suppressed: Int64 = 0
  }

  private let format: LogFormat
  private let clock: @Sendable () -> Timestamp
  private let monotonicClock: @Sendable () -> Int64
  private let write: @Sendable (String) -> Void
  private let windows = Mutex<[String: Window]>([:])

  /// Makes a log.
  ///
  /// - Parameters:
  ///   - format: how lines look.
  ///   - clock: the moment of day.
  ///   - monotonicClock: milliseconds, for counting repeats.
  ///   - write: takes one line without its end.
  package init(
    format: LogFormat, clock: @escaping @Sendable () -> Timestamp = wallClock,
    monotonicClock: @escaping @Sendable () -> Int64 = monotonicMilliseconds,
    write: @escaping @Sendable (String) -> Void
  ) {
    self.format = format
    self.clock = clock
    self.monotonicClock = monotonicClock
    self.write = write
  }

  /// Writes one event.
  ///
  /// - Parameters:
  ///   - level: how much it matters.
  ///   - event: a word in lower case with underscores, from the source and never from outside: it is
  ///     what repeats are counted by.
  ///   - request: the id of the request that it is about.
  ///   - fields: what else there is to say, in order; no secrets.
  package func write(
    _ level: LogLevel, _ event: String, request: String? = nil, _ fields: [(String, JSON)] = []
  ) {
    guard let suppressed = admit(event) else { return }
    var members = [
      JSON.Member("time", .string(clock().description)),
      JSON.Member("level", .string(level.rawValue)),
      JSON.Member("event", .string(event)),
    ]
    if let request { members.append(JSON.Member("request", .string(request))) }
    members += fields.map { JSON.Member($0.0, $0.1) }
    if suppressed > 0 { members.append(JSON.Member("suppressed", .integer(suppressed))) }
    switch format {
    case .json: write(Log.visible(JSON.object(members).description))
    case .text:
      // JSON's own quoting keeps whatever a value holds on this line.
      let head = members[..<3].map { $0.value.text ?? "" }
      let rest = members[3...].map { "\($0.key)=\($0.value.description)" }
      write(Log.visible((head + rest).joined(separator: " ")))
    }
  }

  /// A line with what steers a terminal or turns the direction of text escaped as in JSON.
  private static func visible(_ line: String) -> String {
    guard line.unicodeScalars.contains(where: \.isSteering) else { return line }
    var text = String.UnicodeScalarView()
    for scalar in line.unicodeScalars {
      if scalar.isSteering {
        let digits = String(scalar.value, radix: 16)
        let zeros = String(repeating: "0", count: 4 - digits.count)
        text.append(contentsOf: "\\u\(zeros)\(digits)".unicodeScalars)
      } else {
        text.append(scalar)
      }
    }
    return String(text)
  }

  /// Whether the event may be written, and how many of its kind were not since the last one.
  private func admit(_ event: String) -> Int64? {
    let now = monotonicClock()
    return windows.withLock { windows in
      var window = windows[event] ?? Window(start: now)
      defer { windows[event] = window }
      if now - window.start >= Log.windowMilliseconds {
        window.start = now
        window.lines = 0
      }
      guard window.lines < Log.linesPerWindow else {
        window.suppressed += 1
        return nil
      }
      window.lines += 1
      defer { window.suppressed = 0 }
      return window.suppressed
    }
  }
}

extension Unicode.Scalar {
  /// Whether a terminal or a viewer of logs may take the scalar for a command: controls, ends of lines
  /// and paragraphs, and what turns the direction of text. None is above U+FFFF. Source: Unicode 15,
  /// section 23.1; Unicode Technical Report 36, section 2.6.
  var isSteering: Bool {
    switch value {
    case 0..<0x20, 0x7F...0x9F, 0x2028, 0x2029, 0x202A...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
}
