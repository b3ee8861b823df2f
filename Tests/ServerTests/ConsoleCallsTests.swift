// What the page asks beyond everybody else's calls: lists of members, accounts and earnings, and trials of
// plans. Over real sockets on a server of its own.

import Commerce
import Coordination
import Notation
import Testing
import Wire

@testable import Server

@Suite("Lists and trials for the page")
struct ConsoleCallsTests {
  static let malformed: [(line: String, body: String, field: String)] = [
    ("GET /v1/members?limit=101", "", "limit"), ("GET /v1/members?inviter=m", "", "inviter"),
    ("GET /v1/members/ann/orders?limit=0", "", "limit"),
    ("GET /v1/orders?first=latest", "", "first"),
    ("GET /v1/ledger/accounts?limit=1001", "", "limit"),
    ("POST /v1/plans/trial", #"{"days":0}"#, "days"),
    ("POST /v1/plans/trial", #"{"days":367}"#, "days"),
    ("POST /v1/plans/trial", #"{"plan":"wanwu","planDocument":{}}"#, "planDocument"),
    ("POST /v1/plans/trial", #"{"acceptedRisks":[]}"#, "acceptedRisks"),
  ]

  @Test("A malformed question is refused at its field", arguments: malformed)
  func fields(line: String, body: String, field: String) throws {
    let found = try fault {
      try httpCall(line, body, .operator, type: body.isEmpty ? nil : "application/json")
    }
    #expect(found?.code == "invalid_field" && found?.field == field)
  }

  @Test("A promoter asks what a room's products earn, and cannot ask without a room")
  func promoterQuote() throws {
    let shop = try Shop.open()
    let promoter = try shop.door.visitor("chen", .promoter)
    let told = try promoter.done("listing.quote", ["skus": ["tea"], "room": "r1"])
    // 20 % of 10 000 is the pool; the pact gives the promoter 30 % of it.
    let earning = try #require(told["earnings"]?.elements?.first)
    #expect(earning["promoter"] == 600 && earning["withPromoter"] == 1_400)
    let asHost = try shop.door.visitor("lin", .host)
    #expect(try asHost.done("listing.quote", ["skus": ["tea"], "room": "r1"]) == told)
    for parameters: JSON in [
      ["skus": ["tea"]], ["skus": ["tea"], "room": "r1", "host": "lin"],
    ] {
      guard case .failure(let refusal) = try promoter.call("listing.quote", parameters) else {
        Issue.record("\(parameters) was answered")
        continue
      }
      #expect(refusal.code == "invalid_field")
    }
  }

  @Test("Members and accounts come in pages, and the accounts sum to nothing")
  func pages() throws {
    let shop = try Shop.open()
    let desk = try shop.door.desk()
    try desk.done("/v1/orders", try Self.order("o1", promoter: "chen"))
    let payment = Report.payment("o1")
    try desk.done(payment.path, payment.body)

    let first = try desk.get("/v1/members?limit=2")
    #expect(first["members"]?.elements?.map { $0["member"] } == ["chen", "dong"])
    #expect(first["after"] == "dong")
    let second = try desk.get("/v1/members?limit=2&after=dong")
    #expect(second["members"]?.elements?.map { $0["member"] } == ["lin"])
    #expect(second["after"] == .null)

    var accounts: [JSON] = []
    var after = ""
    for _ in 1...20 {
      let page = try desk.get("/v1/ledger/accounts?limit=2&after=\(after)")
      accounts += page["accounts"]?.elements ?? []
      guard let next = page["after"]?.text else { break }
      after = next
    }
    let names = accounts.compactMap { $0["account"]?.text }
    #expect(names == names.sorted() && Set(names).count == names.count)
    #expect(names.contains("pending/chen"))
    #expect(accounts.compactMap { $0["amount"]?.integer }.reduce(0, +) == 0)
    #expect(accounts.contains { $0["amount"] != 0 })
  }

  @Test("A list of orders begins at the end that was asked for")
  func direction() throws {
    let shop = try Shop.open()
    let desk = try shop.door.desk()
    for id in ["o1", "o2", "o3"] { try desk.done("/v1/orders", try Self.order(id)) }
    func ids(_ query: String) throws -> [String] {
      try desk.get("/v1/orders?\(query)")["orders"]?.elements?.compactMap { $0["order"]?.text }
        ?? []
    }
    #expect(try ids("first=newest") == ["o3", "o2", "o1"])
    #expect(try ids("first=newest&limit=1&after=o3") == ["o2"])
    #expect(try ids("first=oldest") == ["o1", "o2", "o3"] && ids("") == ids("first=oldest"))
  }

  @Test("A promoter's list has what they earn on and what somebody else got, and nothing else")
  func earnings() throws {
    let shop = try Shop.open()
    let desk = try shop.door.desk()
    for member in ["chen", "dong"] {
      // The second visit replaces the first; the lock of the first stays.
      try desk.done(
        "/v1/touches",
        [
          "viewer": "v1", "promoter": .string(member), "room": "r1",
          "touchedAt": .string("2026-01-0\(member == "chen" ? 2 : 3)T00:00:00Z"),
        ])
    }
    try desk.done("/v1/orders", try Self.order("o1", at: "2026-01-03T01:00:00Z"))
    let payment = Report.payment("o1")
    try desk.done(payment.path, payment.body)
    try desk.done("/v1/orders", try Self.order("o2", buyer: "v2", at: "2026-01-03T02:00:00Z"))

    func list(_ person: String, _ parameters: JSON = .object([])) throws -> [JSON] {
      try shop.door.visitor(person, .promoter).done("earning.list", parameters)["orders"]?
        .elements ?? []
    }
    let won = try list("dong")
    #expect(won.map { $0["order"] } == ["o1"])
    #expect(won[0]["attributed"] == true && won[0]["source"] == "visit" && won[0]["loss"] == .null)
    #expect(won[0]["amount"] == 600 && won[0]["booked"] == true && won[0]["net"] == 10_000)
    #expect(won[0]["lines"] == [["sku": "tea", "title": "tea", "units": 1]])
    #expect(try list("chen") == [])
    let lost = try list("chen", ["room": "r1"])
    #expect(lost.map { $0["order"] } == ["o1"])
    #expect(lost[0]["attributed"] == false && lost[0]["amount"] == 0)
    #expect(lost[0]["loss"]?.text != nil)
    let host = try shop.door.visitor("lin", .host)
    let sold = try host.done("earning.list", ["room": "r1"])["orders"]?.elements ?? []
    #expect(sold.map { $0["order"] } == ["o2", "o1"])
    #expect(sold[0]["booked"] == false && sold[1]["amount"] == 1_400)
    #expect(
      try desk.get("/v1/members/dong/orders?room=r1") == ["orders": .array(won), "after": .null])
    // An order of somebody else is no place to go on from.
    let stranger = try shop.door.visitor("chen", .promoter)
    guard
      case .failure(let refusal) = try stranger.call(
        "earning.list", ["room": "r1", "after": "o2"])
    else {
      Issue.record("somebody else's order was taken as a place")
      return
    }
    #expect(refusal.code == "not_your_order")
  }

  @Test("A trial tells what another plan says and would have done, and changes nothing")
  func trial() throws {
    let shop = try Shop.open()
    let desk = try shop.door.desk()
    let now = wallClock().description
    try desk.done("/v1/orders", try Self.order("o1", promoter: "chen", at: now))
    try desk.done(
      "/v1/orders/o1/payment", ["payment": "p1", "paidAt": .string(now)])
    let before = try desk.get("/v1/ledger")
    let plans = try desk.get("/v1/plans")
    #expect(plans["inForce"]?["plan"] == "fengxiang" && plans["planVersion"] == 1)
    #expect(
      plans["shipped"]?.elements?.compactMap { $0["plan"]?.text }.sorted()
        == ["fengxiang", "shuai", "wanwu", "youpin"])

    let reply = try desk.post("/v1/plans/trial", ["plan": "wanwu", "days": 2])
    #expect(reply.status == 200)
    #expect(reply.body["plan"]?["lint"]?["errors"] == 1)
    #expect(
      reply.body["plan"]?["lint"]?["findings"]?.elements?.first?["code"] == "headcount_pay")
    let whatIf = try #require(reply.body["whatIf"])
    #expect(whatIf["orders"] == 1 && whatIf["after"]?["plan"] == "wanwu")
    let chen = whatIf["members"]?.elements?.first { $0["member"] == "chen" }
    #expect(chen?["before"] == 600)
    #expect(try desk.get("/v1/plans") == plans && desk.get("/v1/ledger") == before)

    let same = try desk.post("/v1/plans/trial", .object([]))
    #expect(same.body["whatIf"]?["affected"] == 0)
    let refused = try desk.post("/v1/plans/trial", ["parameters": ["bogus": 1]])
    #expect(refused.status == 422 && refused.body["field"] == "parameters.bogus")
  }

  /// An order in the room `r1`, with a promoter if one is named.
  private static func order(
    _ id: String, buyer: String = "v1", promoter: String? = nil,
    at: String = "2026-01-05T00:00:00Z"
  ) throws -> JSON {
    var members = (Report.order(id, buyer: buyer).members ?? []).filter { $0.key != "placedAt" }
    members.append(JSON.Member("placedAt", .string(at)))
    if let promoter { members.append(JSON.Member("promoter", .string(promoter))) }
    return .object(members)
  }
}
