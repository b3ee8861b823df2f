// The one door into the core: a command, the state and a moment give an outcome or a refusal.
//
// Pure: no clock, no disk, no chance. The shell's part is: keys → load → decide → apply → commit → publish.

import Commerce
import Notation

/// Decides a command.
///
/// - Parameters:
///   - command: what is wanted, checked for form.
///   - actor: who wants it, checked for scope.
///   - state: what is known; not changed.
///   - storefront: on whose behalf.
///   - now: the moment of the decision.
/// - Returns: the answer, and the changes to apply and store.
/// - Throws: `Stop.missing` where the state has to be loaded first, `Stop.rejected` where the command
///   is refused; nothing has changed in both cases.
package func decide(
  _ command: Command, by actor: Actor, in state: State, storefront: StorefrontID, at now: Timestamp
) throws(Stop) -> Outcome {
  var draft = Draft(state: state, storefront: storefront, now: now)
  let (answer, isRepeat): (Answer, Bool)
  do throws(Stop) {
    if case .configureStorefront = command {} else { try draft.begin() }
    if let (text, repeats) = try draft.carryOutReport(command, by: actor) {
      (answer, isRepeat) = (.text(text), repeats)
    } else {
      let (value, repeats) = try draft.carryOut(command, by: actor)
      (answer, isRepeat) = (.value(value), repeats)
    }
  } catch {
    // What is not known yet is asked for all at once; where all of it is, nothing is looked up twice.
    if case .missing = error {
      try draft.need(keys(of: command, by: actor, storefront: storefront))
    }
    throw error
  }
  return Outcome(answer: answer, changes: draft.changes, isRepeat: isRepeat)
}

extension Draft {
  /// Carries out what is no report of an event.
  fileprivate mutating func carryOut(
    _ command: Command, by actor: Actor
  ) throws(Stop) -> (JSON, isRepeat: Bool) {
    switch command {
    case .configureStorefront(let storefront, let plan, let risks):
      return (try configure(storefront, plan, risks), false)
    case .importItem(let item): return (try importItem(item), false)
    case .defineSet(let set): return (try define(set), false)
    case .join(let member, let name, let inviter, let rank, let at, let invite):
      return try join(
        member, name: name, inviter: inviter, rank: rank, at: at, code: invite)
    case .setRank(let member, let rank, let moment):
      return (try setRank(member, rank, from: moment), false)
    case .createInvite(let invite): return try createInvite(invite)
    case .withdrawInvite(let invite): return try withdrawInvite(invite, by: actor)
    case .scheduleRoom(let room, let host, let title, let time):
      return try schedule(room, host: host, title: title, scheduledFor: time)
    case .openRoom(let room, let host, let title, let pact):
      return try open(room, host: host, title: title, pact: pact)
    case .moveRoom(let room, let target): return try move(room, to: target, by: actor)
    case .raisePact(let room, let rate): return try raisePact(room, rate, by: actor)
    case .addListings(let room, let selection):
      return (try addListings(room, selection, by: actor), false)
    case .removeListing(let room, let sku): return try removeListing(room, sku, by: actor)
    case .pinListing(let room, let sku): return try pinListing(room, sku, by: actor)
    case .reorderListings(let room, let skus):
      return (try reorderListings(room, skus, by: actor), false)
    case .attend(let room, let viewer): return (try attend(room, viewer), false)
    case .createLink(let link): return try createLink(link)
    case .revokeLink(let link): return try revokeLink(link, by: actor)
    case .touch(let viewer, let evidence, let at):
      return (try touch(viewer, evidence, at: at), false)
    case .expire(let orders): return (try expire(orders, at: now), false)
    case .settle(let order, let revision, let answer):
      return (try settle(order, revision: revision, answer), false)
    case .reportWebhook(let endpoint, let report):
      return (try take(report, of: endpoint), false)
    case .replayWebhook(let endpoint, let from, let to):
      return (try replay(endpoint, from: from, to: to), false)
    case .release(let orders, let bonuses):
      return (try release(orders: orders, bonuses: bonuses, at: now), false)
    default: preconditionFailure("every command is carried out here or in carryOutReport")
    }
  }

  /// Carries out what is reported under an id of its own: every one of these is idempotent for ever.
  ///
  /// - Returns: the text of the answer; nothing where the command is something else.
  fileprivate mutating func carryOutReport(
    _ command: Command, by actor: Actor
  ) throws(Stop) -> ([UInt8], isRepeat: Bool)? {
    switch command {
    case .placeOrder(let order, let room, let buyer, let sku, let units, let promoter, let price):
      return try once("order/" + order.text, command) { draft throws(Stop) in
        try draft.place(
          order, room, buyer: buyer, sku: sku, units: units, promoter: promoter, price: price)
      }
    case .reportOrder(let report):
      return try once("order/" + report.id.text, command) { draft throws(Stop) in
        try draft.reportWithPayment(report)
      }
    case .pay(let order, let payment, let paid, let at):
      return try once("payment/" + payment.text, command) { draft throws(Stop) in
        try draft.pay(order, payment: payment, paid: paid, at: at)
      }
    case .deliver(let order, let delivery, let at):
      return try once("delivery/" + delivery.text, command) { draft throws(Stop) in
        try draft.deliver(order, at: at)
      }
    case .refund(let order, let refund, let lines, let at):
      return try once("refund/" + refund.text, command) { draft throws(Stop) in
        try draft.refund(order, refund: refund, parts: lines, at: at)
      }
    case .cancel(let order, let at): return try cancel(order, by: actor, at: at)
    case .dispute(let order, let dispute, let at):
      return try once("dispute/" + dispute.text, command) { draft throws(Stop) in
        try draft.dispute(order, dispute, at: at)
      }
    case .resolve(let order, let dispute, let at):
      return try once("resolution/" + dispute.text, command) { draft throws(Stop) in
        try draft.resolve(order, dispute, at: at)
      }
    case .payOut(let statement, let until, let period):
      return try once("statement/" + statement.text, command) { draft throws(Stop) in
        try draft.payOut(statement, until: until, period).bytes
      }
    case .acknowledge(let statement, let acknowledgement, let failed, let at):
      return try once("acknowledgement/" + acknowledgement.text, command) { draft throws(Stop) in
        try draft.acknowledge(statement, acknowledgement, failed: failed, at: at).bytes
      }
    case .revoke(let id, let wish, let person):
      return try once("revocation/" + id.text, command) { draft throws(Stop) in
        try draft.revoke(id, wish, by: person).bytes
      }
    default: return nil
    }
  }

  /// An order that is paid already is placed and paid in one decision: both, or neither.
  private mutating func reportWithPayment(_ report: ReportedOrder) throws(Stop) -> [UInt8] {
    let order = try self.report(report)
    guard let payment = report.payment else { return try answer(order) }
    let pay = Command.pay(report.id, payment: payment.id, paid: [], at: payment.at)
    let (answer, isRepeat) = try once("payment/" + payment.id.text, pay) { draft throws(Stop) in
      try draft.pay(report.id, payment: payment.id, paid: [], at: payment.at)
    }
    guard !isRepeat else {
      throw .refuse(
        .idempotencyConflict, "payment/\(payment.id) was reported before its order.",
        field: "payment")
    }
    return answer
  }

  /// Carries out a reported event at most once: the same id and body get the first answer again, the
  /// same id with another body is a conflict. Source: domain.md, section 3.
  private mutating func once(
    _ id: String, _ command: Command, _ body: (inout Draft) throws(Stop) -> [UInt8]
  ) throws(Stop) -> ([UInt8], isRepeat: Bool) {
    let key = Key.fact(storefrontID, id)
    if case .fact(let earlier)? = try read(key) {
      guard earlier.body == command.canonicalBody else {
        throw .refuse(
          .idempotencyConflict, "\(id) was reported at \(earlier.at) with another content.")
      }
      return (earlier.answer, true)
    }
    let answer = try body(&self)
    write(key, .fact(Fact(body: command.canonicalBody, answer: answer, at: now)))
    return (answer, false)
  }
}

/// The keys that a command is sure to read, so that a cold state is loaded in one step.
///
/// What a decision reads beyond these it finds missing on its way; the list is a shortcut only.
package func keys(of command: Command, by actor: Actor, storefront: StorefrontID) -> [Key] {
  var keys: [Key] = []
  keys.reserveCapacity(16)
  keys.append(.storefront(storefront))
  switch command {
  case .reportOrder(let order):
    keys.append(.storefrontProgress(storefront))
    keys.append(.order(storefront, order.id))
    keys.append(.fact(storefront, "order/" + order.id.text))
    keys.append(.viewer(storefront, order.buyer))
    if let payment = order.payment {
      keys.append(.fact(storefront, "payment/" + payment.id.text))
      keys.append(.balance(storefront, .buyers))
      keys.append(.balance(storefront, .platform))
    }
    if let room = order.room {
      keys.append(.room(storefront, room))
      keys.append(.roomProgress(storefront, room))
      keys.append(.visits(storefront, order.buyer, room))
    }
    for line in order.lines where line.terms == nil {
      keys.append(.sku(line.sku))
      keys.append(.stock(line.sku))
      if let room = order.room { keys.append(.listing(storefront, room, line.sku)) }
    }
  case .placeOrder(let order, let room, let buyer, let sku, _, _, _):
    keys.append(.order(storefront, order))
    keys.append(.fact(storefront, "order/" + order.text))
    keys.append(.viewer(storefront, buyer))
    keys.append(.room(storefront, room))
    keys.append(.roomProgress(storefront, room))
    keys.append(.visits(storefront, buyer, room))
    keys.append(.sku(sku))
    keys.append(.stock(sku))
    keys.append(.listing(storefront, room, sku))
  case .pay(let order, let payment, _, _):
    keys.append(.storefrontProgress(storefront))
    keys.append(.order(storefront, order))
    keys.append(.fact(storefront, "payment/" + payment.text))
    keys.append(.balance(storefront, .buyers))
    keys.append(.balance(storefront, .platform))
  case .deliver(let order, let delivery, _):
    keys.append(.order(storefront, order))
    keys.append(.fact(storefront, "delivery/" + delivery.text))
  case .refund(let order, let refund, _, _):
    keys.append(.order(storefront, order))
    keys.append(.fact(storefront, "refund/" + refund.text))
  case .settle(let order, _, _):
    keys.append(.storefrontProgress(storefront))
    keys.append(.order(storefront, order))
  case .reportWebhook(let endpoint, _): keys.append(.webhookProgress(storefront, endpoint))
  case .replayWebhook(let endpoint, _, _):
    keys.append(.storefrontProgress(storefront))
    keys.append(.webhookProgress(storefront, endpoint))
  case .release(let orders, let bonuses):
    keys.append(contentsOf: orders.map { .order(storefront, $0) })
    keys.append(contentsOf: bonuses.map { .bonus(storefront, $0) })
  case .payOut(let statement, _, let period):
    keys.append(.fact(storefront, "statement/" + statement.text))
    for line in period.lines {
      keys.append(.member(storefront, line.member))
      keys.append(.balance(storefront, .available(line.member)))
      keys.append(.balance(storefront, .paid(line.member)))
    }
  case .acknowledge(let statement, let acknowledgement, let failed, _):
    keys.append(.fact(storefront, "acknowledgement/" + acknowledgement.text))
    keys.append(.statement(storefront, statement))
    for failure in failed {
      keys.append(.statementLine(storefront, statement, failure.member))
      keys.append(.balance(storefront, .available(failure.member)))
      keys.append(.balance(storefront, .paid(failure.member)))
      keys.append(.balance(storefront, .debt(failure.member)))
    }
  case .addListings(let room, .skus(let skus)):
    keys.append(.room(storefront, room))
    for sku in skus {
      keys.append(.sku(sku))
      keys.append(.stock(sku))
      keys.append(.listing(storefront, room, sku))
    }
  case .importItem(let item):
    keys.append(.product(item.product.id))
    keys.append(.sku(item.sku.id))
    keys.append(.stock(item.sku.id))
  case .expire(let orders): keys.append(contentsOf: orders.map { .order(storefront, $0) })
  default: break
  }
  return keys
}

/// Answers a question from the state with the core's own rules; changes nothing.
///
/// - Parameters:
///   - storefront: whose.
///   - now: the moment.
///   - state: what earlier questions of the same moment have loaded.
///   - load: gives the records of keys, in their order.
///   - body: the question.
/// - Returns: what the body returns.
/// - Throws: the `Rejection` of the body, or what `load` throws.
package func inspect<Value>(
  storefront: StorefrontID, at now: Timestamp, knowing state: State = State(),
  load: ([Key]) throws -> [Record?], _ body: (borrowing Draft) throws(Stop) -> Value
) throws -> Value {
  while true {
    do throws(Stop) {
      return try body(Draft(state: state, storefront: storefront, now: now))
    } catch {
      switch error {
      case .rejected(let rejection): throw rejection
      case .missing(let keys):
        for (key, record) in zip(keys, try load(keys)) { state.learn(key, record) }
      }
    }
  }
}
