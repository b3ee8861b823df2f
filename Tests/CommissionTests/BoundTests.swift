// The worst case is proved here, not trusted: every small tree is settled, and the dearest of them
// must come to the bound exactly. The search shares no code with the one in the library.
import Commerce
import Commission
import Testing

@Suite("Bounds")
struct BoundTests {
  /// Every forest of three members, in which each was invited by an earlier one or nobody.
  private static let forests: [[Int?]] = [nil, 0].flatMap { (second: Int?) in
    [nil, 0, 1].map { (third: Int?) in [nil, second, third] }
  }
  private static let names = ["A", "B", "C"]

  /// The dearest settlement over all trees of three members, ranks, participants and some pacts,
  /// in parts per million of a net that divides evenly.
  private func dearest(_ plan: Plan) throws -> Int64 {
    let net: Int64 = 1_000_000
    let sale = Sale(
      currency: .cny,
      lines: [Sale.Line(paid: Amount(net), cost: .zero, rate: plan.lineRates.upperBound)])
    var dearest: Int64 = 0
    for forest in Self.forests {
      for code in 0..<plan.ranks.count * plan.ranks.count * plan.ranks.count {
        var tree = Organisation(plan)
        var digits = code
        for (index, name) in Self.names.enumerated() {
          try tree.join(
            name, inviter: forest[index].map { Self.names[$0] },
            rank: plan.ranks[digits % plan.ranks.count].name)
          digits /= plan.ranks.count
        }
        let somebody: [String?] = [nil, "A", "B", "C"]
        for seller in somebody {
          for host in somebody {
            for promoter in somebody {
              for pact: Int32? in [nil, 0, 500_000, 1_000_000] {
                let snapshot = tree.snapshot(
                  seller: seller, host: host, promoter: promoter, pact: pact)
                let shares = try plan.settle(sale, snapshot).payees
                dearest = max(dearest, shares.reduce(0) { $0 + $1.amount.minorUnits })
              }
            }
          }
        }
      }
    }
    return dearest
  }

  @Test(
    "The bound of a shipped plan is attained by some small tree and exceeded by none",
    arguments: [
      ("wanwu", ["fundedBy": .text("platform")], 500_000),
      ("wanwu", ["fundedBy": .text("seller")], 400_000),
      ("wanwu", ["profitDepth": .text("community"), "retainedBy": .texts([])], 500_000),
      ("fengxiang", [:], 440_000), ("fengxiang", ["hostOverridePpm": .integer(1_000_000)], 800_000),
      ("fengxiang", ["hostOverridePpm": .integer(0)], 400_000), ("shuai", [:], 400_000),
      ("youpin", [:], 400_000), ("youpin", ["teamPpm": .integer(1_000_000)], 400_000),
    ] as [(String, [String: PlanValue], Int64)])
  func shipped(name: String, parameters: [String: PlanValue], bound: Int64) throws {
    let plan = try Plan.shipped(name, parameters: parameters)
    let bounds = plan.bounds()
    #expect(bounds.worstCasePayoutPpm == bound)
    #expect(bounds.isExact)
    #expect(try dearest(plan) == bound)
  }

  private static let inviter = #"{"name":"up","title":{"en":"u","zh":"上"},"inviterOf":"seller"}"#
  private static let promoter =
    #"{"name":"other","title":{"en":"o","zh":"他"},"firstOf":["sale.promoter"],"otherThan":["seller"]}"#
  private static let whole = Bent.share(
    "main", payee: "\"seller\"", base: "\"pool\"", rate: "1000000")

  /// Plans in which adding up every share would say too much.
  static let bent: [(name: String, people: [String], shares: [String], bound: Int64)] = [
    (
      "shares that exclude each other", [],
      [
        whole,
        Bent.share(
          "low",
          payee:
            #"{"when":{"rankOf":"seller","below":"gold"},"then":"seller","otherwise":"nobody"}"#,
          base: #"{"share":"main"}"#, rate: "200000"),
        Bent.share(
          "high",
          payee:
            #"{"when":{"rankOf":"seller","atLeast":"gold"},"then":"seller","otherwise":"nobody"}"#,
          base: #"{"share":"main"}"#, rate: "300000"),
      ], 520_000
    ),
    (
      "a member who would have to be their own inviter", [inviter],
      [
        whole,
        Bent.share(
          "self",
          payee: #"{"when":{"same":["seller","up"]},"then":"seller","otherwise":"nobody"}"#,
          base: #"{"share":"main"}"#, rate: "200000"),
      ], 400_000
    ),
    (
      "a share on the rest of what is always taken first", [inviter],
      [
        Bent.share("first", payee: "\"seller\"", base: "\"pool\"", rate: "300000"),
        Bent.share("rest", payee: "\"up\"", base: "\"pool\"", rate: "rest"),
        Bent.share("onRest", payee: "\"seller\"", base: #"{"share":"rest"}"#, rate: "500000"),
      ], 540_000
    ),
    (
      "a promoter who must not be the seller, on the net", [promoter],
      [
        whole, Bent.share("net", payee: "\"other\"", base: "\"net\"", rate: "100000"),
        Bent.share(
          "both",
          payee: #"{"when":{"same":["seller","other"]},"then":"seller","otherwise":"nobody"}"#,
          base: #"{"share":"main"}"#, rate: "500000"),
      ], 500_000
    ),
    (
      "a pact that makes one share dearer and another cheaper", [promoter],
      [
        Bent.share("pact", payee: "\"other\"", base: "\"pool\"", rate: #"{"pactOr":300000}"#),
        Bent.share("rest", payee: "\"seller\"", base: "\"pool\"", rate: "rest"),
        Bent.share("onPact", payee: "\"other\"", base: #"{"share":"pact"}"#, rate: "250000"),
        Bent.share("onRest", payee: "\"seller\"", base: #"{"share":"rest"}"#, rate: "100000"),
      ], 500_000
    ),
  ]

  @Test("The bound is tight where adding up the rules would not be", arguments: bent.indices)
  func tight(index: Int) throws {
    let (name, people, shares, bound) = Self.bent[index]
    let plan = try Bent.plan(people: people, shares: shares)
    #expect(plan.bounds().worstCasePayoutPpm == bound, "\(name)")
    #expect(plan.bounds().isExact, "\(name)")
    #expect(try dearest(plan) == bound, "\(name)")
  }

  @Test("No small tree exceeds the bound of any plan made up at random", arguments: 0..<12)
  func random(seed: Int) throws {
    var chance = SplitMix64(seed: UInt64(seed))
    func pick(_ options: [String]) -> String { options.randomElement(using: &chance) ?? "" }
    var people = ["seller"]
    var written: [String] = []
    for index in 0..<Int.random(in: 1...3, using: &chance) {
      let below = pick(people)
      let search = pick([
        #""inviterOf":"\#(below)""#, #""ancestorOf":"\#(below)","rankAtLeast":"gold""#,
        #""firstOf":["sale.promoter","\#(below)"]"#,
        #""firstOf":["sale.promoter","sale.host"],"otherThan":["\#(below)"]"#,
      ])
      written.append(#"{"name":"p\#(index)","title":{"en":"p","zh":"人"},\#(search)}"#)
      people.append("p\(index)")
    }
    func condition() -> String {
      pick([
        #"{"rankOf":"\#(pick(people))","atLeast":"gold"}"#,
        #"{"not":{"rankOf":"\#(pick(people))","below":"gold"}}"#,
        #"{"same":["\#(pick(people))","\#(pick(people))"]}"#,
      ])
    }
    func payee() -> String {
      pick([
        #""\#(pick(people))""#, #""\#(pick(people))""#,
        #"{"firstOf":["\#(pick(people))","\#(pick(people))"]}"#,
        #"{"when":\#(condition()),"then":"\#(pick(people))","otherwise":"\#(pick(people))"}"#,
        #"{"when":\#(condition()),"then":"\#(pick(people))","otherwise":"nobody"}"#,
      ])
    }
    var shares: [String] = []
    var bases = ["\"net\"", "\"pool\"", "\"pool\""]
    for index in 0..<Int.random(in: 2...4, using: &chance) {
      let base = pick(bases)
      shares.append(
        Bent.share(
          "s\(index)", payee: payee(), base: base,
          rate: pick(["250000", "100000", "500000", #"{"pactOr":300000}"#, "rest"]),
          fundedBy: base.contains("share") && Bool.random(using: &chance)
            ? String(base.dropFirst(10).dropLast(2)) : "platform"))
      bases.append(#"{"share":"s\#(index)"}"#)
    }
    let plan: Plan
    do {
      plan = try Bent.plan(
        selfPurchase: pick(["allowed", "denied"]), people: written, shares: shares)
    } catch PlanError.malformed(_, let reason) {
      // Made up at random, it may give more away than there is.
      #expect(reason.contains("whole of its base") || reason.contains("took the rest"))
      return
    }
    let bounds = plan.bounds()
    let found = try dearest(plan)
    // A rest takes the fractions of the others with it.
    #expect(found <= bounds.worstCasePayoutPpm + Int64(shares.count), "\(shares) \(written)")
    // The people of these plans are few enough for three members to attain it.
    if bounds.isExact {
      #expect(bounds.worstCasePayoutPpm <= found + Int64(shares.count), "\(shares) \(written)")
    }
  }

  @Test("Denying own purchases takes no worst case away where the buyer is a stranger")
  func selfPurchase() throws {
    let plan = try Bent.plan(selfPurchase: "denied", shares: [Self.whole])
    #expect(plan.bounds().worstCasePayoutPpm == 400_000 && plan.bounds().isExact)
  }

  @Test("A pact of a pact is bounded from above, and lint says that it is not exact")
  func pactOfPact() throws {
    let plan = try Bent.plan(shares: [
      Bent.share("one", payee: "\"seller\"", base: "\"pool\"", rate: #"{"pactOr":1}"#),
      Bent.share("two", payee: "\"seller\"", base: #"{"share":"one"}"#, rate: #"{"pactOr":1}"#),
    ])
    #expect(!plan.bounds().isExact)
    #expect(plan.bounds().worstCasePayoutPpm == 800_000)
    #expect(try dearest(plan) <= 800_000)
    #expect(plan.lint().contains { $0.code == .boundNotExact })
  }

  @Test("A plan too large to search is bounded from above")
  func tooLarge() throws {
    let people = (0..<12).map { index in
      #"{"name":"p\#(index)","title":{"en":"p","zh":"人"},"#
        + #""inviterOf":"\#(index == 0 ? "seller" : "p\(index - 1)")"}"#
    }
    let shares = (0..<12).map { index in
      Bent.share(
        "s\(index)",
        payee: #"{"when":{"rankOf":"p\#(index)","atLeast":"gold"},"then":"p\#(index)","#
          + #""otherwise":"nobody"}"#, base: "\"pool\"", rate: "50000")
    }
    let bounds = try Bent.plan(people: people, shares: shares).bounds()
    #expect(!bounds.isExact && bounds.worstCasePayoutPpm == 240_000)
    #expect(bounds.paidDepth == 12 && bounds.structuralDepth == 12)
  }

  @Test("What a head brings is listed by rule, with the dearest rank's amount")
  func perHead() throws {
    let bounds = try Plan.shipped("wanwu").bounds()
    #expect(bounds.awardsPerHead.map(\.rule) == ["joinBonus"])
    #expect(bounds.awardsPerHead.map(\.most) == [Amount(15_000)])
    #expect(bounds.structuralDepth == nil && bounds.paidDepth == 1)
    #expect(try Plan.shipped("shuai").bounds().awardsPerHead.isEmpty)
    #expect(try Plan.shipped("shuai").bounds().structuralDepth == 0)
    #expect(try Plan.shipped("fengxiang").bounds().structuralDepth == 1)
  }
}
