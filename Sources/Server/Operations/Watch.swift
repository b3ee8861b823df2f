// The thread that looks around: at the disk, the process and the books, and tells the supervisor that
// the others still turn. Nobody waits for it; what it finds is read by /readyz and /metrics.
//
// Adding up all balances takes time that grows with the accounts, so it is done every half minute at the
// most, and never for more than a twentieth of the time. Memory that a burst has left free is given back in
// the first quiet second after it. One thread, with a read-only connection of its own.

import Commerce
import Glibc
import Notation
import Storage
import Synchronization
import Transport

/// Looks around every second.
final class Watch {
  private let mailbox: Mailbox<Void>
  private let reader: SQLiteReader
  private let directory: String
  private let health: Health
  private let log: Log
  private let notifier: Notifier?
  private let diskFreeBytesMin: Int
  private let clock: @Sendable () -> Timestamp
  private var nextBooks: Int64 = 0
  private var nextWatchdog: Int64 = 0
  private var reasons: [Health.Reason] = []
  private var wasStuck = false
  private var burst = Burst()

  /// How often the disk and the process are looked at.
  static let milliseconds: Int64 = 1_000
  /// How often the books are looked at, at the most.
  static let booksMilliseconds: Int64 = 30_000

  init(
    mailbox: Mailbox<Void>, reader: SQLiteReader, options: ServerOptions, health: Health, log: Log
  ) {
    self.mailbox = mailbox
    self.reader = reader
    self.health = health
    self.log = log
    directory = options.directory
    notifier = options.notifier
    diskFreeBytesMin = options.diskFreeBytesMin
    clock = options.clock
  }

  /// Works until anything is posted.
  func run() {
    let watchdog = notifier?.watchdogMilliseconds.map { max(1, $0 / 3) }
    let pause = min(Watch.milliseconds, watchdog ?? Watch.milliseconds)
    repeat { look() } while mailbox.take(waitingMilliseconds: pause).isEmpty
  }

  private func look() {
    let now = monotonicMilliseconds()
    health.surroundings.lookAtDisk(directory, least: diskFreeBytesMin)
    health.surroundings.lookAtProcess()
    tellChanges()
    if now >= nextBooks { lookAtBooks(now) }
    // The allocator keeps what is free between what stays, such as the answers of ten thousand joins
    // between their sessions. It holds its locks meanwhile, so not while anybody waits for anything.
    if burst.isOver(calls: health.callTime.count) { giveBackMemory() }
    // A supervisor that hears nothing for its time restarts us: so it hears of us only while all turn.
    if let notifier, notifier.watchdogMilliseconds != nil, health.pulse.stuck.isEmpty {
      notifier.send("WATCHDOG=1")
    }
  }

  private func lookAtBooks(_ begin: Int64) {
    let surroundings = health.surroundings
    do {
      let imbalance = try reader.imbalance()
      let oldest = try reader.oldestUnsettled()
      surroundings.imbalance.store(Int(imbalance), ordering: .relaxed)
      let age = oldest.map { clock().milliseconds - $0.milliseconds } ?? 0
      surroundings.oldestUnsettledSeconds.store(Int(max(0, age) / 1000), ordering: .relaxed)
      surroundings.hasSeenBooks.store(true, ordering: .releasing)
      if imbalance != 0 {
        log.write(.error, "ledger_imbalance", [("minorUnits", .integer(imbalance))])
      }
    } catch {
      health.readingFailed(error)
    }
    let end = monotonicMilliseconds()
    nextBooks = end + max(Watch.booksMilliseconds, 20 * (end - begin))
  }

  /// Says in the log when readiness or liveness changes.
  private func tellChanges() {
    // That it starts is said by the start itself.
    let reasons = health.reasons.filter { $0 != .starting }
    if reasons != self.reasons {
      self.reasons = reasons
      let words = JSON.array(reasons.map { .string($0.rawValue) })
      log.write(reasons.isEmpty ? .info : .warning, "readiness", [("reasons", words)])
      notifier?.send(
        "STATUS=" + (reasons.isEmpty ? "ready" : reasons.map(\.rawValue).joined(separator: ", ")))
    }
    let stuck = health.pulse.stuck
    if stuck.isEmpty == wasStuck {
      wasStuck = !stuck.isEmpty
      let words = JSON.array(stuck.map { .string($0) })
      log.write(stuck.isEmpty ? .info : .error, "liveness", [("stuck", words)])
    }
  }
}

/// Tells when a burst of calls is over.
struct Burst {
  private var callsBefore = 0
  private var callsSinceQuiet = 0

  /// So many calls make a burst; so few, from one look to the next, are quiet.
  static let callsMin = 1_000
  static let quietCallsMax = 10

  /// Looks once more.
  ///
  /// - Parameter calls: how many were answered so far.
  /// - Returns: whether it is quiet now, for the first time after a burst.
  mutating func isOver(calls: Int) -> Bool {
    let fresh = calls - callsBefore
    callsBefore = calls
    callsSinceQuiet += fresh
    guard fresh <= Burst.quietCallsMax else { return false }
    defer { callsSinceQuiet = 0 }
    return callsSinceQuiet >= Burst.callsMin
  }
}
