// The store port on SQLite: one writing connection, every statement prepared once.
//
// A commit is one transaction: the changed records, the transactions of the ledger and the events of
// rooms; if anything fails, nothing of it has happened and what is remembered here is forgotten.
// Threads: belongs to one thread at a time, the writer's, or that of whoever stores a batch for it. Others read
// through a SQLiteReader.

import Commerce
import Coordination
import Crypto
import Ledger

/// The durable store of a data directory.
package final class SQLiteStore: Store {
  let connection: SQLiteConnection
  private let tables: Tables
  private let everyStorefront: SQLiteStatement
  private var hash = SHA256()
  // What the database says too, kept because each commit needs it; forgotten when one fails.
  private var heads: [StorefrontID: ChainHead] = [:]
  private var zones: [StorefrontID: TimeZoneTable] = [:]

  /// Opens `DIRECTORY/waggle.sqlite3`, creating or migrating it.
  ///
  /// - Parameters:
  ///   - directory: made if it is not there; its parent must exist.
  ///   - zone: finds a time zone's rules by name; whatever it throws, `load` and `commit` throw.
  ///   - fileSystem: see `SQLiteConnection.init`.
  /// - Returns: the store.
  /// - Throws: `StorageError`, see `SQLiteConnection.init`.
  package static func open(
    directory: String, zone: @escaping ZoneSource, fileSystem: String? = nil
  ) throws -> SQLiteStore {
    try SQLiteStore(
      SQLiteConnection(
        directory: directory, access: .writing, schema: .waggle, fileSystem: fileSystem), zone)
  }

  private init(_ connection: SQLiteConnection, _ zone: @escaping ZoneSource) throws {
    self.connection = connection
    tables = try Tables(connection, zone: zone)
    everyStorefront = try SQLiteStatement(
      "SELECT id FROM storefronts ORDER BY id", on: connection)
  }

  /// See `Store`.
  package func load(_ keys: [Key]) throws -> [Record?] {
    try connection.keepReading()
    return try keys.map { try tables.load($0) }
  }

  /// See `Store`.
  package func commit(_ changes: Changes) throws {
    do {
      try connection.transaction { try write(changes) }
    } catch {
      heads.removeAll()
      zones.removeAll()
      throw error
    }
  }

  /// See `Store`. Writes the number of the schema over itself: one page and one sync of the log.
  package func probe() throws {
    let version = try connection.integer("PRAGMA user_version")
    try connection.transaction { try connection.execute("PRAGMA user_version = \(version)") }
  }

  private func write(_ changes: Changes) throws {
    tables.orders.beginCommit()
    for (key, record) in changes.records {
      try tables.save(key, record) { storefront in try zone(of: storefront, changes) }
    }
    for booked in changes.transactions {
      var head = try heads[booked.storefront] ?? tables.ledger.head(booked.storefront)
      try tables.ledger.add(booked, &head, &hash)
      heads[booked.storefront] = head
    }
    for event in changes.events { try tables.rooms.add(event) }
  }

  private func zone(of id: StorefrontID, _ changes: Changes) throws -> TimeZoneTable {
    if let known = zones[id] { return known }
    let key = Key.storefront(id)
    guard case .storefront(let found)? = try changes[key] ?? tables.load(key) else {
      preconditionFailure("an order of a storefront that was never stored")
    }
    zones[id] = found.zone
    return found.zone
  }

  /// See `Store`.
  package func storefronts() throws -> [StorefrontID] {
    var found: [StorefrontID] = []
    try everyStorefront.forEachRow { found.append(StorefrontID(trusted: try $0.text(0))) }
    return found
  }

  /// See `Store`.
  package func dueReleases(
    _ storefront: StorefrontID, at: Timestamp, limit: Int
  ) throws -> DueReleases {
    try tables.orders.dueReleases(storefront, at: at, limit: limit)
  }

  /// See `Store`.
  package func expiredOrders(
    _ storefront: StorefrontID, at: Timestamp, limit: Int
  ) throws -> [OrderID] {
    try tables.orders.expiredOrders(storefront, at: at, limit: limit)
  }

  /// See `Store`.
  package func nextDeadline(_ storefront: StorefrontID) throws -> Timestamp? {
    try tables.orders.nextDeadline(storefront)
  }

  /// See `Store`.
  package func statementPeriod(
    _ storefront: StorefrontID, until: Timestamp?
  ) throws -> StatementPeriod {
    try tables.statements.period(storefront, until: until)
  }

  /// See `Store`.
  package func lastBooking() throws -> Timestamp? { try tables.statements.lastBooking() }

  /// See `Store`.
  package func listings(
    _ storefront: StorefrontID, _ room: RoomID, after place: Int64?, limit: Int
  ) throws -> [(listing: Listing, sku: SKU, stock: Stock)] {
    try tables.rooms.standingListings(storefront, room, after: place, limit: limit)
  }

  /// See `Store`.
  package func events(
    _ storefront: StorefrontID, _ room: RoomID, after offset: Int64, limit: Int
  ) throws -> [RoomEvent] {
    try tables.rooms.events(storefront, room, after: offset, limit: limit)
  }
}
