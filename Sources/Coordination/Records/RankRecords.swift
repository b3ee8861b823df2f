// What is counted about a member, and every rank they ever had. Source: domain.md, sections 5.1, 5.3.
//
// The counts are kept as records, whatever the plan, so that a plan that goes by them finds them and
// no decision has to count. Values only; any thread.

import Commerce
import Commission

extension PersonID {
  /// What the ids of visitors without a token begin with.
  package static let guestPrefix = "guest-"

  /// Whether this is a visitor whom nobody has identified.
  ///
  /// A guest can be locked and can buy, but is no verified viewer and counts for no promotion: a
  /// session is had for nothing. Source: domain.md, sections 2 and 5.3.
  package var isGuest: Bool { text.utf8.starts(with: PersonID.guestPrefix.utf8) }
}

/// What moves with everything that happens around a member; apart from `Member` because it is written
/// far more often.
package struct MemberProgress: Equatable, Sendable {
  /// How many fans of one rank.
  package struct Fans: Equatable, Sendable {
    /// The name of the rank.
    package let rank: String
    /// How many locked members have it, ≥ 0.
    package var count: Int64

    /// Makes a count.
    package init(rank: String, count: Int64) {
      self.rank = rank
      self.count = count
    }
  }

  /// Unique verified viewers who are locked to the member; only grows.
  package var lockedFans: Int64
  /// Those of them who are members, by rank, in the order in which the ranks first occurred.
  package private(set) var fansByRank: [Fans]
  /// The member's own sales that were released, less what was refunded since, minor units.
  package var settledSales: Amount
  /// How many changes of rank are stored, numbered from 1.
  package var rankChanges: Int64
  /// Whether an operator lowered the rank last: then no threshold raises it.
  package var isHeld: Bool

  /// Makes the progress of a new member.
  package init(
    lockedFans: Int64 = 0, fansByRank: [Fans] = [], settledSales: Amount = .zero,
    rankChanges: Int64 = 0, isHeld: Bool = false
  ) {
    self.lockedFans = lockedFans
    self.fansByRank = fansByRank
    self.settledSales = settledSales
    self.rankChanges = rankChanges
    self.isHeld = isHeld
  }

  /// Moves the count of one rank.
  mutating func count(_ rank: String, by difference: Int64) {
    if let index = fansByRank.firstIndex(where: { $0.rank == rank }) {
      fansByRank[index].count += difference
    } else {
      fansByRank.append(Fans(rank: rank, count: difference))
    }
  }

  /// As the plan judges it.
  package var counts: PromotionCounts {
    var byRank: [String: Int64] = [:]
    for fans in fansByRank { byRank[fans.rank] = fans.count }
    return PromotionCounts(
      lockedFans: lockedFans, fansByRank: byRank, settledSales: settledSales)
  }
}

/// Why a member has a rank.
package enum RankCause: Equatable, Sendable {
  /// They joined with it.
  case joining
  /// An operator set it.
  case `operator`
  /// A count reached what the plan asks for.
  case threshold(RankEvidence)
}

/// The count that promoted a member.
package struct RankEvidence: Equatable, Sendable {
  /// What was counted.
  package enum Kind: String, Sendable, CaseIterable {
    /// Verified viewers locked to the member.
    case lockedFans = "locked_fans"
    /// Those of them with a rank or a higher one.
    case lockedFansOfRank = "locked_fans_of_rank"
    /// The member's own settled sales, minor units.
    case settledSales = "settled_sales"
  }

  /// What was counted.
  package let kind: Kind
  /// The least rank of the fans who count; only for `lockedFansOfRank`.
  package let ofRank: String?
  /// How many there were, ≥ `needed`.
  package let counted: Int64
  /// How many the plan asks for.
  package let needed: Int64
  /// The version of the plan that judged.
  package let planVersion: Int64

  /// Makes evidence.
  package init(kind: Kind, ofRank: String?, counted: Int64, needed: Int64, planVersion: Int64) {
    self.kind = kind
    self.ofRank = ofRank
    self.counted = counted
    self.needed = needed
    self.planVersion = planVersion
  }

  init(_ reached: ReachedPromotion, planVersion: Int64) {
    let promotion = reached.promotion
    switch promotion.count {
    case .lockedFans: (kind, ofRank) = (.lockedFans, nil)
    case .lockedFansOfRank(let rank): (kind, ofRank) = (.lockedFansOfRank, rank.name)
    case .settledSales: (kind, ofRank) = (.settledSales, nil)
    }
    counted = reached.counted
    needed = promotion.atLeast
    self.planVersion = planVersion
  }
}

/// One change of a member's rank; never altered.
package struct RankChange: Equatable, Sendable {
  /// Counts the member's changes from 1.
  package let number: Int64
  /// The rank before; none where they joined.
  package let from: String?
  /// The rank since.
  package let to: String
  /// From when it holds: orders placed from then on are settled with it.
  package let at: Timestamp
  /// Why.
  package let cause: RankCause

  /// Makes a change.
  package init(number: Int64, from: String?, to: String, at: Timestamp, cause: RankCause) {
    self.number = number
    self.from = from
    self.to = to
    self.at = at
    self.cause = cause
  }
}
