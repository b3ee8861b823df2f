// The result of settling a sale: who earns what, and by which rule, base, rate and rounding.
// Invariant, per line: supplier + platform + every share = net, to the minor unit.
// Values only; safe on any thread.
import Commerce

/// The seam through which settlement is delegated.
///
/// Whoever holds orders hands over a sale and the snapshot that was pinned when it was placed, and
/// gets back the shares that are due now. Pure: the same arguments always give the same shares, so
/// a refund is settled by asking again with a larger `refunded` and posting the difference.
/// `Plan` is the implementation; another may stand in for it in a test or an experiment.
public protocol Settling: Sendable {
  /// Settles a sale.
  ///
  /// - Parameters:
  ///   - sale: what was paid and returned.
  ///   - snapshot: the ranks and relations pinned at placement.
  /// - Returns: the shares of each line, and totals.
  /// - Throws: `SettlementRefusal` where the figures are out of range; nothing is half done.
  func settle(_ sale: Sale, _ snapshot: Snapshot) throws(SettlementRefusal) -> Settlement
}

/// Why a sale was not settled. Checked in the order of the cases, the lines in their order.
public enum SettlementRefusal: Error, Equatable, Sendable {
  /// Not 1…1000 lines.
  case lineCountOutOfRange(Int)
  /// `paid`, `refunded` or `cost` of a line (from 0) is negative or above `Amount.limit`.
  case amountOutOfRange(line: Int)
  /// More is returned than was paid on a line (from 0).
  case refundExceedsPaid(line: Int)
  /// The rate of a line (from 0) is outside the plan's range.
  case rateOutOfRange(line: Int, allowed: ClosedRange<Rate>)
  /// The snapshot was taken under another plan or another version.
  case foreignSnapshot(PlanReference)

  /// A stable word for the wire.
  public var code: String {
    switch self {
    case .lineCountOutOfRange: "line_count_out_of_range"
    case .amountOutOfRange: "amount_out_of_range"
    case .refundExceedsPaid: "refund_exceeds_paid"
    case .rateOutOfRange: "rate_out_of_range"
    case .foreignSnapshot: "foreign_snapshot"
    }
  }
}

/// Which version of which plan.
public struct PlanReference: Hashable, Sendable, CustomStringConvertible {
  /// The plan's name, 1…15 bytes.
  public let name: String
  /// The plan's version, from 1.
  public let version: Int64

  /// Makes a reference.
  ///
  /// - Parameters:
  ///   - name: the plan's name.
  ///   - version: from 1.
  public init(name: String, version: Int64) {
    self.name = name
    self.version = version
  }

  /// Such as `wanwu v1`.
  public var description: String { "\(name) v\(version)" }
}

/// What every party earns on one sale.
public struct Settlement: Equatable, Sendable {
  /// The plan that made it.
  public let plan: PlanReference
  /// The currency of every amount.
  public let currency: Currency
  /// One for each line of the sale, in the same order.
  public let lines: [LineSettlement]
  /// What each payee earns over all lines, in the order in which the plan's rules first name them.
  public let payees: [PayeeTotal]
  /// What is owed to suppliers over all lines, minor units, ≥ 0.
  public let supplier: Amount
  /// What the platform keeps over all lines, minor units; negative where it pays more than it gets.
  public let platform: Amount
  /// The rules that paid nobody on this sale, and why.
  public let withheld: [WithheldShare]
  /// Whether a payee is the buyer. Source: domain.md, section 2, own purchase.
  public let isSelfPurchase: Bool

  /// What the buyer paid and did not get back over all lines, minor units.
  public var net: Amount { lines.reduce(.zero) { $0 + $1.net } }

  /// What one member earns over all lines.
  ///
  /// - Parameter member: anybody.
  /// - Returns: minor units; zero for somebody without a share.
  /// - Complexity: O(n) in the payees, which are few.
  public func total(of member: MemberID) -> Amount {
    payees.first { $0.payee == member }?.amount ?? .zero
  }
}

/// What one payee earns over all lines of a sale.
public struct PayeeTotal: Equatable, Sendable {
  /// Who.
  public let payee: MemberID
  /// Minor units, ≥ 0.
  public let amount: Amount
}

/// What every party earns on one line.
public struct LineSettlement: Equatable, Sendable {
  /// Paid less returned, minor units, ≥ 0.
  public let net: Amount
  /// The commission: `floor(net × rate)`, minor units.
  public let pool: Amount
  /// What the supplier is owed: `floor(cost × net / paid)`, minor units; 0 where nothing was paid.
  public let supplier: Amount
  /// What is left of the net, minor units; may be negative.
  public let platform: Amount
  /// One for each rule that found a payee, in the plan's order; the amount may be 0.
  public let shares: [Share]
}

/// One payee's part of a line, with everything that made it.
public struct Share: Equatable, Sendable {
  /// Who earns it.
  public let payee: MemberID
  /// The id of the plan's rule, 1…15 bytes.
  public let rule: String
  /// What the rate was applied to.
  public let baseName: ShareBase
  /// The base, minor units, ≥ 0.
  public let base: Amount
  /// The rate, or nothing where the share is the rest of the base after the shares before it.
  public let rate: Rate?
  /// What shares of others that this one pays for took out of it, minor units, ≥ 0.
  public let deducted: Amount
  /// What the payee earns: the part of the base less `deducted`, minor units, ≥ 0.
  public let amount: Amount
  /// Who pays for it.
  public let funding: ShareFunding
  /// How the part of the base was made a whole number of minor units.
  public let rounding: ShareRounding
}

/// What a share's rate is applied to.
public enum ShareBase: Hashable, Sendable {
  /// Paid less returned.
  case net
  /// The line's commission.
  case pool
  /// Another share of the line, by its rule's id, before anything is deducted from it.
  case share(String)
}

/// Who pays for a share.
public enum ShareFunding: Hashable, Sendable {
  /// The platform, out of what it keeps of the line.
  case platform
  /// The payee of another share of the line, by its rule's id; it is deducted there.
  case share(String)
}

/// How a share was made a whole number of minor units.
public enum ShareRounding: Hashable, Sendable {
  /// Rounded down.
  case down
  /// Nothing to round: the rest of the base.
  case rest
}

/// A rule that paid nobody on a sale, and why.
public struct WithheldShare: Equatable, Sendable {
  /// The id of the plan's rule.
  public let rule: String
  /// The member who might have expected it, where there is one.
  public let member: MemberID?
  /// Why.
  public let reason: WithheldReason
}

/// Why a rule paid nobody.
public enum WithheldReason: Equatable, Sendable {
  /// Nobody stands where the rule looks.
  case nobody(Wording)
  /// The rule's condition does not hold, in the plan's own words.
  case condition(Wording)
  /// The payee bought it themselves, and the plan denies that.
  case selfPurchase
}

/// A text in both languages of the platform.
public struct Wording: Hashable, Sendable {
  /// In English.
  public let english: String
  /// In Chinese.
  public let chinese: String

  /// Makes a wording.
  ///
  /// - Parameters:
  ///   - english: the English text.
  ///   - chinese: the Chinese text.
  public init(english: String, chinese: String) {
    self.english = english
    self.chinese = chinese
  }
}
