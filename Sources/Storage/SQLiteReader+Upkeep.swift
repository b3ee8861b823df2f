// What an operator asks of a database: a copy while it is in use, whether the file is sound, what the
// ledger adds up to, how long things have waited.
//
// A copy is made page by page inside one read transaction, so that it holds exactly one committed
// moment: for every storefront a prefix of its chain. The writer goes on meanwhile, but its log cannot
// be reset before the copy is done. Source: https://www.sqlite.org/backup.html; in WAL mode a step
// uses the transaction that its connection has open already.
// Threads: those of the reader.

import CSQLite
import Commerce
import Coordination
import Glibc
import Ledger

/// Where the chain of a storefront ends.
package struct ChainPoint: Equatable, Sendable {
  /// Whose.
  package let storefront: StorefrontID
  /// The number of its last transaction; 0 where there is none.
  package let sequence: Int64
  /// The digest of the chain there, 64 hexadecimal digits.
  package let digest: String
}

extension SQLiteReader {
  /// How many pages are copied at a time: 4 MiB.
  private static let pagesPerStep: Int32 = 1024

  /// Copies the database into a new file that is complete by itself, with no log beside it.
  ///
  /// - Parameters:
  ///   - path: must not be there; readable by its owner only. Left as it is where this throws.
  ///   - progress: told now and then how many pages of how many are copied.
  /// - Returns: where the chains in the copy end, in order of storefront.
  /// - Throws: `StorageError`.
  package func copy(
    to path: String, progress: (_ done: Int64, _ of: Int64) -> Void = { _, _ in }
  ) throws -> [ChainPoint] {
    let file = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw StorageError(systemCall: "create \(path)", number: errno) }
    close(file)
    let points = try moment {
      // The first question of the moment decides which one it is.
      let points = try storefronts().map { storefront in
        let end = try chainEnd(storefront)
        return ChainPoint(storefront: storefront, sequence: end.sequence, digest: end.digest)
      }
      try CopyTarget(path).take(connection, Self.pagesPerStep, progress)
      return points
    }
    try CopyTarget(path).seal()
    return points
  }

  /// What is wrong with the file, as far as its structure goes.
  ///
  /// - Parameter isThorough: compares every index with its table and checks every reference, too.
  /// - Returns: up to ten sentences of SQLite; none where all is well.
  /// - Throws: `StorageError`.
  /// - Complexity: O(n) in the size of the file.
  package func structuralFaults(isThorough: Bool) throws -> [String] {
    let check = isThorough ? "PRAGMA integrity_check(10)" : "PRAGMA quick_check(10)"
    var faults: [String] = []
    try statement(check).forEachRow { faults.append(try $0.text(0)) }
    faults.removeAll { $0 == "ok" }
    guard isThorough, faults.isEmpty else { return faults }
    try statement("SELECT \"table\", count(*) FROM pragma_foreign_key_check GROUP BY 1 LIMIT 10")
      .forEachRow { row in
        faults.append("\(try row.integer(1)) rows of \(try row.text(0)) refer to nothing")
      }
    return faults
  }

  /// When something was booked last, in any storefront.
  ///
  /// - Throws: `StorageError`.
  package func lastBooking() throws -> Timestamp? { try tables.statements.lastBooking() }

  /// How far the balances of all storefronts are from adding up to zero, in minor units.
  ///
  /// Each storefront counts without its sign, so that two that are wrong cannot make up for each other.
  /// - Returns: 0 where every ledger is in balance.
  /// - Throws: `StorageError`.
  /// - Complexity: O(n) in the accounts.
  package func imbalance() throws -> Int64 {
    let sums = try rows("SELECT sum(amount) FROM balances GROUP BY storefront", { _ in }) { row in
      try row.integer()
    }
    return sums.reduce(0) { $0 &+ abs($1) }
  }

  /// Since when the order has been paid that has waited longest for a commission service.
  ///
  /// - Returns: nothing where none waits.
  /// - Throws: `StorageError`.
  /// - Complexity: O(n) in the orders that wait.
  package func oldestUnsettled() throws -> Timestamp? {
    try statement("SELECT min(paid_at) FROM orders WHERE settle_at IS NOT NULL").firstRow { row in
      try row.optionalInteger(0).map { Timestamp(milliseconds: $0) }
    } ?? nil
  }
}

/// The file that a copy is written to.
private struct CopyTarget {
  private let path: String

  init(_ path: String) { self.path = path }

  /// Takes every page of a connection that has a transaction open.
  func take(
    _ source: SQLiteConnection, _ pages: Int32, _ progress: (Int64, Int64) -> Void
  ) throws(StorageError) {
    let handle = try opened()
    defer { sqlite3_close(handle) }
    guard let copy = sqlite3_backup_init(handle, "main", source.handle, "main") else {
      throw failure(sqlite3_extended_errcode(handle), handle)
    }
    var result = SQLITE_OK
    repeat {
      result = sqlite3_backup_step(copy, pages)
      let total = Int64(sqlite3_backup_pagecount(copy))
      progress(total - Int64(sqlite3_backup_remaining(copy)), total)
    } while result == SQLITE_OK
    let end = sqlite3_backup_finish(copy)
    guard result == SQLITE_DONE else { throw failure(result, handle) }
    guard end == SQLITE_OK else { throw failure(end, handle) }
  }

  /// Makes one file of it: a copy of a database with a log expects a log.
  func seal() throws(StorageError) {
    let handle = try opened()
    defer { sqlite3_close(handle) }
    let result = sqlite3_exec(handle, "PRAGMA journal_mode = DELETE", nil, nil, nil)
    guard result == SQLITE_OK else { throw failure(result, handle) }
  }

  private func opened() throws(StorageError) -> OpaquePointer {
    var handle: OpaquePointer?
    let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
    let result = sqlite3_open_v2(path, &handle, flags, nil)
    guard result == SQLITE_OK, let handle else {
      defer { sqlite3_close(handle) }
      throw failure(result, handle)
    }
    return handle
  }

  private func failure(_ result: Int32, _ handle: OpaquePointer?) -> StorageError {
    StorageError(result, operation: "copy to \(path)", connection: handle)
  }
}
