// All of a storefront's history in streams, for work that goes through it once: memory holds one row.
// Call these inside `moment`, so that they tell of the same one.

import Commerce
import Coordination

extension SQLiteReader {
  /// How many orders of a storefront were placed in a span of time and have been paid.
  ///
  /// - Parameters:
  ///   - storefront: whose.
  ///   - span: of placement; the end does not belong to it.
  /// - Returns: the count.
  /// - Throws: `StorageError`.
  /// - Complexity: O(n) in the storefront's orders.
  package func paidOrderCount(
    _ storefront: StorefrontID, placed span: Range<Timestamp>
  ) throws -> Int64 {
    let counts = try rows(
      """
      SELECT count(*) FROM orders NOT INDEXED
      WHERE storefront = ?1 AND paid_at IS NOT NULL AND placed_at >= ?2 AND placed_at < ?3
      """
    ) { row in
      row.id(storefront)
      row.integer(span.lowerBound.milliseconds)
      row.integer(span.upperBound.milliseconds)
    } _: { row in
      try row.integer()
    }
    return counts.first ?? 0
  }

  /// Shows every paid order that was placed in a span of time, in the order in which they were accepted.
  ///
  /// - Parameters:
  ///   - storefront: whose.
  ///   - span: of placement; the end does not belong to it.
  ///   - body: takes an order; may load records.
  /// - Throws: what `body` throws, `StorageError`.
  package func forEachPaidOrder(
    _ storefront: StorefrontID, placed span: Range<Timestamp>, _ body: (Order) throws -> Void
  ) throws {
    let columns = OrderTables.frozenOrderColumns + OrderTables.orderColumns
    // Along the table: an index would jump about in it.
    let statement = try statement(
      """
      SELECT id, \(columns.joined(separator: ", ")) FROM orders NOT INDEXED
      WHERE storefront = ?1 AND paid_at IS NOT NULL AND placed_at >= ?2 AND placed_at < ?3
      ORDER BY rowid
      """)
    statement.bind(storefront.text, at: 1)
    statement.bind(span.lowerBound.milliseconds, at: 2)
    statement.bind(span.upperBound.milliseconds, at: 3)
    try statement.forEachRow { row in
      var columns = ColumnReader(row)
      try body(OrderTables.readOrder(try columns.id(), &columns))
    }
  }

  /// Members who joined in a span of time.
  ///
  /// - Parameters:
  ///   - storefront: whose.
  ///   - span: of joining; the end does not belong to it.
  /// - Returns: their ids in order.
  /// - Throws: `StorageError`.
  package func members(
    _ storefront: StorefrontID, joined span: Range<Timestamp>
  ) throws -> [MemberID] {
    try rows(
      """
      SELECT id FROM members
      WHERE storefront = ?1 AND joined_at >= ?2 AND joined_at < ?3 ORDER BY id
      """
    ) { row in
      row.id(storefront)
      row.integer(span.lowerBound.milliseconds)
      row.integer(span.upperBound.milliseconds)
    } _: { row in
      try row.id()
    }
  }

  /// Every bonus that was booked because somebody joined.
  ///
  /// - Parameter storefront: whose.
  /// - Returns: bonuses in order of id.
  /// - Throws: `StorageError`.
  package func bonuses(_ storefront: StorefrontID) throws -> [JoiningBonus] {
    let columns = OrderTables.bonusColumns.joined(separator: ", ")
    return try rows(
      "SELECT id, \(columns) FROM bonuses WHERE storefront = ? ORDER BY id", { $0.id(storefront) }
    ) { row in
      try OrderTables.readBonus(try row.text(), &row)
    }
  }
}
