// A random history on a disk that loses power in the middle of it, several times; after each the
// database is opened again on what is left, and must be what was acknowledged: no more, no less, but for
// the one commit that the failure met, which is there whole or not at all. One thread.

import Commerce
import Commission
import Coordination
import Histories
import PowerLoss
import Testing

@testable import Storage

/// A disk of `PowerLoss`; closed when it goes away.
final class FailingDisk {
  let disk: OpaquePointer
  /// Its VFS.
  let name: String

  init(seed: UInt64) throws {
    disk = try #require(powerloss_open(seed))
    name = String(cString: powerloss_name(disk))
  }

  deinit { powerloss_close(disk) }

  /// Cuts the power off at a later operation; 0 now.
  func cut(after operations: Int64) { powerloss_schedule(disk, operations) }

  /// Cuts the power off at a later sync.
  func cut(afterSyncs syncs: Int64) { powerloss_schedule_sync(disk, syncs) }

  /// Puts what is left on the real disk; everything on this one is closed.
  func settle() throws { try #require(powerloss_settle(disk) == 0) }
}

/// Stores through another store that can be exchanged, and remembers what was acknowledged.
private final class Witness: Store {
  var store: SQLiteStore?
  /// Everything of which a commit returned.
  let acknowledged = MemoryStore()
  /// What was being committed when the power failed.
  var inFlight: Changes?
  var commits = 0

  private struct Gone: Error {}

  private func present() throws -> SQLiteStore {
    guard let store else { throw Gone() }
    return store
  }

  func load(_ keys: [Key]) throws -> [Record?] { try present().load(keys) }

  func commit(_ changes: Changes) throws {
    inFlight = changes
    try present().commit(changes)
    acknowledged.commit(changes)
    commits += 1
    inFlight = nil
  }

  func probe() throws { try present().probe() }

  func storefronts() throws -> [StorefrontID] { try present().storefronts() }

  func dueReleases(_ storefront: StorefrontID, at: Timestamp, limit: Int) throws -> DueReleases {
    try present().dueReleases(storefront, at: at, limit: limit)
  }

  func expiredOrders(_ storefront: StorefrontID, at: Timestamp, limit: Int) throws -> [OrderID] {
    try present().expiredOrders(storefront, at: at, limit: limit)
  }

  func nextDeadline(_ storefront: StorefrontID) throws -> Timestamp? {
    try present().nextDeadline(storefront)
  }

  func statementPeriod(_ storefront: StorefrontID, until: Timestamp?) throws -> StatementPeriod {
    try present().statementPeriod(storefront, until: until)
  }

  func lastBooking() throws -> Timestamp? { try present().lastBooking() }

  func listings(
    _ storefront: StorefrontID, _ room: RoomID, after place: Int64?, limit: Int
  ) throws -> [(listing: Listing, sku: SKU, stock: Stock)] {
    try present().listings(storefront, room, after: place, limit: limit)
  }

  func events(
    _ storefront: StorefrontID, _ room: RoomID, after offset: Int64, limit: Int
  ) throws -> [RoomEvent] {
    try present().events(storefront, room, after: offset, limit: limit)
  }
}

/// What came of a history with power failures.
struct PowerCutReport {
  var cuts = 0
  /// Of them, those that met a commit, and those after which that commit was there.
  var met = 0
  var survived = 0
  /// Of them, those that met the opening or closing of the database.
  var atOpening = 0
  /// Commits that were acknowledged.
  var commits = 0
  /// What was wrong; nothing, if the promise holds.
  var findings: [String] = []
}

/// Cuts the power of one history several times.
final class PowerCut {
  private let seed: UInt64
  private let directory: String
  /// What is set instead of `PRAGMA synchronous = FULL`, to see that the checks find it.
  private let carelessness: String?
  private let witness = Witness()
  private var dice: Dice
  private var run: HistoryRun?
  private(set) var report = PowerCutReport()

  private init(seed: UInt64, directory: String, carelessness: String?) {
    self.seed = seed
    self.directory = directory
    self.carelessness = carelessness
    dice = Dice(seed: seed)
  }

  /// Plays the history of a seed.
  ///
  /// - Parameters:
  ///   - seed: of the history, the moments of the cuts, and what is lost.
  ///   - generations: how often the power fails.
  ///   - carelessness: a value for `PRAGMA synchronous`.
  /// - Returns: what was seen; a check that fails ends the history.
  /// - Throws: where the test itself could not go on.
  static func play(
    seed: UInt64, generations: Int, carelessness: String? = nil
  ) throws -> PowerCutReport {
    try withDirectory { directory in
      let cut = PowerCut(seed: seed, directory: directory, carelessness: carelessness)
      for _ in 0..<generations where cut.report.findings.isEmpty { try cut.generation() }
      return cut.report
    }
  }

  private func generation() throws {
    let disk = try FailingDisk(seed: dice.next())
    // Early ones meet the first opening and the migrations, or the recovery of the log.
    disk.cut(after: Int64(1 + dice.below(dice.percent(30) ? 120 : 8_000)))
    // Many at the very moment when a commit is written and not yet promised.
    if dice.percent(65) { disk.cut(afterSyncs: Int64(5 + dice.below(60))) }
    let couldOpen = work(on: disk)
    // Where it has not failed yet it does now, before or after the database was closed in peace.
    if dice.percent(50) { disk.cut(after: 0) }
    witness.store = nil
    disk.cut(after: 0)
    try disk.settle()
    report.cuts += 1
    if !couldOpen { report.atOpening += 1 }
    if witness.inFlight != nil { report.met += 1 }
    do { try check() } catch { find("the database cannot be used: \(error)") }
  }

  /// Works until the power fails, or there has been enough work.
  ///
  /// - Returns: whether the database could be opened.
  private func work(on disk: FailingDisk) -> Bool {
    do {
      let store = try SQLiteStore.open(directory: directory, zone: zones, fileSystem: disk.name)
      if let carelessness { try store.connection.execute("PRAGMA synchronous = \(carelessness)") }
      // The log is copied into the database often, too, and begun anew; that syncs it, whatever is set.
      let pages = carelessness == nil ? dice.pick([1, 8, 40, 4096]) : 4096
      try store.connection.execute("PRAGMA wal_autocheckpoint = \(pages)")
      witness.store = store
    } catch {
      return false
    }
    do {
      let plan = try HistoryRun.plan("wanwu", seed: seed)
      if run == nil { run = try HistoryRun(plan: plan, store: witness, seed: seed) }
      try run?.run(steps: 20 + dice.below(80))
    } catch {
      // That is what it looks like from inside when the power fails.
    }
    return true
  }

  private func check() throws {
    let store = try SQLiteStore.open(directory: directory, zone: zones)
    let damage = try SQLiteStatement("PRAGMA integrity_check", on: store.connection)
    let verdict = try damage.firstRow { try $0.text(0) }
    damage.reset()
    guard verdict == "ok" else { return find("damaged: \(verdict ?? "")") }
    guard try store.connection.number("SELECT count(*) FROM pragma_foreign_key_check") == 0 else {
      return find("foreign keys lead nowhere")
    }
    let without = try difference(store, witness.acknowledged)
    var difference = without
    if let inFlight = witness.inFlight, without != nil {
      witness.acknowledged.commit(inFlight)
      difference = try self.difference(store, witness.acknowledged)
      if difference == nil { report.survived += 1 }
    }
    witness.inFlight = nil
    report.commits = witness.commits
    if let difference, let without {
      return find("\(without); with the last commit: \(difference)")
    }
    for storefront in witness.acknowledged.storefronts() {
      let reader = try SQLiteReader.open(directory: directory, zone: zones)
      if let fault = try reader.verify(storefront).fault { find("verify: \(fault)") }
    }
  }

  /// The first thing in which the store is not what it should be.
  private func difference(_ store: SQLiteStore, _ expected: MemoryStore) throws -> String? {
    let keys = Array(expected.records.keys)
    for (key, record) in zip(keys, try store.load(keys)) where record != expected.records[key] {
      return "\(key) is \(record.map { "\($0)" } ?? "not there")"
    }
    let booked = try store.connection.number("SELECT count(*) FROM transactions") ?? -1
    guard booked == Int64(expected.transactions.count) else {
      return "\(booked) transactions for \(expected.transactions.count)"
    }
    let told = try store.connection.number("SELECT count(*) FROM room_events") ?? -1
    guard told == Int64(expected.events.count) else {
      return "\(told) events for \(expected.events.count)"
    }
    for room in Set(expected.events.map(\.room)) {
      let events = try store.events(HistoryRun.storefront, room, after: 0, limit: 10_000)
      guard events == expected.events.filter({ $0.room == room }) else {
        return "the events of \(room)"
      }
    }
    return nil
  }

  private func find(_ text: String) { report.findings.append("seed \(seed): \(text)") }
}
