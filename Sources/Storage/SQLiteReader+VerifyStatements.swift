// Checks a storefront's statements against its postings: adds every period up once more, with its own
// sums and in one walk, and compares each line with them and with what was really booked to its member.

import Commerce
import Coordination
import Ledger

extension SQLiteReader {
  /// Checks every statement, inside a moment.
  ///
  /// - Parameter storefront: whose.
  /// - Returns: how many statements there are.
  /// - Throws: `Verification.Fault` for the first difference, `StorageError`.
  func checkStatements(_ storefront: StorefrontID) throws -> Int64 {
    var check = StatementCheck(reader: self, storefront: storefront)
    var statements: [Statement] = []
    repeat {
      let page = try self.statements(
        storefront, after: statements.last?.number ?? 0, limit: 1000)
      statements += page
      if page.isEmpty { break }
    } while true
    for statement in statements { try check.run(statement) }
    return Int64(statements.count)
  }
}

/// A walk over the statements in order of number.
private struct StatementCheck {
  let reader: SQLiteReader
  let storefront: StorefrontID
  private var number: Int64 = 0
  private var reached: Int64 = 0
  /// What the statement before left each member.
  private var carried: [String: Amount] = [:]

  init(reader: SQLiteReader, storefront: StorefrontID) {
    self.reader = reader
    self.storefront = storefront
  }

  mutating func run(_ statement: Statement) throws {
    let place = "statement \(statement.id)"
    try expect(number + 1, statement.number, at: "\(place), number")
    try expect(reached, statement.from, at: "\(place), from")
    try expect(true, statement.to >= statement.from, at: "\(place), order of from and to")
    if let until = statement.until {
      let end = try reader.tables.statements.sequence(storefront, before: until)
      try expect(max(reached, end), statement.to, at: "\(place), to")
    }
    var moved = try movement(statement)
    let paid = try bookedPayments(statement, kind: .payout)
    let returned = try bookedPayments(statement, kind: .payoutReturned)
    var total = StatementFigures()
    var lines: Int64 = 0
    var payees: Int64 = 0
    var left: [String: Amount] = [:]
    var failed: Int64 = 0
    try forEachLine(statement) { line in
      let member = line.member.text
      let place = "\(place), line \(member)"
      let figures = line.figures
      try expect(carried[member] ?? .zero, figures.opening, at: "\(place), opening")
      for (kind, amount) in [
        (CauseKind.release, figures.released), (.refund, -figures.reversed),
        (.payoutReturned, figures.returned),
      ] {
        let found = moved.amounts.removeValue(forKey: "\(member)/\(kind.rawValue)")
        try expect(found ?? .zero, amount, at: "\(place), \(kind.rawValue)")
      }
      try expect(moved.offsets[member] ?? .zero, figures.offset, at: "\(place), offset")
      for (kind, count) in [
        (CauseKind.release, figures.releases), (.refund, figures.reversals),
      ] {
        let found = moved.counts["\(member)/\(kind.rawValue)"] ?? 0
        try expect(found, count, at: "\(place), number of \(kind.rawValue)s")
      }
      try expect(paid[member] ?? .zero, figures.paid, at: "\(place), paid")
      let back = line.failure == nil ? Amount.zero : -figures.paid
      try expect(returned[member] ?? .zero, back, at: "\(place), failure")
      if line.failure != nil { failed += 1 }
      if figures.closing != .zero { left[member] = figures.closing }
      total += figures
      lines += 1
      if figures.paid > .zero { payees += 1 }
      carried[member] = nil
    }
    if let forgotten = (Array(carried.keys) + Array(moved.amounts.keys)).min() {
      throw Verification.Fault(
        at: place, expected: "a line for \(forgotten)", found: "no such line")
    }
    try expect(statement.members, lines, at: "\(place), members")
    try expect(payees, statement.payees, at: "\(place), payees")
    try expect(total.paid, statement.figures.paid, at: "\(place), total")
    guard total == statement.figures else {
      throw Verification.Fault(
        at: "\(place), totals", expected: "the sums of its lines", found: "other figures")
    }
    try expect(
      paid.values.reduce(.zero, +), statement.figures.paid, at: "\(place), booked payments")
    try expect(statement.acknowledgement?.failed ?? 0, failed, at: "\(place), failed")
    try expect(
      -returned.values.reduce(.zero, +), statement.acknowledgement?.returned ?? .zero,
      at: "\(place), failed amount")
    carried = left
    number = statement.number
    reached = statement.to
  }

  /// What moved in a period, by member, or by member and kind.
  private struct Movement {
    var amounts: [String: Amount] = [:]
    /// Transactions.
    var counts: [String: Int64] = [:]
    /// What paid off debt, by member.
    var offsets: [String: Amount] = [:]
  }

  /// What moved in the period; each member of it must have a line.
  private func movement(_ statement: Statement) throws -> Movement {
    var moved = Movement()
    var last: [String: Int64] = [:]
    let query = try reader.statement(
      """
      SELECT sequence, kind, postings FROM transactions
      WHERE storefront = ?1 AND sequence > ?2 AND sequence <= ?3 AND kind <> 'payout'
      ORDER BY sequence
      """)
    var writer = ColumnWriter(query)
    writer.id(storefront)
    writer.integer(statement.from)
    writer.integer(statement.to)
    try query.forEachRow { row in
      var columns = ColumnReader(row)
      let sequence = try columns.integer()
      let kind: CauseKind = try columns.word()
      // Whatever else makes money available releases it.
      let word = kind == .refund || kind == .payoutReturned ? kind : .release
      for (name, amount) in try columns.postings().lines {
        guard let account = Account(name: name), let member = account.member?.text,
          let purse = Purse(account), purse == .available || purse == .debt
        else { continue }
        let place = "\(member)/\(word.rawValue)"
        moved.amounts[place, default: .zero] += amount
        if last.updateValue(sequence, forKey: place) != sequence {
          moved.counts[place, default: 0] += 1
        }
        if purse == .debt, amount > .zero { moved.offsets[member, default: .zero] += amount }
      }
    }
    return moved
  }

  /// What the transactions about a statement gave each member's paid account.
  private func bookedPayments(
    _ statement: Statement, kind: CauseKind
  ) throws -> [String: Amount] {
    var paid: [String: Amount] = [:]
    let query = try reader.statement(
      """
      SELECT postings FROM transactions INDEXED BY transactions_of_subject
      WHERE storefront = ?1 AND subject = ?2 AND kind = ?3
      """)
    var writer = ColumnWriter(query)
    writer.id(storefront)
    writer.text(statement.subject)
    writer.text(kind.rawValue)
    try query.forEachRow { row in
      var columns = ColumnReader(row)
      for (name, amount) in try columns.postings().lines {
        guard case .paid(let member)? = Account(name: name) else { continue }
        paid[member.text, default: .zero] += amount
      }
    }
    return paid
  }

  private func forEachLine(
    _ statement: Statement, _ body: (StatementLine) throws -> Void
  ) throws {
    var last: MemberID?
    while true {
      let page = try reader.statementLines(storefront, statement.id, after: last, limit: 1000)
      for line in page { try body(line) }
      guard let end = page.last?.member else { return }
      last = end
    }
  }

  private func expect<Value: Equatable>(
    _ expected: Value, _ found: Value, at place: @autoclosure () -> String
  ) throws {
    guard expected == found else {
      throw Verification.Fault(at: place(), expected: "\(expected)", found: "\(found)")
    }
  }
}
