// Transactions with their places in the chain of digests, for those who check it themselves.

import Commerce
import Coordination
import Crypto
import Ledger

/// A transaction with the two digests that hold it in the chain.
package struct LedgerEntry: Equatable, Sendable {
  /// The transaction.
  package let transaction: Transaction
  /// The digest of the one before, 64 hexadecimal digits; zeros before the first.
  package let previous: String
  /// Its own digest as it is stored, 64 hexadecimal digits.
  package let digest: String
  /// Whether its own digest is SHA-256(previous ‖ canonical bytes).
  package let holds: Bool
}

/// A run of the ledger, added up.
package struct LedgerRun: Equatable, Sendable {
  /// The sequence before the first; the run is `after`+1…`last`.
  package let after: Int64
  /// The last sequence; `after` where the run is empty.
  package let last: Int64
  /// The digest before the first.
  package let opening: String
  /// The digest of the last; `opening` where the run is empty.
  package let closing: String
  /// How many postings there are.
  package let postings: Int64
  /// How many transactions of each kind, in order of the kinds; zeros left out.
  package let kinds: [(kind: CauseKind, count: Int64)]
  /// What each party got, in order of name by bytes; zeros left out.
  package let parties: [(party: String, amount: Amount)]
  /// Whether every transaction sums to zero and the chain holds from `opening` to `closing`.
  package let holds: Bool

  /// Equal where every figure is.
  package static func == (left: LedgerRun, right: LedgerRun) -> Bool {
    left.after == right.after && left.last == right.last && left.opening == right.opening
      && left.closing == right.closing && left.postings == right.postings
      && left.holds == right.holds && left.kinds.elementsEqual(right.kinds) { $0 == $1 }
      && left.parties.elementsEqual(right.parties) { $0 == $1 }
  }
}

extension SQLiteReader {
  /// The transactions about one subject, with their digests.
  ///
  /// - Parameters:
  ///   - storefront: whose.
  ///   - subject: see `Cause.subject`.
  /// - Returns: entries in order of sequence.
  /// - Throws: `StorageError`.
  package func ledgerEntries(
    _ storefront: StorefrontID, subject: String
  ) throws -> [LedgerEntry] {
    let sql = """
      SELECT sequence FROM transactions INDEXED BY transactions_of_subject
      WHERE storefront = ?1 AND subject = ?2 ORDER BY sequence
      """
    let sequences = try rows(sql) { row in
      row.id(storefront)
      row.text(subject)
    } _: { row in
      try row.integer()
    }
    return try sequences.compactMap { try ledgerEntry(storefront, $0) }
  }

  /// The transactions of a run of sequences, up to a page.
  ///
  /// - Parameters:
  ///   - storefront: whose.
  ///   - from: the first sequence.
  ///   - to: the last one wanted; the ledger may end before.
  ///   - limit: how many at the most.
  ///   - postingsMax: a page ends with the transaction that reaches so many postings.
  /// - Returns: entries in order of sequence, without a gap.
  /// - Throws: `StorageError`.
  package func ledgerEntries(
    _ storefront: StorefrontID, from: Int64, to: Int64, limit: Int, postingsMax: Int
  ) throws -> [LedgerEntry] {
    var entries: [LedgerEntry] = []
    var postings = 0
    var sequence = from
    while sequence <= to, entries.count < limit, postings < postingsMax,
      let entry = try ledgerEntry(storefront, sequence)
    {
      entries.append(entry)
      postings += entry.transaction.postings.count
      sequence += 1
    }
    return entries
  }

  /// One transaction with its digests, or nothing.
  func ledgerEntry(_ storefront: StorefrontID, _ sequence: Int64) throws -> LedgerEntry? {
    guard let transaction = try transaction(storefront, sequence) else { return nil }
    let previous = try chainDigest(storefront, sequence - 1)
    let digest = try chainDigest(storefront, sequence)
    return LedgerEntry(
      transaction: transaction, previous: hex(previous), digest: hex(digest),
      holds: SHA256.digest(of: previous + transaction.canonicalBytes) == digest)
  }

  /// The digest of the chain at a sequence; zeros at 0.
  func chainDigest(_ storefront: StorefrontID, _ sequence: Int64) throws -> [UInt8] {
    guard sequence > 0 else { return ChainHead.start.digest }
    let found = try rows(
      "SELECT digest FROM transactions WHERE storefront = ? AND sequence = ?"
    ) { row in
      row.id(storefront)
      row.integer(sequence)
    } _: { row in
      try row.bytes()
    }
    guard let digest = found.first else {
      throw StorageError(
        operation: "chain digest", code: .unexpectedValue, extendedCode: 0,
        message: "transaction \(sequence) is missing")
    }
    return digest
  }

  /// The digest of the chain at its end, with its sequence.
  ///
  /// - Parameter storefront: whose.
  /// - Returns: 0 and zeros for an empty ledger.
  /// - Throws: `StorageError`.
  package func chainEnd(_ storefront: StorefrontID) throws -> (sequence: Int64, digest: String) {
    let head = try tables.ledger.head(storefront)
    return (head.sequence, hex(head.digest))
  }

  /// Adds up everything booked from one moment to another, and walks its chain.
  ///
  /// - Parameters:
  ///   - storefront: whose.
  ///   - from: the first moment.
  ///   - until: the first moment behind.
  /// - Returns: the run; an empty one where nothing was booked.
  /// - Throws: `StorageError`.
  /// - Complexity: O(n) in the postings of the run, in space for its parties.
  package func ledgerRun(
    _ storefront: StorefrontID, from: Timestamp, until: Timestamp
  ) throws -> LedgerRun {
    try moment {
      let after = try tables.statements.sequence(storefront, before: from)
      let last = try tables.statements.sequence(storefront, before: until)
      var digest = try chainDigest(storefront, after)
      let opening = hex(digest)
      var parties: [String: Amount] = [:]
      var kinds: [CauseKind: Int64] = [:]
      var postings: Int64 = 0
      var hash = SHA256()
      for sequence in stride(from: after + 1, through: last, by: 1) {
        guard let transaction = try transaction(storefront, sequence) else { continue }
        hash.update(digest)
        hash.update(transaction.canonicalBytes)
        digest = hash.finish()
        kinds[transaction.cause.kind, default: 0] += 1
        postings += Int64(transaction.postings.count)
        for posting in transaction.postings {
          parties[posting.account.party, default: .zero] += posting.amount
        }
      }
      let closing = try chainDigest(storefront, last)
      return LedgerRun(
        after: after, last: last, opening: opening, closing: hex(closing), postings: postings,
        kinds: CauseKind.allCases.compactMap { kind in kinds[kind].map { (kind, $0) } },
        parties: sorted(parties), holds: digest == closing)
    }
  }
}
