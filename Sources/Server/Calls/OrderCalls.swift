// Reads calls about orders and money: what viewers want, and what the settlement backend reports.
// Pure; any thread. Source: domain.md section 3.

import Commerce
import Coordination
import Notation

/// What viewers and members want of orders.
enum OrderCalls {
  /// The order's id is made of the person and a key of their own, so that the call can be repeated.
  static func place(_ request: inout CallRequest) throws(Fault) -> Call {
    let person = request.caller.person
    let key = try request.fields.text("key", bytesMax: 62)
    // Without one in the key, the last `~` of the id always separates the two: no viewer can choose a
    // key that makes somebody else's order of it.
    guard !key.utf8.contains(UInt8(ascii: "~")) else {
      throw request.fields.fault("key", "key must not contain ~.")
    }
    let order: OrderID
    do throws(CommerceError) { order = try OrderID(person.text + "~" + key) } catch {
      throw request.fields.fault(
        "key",
        "key must be an identifier of at most \(max(0, 63 - person.text.utf8.count)) characters.")
    }
    return .command(
      .placeOrder(
        order, try request.fields.identifier("room"), buyer: person,
        sku: try request.fields.identifier("sku"),
        units: try request.fields.integer("units", in: 1...CallLimits.unitsMax),
        promoter: try request.fields.optionalIdentifier("promoter"),
        price: try request.fields.optional("price")?.amount()))
  }

  static func cancel(_ request: inout CallRequest) throws(Fault) -> Call {
    .command(.cancel(try request.fields.identifier("order"), at: request.environment.now))
  }

  static func get(_ request: inout CallRequest) throws(Fault) -> Call {
    .query(.order(try request.fields.identifier("order"), by: reader(request)))
  }

  static func explain(_ request: inout CallRequest) throws(Fault) -> Call {
    .query(.explanation(try request.fields.identifier("order"), by: reader(request)))
  }

  static func list(_ request: inout CallRequest) throws(Fault) -> Call {
    .query(
      .orders(
        room: try request.fields.optionalIdentifier("room"),
        buyer: try request.fields.optionalIdentifier("buyer"),
        direction: try request.fields.optional("first")?.choice() ?? .oldest,
        after: try request.fields.optionalIdentifier("after"),
        limit: try request.fields.limit(max: CallLimits.pageMax)))
  }

  /// What the caller, or whom staff name, earns on or could have.
  static func listEarnings(_ request: inout CallRequest) throws(Fault) -> Call {
    try earnings(
      of: try request.member("member", orCallerAs: [.host, .promoter]), &request)
  }

  /// The same of the member in the path.
  static func listEarningsOf(_ request: inout CallRequest) throws(Fault) -> Call {
    try earnings(of: try request.readableMember(), &request)
  }

  private static func earnings(
    of member: MemberID, _ request: inout CallRequest
  ) throws(Fault) -> Call {
    .query(
      .earningOrders(
        member, room: try request.fields.optionalIdentifier("room"),
        after: try request.fields.optionalIdentifier("after"),
        limit: try request.fields.limit(max: CallLimits.pageMax)))
  }

  /// The caller's own purchases, whatever else the caller may see.
  static func listOwn(_ request: inout CallRequest) throws(Fault) -> Call {
    .query(
      .ownOrders(
        request.caller.person, after: try request.fields.optionalIdentifier("after"),
        limit: try request.fields.limit(max: CallLimits.pageMax)))
  }

  /// Whose view is asked for; none is everything.
  private static func reader(_ request: CallRequest) -> PersonID? {
    request.caller.seesEverything ? nil : request.caller.person
  }
}

/// What the settlement backend reports.
enum FactCalls {
  static func order(_ request: inout CallRequest) throws(Fault) -> Call {
    let id = try request.fields.required("order")
    let order: OrderID = try id.identifier()
    guard !order.text.utf8.contains(UInt8(ascii: "~")) else {
      throw .invalidField(id.path, "~ is kept for the ids of orders that viewers place here.")
    }
    let room: RoomID? = try request.fields.optionalIdentifier("room")
    let seller: MemberID? = try request.fields.optionalIdentifier("seller")
    guard room == nil || seller == nil else {
      throw request.fields.fault("seller", "An order in a room is sold by the room's host.")
    }
    let placedAt = try request.fields.timestamp("placedAt")
    let expiresAt = try request.fields.optionalTimestamp("expiresAt")
    if let expiresAt, expiresAt <= placedAt {
      throw request.fields.fault("expiresAt", "expiresAt must be after placedAt.")
    }
    return .command(
      .reportOrder(
        ReportedOrder(
          id: order, room: room, seller: seller,
          promoter: try request.fields.optionalIdentifier("promoter"),
          buyer: try request.fields.identifier("buyer"),
          lines: try request.fields.objects("lines", count: 1...CallLimits.linesMax, line),
          placedAt: placedAt, expiresAt: expiresAt, payment: try payment(of: &request.fields))))
  }

  /// The payment of an order that is paid already when it is reported: both fields, or neither.
  private static func payment(of fields: inout Fields) throws(Fault) -> ReportedPayment? {
    guard let id = fields.optional("payment") else {
      guard fields.optional("paidAt") == nil else {
        throw fields.fault("payment", "payment is missing: paidAt belongs to one.")
      }
      return nil
    }
    return ReportedPayment(id: try id.identifier(), at: try fields.timestamp("paidAt"))
  }

  private static func line(_ fields: inout Fields) throws(Fault) -> ReportedLine {
    ReportedLine(
      sku: try fields.identifier("sku"),
      units: try fields.integer("units", in: 1...CallLimits.unitsMax),
      paid: try fields.required("paid").amount(), cost: try fields.optional("cost")?.amount())
  }

  static func payment(_ request: inout CallRequest) throws(Fault) -> Call {
    .command(
      .pay(
        try request.fields.identifier("order"), payment: try request.fields.identifier("payment"),
        paid: try parts(&request.fields), at: try request.fields.timestamp("paidAt")))
  }

  static func delivery(_ request: inout CallRequest) throws(Fault) -> Call {
    .command(
      .deliver(
        try request.fields.identifier("order"),
        delivery: try request.fields.identifier("delivery"),
        at: try request.fields.timestamp("deliveredAt")))
  }

  static func refund(_ request: inout CallRequest) throws(Fault) -> Call {
    .command(
      .refund(
        try request.fields.identifier("order"), refund: try request.fields.identifier("refund"),
        lines: try parts(&request.fields), at: try request.fields.timestamp("refundedAt")))
  }

  static func cancellation(_ request: inout CallRequest) throws(Fault) -> Call {
    .command(
      .cancel(
        try request.fields.identifier("order"), at: try request.fields.timestamp("cancelledAt")))
  }

  static func dispute(_ request: inout CallRequest) throws(Fault) -> Call {
    .command(
      .dispute(
        try request.fields.identifier("order"), dispute: try request.fields.identifier("dispute"),
        at: try request.fields.timestamp("disputedAt")))
  }

  static func resolution(_ request: inout CallRequest) throws(Fault) -> Call {
    .command(
      .resolve(
        try request.fields.identifier("order"), dispute: try request.fields.identifier("dispute"),
        at: try request.fields.timestamp("resolvedAt")))
  }

  /// Parts of lines, each line at most once; none where the field is left out. An empty list is
  /// refused: for a refund it would mean everything, which is not what it says.
  private static func parts(_ fields: inout Fields) throws(Fault) -> [LineAmount] {
    guard let field = fields.optional("lines") else { return [] }
    let parts = try field.objects(count: 1...CallLimits.linesMax) {
      (line: inout Fields) throws(Fault) -> LineAmount in
      LineAmount(
        line: try line.integer("line", in: 0...Int64(CallLimits.linesMax - 1)),
        amount: try line.required("amount").amount())
    }
    var seen: Set<Int64> = []
    for (index, part) in parts.enumerated() where !seen.insert(part.line).inserted {
      let path = "\(field.path)[\(index)].line"
      throw .invalidField(path, "\(path) stands in the list already.")
    }
    return parts
  }

  static func releaseDue(_ request: inout CallRequest) throws(Fault) -> Call { .releaseDue }
}
