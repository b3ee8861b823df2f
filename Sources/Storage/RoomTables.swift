// Rooms, their counters, listings and events.

import Commerce
import Coordination
import Notation

/// The tables of rooms.
final class RoomTables {
  private let rooms: RecordTable
  private let progress: RecordTable
  private let listings: RecordTable
  private let sellListing: SQLiteStatement
  private let addEvent: SQLiteStatement
  private let eventsAfter: SQLiteStatement
  private let standing: SQLiteStatement

  /// The columns of a room in the order in which `readRoom` takes them.
  static let roomColumns = [
    "host", "title", "state", "scheduled_for", "opened_at", "ended_at", "pacts", "pinned",
    "first_place", "next_place", "listings",
  ]
  /// The columns of a room's progress in the order in which `readProgress` takes them.
  static let progressColumns = [
    "epoch", "offset", "orders", "units", "gmv", "refunded", "unique_viewers",
  ]

  private let connection: SQLiteConnection

  init(_ connection: SQLiteConnection) throws {
    self.connection = connection
    rooms = try RecordTable(
      "rooms", keys: ["storefront", "id"], columns: Self.roomColumns, on: connection)
    progress = try RecordTable(
      "room_progress", keys: ["storefront", "room"], columns: Self.progressColumns,
      isAlone: true, on: connection)
    listings = try RecordTable(
      "listings", keys: ["storefront", "room", "sku"],
      columns: ["place", "added_at", "removed_at", "sold"], on: connection)
    sellListing = try SQLiteStatement(
      """
      UPDATE listings SET sold = ?7 WHERE storefront = ?1 AND room = ?2 AND sku = ?3
      AND place = ?4 AND added_at = ?5 AND removed_at IS ?6
      """, on: connection)
    addEvent = try SQLiteStatement(
      """
      INSERT INTO room_events (storefront, room, offset, epoch, at, kind, payload)
      VALUES (?, ?, ?, ?, ?, ?, ?)
      """, on: connection)
    eventsAfter = try SQLiteStatement(
      """
      SELECT offset, epoch, at, kind, payload FROM room_events
      WHERE storefront = ?1 AND room = ?2 AND offset > ?3 ORDER BY offset LIMIT ?4
      """, on: connection)
    let sku = CatalogueTables.skuColumns.map { "s." + $0 }
    let stock = CatalogueTables.stockColumns.map { "k." + $0 }
    standing = try SQLiteStatement(
      """
      SELECT l.sku, l.place, l.added_at, l.removed_at, l.sold,
        \((sku + stock).joined(separator: ", "))
      FROM listings AS l JOIN skus AS s ON s.id = l.sku JOIN stocks AS k ON k.sku = l.sku
      WHERE l.storefront = ?1 AND l.room = ?2 AND l.removed_at IS NULL AND l.place > ?3
      ORDER BY l.place LIMIT ?4
      """, on: connection)
  }

  func room(_ storefront: StorefrontID, _ id: RoomID) throws -> Room? {
    try rooms.find({
      $0.id(storefront)
      $0.id(id)
    }) { row in try Self.readRoom(id, &row) }
  }

  static func readRoom(_ id: RoomID, _ row: inout ColumnReader) throws -> Room {
    Room(
      id: id, host: try row.id(), title: try row.text(), state: try row.word(),
      scheduledFor: try row.optionalTime(), openedAt: try row.optionalTime(),
      endedAt: try row.optionalTime(),
      pacts: try row.json().list().map { pact throws(StorageError) in
        Pact(
          version: try pact["version"].integer(), rate: try pact["rate"].rate(),
          from: try pact["from"].time())
      },
      pinned: try row.optionalID(), firstPlace: try row.integer(), nextPlace: try row.integer(),
      listings: try row.integer())
  }

  func save(_ storefront: StorefrontID, _ room: Room) throws {
    var pacts = JSONWriter()
    pacts.beginArray()
    for pact in room.pacts {
      pacts.beginObject()
      pacts.field("version", pact.version)
      pacts.field("rate", Int64(pact.rate.partsPerMillion))
      pacts.field("from", pact.from.milliseconds)
      pacts.endObject()
    }
    pacts.endArray()
    try rooms.save { row in
      row.id(storefront)
      row.id(room.id)
      row.id(room.host)
      row.text(room.title)
      row.text(room.state.rawValue)
      row.time(room.scheduledFor)
      row.time(room.openedAt)
      row.time(room.endedAt)
      row.utf8(pacts.bytes)
      row.id(room.pinned)
      row.integer(room.firstPlace)
      row.integer(room.nextPlace)
      row.integer(room.listings)
    }
  }

  func progress(_ storefront: StorefrontID, _ room: RoomID) throws -> RoomProgress? {
    try progress.find({
      $0.id(storefront)
      $0.id(room)
    }) { row in try Self.readProgress(&row) }
  }

  static func readProgress(_ row: inout ColumnReader) throws -> RoomProgress {
    RoomProgress(
      epoch: try row.integer(), offset: try row.integer(), orders: try row.integer(),
      units: try row.integer(), gmv: try row.amount(), refunded: try row.amount(),
      uniqueViewers: try row.integer())
  }

  func save(_ storefront: StorefrontID, _ room: RoomID, _ counters: RoomProgress) throws {
    try progress.save { row in
      row.id(storefront)
      row.id(room)
      row.integer(counters.epoch)
      row.integer(counters.offset)
      row.integer(counters.orders)
      row.integer(counters.units)
      row.amount(counters.gmv)
      row.amount(counters.refunded)
      row.integer(counters.uniqueViewers)
    }
  }

  func listing(_ storefront: StorefrontID, _ room: RoomID, _ sku: SKUID) throws -> Listing? {
    try listings.find({
      $0.id(storefront)
      $0.id(room)
      $0.id(sku)
    }) { row in try Self.readListing(sku, &row) }
  }

  private static func readListing(_ sku: SKUID, _ row: inout ColumnReader) throws -> Listing {
    Listing(
      sku: sku, place: try row.integer(), addedAt: try row.time(),
      removedAt: try row.optionalTime(), sold: try row.integer())
  }

  func save(_ storefront: StorefrontID, _ room: RoomID, _ listing: Listing) throws {
    func write(_ row: inout ColumnWriter) {
      row.id(storefront)
      row.id(room)
      row.id(listing.sku)
      row.integer(listing.place)
      row.time(listing.addedAt)
      row.time(listing.removedAt)
      row.integer(listing.sold)
    }
    // Every sale counts here, and hardly anything else changes: then no index has to.
    var row = ColumnWriter(sellListing)
    write(&row)
    try sellListing.run()
    if connection.changedRows == 0 { try listings.save(write) }
  }

  func standingListings(
    _ storefront: StorefrontID, _ room: RoomID, after place: Int64?, limit: Int
  ) throws -> [(listing: Listing, sku: SKU, stock: Stock)] {
    var writer = ColumnWriter(standing)
    writer.id(storefront)
    writer.id(room)
    writer.integer(place ?? Int64.min)
    writer.integer(Int64(limit))
    var found: [(listing: Listing, sku: SKU, stock: Stock)] = []
    try standing.forEachRow { row in
      var reader = ColumnReader(row)
      let id: SKUID = try reader.id()
      found.append(
        (
          try Self.readListing(id, &reader), try CatalogueTables.readSKU(id, &reader),
          try CatalogueTables.readStock(&reader)
        ))
    }
    return found
  }

  func add(_ event: RoomEvent) throws {
    var row = ColumnWriter(addEvent)
    row.id(event.storefront)
    row.id(event.room)
    row.integer(event.offset)
    row.integer(event.epoch)
    row.time(event.at)
    row.text(event.kind)
    row.utf8(event.payload.bytes)
    try addEvent.run()
  }

  func events(
    _ storefront: StorefrontID, _ room: RoomID, after offset: Int64, limit: Int
  ) throws -> [RoomEvent] {
    var writer = ColumnWriter(eventsAfter)
    writer.id(storefront)
    writer.id(room)
    writer.integer(offset)
    writer.integer(Int64(limit))
    var found: [RoomEvent] = []
    try eventsAfter.forEachRow { row in
      var reader = ColumnReader(row)
      let offset = try reader.integer()
      found.append(
        RoomEvent(
          storefront: storefront, room: room, epoch: try reader.integer(), offset: offset,
          at: try reader.time(), kind: try reader.text(), payload: try reader.json().json))
    }
    return found
  }
}
