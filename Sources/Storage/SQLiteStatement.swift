// A statement, prepared once and kept: bind its values, run it or read its rows, again and again.
//
// Invariants: after `run`, `firstRow`, `forEachRow`, a failed `step` or `reset`, the statement holds
// no read transaction open and no value bound, so that a value forgotten next time is NULL rather
// than yesterday's. Values are numbered from 1, as `?1` in the text; columns from 0.
// Threads: those of its connection.

import CSQLite

/// A prepared statement.
package final class SQLiteStatement {
  /// The statement's text.
  package let sql: String
  private let handle: OpaquePointer
  private let connection: SQLiteConnection
  // Copies of bound texts and blobs stand here until the bindings are cleared; what has no room any more
  // is copied by SQLite. Made with the first of them, since most statements are seldom used.
  private var kept: UnsafeMutableRawPointer?
  private var keptCount = 0
  private static let keptMax = 4_096

  /// Compiles one statement.
  ///
  /// - Parameters:
  ///   - sql: exactly one statement.
  ///   - connection: kept alive by the statement.
  /// - Throws: `StorageError` if the text does not fit the schema.
  package init(_ sql: String, on connection: SQLiteConnection) throws(StorageError) {
    var handle: OpaquePointer?
    var isWhole = true
    let result = sql.withCString { text in
      var rest: UnsafePointer<CChar>?
      let result = sqlite3_prepare_v3(
        connection.handle, text, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &handle, &rest)
      isWhole = rest.map { $0.pointee == 0 } ?? true
      return result
    }
    guard result == SQLITE_OK else {
      throw StorageError(result, operation: sql, connection: connection.handle)
    }
    guard let handle, isWhole else { preconditionFailure("not exactly one statement: \(sql)") }
    self.sql = sql
    self.handle = handle
    self.connection = connection
  }

  deinit {
    sqlite3_finalize(handle)
    kept?.deallocate()
  }

  /// Copies bytes to where they stay until the bindings are cleared; nothing where there is no room.
  private func keep(_ bytes: UnsafeRawBufferPointer) -> UnsafeMutableRawPointer? {
    guard bytes.count <= Self.keptMax - keptCount else { return nil }
    let start =
      kept ?? UnsafeMutableRawPointer.allocate(byteCount: Self.keptMax, alignment: 16)
    kept = start
    let place = start + keptCount
    // An empty value has no bytes to copy, and needs a place all the same: a null pointer would be NULL.
    if let source = bytes.baseAddress { place.copyMemory(from: source, byteCount: bytes.count) }
    keptCount += bytes.count
    return place
  }

  private func bindText(_ bytes: UnsafeRawBufferPointer, at index: Int) {
    let count = UInt64(bytes.count)
    if let place = keep(bytes) {
      check(csqlite_bind_kept_text(handle, Int32(index), place, count))
    } else {
      check(
        csqlite_bind_text(
          handle, Int32(index), bytes.baseAddress?.assumingMemoryBound(to: CChar.self), count))
    }
  }
}

// Values. Binding fails only by a mistake in the code (an index that the text does not have, a
// statement in the middle of its rows) or for want of memory; both stop the program.
extension SQLiteStatement {
  /// Binds an integer, or NULL.
  ///
  /// - Parameters:
  ///   - value: the integer.
  ///   - index: from 1.
  package func bind(_ value: Int64?, at index: Int) {
    guard let value else { return bindNull(at: index) }
    check(sqlite3_bind_int64(handle, Int32(index), value))
  }

  /// Binds a copy of a text, or NULL.
  ///
  /// - Parameters:
  ///   - value: any text; a NUL inside it is kept.
  ///   - index: from 1.
  package func bind(_ value: String?, at index: Int) {
    guard var value else { return bindNull(at: index) }
    value.withUTF8 { bindText(UnsafeRawBufferPointer($0), at: index) }
  }

  /// Binds a copy of bytes that are UTF-8 as a text.
  ///
  /// - Parameters:
  ///   - bytes: UTF-8; not checked here.
  ///   - index: from 1.
  package func bind(utf8 bytes: ArraySlice<UInt8>, at index: Int) {
    bytes.withUnsafeBytes { bindText($0, at: index) }
  }

  /// Binds a copy of bytes, or NULL.
  ///
  /// - Parameters:
  ///   - value: the bytes; none is an empty blob.
  ///   - index: from 1.
  package func bind(_ value: [UInt8]?, at index: Int) {
    guard let value else { return bindNull(at: index) }
    let result = value.withUnsafeBytes { bytes in
      if let place = keep(bytes) {
        return csqlite_bind_kept_blob(handle, Int32(index), place, UInt64(bytes.count))
      }
      return csqlite_bind_blob(handle, Int32(index), bytes.baseAddress, UInt64(bytes.count))
    }
    check(result)
  }

  /// Binds NULL.
  ///
  /// - Parameter index: from 1.
  package func bindNull(at index: Int) {
    check(sqlite3_bind_null(handle, Int32(index)))
  }

  private func check(_ result: Int32) {
    precondition(result == SQLITE_OK, "binding failed with \(result): \(sql)")
  }
}

extension SQLiteStatement {
  /// Goes to the next row.
  ///
  /// The columns can be read until the next `step` or `reset`. Prefer `firstRow` and `forEachRow`,
  /// which never forget to reset.
  /// - Returns: false after the last row.
  /// - Throws: `StorageError`, after a reset.
  package func step() throws(StorageError) -> Bool {
    let result = sqlite3_step(handle)
    switch result {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    default:
      // The message belongs to the connection and is replaced by the next call.
      let error = StorageError(result, operation: sql, connection: connection.handle)
      reset()
      throw error
    }
  }

  /// Makes ready for the next use: leaves the rows and forgets the bound values.
  package func reset() {
    // Both repeat at most the error that `step` has reported.
    sqlite3_reset(handle)
    sqlite3_clear_bindings(handle)
    keptCount = 0
  }

  /// Runs a statement that answers with no rows, and resets it.
  ///
  /// - Throws: `StorageError`; `.constraint` if it would break a rule of the schema.
  package func run() throws(StorageError) {
    let hasRow = try step()
    reset()
    precondition(!hasRow, "a statement with rows was run for none: \(sql)")
  }

  /// Reads the first row, and resets.
  ///
  /// - Parameter read: called with this statement if there is a row.
  /// - Returns: what `read` returns; nil without a row.
  /// - Throws: `StorageError`, and what `read` throws.
  package func firstRow<Value>(_ read: (SQLiteStatement) throws -> Value) throws -> Value? {
    defer { reset() }
    return try step() ? read(self) : nil
  }

  /// Reads every row in order, and resets.
  ///
  /// - Parameter read: called with this statement at each row.
  /// - Throws: `StorageError`, and what `read` throws.
  package func forEachRow(_ read: (SQLiteStatement) throws -> Void) throws {
    defer { reset() }
    while try step() { try read(self) }
  }
}

// Columns of the present row. SQLite would turn one type into another in silence (NULL reads as 0);
// here that is an error.
extension SQLiteStatement {
  /// Whether a column is NULL.
  ///
  /// - Parameter column: from 0.
  /// - Returns: true for NULL.
  package func isNull(_ column: Int) -> Bool { type(column) == SQLITE_NULL }

  /// Reads an integer.
  ///
  /// - Parameter column: from 0.
  /// - Returns: its value.
  /// - Throws: `.unexpectedValue` for any other type, NULL too.
  package func integer(_ column: Int) throws(StorageError) -> Int64 {
    try expect(SQLITE_INTEGER, column)
    return sqlite3_column_int64(handle, Int32(column))
  }

  /// Reads a text.
  ///
  /// - Parameter column: from 0.
  /// - Returns: its value, with a NUL inside it.
  /// - Throws: `.unexpectedValue` for any other type, NULL too, and for bytes that are not UTF-8.
  package func text(_ column: Int) throws(StorageError) -> String {
    try expect(SQLITE_TEXT, column)
    // The pointer before the count: the call for the pointer may convert the value.
    let start = sqlite3_column_text(handle, Int32(column))
    let count = Int(sqlite3_column_bytes(handle, Int32(column)))
    let bytes = UnsafeBufferPointer(start: start, count: start == nil ? 0 : count)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw unexpected("column \(column) is not UTF-8")
    }
    return text
  }

  /// Reads the bytes of a text, without checking that they are UTF-8.
  ///
  /// - Parameter column: from 0.
  /// - Returns: a copy.
  /// - Throws: `.unexpectedValue` for any other type, NULL too.
  package func utf8(_ column: Int) throws(StorageError) -> [UInt8] {
    try expect(SQLITE_TEXT, column)
    guard let start = sqlite3_column_text(handle, Int32(column)) else { return [] }
    let count = Int(sqlite3_column_bytes(handle, Int32(column)))
    return [UInt8](UnsafeRawBufferPointer(start: start, count: count))
  }

  /// Reads bytes.
  ///
  /// - Parameter column: from 0.
  /// - Returns: a copy.
  /// - Throws: `.unexpectedValue` for any other type, NULL too.
  package func blob(_ column: Int) throws(StorageError) -> [UInt8] {
    try expect(SQLITE_BLOB, column)
    // An empty blob has no pointer.
    guard let start = sqlite3_column_blob(handle, Int32(column)) else { return [] }
    let count = Int(sqlite3_column_bytes(handle, Int32(column)))
    return [UInt8](UnsafeRawBufferPointer(start: start, count: count))
  }

  /// Reads an integer or NULL.
  ///
  /// - Parameter column: from 0.
  /// - Returns: nil for NULL.
  /// - Throws: `.unexpectedValue` for any other type.
  package func optionalInteger(_ column: Int) throws(StorageError) -> Int64? {
    isNull(column) ? nil : try integer(column)
  }

  /// Reads a text or NULL.
  ///
  /// - Parameter column: from 0.
  /// - Returns: nil for NULL.
  /// - Throws: `.unexpectedValue` for any other type and for bytes that are not UTF-8.
  package func optionalText(_ column: Int) throws(StorageError) -> String? {
    isNull(column) ? nil : try text(column)
  }

  /// Reads bytes or NULL.
  ///
  /// - Parameter column: from 0.
  /// - Returns: nil for NULL.
  /// - Throws: `.unexpectedValue` for any other type.
  package func optionalBlob(_ column: Int) throws(StorageError) -> [UInt8]? {
    isNull(column) ? nil : try blob(column)
  }

  private func type(_ column: Int) -> Int32 {
    // SQLite answers NULL for a column that is not there.
    precondition(
      (0..<sqlite3_data_count(handle)).contains(Int32(column)), "no column \(column): \(sql)")
    return sqlite3_column_type(handle, Int32(column))
  }

  private func expect(_ expected: Int32, _ column: Int) throws(StorageError) {
    let found = type(column)
    guard found == expected else {
      throw unexpected("column \(column) holds type \(found), not \(expected)")
    }
  }

  func unexpected(_ message: String) -> StorageError {
    StorageError(operation: sql, code: .unexpectedValue, extendedCode: 0, message: message)
  }
}
