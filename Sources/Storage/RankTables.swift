// Ranks with their history, and what is counted about members.

import Commerce
import Coordination
import Notation

/// The tables of ranks.
final class RankTables {
  private let progress: RecordTable
  private let changes: RecordTable

  /// The columns of progress in the order in which `readProgress` takes them.
  static let progressColumns = [
    "locked_fans", "fans_by_rank", "settled_sales", "rank_changes", "is_held",
  ]
  /// The columns of a change in the order in which `readChange` takes them.
  static let changeColumns = ["from_rank", "to_rank", "at", "cause", "evidence"]

  init(_ connection: SQLiteConnection) throws {
    progress = try RecordTable(
      "member_progress", keys: ["storefront", "member"], columns: Self.progressColumns,
      isAlone: true, on: connection)
    changes = try RecordTable(
      "rank_changes", keys: ["storefront", "member", "number"], columns: Self.changeColumns,
      on: connection)
  }

  func progress(_ storefront: StorefrontID, _ member: MemberID) throws -> MemberProgress? {
    try progress.find({
      $0.id(storefront)
      $0.id(member)
    }) { row in try Self.readProgress(&row) }
  }

  static func readProgress(_ row: inout ColumnReader) throws -> MemberProgress {
    MemberProgress(
      lockedFans: try row.integer(),
      fansByRank: try row.json().list().map { fans throws(StorageError) in
        MemberProgress.Fans(rank: try fans["rank"].text(), count: try fans["count"].integer())
      }, settledSales: try row.amount(), rankChanges: try row.integer(),
      isHeld: try row.integer() != 0)
  }

  func save(
    _ storefront: StorefrontID, _ member: MemberID, _ counted: MemberProgress
  ) throws {
    var body = JSONWriter()
    body.beginArray()
    for fans in counted.fansByRank {
      body.beginObject()
      body.field("rank", fans.rank)
      body.field("count", fans.count)
      body.endObject()
    }
    body.endArray()
    try progress.save { row in
      row.id(storefront)
      row.id(member)
      row.integer(counted.lockedFans)
      row.utf8(body.bytes)
      row.amount(counted.settledSales)
      row.integer(counted.rankChanges)
      row.integer(counted.isHeld ? 1 : 0)
    }
  }

  func change(
    _ storefront: StorefrontID, _ member: MemberID, _ number: Int64
  ) throws -> RankChange? {
    try changes.find({
      $0.id(storefront)
      $0.id(member)
      $0.integer(number)
    }) { row in try Self.readChange(number, &row) }
  }

  static func readChange(_ number: Int64, _ row: inout ColumnReader) throws -> RankChange {
    let from = try row.optionalText()
    let to = try row.text()
    let at = try row.time()
    let word = try row.text()
    let cause: RankCause
    switch word {
    case "joining": cause = .joining
    case "operator": cause = .operator
    case "threshold":
      let body = try row.json()
      cause = .threshold(
        RankEvidence(
          kind: try body["kind"].word(),
          ofRank: try body["ofRank"].optional { rank throws(StorageError) in try rank.text() },
          counted: try body["counted"].integer(), needed: try body["needed"].integer(),
          planVersion: try body["planVersion"].integer()))
    default: throw row.corrupt("\(word) is no cause of a rank")
    }
    return RankChange(number: number, from: from, to: to, at: at, cause: cause)
  }

  func save(_ storefront: StorefrontID, _ member: MemberID, _ change: RankChange) throws {
    var evidence: String?
    let cause: String
    switch change.cause {
    case .joining: cause = "joining"
    case .operator: cause = "operator"
    case .threshold(let found):
      cause = "threshold"
      var body = JSONWriter()
      body.beginObject()
      body.field("kind", found.kind.rawValue)
      body.field("ofRank", found.ofRank)
      body.field("counted", found.counted)
      body.field("needed", found.needed)
      body.field("planVersion", found.planVersion)
      body.endObject()
      evidence = String(decoding: body.bytes, as: UTF8.self)
    }
    try changes.save { row in
      row.id(storefront)
      row.id(member)
      row.integer(change.number)
      row.text(change.from)
      row.text(change.to)
      row.time(change.at)
      row.text(cause)
      row.text(evidence)
    }
  }
}
