// Placing orders: by a viewer in a room at the catalogue's price, and by the backend as it was paid.
// What decides the money is frozen here and never looked up again. Source: domain.md, sections 2, 3.

import Commerce
import Commission
import Notation

extension Draft {
  /// Units of one line.
  static let unitsMax: Int64 = 1_000_000

  /// A viewer buys one SKU in a room.
  mutating func place(
    _ id: OrderID, _ roomID: RoomID, buyer: ViewerID, sku skuID: SKUID, units: Int64,
    promoter: MemberID?, price: Amount?
  ) throws(Stop) -> [UInt8] {
    let room = try room(roomID)
    guard room.state == .live else {
      throw .refuse(
        .roomState, "Room \(roomID) is \(room.state.rawValue); nothing can be bought.",
        field: "room")
    }
    guard let sku = try sku(skuID) else {
      throw .refuse(.unknownSKU, "There is no SKU \(skuID).", field: "sku")
    }
    try requireListed(skuID, in: roomID)
    if let price, price != sku.price {
      throw .refuse(.priceChanged, "One unit of \(skuID) sells for \(sku.price).", field: "price")
    }
    guard sku.isOnSale(at: now) else {
      throw .refuse(.outsideSaleWindow, "The sale of \(skuID) is not open.", field: "sku")
    }
    try requireUnits(units, "units")
    let storefront = try storefront()
    let line = try catalogueLine(
      sku, units: units, paid: sku.price.multiplied(by: units, dividedBy: 1), cost: nil, "units")
    let order = try freeze(
      id, room: room, seller: nil, code: promoter, buyer: buyer, lines: [line], at: now,
      expiresAt: now.advanced(byMilliseconds: storefront.unpaidHoldMilliseconds))
    return try answer(order)
  }

  /// The backend reports an order.
  mutating func report(_ report: ReportedOrder) throws(Stop) -> Order {
    guard (1...Sale.linesMax).contains(report.lines.count) else {
      throw .refuse(
        .invalidField, "An order has 1…\(Sale.linesMax) lines.", field: "lines")
    }
    var room: Room?
    if let id = report.room {
      let found = try self.room(id)
      guard found.state != .scheduled else {
        throw .refuse(.roomState, "Room \(id) has not opened.", field: "room")
      }
      room = found
    }
    if let seller = report.seller, try member(seller) == nil {
      throw .refuse(.unknownMember, "There is no member \(seller).", field: "seller")
    }
    var lines: [OrderLine] = []
    for (index, line) in report.lines.enumerated() {
      lines.append(try orderLine(line, room: room, at: "lines[\(index)]"))
    }
    return try freeze(
      report.id, room: room, seller: report.seller, code: report.promoter, buyer: report.buyer,
      lines: lines, at: report.placedAt, expiresAt: report.expiresAt)
  }

  private func orderLine(
    _ line: ReportedLine, room: Room?, at path: @autoclosure () -> String
  ) throws(Stop) -> OrderLine {
    guard line.paid >= .zero, line.paid <= .limit else {
      throw .refuse(.invalidField, "paid is 0…\(Amount.limit).", field: path() + ".paid")
    }
    if let cost = line.cost, cost < .zero || cost > .limit {
      throw .refuse(.invalidField, "cost is 0…\(Amount.limit).", field: path() + ".cost")
    }
    try requireUnits(line.units, path() + ".units")
    if let terms = line.terms {
      return OrderLine(
        sku: line.sku, supplier: terms.supplier, units: line.units, placed: line.paid,
        paid: line.paid, refunded: .zero, cost: line.cost ?? .zero, rate: terms.rate,
        usesStock: false)
    }
    guard let sku = try sku(line.sku) else {
      throw .refuse(.unknownSKU, "There is no SKU \(line.sku).", field: path() + ".sku")
    }
    // A listing that was taken down since still counts: the order may be older.
    if let room, try listing(room.id, line.sku) == nil {
      throw .refuse(
        .notListed, "SKU \(line.sku) was never listed in \(room.id).", field: path() + ".sku")
    }
    return try catalogueLine(
      sku, units: line.units, paid: line.paid, cost: line.cost, path() + ".units")
  }

  /// Before anything is multiplied by them: more units than this could overflow.
  private func requireUnits(
    _ units: Int64, _ field: @autoclosure () -> String
  ) throws(Stop) {
    guard (1...Draft.unitsMax).contains(units) else {
      throw .refuse(.invalidField, "units is 1…\(Draft.unitsMax).", field: field())
    }
  }

  /// A line on the catalogue's terms.
  private func catalogueLine(
    _ sku: SKU, units: Int64, paid: Amount, cost: Amount?, _ field: @autoclosure () -> String
  ) throws(Stop) -> OrderLine {
    try requireUnits(units, field())
    let cost = cost ?? sku.cost.multiplied(by: units, dividedBy: 1)
    guard paid <= .limit, cost <= .limit else {
      throw .refuse(.invalidField, "The line comes to more than \(Amount.limit).", field: field())
    }
    guard sku.currency == (try storefront().currency) else {
      throw .refuse(.currencyMismatch, "SKU \(sku.id) is priced in \(sku.currency).")
    }
    return OrderLine(
      sku: sku.id, supplier: sku.supplier, units: units, placed: paid, paid: paid, refunded: .zero,
      cost: cost, rate: sku.rate, usesStock: true)
  }

  /// Freezes attribution, ranks, relations and plan as they were at the moment of placement, reserves
  /// the stock, and stores the order. Source: Protocol/decisions/0022.
  private mutating func freeze(
    _ id: OrderID, room: Room?, seller: MemberID?, code: MemberID?, buyer: ViewerID,
    lines: [OrderLine], at: Timestamp, expiresAt: Timestamp?
  ) throws(Stop) -> Order {
    if let code, try member(code) == nil {
      throw .refuse(.unknownMember, "There is no member \(code).", field: "promoter")
    }
    let storefront = try storefront()
    // An order that is reported late is one of the plan and the ranks of its own moment.
    var version = try planVersion(inForceAt: at)
    let plan = version.plan
    if storefront.settlementService != nil, version.worstCasePayoutPpm == nil {
      version.worstCasePayoutPpm = plan.worstCasePayoutPpm
      write(.planVersion(storefrontID, version.number), .planVersion(version))
    }
    let receipt = try attribute(buyer: buyer, room: room, code: code, plan: plan, at: at)
    let participants = Participants(
      seller: seller, host: room?.host, promoter: receipt.promoter, buyer: buyer,
      pact: room?.pact(at: at)?.rate)
    let draft = self
    let snapshot = try plan.snapshot(of: participants) { (id) throws(Stop) -> Standing? in
      try draft.standing(id, under: plan, at: at)
    }
    let order = Order(
      id: id, room: room?.id, buyer: buyer, lines: lines, placedAt: at, expiresAt: expiresAt,
      receipt: receipt, snapshot: snapshot, planVersion: version.number,
      delegation: storefront.settlementService.map { _ in Delegation() })
    // A sale that could never be settled is refused while nobody has paid for it yet.
    settled = Settled(
      order: id, lines: lines, settlement: try settle(order, storefront, plan))
    try reserve(lines)
    write(.order(storefrontID, id), .order(order))
    if let room { try publish("order.placed", in: room.id, orderEvent(order)) }
    return order
  }

  /// Takes the units of an order out of what is left; all of them or none.
  mutating func reserve(_ lines: [OrderLine]) throws(Stop) {
    for (index, line) in lines.enumerated() where line.usesStock {
      var stock = try stock(line.sku)
      if let left = stock.left, left < line.units {
        throw .refuse(
          .outOfStock, "\(left) units of \(line.sku) are left.", field: "lines[\(index)].units")
      }
      stock.reserved += line.units
      write(.stock(line.sku), .stock(stock))
    }
  }

  /// Gives the units of an unpaid order back.
  mutating func unreserve(_ lines: [OrderLine]) throws(Stop) {
    for line in lines where line.usesStock {
      var stock = try stock(line.sku)
      stock.reserved -= line.units
      write(.stock(line.sku), .stock(stock))
    }
  }

  /// What everybody in the room may know of an order: what was bought, not by whom or for how much.
  func orderEvent(_ order: Order) -> JSON {
    [
      "lines": .array(
        order.lines.map { ["sku": .string($0.sku.text), "units": .integer($0.units)] })
    ]
  }
}
