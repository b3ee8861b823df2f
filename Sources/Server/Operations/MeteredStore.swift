// A store that says how long its commits take. One thread at a time, as the store behind it.

import Commerce
import Coordination

/// Another store, with a clock on its commits.
final class MeteredStore: Store {
  private let store: any Store
  private let times: Histogram

  init(_ store: any Store, times: Histogram) {
    self.store = store
    self.times = times
  }

  func commit(_ changes: Changes) throws {
    let begin = monotonicMicroseconds()
    try store.commit(changes)
    times.observe(monotonicMicroseconds() - begin)
  }

  func load(_ keys: [Key]) throws -> [Record?] { try store.load(keys) }

  func probe() throws { try store.probe() }

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
