// Statements out of the store in memory: scans, like its other queries.

import Commerce
import Ledger

extension MemoryStore {
  /// See `Store`.
  package func statementPeriod(
    _ storefront: StorefrontID, until: Timestamp?
  ) -> StatementPeriod {
    let statements = records.compactMap { key, record -> Statement? in
      guard case .statement(storefront, _) = key, case .statement(let statement) = record else {
        return nil
      }
      return statement
    }
    let last = statements.max { $0.number < $1.number }
    let from = last?.to ?? 0
    var openings: [(member: MemberID, amount: Amount)] = []
    if let last {
      for case (.statementLine(storefront, last.id, let member), .statementLine(let line))
        in records
      {
        openings.append((member, line.figures.closing))
      }
    }
    let booked = transactions.filter { $0.storefront == storefront }.map(\.transaction)
      .filter { transaction in until.map { transaction.at < $0 } ?? true }
    let to = max(from, booked.last?.sequence ?? 0)
    var sums = StatementSums(openings: openings)
    for transaction in booked where transaction.sequence > from {
      for posting in transaction.postings {
        sums.add(posting, of: transaction.cause.kind, sequence: transaction.sequence)
      }
    }
    return StatementPeriod(number: (last?.number ?? 0) + 1, from: from, to: to, lines: sums.lines)
  }

  /// See `Store`.
  package func lastBooking() -> Timestamp? { transactions.map(\.transaction.at).max() }
}
