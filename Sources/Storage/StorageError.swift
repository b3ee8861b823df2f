// Operational errors of the database: what was attempted, what went wrong, in whose words.
//
// A broken rule of ours (a statement without its values, a transaction inside another) is a bug and
// stops the program; what the disk, the file or another process did to us is a StorageError.

import CSQLite
import Glibc

/// The database could not do what was asked of it.
package struct StorageError: Error, Equatable, Sendable {
  /// What was attempted: a statement's text, or a system call and its path.
  package let operation: String
  /// What went wrong.
  package let code: Code
  /// SQLite's extended result code, or `errno` where a system call failed, or 0.
  package let extendedCode: Int32
  /// SQLite's or the system's words, for a log.
  package let message: String

  /// What went wrong, as far as a caller can act on it.
  package enum Code: Equatable, Sendable {
    /// Another process, or another connection of this one, is writing to this directory.
    case writerPresent
    /// The file is not a database of this program.
    case foreignDatabase
    /// The database was written by a newer version of this program.
    case newerVersion
    /// The database waits for a migration, which only the writer may do.
    case olderVersion
    /// The file or its directory cannot be opened.
    case cannotOpen
    /// The statement would break a rule of the schema; it changed nothing.
    case constraint(Constraint)
    /// Another connection kept a lock for longer than the timeout.
    case busy
    /// No space is left.
    case full
    /// Reading or writing the file failed.
    case inputOutput
    /// The file is damaged.
    case corrupt
    /// A read-only connection was asked to write.
    case readOnly
    /// A column holds another type than the one asked for, or text that is not UTF-8.
    case unexpectedValue
    /// Any other result code; a wrong statement, for example.
    case other
  }

  /// Which kind of rule of the schema a statement would break.
  package enum Constraint: Equatable, Sendable {
    /// `UNIQUE` or `PRIMARY KEY`.
    case unique
    /// `REFERENCES`.
    case foreignKey
    /// `NOT NULL`.
    case notNull
    /// `CHECK`.
    case check
    /// The type of a column of a `STRICT` table.
    case dataType
    /// Any other.
    case other
  }
}

extension StorageError: CustomStringConvertible {
  /// One line for a log.
  package var description: String {
    "\(operation): \(message) (\(code), code \(extendedCode))"
  }
}

extension StorageError {
  /// The error that a call of SQLite on `connection` just answered with.
  init(_ result: Int32, operation: String, connection: OpaquePointer?) {
    let text = connection.flatMap { sqlite3_errmsg($0) } ?? sqlite3_errstr(result)
    self.init(
      operation: operation, code: Code(result), extendedCode: result,
      message: text.map { String(cString: $0) } ?? "unknown")
  }

  /// The error that a system call just left in `errno`.
  init(systemCall operation: String, number: Int32) {
    self.init(
      operation: operation, code: .cannotOpen, extendedCode: number,
      message: strerror(number).map { String(cString: $0) } ?? "unknown")
  }
}

extension StorageError.Code {
  /// Sorts an extended result code. Source: https://www.sqlite.org/rescode.html.
  init(_ result: Int32) {
    self =
      switch result & 0xff {
      case SQLITE_CONSTRAINT: .constraint(StorageError.Constraint(result))
      case SQLITE_BUSY, SQLITE_LOCKED: .busy
      case SQLITE_FULL: .full
      case SQLITE_IOERR: .inputOutput
      case SQLITE_CORRUPT: .corrupt
      case SQLITE_NOTADB: .foreignDatabase
      case SQLITE_CANTOPEN, SQLITE_PERM: .cannotOpen
      case SQLITE_READONLY: .readOnly
      default: .other
      }
  }
}

extension StorageError.Constraint {
  init(_ result: Int32) {
    self =
      switch Int(result) {
      case Int(csqlite_constraint_unique), Int(csqlite_constraint_primary_key),
        Int(csqlite_constraint_row_id):
        .unique
      case Int(csqlite_constraint_foreign_key): .foreignKey
      case Int(csqlite_constraint_not_null): .notNull
      case Int(csqlite_constraint_check): .check
      case Int(csqlite_constraint_data_type): .dataType
      default: .other
      }
  }
}
