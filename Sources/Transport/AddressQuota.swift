// How many connections one address has open, over all loops of a server. Any thread: a lock guards
// the counts, taken twice in a connection's life.
import Synchronization

/// Counts the connections of each address and refuses those above a limit.
package final class AddressQuota: Sendable {
  /// The most connections from one IPv4 address or one IPv6 network of 64 bits.
  package let connectionsMax: Int
  /// The same for this machine's own addresses, behind which a proxy may bring everybody.
  package let loopbackMax: Int
  private let counts = Mutex<[InternetAddress.Network: Int]>([:])

  /// Makes a quota.
  ///
  /// - Parameters:
  ///   - connectionsMax: at least 1; `Int.max` behind a proxy, where all share its address.
  ///   - loopbackMax: of this machine's own addresses, at least 1; none is as many as of others.
  package init(connectionsMax: Int, loopbackMax: Int? = nil) {
    precondition(
      connectionsMax >= 1 && loopbackMax ?? 1 >= 1, "a quota of nothing refuses everybody")
    self.connectionsMax = connectionsMax
    self.loopbackMax = loopbackMax ?? connectionsMax
  }

  /// Counts a new connection.
  ///
  /// - Parameter network: where it comes from.
  /// - Returns: false where it is one too many; it is not counted then.
  package func take(_ network: InternetAddress.Network) -> Bool {
    guard connectionsMax < Int.max else { return true }
    return counts.withLock { counts in
      let count = counts[network, default: 0]
      guard count < (network.isLoopback ? loopbackMax : connectionsMax) else { return false }
      counts[network] = count + 1
      return true
    }
  }

  /// Forgets a connection that `take` counted.
  ///
  /// - Parameter network: where it came from.
  package func giveBack(_ network: InternetAddress.Network) {
    guard connectionsMax < Int.max else { return }
    counts.withLock { counts in
      guard let count = counts[network] else {
        preconditionFailure("a connection was given back that was never taken")
      }
      counts[network] = count == 1 ? nil : count - 1
    }
  }
}
