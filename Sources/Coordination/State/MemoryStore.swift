import Commerce
import Ledger

/// A store in memory: for scenarios, simulation and tests of the core.
///
/// Keeps everything; queries scan, so it is for thousands of records, not millions. One thread.
package final class MemoryStore: Store {
  /// Everything that was committed.
  package private(set) var records: [Key: Record] = [:]
  /// Every transaction, in order of commit.
  package private(set) var transactions: [BookedTransaction] = []
  /// Every event, in order of commit.
  package private(set) var events: [RoomEvent] = []

  /// Makes an empty store.
  package init() {}

  /// See `Store`.
  package func load(_ keys: [Key]) -> [Record?] { keys.map { records[$0] } }

  /// See `Store`.
  package func commit(_ changes: Changes) {
    for (key, record) in changes.records { records[key] = record }
    transactions.append(contentsOf: changes.transactions)
    events.append(contentsOf: changes.events)
  }

  /// See `Store`.
  package func storefronts() -> [StorefrontID] {
    records.keys.compactMap { if case .storefront(let id) = $0 { id } else { nil } }.sorted()
  }

  /// See `Store`.
  package func dueReleases(
    _ storefront: StorefrontID, at: Timestamp, limit: Int
  ) -> DueReleases {
    let waiting = waiting(storefront)
    func due(_ entries: [(due: Timestamp, id: String)]) -> [String] {
      entries.filter { $0.due <= at }.sorted { ($0.due, $0.id) < ($1.due, $1.id) }
        .prefix(limit).map(\.id)
    }
    return DueReleases(
      orders: due(waiting.orders).map(OrderID.init(trusted:)), bonuses: due(waiting.bonuses))
  }

  /// See `Store`.
  package func expiredOrders(
    _ storefront: StorefrontID, at: Timestamp, limit: Int
  ) -> [OrderID] {
    unpaid(storefront).filter { $0.due <= at }.sorted { ($0.due, $0.id) < ($1.due, $1.id) }
      .prefix(limit).map { OrderID(trusted: $0.id) }
  }

  /// Orders that a commission service is to be asked about, those first that have waited longest.
  ///
  /// - Parameters:
  ///   - storefront: whose.
  ///   - at: the moment.
  ///   - limit: how many at the most.
  /// - Returns: ids in order of the moment from which to ask, ties by id.
  package func ordersToSettle(
    _ storefront: StorefrontID, at: Timestamp, limit: Int
  ) -> [OrderID] {
    records.compactMap { key, record -> (due: Timestamp, id: OrderID)? in
      guard case .order(storefront, let id) = key, case .order(let order) = record,
        let due = order.delegation?.nextAttempt, due <= at
      else { return nil }
      return (due, id)
    }.sorted { ($0.due, $0.id) < ($1.due, $1.id) }.prefix(limit).map(\.id)
  }

  /// See `Store`.
  package func nextDeadline(_ storefront: StorefrontID) -> Timestamp? {
    let waiting = waiting(storefront)
    return (waiting.orders + waiting.bonuses + unpaid(storefront)).map(\.due).min()
  }

  /// See `Store`.
  package func listings(
    _ storefront: StorefrontID, _ room: RoomID, after place: Int64?, limit: Int
  ) -> [(listing: Listing, sku: SKU, stock: Stock)] {
    records.compactMap { key, record -> (listing: Listing, sku: SKU, stock: Stock)? in
      guard case .listing(storefront, room, let id) = key, case .listing(let listing) = record,
        listing.removedAt == nil, place.map({ listing.place > $0 }) ?? true,
        case .sku(let sku)? = records[.sku(id)], case .stock(let stock)? = records[.stock(id)]
      else { return nil }
      return (listing, sku, stock)
    }.sorted { $0.listing.place < $1.listing.place }.prefix(limit).map { $0 }
  }

  /// See `Store`.
  package func events(
    _ storefront: StorefrontID, _ room: RoomID, after offset: Int64, limit: Int
  ) -> [RoomEvent] {
    events.filter { $0.storefront == storefront && $0.room == room && $0.offset > offset }
      .prefix(limit).map { $0 }
  }

  private func waiting(
    _ storefront: StorefrontID
  ) -> (orders: [(due: Timestamp, id: String)], bonuses: [(due: Timestamp, id: String)]) {
    guard case .storefront(let found)? = records[.storefront(storefront)] else { return ([], []) }
    var orders: [(due: Timestamp, id: String)] = []
    var bonuses: [(due: Timestamp, id: String)] = []
    for (key, record) in records {
      switch (key, record) {
      case (.order(storefront, let id), .order(let order)):
        if let due = order.releaseDue(zone: found.zone) { orders.append((due, id.text)) }
      case (.bonus(storefront, let id), .bonus(let bonus)):
        if bonus.releasedAt == nil { bonuses.append((bonus.due, id)) }
      default: continue
      }
    }
    return (orders, bonuses)
  }

  private func unpaid(_ storefront: StorefrontID) -> [(due: Timestamp, id: String)] {
    records.compactMap { key, record in
      guard case .order(storefront, let id) = key, case .order(let order) = record,
        order.state == .placed, let expires = order.expiresAt
      else { return nil }
      return (expires, id.text)
    }
  }
}
