// Checks the figures that tickers show: turnover and orders of the storefront and of each room, what
// members earn in each room, and what refunds took back. Everything is added up again from orders and
// from the transactions about them. Part of a check of the books; the same moment, one thread.

import Commerce
import Coordination
import Ledger

/// What the transactions about one subject come to.
struct SubjectSums {
  /// One member's money over these transactions.
  struct Money {
    var pending = Amount.zero
    /// Available and debt.
    var released = Amount.zero
    /// What refunds took back, as a positive figure.
    var reversed = Amount.zero
  }

  /// How many transactions there are.
  private(set) var transactions: Int64 = 0
  /// By party.
  private(set) var nets: [String: Amount] = [:]
  /// By member.
  private(set) var members: [String: Money] = [:]
  private var last: Int64 = 0

  /// Takes one posting; those of one transaction follow each other.
  mutating func add(_ sequence: Int64, _ kind: CauseKind, account name: String, _ amount: Amount) {
    if sequence != last { transactions += 1 }
    last = sequence
    let account = Account(name: name)
    nets[account?.party ?? name, default: .zero] += amount
    guard let account, let member = account.member?.text else { return }
    var money = members[member] ?? Money()
    if case .pending = account { money.pending += amount } else { money.released += amount }
    if kind == .refund { money.reversed -= amount }
    members[member] = money
  }
}

/// A check of the shown figures on its way.
struct FigureCheck {
  private typealias Fault = Verification.Fault
  private typealias Money = SubjectSums.Money

  /// What orders come to.
  private struct Turnover {
    var orders: Int64 = 0
    var units: Int64 = 0
    var gmv = Amount.zero
    var refunded = Amount.zero

    mutating func add(_ order: Order) {
      orders += 1
      for line in order.lines {
        units += line.units
        gmv += line.paid
        refunded += line.refunded
      }
    }
  }

  private struct Place: Hashable {
    /// Empty for everywhere together.
    let room: String
    let member: String
  }

  private let reader: SQLiteReader
  private let storefront: StorefrontID
  private var total = Turnover()
  private var rooms: [String: Turnover] = [:]
  private var earnings: [Place: Money] = [:]

  init(reader: SQLiteReader, storefront: StorefrontID) {
    self.reader = reader
    self.storefront = storefront
  }

  /// Counts an order and what was booked about it.
  mutating func add(_ order: Order, _ booked: SubjectSums) {
    guard order.paidAt != nil else { return }
    total.add(order)
    if let room = order.room?.text { rooms[room, default: Turnover()].add(order) }
    for (member, money) in booked.members {
      earnings[Place(room: "", member: member), default: Money()].reversed += money.reversed
      guard let room = order.room?.text else { continue }
      let place = Place(room: room, member: member)
      var sum = earnings[place] ?? Money()
      sum.pending += money.pending
      sum.released += money.released
      sum.reversed += money.reversed
      earnings[place] = sum
    }
  }

  /// Compares what was counted with what is kept; every order has been added.
  ///
  /// - Throws: `Verification.Fault` for the first difference, `StorageError`.
  func run() throws {
    let kept = try reader.tables.storefronts.progress(storefront) ?? StorefrontProgress()
    try compare(
      total, kept.orders, kept.units, kept.gmv, kept.refunded, at: "the storefront")
    try checkRooms()
    try checkEarnings()
  }

  private func checkRooms() throws {
    let kept = try reader.rows(
      """
      SELECT room, orders, units, gmv, refunded FROM room_progress WHERE storefront = ?
      ORDER BY room
      """, { $0.id(storefront) }
    ) { row in
      (
        room: try row.text(), orders: try row.integer(), units: try row.integer(),
        gmv: try row.amount(), refunded: try row.amount()
      )
    }
    for room in kept {
      try compare(
        rooms[room.room] ?? Turnover(), room.orders, room.units, room.gmv, room.refunded,
        at: "room \(room.room)")
    }
    if let room = Set(rooms.keys).subtracting(kept.map(\.room)).min() {
      throw Fault(at: "room \(room)", expected: "figures", found: "none")
    }
  }

  private func compare(
    _ turnover: Turnover, _ orders: Int64, _ units: Int64, _ gmv: Amount, _ refunded: Amount,
    at place: String
  ) throws {
    try expect(turnover.orders, orders, at: "orders of \(place)")
    try expect(turnover.units, units, at: "units of \(place)")
    try expect(turnover.gmv, gmv, at: "turnover of \(place)")
    try expect(turnover.refunded, refunded, at: "refunds of \(place)")
  }

  private func checkEarnings() throws {
    var left = earnings
    let kept = try reader.rows(
      """
      SELECT member, room, pending, released, reversed FROM earnings WHERE storefront = ?
      ORDER BY member, room
      """, { $0.id(storefront) }
    ) { row in
      (
        member: try row.text(), room: try row.text(), pending: try row.amount(),
        released: try row.amount(), reversed: try row.amount()
      )
    }
    for row in kept {
      let found = left.removeValue(forKey: Place(room: row.room, member: row.member))
      let money = found ?? Money()
      let place = row.room.isEmpty ? row.member : "\(row.member) in room \(row.room)"
      try expect(money.reversed, row.reversed, at: "reversed earnings of \(place)")
      // Over all rooms there are bonuses and payouts besides; balances have told of those.
      guard !row.room.isEmpty else { continue }
      try expect(money.pending, row.pending, at: "pending earnings of \(place)")
      try expect(money.released, row.released, at: "released earnings of \(place)")
    }
    let forgotten = left.filter {
      $0.value.pending != .zero || $0.value.released != .zero || $0.value.reversed != .zero
    }
    if let place = forgotten.keys.min(by: { ($0.member, $0.room) < ($1.member, $1.room) }) {
      throw Fault(
        at: "earnings of \(place.member) in room \(place.room)", expected: "figures", found: "none")
    }
  }

  private func expect<Value: Equatable>(
    _ expected: Value, _ found: Value, at place: @autoclosure () -> String
  ) throws {
    guard expected == found else {
      throw Fault(at: place(), expected: "\(expected)", found: "\(found)")
    }
  }
}
