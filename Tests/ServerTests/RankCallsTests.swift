// Ranks, previews and invite codes: how calls are read, and what is answered over a store on disk.

import Commerce
import Commission
import Coordination
import FoundationEssentials
import Notation
import Storage
import Testing

@testable import Server

@Suite("Ranks and invite codes over the API")
struct RankCallsTests {
  private func invite(_ call: Call) throws -> Invite {
    guard case .command(.createInvite(let invite)) = call else {
      throw Fault("test", "no invite", status: 500)
    }
    return invite
  }

  @Test("The same key of a member is the same code, and no other is")
  func codes() throws {
    let first = try invite(socketCall("invite.create", #"{"key":"k1"}"#, .promoter))
    #expect(first.id.text.utf8.count == 16)
    #expect(first.promoter == MemberID(trusted: "ann"))
    #expect(first.expiresAt == Sample.now.advanced(byMilliseconds: 2_592_000_000))
    #expect(first == (try invite(httpCall("POST /v1/invites", #"{"key":"k1"}"#, .promoter))))
    let others = [
      try invite(socketCall("invite.create", #"{"key":"k2"}"#, .promoter)),
      try invite(socketCall("invite.create", #"{"key":"k1"}"#, .promoter, person: "bob")),
      try invite(socketCall("invite.create", #"{"key":"k1","promoter":"cy"}"#, .operator)),
    ]
    #expect(Set(([first] + others).map(\.id)).count == 4)
  }

  static let malformed: [(method: String, parameters: String, field: String)] = [
    ("invite.create", "{}", "key"), ("invite.create", #"{"key":""}"#, "key"),
    ("invite.create", #"{"key":"a\nb"}"#, "key"),
    ("invite.create", #"{"key":"k","validSeconds":59}"#, "validSeconds"),
    ("invite.create", #"{"key":"k","validSeconds":31536001}"#, "validSeconds"),
    ("invite.withdraw", "{}", "invite"), ("invite.list", #"{"limit":1}"#, "limit"),
  ]

  @Test("A malformed call is refused at its field", arguments: malformed)
  func fields(method: String, parameters: String, field: String) throws {
    let found = try fault { try socketCall(method, parameters, .promoter) }
    #expect(found?.code == "invalid_field" && found?.field == field)
  }

  @Test("A preview looks back one day to a year", arguments: [0, 1, 366, 367])
  func days(days: Int) throws {
    let line = "GET /v1/members/ann/rank-preview?rank=gold&days=\(days)"
    let found = try fault { try httpCall(line, "", .operator, type: nil) }
    #expect(found?.field == ((1...366).contains(days) ? nil : "days"))
    #expect(
      try fault { try httpCall("GET /v1/members/ann/rank-preview", "", .operator, type: nil) }?
        .field == "rank")
  }

  @Test("Only staff, brokers and the member read ranks and codes", arguments: ["ranks", "invites"])
  func readers(path: String) throws {
    #expect(
      try fault { try httpCall("GET /v1/members/ann/\(path)", "", .promoter, type: nil) } == nil)
    #expect(
      try fault { try httpCall("GET /v1/members/bob/\(path)", "", .broker, type: nil) } == nil)
    #expect(
      try fault { try httpCall("GET /v1/members/bob/\(path)", "", .promoter, type: nil) }?.code
        == "forbidden")
  }

  @Test("inviteOnly is true or false, and is kept where it is left out")
  func inviteOnly() throws {
    let path = "PUT /v1/storefront"
    guard
      case .configure(let wish) = try httpCall(path, #"{"name":"S","inviteOnly":true}"#, .operator)
    else { throw Fault("test", "no wish", status: 500) }
    let (made, plan) = try wish.completed(
      id: Sample.storefront, present: nil, plan: nil, at: Sample.now)
    #expect(made.inviteOnly)
    guard case .configure(let next) = try httpCall(path, #"{"name":"T"}"#, .operator) else {
      throw Fault("test", "no wish", status: 500)
    }
    #expect(
      try next.completed(id: made.id, present: made, plan: plan, at: Sample.now).0.inviteOnly)
    #expect(
      try fault { try httpCall(path, #"{"name":"S","inviteOnly":1}"#, .operator) }?.field
        == "inviteOnly")
  }

  // MARK: Answers

  /// Runs commands over a store on disk and asks it.
  private func ask(
    _ plan: Plan, _ commands: [(Command, Timestamp)], at now: Timestamp, _ questions: [Query]
  ) throws -> [JSON] {
    let manager = FileManager.default
    let folder = manager.temporaryDirectory.path + "/waggle-ranks-\(UUID().uuidString)"
    defer { try? manager.removeItem(atPath: folder) }
    let zone: ZoneSource = { _ in .shanghai }
    let store = try SQLiteStore.open(directory: folder, zone: zone)
    let coordinator = Coordinator(store: store)
    let storefront = Storefront(
      id: Sample.storefront, name: "S", currency: .cny, zone: .shanghai,
      precedence: [.code, .visit, .lock], visitHoldMilliseconds: 1, unpaidHoldMilliseconds: 1,
      planVersion: 1, createdAt: Sample.now)
    let first = (Command.configureStorefront(storefront, plan: plan, risks: .trial), Sample.now)
    for (command, at) in [first] + commands {
      _ = try coordinator.decide(command, by: .system, storefront: Sample.storefront, at: at).get()
    }
    _ = try coordinator.commit()
    let queries = Queries(
      reader: try SQLiteReader.open(directory: folder, zone: zone), storefront: Sample.storefront,
      now: now)
    return try questions.map { try queries.answer($0) }
  }

  private func join(_ member: String, _ inviter: String? = nil, _ rank: String? = nil) -> Command {
    .join(
      member: MemberID(trusted: member), name: "", inviter: inviter.map { MemberID(trusted: $0) },
      rank: rank, at: Sample.now)
  }

  private func sale(
    _ id: String, seller: String?, promoter: String? = nil, at: Timestamp = Sample.now
  ) -> [Command] {
    let order = OrderID(trusted: id)
    let line = ReportedLine(
      sku: SKUID(trusted: "s"), units: 1, paid: Amount(20_000), cost: .zero,
      terms: StatedTerms(supplier: SupplierID(trusted: "x"), rate: Rate(trusted: 200_000)))
    return [
      .reportOrder(
        ReportedOrder(
          id: order, room: nil, seller: seller.map { MemberID(trusted: $0) },
          promoter: promoter.map { MemberID(trusted: $0) }, buyer: ViewerID(trusted: "v"),
          lines: [line], placedAt: at)),
      .pay(order, payment: FactID(trusted: "p" + id), paid: [], at: Sample.now),
      .deliver(order, delivery: FactID(trusted: "d" + id), at: Sample.now),
    ]
  }

  @Test("Ranks and a preview come from what is stored, at one moment")
  func ranks() throws {
    let now = Sample.now.advanced(byMilliseconds: 86_400_000)
    let commands = [join("A", nil, "senior"), join("B", "A"), join("C", "B")]
    let later = [sale("o1", seller: "C"), sale("o2", seller: "B")].flatMap { $0 }
    let b = MemberID(trusted: "B")
    let answers = try ask(
      Plan.shipped("wanwu"), (commands + later).map { ($0, Sample.now) }, at: now,
      [.ranks(b), .rankPreview(b, rank: "gold", days: 2), .rankPreview(b, rank: "gold", days: 1)])
    #expect(answers[0]["rank"] == "ordinary" && answers[0]["held"] == false)
    #expect(answers[0]["changes"]?.elements?.count == 1)
    #expect(answers[0]["changes"]?.elements?[0]["cause"] == "joining")
    let people = answers[1]["people"]?.elements
    #expect(people?.map { $0["member"]?.text } == ["A", "B"])
    // C's override; and C's joining: 15 000 less for A, 10 000 for B.
    #expect(people?.map { $0["difference"] } == [-16_000, 11_000])
    #expect(people?[0]["perDay"] == -8_000)
    #expect(answers[1]["orders"] == 2 && answers[2]["orders"] == 2)
    #expect(previewLines(answers[1]).contains("  B: 4000 -> 15000, +11000, 5500 a day"))
    #expect(throws: Fault.self) {
      try ask(
        Plan.shipped("wanwu"), [], at: now, [.rankPreview(b, rank: "gold", days: 2)])
    }
  }

  @Test(
    "Whoever got nothing on an order learns why, by the ranks of its placement; a stranger nothing")
  func whyNot() throws {
    let members = [join("A", nil, "senior"), join("B", "A"), join("C", "B"), join("X")]
    let at = { (seconds: Int64) in Sample.now.advanced(byMilliseconds: seconds * 1000) }
    let gold = Command.setRank(member: MemberID(trusted: "B"), rank: "gold")
    var commands = members.map { ($0, at(0)) }
    commands += sale("early", seller: "C", at: at(1)).map { ($0, at(1)) }
    commands.append((gold, at(2)))
    commands += sale("late", seller: "C", at: at(3)).map { ($0, at(3)) }
    let questions = ["early", "late"].flatMap { order in
      ["A", "B", "C"].map {
        Query.explanation(OrderID(trusted: order), by: PersonID(trusted: $0))
      }
    }
    let plan = try Plan.shipped("wanwu")
    let answers = try ask(plan, commands, at: at(4), questions)
    let texts = answers.map { ($0["text"]?["en"]?.elements ?? []).compactMap(\.text) }
    #expect(texts.map(\.count) == [1, 1, 1, 1, 1, 1])
    #expect(texts[0][0].hasPrefix("Line 1: A earns 10.00 CNY"))
    #expect(texts[1][0].contains("B does not earn"))
    #expect(texts[1][0].contains("unqualified: their rank was ordinary, and gold is needed"))
    #expect(texts[3][0].contains("A does not earn 25 % of the seller's profit: separated"))
    #expect(texts[4][0].hasPrefix("Line 1: B earns 10.00 CNY"))
    // A is no part of the late sale any more, and is not told what it came to.
    #expect(answers[3]["net"] == .null && answers[3]["withheld"]?.elements?.count == 1)
    #expect(answers[0]["net"] == 20_000 && answers[1]["net"] == 20_000)
    #expect(throws: Fault.self) {
      try ask(
        plan, commands, at: at(4),
        [.explanation(OrderID(trusted: "late"), by: PersonID(trusted: "X"))])
    }
  }

  @Test("What is not paid, or all given back, is explained as nothing earned")
  func nothingEarned() throws {
    let order = OrderID(trusted: "o1")
    let placed = sale("o1", seller: "A").prefix(1)
    let steps: [(commands: [Command], state: String, text: String)] = [
      ([], "placed", "Nothing is booked on this order, for it is not paid"),
      (
        [.cancel(order, at: Sample.now)], "cancelled", "Nothing is booked on this order, for it was"
      ),
      (
        Array(sale("o1", seller: "A").dropFirst())
          + [.refund(order, refund: FactID(trusted: "x"), lines: [], at: Sample.now)], "refunded",
        "Line 1: all of it was given back, so nobody earns on it."
      ),
    ]
    for (commands, state, text) in steps {
      let answer = try ask(
        Plan.shipped("wanwu"), ([join("A")] + placed + commands).map { ($0, Sample.now) },
        at: Sample.now, [.explanation(order, by: PersonID(trusted: "A"))])[0]
      #expect(answer["state"] == .string(state) && answer["booked"] == .bool(state == "refunded"))
      #expect(answer["text"]?["en"]?.elements?.first?.text?.hasPrefix(text) == true)
      #expect(answer["text"]?["zh"]?.elements?.count == answer["text"]?["en"]?.elements?.count)
    }
  }

  @Test("Codes are told with the orders behind them, and expired ones as returned")
  func invites() throws {
    let p = MemberID(trusted: "P")
    let days = { (days: Int64) in Sample.now.advanced(byMilliseconds: days * 86_400_000) }
    let code = Invite(
      id: InviteID(trusted: "c1"), promoter: p, issuedAt: days(9), expiresAt: days(10))
    var commands = [join("H"), join("P")].map { ($0, Sample.now) }
    commands += sale("o1", seller: "H", promoter: "P").map { ($0, Sample.now) }
    commands.append((.release(orders: [OrderID(trusted: "o1")], bonuses: []), days(9)))
    commands.append((.createInvite(code), days(9)))
    let plan = try Plan.shipped("fengxiang", parameters: ["inviteCodePer": .integer(15_000)])
    for (at, state, left) in [(days(9), "open", Int64(0)), (days(10), "expired", 1)] {
      let answer = try ask(plan, commands, at: at, [.invites(p)])[0]
      #expect(answer["earned"] == 1 && answer["left"] == .integer(left))
      #expect(answer["reserved"] == .integer(1 - left) && answer["consumed"] == 0)
      #expect(answer["invites"]?.elements?[0]["state"] == .string(state))
      let entries = answer["entries"]?.elements
      #expect(entries?.map { $0["kind"] } == ["earned", "reserved"])
      #expect(entries?[1]["fundedBy"] == [["order": "o1", "amount": 15_000]])
    }
  }
}
