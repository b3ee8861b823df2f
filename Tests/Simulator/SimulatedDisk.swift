// A disk that outlives the processes that write to it: commits fail, and processes die within them.
// What was committed is there for the next process, whole; what was not is not. The simulation's
// thread only.

import Commerce
import Coordination
import Histories

/// The disk refused.
struct SimulatedDiskFault: Error {}

/// The process is gone; whatever it still does reaches nobody.
struct SimulatedDeath: Error {}

/// The store of one storefront, with faults.
final class SimulatedDisk: Store {
  /// What is on the disk.
  private(set) var memory = MemoryStore()
  /// Whether the process that writes has died.
  private(set) var isDead = false
  /// Whether anything may go wrong now.
  var isFaulty = false
  /// Told of everything that was committed.
  var observe: (Changes) -> Void = { _ in }
  /// Asked once per commit how many messages the process may still post before it dies.
  private(set) var postsLeft: Int?
  /// How often what went wrong, for the report.
  private(set) var failures = 0
  private(set) var deaths = 0
  private let swarm: Swarm
  private var dice: Dice
  private var reads = 0
  /// Every commit, kept only for a disk that lies.
  private var log: [Changes] = []

  init(_ swarm: Swarm) {
    self.swarm = swarm
    dice = swarm.dice(1)
  }

  /// Another process begins to use the disk.
  func restart() {
    if swarm.planted == .forgottenCommit, isFaulty, log.count > 1 {
      log.removeLast()
      let recovered = MemoryStore()
      for changes in log { recovered.commit(changes) }
      memory = recovered
    }
    isDead = false
    postsLeft = nil
  }

  /// The process dies between two messages.
  func kill() {
    isDead = true
    deaths += 1
  }

  /// The process posts a message; false where it did not live to.
  func mayPost() -> Bool {
    if isDead { return false }
    guard let left = postsLeft else { return true }
    if left == 0 {
      kill()
      return false
    }
    postsLeft = left - 1
    return true
  }

  // MARK: Store

  func load(_ keys: [Key]) throws -> [Record?] {
    try live()
    if isFaulty, swarm.has(.loadFailures), dice.below(60) == 0 {
      failures += 1
      throw SimulatedDiskFault()
    }
    let records = memory.load(keys)
    guard let planted = swarm.planted, isFaulty else { return records }
    return records.map { record in
      reads += 1
      return planted.loaded(record, number: reads)
    }
  }

  func commit(_ changes: Changes) throws {
    try live()
    postsLeft = nil
    if isFaulty {
      if swarm.has(.commitFailures), dice.percent(8) {
        failures += 1
        throw SimulatedDiskFault()
      }
      if swarm.has(.deathBeforeCommit), dice.percent(4) {
        if swarm.planted == .tornCommit { store(changes.half) }
        kill()
        throw SimulatedDeath()
      }
    }
    store(changes)
    guard isFaulty else { return }
    if swarm.has(.deathAfterCommit), dice.percent(4) {
      kill()
      throw SimulatedDeath()
    }
    if swarm.has(.deathWhilePublishing), dice.percent(6) { postsLeft = dice.below(8) }
  }

  private func store(_ changes: Changes) {
    let changes = isFaulty ? swarm.planted?.stored(changes, over: memory) ?? changes : changes
    memory.commit(changes)
    if swarm.planted == .forgottenCommit { log.append(changes) }
    observe(changes)
  }

  func probe() throws {
    try live()
    if isFaulty, swarm.has(.commitFailures), dice.percent(8) { throw SimulatedDiskFault() }
  }

  private func live() throws {
    if isDead { throw SimulatedDeath() }
  }

  func storefronts() throws -> [StorefrontID] {
    try live()
    return memory.storefronts()
  }

  func dueReleases(_ storefront: StorefrontID, at: Timestamp, limit: Int) throws -> DueReleases {
    try live()
    let due = memory.dueReleases(storefront, at: at, limit: limit)
    guard swarm.planted == .forgottenRelease, let planted = swarm.planted else { return due }
    return DueReleases(orders: due.orders.filter { !planted.forgets($0) }, bonuses: due.bonuses)
  }

  func expiredOrders(_ storefront: StorefrontID, at: Timestamp, limit: Int) throws -> [OrderID] {
    try live()
    let expired = memory.expiredOrders(storefront, at: at, limit: limit)
    guard swarm.planted == .forgottenExpiry, let planted = swarm.planted else { return expired }
    return expired.filter { !planted.forgets($0) }
  }

  func nextDeadline(_ storefront: StorefrontID) throws -> Timestamp? {
    try live()
    // Whoever forgets what is due is also sure that nothing is.
    if swarm.planted == .forgottenRelease || swarm.planted == .forgottenExpiry { return nil }
    return memory.nextDeadline(storefront)
  }

  func statementPeriod(_ storefront: StorefrontID, until: Timestamp?) throws -> StatementPeriod {
    try live()
    return memory.statementPeriod(storefront, until: until)
  }

  func lastBooking() throws -> Timestamp? {
    try live()
    return memory.lastBooking()
  }

  func listings(
    _ storefront: StorefrontID, _ room: RoomID, after place: Int64?, limit: Int
  ) throws -> [(listing: Listing, sku: SKU, stock: Stock)] {
    try live()
    return memory.listings(storefront, room, after: place, limit: limit)
  }

  func events(
    _ storefront: StorefrontID, _ room: RoomID, after offset: Int64, limit: Int
  ) throws -> [RoomEvent] {
    try live()
    return memory.events(storefront, room, after: offset, limit: limit)
  }
}

extension Changes {
  /// The first half of the records and nothing else: what a torn commit would leave.
  fileprivate var half: Changes {
    var half = Changes()
    for (key, record) in records.prefix((records.count + 1) / 2) { half.set(key, record) }
    return half
  }
}
