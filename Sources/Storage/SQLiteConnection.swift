// One connection to the SQLite database of a data directory.
//
// Files: `DIRECTORY/waggle.sqlite3` with its `-wal` and `-shm`, and `DIRECTORY/lock`.
// Invariants: at most one connection writes and checkpoints, in this process and any other (see
// DirectoryLock); readers see committed transactions only and never make the writer wait.
// Durability: WAL with synchronous=FULL, so a commit that returned survives power loss if the disk
// honours fsync.
// Threads: SQLite is opened without its mutex. A connection and its statements belong to one thread
// at a time; they are not Sendable, so that the compiler keeps it so.

import CSQLite

/// What a connection may do.
package enum SQLiteAccess: Equatable, Sendable {
  /// The one writer of a directory; creates and migrates the database as needed.
  case writing
  /// Sees committed data; any number at once, beside the writer or without it.
  case reading
}

/// A connection to the database of a data directory.
package final class SQLiteConnection {
  /// What this connection may do.
  package let access: SQLiteAccess
  /// The database file.
  package let path: String
  let handle: OpaquePointer
  // Released after `deinit` has closed the database.
  private let lock: DirectoryLock?
  private var isInTransaction = false
  /// Whether a read transaction may be open for the questions of many calls.
  private var isReading = false

  /// Opens the database, creates and migrates it (writer), or checks that it is current (reader).
  ///
  /// - Parameters:
  ///   - directory: made if it is not there (writer); its parent must exist.
  ///   - access: `.writing` needs the directory's lock.
  ///   - schema: what the database must be.
  ///   - fileSystem: the name of the VFS that SQLite reaches the disk by; the default one where there
  ///     is none. Tests name one that loses power.
  /// - Throws: `StorageError`: `.writerPresent`, `.foreignDatabase`, `.newerVersion`,
  ///   `.olderVersion` (reader), `.cannotOpen`, or what a migration met.
  package init(
    directory: String, access: SQLiteAccess, schema: SQLiteSchema, fileSystem: String? = nil
  ) throws {
    if access == .writing {
      try makeDirectory(directory)
      lock = try DirectoryLock(directory: directory)
    } else {
      lock = nil
    }
    self.access = access
    path = directory + "/waggle.sqlite3"
    handle = try Self.open(path, access, fileSystem)
    // From here on `deinit` closes the database, whatever is thrown.
    try checkOwner(schema)
    try configure()
    if access == .writing { try migrate(schema) }
  }

  deinit {
    // Statements keep their connection alive, so none is left; a writer checkpoints here.
    let result = sqlite3_close(handle)
    precondition(result == SQLITE_OK, "a database was closed before its statements")
  }

  /// How many rows the last `INSERT`, `UPDATE` or `DELETE` changed.
  package var changedRows: Int64 { sqlite3_changes64(handle) }

  /// The number of the last row that was inserted into a table with numbered rows since this was set to
  /// nothing; nothing where none was.
  var lastInsertedRow: Int64? {
    get {
      let row = sqlite3_last_insert_rowid(handle)
      return row == 0 ? nil : row
    }
    set { sqlite3_set_last_insert_rowid(handle, newValue ?? 0) }
  }

  /// Runs a script of one or more statements whose rows nobody needs.
  ///
  /// - Parameter script: SQL without parameters.
  /// - Throws: `StorageError`; statements before the failed one stay done unless in a transaction.
  package func execute(_ script: String) throws(StorageError) {
    let result = sqlite3_exec(handle, script, nil, nil, nil)
    guard result == SQLITE_OK else {
      throw StorageError(result, operation: script, connection: handle)
    }
  }

  /// Runs `body` in one transaction: all of its changes are committed, or none.
  ///
  /// For a reader: everything that `body` reads comes from the same committed state. If this throws,
  /// the transaction has been rolled back, with one exception that no database can exclude: a commit
  /// that failed with `.inputOutput` may turn out to be done when the database is opened again.
  /// Transactions do not nest.
  /// - Parameter body: what to do.
  /// - Returns: what `body` returns.
  /// - Throws: what `body` throws; `StorageError` from beginning or committing.
  package func transaction<Result>(_ body: () throws -> Result) throws -> Result {
    precondition(!isInTransaction, "transactions do not nest")
    endReading()
    // IMMEDIATE: a writer learns at once, not at its first write, that the database is busy.
    try execute(access == .writing ? "BEGIN IMMEDIATE" : "BEGIN")
    isInTransaction = true
    defer { isInTransaction = false }
    do {
      let result = try body()
      try execute("COMMIT")
      return result
    } catch {
      rollBack()
      throw error
    }
  }

  /// Asks what follows in one read transaction, until the next `transaction`: otherwise every question
  /// takes and gives back the locks of a transaction of its own, which costs more than to find a row.
  ///
  /// For the writing connection: nobody else writes, so that what it sees is never old.
  /// - Throws: `StorageError`.
  func keepReading() throws(StorageError) {
    guard !isReading, !isInTransaction else { return }
    try execute("BEGIN")
    isReading = true
  }

  /// Nothing was written, so that rolling back is as good as committing, and leaves none open whatever
  /// happens: one that stayed open would make every later transaction fail.
  private func endReading() {
    guard isReading else { return }
    isReading = false
    rollBack()
  }

  private func rollBack() {
    // After some errors (a full disk, for one) SQLite has rolled back by itself.
    guard sqlite3_get_autocommit(handle) == 0 else { return }
    // Should this fail too, the first error says why, and the next BEGIN fails.
    _ = sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
  }

  /// The one number that a statement without parameters answers with.
  func integer(_ sql: String) throws(StorageError) -> Int64 {
    let statement = try SQLiteStatement(sql, on: self)
    guard try statement.step() else {
      throw StorageError(
        operation: sql, code: .unexpectedValue, extendedCode: 0, message: "no row")
    }
    return try statement.integer(0)
  }
}

extension SQLiteConnection {
  /// Once for the process, and before anything else that is asked of SQLite. Refused where something came
  /// before, such as a file system of a test: then it only takes longer.
  private static let countsNoMemory: Void = { _ = csqlite_count_no_memory() }()

  private static func open(
    _ path: String, _ access: SQLiteAccess, _ fileSystem: String?
  ) throws(StorageError) -> OpaquePointer {
    _ = countsNoMemory
    let mode =
      access == .writing ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY
    let flags = mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
    var handle: OpaquePointer?
    let result = sqlite3_open_v2(path, &handle, flags, fileSystem)
    guard result == SQLITE_OK, let handle else {
      // SQLite hands out a connection even when opening failed, for its message.
      defer { sqlite3_close(handle) }
      throw StorageError(result, operation: "open \(path)", connection: handle)
    }
    sqlite3_busy_timeout(handle, 5000)
    return handle
  }

  /// Sets what SQLite does not remember in the file, and the journal mode, which it does.
  private func configure() throws(StorageError) {
    // A text in double quotes is a mistake for a name, never a string.
    switchOption(SQLITE_DBCONFIG_DQS_DML, on: false)
    switchOption(SQLITE_DBCONFIG_DQS_DDL, on: false)
    switchOption(SQLITE_DBCONFIG_TRUSTED_SCHEMA, on: false)
    // No memory map: a disk error is then an error code, not a signal.
    try execute("PRAGMA mmap_size = 0")
    try execute("PRAGMA cell_size_check = ON")
    // Nothing is ever deleted, so that there is nothing to write over with zeros.
    try execute("PRAGMA secure_delete = OFF")
    switch access {
    case .writing:
      let mode = try SQLiteStatement("PRAGMA journal_mode = WAL", on: self)
      guard try mode.step(), try mode.text(0) == "wal" else {
        throw StorageError(
          operation: "PRAGMA journal_mode = WAL", code: .cannotOpen, extendedCode: 0,
          message: "the file system cannot hold a write-ahead log")
      }
      mode.reset()
      try execute("PRAGMA temp_store = MEMORY")
      try execute("PRAGMA synchronous = FULL")
      try execute("PRAGMA foreign_keys = ON")
      // Pages of 4 KiB: checkpoint every 16 MiB, so that a page written in many commits is copied
      // once; give back what a burst left above 64 MiB.
      try execute("PRAGMA wal_autocheckpoint = 4096")
      try execute("PRAGMA journal_size_limit = 67108864")
      try execute("PRAGMA cache_size = -65536")
    case .reading:
      switchOption(SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, on: true)
      try execute("PRAGMA query_only = ON")
      try execute("PRAGMA cache_size = -8192")
    }
  }

  private func switchOption(_ option: Int32, on: Bool) {
    let result = csqlite_configure(handle, option, on ? 1 : 0)
    precondition(result == SQLITE_OK, "this SQLite does not know option \(option)")
  }
}
