// What a database must be, and how an older one becomes it.
//
// SQLite's header keeps two numbers for the program: `application_id` says whose file it is,
// `user_version` how many migrations it has been through. Migrations only go forward: each is
// applied once, in a transaction together with its new `user_version`, and is never edited after a
// release. Every table is STRICT: a migration that leaves one that is not is a bug.

import CSQLite
import Glibc

/// The owner and the migrations of a database.
package struct SQLiteSchema: Sendable {
  /// Written to the header of every database of this program; never 0, which any file may have.
  package let applicationID: Int32
  /// Scripts, oldest first; the first `user_version` of them have been applied to a database.
  package let migrations: [String]

  /// Describes a schema.
  ///
  /// - Parameters:
  ///   - applicationID: not 0.
  ///   - migrations: scripts of one or more statements, oldest first, only ever appended to.
  package init(applicationID: Int32, migrations: [String]) {
    precondition(applicationID != 0, "an application id of 0 marks nobody's file")
    self.applicationID = applicationID
    self.migrations = migrations
  }

  /// The `application_id` of this program's databases.
  package static var waggleApplicationID: Int32 { SQLiteSchema.waggle.applicationID }

  /// Whose database a file is by its header, without opening it as one.
  ///
  /// - Parameter path: of any file.
  /// - Returns: the `application_id`; nothing where the file is no database of SQLite or cannot be
  ///   read. Source: https://sqlite.org/fileformat2.html, section 1.3.
  package static func owner(ofFile path: String) -> Int32? {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var header = [UInt8](repeating: 0, count: 100)
    guard pread(file, &header, header.count, 0) == header.count,
      header.starts(with: Array("SQLite format 3".utf8) + [0])
    else { return nil }
    return header[68..<72].reduce(0) { $0 << 8 | Int32($1) }
  }

  /// The `user_version` of a database that needs no migration.
  package var version: Int64 { Int64(migrations.count) }
}

extension SQLiteConnection {
  /// Refuses a database that is not ours or not of a version that we can work with.
  ///
  /// Runs before anything is written, so that a foreign file stays as it was.
  /// - Throws: `.foreignDatabase`, `.newerVersion`; for a reader also `.olderVersion`.
  func checkOwner(_ schema: SQLiteSchema) throws(StorageError) {
    let owner = try integer("PRAGMA application_id")
    let version = try integer("PRAGMA user_version")
    if owner != Int64(schema.applicationID) {
      let objects = try integer("SELECT count(*) FROM sqlite_schema")
      let isNew = owner == 0 && version == 0 && objects == 0
      guard isNew && access == .writing else {
        throw refusal(.foreignDatabase, "application_id is \(owner), not \(schema.applicationID)")
      }
      return
    }
    guard version <= schema.version else {
      throw refusal(.newerVersion, "version \(version); this program knows \(schema.version)")
    }
    guard version >= 0 else { throw refusal(.corrupt, "version \(version)") }
    guard version == schema.version || access == .writing else {
      throw refusal(.olderVersion, "version \(version); this program needs \(schema.version)")
    }
  }

  /// Applies the migrations that the database has not been through, one transaction each.
  ///
  /// - Throws: what the script throws; the database stays at the version before that script.
  func migrate(_ schema: SQLiteSchema) throws {
    let version = Int(try integer("PRAGMA user_version"))
    guard version < schema.migrations.count else { return }
    // Indexes of a large database are sorted on the way; that must not have to fit into memory.
    try execute("PRAGMA temp_store = FILE")
    for index in version..<schema.migrations.count {
      try transaction {
        try execute("PRAGMA application_id = \(schema.applicationID)")
        try execute(schema.migrations[index])
        try execute("PRAGMA user_version = \(index + 1)")
      }
    }
    try execute("PRAGMA temp_store = MEMORY")
    let lax = try integer(
      """
      SELECT count(*) FROM pragma_table_list
      WHERE schema = 'main' AND type = 'table' AND NOT strict AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
      """)
    precondition(lax == 0, "a migration left a table that is not STRICT")
  }

  private func refusal(_ code: StorageError.Code, _ message: String) -> StorageError {
    StorageError(operation: "open \(path)", code: code, extendedCode: 0, message: message)
  }
}
