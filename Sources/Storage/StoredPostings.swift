// The postings of a transaction as its row keeps them: the lines that the digest covers, `account|amount`
// with a line feed each (see Transaction.canonicalBytes). One text for all of them, because a row for each
// costs more than everything else about a transaction. Values only; any thread.

import Commerce
import Ledger

/// The postings out of a transaction's row, in their order; not checked beyond their form.
struct StoredPostings {
  /// The accounts by name, with minor units.
  let lines: [(account: String, amount: Amount)]

  /// Reads what the row of a transaction keeps; nothing where a line is not `account|amount`.
  init?(_ text: [UInt8]) {
    var lines: [(account: String, amount: Amount)] = []
    var start = 0
    while start < text.count {
      guard let end = text[start...].firstIndex(of: UInt8(ascii: "\n")),
        let bar = text[start..<end].firstIndex(of: UInt8(ascii: "|")),
        let account = String(validating: text[start..<bar], as: UTF8.self),
        let amount = Int64(String(decoding: text[(bar + 1)..<end], as: UTF8.self))
      else { return nil }
      lines.append((account, Amount(amount)))
      start = end + 1
    }
    self.lines = lines
  }

  /// What a transaction's row keeps of its postings.
  ///
  /// - Parameter canonical: the bytes that the digest covers: a line about the transaction, then these.
  /// - Returns: the lines of its postings.
  static func text(in canonical: [UInt8]) -> ArraySlice<UInt8> {
    guard let end = canonical.firstIndex(of: UInt8(ascii: "\n")) else {
      preconditionFailure("a transaction begins with a line of its own")
    }
    return canonical[(end + 1)...]
  }
}

/// Which of a member's accounts a posting is to, as `member_postings` has it.
enum Purse: String {
  case pending, available, paid, debt

  /// Nothing for an account that is no member's.
  init?(_ account: Account) {
    switch account {
    case .pending: self = .pending
    case .available: self = .available
    case .paid: self = .paid
    case .debt: self = .debt
    case .buyers, .supplier, .platform, .unsettled: return nil
    }
  }

  /// That account of a member.
  func account(of member: MemberID) -> Account {
    switch self {
    case .pending: .pending(member)
    case .available: .available(member)
    case .paid: .paid(member)
    case .debt: .debt(member)
    }
  }
}

extension ColumnReader {
  /// The postings of a transaction.
  mutating func postings() throws(StorageError) -> StoredPostings {
    guard let postings = StoredPostings(try utf8()) else { throw corrupt("no postings") }
    return postings
  }
}

extension SQLiteReader {
  /// What stands among a member's postings at a place of the ledger, in words; nothing where none does.
  func memberPosting(
    _ storefront: StorefrontID, _ member: MemberID, _ sequence: Int64, ordinal: Int
  ) throws -> String? {
    try rows(
      """
      SELECT purse, amount FROM member_postings
      WHERE member = ?1 AND storefront = ?2 AND sequence = ?3 AND ordinal = ?4
      """
    ) { row in
      row.id(member)
      row.id(storefront)
      row.integer(sequence)
      row.integer(Int64(ordinal))
    } _: { row in
      "\(try row.text()) \(try row.amount())"
    }.first
  }
}
