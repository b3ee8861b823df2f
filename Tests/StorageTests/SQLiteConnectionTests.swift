// Opening, owning, migrating, transactions, and readers beside the writer.

import FoundationEssentials
import Glibc
import Storage
import Testing

@Suite("Connections")
struct SQLiteConnectionTests {
  @Test("A database is made, closed and opened again with its rows")
  func reopen() throws {
    try withDirectory { directory in
      for room in ["a", "b"] {
        let writer = try SQLiteConnection(directory: directory, access: .writing, schema: .sample)
        try writer.add(room)
      }
      let reader = try SQLiteConnection(directory: directory, access: .reading, schema: .sample)
      #expect(try reader.rooms() == ["a", "b"])
    }
  }

  @Test(
    "The writer works with the durability that is promised",
    arguments: [
      ("synchronous", 2), ("foreign_keys", 1), ("mmap_size", 0), ("user_version", 1),
      ("application_id", 0x5761_676c), ("busy_timeout", 5000),
    ])
  func pragmas(name: String, value: Int64) throws {
    try withWriter { writer throws in #expect(try writer.number("PRAGMA \(name)") == value) }
  }

  @Test("The journal is a write-ahead log")
  func journal() throws {
    try withWriter { writer throws in
      let mode = try SQLiteStatement("PRAGMA journal_mode", on: writer)
      #expect(try mode.firstRow { try $0.text(0) } == "wal")
    }
  }

  @Test("A second writer is refused by name until the first is gone")
  func secondWriter() throws {
    try withDirectory { directory in
      var first: SQLiteConnection? =
        try SQLiteConnection(directory: directory, access: .writing, schema: .sample)
      try first?.add("a")
      let error = storageError {
        _ = try SQLiteConnection(directory: directory, access: .writing, schema: .sample)
      }
      #expect(error?.code == .writerPresent)
      let process = ProcessInfo.processInfo.processIdentifier
      #expect(error?.message.contains("process \(process) ") == true)
      first = nil
      let second = try SQLiteConnection(directory: directory, access: .writing, schema: .sample)
      #expect(try second.rooms() == ["a"])
    }
  }

  @Test("A writer that fails to open does not keep the directory")
  func lockReleased() throws {
    try withDirectory { directory in
      let bad = SQLiteSchema(applicationID: 7, migrations: ["nonsense"])
      #expect(
        storageError {
          _ = try SQLiteConnection(directory: directory, access: .writing, schema: bad)
        }?.code == .other)
      _ = try SQLiteConnection(directory: directory, access: .writing, schema: .sample)
    }
  }

  @Test("A statement keeps its connection, and with it the directory")
  func statementKeeps() throws {
    try withDirectory { directory in
      var statement: SQLiteStatement? = try SQLiteStatement(
        "SELECT 1", on: SQLiteConnection(directory: directory, access: .writing, schema: .sample))
      #expect(try statement?.firstRow { try $0.integer(0) } == 1)
      #expect(
        storageError {
          _ = try SQLiteConnection(directory: directory, access: .writing, schema: .sample)
        }?.code == .writerPresent)
      statement = nil
      _ = try SQLiteConnection(directory: directory, access: .writing, schema: .sample)
    }
  }

  @Test("Readers see committed rows only, and one state for a whole transaction")
  func readers() throws {
    try withDirectory { directory in
      let writer = try SQLiteConnection(directory: directory, access: .writing, schema: .sample)
      let reader = try SQLiteConnection(directory: directory, access: .reading, schema: .sample)
      try writer.transaction {
        try writer.add("a")
        #expect(try writer.rooms() == ["a"])
        #expect(try reader.rooms() == [])
      }
      #expect(try reader.rooms() == ["a"])
      try reader.transaction { () throws in
        #expect(try reader.rooms() == ["a"])
        try writer.add("b")
        #expect(try reader.rooms() == ["a"])
      }
      #expect(try reader.rooms() == ["a", "b"])
    }
  }

  @Test("A reader cannot write")
  func readerWrites() throws {
    try withDirectory { directory in
      let writer = try SQLiteConnection(directory: directory, access: .writing, schema: .sample)
      let reader = try SQLiteConnection(directory: directory, access: .reading, schema: .sample)
      #expect(storageError { try reader.add("a") }?.code == .readOnly)
      #expect(storageError { try reader.execute("PRAGMA user_version = 9") }?.code == .readOnly)
      #expect(try writer.rooms() == [])
    }
  }

  @Test("A reader needs a database that is there")
  func readerAlone() throws {
    try withDirectory { directory in
      #expect(
        storageError {
          _ = try SQLiteConnection(directory: directory, access: .reading, schema: .sample)
        }?.code == .cannotOpen)
      #expect(!FileManager.default.fileExists(atPath: directory))
    }
  }

  @Test("A directory whose parent is missing cannot be made")
  func parentMissing() throws {
    try withDirectory { directory in
      let error = storageError {
        _ = try SQLiteConnection(directory: directory + "/x", access: .writing, schema: .sample)
      }
      #expect(error?.code == .cannotOpen)
      #expect(error?.extendedCode == 2)
    }
  }
}

@Suite("Transactions")
struct TransactionTests {
  struct Stop: Error {}

  @Test("An error inside a transaction leaves nothing, and the next one works")
  func rollback() throws {
    try withWriter { writer throws in
      #expect(throws: Stop.self) {
        try writer.transaction {
          try writer.add("a")
          throw Stop()
        }
      }
      #expect(try writer.rooms() == [])
      #expect(
        storageError {
          try writer.transaction {
            try writer.add("b")
            try writer.add("b")
          }
        }?.code == .constraint(.unique))
      #expect(try writer.rooms() == [])
      #expect(try writer.transaction { try writer.add("c") } == ())
      #expect(try writer.rooms() == ["c"])
    }
  }

  @Test("A commit that breaks a deferred rule leaves nothing")
  func failedCommit() throws {
    try withWriter { writer throws in
      let error = storageError {
        try writer.transaction {
          try writer.execute("PRAGMA defer_foreign_keys = ON")
          try writer.execute("INSERT INTO listing (room) VALUES ('nowhere')")
        }
      }
      #expect(error?.code == .constraint(.foreignKey))
      #expect(try writer.number("SELECT count(*) FROM listing") == 0)
      try writer.transaction { try writer.add("a") }
    }
  }

  @Test("What another process finds after kill -9 is what was committed")
  func killed() async throws {
    try await withDirectory { directory in
      // The child leaves without closing anything, in the middle of its second transaction.
      await #expect(processExitsWith: .signal(SIGKILL)) { [directory = directory as String] in
        let writer = try SQLiteConnection(directory: directory, access: .writing, schema: .sample)
        try writer.transaction { try writer.add("committed") }
        try writer.transaction {
          try writer.add("begun")
          raise(SIGKILL)
        }
      }
      let writer = try SQLiteConnection(directory: directory, access: .writing, schema: .sample)
      #expect(try writer.rooms() == ["committed"])
    }
  }

  @Test("A transaction inside a transaction is a bug")
  func nested() async throws {
    try await withDirectory { directory in
      let result = await #expect(
        processExitsWith: .failure, observing: [\.standardErrorContent]
      ) { [directory = directory as String] in
        let writer = try SQLiteConnection(directory: directory, access: .writing, schema: .sample)
        try writer.transaction { try writer.transaction {} }
      }
      expectBug("transactions do not nest", result)
    }
  }
}
