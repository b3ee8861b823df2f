// One table of records: a row found by its key, a row stored under its key.
//
// The columns are named once, in the order in which a record is written and read, so that writing
// and reading are two lists of values in the same order.

import Commerce
import Notation

/// The statements that load and store the rows of one table.
final class RecordTable {
  private let select: SQLiteStatement
  private let save: SQLiteStatement

  /// Prepares the statements.
  ///
  /// - Parameters:
  ///   - name: the table.
  ///   - keys: the columns of its key.
  ///   - frozen: columns that never change once the row is there; their indexes are left alone.
  ///   - columns: all others.
  ///   - unread: columns that are there for queries and say nothing new, written last.
  ///   - isAlone: whether the table is its own and only index and nothing refers to it or is referred to:
  ///     then a row is laid over the old one, which is half the work of looking for it first.
  ///   - connection: where the table is.
  /// - Throws: `StorageError` if the schema has no such table or column.
  init(
    _ name: String, keys: [String], frozen: [String] = [], columns: [String],
    unread: [String] = [], isAlone: Bool = false, on connection: SQLiteConnection
  ) throws {
    let changing = columns + unread
    let all = keys + frozen + changing
    let places = all.indices.map { "?\($0 + 1)" }.joined(separator: ", ")
    let row = "INTO \(name) (\(all.joined(separator: ", "))) VALUES (\(places))"
    if isAlone {
      precondition(frozen.isEmpty, "what is laid over the old row is a whole row")
      save = try SQLiteStatement("REPLACE \(row)", on: connection)
    } else {
      let update = changing.map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
      save = try SQLiteStatement(
        "INSERT \(row) ON CONFLICT (\(keys.joined(separator: ", "))) DO "
          + (changing.isEmpty ? "NOTHING" : "UPDATE SET \(update)"), on: connection)
    }
    let condition = keys.indices.map { "\(keys[$0]) = ?\($0 + 1)" }.joined(separator: " AND ")
    select = try SQLiteStatement(
      "SELECT \((frozen + columns).joined(separator: ", ")) FROM \(name) WHERE \(condition)",
      on: connection)
  }

  /// Finds the row of a key.
  ///
  /// - Parameters:
  ///   - key: writes the key.
  ///   - read: reads frozen and changing columns in order.
  /// - Returns: what `read` makes of the row, or nothing without a row.
  /// - Throws: `StorageError`, and what `read` throws.
  func find<Value>(
    _ key: (inout ColumnWriter) -> Void, _ read: (inout ColumnReader) throws -> Value
  ) throws -> Value? {
    var writer = ColumnWriter(select)
    key(&writer)
    return try select.firstRow { row in
      var reader = ColumnReader(row)
      return try read(&reader)
    }
  }

  /// Stores a row, new or changed.
  ///
  /// - Parameter write: writes key, frozen, changing and unread columns in order.
  /// - Throws: `StorageError`.
  func save(_ write: (inout ColumnWriter) -> Void) throws {
    var writer = ColumnWriter(save)
    write(&writer)
    try save.run()
  }
}

/// Binds the values of a statement one after the other.
struct ColumnWriter {
  private let statement: SQLiteStatement
  private var index = 0

  init(_ statement: SQLiteStatement) { self.statement = statement }

  mutating func text(_ value: String?) {
    index += 1
    statement.bind(value, at: index)
  }

  mutating func integer(_ value: Int64?) {
    index += 1
    statement.bind(value, at: index)
  }

  mutating func bytes(_ value: [UInt8]) {
    index += 1
    statement.bind(value, at: index)
  }

  mutating func utf8(_ value: [UInt8]) { utf8(value[...]) }

  mutating func utf8(_ value: ArraySlice<UInt8>) {
    index += 1
    statement.bind(utf8: value, at: index)
  }

  mutating func id<Tag>(_ value: Identifier<Tag>?) { text(value?.text) }
  mutating func amount(_ value: Amount) { integer(value.minorUnits) }
  mutating func time(_ value: Timestamp?) { integer(value?.milliseconds) }
  mutating func rate(_ value: Rate) { integer(Int64(value.partsPerMillion)) }
}

/// Reads the columns of a row one after the other.
struct ColumnReader {
  private let row: SQLiteStatement
  private var column = -1

  init(_ row: SQLiteStatement) { self.row = row }

  private mutating func next() -> Int {
    column += 1
    return column
  }

  mutating func text() throws(StorageError) -> String { try row.text(next()) }
  mutating func optionalText() throws(StorageError) -> String? { try row.optionalText(next()) }
  mutating func integer() throws(StorageError) -> Int64 { try row.integer(next()) }
  mutating func optionalInteger() throws(StorageError) -> Int64? {
    try row.optionalInteger(next())
  }
  mutating func bytes() throws(StorageError) -> [UInt8] { try row.blob(next()) }
  mutating func utf8() throws(StorageError) -> [UInt8] { try row.utf8(next()) }
  mutating func optionalUTF8() throws(StorageError) -> [UInt8]? {
    let column = next()
    return row.isNull(column) ? nil : try row.utf8(column)
  }

  mutating func id<Tag>() throws(StorageError) -> Identifier<Tag> {
    Identifier(trusted: try text())
  }
  mutating func optionalID<Tag>() throws(StorageError) -> Identifier<Tag>? {
    try optionalText().map { Identifier(trusted: $0) }
  }
  mutating func amount() throws(StorageError) -> Amount { Amount(try integer()) }
  mutating func time() throws(StorageError) -> Timestamp {
    Timestamp(milliseconds: try integer())
  }
  mutating func optionalTime() throws(StorageError) -> Timestamp? {
    try optionalInteger().map { Timestamp(milliseconds: $0) }
  }

  mutating func rate() throws(StorageError) -> Rate { try rate(try integer()) }

  /// A rate inside a JSON body.
  func rate(_ partsPerMillion: Int64) throws(StorageError) -> Rate {
    do { return try Rate(partsPerMillion: partsPerMillion) } catch {
      throw corrupt("\(partsPerMillion) is no rate")
    }
  }

  mutating func currency() throws(StorageError) -> Currency {
    let code = try text()
    do { return try Currency(code) } catch { throw corrupt("\(code) is no currency") }
  }

  mutating func word<Word: RawRepresentable<String>>(
    _ type: Word.Type = Word.self
  ) throws(StorageError) -> Word {
    let text = try text()
    guard let word = Word(rawValue: text) else { throw corrupt("\(text) is no \(type)") }
    return word
  }

  mutating func json() throws(StorageError) -> Body { try body(try utf8()) }

  /// Nothing where the column is `NULL`.
  mutating func optionalJSON() throws(StorageError) -> Body? {
    try optionalText().map { text throws(StorageError) in try body(Array(text.utf8)) }
  }

  private func body(_ bytes: [UInt8]) throws(StorageError) -> Body {
    do { return Body(try JSON.read(bytes), of: row.sql) } catch {
      throw corrupt("the body is not JSON: \(error)")
    }
  }

  /// The error for a value that no version of this program would have written.
  func corrupt(_ message: String) -> StorageError {
    StorageError(
      operation: row.sql, code: .unexpectedValue, extendedCode: 0,
      message: "column \(column): \(message)")
  }
}
