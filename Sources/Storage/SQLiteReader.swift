// What others than the writer read: the server's queries, and whole-ledger work of the command line.
//
// Read-only, beside the writer or without it; sees what is committed. A question that takes several
// statements is asked inside one read transaction, so that all of it is of the same moment.
// The writer has one, too: it finds records while its own connection belongs to whoever commits. What it asks for
// together is read in one transaction, and none stays open over commits: it would keep the log from being begun
// anew, which would grow as long as there is work.
// Threads: belongs to one thread at a time; open one for each thread that reads.

import Commerce
import Coordination
import Ledger

/// A read-only view of a data directory.
package final class SQLiteReader: RecordSource {
  let connection: SQLiteConnection
  let tables: Tables
  private var prepared: [String: SQLiteStatement] = [:]
  private var isInMoment = false

  /// Opens the database of a directory that a store has created.
  ///
  /// - Parameters:
  ///   - directory: the data directory.
  ///   - zone: finds a time zone's rules by name.
  ///   - fileSystem: see `SQLiteConnection.init`.
  /// - Returns: the reader.
  /// - Throws: `StorageError`, see `SQLiteConnection.init`.
  package static func open(
    directory: String, zone: @escaping ZoneSource, fileSystem: String? = nil
  ) throws -> SQLiteReader {
    try SQLiteReader(
      SQLiteConnection(
        directory: directory, access: .reading, schema: .waggle, fileSystem: fileSystem), zone)
  }

  private init(_ connection: SQLiteConnection, _ zone: @escaping ZoneSource) throws {
    self.connection = connection
    tables = try Tables(connection, zone: zone)
  }

  /// The statement for a query, prepared at its first use.
  func statement(_ sql: String) throws -> SQLiteStatement {
    if let known = prepared[sql] { return known }
    let statement = try SQLiteStatement(sql, on: connection)
    prepared[sql] = statement
    return statement
  }

  /// Runs a query and makes a value of each row.
  func rows<Value>(
    _ sql: String, _ bind: (inout ColumnWriter) -> Void,
    _ read: (inout ColumnReader) throws -> Value
  ) throws -> [Value] {
    let statement = try statement(sql)
    var writer = ColumnWriter(statement)
    bind(&writer)
    var values: [Value] = []
    try statement.forEachRow { row in
      var reader = ColumnReader(row)
      values.append(try read(&reader))
    }
    return values
  }

  /// Asks several questions of one moment; a moment inside a moment is the same one.
  ///
  /// - Parameter body: asks them.
  /// - Returns: what `body` returns.
  /// - Throws: what `body` throws, `StorageError`.
  package func moment<Result>(_ body: () throws -> Result) throws -> Result {
    guard !isInMoment else { return try body() }
    isInMoment = true
    defer { isInMoment = false }
    return try connection.transaction(body)
  }
}

// MARK: What the store answers too

extension SQLiteReader {
  /// Loads records of one moment; see `Store.load`.
  ///
  /// - Parameter keys: any keys.
  /// - Returns: one entry for each key, in their order.
  /// - Throws: `StorageError`.
  package func load(_ keys: [Key]) throws -> [Record?] {
    guard keys.count > 1 else { return try keys.map { try tables.load($0) } }
    // A transaction of its own for each key would take and give back the locks of each.
    return try moment { try keys.map { try tables.load($0) } }
  }

  /// Storefronts in order of id.
  ///
  /// - Throws: `StorageError`.
  package func storefronts() throws -> [StorefrontID] {
    try rows("SELECT id FROM storefronts ORDER BY id", { _ in }) { row in try row.id() }
  }

  /// The standing listings of a room; see `Store.listings`.
  ///
  /// - Parameters:
  ///   - storefront: whose.
  ///   - room: the room.
  ///   - place: only listings above it; none begins with the first.
  ///   - limit: how many at the most.
  /// - Returns: listings in order of place.
  /// - Throws: `StorageError`.
  package func listings(
    _ storefront: StorefrontID, _ room: RoomID, after place: Int64?, limit: Int
  ) throws -> [(listing: Listing, sku: SKU, stock: Stock)] {
    try tables.rooms.standingListings(storefront, room, after: place, limit: limit)
  }

  /// The events of a room above an offset, in order; see `Store.events`.
  ///
  /// - Parameters:
  ///   - storefront: whose.
  ///   - room: the room.
  ///   - offset: only events above it.
  ///   - limit: how many at the most.
  /// - Returns: events in order of offset.
  /// - Throws: `StorageError`.
  package func events(
    _ storefront: StorefrontID, _ room: RoomID, after offset: Int64, limit: Int
  ) throws -> [RoomEvent] {
    try tables.rooms.events(storefront, room, after: offset, limit: limit)
  }
}

// MARK: The catalogue and rooms

extension SQLiteReader {
  /// The most words that a search looks for; more are ignored.
  static let searchWordsMax = 8

  /// Finds SKUs in the catalogue.
  ///
  /// Every word of the text must occur in the SKU's title or id or in the product's category, in any
  /// place, ASCII letters in either case. A text without words finds everything.
  /// - Parameters:
  ///   - text: words between white space; the first eight count.
  ///   - limit: how many at the most.
  ///   - after: only SKUs whose id is above it; none begins with the first.
  /// - Returns: SKUs in order of id.
  /// - Throws: `StorageError`.
  /// - Complexity: O(n) in the catalogue, until `limit` are found.
  package func searchCatalogue(
    text: String, limit: Int, after: SKUID? = nil
  ) throws -> [(sku: SKU, category: String, stock: Stock)] {
    let words = text.split(whereSeparator: \.isWhitespace).prefix(Self.searchWordsMax)
    let conditions = words.indices.map { index in
      let word = "?\(index + 3) ESCAPE '\\'"
      return " AND (s.title LIKE \(word) OR s.id LIKE \(word) OR p.category LIKE \(word))"
    }
    let columns =
      CatalogueTables.skuColumns.map { "s." + $0 } + ["p.category"]
      + CatalogueTables.stockColumns.map { "k." + $0 }
    let sql = """
      SELECT s.id, \(columns.joined(separator: ", ")) FROM skus AS s
      JOIN products AS p ON p.id = s.product JOIN stocks AS k ON k.sku = s.id
      WHERE s.id > ?1\(conditions.joined()) ORDER BY s.id LIMIT ?2
      """
    return try rows(sql) { row in
      row.text(after?.text ?? "")
      row.integer(Int64(limit))
      for word in words { row.text("%" + escaped(word) + "%") }
    } _: { row in
      let id: SKUID = try row.id()
      return (
        try CatalogueTables.readSKU(id, &row), try row.text(), try CatalogueTables.readStock(&row)
      )
    }
  }

  /// Takes a word literally inside a LIKE pattern.
  private func escaped(_ word: Substring) -> String {
    var pattern = ""
    for character in word {
      if character == "%" || character == "_" || character == "\\" { pattern.append("\\") }
      pattern.append(character)
    }
    return pattern
  }

  /// The rooms of a storefront.
  ///
  /// - Parameters:
  ///   - storefront: whose.
  ///   - states: only rooms in one of them.
  ///   - host: whose rooms; none is everybody's.
  ///   - after: only rooms whose id is above it; none begins with the first.
  ///   - limit: how many at the most.
  /// - Returns: rooms with their counters, in order of id; a room without events has no counters.
  /// - Throws: `StorageError`.
  package func rooms(
    _ storefront: StorefrontID, states: [RoomState] = RoomState.allCases, host: MemberID? = nil,
    after: RoomID? = nil, limit: Int
  ) throws -> [(room: Room, progress: RoomProgress?)] {
    let words = states.map { "'\($0.rawValue)'" }.joined(separator: ", ")
    let columns = RoomTables.roomColumns.joined(separator: ", ")
    let sql = """
      SELECT id, \(columns) FROM rooms
      WHERE storefront = ?1 AND id > ?2 AND state IN (\(words))
        AND (?4 IS NULL OR host = ?4) ORDER BY id LIMIT ?3
      """
    return try moment {
      let rooms = try rows(sql) { row in
        row.id(storefront)
        row.text(after?.text ?? "")
        row.integer(Int64(limit))
        row.text(host?.text)
      } _: { row in
        try RoomTables.readRoom(try row.id(), &row)
      }
      return try rooms.map { ($0, try tables.rooms.progress(storefront, $0.id)) }
    }
  }

  /// The product sets of a storefront, without their SKUs.
  ///
  /// - Parameters:
  ///   - storefront: whose.
  ///   - after: only sets with a larger id.
  ///   - limit: how many at the most.
  /// - Returns: id, title and number of SKUs, in order of id.
  /// - Throws: `StorageError`.
  package func productSets(
    _ storefront: StorefrontID, after: ProductSetID?, limit: Int
  ) throws -> [(id: ProductSetID, title: String, skuCount: Int64)] {
    let sql = """
      SELECT id, title, json_array_length(skus) FROM product_sets
      WHERE storefront = ?1 AND id > ?2 ORDER BY id LIMIT ?3
      """
    return try moment {
      try rows(sql) { row in
        row.id(storefront)
        row.text(after?.text ?? "")
        row.integer(Int64(limit))
      } _: { row in
        (id: try row.id(), title: try row.text(), skuCount: try row.integer())
      }
    }
  }
}
