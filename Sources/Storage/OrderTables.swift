// Orders, facts and joining bonuses.

import Commerce
import Coordination
import Notation

/// The tables of orders and of what was reported about them.
final class OrderTables {
  private let orders: RecordTable
  private let connection: SQLiteConnection
  private let facts: RecordTable
  private let earlierAnswer: SQLiteStatement
  /// The fact that this transaction has written last, if it was a new one: its number and its answer.
  private var lastFact: (number: Int64, answer: [UInt8])?
  private let bonuses: RecordTable
  private let ordersToRelease: SQLiteStatement
  private let bonusesToRelease: SQLiteStatement
  private let ordersToExpire: SQLiteStatement
  private let ordersToSettle: SQLiteStatement
  private let nextDeadline: SQLiteStatement

  /// The columns of an order in the order in which `readOrder` takes them.
  static let frozenOrderColumns = ["room", "buyer", "promoter", "placed_at", "plan_version"]
  static let orderColumns = [
    "paid_at", "delivered_at", "cancelled_at", "released_at", "has_expired", "body",
  ]
  /// The columns of a bonus in the order in which `readBonus` takes them.
  static let bonusColumns = ["payee", "joined", "rule", "amount", "due", "released_at"]

  init(_ connection: SQLiteConnection) throws {
    self.connection = connection
    orders = try RecordTable(
      "orders", keys: ["storefront", "id"], frozen: Self.frozenOrderColumns,
      columns: Self.orderColumns, unread: ["state", "expires_at", "due_at", "settle_at"],
      on: connection)
    facts = try RecordTable(
      "facts", keys: ["storefront", "id"], frozen: ["body", "answer", "answer_of", "at"],
      columns: [], on: connection)
    earlierAnswer = try SQLiteStatement(
      "SELECT answer FROM facts WHERE number = ?", on: connection)
    bonuses = try RecordTable(
      "bonuses", keys: ["storefront", "id"], columns: Self.bonusColumns, unread: ["due_at"],
      on: connection)
    func waiting(_ table: String, _ column: String) throws -> SQLiteStatement {
      try SQLiteStatement(
        """
        SELECT id FROM \(table) WHERE storefront = ?1 AND \(column) <= ?2
        ORDER BY \(column), id LIMIT ?3
        """, on: connection)
    }
    ordersToRelease = try waiting("orders", "due_at")
    bonusesToRelease = try waiting("bonuses", "due_at")
    ordersToExpire = try waiting("orders", "expires_at")
    ordersToSettle = try waiting("orders", "settle_at")
    func first(_ table: String, _ column: String) -> String {
      """
      SELECT (SELECT \(column) FROM \(table) WHERE storefront = ?1 AND \(column) IS NOT NULL
      ORDER BY \(column) LIMIT 1) AS at
      """
    }
    nextDeadline = try SQLiteStatement(
      """
      SELECT min(at) FROM (\(first("orders", "due_at")) UNION ALL \(first("orders", "expires_at"))
      UNION ALL \(first("bonuses", "due_at")))
      """, on: connection)
  }

  func order(_ storefront: StorefrontID, _ id: OrderID) throws -> Order? {
    try orders.find({
      $0.id(storefront)
      $0.id(id)
    }) { row in try Self.readOrder(id, &row) }
  }

  static func readOrder(_ id: OrderID, _ row: inout ColumnReader) throws -> Order {
    let room: RoomID? = try row.optionalID()
    let buyer: ViewerID = try row.id()
    let promoter: MemberID? = try row.optionalID()
    let placedAt = try row.time()
    let planVersion = try row.integer()
    let paidAt = try row.optionalTime()
    let deliveredAt = try row.optionalTime()
    let cancelledAt = try row.optionalTime()
    let releasedAt = try row.optionalTime()
    let hasExpired = try row.integer() != 0
    let body = try OrderBody(try row.json(), promoter: promoter)
    return Order(
      id: id, room: room, buyer: buyer, lines: body.lines, placedAt: placedAt,
      expiresAt: body.expiresAt, receipt: body.receipt, snapshot: body.snapshot,
      planVersion: planVersion, paidAt: paidAt, deliveredAt: deliveredAt,
      cancelledAt: cancelledAt, hasExpired: hasExpired, disputes: body.disputes,
      releasedAt: releasedAt, delegation: body.delegation)
  }

  /// Stores an order.
  ///
  /// - Parameters:
  ///   - storefront: whose.
  ///   - order: the order.
  ///   - due: from when it can be released; none while something is missing.
  /// - Throws: `StorageError`.
  func save(_ storefront: StorefrontID, _ order: Order, due: Timestamp?) throws {
    let state = order.state
    try orders.save { row in
      row.id(storefront)
      row.id(order.id)
      row.id(order.room)
      row.id(order.buyer)
      row.id(order.receipt.promoter)
      row.time(order.placedAt)
      row.integer(order.planVersion)
      row.time(order.paidAt)
      row.time(order.deliveredAt)
      row.time(order.cancelledAt)
      row.time(order.releasedAt)
      row.integer(order.hasExpired ? 1 : 0)
      row.utf8(OrderBody.bytes(of: order))
      row.text(state.rawValue)
      row.time(state == .placed ? order.expiresAt : nil)
      row.time(due)
      row.time(order.delegation?.nextAttempt)
    }
  }

  func fact(_ storefront: StorefrontID, _ id: String) throws -> Fact? {
    try facts.find({
      $0.id(storefront)
      $0.text(id)
    }) { row in
      Fact(body: try row.bytes(), answer: try answer(&row), at: try row.time())
    }
  }

  private func answer(_ row: inout ColumnReader) throws -> [UInt8] {
    let own = try row.optionalUTF8()
    guard let earlier = try row.optionalInteger() else {
      guard let own else { throw row.corrupt("a fact without an answer") }
      return own
    }
    var writer = ColumnWriter(earlierAnswer)
    writer.integer(earlier)
    guard let answer = try earlierAnswer.firstRow({ try $0.utf8(0) }) else {
      throw row.corrupt("there is no fact \(earlier)")
    }
    return answer
  }

  /// Forgets what the transaction before has written: it may never have happened.
  func beginCommit() { lastFact = nil }

  /// Stores a fact. A payment that was reported inside its order has that order's answer, which is long:
  /// it is written once.
  func save(_ storefront: StorefrontID, _ id: String, _ fact: Fact) throws {
    let earlier = lastFact.flatMap { $0.answer == fact.answer ? $0.number : nil }
    connection.lastInsertedRow = nil
    try facts.save { row in
      row.id(storefront)
      row.text(id)
      row.bytes(fact.body)
      if earlier == nil { row.utf8(fact.answer) } else { row.text(nil) }
      row.integer(earlier)
      row.time(fact.at)
    }
    if earlier == nil {
      lastFact = connection.lastInsertedRow.map { ($0, fact.answer) }
    }
  }

  func bonus(_ storefront: StorefrontID, _ id: String) throws -> JoiningBonus? {
    try bonuses.find({
      $0.id(storefront)
      $0.text(id)
    }) { row in try Self.readBonus(id, &row) }
  }

  static func readBonus(_ id: String, _ row: inout ColumnReader) throws -> JoiningBonus {
    JoiningBonus(
      id: id, payee: try row.id(), joined: try row.id(), rule: try row.text(),
      amount: try row.amount(), due: try row.time(), releasedAt: try row.optionalTime())
  }

  func save(_ storefront: StorefrontID, _ bonus: JoiningBonus) throws {
    try bonuses.save { row in
      row.id(storefront)
      row.text(bonus.id)
      row.id(bonus.payee)
      row.id(bonus.joined)
      row.text(bonus.rule)
      row.amount(bonus.amount)
      row.time(bonus.due)
      row.time(bonus.releasedAt)
      row.time(bonus.releasedAt == nil ? bonus.due : nil)
    }
  }

  func dueReleases(_ storefront: StorefrontID, at: Timestamp, limit: Int) throws -> DueReleases {
    DueReleases(
      orders: try ids(ordersToRelease, storefront, at, limit).map { OrderID(trusted: $0) },
      bonuses: try ids(bonusesToRelease, storefront, at, limit))
  }

  func expiredOrders(_ storefront: StorefrontID, at: Timestamp, limit: Int) throws -> [OrderID] {
    try ids(ordersToExpire, storefront, at, limit).map { OrderID(trusted: $0) }
  }

  func ordersToSettle(_ storefront: StorefrontID, at: Timestamp, limit: Int) throws -> [OrderID] {
    try ids(ordersToSettle, storefront, at, limit).map { OrderID(trusted: $0) }
  }

  func nextDeadline(_ storefront: StorefrontID) throws -> Timestamp? {
    var writer = ColumnWriter(nextDeadline)
    writer.id(storefront)
    return try nextDeadline.firstRow { row in
      try row.optionalInteger(0).map { Timestamp(milliseconds: $0) }
    } ?? nil
  }

  private func ids(
    _ statement: SQLiteStatement, _ storefront: StorefrontID, _ at: Timestamp, _ limit: Int
  ) throws -> [String] {
    var writer = ColumnWriter(statement)
    writer.id(storefront)
    writer.time(at)
    writer.integer(Int64(limit))
    var ids: [String] = []
    try statement.forEachRow { ids.append(try $0.text(0)) }
    return ids
  }
}
