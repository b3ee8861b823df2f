// Where a what-if takes history from: the database of a data directory, read-only and of one moment,
// or the store that a scenario has filled. One thread.

import Commerce
import Commission
import Coordination
import Storage

/// What has happened in a storefront.
protocol History {
  /// The storefront whose history it is.
  func storefront() throws -> Storefront
  /// A version of its plan.
  func plan(version: Int64) throws -> Plan
  /// A member with the rank of a moment; nothing where there is none.
  func member(_ id: MemberID, at: Timestamp) throws -> Member?
  /// How many orders `forEachPaidOrder` shows.
  func paidOrderCount(placed span: Range<Timestamp>) throws -> Int64
  /// Shows every paid order that was placed in a span of time.
  func forEachPaidOrder(placed span: Range<Timestamp>, _ body: (Order) throws -> Void) throws
  /// Members who joined in a span of time, in a fixed order.
  func members(joined span: Range<Timestamp>) throws -> [MemberID]
  /// Every bonus that was booked because somebody joined.
  func bonuses() throws -> [JoiningBonus]
}

/// Something that history names and that is not there.
struct HistoryFault: Error, CustomStringConvertible {
  let description: String
}

/// A member with every rank they have had.
private struct RankedMember {
  let present: Member
  /// In order.
  let changes: [RankChange]

  /// The member with the rank of a moment; a change of that very millisecond holds already.
  func member(at: Timestamp) -> Member {
    var member = present
    // Before the first change there was no rank; whoever asks for it then gets that of the joining.
    if let change = changes.last(where: { $0.at <= at }) ?? changes.first {
      member.rank = change.to
    }
    return member
  }
}

/// The history in a database; its questions are to be asked inside one moment of the reader.
final class StoredHistory: History {
  private let reader: SQLiteReader
  private let id: StorefrontID
  private var plans: [Int64: Plan] = [:]
  private var known: [MemberID: RankedMember?] = [:]

  init(_ reader: SQLiteReader, _ storefront: StorefrontID) {
    self.reader = reader
    id = storefront
  }

  func storefront() throws -> Storefront {
    guard case .storefront(let found)? = try reader.load([.storefront(id)])[0] else {
      throw HistoryFault(description: "there is no storefront \(id)")
    }
    return found
  }

  func plan(version: Int64) throws -> Plan {
    if let known = plans[version] { return known }
    guard case .planVersion(let found)? = try reader.load([.planVersion(id, version)])[0] else {
      throw HistoryFault(description: "there is no version \(version) of the plan")
    }
    plans[version] = found.plan
    return found.plan
  }

  func member(_ member: MemberID, at: Timestamp) throws -> Member? {
    if let known = known[member] { return known?.member(at: at) }
    var found: RankedMember?
    if case .member(let stored)? = try reader.load([.member(id, member)])[0] {
      found = RankedMember(present: stored, changes: try reader.rankChanges(id, member))
    }
    known.updateValue(found, forKey: member)
    return found?.member(at: at)
  }

  func paidOrderCount(placed span: Range<Timestamp>) throws -> Int64 {
    try reader.paidOrderCount(id, placed: span)
  }

  func forEachPaidOrder(placed span: Range<Timestamp>, _ body: (Order) throws -> Void) throws {
    try reader.forEachOrder(id, placedFrom: span.lowerBound, until: span.upperBound) { order in
      if order.paidAt != nil { try body(order) }
    }
  }

  func members(joined span: Range<Timestamp>) throws -> [MemberID] {
    try reader.joinings(id, from: span.lowerBound, until: span.upperBound).map(\.member)
  }

  func bonuses() throws -> [JoiningBonus] { try reader.bonuses(id) }
}

/// The history in a store in memory.
struct MemoryHistory: History {
  private let store: MemoryStore
  private let id: StorefrontID

  init(_ store: MemoryStore, _ storefront: StorefrontID) {
    self.store = store
    id = storefront
  }

  func storefront() throws -> Storefront {
    guard case .storefront(let found)? = store.records[.storefront(id)] else {
      throw HistoryFault(description: "the scenario has no steps")
    }
    return found
  }

  func plan(version: Int64) throws -> Plan {
    guard case .planVersion(let found)? = store.records[.planVersion(id, version)] else {
      throw HistoryFault(description: "there is no version \(version) of the plan")
    }
    return found.plan
  }

  func member(_ member: MemberID, at: Timestamp) -> Member? {
    guard case .member(let found)? = store.records[.member(id, member)] else { return nil }
    var changes: [RankChange] = []
    while case .rankChange(let change)? =
      store.records[.rankChange(id, member, Int64(changes.count + 1))]
    {
      changes.append(change)
    }
    return RankedMember(present: found, changes: changes).member(at: at)
  }

  func paidOrderCount(placed span: Range<Timestamp>) -> Int64 {
    Int64(paidOrders(placed: span).count)
  }

  func forEachPaidOrder(placed span: Range<Timestamp>, _ body: (Order) throws -> Void) throws {
    for order in paidOrders(placed: span) { try body(order) }
  }

  func members(joined span: Range<Timestamp>) -> [MemberID] {
    store.records.compactMap { key, record in
      guard case .member(id, let name) = key, case .member(let member) = record,
        span.contains(member.joinedAt)
      else { return nil }
      return name
    }.sorted()
  }

  func bonuses() -> [JoiningBonus] {
    store.records.compactMap { key, record in
      guard case .bonus(id, _) = key, case .bonus(let bonus) = record else { return nil }
      return bonus
    }.sorted { $0.id < $1.id }
  }

  private func paidOrders(placed span: Range<Timestamp>) -> [Order] {
    store.records.compactMap { key, record in
      guard case .order(id, _) = key, case .order(let order) = record, order.paidAt != nil,
        span.contains(order.placedAt)
      else { return nil }
      return order
    }.sorted { ($0.placedAt, $0.id) < ($1.placedAt, $1.id) }
  }
}
