// Whose database it is, and forward-only migrations.

import CSQLite
import FoundationEssentials
import Storage
import Testing

@Suite("Schemas")
struct SQLiteSchemaTests {
  static let first = "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (1)"
  static let second = "CREATE TABLE b (x INTEGER) STRICT; INSERT INTO b SELECT x + 1 FROM a"

  func schema(_ migrations: String...) -> SQLiteSchema {
    SQLiteSchema(applicationID: 42, migrations: migrations)
  }

  @Test("Each migration is applied once, in order, whatever version the database starts from")
  func forward() throws {
    for versions in [[1, 2], [2, 2], [1, 1, 2, 2]] {
      try withDirectory { directory in
        for version in versions {
          let schema = version == 1 ? schema(Self.first) : schema(Self.first, Self.second)
          let writer = try SQLiteConnection(directory: directory, access: .writing, schema: schema)
          #expect(try writer.number("PRAGMA user_version") == Int64(version))
          #expect(try writer.number("SELECT count(*) FROM a") == 1)
        }
        let reader = try SQLiteConnection(
          directory: directory, access: .reading, schema: schema(Self.first, Self.second))
        #expect(try reader.number("SELECT x FROM b") == 2)
      }
    }
  }

  @Test("A newer database is refused by writer and reader, and an older one by the reader")
  func versions() throws {
    try withDirectory { directory in
      func code(_ access: SQLiteAccess, _ schema: SQLiteSchema) -> StorageError.Code? {
        storageError {
          _ = try SQLiteConnection(directory: directory, access: access, schema: schema)
        }?.code
      }
      let both = schema(Self.first, Self.second)
      _ = try SQLiteConnection(directory: directory, access: .writing, schema: both)
      #expect(code(.writing, schema(Self.first)) == .newerVersion)
      #expect(code(.reading, schema(Self.first)) == .newerVersion)
      let third = schema(Self.first, Self.second, "CREATE TABLE c (x INTEGER) STRICT")
      #expect(code(.reading, third) == .olderVersion)
      _ = try SQLiteConnection(directory: directory, access: .writing, schema: third)
      _ = try SQLiteConnection(directory: directory, access: .reading, schema: third)
    }
  }

  @Test("A migration that fails leaves the version before it, whole")
  func failed() throws {
    try withDirectory { directory in
      let broken = schema(Self.first, "CREATE TABLE b (x INTEGER) STRICT; INSERT INTO c VALUES (1)")
      let error = storageError {
        _ = try SQLiteConnection(directory: directory, access: .writing, schema: broken)
      }
      #expect(error?.code == .other)
      let reader = try SQLiteConnection(
        directory: directory, access: .reading, schema: schema(Self.first))
      #expect(try reader.number("SELECT count(*) FROM sqlite_schema") == 1)
    }
  }

  /// Makes a database with SQLite alone.
  func makeForeign(_ directory: String, _ script: String) throws {
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
    var handle: OpaquePointer?
    #expect(sqlite3_open(directory + "/waggle.sqlite3", &handle) == SQLITE_OK)
    #expect(sqlite3_exec(handle, script, nil, nil, nil) == SQLITE_OK)
    #expect(sqlite3_close(handle) == SQLITE_OK)
  }

  @Test(
    "A foreign database is refused and stays as it was, byte for byte",
    arguments: [
      "PRAGMA application_id = 41; CREATE TABLE a (x)",
      "PRAGMA application_id = 41",
      "CREATE TABLE a (x)",
      "PRAGMA user_version = 1",
    ], [SQLiteAccess.writing, .reading])
  func foreign(script: String, access: SQLiteAccess) throws {
    try withDirectory { directory in
      try makeForeign(directory, script)
      let path = directory + "/waggle.sqlite3"
      let before = try Data(contentsOf: URL(filePath: path))
      let error = storageError {
        _ = try SQLiteConnection(
          directory: directory, access: access, schema: schema(Self.first))
      }
      #expect(error?.code == .foreignDatabase)
      #expect(try Data(contentsOf: URL(filePath: path)) == before)
    }
  }

  @Test("A file that is no database is refused and stays as it was")
  func noDatabase() throws {
    try withDirectory { directory in
      let text = Data(String(repeating: "not a database\n", count: 100).utf8)
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
      let file = URL(filePath: directory + "/waggle.sqlite3")
      try text.write(to: file)
      let error = storageError {
        _ = try SQLiteConnection(
          directory: directory, access: .writing, schema: schema(Self.first))
      }
      #expect(error?.code == .foreignDatabase)
      #expect(try Data(contentsOf: file) == text)
    }
  }

  @Test("An empty file is a new database")
  func emptyFile() throws {
    try withDirectory { directory in
      try makeForeign(directory, "")
      let writer = try SQLiteConnection(
        directory: directory, access: .writing, schema: schema(Self.first))
      #expect(try writer.number("PRAGMA application_id") == 42)
    }
  }

  @Test("A table that is not STRICT is a bug")
  func lax() async throws {
    try await withDirectory { directory in
      let result = await #expect(
        processExitsWith: .failure, observing: [\.standardErrorContent]
      ) { [directory = directory as String] in
        let lax = SQLiteSchema(applicationID: 42, migrations: ["CREATE TABLE a (x INTEGER)"])
        _ = try SQLiteConnection(directory: directory, access: .writing, schema: lax)
      }
      expectBug("not STRICT", result)
    }
  }
}
