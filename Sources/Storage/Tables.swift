// The tables of a connection: which record lives where, and the one switch in each direction.
//
// Threads: those of the connection.

import Commerce
import Coordination
import Ledger

/// Where zones come from: the system's tables, read by name.
package typealias ZoneSource = @Sendable (String) throws -> TimeZoneTable

/// The prepared statements of every kind of record.
final class Tables {
  let connection: SQLiteConnection
  let zone: ZoneSource
  let catalogue: CatalogueTables
  let storefronts: StorefrontTables
  let people: PeopleTables
  let rooms: RoomTables
  let orders: OrderTables
  let ledger: LedgerTables
  let ranks: RankTables
  let invites: InviteTables
  let statements: StatementTables
  let webhooks: WebhookTables
  let revocations: RevocationTables

  init(_ connection: SQLiteConnection, zone: @escaping ZoneSource) throws {
    self.connection = connection
    self.zone = zone
    catalogue = try CatalogueTables(connection)
    storefronts = try StorefrontTables(connection)
    people = try PeopleTables(connection)
    rooms = try RoomTables(connection)
    orders = try OrderTables(connection)
    ledger = try LedgerTables(connection)
    ranks = try RankTables(connection)
    invites = try InviteTables(connection)
    statements = try StatementTables(connection)
    webhooks = try WebhookTables(connection)
    revocations = try RevocationTables(connection)
  }

  /// Loads one record.
  func load(_ key: Key) throws -> Record? {
    switch key {
    case .product(let id): try catalogue.product(id).map { .product($0) }
    case .sku(let id): try catalogue.sku(id).map { .sku($0) }
    case .stock(let id): try catalogue.stock(id).map { .stock($0) }
    case .storefront(let id): try storefronts.storefront(id, zone).map { .storefront($0) }
    case .storefrontProgress(let id):
      try storefronts.progress(id).map { .storefrontProgress($0) }
    case .planVersion(let storefront, let number):
      try storefronts.planVersion(storefront, number).map { .planVersion($0) }
    case .productSet(let storefront, let id):
      try storefronts.productSet(storefront, id).map { .productSet($0) }
    case .member(let storefront, let id): try people.member(storefront, id).map { .member($0) }
    case .grants(let storefront, let id): try people.grants(storefront, id).map { .grants($0) }
    case .viewer(let storefront, let id): try people.viewer(storefront, id).map { .viewer($0) }
    case .visits(let storefront, let viewer, let room):
      try people.visits(storefront, viewer, room).map { .visits($0) }
    case .attendance(let storefront, let room, let viewer):
      try people.attendance(storefront, room, viewer).map { .attendance($0) }
    case .link(let storefront, let id): try people.link(storefront, id).map { .link($0) }
    case .linkRefusals(let storefront, let id):
      try people.linkRefusals(storefront, id).map { .linkRefusals($0) }
    case .room(let storefront, let id): try rooms.room(storefront, id).map { .room($0) }
    case .roomProgress(let storefront, let id):
      try rooms.progress(storefront, id).map { .roomProgress($0) }
    case .listing(let storefront, let room, let sku):
      try rooms.listing(storefront, room, sku).map { .listing($0) }
    case .order(let storefront, let id): try orders.order(storefront, id).map { .order($0) }
    case .fact(let storefront, let id): try orders.fact(storefront, id).map { .fact($0) }
    case .bonus(let storefront, let id): try orders.bonus(storefront, id).map { .bonus($0) }
    case .statement(let storefront, let id):
      try statements.statement(storefront, id).map { .statement($0) }
    case .statementLine(let storefront, let statement, let member):
      try statements.line(storefront, statement, member).map { .statementLine($0) }
    case .balance(let storefront, let account):
      try ledger.balance(storefront, account).map { .balance($0) }
    case .earnings(let storefront, let member, let room):
      try ledger.earnings(storefront, member, room).map { .earnings($0) }
    case .memberProgress(let storefront, let id):
      try ranks.progress(storefront, id).map { .memberProgress($0) }
    case .rankChange(let storefront, let id, let number):
      try ranks.change(storefront, id, number).map { .rankChange($0) }
    case .quota(let storefront, let id): try invites.quota(storefront, id).map { .quota($0) }
    case .quotaEntry(let storefront, let id, let number):
      try invites.entry(storefront, id, number).map { .quotaEntry($0) }
    case .invite(let storefront, let id): try invites.invite(storefront, id).map { .invite($0) }
    case .webhookProgress(let storefront, let id):
      try webhooks.progress(storefront, id).map { .webhookProgress($0) }
    case .deadLetter(let storefront, let id, let sequence):
      try webhooks.letter(storefront, id, sequence).map { .deadLetter($0) }
    case .revocation(let storefront, let id):
      try revocations.revocation(storefront, id).map { .revocation($0) }
    }
  }

  /// Stores one record.
  ///
  /// - Parameters:
  ///   - key: its key.
  ///   - record: of the key's kind.
  ///   - calendar: finds a storefront's zone, for when an order is due.
  /// - Throws: `StorageError`, and what `calendar` throws.
  func save(
    _ key: Key, _ record: Record, calendar: (StorefrontID) throws -> TimeZoneTable
  ) throws {
    switch (key, record) {
    case (.product, .product(let product)): try catalogue.save(product)
    case (.sku, .sku(let sku)): try catalogue.save(sku)
    case (.stock(let sku), .stock(let stock)): try catalogue.save(sku, stock)
    case (.storefront, .storefront(let storefront)): try storefronts.save(storefront)
    case (.storefrontProgress(let storefront), .storefrontProgress(let progress)):
      try storefronts.save(storefront, progress)
    case (.planVersion(let storefront, _), .planVersion(let version)):
      try storefronts.save(storefront, version)
    case (.productSet(let storefront, _), .productSet(let set)):
      try storefronts.save(storefront, set)
    case (.member(let storefront, _), .member(let member)): try people.save(storefront, member)
    case (.grants(let storefront, let member), .grants(let grants)):
      try people.save(storefront, member, grants)
    case (.viewer(let storefront, _), .viewer(let viewer)): try people.save(storefront, viewer)
    case (.visits(let storefront, let viewer, let room), .visits(let visits)):
      try people.save(storefront, viewer, room, visits)
    case (.attendance(let storefront, let room, let viewer), .attendance(let at)):
      try people.save(storefront, room, viewer, at)
    case (.link(let storefront, _), .link(let link)): try people.save(storefront, link)
    case (.linkRefusals(let storefront, let promoter), .linkRefusals(let refusals)):
      try people.save(storefront, promoter, refusals)
    case (.room(let storefront, _), .room(let room)): try rooms.save(storefront, room)
    case (.roomProgress(let storefront, let room), .roomProgress(let progress)):
      try rooms.save(storefront, room, progress)
    case (.listing(let storefront, let room, _), .listing(let listing)):
      try rooms.save(storefront, room, listing)
    case (.order(let storefront, _), .order(let order)):
      try orders.save(storefront, order, due: order.releaseDue(zone: calendar(storefront)))
    case (.fact(let storefront, let id), .fact(let fact)): try orders.save(storefront, id, fact)
    case (.bonus(let storefront, _), .bonus(let bonus)): try orders.save(storefront, bonus)
    case (.statement(let storefront, _), .statement(let statement)):
      try statements.save(storefront, statement)
    case (.statementLine(let storefront, let statement, _), .statementLine(let line)):
      try statements.save(storefront, statement, line)
    case (.balance(let storefront, let account), .balance(let amount)):
      try ledger.save(storefront, account, amount)
    case (.earnings(let storefront, let member, let room), .earnings(let earnings)):
      try ledger.save(storefront, member, room, earnings)
    case (.memberProgress(let storefront, let id), .memberProgress(let progress)):
      try ranks.save(storefront, id, progress)
    case (.rankChange(let storefront, let id, _), .rankChange(let change)):
      try ranks.save(storefront, id, change)
    case (.quota(let storefront, let id), .quota(let account)):
      try invites.save(storefront, id, account)
    case (.quotaEntry(let storefront, let id, _), .quotaEntry(let entry)):
      try invites.save(storefront, id, entry)
    case (.invite(let storefront, _), .invite(let invite)): try invites.save(storefront, invite)
    case (.webhookProgress(let storefront, let id), .webhookProgress(let progress)):
      try webhooks.save(storefront, id, progress)
    case (.deadLetter(let storefront, let id, _), .deadLetter(let letter)):
      try webhooks.save(storefront, id, letter)
    case (.revocation(let storefront, _), .revocation(let revocation)):
      try revocations.save(storefront, revocation)
    default: preconditionFailure("a record under the key of another kind")
    }
  }
}
