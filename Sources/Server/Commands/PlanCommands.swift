// `waggle plan lint`, `waggle plan show`, `waggle plan list`: looks at plans without a server or data.

import Commission
import Coordination
import Notation

extension Subcommand {
  /// Checks a plan.
  static let lintPlan = Subcommand(
    name: "plan lint", summary: "Check a plan against the law on pyramid selling and arithmetic",
    details: """
      Reads a plan's rules against article 7 of 禁止传销条例: pay per head recruited, a fee or purchase \
      to join, pay of those above on the sales of those below. Tells the most that a sale can cost, how \
      far above the seller somebody paid may stand, and how many of them are paid at once. Ends with 1 \
      where a finding is an error: a server then activates the plan only if an operator accepts each \
      by its code. Not legal advice.
      """,
    arguments: [PlanArgument.argument],
    options: [
      PlanArgument.option, .language, .flag("json", "Print everything as one JSON object."),
    ],
    examples: [
      .init("plan lint wanwu", "has an error: cash per head"),
      .init("plan lint wanwu --parameter goldBonus=0 --parameter seniorBonus=0", "has none"),
      .init("plan lint Tests/Fixtures/plans/fee-and-51-levels.json --language zh", "in Chinese"),
    ]
  ) { input, output in
    let language = try language(of: input)
    let plan = try PlanArgument(input).plan()
    let findings = plan.lint()
    if input.flag("json") {
      output.line(lintView(plan, findings).description)
    } else {
      for line in LintText(plan, findings).lines(language) { output.line(line) }
    }
    return findings.contains { $0.severity == .error } ? .failed : .done
  }

  /// Shows a plan.
  static let showPlan = Subcommand(
    name: "plan show", summary: "Show a plan: ranks, parameters, rules",
    details: """
      Prints the plan in words, its parameters with the values that they are bound to and where the \
      defaults come from, its rules and its bounds; with --json the document as it would be stored, \
      with the bound values as defaults.
      """,
    arguments: [PlanArgument.argument],
    options: [PlanArgument.option, .language, .flag("json", "Print the bound document.")],
    examples: [.init("plan show fengxiang --parameter pactPpm=400000", "with another pact")]
  ) { input, output in
    let language = try language(of: input)
    let plan = try PlanArgument(input).plan()
    if input.flag("json") {
      output.line(String(decoding: plan.document, as: UTF8.self))
    } else {
      for line in PlanText(plan).lines(language) { output.line(line) }
    }
    return .done
  }

  /// Lists the shipped plans.
  static let listPlans = Subcommand(
    name: "plan list", summary: "List the plans that come with the program",
    details: "Prints the name, version and title of every shipped plan.",
    options: [.language],
    examples: [.init("plan list --language zh", "with Chinese titles")]
  ) { input, output in
    let language = try language(of: input)
    for name in Plan.shippedNames {
      let plan = try Plan.shipped(name)
      output.line("\(plan)  \(plan.title.text(language))")
    }
    return .done
  }
}

extension CommandOption {
  /// The language of what is printed.
  fileprivate static let language = CommandOption.value(
    "language", "CODE", default: "en", "en or zh.")
}

private func language(of input: CommandInput) throws(CommandFailure) -> String {
  let language = try input.text("language")
  guard ["en", "zh"].contains(language) else { throw input.refusal("language", "en or zh") }
  return language
}

extension Wording {
  /// The wording in a language, `en` or `zh`.
  fileprivate func text(_ language: String) -> String { language == "zh" ? chinese : english }
}

/// What lint found, as lines for a terminal.
private struct LintText {
  let plan: Plan
  let findings: [Finding]

  init(_ plan: Plan, _ findings: [Finding]) {
    self.plan = plan
    self.findings = findings
  }

  func lines(_ language: String) -> [String] {
    var lines = ["\(plan)  \(plan.title.text(language))"] + BoundsText(plan).lines(language) + [""]
    for finding in findings {
      let rules =
        finding.rules.count > 5
        ? finding.rules.prefix(3).joined(separator: ", ") + ", …, " + (finding.rules.last ?? "")
        : finding.rules.joined(separator: ", ")
      lines.append(
        "\(word(finding.severity, language))  \(finding.code.rawValue)"
          + (rules.isEmpty ? "" : "  [\(rules)]"))
      lines.append("  \(finding.text.text(language))")
      if let limb = finding.limb { lines.append("  \(limb.citation.text(language))") }
    }
    if findings.isEmpty { lines.append(language == "zh" ? "没有发现问题。" : "no findings") }
    return lines + ["", Finding.disclaimer.text(language)]
  }

  private func word(_ severity: Finding.Severity, _ language: String) -> String {
    guard language == "zh" else { return severity.rawValue }
    return switch severity {
    case .error: "错误"
    case .warning: "警告"
    case .note: "提示"
    }
  }
}

/// The bounds of a plan, as lines for a terminal.
private struct BoundsText {
  let bounds: PlanBounds

  init(_ plan: Plan) { bounds = plan.bounds() }

  func lines(_ language: String) -> [String] {
    let isChinese = language == "zh"
    let worst = percent(bounds.worstCasePayoutPpm)
    let depth = bounds.structuralDepth.map { String($0) } ?? (isChinese ? "不限" : "unlimited")
    var lines = [
      isChinese
        ? "最高佣金：售价的 \(worst)\(bounds.isExact ? "" : "（上限）")"
        : "worst-case payout: \(worst) of the price\(bounds.isExact ? "" : " at most")",
      isChinese
        ? "结构层级：\(depth)；计酬层级：\(bounds.paidDepth)"
        : "levels above that rules can reach: \(depth); paid on one sale: \(bounds.paidDepth)",
    ]
    for award in bounds.awardsPerHead {
      lines.append(
        isChinese
          ? "每新增一人：\(award.title.chinese)，最多 \(award.most) 分"
          : "per head: \(award.title.english), up to \(award.most) minor units")
    }
    return lines
  }

  /// Parts per million as a percentage without rounding: `50 %`, `36.4 %`.
  private func percent(_ ppm: Int64) -> String {
    var digits = String(ppm % 10_000)
    digits = String(repeating: "0", count: 4 - digits.count) + digits
    while digits.hasSuffix("0") { digits.removeLast() }
    return "\(ppm / 10_000)\(digits.isEmpty ? "" : "." + digits) %"
  }
}

/// A plan in words, as lines for a terminal.
private struct PlanText {
  let plan: Plan

  init(_ plan: Plan) { self.plan = plan }

  func lines(_ language: String) -> [String] {
    let isChinese = language == "zh"
    func heading(_ english: String, _ chinese: String) -> String { isChinese ? chinese : english }
    let rates = plan.lineRates
    var lines = [
      "\(plan)  \(plan.title.text(language))",
      heading("ranks: ", "等级：") + plan.ranks.map(\.name).joined(separator: " < "),
      heading("commission rates: ", "佣金率：") + "\(rates.lowerBound)…\(rates.upperBound) ppm",
    ]
    if let requirement = plan.joiningRequirement {
      lines.append(
        heading("to join: ", "加入条件：") + requirement.title.text(language)
          + " \(requirement.kind.rawValue) \(requirement.amount)")
    }
    if !plan.parameters.isEmpty { lines.append(heading("parameters:", "参数：")) }
    for parameter in plan.parameters {
      let origin =
        parameter.isOurs
        ? heading("our choice", "本项目设定") : heading("from the source", "出自原方案")
      lines.append("  \(parameter.name) = \(words(parameter.value))  (\(origin))")
    }
    lines.append(heading("rules:", "规则："))
    for rule in plan.rules { lines.append("  \(rule.id)  \(rule.title.text(language))") }
    return lines + BoundsText(plan).lines(language)
  }

  private func words(_ value: PlanValue) -> String {
    switch value {
    case .integer(let integer): String(integer)
    case .text(let text): text
    case .texts(let texts): texts.joined(separator: ",")
    }
  }
}
