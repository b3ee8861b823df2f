// Statements and their lines, and the period that the next statement would be about.
//
// A period is read from the postings that move released money only, through an index that holds
// nothing else: a payout does not walk over every sale since the last one.

import Commerce
import Coordination
import Ledger

/// The tables of statements.
final class StatementTables {
  private let statements: RecordTable
  private let lines: RecordTable
  private let last: SQLiteStatement
  private let openings: SQLiteStatement
  private let released: SQLiteStatement
  private let bookedAt: SQLiteStatement
  private let head: SQLiteStatement
  private let latest: SQLiteStatement

  /// The columns of figures in the order in which `readFigures` takes them.
  private static let figures = [
    "opening", "released", "reversed", "returned", "debt_offset", "paid", "releases", "reversals",
  ]
  private static let frozenColumns =
    [
      "number", "from_sequence", "to_sequence", "until", "created_at", "members", "payees",
      "sequence",
    ] + figures
  private static let changingColumns = [
    "acknowledgement", "acknowledged_at", "failed", "failed_amount",
  ]
  private static let frozenLineColumns = ["name"] + figures
  /// The columns of a statement in the order in which `readStatement` takes them.
  static let columns = frozenColumns + changingColumns
  /// The columns of a line in the order in which `readLine` takes them.
  static let lineColumns = frozenLineColumns + ["failure"]

  init(_ connection: SQLiteConnection) throws {
    statements = try RecordTable(
      "statements", keys: ["storefront", "id"], frozen: Self.frozenColumns,
      columns: Self.changingColumns, on: connection)
    lines = try RecordTable(
      "statement_lines", keys: ["storefront", "statement", "member"],
      frozen: Self.frozenLineColumns, columns: ["failure"], on: connection)
    last = try SQLiteStatement(
      """
      SELECT id, number, to_sequence FROM statements WHERE storefront = ?
      ORDER BY number DESC LIMIT 1
      """, on: connection)
    openings = try SQLiteStatement(
      """
      SELECT member, opening + released - reversed + returned - paid AS closing
      FROM statement_lines WHERE storefront = ? AND statement = ? AND closing <> 0
      ORDER BY member
      """, on: connection)
    released = try SQLiteStatement(
      """
      SELECT p.sequence, t.kind, p.purse, p.member, p.amount
      FROM member_postings AS p INDEXED BY released_postings
      JOIN transactions AS t ON t.storefront = p.storefront AND t.sequence = p.sequence
      WHERE p.storefront = ?1 AND p.sequence > ?2 AND p.sequence <= ?3
      AND p.\(SQLiteSchema.releasedPosting)
      ORDER BY p.sequence, p.ordinal
      """, on: connection)
    bookedAt = try SQLiteStatement(
      "SELECT at FROM transactions WHERE storefront = ? AND sequence = ?", on: connection)
    head = try SQLiteStatement(
      "SELECT max(sequence) FROM transactions WHERE storefront = ?", on: connection)
    latest = try SQLiteStatement(
      """
      SELECT max((SELECT at FROM transactions WHERE storefront = s.id
      ORDER BY sequence DESC LIMIT 1)) FROM storefronts AS s
      """, on: connection)
  }

  func statement(_ storefront: StorefrontID, _ id: StatementID) throws -> Statement? {
    try statements.find({
      $0.id(storefront)
      $0.id(id)
    }) { row in try Self.readStatement(id, &row) }
  }

  static func readStatement(_ id: StatementID, _ row: inout ColumnReader) throws -> Statement {
    let number = try row.integer()
    let from = try row.integer()
    let to = try row.integer()
    let until = try row.optionalTime()
    let createdAt = try row.time()
    let members = try row.integer()
    let payees = try row.integer()
    let sequence = try row.integer()
    let figures = try readFigures(&row)
    let acknowledgement: FactID? = try row.optionalID()
    let acknowledgedAt = try row.optionalTime()
    let failed = try row.optionalInteger()
    let returned = try row.optionalInteger()
    var known: Acknowledgement?
    if let acknowledgement, let acknowledgedAt, let failed, let returned {
      known = Acknowledgement(
        id: acknowledgement, at: acknowledgedAt, failed: failed, returned: Amount(returned))
    }
    return Statement(
      id: id, number: number, from: from, to: to, until: until, createdAt: createdAt,
      members: members, payees: payees, figures: figures, sequence: sequence,
      acknowledgement: known)
  }

  private static func readFigures(_ row: inout ColumnReader) throws -> StatementFigures {
    StatementFigures(
      opening: try row.amount(), released: try row.amount(), reversed: try row.amount(),
      returned: try row.amount(), offset: try row.amount(), paid: try row.amount(),
      releases: try row.integer(), reversals: try row.integer())
  }

  private func write(_ figures: StatementFigures, to row: inout ColumnWriter) {
    row.amount(figures.opening)
    row.amount(figures.released)
    row.amount(figures.reversed)
    row.amount(figures.returned)
    row.amount(figures.offset)
    row.amount(figures.paid)
    row.integer(figures.releases)
    row.integer(figures.reversals)
  }

  func save(_ storefront: StorefrontID, _ statement: Statement) throws {
    try statements.save { row in
      row.id(storefront)
      row.id(statement.id)
      row.integer(statement.number)
      row.integer(statement.from)
      row.integer(statement.to)
      row.time(statement.until)
      row.time(statement.createdAt)
      row.integer(statement.members)
      row.integer(statement.payees)
      row.integer(statement.sequence)
      write(statement.figures, to: &row)
      row.id(statement.acknowledgement?.id)
      row.time(statement.acknowledgement?.at)
      row.integer(statement.acknowledgement?.failed)
      row.integer(statement.acknowledgement?.returned.minorUnits)
    }
  }

  func line(
    _ storefront: StorefrontID, _ statement: StatementID, _ member: MemberID
  ) throws -> StatementLine? {
    try lines.find({
      $0.id(storefront)
      $0.id(statement)
      $0.id(member)
    }) { row in try Self.readLine(member, &row) }
  }

  static func readLine(_ member: MemberID, _ row: inout ColumnReader) throws -> StatementLine {
    StatementLine(
      member: member, name: try row.text(), figures: try readFigures(&row),
      failure: try row.optionalText())
  }

  func save(
    _ storefront: StorefrontID, _ statement: StatementID, _ line: StatementLine
  ) throws {
    try lines.save { row in
      row.id(storefront)
      row.id(statement)
      row.id(line.member)
      row.text(line.name)
      write(line.figures, to: &row)
      row.text(line.failure)
    }
  }
}

// MARK: The next period

extension StatementTables {
  /// See `Store.statementPeriod`.
  func period(_ storefront: StorefrontID, until: Timestamp?) throws -> StatementPeriod {
    var writer = ColumnWriter(last)
    writer.id(storefront)
    let before = try last.firstRow { row in
      (id: try row.text(0), number: try row.integer(1), to: try row.integer(2))
    }
    let from = before?.to ?? 0
    let to = max(from, try sequence(storefront, before: until))
    var opened: [(member: MemberID, amount: Amount)] = []
    if let before {
      var writer = ColumnWriter(openings)
      writer.id(storefront)
      writer.text(before.id)
      try openings.forEachRow { row in
        opened.append((MemberID(trusted: try row.text(0)), Amount(try row.integer(1))))
      }
    }
    var sums = StatementSums(openings: opened)
    writer = ColumnWriter(released)
    writer.id(storefront)
    writer.integer(from)
    writer.integer(to)
    try released.forEachRow { row in
      var columns = ColumnReader(row)
      let sequence = try columns.integer()
      let kind: CauseKind = try columns.word()
      let purse: Purse = try columns.word()
      let account = purse.account(of: try columns.id())
      sums.add(Posting(account, try columns.amount()), of: kind, sequence: sequence)
    }
    return StatementPeriod(
      number: (before?.number ?? 0) + 1, from: from, to: to, lines: sums.lines)
  }

  /// The sequence of the last transaction booked before a moment; 0 where there is none.
  ///
  /// Transactions are booked in order of time, so that halving finds the place.
  /// - Parameters:
  ///   - storefront: whose.
  ///   - moment: none takes the last of all.
  /// - Returns: a sequence.
  /// - Throws: `StorageError`.
  func sequence(_ storefront: StorefrontID, before moment: Timestamp?) throws -> Int64 {
    var writer = ColumnWriter(head)
    writer.id(storefront)
    let end = try head.firstRow { row in try row.optionalInteger(0) } ?? 0
    guard let moment else { return end ?? 0 }
    var low: Int64 = 0
    var high = end ?? 0
    while low < high {
      // `low` was booked before the moment, or is 0; what is above `high` was not.
      let middle = (low + high + 1) / 2
      var writer = ColumnWriter(bookedAt)
      writer.id(storefront)
      writer.integer(middle)
      let at = try bookedAt.firstRow { row in Timestamp(milliseconds: try row.integer(0)) }
      guard let at else {
        throw StorageError(
          operation: "statement period", code: .unexpectedValue, extendedCode: 0,
          message: "transaction \(middle) is missing")
      }
      if at < moment { low = middle } else { high = middle - 1 }
    }
    return low
  }

  /// See `Store.lastBooking`.
  func lastBooking() throws -> Timestamp? {
    try latest.firstRow { row in
      try row.optionalInteger(0).map { Timestamp(milliseconds: $0) }
    } ?? nil
  }
}
