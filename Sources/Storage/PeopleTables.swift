// Members, viewers, touches and links.

import Commerce
import Coordination
import Notation

/// The tables of people and of what brought them.
final class PeopleTables {
  private let members: RecordTable
  private let grants: RecordTable
  private let viewers: RecordTable
  private let visits: RecordTable
  private let attendances: RecordTable
  private let links: RecordTable
  private let refusals: RecordTable

  /// The columns of a link in the order in which `readLink` takes them.
  static let frozenLinkColumns = [
    "text", "promoter", "room", "sku", "channel", "expires_at", "maximum_uses", "issued_at",
  ]
  static let linkColumns = ["uses", "revoked_at"]

  init(_ connection: SQLiteConnection) throws {
    members = try RecordTable(
      "members", keys: ["storefront", "id"], frozen: ["inviter", "joined_at"],
      columns: ["name", "rank"], on: connection)
    grants = try RecordTable(
      "grants", keys: ["storefront", "member"], columns: ["body"], on: connection)
    viewers = try RecordTable(
      "viewers", keys: ["storefront", "id"],
      columns: ["lock_promoter", "lock_link", "lock_channel", "lock_at"], isAlone: true,
      on: connection)
    visits = try RecordTable(
      "visits", keys: ["storefront", "viewer", "room"], columns: ["body"], isAlone: true,
      on: connection)
    attendances = try RecordTable(
      "attendances", keys: ["storefront", "room", "viewer"], columns: ["at"], on: connection)
    links = try RecordTable(
      "links", keys: ["storefront", "id"], frozen: Self.frozenLinkColumns,
      columns: Self.linkColumns, on: connection)
    refusals = try RecordTable(
      "link_refusals", keys: ["storefront", "promoter"], columns: ["body"], on: connection)
  }

  func member(_ storefront: StorefrontID, _ id: MemberID) throws -> Member? {
    try members.find({
      $0.id(storefront)
      $0.id(id)
    }) { row in
      let inviter: MemberID? = try row.optionalID()
      let joinedAt = try row.time()
      return Member(
        id: id, name: try row.text(), inviter: inviter, rank: try row.text(), joinedAt: joinedAt)
    }
  }

  func save(_ storefront: StorefrontID, _ member: Member) throws {
    try members.save { row in
      row.id(storefront)
      row.id(member.id)
      row.id(member.inviter)
      row.time(member.joinedAt)
      row.text(member.name)
      row.text(member.rank)
    }
  }

  func grants(_ storefront: StorefrontID, _ member: MemberID) throws -> Grants? {
    try grants.find({
      $0.id(storefront)
      $0.id(member)
    }) { row in
      Grants(
        entries: try row.json().list().map { entry throws(StorageError) in
          Grants.Entry(
            kind: try entry["kind"].text(), count: try entry["count"].integer(),
            faceValue: try entry["faceValue"].amount())
        })
    }
  }

  func save(_ storefront: StorefrontID, _ member: MemberID, _ granted: Grants) throws {
    var body = JSONWriter()
    body.beginArray()
    for entry in granted.entries {
      body.beginObject()
      body.field("kind", entry.kind)
      body.field("count", entry.count)
      body.field("faceValue", entry.faceValue.minorUnits)
      body.endObject()
    }
    body.endArray()
    try grants.save { row in
      row.id(storefront)
      row.id(member)
      row.utf8(body.bytes)
    }
  }

  func viewer(_ storefront: StorefrontID, _ id: ViewerID) throws -> Viewer? {
    try viewers.find({
      $0.id(storefront)
      $0.id(id)
    }) { row in
      guard let promoter: MemberID = try row.optionalID() else { return Viewer(id: id, lock: nil) }
      return Viewer(
        id: id,
        lock: Touch(
          promoter: promoter, link: try row.optionalID(), channel: try row.text(),
          at: try row.time()))
    }
  }

  func save(_ storefront: StorefrontID, _ viewer: Viewer) throws {
    try viewers.save { row in
      row.id(storefront)
      row.id(viewer.id)
      row.id(viewer.lock?.promoter)
      row.id(viewer.lock?.link)
      row.text(viewer.lock?.channel)
      row.time(viewer.lock?.at)
    }
  }

  func visits(_ storefront: StorefrontID, _ viewer: ViewerID, _ room: RoomID) throws -> Visits? {
    try visits.find({
      $0.id(storefront)
      $0.id(viewer)
      $0.id(room)
    }) { row in
      Visits(
        touches: try row.json().list().map { touch throws(StorageError) in
          Touch(
            promoter: try touch["promoter"].id(),
            link: try touch["link"].optional { link throws(StorageError) in try link.id() },
            channel: try touch["channel"].text(), at: try touch["at"].time())
        })
    }
  }

  func save(
    _ storefront: StorefrontID, _ viewer: ViewerID, _ room: RoomID, _ visited: Visits
  ) throws {
    var body = JSONWriter()
    body.beginArray()
    for touch in visited.touches {
      body.beginObject()
      body.field("promoter", touch.promoter.text)
      body.field("link", touch.link?.text)
      body.field("channel", touch.channel)
      body.field("at", touch.at.milliseconds)
      body.endObject()
    }
    body.endArray()
    try visits.save { row in
      row.id(storefront)
      row.id(viewer)
      row.id(room)
      row.utf8(body.bytes)
    }
  }

  func attendance(
    _ storefront: StorefrontID, _ room: RoomID, _ viewer: ViewerID
  ) throws -> Timestamp? {
    try attendances.find({
      $0.id(storefront)
      $0.id(room)
      $0.id(viewer)
    }) { row in try row.time() }
  }

  func save(
    _ storefront: StorefrontID, _ room: RoomID, _ viewer: ViewerID, _ at: Timestamp
  ) throws {
    try attendances.save { row in
      row.id(storefront)
      row.id(room)
      row.id(viewer)
      row.time(at)
    }
  }

  func link(_ storefront: StorefrontID, _ id: LinkID) throws -> Link? {
    try links.find({
      $0.id(storefront)
      $0.id(id)
    }) { row in try Self.readLink(id, &row) }
  }

  static func readLink(_ id: LinkID, _ row: inout ColumnReader) throws -> Link {
    Link(
      id: id, text: try row.text(), promoter: try row.id(), room: try row.optionalID(),
      sku: try row.optionalID(), channel: try row.text(), expiresAt: try row.time(),
      maximumUses: try row.optionalInteger(), issuedAt: try row.time(), uses: try row.integer(),
      revokedAt: try row.optionalTime())
  }

  func save(_ storefront: StorefrontID, _ link: Link) throws {
    try links.save { row in
      row.id(storefront)
      row.id(link.id)
      row.text(link.text)
      row.id(link.promoter)
      row.id(link.room)
      row.id(link.sku)
      row.text(link.channel)
      row.time(link.expiresAt)
      row.integer(link.maximumUses)
      row.time(link.issuedAt)
      row.integer(link.uses)
      row.time(link.revokedAt)
    }
  }

  func linkRefusals(_ storefront: StorefrontID, _ promoter: MemberID) throws -> LinkRefusals? {
    try refusals.find({
      $0.id(storefront)
      $0.id(promoter)
    }) { row in
      LinkRefusals(
        counts: try row.json().list().map { entry throws(StorageError) in
          (try entry["code"].word(), try entry["count"].integer())
        })
    }
  }

  func save(_ storefront: StorefrontID, _ promoter: MemberID, _ refused: LinkRefusals) throws {
    var body = JSONWriter()
    body.beginArray()
    for (code, count) in refused.counts {
      body.beginObject()
      body.field("code", code.rawValue)
      body.field("count", count)
      body.endObject()
    }
    body.endArray()
    try refusals.save { row in
      row.id(storefront)
      row.id(promoter)
      row.utf8(body.bytes)
    }
  }
}
