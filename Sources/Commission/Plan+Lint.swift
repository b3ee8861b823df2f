// Reads a plan's rules against 禁止传销条例, article 7, and against arithmetic. One finding for each
// kind, with all the rules that trip it, so that a risk is accepted once and by name. Pure; any thread.
//
// Why pay on one level is a warning and on two an error: article 7 (3) names no number of levels, so
// one level is no safe harbour and is always said; but two paid levels make three with the seller,
// which is where, with thirty people, prosecution begins. Who wants that has to say so.
import Commerce

extension Plan {
  /// Findings about this plan, with its parameters as they are bound.
  ///
  /// Errors come first, then warnings, then notes; within them in the order of `Finding.Code`. The
  /// texts are in English and Chinese and belong with `Finding.disclaimer`.
  /// Source: domain.md, section 5, "Lint".
  /// - Returns: at most one finding of each code; the same for the same plan every time.
  /// - Complexity: that of `bounds()`; meant for looking at a plan, not for every sale.
  public func lint() -> [Finding] {
    let bounds = bounds()
    let found = joiningFindings(bounds) + uplineFindings(bounds) + moneyFindings(bounds)
    return Finding.Severity.allCases.flatMap { severity in
      Finding.Code.allCases.flatMap { code in
        found.filter { $0.severity == severity && $0.code == code }
      }
    }
  }

  private func joiningFindings(_ bounds: PlanBounds) -> [Finding] {
    var found: [Finding] = []
    if !bounds.awardsPerHead.isEmpty {
      let most = bounds.awardsPerHead.reduce(Amount.zero) { $0 + $1.most }
      found.append(
        Finding(
          .headcountPay, .error, .payPerHead, bounds.awardsPerHead.map(\.rule),
          Wording(
            english: "Each person who joins brings others up to \(most) minor units in money"
              + " (\(listed(bounds.awardsPerHead.map(\.title), \.english))): pay per head recruited.",
            chinese: "每新增一人，最多发放 \(most) 分现金"
              + "（\(listed(bounds.awardsPerHead.map(\.title), \.chinese))）：以发展人员的数量计酬。")))
    }
    let grants = awards.filter {
      if case .grant(_, let faceValue) = $0.gift { faceValue > .zero } else { false }
    }
    if !grants.isEmpty {
      found.append(
        Finding(
          .headcountGrant, .warning, .payPerHead, grants.map(\.id),
          Wording(
            english: "Each person who joins brings something other than money"
              + " (\(listed(grants.map(\.title), \.english))): the limb counts material rewards and"
              + " other benefits as pay.",
            chinese: "每新增一人，发放非现金利益（\(listed(grants.map(\.title), \.chinese))）："
              + "该项所称报酬包括物质奖励和其他经济利益。")))
    }
    if let requirement = joiningRequirement, requirement.amount > .zero {
      let isFee = requirement.kind == .fee
      found.append(
        Finding(
          isFee ? .joiningFee : .joiningPurchase, .error, .payToJoin, ["joining.requirement"],
          Wording(
            english: "Joining requires \(isFee ? "a fee" : "a purchase") of \(requirement.amount)"
              + " minor units (\(requirement.title.english)): paying for the right to join.",
            chinese: "加入须\(isFee ? "交纳费用" : "认购商品") \(requirement.amount) 分"
              + "（\(requirement.title.chinese)）：交纳费用或以认购商品等方式变相交纳费用取得加入资格。")))
    }
    return found + rankFinding
  }

  private var rankFinding: [Finding] {
    let counting = promotions.filter { promotion in
      if case .lockedFans = promotion.count { return true }
      if case .lockedFansOfRank = promotion.count { return true }
      return false
    }
    guard !counting.isEmpty else { return [] }
    let decides = ranksDecide
    let finding = Finding(
      .rankByHeadcount, decides ? .warning : .note, .payPerHead, counting.map(\.rank.name),
      Wording(
        english: "Ranks are reached by counting people"
          + (decides
            ? ", and ranks decide who is paid: pay would follow the number of people."
            : "; no rule pays by rank, so nothing is paid for the count."),
        chinese: "等级按人数晋升"
          + (decides ? "，且等级影响计酬：报酬间接取决于人数。" : "；没有规则按等级计酬，人数本身不产生报酬。")))
    return [finding]
  }

  private func uplineFindings(_ bounds: PlanBounds) -> [Finding] {
    var found: [Finding] = []
    let above = sharesPaidAbove
    let ids = above.map(\.id)
    if bounds.paidDepth >= 2 {
      found.append(
        Finding(
          .multilevelPay, .error, .payOnDownlineSales, ids,
          Wording(
            english: "Up to \(bounds.paidDepth) people above are paid on one sale"
              + " (\(listed(above.map(\.title), \.english))): \(bounds.paidDepth + 1) levels with the"
              + " seller. \(Self.threshold.english)",
            chinese: "一笔销售最多向上级 \(bounds.paidDepth) 人计酬"
              + "（\(listed(above.map(\.title), \.chinese))）：连同卖家共 \(bounds.paidDepth + 1) 级。"
              + Self.threshold.chinese)))
    } else if bounds.paidDepth == 1 {
      found.append(
        Finding(
          .uplinePay, .warning, .payOnDownlineSales, ids,
          Wording(
            english: "One person above is paid on the sales of somebody below"
              + " (\(listed(above.map(\.title), \.english))). No number of levels is a safe harbour"
              + " by itself.",
            chinese: "上级一人按下线的销售业绩计酬（\(listed(above.map(\.title), \.chinese))）。"
              + "层级少并不当然合法。")))
    }
    let deep = bounds.structuralDepth.map { $0 >= 2 } ?? true
    if deep {
      let levels = bounds.structuralDepth.map { String($0) }
      found.append(
        Finding(
          .multilevelReach, .warning, .payOnDownlineSales, ids,
          Wording(
            english:
              "Whoever is paid may stand \(levels ?? "any number of") levels above the seller,"
              + " though at most \(bounds.paidDepth) of them are paid on one sale."
              + " \(Self.threshold.english)",
            chinese: "计酬的上级与卖家之间可相隔\(levels.map { " \($0) " } ?? "任意")级，"
              + "一笔销售最多 \(bounds.paidDepth) 人计酬。" + Self.threshold.chinese)))
    }
    let teams = sharesPaidToOrganisations
    if !teams.isEmpty {
      found.append(
        Finding(
          .organisationPay, .note, .payOnDownlineSales, teams.map(\.id),
          Wording(
            english:
              "An organisation above is paid on sales (\(listed(teams.map(\.title), \.english)))."
              + " If it is one person under another name, read it as pay of somebody above.",
            chinese: "上级组织按销售业绩分得佣金（\(listed(teams.map(\.title), \.chinese))）。"
              + "如该组织实为个人，应视同上线计酬。")))
    }
    return found
  }

  private func moneyFindings(_ bounds: PlanBounds) -> [Finding] {
    var found: [Finding] = []
    let worst = bounds.worstCasePayoutPpm
    let pool = Int64(lineRates.upperBound.partsPerMillion)
    if worst > 1_000_000 {
      found.append(
        Finding(
          .payoutExceedsSale, .error, nil, [],
          Wording(
            english: "Shares can come to \(worst) ppm of the price, more than is paid, and the"
              + " supplier has to be paid as well.",
            chinese: "佣金最高可达售价的百万分之 \(worst)，超过实付金额，且尚未计入供货成本。")))
    } else if worst > pool {
      found.append(
        Finding(
          .payoutExceedsPool, .note, nil, [],
          Wording(
            english: "Shares can come to \(worst) ppm of the price where the line's commission is"
              + " \(pool) ppm: the platform pays the difference.",
            chinese: "佣金最高可达售价的百万分之 \(worst)，而商品佣金率为百万分之 \(pool)：差额由平台承担。")))
    }
    if !bounds.isExact {
      found.append(
        Finding(
          .boundNotExact, .note, nil, [],
          Wording(
            english:
              "The plan is too large to be searched: its bounds hold, but may never be reached.",
            chinese: "方案过大，未能穷尽搜索：所示为上限，未必达到。")))
    }
    return found
  }

  /// Whether somebody's rank decides about a share or an award.
  private var ranksDecide: Bool {
    let people = salePeople + joiningPeople
    return people.contains { if case .ancestorOf = $0.search { true } else { false } }
      || shares.contains { $0.payee.looksAtRanks }
      || awards.contains { award in
        if case .bonus = award.gift { true } else { award.payee.looksAtRanks }
      }
  }

  private static let threshold = Wording(
    english: "Prosecution begins at 30 people and 3 levels.",
    chinese: "组织三十人以上且层级三级以上的，达到刑事追诉标准。")

  /// The first three of some words, and how many more there are.
  private func listed(_ titles: [Wording], _ language: KeyPath<Wording, String>) -> String {
    let isEnglish = language == \Wording.english
    let shown = titles.prefix(3).map { $0[keyPath: language] }
    let more = titles.count - shown.count
    let rest = more == 0 ? "" : isEnglish ? ", and \(more) more" : "等共 \(titles.count) 项"
    return shown.joined(separator: isEnglish ? ", " : "、") + rest
  }
}

extension Finding {
  fileprivate init(
    _ code: Code, _ severity: Severity, _ limb: Limb?, _ rules: [String], _ text: Wording
  ) {
    self.init(code: code, severity: severity, limb: limb, rules: rules, text: text)
  }
}

extension PayeeRule {
  fileprivate var looksAtRanks: Bool {
    switch self {
    case .nobody, .person, .withheld: false
    case .firstOf(let payees): payees.contains(where: \.looksAtRanks)
    case .when(let condition, let then, let otherwise):
      condition.looksAtRanks || then.looksAtRanks || otherwise.looksAtRanks
    }
  }
}

extension Condition {
  fileprivate var looksAtRanks: Bool {
    switch self {
    case .constant, .same: false
    case .rank: true
    case .any(let conditions), .all(let conditions): conditions.contains(where: \.looksAtRanks)
    case .not(let condition): condition.looksAtRanks
    }
  }
}
