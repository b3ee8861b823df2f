// Who gets nothing without any rule naming them, and why. Source: domain.md, section 7.
import Commerce
import Commission
import Testing

@Suite("Members whom no rule names")
struct OverlookedTests {
  private func told(
    _ tree: Organisation, _ snapshot: Snapshot, for member: String? = nil
  ) throws -> [String] {
    let settlement = try tree.plan.settle(sale(20_000), snapshot)
    let found = tree.plan.overlooked(
      settlement, snapshot, for: member.map(id), standing: tree.standing)
    let texts = settlement.explanation(
      by: tree.plan, in: .english, for: member.map(id), overlooked: found)
    for share in found {
      let name = try #require(share.member?.text)
      #expect(settlement.total(of: id(name)) == .zero)
      #expect(texts.contains { $0.hasPrefix("\(name) does not earn ") })
    }
    return try found.map { share in
      guard case .condition(let wording) = share.reason else { return "" }
      return "\(try #require(share.member)) \(share.rule): \(wording.english)"
    }
  }

  /// A senior over two ordinary members over B, who is over C.
  private func community() throws -> Organisation {
    var tree = Organisation(try Plan.shipped("wanwu"))
    try tree.join("T", rank: "senior")
    try tree.join("A", inviter: "T", rank: "senior")
    try tree.join("M", inviter: "A")
    try tree.join("B", inviter: "M")
    try tree.join("C", inviter: "B")
    return tree
  }

  @Test(
    "Below the head who is paid, each is told that their rank is too low; the next head, why not")
  func unqualified() throws {
    let tree = try community()
    let low = "override: unqualified: their rank was ordinary, and gold is needed"
    let behind = "override: separated: somebody nearer has the rank gold or a higher one"
    #expect(
      try told(tree, tree.snapshot(seller: "C")) == ["B \(low)", "M \(low)", "T \(behind)"])
    #expect(try told(tree, tree.snapshot(seller: "C"), for: "T") == ["T \(behind)"])
    #expect(try told(tree, tree.snapshot(seller: "C"), for: "A") == [])
    #expect(try told(tree, tree.snapshot(seller: "M"), for: "C") == [])
  }

  @Test(
    "After a separation the former head is told of it, on the new head's sales and on those below")
  func separated() throws {
    var tree = try community()
    try tree.promote("B", to: "gold")
    let behind = "A override: separated: somebody nearer has the rank gold or a higher one"
    #expect(try told(tree, tree.snapshot(seller: "C"), for: "A") == [behind])
    #expect(try told(tree, tree.snapshot(seller: "C")).contains(behind))
    #expect(
      try told(tree, tree.snapshot(seller: "B"), for: "A") == [
        "A override: the seller had the rank gold, and the rule looks elsewhere"
      ])
  }

  @Test("A seller or host is told that the promoter comes first", arguments: ["shuai", "youpin"])
  func preceded(plan: String) throws {
    var tree = Organisation(try Plan.shipped(plan))
    try tree.join("H")
    try tree.join("P")
    for snapshot in [
      tree.snapshot(seller: "H", promoter: "P"), tree.snapshot(host: "H", promoter: "P"),
    ] {
      let texts = try told(tree, snapshot)
      #expect(texts.count == 1)
      #expect(texts[0].contains("H ") && texts[0].contains("somebody else comes first as "))
    }
    #expect(try told(tree, tree.snapshot(seller: "H")) == [])
    // Whoever is no member expects nothing.
    #expect(try told(tree, tree.snapshot(seller: "ghost", promoter: "P")) == [])
  }

  @Test("Above a direct inviter somebody who asks is told that only that one counts")
  func notDirect() throws {
    var tree = Organisation(try Plan.shipped("fengxiang"))
    try tree.join("A")
    try tree.join("B", inviter: "A")
    try tree.join("H", inviter: "B")
    #expect(try told(tree, tree.snapshot(host: "H")) == [])
    #expect(
      try told(tree, tree.snapshot(host: "H"), for: "A") == [
        "A hostOverride: only who invited directly is looked at"
      ])
    #expect(try told(tree, tree.snapshot(host: "H"), for: "stranger") == [])
  }

  @Test("In a deep tree eight levels are told, and a thousand to who asks")
  func deep() throws {
    var tree = Organisation(try Plan.shipped("wanwu"))
    try tree.join("m0")
    for index in 1...10_000 { try tree.join("m\(index)", inviter: "m\(index - 1)") }
    #expect(try told(tree, tree.snapshot(seller: "m10000")).count == 8)
    #expect(try told(tree, tree.snapshot(seller: "m10000"), for: "m9000").count == 1)
    #expect(try told(tree, tree.snapshot(seller: "m10000"), for: "m8999") == [])
    // Bad data: a ring ends as well.
    try tree.join("m0", inviter: "m10000")
    #expect(try told(tree, tree.snapshot(seller: "m10000"), for: "x") == [])
    #expect(try told(tree, tree.snapshot(seller: "m10000")).count == 8)
  }

  @Test("In any tree everybody above gets a share, or is told why not")
  func everybody() throws {
    var chance = SplitMix64(seed: 11)
    for _ in 0..<300 {
      let name = ["wanwu", "fengxiang", "youpin"].randomElement(using: &chance)
      let plan = try Plan.shipped(try #require(name))
      var tree = Organisation(plan)
      var names: [String] = []
      for index in 0..<12 {
        let rank = plan.ranks.randomElement(using: &chance)?.name
        try tree.join("p\(index)", inviter: names.randomElement(using: &chance), rank: rank)
        names.append("p\(index)")
      }
      let snapshot = tree.snapshot(host: names.randomElement(using: &chance))
      let settlement = try plan.settle(sale(20_000), snapshot)
      var above = snapshot.participants.host
      while let member = above {
        let isNamed =
          settlement.payees.contains { $0.payee == member }
          || settlement.withheld.contains { $0.member == member }
        let found = plan.overlooked(settlement, snapshot, for: member, standing: tree.standing)
        #expect(isNamed ? found.isEmpty : found.map(\.member) == [member])
        above = tree.standing(member)?.inviter
      }
    }
  }
}
