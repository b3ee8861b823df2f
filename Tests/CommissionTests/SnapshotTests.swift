// Snapshots: what they pin, how large they are, and that walks up the tree always end.
import Commerce
import Commission
import Notation
import Testing

@Suite("Snapshots")
struct SnapshotTests {
  /// What a core throws that has not loaded a member.
  struct NotLoaded: Error, Equatable {
    let member: MemberID
  }

  @Test("A snapshot survives its own JSON and settles the same")
  func roundTrip() throws {
    var tree = Organisation(try Plan.shipped("wanwu"))
    try tree.join("S", rank: "senior")
    try tree.join("X", inviter: "S")
    for snapshot in [
      tree.snapshot(seller: "X", buyer: "v1"), tree.snapshot(host: "X", promoter: "S", pact: 1),
      tree.snapshot(),
    ] {
      let again = try Snapshot(json: JSON.read(snapshot.json.bytes))
      #expect(again == snapshot)
      #expect(try tree.plan.settle(sale(999), again) == tree.plan.settle(sale(999), snapshot))
    }
    #expect(
      tree.snapshot(seller: "X", buyer: "v1", pact: 5).json.description
        == #"{"plan":"wanwu","version":1,"sale":{"seller":"X","buyer":"v1","pactPpm":5},"#
        + #""people":[{"as":"seller","member":"X","rank":"ordinary","rankIndex":0},"#
        + #"{"as":"inviter","member":"S","rank":"senior","rankIndex":2},"#
        + #"{"as":"head","member":"S","rank":"senior","rankIndex":2}]}"#)
  }

  @Test(
    "A snapshot that is not one is refused with its place",
    arguments: [
      ("{}", "$.plan", "is missing"),
      (#"{"plan":"w","version":0,"sale":{},"people":[]}"#, "$.version", nil),
      (#"{"plan":"w","version":1,"sale":{"seller":""},"people":[]}"#, "$.sale.seller", nil),
      (#"{"plan":"w","version":1,"sale":{"pactPpm":-1},"people":[]}"#, "$.sale.pactPpm", nil),
      (
        #"{"plan":"w","version":1,"sale":{},"people":[{"as":"x","member":"B"}]}"#,
        "$.people[0].rankIndex", nil
      ),
    ] as [(String, String, String?)])
  func malformed(text: String, path: String, reason: String?) throws {
    let json = try JSON.read(text)
    #expect {
      try Snapshot(json: json)
    } throws: { error in
      guard case PlanError.malformed(let place, let why) = error else { return false }
      return place == path && (reason == nil || reason == why)
    }
  }

  @Test("Later changes of the tree do not touch a snapshot")
  func pinned() throws {
    var tree = Organisation(try Plan.shipped("wanwu"))
    try tree.join("S", rank: "senior")
    try tree.join("B", inviter: "S")
    try tree.join("C", inviter: "B")
    let before = tree.snapshot(seller: "C")
    try tree.promote("B", to: "gold")
    #expect(try tree.earnings(sale(20_000), before) == ["C": 4000, "S": 1000])
    #expect(try tree.earnings(sale(20_000), tree.snapshot(seller: "C")) == ["C": 4000, "B": 1000])
  }

  @Test("In a tree ten thousand deep a snapshot holds only the members that the rules name")
  func deep() throws {
    var tree = Organisation(try Plan.shipped("wanwu"))
    try tree.join("M0", rank: "senior")
    for index in 1...10_000 { try tree.join("M\(index)", inviter: "M\(index - 1)") }
    let snapshot = tree.snapshot(seller: "M10000")
    #expect(snapshot.people.compactMap { $0.holder?.member.text } == ["M10000", "M9999", "M0"])
    #expect(snapshot.json.bytes.count < 300)
  }

  @Test(
    "A cycle in the tree ends every walk with nobody found",
    arguments: [
      ["X"], ["A", "X"], ["A", "B", "C", "X"], ["A", "B", "C", "D", "E", "B"], ["A", "A"],
    ])
  func cycle(above: [String]) throws {
    var tree = Organisation(try Plan.shipped("wanwu"))
    var last = "X"
    for name in above {
      try tree.join(last, inviter: name)
      last = name
    }
    #expect(try tree.earnings(sale(20_000), tree.snapshot(seller: "X")) == ["X": 4000])
    #expect(tree.awards("N", inviter: "X") == ["X inviteCoupon coupon 2000"])
  }

  @Test("Nobody is their own head or inviter, not even in a cycle")
  func ownHead() throws {
    var tree = Organisation(try Plan.shipped("wanwu"))
    try tree.join("X", inviter: "X", rank: "senior")
    #expect(try tree.earnings(sale(20_000), tree.snapshot(seller: "X")) == ["X": 4000])
    try tree.join("X", inviter: "A", rank: "ordinary")
    try tree.join("A", inviter: "X")
    #expect(tree.snapshot(seller: "X").people[2].holder == nil)
  }

  @Test("A rank of another plan counts as the one of the same name, else as the lowest")
  func foreignRank() throws {
    let plan = try Plan.shipped("wanwu")
    let ranks = [Rank(index: 31, name: "gold"), Rank(index: 1, name: "manager")]
    for (rank, expected) in zip(ranks, ["gold", "ordinary"]) {
      let standing = { (member: MemberID) -> Standing? in
        Standing(inviter: member == id("X") ? id("U") : nil, rank: rank)
      }
      let snapshot = plan.snapshot(of: Participants(seller: id("X")), standing: standing)
      #expect(snapshot.people[1].holder?.rank.name == expected)
      #expect(snapshot.people[2].holder?.rank.name == (expected == "gold" ? "gold" : nil))
      #expect(throws: Never.self) { try plan.settle(sale(1), snapshot) }
      let awards = plan.joiningAwards(newMember: id("N"), inviter: id("U"), standing: standing)
      #expect(awards.count == (expected == "gold" ? 2 : 1))
    }
  }

  @Test("A walk stops at somebody unknown, and passes on what the look-up throws")
  func lookUp() throws {
    let plan = try Plan.shipped("wanwu")
    let ordinary = plan.lowestRank
    let snapshot = plan.snapshot(of: Participants(seller: id("X"))) { member in
      member == id("X") ? Standing(inviter: id("gone"), rank: ordinary) : nil
    }
    #expect(snapshot.people.map { $0.holder?.member } == [id("X"), nil, nil])
    #expect(throws: NotLoaded(member: id("U"))) {
      try plan.snapshot(of: Participants(seller: id("X"))) {
        (member: MemberID) throws(NotLoaded) -> Standing? in
        guard member == id("X") else { throw NotLoaded(member: member) }
        return Standing(inviter: id("U"), rank: ordinary)
      }
    }
    #expect(throws: NotLoaded(member: id("P"))) {
      try plan.joiningAwards(newMember: id("N"), inviter: id("P")) {
        (member: MemberID) throws(NotLoaded) -> Standing? in throw NotLoaded(member: member)
      }
    }
  }
}
