// Revoked tokens: few, never changed, and all of them read at the start of a server.

import Commerce
import Coordination

/// The table of revocations.
final class RevocationTables {
  private let revocations: RecordTable

  /// The columns in the order in which `read` takes them.
  static let columns = ["person", "before", "token", "by", "at"]

  init(_ connection: SQLiteConnection) throws {
    revocations = try RecordTable(
      "revocations", keys: ["storefront", "id"], columns: Self.columns, on: connection)
  }

  func revocation(_ storefront: StorefrontID, _ id: FactID) throws -> Revocation? {
    try revocations.find({
      $0.id(storefront)
      $0.id(id)
    }) { row in try Self.read(id, &row) }
  }

  static func read(_ id: FactID, _ row: inout ColumnReader) throws -> Revocation {
    let person: PersonID? = try row.optionalID()
    let before = try row.optionalTime()
    let token = try row.optionalText()
    let subject: RevokedSubject
    switch (person, before, token) {
    case (let person?, let before?, nil): subject = .person(person, before: before)
    case (nil, nil, let token?): subject = .token(token)
    default: throw row.corrupt("a revocation is of a person or of a token")
    }
    return Revocation(id: id, subject: subject, by: try row.id(), at: try row.time())
  }

  func save(_ storefront: StorefrontID, _ revocation: Revocation) throws {
    try revocations.save { row in
      row.id(storefront)
      row.id(revocation.id)
      switch revocation.subject {
      case .person(let person, let before):
        row.id(person)
        row.time(before)
        row.text(nil)
      case .token(let token):
        row.text(nil)
        row.integer(nil)
        row.text(token)
      }
      row.id(revocation.by)
      row.time(revocation.at)
    }
  }
}

extension SQLiteReader {
  /// Everything that was ever revoked, in order of storefront and id.
  ///
  /// - Returns: revocations with their storefronts.
  /// - Throws: `StorageError`.
  package func revocations() throws -> [(storefront: StorefrontID, revocation: Revocation)] {
    let columns = RevocationTables.columns.joined(separator: ", ")
    return try rows(
      "SELECT storefront, id, \(columns) FROM revocations ORDER BY storefront, id", { _ in }
    ) { row in
      let storefront: StorefrontID = try row.id()
      let id: FactID = try row.id()
      return (storefront, try RevocationTables.read(id, &row))
    }
  }
}
