// The plan document: what is refused and where, how parameters bind, and the shipped documents.
import Commerce
import Commission
import FoundationEssentials
import Notation
import Testing

@Suite("Plan documents")
struct PlanDocumentTests {
  @Test(
    "A shipped plan is word for word the document in Protocol/plans", arguments: Plan.shippedNames)
  func embedded(name: String) throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let file = try Data(contentsOf: root.appending(path: "Protocol/plans/\(name).json"))
    let fromFile = try Plan(document: Array(file))
    #expect(try Plan.shipped(name) == fromFile)
    #expect(fromFile.name == name)
    #expect(try JSON.read(Array(file)).bytes == fromFile.document)
  }

  @Test("A plan that is not shipped is unknown")
  func unknown() {
    #expect(throws: PlanError.unknownPlan("nowhere")) { try Plan.shipped("nowhere") }
  }

  @Test("The bound document gives the same plan again")
  func bound() throws {
    let plan = try Plan.shipped(
      "wanwu",
      parameters: [
        "fundedBy": .text("seller"), "retainedBy": .texts(["gold", "senior"]),
        "goldBonus": .integer(7),
      ])
    let again = try Plan(document: plan.document)
    #expect(again == plan)
    #expect(again.value(of: "fundedBy") == .text("seller"))
    #expect(again.value(of: "retainedBy") == .texts(["gold", "senior"]))
    #expect(again.value(of: "goldBonus") == .integer(7))
    #expect(again.value(of: "seniorBonus") == .integer(15_000))
    #expect(try again != Plan.shipped("wanwu"))
    var tree = Organisation(again)
    try tree.join("S", rank: "senior")
    try tree.join("X", inviter: "S")
    #expect(
      try tree.earnings(sale(20_000), tree.snapshot(seller: "X")) == ["X": 3000, "S": 1000])
  }

  @Test(
    "A value that a parameter cannot have is refused by the parameter's name",
    arguments: [
      ("wanwu", "fundedBy", .text("inviter"), "must be one of \"platform\", \"seller\""),
      ("wanwu", "fundedBy", .integer(1), "must be one of \"platform\", \"seller\""),
      ("wanwu", "goldBonus", .integer(-1), "must be 0…1000000000000, is -1"),
      ("wanwu", "goldBonus", .text("10000"), "must be a whole number"),
      (
        "wanwu", "retainedBy", .texts(["platinum"]),
        "must be different ones out of \"ordinary\", \"gold\", \"senior\""
      ),
      (
        "wanwu", "retainedBy", .texts(["gold", "gold"]),
        "must be different ones out of \"ordinary\", \"gold\", \"senior\""
      ),
      ("wanwu", "retainedBy", .text("gold"), "must be an array of ranks"),
      ("fengxiang", "pactPpm", .integer(1_000_001), "must be 0…1000000, is 1000001"),
      ("fengxiang", "inviteCodePer", .integer(0), "must be 1…1000000000000, is 0"),
      ("shuai", "fansForShopkeeper", .integer(0), "must be 1…1000000, is 0"),
    ] as [(String, String, PlanValue, String)])
  func parameters(plan: String, name: String, value: PlanValue, reason: String) {
    #expect(throws: PlanError.parameterRefused(name: name, reason: reason)) {
      try Plan.shipped(plan, parameters: [name: value])
    }
  }

  @Test("A parameter that a plan does not have is refused")
  func unknownParameter() {
    #expect(throws: PlanError.unknownParameter("pactPpm")) {
      try Plan.shipped("wanwu", parameters: ["pactPpm": .integer(1)])
    }
  }

  /// One edit of a shipped document, and the refusal that it must meet.
  struct Fault: Sendable, CustomTestStringConvertible {
    var plan = "wanwu"
    let old: String
    let new: String
    let path: String
    let reason: String

    var testDescription: String { "\(path) \(reason)" }
  }

  static let heads: [Fault] = [
    Fault(old: #""format":1"#, new: #""format":2"#, path: "$.format", reason: "must be 1…1, is 2"),
    Fault(
      old: #""format":1"#, new: #""format":"1""#, path: "$.format",
      reason: "must be a whole number, is a string"),
    Fault(old: #""format":1,"#, new: "", path: "$.format", reason: "is missing"),
    Fault(old: #"{"format""#, new: #"{"x":1,"format""#, path: "$.x", reason: "is unknown here"),
    Fault(
      old: #""name":"wanwu""#, new: #""name":"wan wu""#, path: "$.name",
      reason: "must be 1…15 letters and digits, a letter first"),
    Fault(
      old: #""name":"wanwu""#, new: #""name":"abcdefghijklmnop""#, path: "$.name",
      reason: "must be 1…15 letters and digits, a letter first"),
    Fault(
      old: #""version":1"#, new: #""version":0"#, path: "$.version",
      reason: "must be 1…1000000, is 0"),
    Fault(
      old: #"["ordinary","gold","senior"]"#, new: #"["gold","gold","senior"]"#,
      path: "$.ranks[1]", reason: "stands twice"),
    Fault(
      old: #"["ordinary","gold","senior"]"#, new: "[]", path: "$.ranks",
      reason: "must have 1…32 elements"),
    Fault(
      old: #""from":50000"#, new: #""from":400001"#, path: "$.lineRatePpm",
      reason: "from must not exceed to"),
    Fault(
      old: #""from":50000"#, new: #""from":0.5"#, path: "$.lineRatePpm.from",
      reason: "must be a whole number, is a number that is not whole"),
    Fault(
      old: #""to":400000"#, new: #""to":1000001"#, path: "$.lineRatePpm.to",
      reason: "must be 0…1000000, is 1000001"),
    Fault(
      old: #""selfPurchase":"allowed""#, new: #""selfPurchase":true"#, path: "$.selfPurchase",
      reason: "must be a string, is a boolean"),
    Fault(
      old: #""kind":"ranks","#, new: #""kind":"ranks","from":1,"#,
      path: "$.parameters.retainedBy.from",
      reason: "is unknown for a parameter of the kind \"ranks\""),
    Fault(
      old: #""default":10000"#, new: #""default":"much""#, path: "$.parameters.goldBonus.default",
      reason: "must be a whole number"),
    Fault(
      plan: "fengxiang", old: #""of":"settledPersonalSales""#, new: #""of":"headcount""#,
      path: "$.quotas[0].of", reason: "must be one of \"settledPersonalSales\""),
    Fault(
      plan: "shuai", old: #""ofRank":"shopkeeper""#, new: #""ofRank":"gold""#,
      path: "$.promotions[1].ofRank", reason: "is no rank of this plan"),
  ]

  static let rules: [Fault] = [
    Fault(
      old: #""inviterOf":"seller""#, new: #""inviterOf":"head""#,
      path: "$.sale.people[1].inviterOf", reason: "is nobody that this section names before"),
    Fault(
      old: #""inviterOf":"seller""#, new: #""inviterOf":"seller","firstOf":["sale.host"]"#,
      path: "$.sale.people[1]", reason: "must have exactly one of firstOf, inviterOf, ancestorOf"),
    Fault(
      old: #","rankAtLeast":"gold""#, new: "", path: "$.sale.people[2]",
      reason: "must have ancestorOf and rankAtLeast together"),
    Fault(
      old: #""rankAtLeast":"gold""#, new: #""rankAtLeast":"golden""#,
      path: "$.sale.people[2].rankAtLeast", reason: "is no rank of this plan"),
    Fault(
      old: #""name":"inviter""#, new: #""name":"seller""#, path: "$.sale.people[1].name",
      reason: "is taken"),
    Fault(
      old: #""sale.promoter","sale.host""#, new: #""sale.promotor","sale.host""#,
      path: "$.sale.people[0].firstOf[1]", reason: "is nobody that this section names before"),
    Fault(
      old: #""ratePpm":1000000"#, new: #""ratePpm":1000001"#, path: "$.sale.shares[0].ratePpm",
      reason: "must be 0…1000000, is 1000001"),
    Fault(
      old: #""ratePpm":1000000,"#, new: "", path: "$.sale.shares[0]",
      reason: "must have exactly one of ratePpm, take"),
    Fault(
      old: #""base":{"share":"seller"}"#, new: #""base":{"share":"override"}"#,
      path: "$.sale.shares[1].base.share", reason: "is no share that stands before"),
    Fault(
      old: #""base":{"share":"seller"}"#, new: #""base":"net""#,
      path: "$.sale.shares[1].fundedBy.parameter",
      reason: "must name the share that is also the base"),
    Fault(
      old: #""options":["platform","seller"]"#, new: #""options":["platform","buyer"]"#,
      path: "$.sale.shares[1].fundedBy.parameter",
      reason: "names neither platform nor a share that stands before: \"buyer\""),
    Fault(
      old: #""id":"override""#, new: #""id":"seller""#, path: "$.sale.shares[1].id",
      reason: "is taken"),
    Fault(
      old: #"{"parameter":"retainedBy"}"#, new: #"{"parameter":"goldBonus"}"#,
      path: "$.sale.shares[1].payee.otherwise.when.in.parameter",
      reason: "is not a parameter with ranks"),
    Fault(
      old: #""is":"community""#, new: #""is":"all""#,
      path: "$.sale.shares[1].payee.then.when.any[2].is",
      reason: "must be one of \"direct\", \"community\""),
    Fault(
      old: #""below":"gold""#, new: #""below":"gold","atLeast":"gold""#,
      path: "$.sale.shares[1].payee.when", reason: "must have exactly one of atLeast, below, in"),
    Fault(
      old: #""faceValue":2000"#, new: #""faceValue":-1"#, path: "$.joining.awards[1].faceValue",
      reason: "must be 0…1000000000000, is -1"),
    Fault(
      old: #""amountByRank":{"gold""#, new: #""amountByRank":{"golden""#,
      path: "$.joining.awards[0].amountByRank.golden", reason: "is no rank of this plan"),
    Fault(
      plan: "fengxiang", old: #""base":"pool","take":"rest""#,
      new: #""base":"pool","ratePpm":1"#, path: "$.sale.shares[1]",
      reason: "gives away more than the whole of its base: 1000001 ppm"),
    Fault(
      plan: "fengxiang", old: #""base":{"share":"host"}"#, new: #""base":"pool""#,
      path: "$.sale.shares[2]", reason: "follows a share that took the rest of the same base"),
  ]

  @Test("A fault in the document is refused with its place and reason", arguments: heads + rules)
  func faults(_ fault: Fault) throws {
    var text = Text(try Plan.shipped(fault.plan).document)
    text.replace(fault.old, fault.new)
    let bytes = text.bytes
    #expect(throws: PlanError.malformed(path: fault.path, reason: fault.reason)) {
      try Plan(document: bytes)
    }
  }

  @Test("Text that is not JSON is refused with line and column")
  func notJSON() {
    #expect(throws: PlanError.notJSON("line 1, column 2: a key in quotes is missing")) {
      try Plan(document: Array("{".utf8))
    }
    #expect(throws: PlanError.malformed(path: "$", reason: "must be an object, is an array")) {
      try Plan(document: Array("[]".utf8))
    }
  }

  @Test("Every truncation of a document is refused and none stops the program")
  func truncated() throws {
    let document = try Plan.shipped("fengxiang").document
    for count in 0..<document.count {
      let start = Array(document[..<count])
      #expect(throws: PlanError.self) { try Plan(document: start) }
    }
  }

  @Test("A document with any bytes changed is read or refused, and never stops the program")
  func damaged() throws {
    var chance = SplitMix64(seed: 7)
    for name in Plan.shippedNames {
      let document = try Plan.shipped(name).document
      for _ in 0..<300 {
        var bytes = document
        for _ in 0..<Int.random(in: 1...3, using: &chance) {
          let place = Int.random(in: 0..<bytes.count, using: &chance)
          // Bytes of the document itself, so that some of the changes are still JSON.
          bytes[place] = document.randomElement(using: &chance) ?? 0
        }
        do throws(PlanError) {
          let plan = try Plan(document: bytes)
          #expect(try Plan(document: plan.document) == plan)
          #expect(plan.worstCasePayoutPpm >= 0)
        } catch {
          #expect(!error.description.isEmpty)
        }
      }
    }
  }

  @Test(
    "A plan is made of at most a thousand payees and conditions, over all its shares",
    arguments: [(999, true), (1_000, false)])
  func steps(steps: Int, isPlan: Bool) throws {
    /// A payee that is made of so many.
    func payee(_ steps: Int) -> String {
      guard steps > 1 else { return "\"seller\"" }
      let count = min(16, steps - 1)
      let parts = (0..<count).map { ($0 + 1) * (steps - 1) / count - $0 * (steps - 1) / count }
      return #"{"firstOf":[\#(parts.map { payee($0) }.joined(separator: ","))]}"#
    }
    func plan() throws -> Plan {
      // One more is the seller's own share.
      try Bent.plan(shares: [
        Bent.share("one", payee: payee(steps / 2), base: "\"pool\"", rate: "1"),
        Bent.share("two", payee: payee(steps - steps / 2), base: "\"pool\"", rate: "1"),
      ])
    }
    if isPlan {
      #expect(try plan().bounds().isExact)
    } else {
      #expect(
        throws: PlanError.malformed(
          path: "$.sale.shares[2].payee",
          reason: "makes more than 1000 payees and conditions in this section")
      ) { try plan() }
    }
  }

  @Test("Promotions are counts of locked fans")
  func promotions() throws {
    let plan = try Plan.shipped("shuai", parameters: ["shopkeepersForNext": .integer(3)])
    let shopkeeper = try #require(plan.rank(named: "shopkeeper"))
    #expect(plan.promotions.map(\.rank.name) == ["shopkeeper", "manager"])
    #expect(plan.promotions.map(\.count) == [.lockedFans, .lockedFansOfRank(shopkeeper)])
    #expect(plan.promotions.map(\.atLeast) == [10, 3])
    #expect(try Plan.shipped("wanwu").promotions.isEmpty)
  }

  @Test("Ranks are ordered as the document lists them")
  func ranks() throws {
    let plan = try Plan.shipped("wanwu")
    let gold = try #require(plan.rank(named: "gold"))
    let senior = try #require(plan.rank(named: "senior"))
    #expect(plan.lowestRank.name == "ordinary")
    #expect(plan.lowestRank < gold && gold < senior)
    #expect(plan.rank(named: "Gold") == nil)
    #expect(plan.rank(at: 2) == senior)
    #expect(plan.rank(at: 3) == nil && plan.rank(at: -1) == nil)
  }
}
