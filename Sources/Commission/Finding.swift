// What lint has to say about a plan: the words and codes of findings. Values only; any thread.

/// Something about a plan that somebody should look at before it is activated.
///
/// A reading of the plan's rules against 禁止传销条例, article 7; see `disclaimer`.
/// Source: domain.md, section 5, "Lint"; 禁止传销条例 (State Council Decree 444), article 7.
public struct Finding: Equatable, Sendable {
  /// How much a finding weighs, the heaviest first.
  public enum Severity: String, Sendable, CaseIterable {
    /// A plan is not activated unless the finding is accepted by name.
    case error
    /// The plan is activated; somebody should know why it is like that.
    case warning
    /// For the record.
    case note
  }

  /// A limb of article 7 of 禁止传销条例.
  public enum Limb: Int, Sendable, CaseIterable {
    /// (1): pay reckoned on the number of people recruited, directly or one after the other.
    case payPerHead = 1
    /// (2): a fee, or a purchase in disguise of one, for the right to join or to recruit.
    case payToJoin = 2
    /// (3): pay of those above reckoned on the sales of those below.
    case payOnDownlineSales = 3
  }

  /// The kinds of findings, in the order in which lint tells them; the words are stable and name a
  /// risk where one is accepted.
  public enum Code: String, Sendable, CaseIterable {
    /// Error, limb (1): somebody is paid money because somebody joins.
    case headcountPay = "headcount_pay"
    /// Error, limb (2): a fee has to be paid to join.
    case joiningFee = "joining_fee"
    /// Error, limb (2): goods have to be bought to join.
    case joiningPurchase = "joining_purchase"
    /// Error, limb (3): two or more people above are paid on one sale: three levels with the seller.
    case multilevelPay = "multilevel_pay"
    /// Error: shares can come to more than what was paid.
    case payoutExceedsSale = "payout_exceeds_sale"
    /// Warning, limb (1): somebody gets something other than money because somebody joins.
    case headcountGrant = "headcount_grant"
    /// Warning, limb (3): one person above is paid on the sale of somebody below.
    case uplinePay = "upline_pay"
    /// Warning, limb (3): whoever is paid may stand two or more levels above: three with the seller.
    case multilevelReach = "multilevel_reach"
    /// Warning where ranks decide about pay, else note, limb (1): a rank is reached by counting people.
    case rankByHeadcount = "rank_by_headcount"
    /// Note, limb (3): an organisation above is paid on the sale of somebody below.
    case organisationPay = "organisation_pay"
    /// Note: shares can come to more than the commission of the line.
    case payoutExceedsPool = "payout_exceeds_pool"
    /// Note: the worst case is an upper bound that may not be attained.
    case boundNotExact = "bound_not_exact"
  }

  /// Which kind of finding.
  public let code: Code
  /// How much it weighs.
  public let severity: Severity
  /// The limb that it is about; none where it is about money alone.
  public let limb: Limb?
  /// The ids of the plan's rules that trip it, in the order of the document; `joining.requirement`,
  /// and ranks for promotions, where no rule has an id. Empty for what all shares come to together.
  public let rules: [String]
  /// What it is, in one or two sentences.
  public let text: Wording

  /// What has to stand beside findings wherever they are shown.
  public static let disclaimer = Wording(
    english: "This is a reading of the plan's rules, not legal advice; no finding is no clearance.",
    chinese: "以上仅为对方案规则的机械比对，不构成法律意见；没有发现问题不等于合法合规。")
}

extension Finding.Limb {
  /// How the limb is cited.
  public var citation: Wording {
    let character = ["一", "二", "三"][rawValue - 1]
    return Wording(
      english: "Regulations on Prohibiting Pyramid Selling (禁止传销条例), art. 7 (\(rawValue))",
      chinese: "《禁止传销条例》第七条第（\(character)）项")
  }
}
