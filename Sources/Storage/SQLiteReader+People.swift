// Lists of members and of accounts, a page at a time.

import Commerce
import Coordination

extension SQLiteReader {
  /// Members in order of id.
  ///
  /// - Parameters:
  ///   - storefront: whose.
  ///   - after: the last one of the page before; none begins with the first.
  ///   - limit: how many at the most.
  /// - Returns: members in order of id.
  /// - Throws: `StorageError`.
  /// - Complexity: O(limit).
  package func members(
    _ storefront: StorefrontID, after: MemberID?, limit: Int
  ) throws -> [Member] {
    let ids: [MemberID] = try rows(
      "SELECT id FROM members WHERE storefront = ?1 AND id > ?2 ORDER BY id LIMIT ?3"
    ) { row in
      row.id(storefront)
      row.text(after?.text ?? "")
      row.integer(Int64(limit))
    } _: { row in
      try row.id()
    }
    return try ids.compactMap { try tables.people.member(storefront, $0) }
  }

  /// What accounts of the ledger hold, in order of name.
  ///
  /// - Parameters:
  ///   - storefront: whose.
  ///   - after: the last one of the page before; none begins with the first.
  ///   - limit: how many at the most.
  /// - Returns: names and amounts; over all pages they sum to zero.
  /// - Throws: `StorageError`.
  /// - Complexity: O(limit).
  package func balances(
    _ storefront: StorefrontID, after: String?, limit: Int
  ) throws -> [(account: String, amount: Amount)] {
    let sql = """
      SELECT account, amount FROM balances
      WHERE storefront = ?1 AND account > ?2 ORDER BY account LIMIT ?3
      """
    return try rows(sql) { row in
      row.id(storefront)
      row.text(after ?? "")
      row.integer(Int64(limit))
    } _: { row in
      (try row.text(), try row.amount())
    }
  }
}
