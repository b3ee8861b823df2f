// The part of a walk that moves money: placing, paying, delivering, giving back, disputing, releasing,
// paying out. Every accepted fact is told to the auditor.

import Commerce
import Commission
import Coordination
import Notation
import Testing

extension AttackWalk {
  // MARK: Placing

  mutating func place() throws {
    let inRoom = chance.chance(70)
    let room = inRoom ? (chance.chance(70) ? "r0" : chance.one(of: AttackWalk.rooms)) : nil
    let promoter = chance.chance(30) ? "m\(chance.number(0...11))" : nil
    let buyer = buyer()
    if let room, chance.chance(40) {
      let sku = chance.one(of: AttackWalk.skus)
      let units = chance.number(1...4)
      let id = fresh("\(buyer)~")
      let before = catalogue(sku)
      let command = Command.placeOrder(
        OrderID(trusted: id), RoomID(trusted: room), buyer: buyer, sku: SKUID(trusted: sku),
        units: units, promoter: promoter.map(MemberID.init(trusted:)))
      guard let outcome = try say(command, by: .person(buyer)), let before else { return }
      let line = AuditLine(
        sku: sku, supplier: before.supplier.text, units: units,
        placed: before.price.minorUnits * units, paid: before.price.minorUnits * units,
        cost: before.cost.minorUnits * units, rate: Int64(before.rate.partsPerMillion))
      note(command, id, outcome, room, nil, buyer.text, [line], now, now + 900_000)
      return
    }
    try report(room, promoter, buyer)
  }

  private mutating func report(_ room: String?, _ promoter: String?, _ buyer: ViewerID) throws {
    let id = fresh("o")
    let seller =
      room == nil && chance.chance(60) ? members.keys.sorted().randomElement(using: &chance) : nil
    var lines: [ReportedLine] = []
    var audited: [AuditLine] = []
    let count = chance.chance(3) ? 200 : Int(chance.number(1...4))
    for _ in 0..<count {
      let sku = chance.one(of: AttackWalk.skus)
      let units = chance.chance(90) ? chance.number(1...3) : 1_000_000
      let paid = amount(&chance)
      let stated: Int64? = chance.chance(60) ? amount(&chance) : nil
      lines.append(
        ReportedLine(
          sku: SKUID(trusted: sku), units: units, paid: Amount(paid),
          cost: stated.map { Amount($0) }))
      guard let item = catalogue(sku) else { return }
      audited.append(
        AuditLine(
          sku: sku, supplier: item.supplier.text, units: units, placed: paid, paid: paid,
          cost: stated ?? item.cost.minorUnits * units, rate: Int64(item.rate.partsPerMillion)))
    }
    let placedAt = now - chance.number(0...20) * 3_600_000
    let expiresAt: Int64? = chance.chance(40) ? placedAt + chance.number(1...30) * 3_600_000 : nil
    let command = Command.reportOrder(
      ReportedOrder(
        id: OrderID(trusted: id), room: room.map(RoomID.init(trusted:)),
        seller: seller.map(MemberID.init(trusted:)),
        promoter: promoter.map(MemberID.init(trusted:)), buyer: buyer, lines: lines,
        placedAt: Timestamp(milliseconds: placedAt),
        expiresAt: expiresAt.map(Timestamp.init(milliseconds:))))
    guard let outcome = try say(command) else { return }
    note(command, id, outcome, room, seller, buyer.text, audited, placedAt, expiresAt)
  }

  private func catalogue(_ sku: String) -> SKU? {
    record(.sku(SKUID(trusted: sku))) { if case .sku(let sku) = $0 { sku } else { nil } }
  }

  private mutating func note(
    _ command: Command, _ id: String, _ outcome: Outcome, _ room: String?, _ seller: String?,
    _ buyer: String, _ lines: [AuditLine], _ placedAt: Int64, _ expiresAt: Int64?
  ) {
    if outcome.isRepeat || orders[id] != nil { return fail("\(id) was placed twice") }
    let pacts = room.flatMap { self.pacts[$0] } ?? []
    orders[id] = AuditOrder(
      id: id, room: room, host: room.flatMap { hosts[$0] }, seller: seller,
      promoter: outcome.reply["promoter"]?.text, buyer: buyer,
      pact: (pacts.last { $0.from <= placedAt } ?? pacts.first)?.rate,
      plan: earlierPlans.first { placedAt < $0.until }?.plan ?? plan,
      people: members.mapValues { $0.at(placedAt) }, expiresAt: expiresAt, lines: lines)
    placed.append(id)
    facts.append(command)
  }

  // MARK: What happens to an order

  mutating func happen() throws {
    // Mostly the latest, so that one order has a long story.
    let recent = chance.chance(70) ? placed.suffix(4) : placed[...]
    guard let id = recent.randomElement(using: &chance), let order = orders[id] else { return }
    let orderID = OrderID(trusted: id)
    let fact = FactID(trusted: fresh("f"))
    let time = now - chance.number(0...72) * 3_600_000
    let at = Timestamp(milliseconds: time)
    if order.isDisputed, chance.chance(35) {
      return try disputeOrResolve(order, orderID, fact, now)
    }
    switch chance.number(0...10) {
    case 0, 1, 2: try pay(order, orderID, fact, at)
    case 3, 4:
      let command = Command.deliver(orderID, delivery: fact, at: at)
      guard try say(command) != nil else { return }
      if order.deliveredAt != nil || order.isCancelled { fail("a delivery of \(id) was taken") }
      orders[id]?.deliveredAt = time
      facts.append(command)
    case 5, 6, 7: try refund(order, orderID, fact, at)
    case 8: try disputeOrResolve(order, orderID, fact, time)
    case 9:
      guard let outcome = try say(.cancel(orderID, at: at)), !outcome.isRepeat else { return }
      if order.isPaid { fail("\(id) was cancelled after it was paid") }
      orders[id]?.isCancelled = true
    default: try expire()
    }
  }

  private mutating func pay(
    _ order: AuditOrder, _ id: OrderID, _ fact: FactID, _ at: Timestamp
  ) throws {
    var paid: [LineAmount] = []
    var next = order
    if chance.chance(30) {
      for (index, line) in order.lines.enumerated() where chance.chance(50) {
        let amount = chance.number(0...line.placed + (chance.chance(10) ? 1 : 0))
        paid.append(LineAmount(line: Int64(index), amount: Amount(amount)))
        next.lines[index].paid = amount
        // A line that was given back whole is given back whole, whatever turns out to be paid for it.
        if line.refunded == line.placed { next.lines[index].refunded = amount }
      }
    }
    let command = Command.pay(id, payment: fact, paid: paid, at: at)
    guard try say(command) != nil else { return }
    if order.isPaid || order.isCancelled { fail("\(id) was paid although it could not be") }
    if next.lines.contains(where: { $0.paid > $0.placed || $0.refunded > $0.paid }) {
      fail("\(id) took a payment that does not fit")
    }
    next.isPaid = true
    next.hasExpired = false
    orders[id.text] = next
    gmv += next.lines.reduce(0) { $0 + $1.paid }
    refunded += next.lines.reduce(0) { $0 + $1.refunded }
    facts.append(command)
  }

  private mutating func refund(
    _ order: AuditOrder, _ id: OrderID, _ fact: FactID, _ at: Timestamp
  ) throws {
    var parts: [LineAmount] = []
    var next = order
    if chance.chance(60) {
      for (index, line) in order.lines.enumerated() where chance.chance(60) {
        let left = line.paid - line.refunded
        let amount = chance.chance(80) && left > 0 ? chance.number(1...left) : left + 1
        parts.append(LineAmount(line: Int64(index), amount: Amount(amount)))
        next.lines[index].refunded += amount
      }
    }
    if parts.isEmpty {
      for index in next.lines.indices { next.lines[index].refunded = next.lines[index].paid }
    }
    let command = Command.refund(id, refund: fact, lines: parts, at: at)
    guard try say(command) != nil else { return }
    if order.isCancelled || next.lines.contains(where: { $0.refunded > $0.paid }) {
      fail("\(id) took a refund that does not fit")
    }
    orders[id.text] = next
    facts.append(command)
    guard order.isPaid else { return }
    refunded += order.net - next.net
    let (before, after) = (order.settlement().members, next.settlement().members)
    for (member, amount) in before { reversed[member, default: 0] += amount - (after[member] ?? 0) }
  }

  private mutating func disputeOrResolve(
    _ order: AuditOrder, _ id: OrderID, _ fact: FactID, _ time: Int64
  ) throws {
    let at = Timestamp(milliseconds: time)
    // Mostly the other end of a dispute of this order; sometimes one of another order.
    let half = order.disputes.filter { $0.value.from == nil || $0.value.until == nil }.keys.sorted()
    var dispute = fact
    if let known = half.randomElement(using: &chance), chance.chance(85) {
      dispute = FactID(trusted: known)
    } else if chance.chance(5), let other = orders.values.flatMap(\.disputes.keys).max() {
      dispute = FactID(trusted: other)
    }
    let known = order.disputes[dispute.text]
    let begins = known == nil ? chance.chance(80) : known?.from == nil
    let command: Command =
      begins ? .dispute(id, dispute: dispute, at: at) : .resolve(id, dispute: dispute, at: at)
    guard let outcome = try say(command), !outcome.isRepeat else { return }
    facts.append(command)
    if order.isReleased { fail("\(command) was taken after the release of \(id)") }
    if orders.contains(where: { $0 != id.text && $1.disputes[dispute.text] != nil }) {
      fail("dispute \(dispute) is one of two orders")
    }
    var next = known ?? (nil, nil)
    if begins { next.from = time } else { next.until = time }
    if let from = next.from, let until = next.until, until < from {
      fail("\(dispute) ended before it began")
    }
    orders[id.text]?.disputes[dispute.text] = next
  }

  private mutating func expire() throws {
    guard try say(.expire(orders.keys.sorted().map(OrderID.init(trusted:)))) != nil else { return }
    for (id, order) in orders where order.holdsStock {
      if let expires = order.expiresAt, expires <= now { orders[id]?.hasExpired = true }
    }
  }

  // MARK: Time and money

  mutating func release() throws {
    let all = orders.keys.sorted().map(OrderID.init(trusted:))
    let half = all.filter { _ in chance.chance(70) }
    let bonusIDs = bonuses.map(\.id).filter { _ in chance.chance(70) }
    guard let outcome = try say(.release(orders: half, bonuses: bonusIDs)) else { return }
    var count: Int64 = 0
    for id in half {
      guard let due = orders[id.text]?.releaseDue, due <= now else { continue }
      orders[id.text]?.isReleased = true
      count += 1
    }
    for index in bonuses.indices where bonusIDs.contains(bonuses[index].id) {
      guard !bonuses[index].isReleased, bonuses[index].due <= now else { continue }
      bonuses[index].isReleased = true
      count += 1
    }
    if outcome.reply["released"]?.integer != count {
      fail("released \(outcome.reply["released"]?.integer ?? -1) and not \(count)")
    }
  }

  mutating func payOut() throws {
    let statement = StatementID(trusted: fresh("st"))
    let period = store.statementPeriod(AttackWalk.storefront, until: nil)
    let command = Command.payOut(statement, until: nil, period)
    guard let outcome = try say(command) else { return }
    facts.append(command)
    var total: Int64 = 0
    for line in outcome.reply["lines"]?.elements ?? [] {
      let amount = line["amount"]?.integer ?? 0
      if amount <= 0 { fail("a payout of \(amount)") }
      paidOut[line["member"]?.text ?? "", default: 0] += amount
      total += amount
    }
    if outcome.reply["total"]?.integer != total { fail("a statement's total is not its sum") }
  }

  /// Says something again: as it was, and with another content under the same id.
  mutating func sayAgain() throws {
    guard let fact = facts.randomElement(using: &chance) else { return }
    if let outcome = try say(fact) {
      if !outcome.isRepeat { fail("was taken twice: \(fact)") }
    } else {
      fail("the same fact was refused: \(fact)")
    }
    let later = Timestamp(milliseconds: now + 1)
    let other: Command
    switch fact {
    case .pay(let order, let id, let paid, _):
      other = .pay(order, payment: id, paid: paid, at: later)
    case .refund(let order, let id, let lines, _):
      other = .refund(order, refund: id, lines: lines, at: later)
    case .deliver(let order, let id, _): other = .deliver(order, delivery: id, at: later)
    default: return
    }
    if try say(other) != nil { fail("another content was taken under the same id: \(other)") }
  }
}
