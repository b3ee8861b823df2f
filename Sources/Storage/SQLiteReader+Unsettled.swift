// Orders that wait for a commission service.

import Commerce
import Coordination

extension SQLiteReader {
  /// Orders that a commission service is to be asked about, those first that have waited longest.
  ///
  /// - Parameters:
  ///   - storefront: whose.
  ///   - at: the moment.
  ///   - limit: how many at the most.
  /// - Returns: ids in order of the moment from which to ask, ties by id.
  /// - Throws: `StorageError`.
  package func ordersToSettle(
    _ storefront: StorefrontID, at: Timestamp, limit: Int
  ) throws -> [OrderID] {
    try tables.orders.ordersToSettle(storefront, at: at, limit: limit)
  }

  /// How many orders wait for a commission service, whenever it is to be asked.
  ///
  /// - Parameter storefront: whose.
  /// - Returns: a count.
  /// - Throws: `StorageError`.
  /// - Complexity: O(n) in the orders that wait.
  package func unsettledCount(_ storefront: StorefrontID) throws -> Int {
    let sql = """
      SELECT count(*) FROM orders WHERE storefront = ?1 AND settle_at IS NOT NULL
      """
    return try rows(sql, { $0.id(storefront) }) { row in Int(try row.integer()) }.first ?? 0
  }

  /// Orders that wait for a commission service, a page at a time.
  ///
  /// - Parameters:
  ///   - storefront: whose.
  ///   - after: the last order of the page before; none begins with the first.
  ///   - limit: how many at the most.
  /// - Returns: orders in order of id.
  /// - Throws: `StorageError`.
  /// - Complexity: O(n log n) in the orders that wait.
  package func unsettledOrders(
    _ storefront: StorefrontID, after: OrderID?, limit: Int
  ) throws -> [Order] {
    let columns = OrderTables.frozenOrderColumns + OrderTables.orderColumns
    let sql = """
      SELECT id, \(columns.joined(separator: ", ")) FROM orders
      WHERE storefront = ?1 AND settle_at IS NOT NULL AND id > ?2 ORDER BY id LIMIT ?3
      """
    return try rows(sql) { row in
      row.id(storefront)
      row.text(after?.text ?? "")
      row.integer(Int64(limit))
    } _: { row in
      try OrderTables.readOrder(try row.id(), &row)
    }
  }
}
