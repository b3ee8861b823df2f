// What happens to an order after it was placed: payment, delivery, refund, dispute, in any order of
// arrival. Source: domain.md, section 3.

import Commerce
import Commission
import Ledger
import Notation

extension Draft {
  /// An order was paid: its shares become pending.
  mutating func pay(
    _ id: OrderID, payment: FactID, paid: [LineAmount], at: Timestamp
  ) throws(Stop) -> [UInt8] {
    var order = try order(id)
    guard order.cancelledAt == nil else {
      throw .refuse(.orderCancelled, "Order \(id) was cancelled.", field: "order")
    }
    guard order.paidAt == nil else {
      throw .refuse(.alreadyPaid, "Order \(id) was paid by another payment.", field: "order")
    }
    for (index, part) in paid.enumerated() {
      let line = try lineIndex(part, in: order, at: "lines[\(index)]")
      guard part.amount <= order.lines[line].placed else {
        throw .refuse(
          .paymentExceedsPlaced, "Line \(line) was placed at \(order.lines[line].placed).",
          field: "lines[\(index)].amount")
      }
      // All of the line was given back before anybody knew what was paid for it: that is all of this.
      if order.lines[line].refunded == order.lines[line].placed {
        order.lines[line].refunded = part.amount
      }
      // A part that was given back before the payment must still fit.
      guard part.amount >= order.lines[line].refunded else {
        throw .refuse(
          .refundExceedsPaid,
          "\(order.lines[line].refunded) of line \(line) were refunded already.",
          field: "lines[\(index)].amount")
      }
      order.lines[line].paid = part.amount
    }
    // The money is there although the time was over: sell if there is stock, refuse if not.
    if order.hasExpired { try reserve(order.lines) }
    order.hasExpired = false
    order.paidAt = at
    try wantSettlement(of: &order)
    write(.order(storefrontID, id), .order(order))
    try sell(order.lines, in: order.room)
    let settled = try post(order, before: nil, cause: .sale, fact: payment.text)
    try countSale(order)
    if let room = order.room { try publish("order.paid", in: room, orderEvent(order)) }
    return try answer(order, settled)
  }

  /// An order was received; the return period begins.
  mutating func deliver(_ id: OrderID, at: Timestamp) throws(Stop) -> [UInt8] {
    var order = try order(id)
    guard order.cancelledAt == nil else {
      throw .refuse(.orderCancelled, "Order \(id) was cancelled.", field: "order")
    }
    guard order.deliveredAt == nil else {
      throw .refuse(.alreadyDelivered, "Order \(id) was delivered by another delivery.")
    }
    order.deliveredAt = at
    write(.order(storefrontID, id), .order(order))
    return try answer(order)
  }

  /// Part of an order was given back: what is due is settled anew and the difference is booked.
  mutating func refund(
    _ id: OrderID, refund: FactID, parts: [LineAmount], at: Timestamp
  ) throws(Stop) -> [UInt8] {
    let before = try order(id)
    guard before.cancelledAt == nil else {
      throw .refuse(.orderCancelled, "Order \(id) was cancelled.", field: "order")
    }
    var order = before
    if parts.isEmpty {
      guard order.net > .zero else {
        throw .refuse(.refundExceedsPaid, "Nothing is left of order \(id).", field: "order")
      }
      for index in order.lines.indices { order.lines[index].refunded = order.lines[index].paid }
    }
    for (index, part) in parts.enumerated() {
      let line = try lineIndex(part, in: order, at: "lines[\(index)]")
      let left = order.lines[line].paid - order.lines[line].refunded
      guard part.amount > .zero, part.amount <= left else {
        throw .refuse(
          part.amount > .zero ? .refundExceedsPaid : .invalidField,
          "A refund of line \(line) is 1…\(left).", field: "lines[\(index)].amount")
      }
      order.lines[line].refunded += part.amount
    }
    if order.paidAt != nil { try wantSettlement(of: &order) }
    write(.order(storefrontID, id), .order(order))
    // Before the payment there is nothing to book; the payment settles the net.
    if order.paidAt != nil {
      try post(order, before: before, cause: .refund, fact: refund.text)
      try countRefund(before.net - order.net, of: order)
      if order.releasedAt != nil { try settleSale(order, order.net - before.net) }
      if let room = order.room { try publish("order.refunded", in: room, orderEvent(order)) }
    }
    return try answer(order)
  }

  /// An unpaid order is called off. Calling it off again, at whatever moment, is a repeat and gets the
  /// first answer: the report has no id but the order's.
  mutating func cancel(
    _ id: OrderID, by actor: Actor, at: Timestamp
  ) throws(Stop) -> ([UInt8], isRepeat: Bool) {
    var order = try order(id)
    if let person = actor.person, person != order.buyer {
      throw .refuse(.notYourOrder, "Order \(id) belongs to another buyer.", field: "order")
    }
    let key = Key.fact(storefrontID, "cancellation/\(id)")
    if order.cancelledAt != nil {
      // An order that was cancelled before answers were kept is answered as it is.
      guard case .fact(let first)? = try read(key) else { return (try answer(order), true) }
      return (first.answer, true)
    }
    guard order.paidAt == nil else {
      throw .refuse(.alreadyPaid, "Order \(id) is paid; it can be refunded.", field: "order")
    }
    if !order.hasExpired { try unreserve(order.lines) }
    order.cancelledAt = at
    write(.order(storefrontID, id), .order(order))
    if let room = order.room { try publish("order.cancelled", in: room, orderEvent(order)) }
    let told = try answer(order)
    let body = Command.cancel(id, at: at).canonicalBody
    write(key, .fact(Fact(body: body, answer: told, at: now)))
    return (told, false)
  }

  /// Unpaid orders whose time is over give their stock back; others are passed over.
  mutating func expire(_ ids: [OrderID], at: Timestamp) throws(Stop) -> JSON {
    var count: Int64 = 0
    for id in ids {
      var order = try order(id)
      guard order.state == .placed, let expires = order.expiresAt, expires <= at else { continue }
      try unreserve(order.lines)
      order.hasExpired = true
      write(.order(storefrontID, id), .order(order))
      if let room = order.room { try publish("order.expired", in: room, orderEvent(order)) }
      count += 1
    }
    return ["expired": .integer(count)]
  }

  /// A dispute begins: the release waits for its end, which may have been reported before.
  ///
  /// Several may be open at a time; each has its own end.
  mutating func dispute(
    _ id: OrderID, _ dispute: FactID, at: Timestamp
  ) throws(Stop) -> [UInt8] {
    var order = try order(id)
    guard order.releasedAt == nil else {
      throw .refuse(
        .alreadyReleased, "Order \(id) was released; a refund claws back.", field: "order")
    }
    var begun = try known(dispute, of: order, elsewhere: "resolution/", .idempotencyConflict)
    if let until = begun.until, until < at {
      throw .refuse(.invalidField, "Dispute \(dispute) ended at \(until).", field: "disputedAt")
    }
    begun.from = at
    order.set(begun)
    write(.order(storefrontID, id), .order(order))
    return try answer(order)
  }

  /// A dispute ends: the release moves by its days. Where its beginning has not been reported yet, the
  /// end is remembered until it is.
  mutating func resolve(
    _ id: OrderID, _ dispute: FactID, at: Timestamp
  ) throws(Stop) -> [UInt8] {
    var order = try order(id)
    guard order.releasedAt == nil else {
      throw .refuse(
        .notDisputed, "Order \(id) was released without a dispute \(dispute).", field: "dispute")
    }
    var ended = try known(dispute, of: order, elsewhere: "dispute/", .notDisputed)
    if let from = ended.from, at < from {
      throw .refuse(.invalidField, "Dispute \(dispute) began at \(from).", field: "resolvedAt")
    }
    ended.until = at
    order.set(ended)
    write(.order(storefrontID, id), .order(order))
    return try answer(order)
  }

  /// What has been reported of a dispute; a new one where nothing has.
  ///
  /// - Parameters:
  ///   - id: the dispute.
  ///   - order: whose.
  ///   - other: what the ids of reports of its other end begin with.
  ///   - code: the refusal where such a report was about another order.
  /// - Returns: the dispute, without the end that is being reported.
  /// - Throws: `Stop`; `invalid_field` where the order has as many disputes as it may have.
  private func known(
    _ id: FactID, of order: Order, elsewhere other: String, _ code: RejectionCode
  ) throws(Stop) -> Dispute {
    if let known = order.dispute(id) { return known }
    guard try read(.fact(storefrontID, other + id.text)) == nil else {
      throw .refuse(code, "Dispute \(id) is one of another order.", field: "dispute")
    }
    guard order.disputes.count < Order.disputesMax else {
      throw .refuse(
        .invalidField, "An order has \(Order.disputesMax) disputes at the most.", field: "dispute")
    }
    return Dispute(id: id, from: nil)
  }

  private func lineIndex(
    _ part: LineAmount, in order: Order, at path: String
  ) throws(Stop) -> Int {
    guard part.line >= 0, part.line < order.lines.count else {
      throw .refuse(
        .unknownLine, "Order \(order.id) has lines 0…\(order.lines.count - 1).",
        field: path + ".line")
    }
    guard part.amount >= .zero, part.amount <= .limit else {
      throw .refuse(.invalidField, "amount is 0…\(Amount.limit).", field: path + ".amount")
    }
    return Int(part.line)
  }
}

// MARK: Counting

extension Draft {
  /// Moves the units of an order from reserved to sold.
  private mutating func sell(_ lines: [OrderLine], in room: RoomID?) throws(Stop) {
    for line in lines where line.usesStock {
      var stock = try stock(line.sku)
      stock.reserved -= line.units
      stock.sold += line.units
      write(.stock(line.sku), .stock(stock))
      if let room, var listing = try listing(room, line.sku) {
        listing.sold += line.units
        write(.listing(storefrontID, room, line.sku), .listing(listing))
      }
    }
  }

  /// Counts a paid order; refunds reported before the payment count with it.
  private mutating func countSale(_ order: Order) throws(Stop) {
    let paid = order.lines.reduce(Amount.zero) { $0 + $1.paid }
    let units = order.lines.reduce(Int64(0)) { $0 + $1.units }
    var totals = try storefrontProgress()
    totals.orders += 1
    totals.units += units
    totals.gmv = try Draft.sum(totals.gmv, paid, "the turnover")
    totals.refunded += paid - order.net
    write(.storefrontProgress(storefrontID), .storefrontProgress(totals))
    guard let room = order.room else { return }
    var progress = try roomProgress(room)
    progress.orders += 1
    progress.units += units
    progress.gmv += paid
    progress.refunded += paid - order.net
    write(.roomProgress(storefrontID, room), .roomProgress(progress))
  }

  private mutating func countRefund(_ amount: Amount, of order: Order) throws(Stop) {
    var totals = try storefrontProgress()
    totals.refunded += amount
    write(.storefrontProgress(storefrontID), .storefrontProgress(totals))
    guard let room = order.room else { return }
    var progress = try roomProgress(room)
    progress.refunded += amount
    write(.roomProgress(storefrontID, room), .roomProgress(progress))
  }
}
