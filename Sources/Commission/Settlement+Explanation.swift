// Explains a settlement to people, line by line, in English or Chinese. Pure; any thread.
import Commerce

/// A language that settlements can be explained in.
public enum Language: Sendable {
  /// English.
  case english
  /// Simplified Chinese.
  case chinese
}

extension Wording {
  /// The text in one language.
  ///
  /// - Parameter language: which.
  /// - Returns: the text.
  public func text(in language: Language) -> String {
    switch language {
    case .english: english
    case .chinese: chinese
    }
  }
}

extension Settlement {
  /// Tells who earns what and why, and who earns nothing and why not.
  ///
  /// One text for every share of every line: rule, base, rate, rounding, deduction, amount and the
  /// plan's version; then one for every rule that paid nobody. Amounts are exact, such as
  /// `3.59 CNY`.
  /// - Parameters:
  ///   - plan: the plan that made this settlement; gives the rules' names in words.
  ///   - language: of the texts.
  ///   - member: leaves out what is not about this member; everything where nil. A rule that found
  ///     nobody at all is about everybody.
  ///   - overlooked: members whom no rule names, as `Plan.overlooked` found them; told last.
  /// - Returns: the texts in the order of the lines, then of the rules.
  public func explanation(
    by plan: Plan, in language: Language, for member: MemberID? = nil,
    overlooked: [WithheldShare] = []
  ) -> [String] {
    var texts: [String] = []
    for (index, line) in lines.enumerated() {
      for share in line.shares where member == nil || share.payee == member {
        texts.append(text(of: share, line: index + 1, plan, language))
      }
    }
    for share in withheld + overlooked
    where member == nil || share.member == nil || share.member == member {
      texts.append(text(of: share, plan, language))
    }
    return texts
  }

  private func text(
    of share: Share, line: Int, _ plan: Plan, _ language: Language
  ) -> String {
    let rule = plan.title(ofRule: share.rule)?.text(in: language) ?? share.rule
    let base = name(of: share.baseName, plan, language)
    let source = currency.text(of: share.base)
    let gross = currency.text(of: share.amount + share.deducted)
    let deducted = currency.text(of: share.deducted)
    let amount = currency.text(of: share.amount)
    switch language {
    case .english:
      let sum =
        share.rate.map { "\(percent($0)) of \(source) (\(base)), rounded down, is \(gross)" }
        ?? "the rest of \(source) (\(base)) is \(gross)"
      let deduction =
        share.deducted == .zero
        ? "" : "; less \(deducted) that this share pays to others, \(amount)"
      return "Line \(line): \(share.payee) earns \(amount) as \(rule): \(sum)\(deduction). "
        + "Rule \(share.rule) of \(self.plan)."
    case .chinese:
      let sum =
        share.rate.map { "\(base) \(source) 的 \(percent($0))，向下取整为 \(gross)" }
        ?? "\(base) \(source) 中其余部分为 \(gross)"
      let deduction =
        share.deducted == .zero ? "" : "；扣除支付给他人的 \(deducted) 后为 \(amount)"
      return "第\(line)行：\(share.payee) 获得 \(amount)，\(rule)：\(sum)\(deduction)。"
        + "规则 \(share.rule)，\(self.plan)。"
    }
  }

  private func text(of share: WithheldShare, _ plan: Plan, _ language: Language) -> String {
    let rule = plan.title(ofRule: share.rule)?.text(in: language) ?? share.rule
    let reason =
      switch (share.reason, language) {
      case (.nobody(let place), .english): "there is nobody as \(place.english)"
      case (.nobody(let place), .chinese): "没有\(place.chinese)"
      case (.condition(let wording), _): wording.text(in: language)
      case (.selfPurchase, .english): "it is an own purchase, which this plan does not pay"
      case (.selfPurchase, .chinese): "属于自购，本方案不计佣金"
      }
    switch language {
    case .english:
      let who = share.member.map { "\($0) does not earn" } ?? "Nobody earns"
      return "\(who) \(rule): \(reason). Rule \(share.rule) of \(self.plan)."
    case .chinese:
      let who = share.member.map { "\($0) 未获得" } ?? "无人获得"
      return "\(who)\(rule)：\(reason)。规则 \(share.rule)，\(self.plan)。"
    }
  }

  private func name(of base: ShareBase, _ plan: Plan, _ language: Language) -> String {
    switch (base, language) {
    case (.net, .english): "paid less refunded"
    case (.net, .chinese): "实付净额"
    case (.pool, .english): "the line's commission"
    case (.pool, .chinese): "该行佣金"
    case (.share(let id), _): plan.title(ofRule: id)?.text(in: language) ?? id
    }
  }

  /// A rate as a percentage without needless zeros, by whole numbers only.
  private func percent(_ rate: Rate) -> String {
    let whole = rate.partsPerMillion / 10_000
    var digits = String(rate.partsPerMillion % 10_000 + 10_000).dropFirst()
    while digits.last == "0" { digits.removeLast() }
    return digits.isEmpty ? "\(whole)%" : "\(whole).\(digits)%"
  }
}
