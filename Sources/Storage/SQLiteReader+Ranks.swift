// Ranks, invite codes, and what a preview of a promotion goes through.

import Commerce
import Coordination

extension SQLiteReader {
  /// Every rank that a member has had.
  ///
  /// - Parameters:
  ///   - storefront: whose.
  ///   - member: the member.
  /// - Returns: changes in the order in which they came.
  /// - Throws: `StorageError`.
  package func rankChanges(
    _ storefront: StorefrontID, _ member: MemberID
  ) throws -> [RankChange] {
    let columns = RankTables.changeColumns.joined(separator: ", ")
    let sql = """
      SELECT number, \(columns) FROM rank_changes
      WHERE storefront = ?1 AND member = ?2 ORDER BY number
      """
    return try rows(sql) { row in
      row.id(storefront)
      row.id(member)
    } _: { row in
      try RankTables.readChange(try row.integer(), &row)
    }
  }

  /// A member's invite codes, newest first.
  ///
  /// - Parameters:
  ///   - storefront: whose.
  ///   - promoter: who gave them out.
  ///   - limit: how many at the most.
  /// - Returns: codes by time of issue, ties by id.
  /// - Throws: `StorageError`.
  package func invites(
    _ storefront: StorefrontID, of promoter: MemberID, limit: Int
  ) throws -> [Invite] {
    let columns = InviteTables.frozenInviteColumns + InviteTables.inviteColumns
    let sql = """
      SELECT id, \(columns.joined(separator: ", ")) FROM invites
      WHERE storefront = ?1 AND promoter = ?2 ORDER BY issued_at DESC, id LIMIT ?3
      """
    return try rows(sql) { row in
      row.id(storefront)
      row.id(promoter)
      row.integer(Int64(limit))
    } _: { row in
      try InviteTables.readInvite(try row.id(), &row)
    }
  }

  /// Every movement of a member's quota of invite codes.
  ///
  /// - Parameters:
  ///   - storefront: whose.
  ///   - member: the account's owner.
  /// - Returns: entries in the order in which they were made.
  /// - Throws: `StorageError`.
  package func quotaEntries(
    _ storefront: StorefrontID, _ member: MemberID
  ) throws -> [QuotaEntry] {
    let columns = InviteTables.entryColumns.joined(separator: ", ")
    let sql = """
      SELECT number, \(columns) FROM quota_entries
      WHERE storefront = ?1 AND member = ?2 ORDER BY number
      """
    return try rows(sql) { row in
      row.id(storefront)
      row.id(member)
    } _: { row in
      try InviteTables.readEntry(try row.integer(), &row)
    }
  }

  /// Goes through the orders placed in a span of time, in the order in which they were stored.
  ///
  /// - Parameters:
  ///   - storefront: whose.
  ///   - from: the first moment.
  ///   - until: the first moment after it.
  ///   - body: told each order; may read records, but may not go through orders itself.
  /// - Throws: `StorageError`, what `body` throws.
  /// - Complexity: O(n) in the storefront's orders, in constant memory.
  package func forEachOrder(
    _ storefront: StorefrontID, placedFrom from: Timestamp, until: Timestamp,
    _ body: (Order) throws -> Void
  ) throws {
    let columns = OrderTables.frozenOrderColumns + OrderTables.orderColumns
    let statement = try statement(
      """
      SELECT id, \(columns.joined(separator: ", ")) FROM orders NOT INDEXED
      WHERE storefront = ?1 AND placed_at >= ?2 AND placed_at < ?3 ORDER BY rowid
      """)
    var writer = ColumnWriter(statement)
    writer.id(storefront)
    writer.time(from)
    writer.time(until)
    try statement.forEachRow { row in
      var columns = ColumnReader(row)
      try body(try OrderTables.readOrder(try columns.id(), &columns))
    }
  }

  /// The members who joined in a span of time.
  ///
  /// - Parameters:
  ///   - storefront: whose.
  ///   - from: the first moment.
  ///   - until: the first moment after it.
  /// - Returns: members and inviters by time of joining, ties by id.
  /// - Throws: `StorageError`.
  package func joinings(
    _ storefront: StorefrontID, from: Timestamp, until: Timestamp
  ) throws -> [(member: MemberID, inviter: MemberID?)] {
    let sql = """
      SELECT id, inviter FROM members
      WHERE storefront = ?1 AND joined_at >= ?2 AND joined_at < ?3 ORDER BY joined_at, id
      """
    return try rows(sql) { row in
      row.id(storefront)
      row.time(from)
      row.time(until)
    } _: { row in
      (try row.id(), try row.optionalID())
    }
  }
}
