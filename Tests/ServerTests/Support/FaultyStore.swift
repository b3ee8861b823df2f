// A store that fails when a test wants it to, and the loops of a writer that runs without any.

import Commerce
import Coordination
import Glibc
import Synchronization

@testable import Server

/// What fails; any thread may turn it.
final class FaultSwitch: Sendable {
  let failsCommits = Atomic<Bool>(false)
  /// How many loads still work; below zero, all do.
  let loadsUntilFailure = Atomic<Int>(-1)
  /// While this is so, a commit waits.
  let holdsCommits = Atomic<Bool>(false)
  /// Whether a commit waits now.
  let isHolding = Atomic<Bool>(false)

  /// Waits for a commit to wait.
  func awaitHeldCommit() { while !isHolding.load(ordering: .acquiring) { sched_yield() } }

  fileprivate func hold() {
    while holdsCommits.load(ordering: .acquiring) {
      isHolding.store(true, ordering: .releasing)
      sched_yield()
    }
    isHolding.store(false, ordering: .releasing)
  }
}

/// The disk is gone.
struct DiskFault: Error {}

/// Another store, with faults.
final class FaultyStore: Store {
  private let store: any Store
  private let faults: FaultSwitch

  init(_ store: any Store, _ faults: FaultSwitch) {
    self.store = store
    self.faults = faults
  }

  func load(_ keys: [Key]) throws -> [Record?] {
    let left = faults.loadsUntilFailure.load(ordering: .relaxed)
    if left == 0 { throw DiskFault() }
    if left > 0 { faults.loadsUntilFailure.store(left - 1, ordering: .relaxed) }
    return try store.load(keys)
  }

  func commit(_ changes: Changes) throws {
    faults.hold()
    if faults.failsCommits.load(ordering: .relaxed) { throw DiskFault() }
    try store.commit(changes)
  }

  func probe() throws {
    if faults.failsCommits.load(ordering: .relaxed) { throw DiskFault() }
    try store.probe()
  }

  func storefronts() throws -> [StorefrontID] { try store.storefronts() }

  func dueReleases(_ storefront: StorefrontID, at: Timestamp, limit: Int) throws -> DueReleases {
    try store.dueReleases(storefront, at: at, limit: limit)
  }

  func expiredOrders(_ storefront: StorefrontID, at: Timestamp, limit: Int) throws -> [OrderID] {
    try store.expiredOrders(storefront, at: at, limit: limit)
  }

  func nextDeadline(_ storefront: StorefrontID) throws -> Timestamp? {
    try store.nextDeadline(storefront)
  }

  func statementPeriod(_ storefront: StorefrontID, until: Timestamp?) throws -> StatementPeriod {
    try store.statementPeriod(storefront, until: until)
  }

  func lastBooking() throws -> Timestamp? { try store.lastBooking() }

  func listings(
    _ storefront: StorefrontID, _ room: RoomID, after place: Int64?, limit: Int
  ) throws -> [(listing: Listing, sku: SKU, stock: Stock)] {
    try store.listings(storefront, room, after: place, limit: limit)
  }

  func events(
    _ storefront: StorefrontID, _ room: RoomID, after offset: Int64, limit: Int
  ) throws -> [RoomEvent] {
    try store.events(storefront, room, after: offset, limit: limit)
  }
}

/// A loop that only keeps what it is posted.
final class RecordingLoop: LoopPort {
  private let kept = Mutex<[LoopMessage]>([])

  func post(_ message: LoopMessage) { kept.withLock { $0.append(message) } }

  /// What was posted since the last time.
  func take() -> [LoopMessage] {
    kept.withLock { kept in
      defer { kept = [] }
      return kept
    }
  }
}
