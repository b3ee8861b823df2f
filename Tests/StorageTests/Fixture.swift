// A directory of its own for each test, and a small schema.

import FoundationEssentials
import Glibc
import Storage
import Testing

/// Gives `body` a path that does not exist yet, and removes what it made there.
func withDirectory<Result>(_ body: (String) throws -> Result) throws -> Result {
  var template = Array("/tmp/waggle-storage-XXXXXX".utf8CString)
  let base = try #require(mkdtemp(&template).map { String(cString: $0) })
  defer { #expect(throws: Never.self) { try FileManager.default.removeItem(atPath: base) } }
  return try body(base + "/data")
}

/// The same for a test that starts processes.
func withDirectory<Result>(_ body: (String) async throws -> Result) async throws -> Result {
  var template = Array("/tmp/waggle-storage-XXXXXX".utf8CString)
  let base = try #require(mkdtemp(&template).map { String(cString: $0) })
  defer { #expect(throws: Never.self) { try FileManager.default.removeItem(atPath: base) } }
  return try await body(base + "/data")
}

/// Gives `body` a new database of the sample schema and its writer.
func withWriter<Result>(_ body: (SQLiteConnection) throws -> Result) throws -> Result {
  try withDirectory { directory in
    try body(SQLiteConnection(directory: directory, access: .writing, schema: .sample))
  }
}

extension SQLiteSchema {
  static let sample = SQLiteSchema(
    applicationID: 0x5761_676c,
    migrations: [
      """
      CREATE TABLE room (
        id TEXT PRIMARY KEY, viewers INTEGER NOT NULL CHECK (viewers >= 0), picture BLOB
      ) STRICT;
      CREATE TABLE listing (
        number INTEGER PRIMARY KEY, room TEXT NOT NULL REFERENCES room (id), sku TEXT UNIQUE
      ) STRICT;
      """
    ])
}

extension SQLiteConnection {
  /// Adds a room.
  func add(_ room: String, viewers: Int64 = 0) throws {
    let insert = try SQLiteStatement("INSERT INTO room (id, viewers) VALUES (?, ?)", on: self)
    insert.bind(room, at: 1)
    insert.bind(viewers, at: 2)
    try insert.run()
  }

  /// The ids of all rooms in order.
  func rooms() throws -> [String] {
    var rooms: [String] = []
    let select = try SQLiteStatement("SELECT id FROM room ORDER BY id", on: self)
    try select.forEachRow { rooms.append(try $0.text(0)) }
    return rooms
  }

  /// The one integer that a query answers with.
  func number(_ sql: String) throws -> Int64? {
    try SQLiteStatement(sql, on: self).firstRow { try $0.integer(0) }
  }
}

/// Runs `body` and returns the storage error that it must throw.
func storageError(
  _ body: () throws -> Void, sourceLocation: SourceLocation = #_sourceLocation
) -> StorageError? {
  #expect(throws: StorageError.self, sourceLocation: sourceLocation) { try body() }
}

/// Checks that a process stopped itself over a bug, and not for any other reason.
func expectBug(_ message: String, _ result: ExitTest.Result?) {
  let output = result.map { String(decoding: $0.standardErrorContent, as: UTF8.self) } ?? ""
  #expect(output.contains(message))
}
