// How much a plan can ever pay out, and how far up the tree it reaches, whatever the tree.
//
// The people of every tree that can make a difference are found in Worlds.swift; here is what the
// sets of shares that can fall due together come to. Figures are kept in 10⁻³⁰ of the net, so that
// a rate of a rate … five times over is exact. Pure; any thread.
import Commerce

/// What a plan can come to, over every tree, sale, pact and line rate.
///
/// Source: domain.md, section 5, "Lint".
public struct PlanBounds: Equatable, Sendable {
  /// The most that all shares of a line can come to, in parts per million of its net, rounded up;
  /// awards for joining are not in it.
  ///
  /// No line exceeds it, but for rounding: where a plan has a share that takes the rest, by fewer
  /// minor units than the plan has shares.
  public let worstCasePayoutPpm: Int64
  /// Whether some tree attains that figure. Otherwise it is an upper bound: the plan was too large
  /// to be searched, or its shares nest too deeply.
  public let isExact: Bool
  /// How many levels above a seller, host or promoter somebody may stand and still be paid on the
  /// sale; 0 where nobody above is, nothing where there is no limit. Organisations are not counted.
  public let structuralDepth: Int?
  /// How many different people above the seller, host and promoter are paid on one sale at most;
  /// an upper bound where `isExact` is false. Organisations are not counted.
  public let paidDepth: Int
  /// What one joining can bring one member in money, by rule, in the order of the rules; those
  /// that never bring money are not in it. No share of any price, so a bound of its own.
  public let awardsPerHead: [AwardPerHead]

  /// The most money that a rule pays for one person who joins.
  public struct AwardPerHead: Equatable, Sendable {
    /// The id of the plan's rule.
    public let rule: String
    /// The plan's words for it.
    public let title: Wording
    /// Minor units, ≥ 1.
    public let most: Amount
  }
}

extension Plan {
  /// The most that all shares of a line can come to. See `PlanBounds.worstCasePayoutPpm`.
  ///
  /// - Complexity: that of `bounds()`; keep the figure.
  public var worstCasePayoutPpm: Int64 { bounds().worstCasePayoutPpm }

  /// The most that all shares of a line can come to, out of the figure for the highest line rate.
  ///
  /// Where every share is reckoned on the commission, directly or by way of another share, it falls
  /// with the line's rate. For holding answers of others against it, so rounded up.
  /// - Parameters:
  ///   - net: of the line, minor units, ≥ 0.
  ///   - rate: of the line.
  ///   - worst: see `worstCasePayoutPpm`.
  /// - Returns: minor units.
  package func mostPaid(of net: Amount, rate: Rate, worstCasePayoutPpm worst: Int64) -> Amount {
    let highest = Int64(lineRates.upperBound.partsPerMillion)
    let isOfPool = shares.allSatisfy { $0.base != .net }
    var ppm = worst
    if isOfPool, highest > 0 {
      let scaled = Amount(worst).multiplied(
        by: Int64(rate.partsPerMillion), dividedBy: highest)
      ppm = min(worst, scaled.minorUnits + 1)
    }
    // What rounding may add is said with `PlanBounds.worstCasePayoutPpm`.
    let rounding = Amount(Int64(shares.count) + 1)
    return net.multiplied(by: ppm, dividedBy: 1_000_000) + rounding
  }

  /// Measures the plan: its worst-case payout, how deep it reaches and pays, and what a head brings.
  ///
  /// - Returns: the bounds, the same for the same plan every time.
  /// - Complexity: goes through up to `Worlds.worldsMax` small trees; meant for lint and activation.
  public func bounds() -> PlanBounds {
    let worlds = Worlds(self)
    let payer = Payout(shares: shares, pool: lineRates.upperBound)
    let isExact = worlds.isComplete && payer.isExact
    let worst =
      isExact
      ? worlds.paidSets.reduce(0) { max($0, payer.largestPpm(of: $1)) } : payer.upperBoundPpm
    let above = shares.indices.reduce(into: UInt64(0)) { people, share in
      guard shares[share].paysAnything else { return }
      people |= worlds.isComplete ? worlds.payees[share] : shares[share].payee.mentioned
    }
    let reaches = salePeople.indices
      .filter { above >> UInt64($0) & 1 == 1 && isLevel($0) }
      .map { reach(of: $0, salePeople) }
    return PlanBounds(
      worstCasePayoutPpm: worst, isExact: isExact,
      structuralDepth: reaches.reduce(Reach.levels(0)) { $0.farther($1) }.levels,
      paidDepth: worlds.isComplete ? worlds.paidDepth : sharesPaidAbove.count,
      awardsPerHead: awards.compactMap { award in
        guard case .bonus(let amounts) = award.gift else { return nil }
        let most = amounts.reduce(Amount.zero) { max($0, $1 ?? .zero) }
        return most > .zero
          ? PlanBounds.AwardPerHead(rule: award.id, title: award.title, most: most) : nil
      })
  }

  /// The shares that may pay a person, no organisation, who stands above somebody of the sale.
  var sharesPaidAbove: [ShareRule] {
    let above = salePeople.indices.filter(isLevel)
    return shares.filter { share in
      share.paysAnything && above.contains { share.payee.mentioned >> UInt64($0) & 1 == 1 }
    }
  }

  /// The shares that may pay an organisation above somebody of the sale.
  var sharesPaidToOrganisations: [ShareRule] {
    let found = salePeople.indices.filter(isOrganisation)
    return shares.filter { share in
      share.paysAnything && found.contains { share.payee.mentioned >> UInt64($0) & 1 == 1 }
    }
  }

  /// How far above the people that the caller names this person can stand.
  func reach(of person: Int, _ rules: [PersonRule]) -> Reach {
    switch rules[person].search {
    case .firstOf(let sources):
      sources.reduce(.levels(0)) {
        guard case .person(let index) = $1 else { return $0 }
        return $0.farther(reach(of: index, rules))
      }
    case .inviterOf(let index): reach(of: index, rules).oneMore
    case .ancestorOf: .unlimited
    }
  }

  /// Whether whoever is found has a rank that only organisations have.
  private func isOrganisation(_ person: Int) -> Bool {
    guard case .ancestorOf(_, let lowest) = salePeople[person].search else { return false }
    return ranks.allSatisfy { $0 < lowest || organisations.contains($0) }
  }

  /// Whether a person above, found in a world, counts as a level.
  func isLevel(_ person: Int) -> Bool {
    reach(of: person, salePeople) != .levels(0) && !isOrganisation(person)
  }
}

/// A number of levels above, or any number.
enum Reach: Equatable {
  case levels(Int)
  case unlimited

  var levels: Int? { if case .levels(let count) = self { count } else { nil } }
  var oneMore: Reach { levels.map { .levels($0 + 1) } ?? .unlimited }

  func farther(_ other: Reach) -> Reach {
    guard let mine = levels, let theirs = other.levels else { return .unlimited }
    return .levels(max(mine, theirs))
  }
}

extension ShareRule {
  /// Whether the share is ever more than nothing.
  var paysAnything: Bool { rate != .fixed(.zero) }
}

extension PayeeRule {
  /// The people whom some branch of the rule pays, bit n for person n; a branch that a parameter
  /// has shut is left out.
  var mentioned: UInt64 {
    switch self {
    case .nobody, .withheld: 0
    case .person(let index): 1 << UInt64(index)
    case .firstOf(let payees): payees.reduce(0) { $0 | $1.mentioned }
    case .when(.constant(let value), let then, let otherwise):
      (value ? then : otherwise).mentioned
    case .when(_, let then, let otherwise): then.mentioned | otherwise.mentioned
    }
  }
}

/// What sets of shares come to at the highest line rate, in 10⁻³⁰ of the net.
///
/// The total of all shares of a set is the sum of those that the platform funds, since what is
/// deducted from another share only changes hands. It grows with the line rate, so the highest
/// one decides; in the pact it is a straight line, so one of its ends does.
private struct Payout {
  private static let net: UInt128 = 1_000_000_000_000_000_000_000_000_000_000
  private static let ppm: UInt128 = net / 1_000_000
  /// Rates of rates that stay whole numbers of 10⁻³⁰, the line rate being the first.
  private static let nestedMax = 5

  let shares: [ShareRule]
  let pool: Rate
  /// Whether `largestPpm` is exact for every set.
  let isExact: Bool

  init(shares: [ShareRule], pool: Rate) {
    self.shares = shares
    self.pool = pool
    // How many rates are multiplied, and how often the pact is one of them, in the worst set.
    var nested: [Int] = []
    var pacts: [Int] = []
    for (index, share) in shares.enumerated() {
      var rates = share.base == .pool ? 1 : 0
      var pactsOfBase = 0
      if case .share(let base) = share.base {
        rates = nested[base]
        pactsOfBase = pacts[base]
      }
      switch share.rate {
      case .fixed: rates += 1
      case .pact:
        rates += 1
        pactsOfBase += 1
      case .rest:
        for other in 0..<index where shares[other].base == share.base {
          rates = max(rates, nested[other])
          pactsOfBase = max(pactsOfBase, pacts[other])
        }
      }
      nested.append(rates)
      pacts.append(pactsOfBase)
    }
    isExact = nested.allSatisfy { $0 <= Self.nestedMax } && pacts.allSatisfy { $0 <= 1 }
  }

  /// The most that exactly these shares come to, rounded up; bit n for share n.
  func largestPpm(of paid: UInt64) -> Int64 {
    let largest = max(total(of: paid, pact: .zero), total(of: paid, pact: .whole))
    return Int64((largest + Self.ppm - 1) / Self.ppm)
  }

  private func total(of paid: UInt64, pact: Rate) -> UInt128 {
    var gross = [UInt128](repeating: 0, count: shares.count)
    var total: UInt128 = 0
    for (index, share) in shares.enumerated() where paid >> UInt64(index) & 1 == 1 {
      let base =
        switch share.base {
        case .net: Self.net
        case .pool: part(Self.net, pool)
        case .share(let base): gross[base]
        }
      switch share.rate {
      case .fixed(let rate): gross[index] = part(base, rate)
      case .pact: gross[index] = part(base, pact)
      case .rest:
        gross[index] = base
        for other in 0..<index where shares[other].base == share.base {
          gross[index] -= gross[other]
        }
      }
      if share.deductedFrom == nil { total += gross[index] }
    }
    return total
  }

  private func part(_ base: UInt128, _ rate: Rate) -> UInt128 {
    base * UInt128(rate.partsPerMillion) / 1_000_000
  }

  /// What no set can exceed, without looking at which of them can fall due together: shares of the
  /// net or the pool never exceed it in sum, and what is reckoned on another share comes on top.
  var upperBoundPpm: Int64 {
    let pool = Int64(pool.partsPerMillion)
    var largest: [Int64] = []
    var ofNet: Int64 = 0
    var ofPool: Int64 = 0
    var onTop: Int64 = 0
    for share in shares {
      let base =
        switch share.base {
        case .net: Int64(1_000_000)
        case .pool: pool
        case .share(let index): largest[index]
        }
      let part =
        switch share.rate {
        case .fixed(let rate): (base * Int64(rate.partsPerMillion) + 999_999) / 1_000_000
        case .pact, .rest: base
        }
      largest.append(part)
      switch share.base {
      case .net: ofNet += part
      case .pool: ofPool += part
      case .share: onTop += share.deductedFrom == nil ? part : 0
      }
    }
    return min(ofNet, 1_000_000) + min(ofPool, pool) + onTop
  }
}
