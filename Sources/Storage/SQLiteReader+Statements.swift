// Statements, and the bookings behind a line of one.

import Commerce
import Coordination
import Ledger

/// One booking that moved a member's released money.
package struct StatementEntry: Equatable, Sendable {
  /// The transaction.
  package let sequence: Int64
  /// When it was booked.
  package let at: Timestamp
  /// Why.
  package let cause: Cause
  /// What it added; negative where it took back.
  package let amount: Amount
  /// The part of it that paid off debt.
  package let offset: Amount
}

extension SQLiteReader {
  /// The statements of a storefront, a page at a time.
  ///
  /// - Parameters:
  ///   - storefront: whose.
  ///   - after: only statements whose number is above it; 0 begins with the first.
  ///   - limit: how many at the most.
  /// - Returns: statements in order of number.
  /// - Throws: `StorageError`.
  package func statements(
    _ storefront: StorefrontID, after: Int64 = 0, limit: Int
  ) throws -> [Statement] {
    let columns = StatementTables.columns.joined(separator: ", ")
    let sql = """
      SELECT id, \(columns) FROM statements WHERE storefront = ?1 AND number > ?2
      ORDER BY number LIMIT ?3
      """
    return try rows(sql) { row in
      row.id(storefront)
      row.integer(after)
      row.integer(Int64(limit))
    } _: { row in
      try StatementTables.readStatement(try row.id(), &row)
    }
  }

  /// One statement.
  ///
  /// - Parameters:
  ///   - storefront: whose.
  ///   - id: the statement.
  /// - Returns: the statement, or nothing.
  /// - Throws: `StorageError`.
  package func statement(_ storefront: StorefrontID, _ id: StatementID) throws -> Statement? {
    try tables.statements.statement(storefront, id)
  }

  /// One member's line of a statement.
  ///
  /// - Parameters:
  ///   - storefront: whose.
  ///   - id: the statement.
  ///   - member: whose line.
  /// - Returns: the line, or nothing where the member has none.
  /// - Throws: `StorageError`.
  package func statementLine(
    _ storefront: StorefrontID, _ id: StatementID, _ member: MemberID
  ) throws -> StatementLine? {
    try tables.statements.line(storefront, id, member)
  }

  /// The lines of a statement, a page at a time.
  ///
  /// - Parameters:
  ///   - storefront: whose.
  ///   - id: the statement.
  ///   - after: only members above it; none begins with the first.
  ///   - limit: how many at the most.
  /// - Returns: lines in order of member.
  /// - Throws: `StorageError`.
  package func statementLines(
    _ storefront: StorefrontID, _ id: StatementID, after: MemberID? = nil, limit: Int
  ) throws -> [StatementLine] {
    let columns = StatementTables.lineColumns.joined(separator: ", ")
    let sql = """
      SELECT member, \(columns) FROM statement_lines
      WHERE storefront = ?1 AND statement = ?2 AND member > ?3 ORDER BY member LIMIT ?4
      """
    return try rows(sql) { row in
      row.id(storefront)
      row.id(id)
      row.text(after?.text ?? "")
      row.integer(Int64(limit))
    } _: { row in
      try StatementTables.readLine(try row.id(), &row)
    }
  }

  /// Tells the payments of a statement, one after the other, without holding them all.
  ///
  /// - Parameters:
  ///   - storefront: whose.
  ///   - id: the statement.
  ///   - body: takes each line that pays something, in order of member.
  /// - Throws: `StorageError`, and what `body` throws.
  package func forEachPayment(
    _ storefront: StorefrontID, of id: StatementID, _ body: (StatementLine) throws -> Void
  ) throws {
    let columns = StatementTables.lineColumns.joined(separator: ", ")
    let statement = try statement(
      """
      SELECT member, \(columns) FROM statement_lines
      WHERE storefront = ?1 AND statement = ?2 AND paid > 0 ORDER BY member
      """)
    var writer = ColumnWriter(statement)
    writer.id(storefront)
    writer.id(id)
    try statement.forEachRow { row in
      var reader = ColumnReader(row)
      try body(StatementTables.readLine(try reader.id(), &reader))
    }
  }

  /// The bookings behind a member's line, a page at a time.
  ///
  /// - Parameters:
  ///   - statement: the statement.
  ///   - storefront: whose.
  ///   - member: whose line.
  ///   - after: only bookings above this sequence; none begins with the first.
  ///   - limit: how many at the most.
  /// - Returns: bookings in order of sequence; their amounts sum to what the line says moved.
  /// - Throws: `StorageError`.
  package func entries(
    of statement: Statement, _ storefront: StorefrontID, _ member: MemberID, after: Int64? = nil,
    limit: Int
  ) throws -> [StatementEntry] {
    let sql = """
      SELECT t.sequence, t.at, t.kind, t.subject, t.fact, sum(p.amount),
      sum(CASE WHEN p.purse = 'debt' AND p.amount > 0 THEN p.amount ELSE 0 END)
      FROM member_postings AS p NOT INDEXED
      JOIN transactions AS t ON t.storefront = p.storefront AND t.sequence = p.sequence
      WHERE p.storefront = ?1 AND p.member = ?2 AND p.sequence > ?3 AND p.sequence <= ?4
      AND p.purse IN ('available', 'debt') AND t.kind <> 'payout'
      GROUP BY p.sequence ORDER BY p.sequence LIMIT ?5
      """
    return try rows(sql) { row in
      row.id(storefront)
      row.id(member)
      row.integer(max(statement.from, after ?? 0))
      row.integer(statement.to)
      row.integer(Int64(limit))
    } _: { row in
      StatementEntry(
        sequence: try row.integer(), at: try row.time(),
        cause: Cause(kind: try row.word(), subject: try row.text(), fact: try row.text()),
        amount: try row.amount(), offset: try row.amount())
    }
  }
}
