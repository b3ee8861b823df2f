// Checks what is counted about members, their ranks and their invite codes: everything is counted again
// from locks, orders, changes and entries. Part of a check of the books; the same moment, one thread.

import Commerce
import Commission
import Coordination

/// A check of ranks and quotas on its way.
struct RankCheck {
  typealias Fault = Verification.Fault

  private let reader: SQLiteReader
  private let storefront: StorefrontID
  /// Settled own sales by member, and by price of a unit where the order's plan has a quota.
  private var settled: [MemberID: Amount] = [:]
  private var sums: [MemberID: [Amount: Amount]] = [:]
  /// The orders behind those, folded into one figure for each member: see `folded`.
  private var orders: [MemberID: UInt64] = [:]

  init(reader: SQLiteReader, storefront: StorefrontID) {
    self.reader = reader
    self.storefront = storefront
  }

  /// Counts an order for whoever sold it, under the plan pinned on it.
  mutating func add(_ order: Order, _ plan: Plan) {
    guard order.releasedAt != nil, let seller = plan.personalSeller(in: order.snapshot) else {
      return
    }
    settled[seller, default: .zero] += order.net
    if let per = plan.inviteQuota?.settledSalesPerUnit {
      sums[seller, default: [:]][per, default: .zero] += order.net
      orders[seller, default: 0] &+= Self.folded(order.id, per, order.net)
    }
  }

  /// An order's amount at a price, times a number made of the two (FNV-1a): sums of these are the same
  /// for an order and for all entries about it, and differ where an entry names another order.
  private static func folded(_ order: OrderID, _ per: Amount, _ amount: Amount) -> UInt64 {
    let number = "\(order)/\(per)".utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01B3
    }
    return number &* UInt64(bitPattern: amount.minorUnits)
  }

  /// Compares what was counted with what is kept; every order has been added.
  ///
  /// - Throws: `Verification.Fault` for the first difference, `StorageError`.
  func run() throws {
    let progress = try allProgress()
    try checkCounts(progress)
    try checkHistories(progress)
    try checkQuotas()
  }

  private func allProgress() throws -> [MemberID: MemberProgress] {
    let columns = RankTables.progressColumns.joined(separator: ", ")
    let found = try reader.rows(
      "SELECT member, \(columns) FROM member_progress WHERE storefront = ? ORDER BY member",
      { $0.id(storefront) }
    ) { row in
      (member: try row.id() as MemberID, progress: try RankTables.readProgress(&row))
    }
    return Dictionary(uniqueKeysWithValues: found.map { ($0.member, $0.progress) })
  }

  // MARK: Counts

  private func checkCounts(_ kept: [MemberID: MemberProgress]) throws {
    var fans: [MemberID: Int64] = [:]
    var byRank: [MemberID: [String: Int64]] = [:]
    let locks = try reader.rows(
      """
      SELECT v.id, v.lock_promoter, m.rank FROM viewers AS v
      LEFT JOIN members AS m ON m.storefront = v.storefront AND m.id = v.id
      WHERE v.storefront = ? AND v.lock_promoter IS NOT NULL
      """, { $0.id(storefront) }
    ) { row in
      (
        fan: try row.id() as ViewerID, locker: try row.id() as MemberID,
        rank: try row.optionalText()
      )
    }
    for lock in locks where !lock.fan.isGuest {
      fans[lock.locker, default: 0] += 1
      if let rank = lock.rank { byRank[lock.locker, default: [:]][rank, default: 0] += 1 }
    }
    let members = Set(kept.keys).union(fans.keys).union(settled.keys).sorted()
    for member in members {
      let progress = kept[member] ?? MemberProgress()
      try expect(fans[member] ?? 0, progress.lockedFans, at: "locked fans of \(member)")
      let counted = byRank[member] ?? [:]
      let keptByRank = progress.counts.fansByRank
      for rank in Set(counted.keys).union(keptByRank.keys).sorted() {
        try expect(
          counted[rank] ?? 0, keptByRank[rank] ?? 0, at: "fans of \(member) of rank \(rank)")
      }
      try expect(
        settled[member] ?? .zero, progress.settledSales, at: "settled sales of \(member)")
    }
  }

  // MARK: History

  /// The changes of a member lead without a gap from joining to the rank they have.
  private func checkHistories(_ kept: [MemberID: MemberProgress]) throws {
    var counts: [MemberID: Int64] = [:]
    var ranks: [MemberID: String] = [:]
    let columns = RankTables.changeColumns.joined(separator: ", ")
    let changes = try reader.rows(
      """
      SELECT member, number, \(columns) FROM rank_changes WHERE storefront = ?
      ORDER BY member, number
      """, { $0.id(storefront) }
    ) { row in
      let member: MemberID = try row.id()
      return (member: member, change: try RankTables.readChange(try row.integer(), &row))
    }
    for (member, change) in changes {
      let place = "rank change \(change.number) of \(member)"
      try expect((counts[member] ?? 0) + 1, change.number, at: "\(place), number")
      try expect(ranks[member] ?? "none", change.from ?? "none", at: "\(place), rank before")
      counts[member] = change.number
      ranks[member] = change.to
    }
    let members = try reader.rows(
      "SELECT id, rank FROM members WHERE storefront = ? ORDER BY id", { $0.id(storefront) }
    ) { row in
      (id: try row.id() as MemberID, rank: try row.text())
    }
    for member in members {
      try expect(ranks[member.id] ?? "none", member.rank, at: "rank of \(member.id)")
      try expect(
        counts[member.id] ?? 0, kept[member.id]?.rankChanges ?? 0,
        at: "rank changes of \(member.id)")
    }
  }

  // MARK: Quotas

  private func checkQuotas() throws {
    let columns = InviteTables.quotaColumns.joined(separator: ", ")
    let found = try reader.rows(
      "SELECT member, \(columns) FROM quotas WHERE storefront = ? ORDER BY member",
      { $0.id(storefront) }
    ) { row in
      (member: try row.id() as MemberID, account: try InviteTables.readQuota(&row))
    }
    var accounts: [MemberID: QuotaAccount] = [:]
    for (member, account) in found { accounts[member] = account }
    for member in Set(accounts.keys).union(sums.keys).sorted() {
      try check(accounts[member] ?? QuotaAccount(), of: member)
    }
  }

  private func check(_ account: QuotaAccount, of member: MemberID) throws {
    var kept: [Amount: Amount] = [:]
    for sum in account.sums { kept[sum.per, default: .zero] += sum.settled }
    let counted = sums[member] ?? [:]
    for per in Set(kept.keys).union(counted.keys).sorted() {
      try expect(
        counted[per] ?? .zero, kept[per] ?? .zero, at: "quota of \(member), sales at \(per)")
    }
    var left: Int64 = 0
    var number: Int64 = 0
    var folded: UInt64 = 0
    for entry in try reader.quotaEntries(storefront, member) {
      let place = "quota of \(member), entry \(entry.number)"
      number += 1
      left += entry.units
      try expect(number, entry.number, at: "\(place), number")
      try expect(left, entry.left, at: "\(place), left")
      if let order = entry.order, let per = entry.per {
        folded &+= Self.folded(order, per, entry.amount)
      }
    }
    try expect(orders[member] ?? 0, folded, at: "quota of \(member), orders of its entries")
    try expect(number, account.entries, at: "quota of \(member), entries")
    try expect(left, account.left, at: "quota of \(member), left")
    let limited = try reader.rows(
      """
      SELECT id, state FROM invites WHERE storefront = ?1 AND promoter = ?2 AND is_limited = 1
      """
    ) { row in
      row.id(storefront)
      row.id(member)
    } _: { row in
      (id: try row.id() as InviteID, state: try row.word(InviteState.self))
    }
    try expect(
      limited.filter { $0.state == .open }.map(\.id).sorted(),
      account.open.map(\.invite).sorted(), at: "quota of \(member), open codes")
    try expect(
      Int64(limited.count { $0.state == .consumed }), account.consumed,
      at: "quota of \(member), consumed")
  }

  private func expect<Value: Equatable>(
    _ expected: Value, _ found: Value, at place: @autoclosure () -> String
  ) throws {
    guard expected == found else {
      throw Fault(at: place(), expected: "\(expected)", found: "\(found)")
    }
  }
}
