import Commerce
import Ledger

/// What can be released now.
package struct DueReleases: Equatable, Sendable {
  /// Orders, earliest due first, ties by id.
  package let orders: [OrderID]
  /// Joining bonuses, earliest due first, ties by id.
  package let bonuses: [String]

  /// Makes a list.
  package init(orders: [OrderID], bonuses: [String]) {
    self.orders = orders
    self.bonuses = bonuses
  }

  /// Whether nothing is due.
  package var isEmpty: Bool { orders.isEmpty && bonuses.isEmpty }
}

/// Where records are found that are not in memory.
package protocol RecordSource: AnyObject {
  /// Loads records; keys that the store has no record for give nothing.
  ///
  /// - Parameter keys: any keys.
  /// - Returns: one entry for each key, in their order.
  /// - Throws: an operational error.
  func load(_ keys: [Key]) throws -> [Record?]
}

/// The port through which the state is loaded and stored.
///
/// One thread at a time uses it. Every query sees exactly what was committed. Errors are operational:
/// whatever the implementation throws, nothing of the failed call has happened.
package protocol Store: RecordSource {
  /// Stores everything in one durable transaction, or nothing.
  ///
  /// - Parameter changes: what accepted decisions changed.
  /// - Throws: an operational error; then nothing was stored.
  func commit(_ changes: Changes) throws

  /// Writes something durable that changes nothing, to find out whether writing works again.
  ///
  /// - Throws: an operational error.
  func probe() throws

  /// Storefronts in order of id.
  func storefronts() throws -> [StorefrontID]

  /// What is due for release: paid, delivered, undisputed, and past its return period.
  ///
  /// - Parameters:
  ///   - storefront: whose.
  ///   - at: the moment.
  ///   - limit: how many of each kind at the most.
  /// - Returns: orders and bonuses, earliest due first.
  /// - Throws: an operational error.
  func dueReleases(_ storefront: StorefrontID, at: Timestamp, limit: Int) throws -> DueReleases

  /// Unpaid orders whose time is over, earliest first.
  func expiredOrders(_ storefront: StorefrontID, at: Timestamp, limit: Int) throws -> [OrderID]

  /// The next moment at which something is due for release or expiry; none where nothing waits.
  func nextDeadline(_ storefront: StorefrontID) throws -> Timestamp?

  /// What the next statement would be about: everything committed since the last one.
  ///
  /// - Parameters:
  ///   - storefront: whose.
  ///   - until: only what was booked before; none counts everything.
  /// - Returns: the period with a line for everybody whom it is about.
  /// - Throws: an operational error.
  func statementPeriod(_ storefront: StorefrontID, until: Timestamp?) throws -> StatementPeriod

  /// When the latest transaction of any storefront was booked; none in an empty store.
  func lastBooking() throws -> Timestamp?

  /// The standing listings of a room in order of place, from the first whose place is above `after`.
  func listings(
    _ storefront: StorefrontID, _ room: RoomID, after place: Int64?, limit: Int
  ) throws -> [(listing: Listing, sku: SKU, stock: Stock)]

  /// The events of a room above an offset, in order.
  func events(
    _ storefront: StorefrontID, _ room: RoomID, after offset: Int64, limit: Int
  ) throws -> [RoomEvent]
}

extension Store {
  /// Does nothing: for stores that cannot fail.
  package func probe() throws {}
}
