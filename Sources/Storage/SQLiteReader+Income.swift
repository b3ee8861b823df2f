// What members earned in a span of time, for tax reports, and when what is pending will be released.

import Commerce
import Coordination
import Ledger

/// What one payee earned in a span of time. Source: domain.md, section 3; the quarterly reports of
/// platforms on the income of payees (gross, returns, net).
package struct Income: Equatable, Sendable {
  /// Everything booked for the payee.
  package var gross: Amount = .zero
  /// Everything taken back, as a positive figure.
  package var returns: Amount = .zero
  /// The part of the net that comes from sales; the rest is bonuses for somebody's joining.
  package var commission: Amount = .zero
  /// What statements paid out, less payments that failed.
  package var paid: Amount = .zero
  /// Paid orders that gave the payee a share.
  package var orders: Int64 = 0

  /// Makes an income of nothing.
  package init() {}

  /// Gross less returns; negative where more was taken back than came in.
  package var net: Amount { gross - returns }

  /// Whether there is anything to report.
  package var isEmpty: Bool { self == Income() }

  /// Adds the income of another.
  package static func += (total: inout Income, income: Income) {
    total.gross += income.gross
    total.returns += income.returns
    total.commission += income.commission
    total.paid += income.paid
    total.orders += income.orders
  }
}

/// What all payees earned in a span of time.
package struct IncomeReport: Equatable, Sendable {
  /// The sequence before the first transaction of the span.
  package let after: Int64
  /// The last sequence of the span.
  package let last: Int64
  /// Payees in order of id by bytes, with their names now.
  package let payees: [Payee]
  /// All payees together.
  package let total: Income
  /// What everybody but the members got in the span; minus the total's net, since the books sum to zero.
  package let others: Amount

  /// One payee.
  package struct Payee: Equatable, Sendable {
    /// Who.
    package let member: MemberID
    /// The name; empty where there is none.
    package let name: String
    /// The figures.
    package let income: Income
  }
}

/// Pending money that is released on the same day, or that waits for the same thing.
package struct PendingGroup: Equatable, Sendable {
  /// What it waits for.
  package enum Wait: Equatable, Sendable {
    /// The start of a day in the storefront's zone.
    case day(Timestamp)
    /// The end of a dispute.
    case dispute
    /// The delivery.
    case delivery
    /// A commission service that has to split what is left after a refund.
    case settlement
  }

  /// What it waits for.
  package let wait: Wait
  /// How much.
  package let amount: Amount
  /// Orders behind it.
  package let orders: Int64
  /// Joining bonuses behind it.
  package let bonuses: Int64
}

extension SQLiteReader {
  /// What every payee earned in a span of time, by when it was booked.
  ///
  /// - Parameters:
  ///   - storefront: whose.
  ///   - from: the first moment.
  ///   - until: the first moment behind.
  /// - Returns: the report.
  /// - Throws: `StorageError`.
  /// - Complexity: O(n) in the postings of the span, in space for the payees.
  package func income(
    _ storefront: StorefrontID, from: Timestamp, until: Timestamp
  ) throws -> IncomeReport {
    try moment {
      let after = try tables.statements.sequence(storefront, before: from)
      let last = try tables.statements.sequence(storefront, before: until)
      var sums = IncomeSums()
      let statement = try statement(
        """
        SELECT kind, subject, postings FROM transactions
        WHERE storefront = ?1 AND sequence > ?2 AND sequence <= ?3 ORDER BY sequence
        """)
      var writer = ColumnWriter(statement)
      writer.id(storefront)
      writer.integer(after)
      writer.integer(last)
      try statement.forEachRow { row in
        var columns = ColumnReader(row)
        try sums.take(&columns)
      }
      var payees: [IncomeReport.Payee] = []
      var total = Income()
      for (member, income) in sums.members.sorted(by: { $0.key < $1.key }) where !income.isEmpty {
        let name = try tables.people.member(storefront, member)?.name ?? ""
        payees.append(IncomeReport.Payee(member: member, name: name, income: income))
        total += income
      }
      return IncomeReport(
        after: after, last: last, payees: payees, total: total, others: sums.others)
    }
  }

  /// What a member's pending money waits for.
  ///
  /// - Parameters:
  ///   - storefront: whose.
  ///   - member: whose.
  /// - Returns: days in order, then what is disputed, not delivered, not settled; their amounts sum to
  ///   the member's pending balance.
  /// - Throws: `StorageError`.
  /// - Complexity: O(n) in the member's postings.
  package func pendingGroups(
    _ storefront: StorefrontID, _ member: MemberID
  ) throws -> [PendingGroup] {
    let sql = """
      SELECT CASE WHEN o.state = 'disputed' THEN 1
        WHEN o.delivered_at IS NOT NULL AND o.settle_at IS NOT NULL THEN 3
        WHEN coalesce(o.due_at, b.due_at) IS NULL THEN 2 ELSE 0 END AS wait,
      coalesce(o.due_at, b.due_at) AS due, sum(s.amount), count(o.id), count(b.id)
      FROM (
        SELECT t.subject AS subject, sum(p.amount) AS amount
        FROM member_postings AS p
        JOIN transactions AS t ON t.storefront = p.storefront AND t.sequence = p.sequence
        WHERE p.storefront = ?1 AND p.member = ?2 AND p.purse = ?3
        GROUP BY t.subject HAVING sum(p.amount) <> 0
      ) AS s
      LEFT JOIN orders AS o ON o.storefront = ?1 AND o.id = s.subject
      LEFT JOIN bonuses AS b ON b.storefront = ?1 AND s.subject = 'award/' || b.id
        AND b.id = substr(s.subject, 7)
      GROUP BY wait, due ORDER BY wait, due
      """
    return try rows(sql) { row in
      row.id(storefront)
      row.id(member)
      row.text(Purse.pending.rawValue)
    } _: { row in
      let kind = try row.integer()
      let due = try row.optionalTime()
      let wait: PendingGroup.Wait
      switch (kind, due) {
      case (0, let due?): wait = .day(due)
      case (1, _): wait = .dispute
      case (3, _): wait = .settlement
      default: wait = .delivery
      }
      return PendingGroup(
        wait: wait, amount: try row.amount(), orders: try row.integer(),
        bonuses: try row.integer())
    }
  }
}

/// Adds up incomes from transactions in order of the ledger.
private struct IncomeSums {
  private(set) var members: [MemberID: Income] = [:]
  private(set) var others = Amount.zero
  /// What the present transaction gives each member, over all their accounts.
  private var nets: [(member: MemberID, amount: Amount)] = []

  /// Takes a transaction: its kind, its subject, its postings.
  mutating func take(_ row: inout ColumnReader) throws {
    let kind: CauseKind = try row.word()
    let isBonus = try row.text().hasPrefix("award/")
    for (name, amount) in try row.postings().lines {
      guard let account = Account(name: name) else { throw row.corrupt("no account: \(name)") }
      take(account, amount, kind)
    }
    for (member, amount) in nets {
      var income = members[member] ?? Income()
      if amount >= .zero { income.gross += amount } else { income.returns -= amount }
      if !isBonus { income.commission += amount }
      if kind == .sale || kind == .settlement { income.orders += 1 }
      members[member] = income
    }
    nets.removeAll(keepingCapacity: true)
  }

  private mutating func take(_ account: Account, _ amount: Amount, _ kind: CauseKind) {
    guard let member = account.member else {
      others += amount
      return
    }
    switch kind {
    // A release and a payout move money between accounts of one member.
    case .release: return
    case .payout, .payoutReturned:
      if case .paid = account { members[member, default: Income()].paid += amount }
    default:
      if let index = nets.firstIndex(where: { $0.member == member }) {
        nets[index].amount += amount
      } else {
        nets.append((member, amount))
      }
    }
  }
}
