// Whether the threads that must never stand still still turn: every loop and the writer leave the
// moment of each turn here, at least once a second. Any thread.

import Transport

/// When each thread turned last.
package final class Pulse: Sendable {
  /// A thread that turns.
  package enum Beater: Hashable, Sendable {
    /// The one that decides and writes.
    case writer
    /// A loop by its index, 0…255.
    case loop(Int)

    fileprivate var place: Int {
      switch self {
      case .writer: 0
      case .loop(let index): index + 1
      }
    }
  }

  /// How long a thread may be silent before it counts as stuck: much longer than the longest call
  /// takes, and than the disk of a healthy machine ever pauses.
  package static let silenceMilliseconds: Int64 = 15_000

  private let clock: @Sendable () -> Int64
  /// Moments; 0 for a thread that is not expected to turn.
  private let moments = Counters(count: 257)

  init(clock: @escaping @Sendable () -> Int64) { self.clock = clock }

  /// A thread has turned; from the first time on it is expected to go on.
  package func beat(_ beater: Beater) { moments[beater.place] = max(1, Int(clock())) }

  /// A thread has ended as it should.
  package func retire(_ beater: Beater) { moments[beater.place] = 0 }

  /// The threads that have been silent for too long, such as `writer`, `loop-1`.
  package var stuck: [String] {
    let now = Int(clock())
    return (0..<moments.count).compactMap { place in
      let moment = moments[place]
      guard moment > 0, now - moment > Int(Pulse.silenceMilliseconds) else { return nil }
      return place == 0 ? "writer" : "loop-\(place - 1)"
    }
  }
}
