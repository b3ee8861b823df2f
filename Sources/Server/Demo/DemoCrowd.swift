// People for the demonstration: viewers who come, buy, pay, send back and go, hosts who pin, and the
// storefront's backend, which reports what they do. All of them are clients of the public API, over real
// sockets on this machine; the server does not know that they are played.
//
// One thread. Every rate and every list is bounded, chance begins with a seed, and nothing of it
// outlives `stop`. What the server refuses is passed over, as a person would shrug; a lost connection is
// made anew a second later.

import Commerce
import Glibc
import Synchronization
import Transport
import Wire

/// The played people of a demonstration.
package final class DemoCrowd: Sendable {
  /// How many they are and what they do.
  package struct Options: Sendable {
    /// Viewers at once, 0…200.
    package var viewers: Int
    /// Orders a minute, about, 0…600.
    package var ordersPerMinute: Int64
    /// What chance begins with.
    package var seed: UInt64

    /// Makes options.
    ///
    /// - Parameters:
    ///   - viewers: at once, 0…200.
    ///   - ordersPerMinute: about how many, 0…600.
    ///   - seed: what chance begins with.
    package init(viewers: Int, ordersPerMinute: Int64, seed: UInt64) {
      self.viewers = viewers
      self.ordersPerMinute = ordersPerMinute
      self.seed = seed
    }
  }

  private let isStopped: ManagedFlag
  private let thread: Mutex<pthread_t?>

  private init(isStopped: ManagedFlag, thread: pthread_t) {
    self.isStopped = isStopped
    self.thread = Mutex(thread)
  }

  /// Sends people into a demonstration.
  ///
  /// - Parameters:
  ///   - server: a server of a demonstration, without TLS.
  ///   - options: how many, and what they do.
  /// - Returns: the crowd, which is already on its way.
  /// - Throws: `SystemError` where there is no thread.
  package static func start(in server: Server, _ options: Options) throws -> DemoCrowd {
    let isStopped = ManagedFlag()
    let host = server.address.isIPv4 ? "127.0.0.1" : "::1"
    let thread = try startThread(name: "demo crowd") {
      let venue = DemoVenue(host: host, port: server.address.port) { person, scopes in
        try server.keyring.issue(
          person: person, storefront: Demo.storefront, scopes: scopes,
          lifetimeMilliseconds: Demo.lifetimeMilliseconds, now: wallClock())
      }
      let show = DemoShow(venue, options)
      while !isStopped.isSet {
        show.step(at: monotonicMilliseconds())
        var pause = timespec(tv_sec: 0, tv_nsec: 100_000_000)
        nanosleep(&pause, nil)
      }
    }
    return DemoCrowd(isStopped: isStopped, thread: thread)
  }

  /// Sends everybody home. Blocks until they have gone; a second time does nothing.
  package func stop() {
    isStopped.set()
    let running = thread.withLock { thread in
      defer { thread = nil }
      return thread
    }
    if let running { pthread_join(running, nil) }
  }
}

/// A flag that one thread raises and another one sees.
private final class ManagedFlag: Sendable {
  private let raised = Atomic<Bool>(false)

  var isSet: Bool { raised.load(ordering: .acquiring) }

  func set() { raised.store(true, ordering: .releasing) }
}

/// Where the crowd goes, and who lets it in.
struct DemoVenue {
  /// An address of this machine.
  let host: String
  /// The server's port.
  let port: UInt16
  /// Makes a token.
  let token: (PersonID, Token.Scopes) throws -> String
}
