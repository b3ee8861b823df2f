// How often somebody may do something: so many at once, and so many a second in the long run.
//
// One number is kept for each: the moment at which all that was done is made up for (the generic cell
// rate algorithm). Time is an argument. `Pace` and `PaceMeter` are values; `AddressPaces` is shared by
// all loops behind a lock, and bounded.

import Synchronization

/// So many at once, and one more every so many milliseconds.
package struct Pace: Sendable {
  /// Milliseconds that one costs; ≥ 1.
  package let intervalMilliseconds: Int64
  /// How many may come at once after quiet; ≥ 1.
  package let burst: Int64

  /// A pace.
  ///
  /// - Parameters:
  ///   - intervalMilliseconds: what one costs; ≥ 1.
  ///   - burst: how many may come at once after quiet; ≥ 1.
  package init(intervalMilliseconds: Int64, burst: Int64) {
    precondition(intervalMilliseconds >= 1 && burst >= 1, "a pace of nothing stops everything")
    (self.intervalMilliseconds, self.burst) = (intervalMilliseconds, burst)
  }
}

/// What somebody has used of a pace.
package struct PaceMeter: Sendable {
  /// Monotonic milliseconds: when everything is made up for.
  package private(set) var restedAt: Int64

  /// Makes a meter.
  ///
  /// - Parameter restedAt: when everything was made up for; by default nothing has been measured.
  package init(restedAt: Int64 = .min) { self.restedAt = restedAt }

  /// Uses one up, where there is one.
  ///
  /// - Parameters:
  ///   - pace: always the same for one meter.
  ///   - now: monotonic milliseconds.
  /// - Returns: 0 where it may be done; otherwise in how many milliseconds it may, and nothing is used.
  package mutating func take(_ pace: Pace, at now: Int64) -> Int64 {
    let rested = max(restedAt, now) + pace.intervalMilliseconds
    let wait = rested - now - pace.burst * pace.intervalMilliseconds
    guard wait <= 0 else { return wait }
    restedAt = rested
    return 0
  }
}

/// One meter for each address, over all loops of a server.
package final class AddressPaces: Sendable {
  private struct Meters {
    var ofAddress: [InternetAddress.Network: PaceMeter] = [:]
    /// Everybody for whom there is no room.
    var ofOthers = PaceMeter()
    var nextSweep = Int64.min
  }

  /// How many addresses are kept apart; those that come when all are busy share one meter.
  private let addressesMax: Int
  private let pace: Pace
  /// Whether addresses of this machine are not measured.
  private let sparesLoopback: Bool
  private let meters = Mutex(Meters())

  /// Makes meters that have measured nothing.
  ///
  /// - Parameters:
  ///   - pace: of each address.
  ///   - addressesMax: ≥ 1; some forty bytes each.
  ///   - sparesLoopback: whether addresses of this machine may do as they like: behind a proxy on it
  ///     they are everybody's.
  package init(_ pace: Pace, addressesMax: Int = 65_536, sparesLoopback: Bool = false) {
    precondition(addressesMax >= 1, "at least one address is kept apart")
    self.pace = pace
    self.addressesMax = addressesMax
    self.sparesLoopback = sparesLoopback
  }

  /// Uses one up; see `PaceMeter.take`.
  ///
  /// - Parameters:
  ///   - network: whose.
  ///   - now: monotonic milliseconds.
  /// - Returns: 0 where it may be done; otherwise in how many milliseconds it may, and nothing is used.
  /// - Complexity: O(1), and once a second O(n) while there is no room.
  package func take(_ network: InternetAddress.Network, at now: Int64) -> Int64 {
    if sparesLoopback, network.isLoopback { return 0 }
    return meters.withLock { meters in
      if meters.ofAddress[network] == nil, meters.ofAddress.count >= addressesMax {
        if now >= meters.nextSweep {
          meters.nextSweep = now + 1000
          meters.ofAddress = meters.ofAddress.filter { $0.value.restedAt > now }
        }
        guard meters.ofAddress.count < addressesMax else {
          return meters.ofOthers.take(pace, at: now)
        }
      }
      return meters.ofAddress[network, default: PaceMeter()].take(pace, at: now)
    }
  }
}
