// A database of an earlier version becomes one of today.

import Commerce
import Coordination
import Testing

@testable import Storage

@Suite("Migrations of a whole database")
struct MigrationTests {
  /// Makes the database of a directory as version 2 would have had it, out of one of today.
  private func makeOld(
    _ directory: String, from today: String, _ transactions: [BookedTransaction]
  ) throws {
    let schema = SQLiteSchema(
      applicationID: SQLiteSchema.waggle.applicationID,
      migrations: Array(SQLiteSchema.waggle.migrations.prefix(2)))
    let old = try SQLiteConnection(directory: directory, access: .writing, schema: schema)
    try old.execute("ATTACH '\(today)/waggle.sqlite3' AS today")
    try old.transaction {
      for table in try old.texts("SELECT name FROM main.sqlite_schema WHERE type = 'table'")
      where table != "postings" {
        let columns = try old.texts(
          "SELECT '\"' || name || '\"' FROM pragma_table_info('\(table)')")
        let list = columns.joined(separator: ", ")
        let answer =
          "coalesce(answer, (SELECT answer FROM today.facts AS f WHERE f.number = t.answer_of))"
        let values = table == "facts" ? list.replacing("\"answer\"", with: answer) : list
        try old.execute(
          "INSERT INTO main.\(table) (\(list)) SELECT \(values) FROM today.\(table) AS t")
      }
      let insert = try SQLiteStatement("INSERT INTO postings VALUES (?, ?, ?, ?, ?, ?)", on: old)
      for booked in transactions {
        for (ordinal, posting) in booked.transaction.postings.enumerated() {
          insert.bind(booked.storefront.text, at: 1)
          insert.bind(booked.transaction.sequence, at: 2)
          insert.bind(Int64(ordinal), at: 3)
          insert.bind(posting.account.name, at: 4)
          insert.bind(posting.account.member?.text, at: 5)
          insert.bind(posting.amount.minorUnits, at: 6)
          try insert.run()
        }
      }
    }
  }

  @Test("A whole history of version 2 is the same afterwards, row by row, and its books hold")
  func second() throws {
    try withWorld { (reader, memory, today) throws in
      try withDirectory { (directory: String) throws in
        try makeOld(directory, from: today, memory.transactions)
        _ = try SQLiteStore.open(directory: directory, zone: zones)
        let migrated = try SQLiteReader.open(directory: directory, zone: zones)
        for name in [Script.storefront, Script.other] {
          let result = try migrated.verify(name)
          #expect(result.fault == nil)
          #expect(try result.digest == reader.ledgerDigest(name))
        }
        let writer = try SQLiteConnection(directory: directory, access: .writing, schema: .waggle)
        try writer.execute("ATTACH '\(today)/waggle.sqlite3' AS today")
        for table in try writer.texts("SELECT name FROM main.sqlite_schema WHERE type = 'table'") {
          let columns = table == "facts" ? "id, storefront, body, at" : "*"
          let rows = try writer.number("SELECT count(*) FROM today.\(table)") ?? -1
          #expect(try writer.number("SELECT count(*) FROM main.\(table)") == rows, "\(table)")
          let other = """
            SELECT count(*) FROM (
              SELECT \(columns) FROM main.\(table) EXCEPT SELECT \(columns) FROM today.\(table)
            )
            """
          #expect(try writer.number(other) == 0, "\(table)")
        }
        for (key, record) in memory.records {
          guard case .fact = key else { continue }
          #expect(try migrated.load([key]) == [record])
        }
      }
    }
  }
}

extension SQLiteConnection {
  fileprivate func texts(_ sql: String) throws -> [String] {
    var texts: [String] = []
    try SQLiteStatement(sql, on: self).forEachRow { texts.append(try $0.text(0)) }
    return texts
  }
}
