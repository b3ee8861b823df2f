// Documents that speak of joining, of organisations, and of many levels at once.
import Commerce
import Commission
import Testing

@Suite("Levels and joining in documents")
struct PlanLevelTests {
  private static let person =
    #"{"name":"up","title":{"en":"u","zh":"上"},"inviterOf":"seller","levels":3}"#
  private static let share = Bent.share(
    "part", payee: #"{"eachOf":"up"}"#, base: "\"pool\"", rate: "[300000,200000,100000]")

  private func plan(
    _ person: String = person, _ share: String = share
  ) throws -> Plan {
    try Bent.plan(people: [person], shares: [share])
  }

  @Test("A share for each level pays each of them by their own rate, as far as there is anybody")
  func settles() throws {
    var tree = Organisation(try plan())
    try tree.join("A")
    try tree.join("B", inviter: "A")
    try tree.join("C", inviter: "B")
    try tree.join("D", inviter: "C")
    try tree.join("E", inviter: "D")
    let snapshot = tree.snapshot(seller: "E")
    #expect(
      try tree.earnings(sale(10_000), snapshot) == ["E": 0, "D": 600, "C": 400, "B": 200])
    #expect(
      try tree.earnings(sale(10_000), tree.snapshot(seller: "B")) == ["B": 0, "A": 600])
    #expect(snapshot.people.map(\.name) == ["seller", "up1", "up2", "up3"])
    let settlement = try tree.plan.settle(sale(10_000), snapshot)
    #expect(settlement.lines[0].shares.map(\.rule) == ["own", "part1", "part2", "part3"])
    #expect(tree.plan.title(ofRule: "part2")?.english == "e, level 2")
    #expect(tree.plan.title(ofRule: "part2")?.chinese == "中（第2级）")
    #expect(try Plan(document: tree.plan.document) == tree.plan)
  }

  @Test(
    "A fault about levels is refused with its place and reason",
    arguments: [
      (#""levels":3"#, #""levels":1"#, "$.sale.people[1].levels", "must be 2…60, is 1"),
      (#""levels":3"#, #""levels":61"#, "$.sale.people[1].levels", "must be 2…60, is 61"),
      (
        #""inviterOf":"seller","levels":3"#, #""firstOf":["sale.host"],"levels":3"#,
        "$.sale.people[1].firstOf", "does not go with levels"
      ),
      (
        #""inviterOf":"seller","levels":3"#,
        #""inviterOf":"seller","otherThan":["seller"],"levels":3"#,
        "$.sale.people[1].otherThan", "does not go with levels"
      ),
      (
        #""name":"up""#, #""name":"abcdefghijklmn""#, "$.sale.people[1].name",
        "must have at most 13 letters and digits, because it will be numbered"
      ),
      (
        #"{"eachOf":"up"}"#, #"{"eachOf":"seller"}"#, "$.sale.shares[1].payee.eachOf",
        "is nobody with levels in this section"
      ),
      (
        "[300000,200000,100000]", "[300000,200000]", "$.sale.shares[1].ratePpm",
        "must have 3…3 elements"
      ),
      (
        "[300000,200000,100000]", "[300000,200000,500001]", "$.sale.shares[1]",
        "gives away more than the whole of its base: 1000001 ppm"
      ),
      (
        "[300000,200000,100000]", "[300000,200000,-1]", "$.sale.shares[1].ratePpm[2]",
        "must be 0…1000000, is -1"
      ),
    ] as [(String, String, String, String)])
  func faults(old: String, new: String, path: String, reason: String) throws {
    var person = Text(Self.person)
    var share = Text(Self.share)
    if Self.person.firstRange(of: old) != nil {
      person.replace(old, new)
    } else {
      share.replace(old, new)
    }
    #expect(throws: PlanError.malformed(path: path, reason: reason)) {
      try plan(person.string, share.string)
    }
  }

  @Test("More than 64 people with all levels written out are refused, 64 are not")
  func writtenOut() throws {
    func people(_ last: Int) throws -> Plan {
      try Bent.plan(
        people: [
          #"{"name":"a","title":{"en":"a","zh":"甲"},"inviterOf":"seller","levels":60}"#,
          #"{"name":"b","title":{"en":"b","zh":"乙"},"inviterOf":"seller","levels":\#(last)}"#,
        ], shares: [])
    }
    #expect(try people(3).name == "bent")
    #expect(
      throws: PlanError.malformed(
        path: "$.sale.people[2]", reason: "makes more than 64 with all levels written out")
    ) { try people(4) }
  }

  @Test(
    "A fault about joining or organisations is refused with its place and reason",
    arguments: [
      (
        #""kind":"purchase""#, #""kind":"loan""#, "$.joining.requirement.kind",
        "must be one of \"fee\", \"purchase\""
      ),
      (
        #""amount":{"parameter":"packPrice"}"#, #""amount":-1"#, "$.joining.requirement.amount",
        "must be 0…1000000000000, is -1"
      ),
      (
        #""amount":{"parameter":"packPrice"}"#, #""price":1"#, "$.joining.requirement.price",
        "is unknown here"
      ),
      (
        #""ranks":["member"]"#, #""ranks":["member"],"organisations":["team"]"#,
        "$.organisations[0]", "is no rank of this plan"
      ),
      (
        #""ranks":["member"]"#, #""ranks":["member"],"organisations":["member","member"]"#,
        "$.organisations[1]", "stands twice"
      ),
    ] as [(String, String, String, String)])
  func joining(old: String, new: String, path: String, reason: String) throws {
    var text = Text(try redFixture("joining-pack").document)
    text.replace(old, new)
    #expect(throws: PlanError.malformed(path: path, reason: reason)) {
      try Plan(document: text.bytes)
    }
  }
}
