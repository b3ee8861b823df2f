// Keeps from calling a service that is down: after a few failures in a row nobody calls for a while,
// then one call tries, and only its success lets the others through. A value; time is an argument.
//
//   closed ──5 failures in a row──▶ open(until) ──cool-down over──▶ half-open, one probe
//     ▲                                ▲                              │      │
//     └────────── any success ─────────┼──────────────────────────────┘      │
//                                      └── failure: cool-down doubles ───────┘
//
// Whoever was let in reports exactly once, `succeeded` or `failed`; a probe that never reports would
// keep everybody out. What calls that began earlier report meanwhile counts like the probe's own
// report: a success proves that the service is there, whoever had it.

/// Decides who may call a service that may be down.
package struct CircuitBreaker: Equatable, Sendable {
  /// Failures in a row that open it.
  package static let failuresMax = 5
  /// How long it stays open the first time, milliseconds.
  package static let coolDownMinMilliseconds: Int64 = 1_000
  /// How long it stays open at most, milliseconds.
  package static let coolDownMaxMilliseconds: Int64 = 60_000

  /// Whether calls go through.
  package enum State: Equatable, Sendable {
    /// They do; so many in a row have failed.
    case closed(failures: Int)
    /// They do not before this moment, monotonic milliseconds.
    case open(until: Int64)
    /// One is on its way; the others wait for its outcome.
    case halfOpen
  }

  /// Whether calls go through.
  package private(set) var state = State.closed(failures: 0)
  /// How long it stays open when it opens next, milliseconds.
  private var coolDownMilliseconds = coolDownMinMilliseconds

  /// Makes a closed one.
  package init() {}

  /// Asks to make a call now; whoever is let in must report what became of it.
  ///
  /// - Parameter now: monotonic milliseconds.
  /// - Returns: whether to call.
  package mutating func admits(at now: Int64) -> Bool {
    switch state {
    case .closed: return true
    case .open(let until):
      guard now >= until else { return false }
      state = .halfOpen
      return true
    case .halfOpen: return false
    }
  }

  /// The service answered, whatever it said.
  package mutating func succeeded() { self = CircuitBreaker() }

  /// The service could not be reached, or did not answer as a service that is well would.
  ///
  /// - Parameter now: monotonic milliseconds.
  package mutating func failed(at now: Int64) {
    switch state {
    case .closed(let failures):
      guard failures + 1 >= Self.failuresMax else {
        state = .closed(failures: failures + 1)
        return
      }
      open(at: now)
    case .halfOpen:
      open(at: now)
    case .open: break
    }
  }

  /// The earliest moment at which a call may be let in: nil for now, or once the probe has reported.
  package var opensUntil: Int64? {
    if case .open(let until) = state { until } else { nil }
  }

  private mutating func open(at now: Int64) {
    state = .open(until: now + coolDownMilliseconds)
    coolDownMilliseconds = min(coolDownMilliseconds * 2, Self.coolDownMaxMilliseconds)
  }
}
