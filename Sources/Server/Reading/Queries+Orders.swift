// Orders, why their money went where it went, and the ledger.

import Commerce
import Commission
import Coordination
import Ledger
import Notation
import Storage

extension Queries {
  /// What the commission module says of an order, under the plan pinned on it.
  struct Settled {
    let order: Order
    let storefront: Storefront
    let plan: Plan
    let settlement: Settlement
    let sequence: Int64

    /// Whether it is paid and its commission service has not split anything yet.
    var awaitsFirstSplit: Bool {
      order.paidAt != nil && order.delegation != nil && order.delegation?.settlement == nil
    }
  }

  func settled(_ id: OrderID) throws -> Settled {
    try inspected { draft throws(Stop) in
      let order = try draft.order(id)
      let storefront = try draft.storefront()
      let plan = try draft.plan(version: order.planVersion)
      return Settled(
        order: order, storefront: storefront, plan: plan,
        settlement: try draft.settlement(of: order, storefront, plan),
        sequence: try draft.storefrontProgress().sequence)
    }
  }

  /// One order; a person sees only what they bought, without what others earn on it.
  func order(_ id: OrderID, by person: PersonID?) throws -> JSON {
    let settled = try settled(id)
    let view = orderView(
      settled.order, settled.settlement, settled.storefront, sequence: settled.sequence)
    guard let person else { return view }
    guard settled.order.buyer == person else {
      throw Fault(
        Rejection(.notYourOrder, "Order \(id) belongs to another buyer.", field: "order"))
    }
    return view.withoutEarnings
  }

  /// A page of orders; `after` is the last one of the page before.
  func orders(
    room: RoomID?, buyer: ViewerID?, _ direction: ListDirection, after: OrderID?, limit: Int
  ) throws -> JSON {
    var filter = OrderFilter.all
    if let room { filter = .room(room) }
    if let buyer { filter = .buyer(buyer) }
    let cursor = try after.map { try last(of: $0).cursor }
    var found = try reader.orders(
      storefront, filter, direction == .oldest ? .oldestFirst : .newestFirst, after: cursor,
      limit: limit)
    let next = found.count == limit ? found.last?.id : nil
    if let room, buyer != nil { found = found.filter { $0.room == room } }
    return page(try views(of: found), next)
  }

  /// A page of what one person bought, newest first, without what others earn on it.
  func ownOrders(of buyer: ViewerID, after: OrderID?, limit: Int) throws -> JSON {
    var cursor: OrderCursor?
    if let after {
      let last = try last(of: after)
      guard last.buyer == buyer else {
        throw Fault(
          Rejection(.notYourOrder, "Order \(after) belongs to another buyer.", field: "after"))
      }
      cursor = last.cursor
    }
    let found = try reader.orders(
      storefront, .buyer(buyer), .newestFirst, after: cursor, limit: limit)
    let next = found.count == limit ? found.last?.id : nil
    return page(try views(of: found).map(\.withoutEarnings), next)
  }

  /// The order with which the page before ended.
  func last(of after: OrderID) throws -> Order {
    guard let last = try reader.order(storefront, after) else {
      throw Fault(Rejection(.unknownOrder, "There is no order \(after).", field: "after"))
    }
    return last
  }

  private func page(_ views: [JSON], _ next: OrderID?) -> JSON {
    ["orders": .array(views), "after": next.map { .string($0.text) } ?? .null]
  }

  private func views(of found: [Order]) throws -> [JSON] {
    guard !found.isEmpty else { return [] }
    return try inspected { draft throws(Stop) in
      let storefront = try draft.storefront()
      let sequence = try draft.storefrontProgress().sequence
      var views: [JSON] = []
      for order in found {
        let plan = try draft.plan(version: order.planVersion)
        let settlement = try draft.settlement(of: order, storefront, plan)
        views.append(orderView(order, settlement, storefront, sequence: sequence))
      }
      return views
    }
  }

  /// Every share with the rule, base, rate and rounding that made it, and who got nothing and why.
  func explanation(_ id: OrderID, by person: PersonID?) throws -> JSON {
    let settled = try settled(id)
    let settlement = settled.settlement
    let tookPart = person.map { concerns(settled, $0) } ?? true
    // Until a service has split anything, nobody was passed over.
    let overlooked = settled.awaitsFirstSplit ? [] : try overlooked(settled, for: person)
    if let person, !tookPart, overlooked.isEmpty {
      throw Fault(
        Rejection(.notYourOrder, "Order \(id) is none of \(person)'s.", field: "order"))
    }
    var shares: [JSON] = []
    for (index, line) in settlement.lines.enumerated() {
      for share in line.shares where person == nil || share.payee == person {
        shares.append(shareView(share, line: index))
      }
    }
    let withheld =
      settlement.withheld.filter { person == nil || $0.member == person } + overlooked
    let texts = { (language: Language) -> JSON in
      let money = settlement.explanation(
        by: settled.plan, in: language, for: person, overlooked: overlooked)
      let attribution = settled.order.receipt.explanation(in: language, for: person)
      let order = tookPart ? settled.order.explanation(in: language) : []
      if settled.awaitsFirstSplit { return .array((order + attribution).map { .string($0) }) }
      return .array((order + money + attribution).map { .string($0) })
    }
    var members: [JSON.Member] = [
      JSON.Member("order", .string(id.text)), JSON.Member("plan", .string(settled.plan.name)),
      JSON.Member("planVersion", .integer(settled.order.planVersion)),
      JSON.Member("state", .string(settled.order.state.rawValue)),
      JSON.Member("booked", .bool(settled.order.paidAt != nil)),
      // Whoever only stands above somebody of the sale learns why they got nothing, not of what.
      JSON.Member("net", tookPart ? .integer(settled.order.net.minorUnits) : .null),
      JSON.Member("attribution", receiptView(settled.order.receipt, for: person)),
      JSON.Member("shares", .array(shares)),
      JSON.Member("withheld", .array(withheld.map(withheldView))),
    ]
    if person == nil {
      members.append(JSON.Member("supplier", .integer(settlement.supplier.minorUnits)))
      members.append(JSON.Member("platform", .integer(settlement.platform.minorUnits)))
    }
    if let delegation = settled.order.delegation {
      members.append(
        JSON.Member(
          "settlement",
          person == nil ? delegationView(delegation) : ["settled": .bool(delegation.isSettled)]))
    }
    members.append(JSON.Member("text", ["en": texts(.english), "zh": texts(.chinese)]))
    return .object(members)
  }

  /// Whom no rule names although they stand near the sale; member by member, for a line may be long.
  private func overlooked(_ settled: Settled, for person: PersonID?) throws -> [WithheldShare] {
    let known = State()
    return try settled.plan.overlooked(
      settled.settlement, settled.order.snapshot, for: person
    ) { (id) throws -> Standing? in
      try inspect(storefront: storefront, at: now, knowing: known, load: reader.load) {
        draft throws(Stop) in
        try draft.standing(id, whenPlaced: settled.order, under: settled.plan)
      }
    }
  }

  /// Whether somebody took part in an order, earns on it, or could have: who may ask why they got
  /// what they got. Others must not learn so much as its net: ids of orders can be guessed.
  private func concerns(_ settled: Settled, _ person: PersonID) -> Bool {
    let order = settled.order
    let people = order.snapshot.participants
    return [order.buyer, people.seller, people.host, people.promoter].contains(person)
      || order.receipt.candidates.contains { $0.promoter == person }
      || order.snapshot.people.contains { $0.holder?.member == person }
      || settled.settlement.withheld.contains { $0.member == person }
      || settled.settlement.payees.contains { $0.payee == person }
  }

  private func shareView(_ share: Share, line: Int) -> JSON {
    let base: String
    switch share.baseName {
    case .net: base = "net"
    case .pool: base = "pool"
    case .share(let rule): base = rule
    }
    let funding: String
    switch share.funding {
    case .platform: funding = "platform"
    case .share(let rule): funding = rule
    }
    return [
      "member": .string(share.payee.text), "rule": .string(share.rule),
      "line": .integer(Int64(line)), "base": .string(base),
      "baseAmount": .integer(share.base.minorUnits),
      "ratePpm": share.rate.map { .integer(Int64($0.partsPerMillion)) } ?? .null,
      "rounding": .string(share.rounding == .down ? "down" : "rest"),
      "funding": .string(funding), "amount": .integer(share.amount.minorUnits),
    ]
  }

  private func withheldView(_ share: WithheldShare) -> JSON {
    let reason: String
    switch share.reason {
    case .nobody(let wording), .condition(let wording): reason = wording.english
    case .selfPurchase: reason = "self_purchase"
    }
    return [
      "rule": .string(share.rule), "member": share.member.map { .string($0.text) } ?? .null,
      "reason": .string(reason),
    ]
  }

  /// A member sees how their own touches fared, not whose else there were.
  private func receiptView(_ receipt: AttributionReceipt, for person: PersonID?) -> JSON {
    let candidates = receipt.candidates.filter { person == nil || $0.promoter == person }
    let isVisible = person == nil || receipt.promoter == person
    return [
      "promoter": isVisible ? receipt.promoter.map { .string($0.text) } ?? .null : .null,
      "source": isVisible ? receipt.source.map { .string($0.rawValue) } ?? .null : .null,
      "selfPurchase": .bool(receipt.selfPurchase && isVisible),
      "candidates": .array(
        candidates.map { candidate in
          [
            "source": .string(candidate.source.rawValue),
            "promoter": .string(candidate.promoter.text),
            "link": candidate.link.map { .string($0.text) } ?? .null,
            "at": .string(candidate.at.description),
            "loss": candidate.loss.map { .string($0.rawValue) } ?? .null,
          ]
        }),
    ]
  }

  // MARK: The ledger

  /// A page of the accounts with what they hold; together they sum to zero.
  func accounts(after: String?, limit: Int) throws -> JSON {
    try reader.moment {
      let found = try reader.balances(storefront, after: after, limit: limit)
      let sequence = try inspected { draft throws(Stop) in
        try draft.storefrontProgress().sequence
      }
      return [
        "accounts": .array(
          found.map {
            ["account": .string($0.account), "amount": .integer($0.amount.minorUnits)]
          }),
        "after": found.count == limit ? found.last.map { .string($0.account) } ?? .null : .null,
        "sequence": .integer(sequence),
      ]
    }
  }

  /// Sequence, sum and digest of the storefront's ledger, and what each kind of party holds.
  func ledger() throws -> JSON {
    let (digest, parties) = try reader.moment {
      (try reader.ledgerDigest(storefront), try reader.partyTotals(storefront))
    }
    var totals: [String: Int64] = ["suppliers": 0, "platform": 0, "members": 0, "buyers": 0]
    for (party, amount) in parties {
      let kind: String
      switch party.split(separator: "/").first {
      case "supplier": kind = "suppliers"
      case "member": kind = "members"
      default: kind = party
      }
      totals[kind, default: 0] += amount.minorUnits
    }
    return [
      "sequence": .integer(digest.sequence), "sum": .integer(digest.sum.minorUnits),
      "digest": .string(digest.digest),
      "parties": .object(
        ["suppliers", "platform", "members", "buyers", "unsettled"].map {
          JSON.Member($0, .integer(totals[$0] ?? 0))
        }),
    ]
  }
}

extension Order {
  /// Its place in a list.
  var cursor: OrderCursor { OrderCursor(placedAt: placedAt, id: id) }
}

extension JSON {
  /// An order view as its buyer may see it.
  var withoutEarnings: JSON {
    let hidden = ["disputes", "supplier", "platform", "shares", "settlement"]
    return .object((members ?? []).filter { !hidden.contains($0.key) })
  }
}
