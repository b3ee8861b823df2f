// Two clocks that only the simulation moves: a monotonic one by which the world turns, and a wall clock
// that leaps and is set back.

import Commerce
import Synchronization

/// The clocks of a simulated world; read by the server from wherever it runs.
final class SimulatedClock: Sendable {
  private let elapsed = Atomic<Int64>(0)
  private let wallAhead = Atomic<Int64>(0)

  /// 2026-03-01 10:00 in Shanghai.
  private static let start: Int64 = 1_772_330_400_000

  /// Monotonic milliseconds since the beginning.
  var now: Int64 { elapsed.load(ordering: .relaxed) }

  /// What the wall clock shows.
  var wall: Timestamp {
    Timestamp(milliseconds: SimulatedClock.start + now + wallAhead.load(ordering: .relaxed))
  }

  /// Moves on to a moment that is not before the present one.
  func advance(to moment: Int64) {
    precondition(moment >= now, "time goes forwards")
    elapsed.store(moment, ordering: .relaxed)
  }

  /// Moves the wall clock alone, either way.
  func moveWall(byMilliseconds milliseconds: Int64) {
    wallAhead.add(milliseconds, ordering: .relaxed)
  }
}
