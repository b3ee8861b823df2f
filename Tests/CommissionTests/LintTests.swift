// What lint says about the shipped plans, the red fixtures, and plans that are bent a little.
import Commerce
import Commission
import FoundationEssentials
import Testing

/// A document that exists to be found unlawful.
func redFixture(_ name: String, parameters: [String: PlanValue] = [:]) throws -> Plan {
  let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  let file = try Data(contentsOf: root.appending(path: "Fixtures/plans/\(name).json"))
  return try Plan(document: Array(file), parameters: parameters)
}

@Suite("Lint")
struct LintTests {
  private func told(_ plan: Plan) -> [String] {
    plan.lint().map {
      "\($0.severity) \($0.code.rawValue) \($0.limb.map { "(\($0.rawValue))" } ?? "-")"
    }
  }

  @Test(
    "A shipped plan has the findings that its sources deserve",
    arguments: [
      (
        "wanwu", [:],
        [
          "error headcount_pay (1)", "warning headcount_grant (1)", "warning upline_pay (3)",
          "warning multilevel_reach (3)", "note payout_exceeds_pool -",
        ]
      ),
      (
        "wanwu",
        [
          "goldBonus": .integer(0), "seniorBonus": .integer(0), "fundedBy": .text("seller"),
        ],
        [
          "warning headcount_grant (1)", "warning upline_pay (3)", "warning multilevel_reach (3)",
        ]
      ),
      ("fengxiang", [:], ["warning upline_pay (3)", "note payout_exceeds_pool -"]),
      ("fengxiang", ["hostOverridePpm": .integer(0)], []),
      ("shuai", [:], ["note rank_by_headcount (1)"]),
      ("youpin", [:], ["note organisation_pay (3)"]),
    ] as [(String, [String: PlanValue], [String])])
  func shipped(name: String, parameters: [String: PlanValue], findings: [String]) throws {
    #expect(told(try Plan.shipped(name, parameters: parameters)) == findings)
  }

  @Test("A bonus of one fen per head is a finding, none is not; one rank's bonus is enough")
  func bonusBoundary() throws {
    for (gold, senior, isFound) in [(0, 0, false), (1, 0, true), (0, 1, true)]
      as [(Int64, Int64, Bool)]
    {
      let plan = try Plan.shipped(
        "wanwu", parameters: ["goldBonus": .integer(gold), "seniorBonus": .integer(senior)])
      #expect(plan.lint().contains { $0.code == .headcountPay } == isFound)
    }
  }

  @Test("A 398 yuan joining pack is an error of limb 2, its bonus per pack of limb 1")
  func joiningPack() throws {
    let plan = try redFixture("joining-pack")
    #expect(
      told(plan) == ["error headcount_pay (1)", "error joining_purchase (2)"])
    #expect(plan.lint()[1].rules == ["joining.requirement"])
    #expect(plan.lint()[1].text.english.contains("39800"))
    #expect(plan.joiningRequirement?.kind == .purchase)
    let free = try redFixture(
      "joining-pack", parameters: ["packPrice": .integer(0), "packBonus": .integer(0)])
    #expect(free.lint().isEmpty)
    let fen = try redFixture(
      "joining-pack", parameters: ["packPrice": .integer(1), "packBonus": .integer(0)])
    #expect(told(fen) == ["error joining_purchase (2)"])
  }

  @Test("A 99 yuan fee and 51 levels are errors of limbs 2 and 3, and name the threshold")
  func fiftyOneLevels() throws {
    let plan = try redFixture("fee-and-51-levels")
    #expect(
      told(plan)
        == [
          "error joining_fee (2)", "error multilevel_pay (3)", "warning multilevel_reach (3)",
          "note payout_exceeds_pool -",
        ].filter { $0 != "note payout_exceeds_pool -" })
    let multilevel = try #require(plan.lint().first { $0.code == .multilevelPay })
    #expect(multilevel.rules.count == 51)
    #expect(multilevel.rules.first == "upline1" && multilevel.rules.last == "upline51")
    #expect(multilevel.text.english.contains("30 people and 3 levels"))
    #expect(multilevel.text.chinese.contains("51 人") && multilevel.text.chinese.contains("三级"))
    let bounds = plan.bounds()
    #expect(bounds.structuralDepth == 51 && bounds.paidDepth == 51)
    #expect(bounds.isExact && bounds.worstCasePayoutPpm == 364_000)
  }

  @Test("Every finding cites its limb in both languages, and errors are told first")
  func order() throws {
    for plan in [
      try Plan.shipped("wanwu"), try redFixture("joining-pack"),
      try redFixture("fee-and-51-levels"),
    ] {
      let findings = plan.lint()
      let weights = findings.map { Finding.Severity.allCases.firstIndex(of: $0.severity) ?? -1 }
      #expect(weights == weights.sorted())
      for finding in findings {
        #expect(!finding.text.english.isEmpty && !finding.text.chinese.isEmpty)
        #expect(
          finding.severity != .error || finding.limb != nil || finding.code == .payoutExceedsSale)
      }
    }
    #expect(Finding.Limb.payOnDownlineSales.citation.chinese == "《禁止传销条例》第七条第（三）项")
    #expect(Finding.disclaimer.english.contains("not legal advice"))
  }

  @Test(
    "One paid level above is a warning, two are an error, whatever the rates",
    arguments: [(0, nil), (1, "warning upline_pay (3)"), (2, "error multilevel_pay (3)")]
      as [(Int, String?)])
  func levels(count: Int, finding: String?) throws {
    let uplines = (0..<count).map { index in
      #"{"name":"up\#(index)","title":{"en":"u","zh":"上"},"inviterOf":"\#(index == 0 ? "seller" : "up\(index - 1)")"}"#
    }
    let shares = (0..<count).map { index in
      Bent.share("s\(index)", payee: "\"up\(index)\"", base: "\"pool\"", rate: "1")
    }
    let plan = try Bent.plan(people: uplines, shares: shares)
    #expect(told(plan).filter { $0.contains("_pay") } == (finding.map { [$0] } ?? []))
    #expect(plan.bounds().paidDepth == count)
    #expect(plan.bounds().structuralDepth == count)
  }

  @Test("A plan that can pay out more than the price is an error, one that pays all of it is not")
  func overSale() throws {
    func plan(_ rate: Int) throws -> Plan {
      try Bent.plan(
        lineRateTo: 1_000_000,
        shares: [
          Bent.share("seller", payee: "\"seller\"", base: "\"pool\"", rate: "1000000"),
          Bent.share("more", payee: "\"seller\"", base: #"{"share":"seller"}"#, rate: "\(rate)"),
        ])
    }
    #expect(told(try plan(0)).isEmpty)
    #expect(told(try plan(1)) == ["error payout_exceeds_sale -"])
    #expect(try plan(1).worstCasePayoutPpm == 1_000_001)
  }

  @Test("Ranks reached by counting people weigh more where a rule pays by rank")
  func headcountRanks() throws {
    var text = try Text(Plan.shipped("wanwu").document)
    text.replace(
      #""promotions":["#, #""promotions":[{"rank":"gold","count":"lockedFans","atLeast":9},"#)
    let findings = try Plan(document: text.bytes).lint()
    #expect(findings.first { $0.code == .rankByHeadcount }?.severity == .warning)
    #expect(findings.first { $0.code == .rankByHeadcount }?.rules == ["gold"])
  }

  @Test("A team that is not declared an organisation is somebody above")
  func undeclaredTeam() throws {
    var text = try Text(Plan.shipped("youpin").document)
    text.replace(#""organisations":["team"],"#, "")
    let plan = try Plan(document: text.bytes)
    #expect(told(plan) == ["warning upline_pay (3)", "warning multilevel_reach (3)"])
    #expect(plan.bounds().structuralDepth == nil && plan.bounds().paidDepth == 1)
    #expect(try Plan.shipped("youpin").bounds().structuralDepth == 0)
    #expect(try Plan.shipped("youpin").organisations.map(\.name) == ["team"])
  }
}

/// Small plans made of a seller and whatever a test adds.
enum Bent {
  static func share(
    _ id: String, payee: String, base: String, rate: String, fundedBy: String = "platform"
  ) -> String {
    #"{"id":"\#(id)","title":{"en":"e","zh":"中"},"payee":\#(payee),"base":\#(base),"#
      + (rate == "rest" ? #""take":"rest","# : #""ratePpm":\#(rate),"#)
      + #""fundedBy":"\#(fundedBy)"}"#
  }

  static func plan(
    lineRateTo: Int = 400_000, selfPurchase: String = "allowed", people: [String] = [],
    shares: [String]
  ) throws -> Plan {
    let seller = share("own", payee: "\"seller\"", base: "\"pool\"", rate: "0")
    let person =
      #"{"name":"seller","title":{"en":"e","zh":"中"},"firstOf":["sale.seller","sale.host"]}"#
    let text =
      #"{"format":1,"name":"bent","version":1,"title":{"en":"e","zh":"中"},"#
      + #""ranks":["low","gold"],"lineRatePpm":{"from":0,"to":\#(lineRateTo)},"#
      + #""selfPurchase":"\#(selfPurchase)","parameters":{},"#
      + #""sale":{"people":[\#(([person] + people).joined(separator: ","))],"#
      + #""shares":[\#(([seller] + shares).joined(separator: ","))]},"#
      + #""joining":{"people":[],"awards":[]}}"#
    return try Plan(document: Array(text.utf8))
  }
}
