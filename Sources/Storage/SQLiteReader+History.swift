// What else there is to know of a storefront's history, for work that goes through all of it.

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
