// Invite codes, and the accounts of the quota that they draw on.

import Commerce
import Coordination
import Notation

/// The tables of invite codes.
final class InviteTables {
  private let invites: RecordTable
  private let quotas: RecordTable
  private let entries: RecordTable

  /// The columns of a code in the order in which `readInvite` takes them.
  static let frozenInviteColumns = ["promoter", "issued_at", "expires_at", "is_limited"]
  static let inviteColumns = ["state", "used_by", "closed_at"]
  /// The columns of an account in the order in which `readQuota` takes them.
  static let quotaColumns = ["sums", "open", "consumed", "entries"]
  /// The columns of an entry in the order in which `readEntry` takes them.
  static let entryColumns = [
    "at", "kind", "units", "remains", "\"order\"", "amount", "per", "invite",
  ]

  init(_ connection: SQLiteConnection) throws {
    invites = try RecordTable(
      "invites", keys: ["storefront", "id"], frozen: Self.frozenInviteColumns,
      columns: Self.inviteColumns, on: connection)
    quotas = try RecordTable(
      "quotas", keys: ["storefront", "member"], columns: Self.quotaColumns, on: connection)
    entries = try RecordTable(
      "quota_entries", keys: ["storefront", "member", "number"], columns: Self.entryColumns,
      on: connection)
  }

  func invite(_ storefront: StorefrontID, _ id: InviteID) throws -> Invite? {
    try invites.find({
      $0.id(storefront)
      $0.id(id)
    }) { row in try Self.readInvite(id, &row) }
  }

  static func readInvite(_ id: InviteID, _ row: inout ColumnReader) throws -> Invite {
    Invite(
      id: id, promoter: try row.id(), issuedAt: try row.time(), expiresAt: try row.time(),
      isLimited: try row.integer() != 0, state: try row.word(), usedBy: try row.optionalID(),
      closedAt: try row.optionalTime())
  }

  func save(_ storefront: StorefrontID, _ invite: Invite) throws {
    try invites.save { row in
      row.id(storefront)
      row.id(invite.id)
      row.id(invite.promoter)
      row.time(invite.issuedAt)
      row.time(invite.expiresAt)
      row.integer(invite.isLimited ? 1 : 0)
      row.text(invite.state.rawValue)
      row.id(invite.usedBy)
      row.time(invite.closedAt)
    }
  }

  func quota(_ storefront: StorefrontID, _ member: MemberID) throws -> QuotaAccount? {
    try quotas.find({
      $0.id(storefront)
      $0.id(member)
    }) { row in try Self.readQuota(&row) }
  }

  static func readQuota(_ row: inout ColumnReader) throws -> QuotaAccount {
    QuotaAccount(
      sums: try row.json().list().map { sum throws(StorageError) in
        QuotaAccount.Earned(per: try sum["per"].amount(), settled: try sum["settled"].amount())
      },
      open: try row.json().list().map { entry throws(StorageError) in
        QuotaAccount.Open(
          invite: try entry["invite"].id(), expiresAt: try entry["expiresAt"].time())
      }, consumed: try row.integer(), entries: try row.integer())
  }

  func save(
    _ storefront: StorefrontID, _ member: MemberID, _ account: QuotaAccount
  ) throws {
    var sums = JSONWriter()
    sums.beginArray()
    for sum in account.sums {
      sums.beginObject()
      sums.field("per", sum.per.minorUnits)
      sums.field("settled", sum.settled.minorUnits)
      sums.endObject()
    }
    sums.endArray()
    var open = JSONWriter()
    open.beginArray()
    for entry in account.open {
      open.beginObject()
      open.field("invite", entry.invite.text)
      open.field("expiresAt", entry.expiresAt.milliseconds)
      open.endObject()
    }
    open.endArray()
    try quotas.save { row in
      row.id(storefront)
      row.id(member)
      row.utf8(sums.bytes)
      row.utf8(open.bytes)
      row.integer(account.consumed)
      row.integer(account.entries)
    }
  }

  func entry(
    _ storefront: StorefrontID, _ member: MemberID, _ number: Int64
  ) throws -> QuotaEntry? {
    try entries.find({
      $0.id(storefront)
      $0.id(member)
      $0.integer(number)
    }) { row in try Self.readEntry(number, &row) }
  }

  static func readEntry(_ number: Int64, _ row: inout ColumnReader) throws -> QuotaEntry {
    QuotaEntry(
      number: number, at: try row.time(), kind: try row.word(), units: try row.integer(),
      left: try row.integer(), order: try row.optionalID(), amount: try row.amount(),
      per: try row.optionalInteger().map { Amount($0) }, invite: try row.optionalID())
  }

  func save(_ storefront: StorefrontID, _ member: MemberID, _ entry: QuotaEntry) throws {
    try entries.save { row in
      row.id(storefront)
      row.id(member)
      row.integer(entry.number)
      row.time(entry.at)
      row.text(entry.kind.rawValue)
      row.integer(entry.units)
      row.integer(entry.left)
      row.id(entry.order)
      row.amount(entry.amount)
      row.integer(entry.per?.minorUnits)
      row.id(entry.invite)
    }
  }
}
