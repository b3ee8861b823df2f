// Storefronts and the people in them.

import Commerce
import Commission

/// Where an order's promoter can come from.
package enum AttributionSource: String, Sendable, CaseIterable {
  /// A promoter named on the order itself.
  case code
  /// The promoter whose link brought the viewer into this room last.
  case visit
  /// The member the viewer is bound to for good.
  case lock
}

/// One front-end platform: a tenant. Nothing of one is ever visible to another.
package struct Storefront: Equatable, Sendable {
  /// The storefront's id.
  package let id: StorefrontID
  /// What it is called.
  package var name: String
  /// The currency of all its money.
  package let currency: Currency
  /// The zone of its calendar days.
  package let zone: TimeZoneTable
  /// Which source of attribution wins, first to last; a source left out never decides.
  package var precedence: [AttributionSource]
  /// How long a visit counts after its room has ended, from the touch, in milliseconds.
  package var visitHoldMilliseconds: Int64
  /// How long a viewer's unpaid order keeps its stock, in milliseconds.
  package var unpaidHoldMilliseconds: Int64
  /// The version of the plan in force; see `PlanVersion`.
  package var planVersion: Int64
  /// When it was created.
  package let createdAt: Timestamp
  /// Whether joining needs an invite code. Source: domain.md, section 5.2.
  package var inviteOnly: Bool
  /// The commission service that settles orders placed from now on; none is the plan, at once.
  package var settlementService: ServiceID?

  /// Makes a storefront.
  package init(
    id: StorefrontID, name: String, currency: Currency, zone: TimeZoneTable,
    precedence: [AttributionSource], visitHoldMilliseconds: Int64, unpaidHoldMilliseconds: Int64,
    planVersion: Int64, createdAt: Timestamp, inviteOnly: Bool = false,
    settlementService: ServiceID? = nil
  ) {
    self.id = id
    self.name = name
    self.currency = currency
    self.zone = zone
    self.precedence = precedence
    self.visitHoldMilliseconds = visitHoldMilliseconds
    self.unpaidHoldMilliseconds = unpaidHoldMilliseconds
    self.planVersion = planVersion
    self.createdAt = createdAt
    self.inviteOnly = inviteOnly
    self.settlementService = settlementService
  }

  /// 24 hours. Source: domain.md, section 2.
  package static let visitHoldDefault: Int64 = 86_400_000
  /// 15 minutes.
  package static let unpaidHoldDefault: Int64 = 900_000
}

/// A plan as it was activated in a storefront: pinned on every order placed under it.
package struct PlanVersion: Equatable, Sendable {
  /// Counts the storefront's activations from 1.
  package let number: Int64
  /// The validated plan with its parameters bound.
  package let plan: Plan
  /// From when it holds: orders placed from then on are settled under it.
  package let activatedAt: Timestamp
  /// The risks that somebody took on with it; none where there was nothing to accept.
  package let accepted: AcceptedRisks?
  /// `Plan.worstCasePayoutPpm`, which is searched for once: when an order that a commission service
  /// settles is first placed under this version. None before.
  package var worstCasePayoutPpm: Int64?

  /// Makes a plan version.
  package init(
    number: Int64, plan: Plan, activatedAt: Timestamp, accepted: AcceptedRisks? = nil,
    worstCasePayoutPpm: Int64? = nil
  ) {
    self.number = number
    self.plan = plan
    self.activatedAt = activatedAt
    self.accepted = accepted
    self.worstCasePayoutPpm = worstCasePayoutPpm
  }

  /// Equal where number, document, activation, acceptance and known bound are.
  package static func == (left: PlanVersion, right: PlanVersion) -> Bool {
    left.number == right.number && left.plan.document == right.plan.document
      && left.activatedAt == right.activatedAt && left.accepted == right.accepted
      && left.worstCasePayoutPpm == right.worstCasePayoutPpm
  }
}

/// Who took which findings of a plan upon themselves, and when. Source: domain.md, section 5, "Lint".
package struct AcceptedRisks: Equatable, Sendable {
  /// The operator.
  package let by: PersonID
  /// When the plan was activated.
  package let at: Timestamp
  /// Different codes of error-level findings, in the order of `Finding.Code`; at least one.
  package let risks: [Finding.Code]

  /// Makes an acceptance.
  package init(by: PersonID, at: Timestamp, risks: [Finding.Code]) {
    self.by = by
    self.at = at
    self.risks = risks
  }
}

/// A person in the sales organisation.
package struct Member: Equatable, Sendable {
  /// The member's id.
  package let id: MemberID
  /// What others see; may be empty.
  package var name: String
  /// Who brought them in.
  package let inviter: MemberID?
  /// The name of the rank under the storefront's plan.
  package var rank: String
  /// When they joined.
  package let joinedAt: Timestamp

  /// Makes a member.
  package init(id: MemberID, name: String, inviter: MemberID?, rank: String, joinedAt: Timestamp) {
    self.id = id
    self.name = name
    self.inviter = inviter
    self.rank = rank
    self.joinedAt = joinedAt
  }
}

/// A valid link that a viewer opened.
package struct Touch: Equatable, Sendable {
  /// Whose link it was.
  package let promoter: MemberID
  /// The link; none where the touch was reported without one.
  package let link: LinkID?
  /// The link's channel tag; may be empty.
  package let channel: String
  /// When it was opened.
  package let at: Timestamp

  /// Makes a touch.
  package init(promoter: MemberID, link: LinkID?, channel: String, at: Timestamp) {
    self.promoter = promoter
    self.link = link
    self.channel = channel
    self.at = at
  }
}

/// Somebody who watches and buys.
package struct Viewer: Equatable, Sendable {
  /// The viewer's id.
  package let id: ViewerID
  /// The first valid touch, which binds for good. Source: domain.md, section 2.
  package var lock: Touch?

  /// Makes a viewer.
  package init(id: ViewerID, lock: Touch?) {
    self.id = id
    self.lock = lock
  }
}

/// The touches that brought one viewer into one room.
package struct Visits: Equatable, Sendable {
  /// In order of time, at most `kept`: the last one decides, the others are evidence.
  package private(set) var touches: [Touch]

  /// How many are kept.
  package static let kept = 8

  /// Makes visits out of touches in order of time.
  package init(touches: [Touch] = []) { self.touches = touches.suffix(Visits.kept) }

  /// Adds a touch where its time puts it, and forgets one beyond `kept`: one that stands between two of
  /// the same link, for who opens a page again and again must not push out who else there was; else the
  /// oldest, for touches that are reported late must not push out newer ones.
  mutating func add(_ touch: Touch) {
    let place = touches.lastIndex { $0.at <= touch.at }.map { $0 + 1 } ?? 0
    touches.insert(touch, at: place)
    guard touches.count > Visits.kept else { return }
    func isSame(_ one: Touch, _ other: Touch) -> Bool {
      one.promoter == other.promoter && one.link == other.link
    }
    let between = touches.indices.dropFirst().dropLast().first {
      isSame(touches[$0 - 1], touches[$0]) && isSame(touches[$0], touches[$0 + 1])
    }
    touches.remove(at: between ?? 0)
  }
}

/// A share link as its owner made it, with what became of it.
package struct Link: Equatable, Sendable {
  /// The link's id.
  package let id: LinkID
  /// The signed text; kept because no later key could sign the same one again.
  package let text: String
  /// Whose it is.
  package let promoter: MemberID
  /// The room it leads into; none locks only.
  package let room: RoomID?
  /// The product it points at.
  package let sku: SKUID?
  /// A tag of the owner's; may be empty.
  package let channel: String
  /// From then on it is invalid.
  package let expiresAt: Timestamp
  /// How many viewers it may bring; none is unlimited.
  package let maximumUses: Int64?
  /// When it was made.
  package let issuedAt: Timestamp
  /// Viewers it has brought.
  package var uses: Int64
  /// When it was revoked.
  package var revokedAt: Timestamp?

  /// Makes a link.
  package init(
    id: LinkID, text: String, promoter: MemberID, room: RoomID?, sku: SKUID?, channel: String,
    expiresAt: Timestamp, maximumUses: Int64?, issuedAt: Timestamp, uses: Int64 = 0,
    revokedAt: Timestamp? = nil
  ) {
    self.id = id
    self.text = text
    self.promoter = promoter
    self.room = room
    self.sku = sku
    self.channel = channel
    self.expiresAt = expiresAt
    self.maximumUses = maximumUses
    self.issuedAt = issuedAt
    self.uses = uses
    self.revokedAt = revokedAt
  }
}

/// How many of a promoter's links were refused, by reason.
package struct LinkRefusals: Equatable, Sendable {
  /// In order of the reason's code.
  package private(set) var counts: [(code: RejectionCode, count: Int64)]

  /// Makes counts in order of the code.
  package init(counts: [(code: RejectionCode, count: Int64)] = []) { self.counts = counts }

  /// Counts one more.
  mutating func count(_ code: RejectionCode) {
    if let index = counts.firstIndex(where: { $0.code == code }) {
      counts[index].count += 1
    } else {
      counts.append((code, 1))
      counts.sort { $0.code.rawValue < $1.code.rawValue }
    }
  }

  /// Equal where every count is.
  package static func == (left: LinkRefusals, right: LinkRefusals) -> Bool {
    left.counts.elementsEqual(right.counts) { $0.code == $1.code && $0.count == $1.count }
  }
}
