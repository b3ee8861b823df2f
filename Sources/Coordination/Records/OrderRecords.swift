// Orders, what is frozen on them, and what has happened to them. Source: domain.md, section 3.

import Commerce
import Commission

/// One line of an order, with the terms frozen when it was placed.
package struct OrderLine: Equatable, Sendable {
  /// What was bought.
  package let sku: SKUID
  /// Who ships it.
  package let supplier: SupplierID
  /// How many; 1…1 000 000: some goods are counted in grams.
  package let units: Int64
  /// What the whole line was placed at.
  package let placed: Amount
  /// What was really paid for the whole line; equals `placed` until the payment says otherwise.
  package var paid: Amount
  /// What has been given back of it.
  package var refunded: Amount
  /// What the supplier is owed for the whole line.
  package let cost: Amount
  /// The commission rate.
  package let rate: Rate
  /// Whether units of a limited or unlimited stock stand behind the line.
  package let usesStock: Bool

  /// Makes a line.
  package init(
    sku: SKUID, supplier: SupplierID, units: Int64, placed: Amount, paid: Amount, refunded: Amount,
    cost: Amount, rate: Rate, usesStock: Bool
  ) {
    self.sku = sku
    self.supplier = supplier
    self.units = units
    self.placed = placed
    self.paid = paid
    self.refunded = refunded
    self.cost = cost
    self.rate = rate
    self.usesStock = usesStock
  }
}

/// A touch or code that could have decided an order's promoter, and why it did or did not.
package struct Candidate: Equatable, Sendable {
  /// Why a candidate lost; none won.
  package enum Loss: String, Sendable, CaseIterable {
    /// A source that comes first in the storefront's order of precedence decided.
    case precedence
    /// A later touch of the same room replaced it.
    case replaced
    /// The room had ended and the visit was too old.
    case tooOld = "too_old"
    /// It came after the order was placed.
    case afterPlacement = "after_placement"
    /// The room's host cannot be its promoter.
    case host
    /// The storefront's order of precedence leaves this source out.
    case notUsed = "not_used"
    /// The plan denies earning on one's own purchase.
    case selfPurchase = "self_purchase"
  }

  /// Where it came from.
  package let source: AttributionSource
  /// Whom it names.
  package let promoter: MemberID
  /// The link, where there was one.
  package let link: LinkID?
  /// When the link was opened; for a code, when the order was placed.
  package let at: Timestamp
  /// Why it lost; none for the winner.
  package let loss: Loss?

  /// Makes a candidate.
  package init(
    source: AttributionSource, promoter: MemberID, link: LinkID?, at: Timestamp, loss: Loss?
  ) {
    self.source = source
    self.promoter = promoter
    self.link = link
    self.at = at
    self.loss = loss
  }
}

/// What an order was attributed to and what else was considered; frozen when it was placed.
package struct AttributionReceipt: Equatable, Sendable {
  /// Who brought the buyer; none where nobody did.
  package let promoter: MemberID?
  /// What decided; none where nobody did.
  package let source: AttributionSource?
  /// Whether buyer and promoter are the same person.
  package let selfPurchase: Bool
  /// Everything that was considered, in order of precedence and then latest first.
  package let candidates: [Candidate]

  /// Makes a receipt.
  package init(
    promoter: MemberID?, source: AttributionSource?, selfPurchase: Bool, candidates: [Candidate]
  ) {
    self.promoter = promoter
    self.source = source
    self.selfPurchase = selfPurchase
    self.candidates = candidates
  }
}

/// A time during which a release was held up.
package struct Dispute: Equatable, Sendable {
  /// Under which its beginning and its end are reported; unique in the storefront.
  package let id: FactID
  /// When it began; none while only its end has been reported.
  package var from: Timestamp?
  /// When it was resolved; none while it lasts.
  package var until: Timestamp?

  /// Makes a dispute; one of the times at least is given.
  package init(id: FactID, from: Timestamp?, until: Timestamp? = nil) {
    self.id = id
    self.from = from
    self.until = until
  }

  /// Whether it has begun and not ended. Of one whose end alone is known nobody can say since when it
  /// lasts: it holds nothing up.
  package var isOpen: Bool { from != nil && until == nil }
}

/// What an order looks like from outside.
package enum OrderState: String, Sendable, CaseIterable {
  /// Stock reserved, price and attribution frozen, not paid.
  case placed
  /// Unpaid for too long; the stock is free again.
  case expired
  /// Called off before payment.
  case cancelled
  /// Paid, on its way.
  case paid
  /// Received; the return period runs.
  case delivered
  /// Release paused by a dispute.
  case disputed
  /// Shares are available.
  case released
  /// All of it was given back.
  case refunded
}

/// An order of one viewer.
package struct Order: Equatable, Sendable {
  /// The order's id, chosen by whoever places it.
  package let id: OrderID
  /// The room it was placed in; none for a sale outside a room.
  package let room: RoomID?
  /// Who bought.
  package let buyer: ViewerID
  /// 1…1000 lines.
  package var lines: [OrderLine]
  /// When it was placed.
  package let placedAt: Timestamp
  /// When an unpaid order gives its stock back; none keeps it.
  package let expiresAt: Timestamp?
  /// Who brought the buyer, frozen.
  package let receipt: AttributionReceipt
  /// Ranks and relations that settlement needs, frozen.
  package let snapshot: Snapshot
  /// The version of the plan, frozen.
  package let planVersion: Int64
  /// When it was paid.
  package var paidAt: Timestamp?
  /// When the buyer received it.
  package var deliveredAt: Timestamp?
  /// When it was called off.
  package var cancelledAt: Timestamp?
  /// Whether it gave its stock back unpaid.
  package var hasExpired: Bool
  /// Disputes in order of id, so that the order of their arrival leaves no trace; any may be open.
  package private(set) var disputes: [Dispute]
  /// When its shares became available.
  package var releasedAt: Timestamp?
  /// How far a commission service has settled it; none where the plan does, at once.
  package var delegation: Delegation?

  /// Makes an order as it is placed.
  package init(
    id: OrderID, room: RoomID?, buyer: ViewerID, lines: [OrderLine], placedAt: Timestamp,
    expiresAt: Timestamp?, receipt: AttributionReceipt, snapshot: Snapshot, planVersion: Int64,
    paidAt: Timestamp? = nil, deliveredAt: Timestamp? = nil, cancelledAt: Timestamp? = nil,
    hasExpired: Bool = false, disputes: [Dispute] = [], releasedAt: Timestamp? = nil,
    delegation: Delegation? = nil
  ) {
    self.id = id
    self.room = room
    self.buyer = buyer
    self.lines = lines
    self.placedAt = placedAt
    self.expiresAt = expiresAt
    self.receipt = receipt
    self.snapshot = snapshot
    self.planVersion = planVersion
    self.paidAt = paidAt
    self.deliveredAt = deliveredAt
    self.cancelledAt = cancelledAt
    self.hasExpired = hasExpired
    self.disputes = disputes
    self.releasedAt = releasedAt
    self.delegation = delegation
  }

  /// How many disputes one order may have.
  package static let disputesMax = 100

  /// Whether any dispute is open.
  package var isDisputed: Bool { disputes.contains(where: \.isOpen) }

  /// A dispute of this order, if anything of it has been reported.
  func dispute(_ id: FactID) -> Dispute? { disputes.first { $0.id == id } }

  /// Puts a dispute in its place, or in that of what was known of it.
  mutating func set(_ dispute: Dispute) {
    if let index = disputes.firstIndex(where: { $0.id >= dispute.id }) {
      if disputes[index].id == dispute.id {
        disputes[index] = dispute
      } else {
        disputes.insert(dispute, at: index)
      }
    } else {
      disputes.append(dispute)
    }
  }

  /// What was paid and not given back.
  package var net: Amount { lines.reduce(.zero) { $0 + $1.paid - $1.refunded } }

  /// What the order looks like from outside.
  package var state: OrderState {
    if cancelledAt != nil { return .cancelled }
    guard paidAt != nil else { return hasExpired ? .expired : .placed }
    if net == .zero, lines.contains(where: { $0.refunded > .zero }) { return .refunded }
    if isDisputed { return .disputed }
    if releasedAt != nil { return .released }
    return deliveredAt != nil ? .delivered : .paid
  }

  /// The sale as the commission module takes it.
  package func sale(currency: Currency) -> Sale {
    Sale(
      currency: currency,
      lines: lines.map {
        Sale.Line(paid: $0.paid, refunded: $0.refunded, cost: $0.cost, rate: $0.rate)
      })
  }

  /// From when the shares can be released; none while something is missing or disputed.
  ///
  /// Delivered on day D, the start of day D + 8 in the storefront's zone, moved by the days of
  /// dispute. Source: domain.md, section 3; scenarios README, "Release".
  package func releaseDue(zone: TimeZoneTable) -> Timestamp? {
    guard paidAt != nil, releasedAt == nil, let deliveredAt, !isDisputed,
      delegation?.isSettled != false
    else { return nil }
    return ReleaseCalendar.due(from: deliveredAt, disputes: disputes, zone: zone)
  }
}

/// A bonus for somebody's joining, pending until its return period is over.
package struct JoiningBonus: Equatable, Sendable {
  /// The joined member and the rule, unique in the storefront.
  package let id: String
  /// Who gets it.
  package let payee: MemberID
  /// Who joined.
  package let joined: MemberID
  /// The plan's rule.
  package let rule: String
  /// How much.
  package let amount: Amount
  /// From when it can be released.
  package let due: Timestamp
  /// When it was.
  package var releasedAt: Timestamp?

  /// Makes a bonus.
  package init(
    id: String, payee: MemberID, joined: MemberID, rule: String, amount: Amount, due: Timestamp,
    releasedAt: Timestamp? = nil
  ) {
    self.id = id
    self.payee = payee
    self.joined = joined
    self.rule = rule
    self.amount = amount
    self.due = due
    self.releasedAt = releasedAt
  }

  /// The subject of its ledger transactions.
  package var subject: String { "award/" + id }
}

/// What a member was granted that is not cash, by kind.
package struct Grants: Equatable, Sendable {
  /// One kind of grant.
  package struct Entry: Equatable, Sendable {
    /// The plan's name for it.
    package let kind: String
    /// How many.
    package var count: Int64
    /// Their face value together.
    package var faceValue: Amount

    /// Makes an entry.
    package init(kind: String, count: Int64, faceValue: Amount) {
      self.kind = kind
      self.count = count
      self.faceValue = faceValue
    }
  }

  /// In the order in which the kinds were first granted.
  package private(set) var entries: [Entry]

  /// Makes grants.
  package init(entries: [Entry] = []) { self.entries = entries }

  /// Adds one grant.
  mutating func add(kind: String, faceValue: Amount) {
    if let index = entries.firstIndex(where: { $0.kind == kind }) {
      entries[index].count += 1
      entries[index].faceValue += faceValue
    } else {
      entries.append(Entry(kind: kind, count: 1, faceValue: faceValue))
    }
  }
}

/// What a member earns, in one room or in total.
package struct Earnings: Equatable, Sendable {
  /// Shares not released yet.
  package var pending: Amount
  /// Shares released, less what was clawed back since; paid out or not.
  package var released: Amount
  /// Everything that refunds took back, as a positive figure.
  package var reversed: Amount
  /// Paid orders that gave this member a share.
  package var orders: Int64
  /// Viewers whom this member's links brought: into the room, or bound for good in the total.
  package var viewersBrought: Int64

  /// Makes earnings.
  package init(
    pending: Amount = .zero, released: Amount = .zero, reversed: Amount = .zero, orders: Int64 = 0,
    viewersBrought: Int64 = 0
  ) {
    self.pending = pending
    self.released = released
    self.reversed = reversed
    self.orders = orders
    self.viewersBrought = viewersBrought
  }
}

/// Totals of a storefront.
package struct StorefrontProgress: Equatable, Sendable {
  /// The sequence of the last ledger transaction.
  package var sequence: Int64
  /// Orders paid.
  package var orders: Int64
  /// Units paid.
  package var units: Int64
  /// Everything paid, refunds not subtracted.
  package var gmv: Amount
  /// Everything refunded.
  package var refunded: Amount
  /// Members.
  package var members: Int64

  /// Makes the progress of a new storefront.
  package init(
    sequence: Int64 = 0, orders: Int64 = 0, units: Int64 = 0, gmv: Amount = .zero,
    refunded: Amount = .zero, members: Int64 = 0
  ) {
    self.sequence = sequence
    self.orders = orders
    self.units = units
    self.gmv = gmv
    self.refunded = refunded
    self.members = members
  }
}
