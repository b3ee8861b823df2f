// How often somebody may do something: so many at once, and so many a second in the long run.
//
// One number is kept for each: the moment at which all that was done is made up for (the generic cell
// rate algorithm). Time is an argument. `Pace` and `PaceMeter` are values; `AddressPaces` is shared by
// all loops behind a lock, and bounded.

import Synchronization
import Transport

/// So many at once, and one more every so many milliseconds.
struct Pace: Sendable {
  /// Milliseconds that one costs; ≥ 1.
  let intervalMilliseconds: Int64
  /// How many may come at once after quiet; ≥ 1.
  let burst: Int64

  /// Calls of a session that is not the storefront's own staff. See Protocol/limits.md.
  static let calls = Pace(intervalMilliseconds: 10, burst: 200)
  /// Landing links that one address opens. See Protocol/limits.md.
  static let links = Pace(intervalMilliseconds: 100, burst: 200)
}

/// What somebody has used of a pace.
struct PaceMeter: Sendable {
  /// Monotonic milliseconds: when everything is made up for.
  private(set) var restedAt: Int64

  /// Makes a meter; one that has measured nothing where nobody says when it was made up for.
  init(restedAt: Int64 = .min) { self.restedAt = restedAt }

  /// Uses one up, where there is one.
  ///
  /// - Parameters:
  ///   - pace: always the same for one meter.
  ///   - now: monotonic milliseconds.
  /// - Returns: 0 where it may be done; otherwise in how many milliseconds it may, and nothing is used.
  mutating func take(_ pace: Pace, at now: Int64) -> Int64 {
    let rested = max(restedAt, now) + pace.intervalMilliseconds
    let wait = rested - now - pace.burst * pace.intervalMilliseconds
    guard wait <= 0 else { return wait }
    restedAt = rested
    return 0
  }
}

/// One meter for each address, over all loops of a server.
final class AddressPaces: Sendable {
  private struct Meters {
    var ofAddress: [InternetAddress.Network: PaceMeter] = [:]
    /// Everybody for whom there is no room.
    var ofOthers = PaceMeter()
    var nextSweep = Int64.min
  }

  /// How many addresses are kept apart; those that come when all are busy share one meter.
  private let addressesMax: Int
  private let pace: Pace
  private let meters = Mutex(Meters())

  /// Makes meters that have measured nothing.
  ///
  /// - Parameters:
  ///   - pace: of each address.
  ///   - addressesMax: ≥ 1; some forty bytes each.
  init(_ pace: Pace, addressesMax: Int = 65_536) {
    precondition(addressesMax >= 1, "at least one address is kept apart")
    self.pace = pace
    self.addressesMax = addressesMax
  }

  /// Uses one up; see `PaceMeter.take`.
  ///
  /// - Complexity: O(1), and once a second O(n) while there is no room.
  func take(_ network: InternetAddress.Network, at now: Int64) -> Int64 {
    meters.withLock { meters in
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
