// The ledger: transactions with their postings and chain of digests, running balances and earnings.
//
// A transaction's digest is SHA-256(digest of the one before ‖ canonical bytes); before the first
// stand 32 zero bytes. So no stored line can be altered without every later digest telling.

import Commerce
import Coordination
import Crypto
import Ledger

/// The end of a storefront's chain of transactions.
struct ChainHead: Equatable {
  /// The sequence of the last transaction; 0 before the first.
  var sequence: Int64
  /// Its digest.
  var digest: [UInt8]

  /// Before the first transaction.
  static let start = ChainHead(sequence: 0, digest: [UInt8](repeating: 0, count: 32))

  /// The digest of the next transaction.
  func digest(of canonical: [UInt8], _ hash: inout SHA256) -> [UInt8] {
    hash.update(digest)
    hash.update(canonical)
    return hash.finish()
  }
}

/// The tables of the ledger.
final class LedgerTables {
  private let balances: RecordTable
  private let earnings: RecordTable
  private let addTransaction: SQLiteStatement
  private let addPosting: SQLiteStatement
  private let lastTransaction: SQLiteStatement

  /// The columns of earnings in the order in which `readEarnings` takes them.
  static let earningsColumns = ["pending", "released", "reversed", "orders", "viewers_brought"]

  init(_ connection: SQLiteConnection) throws {
    balances = try RecordTable(
      "balances", keys: ["storefront", "account"], columns: ["amount"], isAlone: true,
      on: connection)
    earnings = try RecordTable(
      "earnings", keys: ["storefront", "member", "room"], columns: Self.earningsColumns,
      isAlone: true, on: connection)
    addTransaction = try SQLiteStatement(
      """
      INSERT INTO transactions (
        storefront, sequence, at, kind, subject, fact, currency, digest, postings
      ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
      """, on: connection)
    addPosting = try SQLiteStatement(
      """
      INSERT INTO member_postings (storefront, member, sequence, ordinal, purse, amount)
      VALUES (?, ?, ?, ?, ?, ?)
      """, on: connection)
    lastTransaction = try SQLiteStatement(
      """
      SELECT sequence, digest FROM transactions WHERE storefront = ?
      ORDER BY sequence DESC LIMIT 1
      """, on: connection)
  }

  func balance(_ storefront: StorefrontID, _ account: Account) throws -> Amount? {
    try balances.find({
      $0.id(storefront)
      $0.text(account.name)
    }) { row in try row.amount() }
  }

  func save(_ storefront: StorefrontID, _ account: Account, _ amount: Amount) throws {
    try balances.save { row in
      row.id(storefront)
      row.text(account.name)
      row.amount(amount)
    }
  }

  func earnings(
    _ storefront: StorefrontID, _ member: MemberID, _ room: RoomID?
  ) throws -> Earnings? {
    try earnings.find({
      $0.id(storefront)
      $0.id(member)
      $0.text(room?.text ?? "")
    }) { row in try Self.readEarnings(&row) }
  }

  static func readEarnings(_ row: inout ColumnReader) throws -> Earnings {
    Earnings(
      pending: try row.amount(), released: try row.amount(), reversed: try row.amount(),
      orders: try row.integer(), viewersBrought: try row.integer())
  }

  func save(
    _ storefront: StorefrontID, _ member: MemberID, _ room: RoomID?, _ figures: Earnings
  ) throws {
    try earnings.save { row in
      row.id(storefront)
      row.id(member)
      // Part of the key, which NULL cannot be; no room's id is empty.
      row.text(room?.text ?? "")
      row.amount(figures.pending)
      row.amount(figures.released)
      row.amount(figures.reversed)
      row.integer(figures.orders)
      row.integer(figures.viewersBrought)
    }
  }

  func head(_ storefront: StorefrontID) throws -> ChainHead {
    var writer = ColumnWriter(lastTransaction)
    writer.id(storefront)
    return try lastTransaction.firstRow { row in
      ChainHead(sequence: try row.integer(0), digest: try row.blob(1))
    } ?? .start
  }

  /// Stores a transaction as the next of its storefront's ledger.
  ///
  /// - Parameters:
  ///   - booked: the transaction.
  ///   - head: the end of the chain; moved.
  ///   - hash: reused between transactions.
  /// - Throws: `StorageError`.
  func add(_ booked: BookedTransaction, _ head: inout ChainHead, _ hash: inout SHA256) throws {
    let transaction = booked.transaction
    precondition(transaction.sequence == head.sequence + 1, "the ledger has no gaps")
    let canonical = transaction.canonicalBytes
    head = ChainHead(
      sequence: transaction.sequence, digest: head.digest(of: canonical, &hash))
    var row = ColumnWriter(addTransaction)
    row.id(booked.storefront)
    row.integer(transaction.sequence)
    row.time(transaction.at)
    row.text(transaction.cause.kind.rawValue)
    row.text(transaction.cause.subject)
    row.text(transaction.cause.fact)
    row.text(transaction.currency.code)
    row.bytes(head.digest)
    row.utf8(StoredPostings.text(in: canonical))
    try addTransaction.run()
    for (ordinal, posting) in transaction.postings.enumerated() {
      guard let purse = Purse(posting.account) else { continue }
      var row = ColumnWriter(addPosting)
      row.id(booked.storefront)
      row.id(posting.account.member)
      row.integer(transaction.sequence)
      row.integer(Int64(ordinal))
      row.text(purse.rawValue)
      row.amount(posting.amount)
      try addPosting.run()
    }
  }
}
