// Which rank a member has reached by counts, and whose own sale an order is. Pure; any thread.
//
// The plan only judges: who counts what, and when, is the caller's business. A rank is reached step by
// step, so that a history of ranks shows each of them.
import Commerce

/// What has been counted about a member. Source: domain.md, sections 5.1 and 5.3.
public struct PromotionCounts: Equatable, Sendable {
  /// Unique verified viewers who are locked to the member.
  public var lockedFans: Int64
  /// How many of them are members, by the name of their rank.
  public var fansByRank: [String: Int64]
  /// The member's own released sales, less what was refunded since, minor units.
  public var settledSales: Amount

  /// Makes counts.
  ///
  /// - Parameters:
  ///   - lockedFans: ≥ 0.
  ///   - fansByRank: ≥ 0 each; a rank that the plan does not have counts as its lowest.
  ///   - settledSales: minor units.
  public init(
    lockedFans: Int64 = 0, fansByRank: [String: Int64] = [:], settledSales: Amount = .zero
  ) {
    self.lockedFans = lockedFans
    self.fansByRank = fansByRank
    self.settledSales = settledSales
  }
}

/// A promotion whose threshold is met, with the figure that meets it.
public struct ReachedPromotion: Equatable, Sendable {
  /// The plan's rule.
  public let promotion: Plan.Promotion
  /// What was counted, ≥ `promotion.atLeast`; for settled sales, minor units.
  public let counted: Int64
}

extension Plan {
  /// The next rank up that a member has reached by counts, or nothing.
  ///
  /// Ranks are climbed one at a time: the first rank above the present one that the plan promotes to
  /// has to be reached before a later one. Ranks that no promotion names are passed over, for only an
  /// operator gives them. Where several promotions lead to a rank, the first that is met decides.
  /// - Parameters:
  ///   - rank: the present rank, of this plan.
  ///   - counts: what has been counted.
  /// - Returns: the promotion and its evidence.
  /// - Complexity: O(ranks × promotions).
  public func nextPromotion(from rank: Rank, counts: PromotionCounts) -> ReachedPromotion? {
    for next in ranks where next > rank {
      let leading = promotions.filter { $0.rank == next }
      if leading.isEmpty { continue }
      for promotion in leading {
        let counted = figure(promotion.count, of: counts)
        if counted >= promotion.atLeast {
          return ReachedPromotion(promotion: promotion, counted: counted)
        }
      }
      return nil
    }
    return nil
  }

  private func figure(_ count: Promotion.Count, of counts: PromotionCounts) -> Int64 {
    switch count {
    case .lockedFans: counts.lockedFans
    case .settledSales: counts.settledSales.minorUnits
    case .lockedFansOfRank(let least):
      counts.fansByRank.reduce(0) { sum, entry in
        (rank(named: entry.key) ?? lowestRank) >= least ? sum + entry.value : sum
      }
    }
  }

  /// Whose own sale an order is, for thresholds and quotas: whoever stood in the place that the plan
  /// names when the order was placed.
  ///
  /// - Parameter snapshot: taken by this plan.
  /// - Returns: a member; nobody where the place was empty or the plan counts no own sales.
  public func personalSeller(in snapshot: Snapshot) -> MemberID? {
    guard let personalSeller, snapshot.people.indices.contains(personalSeller) else { return nil }
    return snapshot.people[personalSeller].holder?.member
  }

  /// The quota that invite codes draw on, called `inviteCode`; without one they are not limited.
  ///
  /// Source: domain.md, section 5.2 (邀请码的数量,需要用业绩去换).
  public var inviteQuota: Quota? { quotas.first { $0.id == "inviteCode" } }
}
