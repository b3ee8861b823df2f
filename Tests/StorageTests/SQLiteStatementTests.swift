// Values in and out, constraints, and statements used again.

import Storage
import Testing

@Suite("Statements")
struct SQLiteStatementTests {
  @Test("Integers come back as they went in", arguments: [0, 1, -1, Int64.min, Int64.max])
  func integers(value: Int64) throws {
    try withWriter { writer throws in
      let echo = try SQLiteStatement("SELECT ?1", on: writer)
      echo.bind(value, at: 1)
      #expect(try echo.firstRow { try $0.integer(0) } == value)
    }
  }

  @Test(
    "Texts come back as they went in", arguments: ["", "蜜蜂", "a\0b", "'; DROP TABLE room", "🐝"])
  func texts(value: String) throws {
    try withWriter { writer throws in
      let echo = try SQLiteStatement("SELECT ?1, length(CAST(?1 AS BLOB))", on: writer)
      echo.bind(value, at: 1)
      let row = try echo.firstRow { (try $0.text(0), try $0.integer(1)) }
      #expect(row?.0.utf8.elementsEqual(value.utf8) == true)
      #expect(row?.1 == Int64(value.utf8.count))
    }
  }

  @Test(
    "Bytes come back as they went in",
    arguments: [[], [0], [0xff, 0, 0xfe], [UInt8](repeating: 7, count: 100_000)])
  func blobs(value: [UInt8]) throws {
    try withWriter { writer throws in
      let echo = try SQLiteStatement("SELECT ?1", on: writer)
      echo.bind(value, at: 1)
      #expect(try echo.firstRow { try $0.blob(0) } == value)
    }
  }

  @Test("NULL is nil for an optional column, and for no other value")
  func null() throws {
    try withWriter { writer throws in
      let echo = try SQLiteStatement("SELECT ?1, ?2, ?3, ?4, '', x'', 0", on: writer)
      echo.bind(Int64?.none, at: 1)
      echo.bind(String?.none, at: 2)
      echo.bind([UInt8]?.none, at: 3)
      echo.bindNull(at: 4)
      let found: Void? = try echo.firstRow { row throws in
        #expect(try row.optionalInteger(0) == nil)
        #expect(try row.optionalText(1) == nil)
        #expect(try row.optionalBlob(2) == nil)
        #expect((0..<7).map { row.isNull($0) } == [true, true, true, true, false, false, false])
        #expect(try row.optionalText(4) == "")
        #expect(try row.optionalBlob(5) == [])
        #expect(try row.optionalInteger(6) == 0)
      }
      #expect(found != nil)
    }
  }

  @Test("A column of another type, or text that is not UTF-8, is an error and not a guess")
  func unexpected() throws {
    try withWriter { writer throws in
      let sql = "SELECT 1, 'a', x'61', NULL, 1.5, CAST(x'ff' AS TEXT)"
      let select = try SQLiteStatement(sql, on: writer)
      for (column, readers) in [
        (0, "tb"), (1, "ib"), (2, "it"), (3, "itb"), (4, "itb"), (5, "itb"),
      ] {
        for reader in readers {
          let error = storageError {
            _ = try select.firstRow { row throws in
              switch reader {
              case "i": _ = try row.integer(column)
              case "t": _ = try row.text(column)
              default: _ = try row.blob(column)
              }
            }
          }
          #expect(error?.code == .unexpectedValue, "\(reader) of column \(column)")
          #expect(error?.operation == sql)
        }
      }
    }
  }

  static let broken: [(sql: String, constraint: StorageError.Constraint)] = [
    ("INSERT INTO room VALUES ('taken', 0, NULL)", .unique),
    ("INSERT INTO listing (room, sku) VALUES ('taken', 'sku')", .unique),
    ("INSERT INTO listing VALUES (1, 'taken', NULL)", .unique),
    ("INSERT INTO listing (room) VALUES ('nowhere')", .foreignKey),
    ("DELETE FROM room", .foreignKey),
    ("INSERT INTO room (id) VALUES ('new')", .notNull),
    ("INSERT INTO room (id, viewers) VALUES ('new', -1)", .check),
    ("INSERT INTO room (id, viewers) VALUES ('new', 'many')", .dataType),
  ]

  @Test("A broken rule of the schema is named and changes nothing", arguments: broken)
  func constraints(sql: String, constraint: StorageError.Constraint) throws {
    try withWriter { writer throws in
      try writer.add("taken")
      try writer.execute("INSERT INTO listing VALUES (1, 'taken', 'sku')")
      let statement = try SQLiteStatement(sql, on: writer)
      let error = storageError { try statement.run() }
      #expect(error?.code == .constraint(constraint))
      #expect(error?.operation == sql)
      #expect(error?.extendedCode ?? 0 > 255)
      #expect(try writer.rooms() == ["taken"])
      #expect(try writer.number("SELECT count(*) FROM listing") == 1)
    }
  }

  @Test("A statement is used again after success and after failure")
  func again() throws {
    try withWriter { writer throws in
      let insert = try SQLiteStatement("INSERT INTO room (id, viewers) VALUES (?, ?)", on: writer)
      for (room, isNew) in [("a", true), ("a", false), ("b", true), ("a", false), ("c", true)] {
        insert.bind(room, at: 1)
        insert.bind(1, at: 2)
        if isNew {
          try insert.run()
          #expect(writer.changedRows == 1)
        } else {
          #expect(storageError { try insert.run() }?.code == .constraint(.unique))
        }
      }
      #expect(try writer.rooms() == ["a", "b", "c"])
    }
  }

  @Test("A value that was not bound again is NULL, not the one from before")
  func forgotten() throws {
    try withWriter { writer throws in
      let insert = try SQLiteStatement("INSERT INTO room (id, viewers) VALUES (?, ?)", on: writer)
      insert.bind("a", at: 1)
      insert.bind(7, at: 2)
      try insert.run()
      insert.bind("b", at: 1)
      #expect(storageError { try insert.run() }?.code == .constraint(.notNull))
    }
  }

  @Test("Leaving the rows early by an error makes the statement ready again")
  func early() throws {
    struct Stop: Error {}
    try withWriter { writer throws in
      try writer.add("a")
      try writer.add("b")
      let select = try SQLiteStatement("SELECT id FROM room ORDER BY id", on: writer)
      for _ in 1...2 {
        var seen: [String] = []
        #expect(throws: Stop.self) {
          try select.forEachRow {
            seen.append(try $0.text(0))
            throw Stop()
          }
        }
        #expect(seen == ["a"])
      }
    }
  }

  @Test("No row is nil")
  func empty() throws {
    try withWriter { writer throws in
      #expect(try writer.number("SELECT viewers FROM room") == nil)
    }
  }

  @Test("A text that does not fit the schema is an error with SQLite's words")
  func wrong() throws {
    try withWriter { writer throws in
      for sql in ["SELECT nothing FROM room", "SELEKT 1", "SELECT \"text\""] {
        let error = storageError { _ = try SQLiteStatement(sql, on: writer) }
        #expect(error?.code == .other)
        #expect(error?.message.isEmpty == false)
      }
    }
  }

  @Test("Two statements in one text are a bug")
  func two() async throws {
    try await withDirectory { directory in
      let result = await #expect(
        processExitsWith: .failure, observing: [\.standardErrorContent]
      ) { [directory = directory as String] in
        let writer = try SQLiteConnection(directory: directory, access: .writing, schema: .sample)
        _ = try SQLiteStatement("SELECT 1; SELECT 2", on: writer)
      }
      expectBug("not exactly one statement", result)
    }
  }
}
