// Says how far a long piece of work has come: nothing for two seconds, then a line every two seconds.
// Plain lines, so that they read the same on a terminal and in a log. The clock is an argument.
// One thread.

import Glibc

/// Reports the progress of work that may take long.
package struct ProgressLine {
  /// Between two lines, and before the first, in milliseconds.
  package static let intervalMilliseconds: Int64 = 2000

  private let label: String
  private let unit: String
  private let total: Int64?
  private let now: () -> Int64
  private let write: (String) -> Void
  private let start: Int64
  private var nextLine: Int64
  private var done: Int64 = 0
  private var hasWritten = false

  /// Begins to watch.
  ///
  /// - Parameters:
  ///   - label: what is being done: `importing`.
  ///   - unit: what is counted, in the plural: `lines`.
  ///   - total: how many there will be, or nothing where that is not known.
  ///   - now: a monotonic clock in milliseconds.
  ///   - write: takes a line, such as `CommandOutput.note`.
  package init(
    label: String, unit: String, total: Int64? = nil,
    now: @escaping () -> Int64 = ProgressLine.monotonicMilliseconds,
    write: @escaping (String) -> Void
  ) {
    self.label = label
    self.unit = unit
    self.total = total
    self.now = now
    self.write = write
    start = now()
    nextLine = start + ProgressLine.intervalMilliseconds
  }

  /// Reports how many are done; writes a line where one is due.
  ///
  /// - Parameter done: since the beginning, never falling.
  package mutating func advance(to done: Int64) {
    self.done = done
    let moment = now()
    guard moment >= nextLine else { return }
    nextLine = moment + ProgressLine.intervalMilliseconds
    hasWritten = true
    write("\(label): \(progress)\(rate(at: moment))\(remaining(at: moment))")
  }

  /// Ends the report; writes a last line where the work took longer than two seconds.
  package func finish() {
    let moment = now()
    guard hasWritten || moment - start > ProgressLine.intervalMilliseconds else { return }
    let tenths = (moment - start) / 100
    write("\(label): \(done) \(unit) in \(tenths / 10).\(tenths % 10) s\(rate(at: moment))")
  }

  /// The machine's own clock that is never set back, in milliseconds since some moment.
  package static func monotonicMilliseconds() -> Int64 {
    var time = timespec()
    let outcome = clock_gettime(CLOCK_MONOTONIC, &time)
    precondition(outcome == 0, "every Linux has a monotonic clock")
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }

  private var progress: String {
    guard let total, total > 0 else { return "\(done) \(unit)" }
    // Divided first where the product would not fit; at that size the difference is not seen.
    let (hundredfold, overflow) = done.multipliedReportingOverflow(by: 100)
    let percent = overflow ? done / max(1, total / 100) : hundredfold / total
    return "\(done) of \(total) \(unit) (\(percent) %)"
  }

  private func rate(at moment: Int64) -> String {
    guard moment > start, done > 0 else { return "" }
    let (scaled, overflow) = done.multipliedReportingOverflow(by: 1000)
    return overflow ? "" : ", \(scaled / (moment - start)) per second"
  }

  private func remaining(at moment: Int64) -> String {
    guard let total, done > 0, total > done else { return "" }
    let (scaled, overflow) = (total - done).multipliedReportingOverflow(by: moment - start)
    // Rounded up: "0 s left" is never true.
    return overflow ? "" : ", \((scaled / done + 999) / 1000) s left"
  }
}
