// From shares to postings: the commission module says what is due, the ledger books the difference to
// what was due before. Source: domain.md, section 3; architecture.md, "Targets".

import Commerce
import Commission
import Ledger
import Notation

/// What the plan makes of an order whose lines are these; everything else that counts is frozen on it.
struct Settled {
  let order: OrderID
  let lines: [OrderLine]
  let settlement: Settlement
}

extension Draft {
  /// What everybody is due from an order as it stands: what its plan makes of it, or, once it is paid,
  /// what its commission service answered last.
  package func settlement(
    of order: Order, _ storefront: Storefront, _ plan: Plan
  ) throws(Stop) -> Settlement {
    guard let delegation = order.delegation, order.paidAt != nil else {
      if let settled, settled.order == order.id, settled.lines == order.lines {
        return settled.settlement
      }
      return try settle(order, storefront, plan)
    }
    return delegation.settlement
      ?? .nothing(of: order.lines.count, plan: plan.reference, currency: storefront.currency)
  }

  /// What the commission module makes of an order as it stands.
  func settle(
    _ order: Order, _ storefront: Storefront, _ plan: some Settling
  ) throws(Stop) -> Settlement {
    do {
      return try plan.settle(order.sale(currency: storefront.currency), order.snapshot)
    } catch {
      throw .refuse(.planRefused, "The plan refuses the sale: \(error.code).", field: "lines")
    }
  }

  /// Settles an order before and after a change and books the difference.
  ///
  /// - Parameters:
  ///   - order: as it stands now.
  ///   - before: as it stood when it was booked last; none where nothing was booked.
  ///   - cause: the kind of event.
  ///   - fact: the event's id.
  /// - Returns: what everybody is due now.
  /// - Throws: `Stop`.
  @discardableResult
  mutating func post(
    _ order: Order, before: Order?, cause: CauseKind, fact: String
  ) throws(Stop) -> Settlement {
    let storefront = try storefront()
    let plan = try plan(version: order.planVersion)
    let now = try settlement(of: order, storefront, plan)
    var postings = Postings()
    add(order, now, sign: 1, to: &postings)
    var due = now.payees.map { (payee: $0.payee, amount: $0.amount) }
    if let before {
      let earlier = try settlement(of: before, storefront, plan)
      add(before, earlier, sign: -1, to: &postings)
      for payee in earlier.payees {
        if let index = due.firstIndex(where: { $0.payee == payee.payee }) {
          due[index].amount -= payee.amount
        } else {
          due.append((payee.payee, -payee.amount))
        }
      }
    }
    let isSale = before.map { $0.delegation != nil && $0.delegation?.settlement == nil } ?? true
    for (payee, amount) in due {
      try credit(payee, amount, isReleased: order.releasedAt != nil, to: &postings)
      try count(amount, of: payee, in: order, isSale: isSale)
    }
    try book(Cause(kind: cause, subject: order.id.text, fact: fact), postings)
    return now
  }

  /// What an order has brought to everybody but its payees.
  private func add(
    _ order: Order, _ settlement: Settlement, sign: Int64, to postings: inout Postings
  ) {
    func add(_ account: Account, _ amount: Amount) {
      postings.add(account, Amount(sign * amount.minorUnits))
    }
    add(.buyers, -order.net)
    for (line, settled) in zip(order.lines, settlement.lines) {
      add(.supplier(line.supplier), settled.supplier)
    }
    add(.platform, settlement.platform)
    // Nothing where the plan settles: then the settlement is about all of the net.
    if order.delegation != nil { add(.unsettled, order.net - settlement.net) }
  }

  /// Adds to what a member is owed, or takes from it.
  ///
  /// An order that is not released moves pending, which always suffices for what it takes back. After
  /// release, what comes in pays debt first, and what goes out beyond the available becomes debt.
  func credit(
    _ member: MemberID, _ amount: Amount, isReleased: Bool, to postings: inout Postings
  ) throws(Stop) {
    guard amount != .zero else { return }
    guard isReleased else { return postings.add(.pending(member), amount) }
    if amount > .zero {
      let owed = -(try balance(.debt(member)))
      let offset = min(owed, amount)
      postings.add(.debt(member), offset)
      postings.add(.available(member), amount - offset)
    } else {
      let covered = min(try balance(.available(member)), -amount)
      postings.add(.available(member), -covered)
      postings.add(.debt(member), amount + covered)
    }
  }

  /// Keeps the figures that the tickers show in step with what is booked.
  private mutating func count(
    _ amount: Amount, of member: MemberID, in order: Order, isSale: Bool
  ) throws(Stop) {
    func add(_ earnings: inout Earnings) {
      if order.releasedAt == nil { earnings.pending += amount } else { earnings.released += amount }
      if isSale { earnings.orders += 1 } else { earnings.reversed -= amount }
    }
    try changeEarnings(of: member, in: nil, add)
    if let room = order.room { try changeEarnings(of: member, in: room, add) }
  }

  /// What a member's pending share of an order becomes when it is released.
  private mutating func release(
    _ amount: Amount, of member: MemberID, in room: RoomID?, to postings: inout Postings
  ) throws(Stop) {
    guard amount != .zero else { return }
    postings.add(.pending(member), -amount)
    try credit(member, amount, isReleased: true, to: &postings)
    try changeEarnings(of: member, in: nil) {
      $0.pending -= amount
      $0.released += amount
    }
    guard let room else { return }
    try changeEarnings(of: member, in: room) {
      $0.pending -= amount
      $0.released += amount
    }
  }

  /// Releases what is due among these candidates; what is not due is passed over.
  mutating func release(
    orders: [OrderID], bonuses: [String], at: Timestamp
  ) throws(Stop) -> JSON {
    let storefront = try storefront()
    var released: Int64 = 0
    for id in orders {
      var order = try order(id)
      guard let due = order.releaseDue(zone: storefront.zone), due <= at else { continue }
      let settlement = try settlement(
        of: order, storefront, try plan(version: order.planVersion))
      var postings = Postings()
      for payee in settlement.payees {
        try release(payee.amount, of: payee.payee, in: order.room, to: &postings)
      }
      order.releasedAt = at
      write(.order(storefrontID, id), .order(order))
      try book(Cause(kind: .release, subject: id.text, fact: "release/\(id)"), postings)
      try settleSale(order, order.net)
      released += 1
    }
    for id in bonuses {
      guard case .bonus(var bonus)? = try read(.bonus(storefrontID, id)), bonus.releasedAt == nil,
        bonus.due <= at
      else { continue }
      var postings = Postings()
      try release(bonus.amount, of: bonus.payee, in: nil, to: &postings)
      bonus.releasedAt = at
      write(.bonus(storefrontID, id), .bonus(bonus))
      try book(Cause(kind: .release, subject: bonus.subject, fact: "release/\(id)"), postings)
      released += 1
    }
    return [
      "released": .integer(released), "sequence": .integer(try storefrontProgress().sequence),
    ]
  }

  /// The answer to every report about an order.
  ///
  /// - Parameters:
  ///   - order: as it stands now.
  ///   - settled: what everybody is due from it, where that has been reckoned already.
  /// - Returns: the text of the order's view.
  /// - Throws: `Stop` where something has to be loaded first.
  func answer(_ order: Order, _ settled: Settlement? = nil) throws(Stop) -> [UInt8] {
    let storefront = try storefront()
    var settled = settled
    if settled == nil {
      settled = try settlement(of: order, storefront, try plan(version: order.planVersion))
    }
    guard let settled else { preconditionFailure("reckoned above") }
    return orderText(
      order, settled, storefront, sequence: try storefrontProgress().sequence)
  }
}
