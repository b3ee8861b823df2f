// Named places at which the program can be made to end as by kill -9: for crash tests, which have to
// hit the narrow gaps between deciding, storing, answering and publishing that chance rarely finds.
//
// Only `waggle serve` reads the environment for it, once, before it listens; no request, no file and
// no later change of the environment reaches it. Whoever can set the environment of a process can
// also end it. Where none is named, passing a place costs one comparison a round.
// Threads: the writer and the desks of settlement and webhooks pass; the count is atomic.

import Glibc
import Synchronization

/// A place at which the program can be made to end.
package enum FailPoint: String, CaseIterable, Sendable {
  /// The writer has decided a round that changes something and has not stored it.
  case beforeCommit = "before-commit"
  /// The round is durable and nobody was told.
  case afterCommit = "after-commit"
  /// The answers of the round have left and its events have not.
  case afterReply = "after-reply"
  /// A commission service has settled an order and the writer has not been told.
  case settlementAnswered = "settlement-answered"
  /// What a commission service said is durable and the settlement desk has not been told.
  case settlementBooked = "settlement-booked"
  /// An endpoint of webhooks has taken an event and the writer has not been told.
  case webhookSent = "webhook-sent"
  /// How far an endpoint was told is durable and its desk has not been told.
  case webhookWritten = "webhook-written"
}

/// A fail point, and how often it is still passed before the process ends there.
package final class ArmedFailPoint: Sendable {
  /// The environment variable that names one: `NAME` or `NAME:COUNT`.
  package static let variable = "WAGGLE_FAILPOINT"

  /// Where.
  package let point: FailPoint
  private let passagesLeft: Atomic<Int>
  private let end: @Sendable () -> Void

  /// How long answers are given to leave at `afterReply`: they are sent by other threads.
  private static let replyMicroseconds: UInt32 = 50_000

  /// Reads a fail point; nothing where the text is of another form or names none.
  ///
  /// - Parameters:
  ///   - text: `NAME` or `NAME:COUNT`; the process ends at the `COUNT`th passage, 1…1,000,000,
  ///     1 by default.
  ///   - end: ends the process; does not return but in tests.
  package init?(_ text: String, end: @escaping @Sendable () -> Void = ArmedFailPoint.die) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard let name = parts.first, let point = FailPoint(rawValue: String(name)), parts.count <= 2
    else { return nil }
    var count = 1
    if parts.count == 2 {
      guard let number = Int(parts[1]), (1...1_000_000).contains(number) else { return nil }
      count = number
    }
    self.point = point
    passagesLeft = Atomic(count)
    self.end = end
  }

  /// The program comes by a place; it ends here if this is the armed one and its count is reached.
  ///
  /// - Parameter place: where the program is.
  func pass(_ place: FailPoint) {
    guard place == point,
      passagesLeft.subtract(1, ordering: .acquiringAndReleasing).newValue == 0
    else { return }
    if place == .afterReply { usleep(ArmedFailPoint.replyMicroseconds) }
    end()
  }

  /// Ends the process at once: no buffer is flushed, no destructor and no handler runs.
  @Sendable package static func die() {
    kill(getpid(), SIGKILL)
    // The signal may reach another thread first; this one must not go on meanwhile.
    while true { pause() }
  }
}
