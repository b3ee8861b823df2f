// What one person may use over all of their sessions, loops and requests. Clocks are moved, never
// waited for.

import Commerce
import Crypto
import Notation
import Synchronization
import Testing
import Transport
import Wire

@testable import Server

@Suite("Limits of a person")
struct PersonLimitTests {
  private func key(_ person: String, _ storefront: String = "shop") -> PersonLimits.Key {
    PersonLimits.Key(
      Caller(
        person: PersonID(trusted: person), storefront: StorefrontID(trusted: storefront),
        scopes: .viewer, expiry: Sample.now))
  }

  private func code(_ answer: Result<JSON, Visitor.Refusal>) -> String? {
    if case .failure(let refusal) = answer { refusal.code } else { nil }
  }

  private func sample(_ shop: Shop, _ limit: PersonLimit) throws -> String? {
    let name = "waggle_person_limits_refused_total{limit=\"\(limit.rawValue)\"}"
    return try Samples(shop.server.health.metrics)[name]
  }

  // MARK: The table

  @Test("A person has 64 sessions at once; the same id in another storefront is somebody else")
  func sessions() {
    let limits = PersonLimits()
    for _ in 0..<64 { #expect(limits.enter(key("a")) != nil) }
    #expect(limits.enter(key("a")) == nil)
    #expect(limits.enter(key("b")) != nil && limits.enter(key("a", "other")) != nil)
    limits.leave(key("a"), at: 0)
    #expect(limits.enter(key("a")) != nil && limits.enter(key("a")) == nil)
  }

  @Test(
    "Each pace holds to the one, over sessions and requests, and after the last session has ended",
    arguments: [(PersonLimit.calls, 400, 5), (.joins, 120, 100), (.links, 60, 1_000)])
  func paces(limit: PersonLimit, burst: Int, interval: Int64) throws {
    let limits = PersonLimits()
    let sessions = try (0..<2).map { _ in try #require(limits.enter(key("a"))) }
    for place in 0..<burst - 1 { #expect(sessions[place % 2].take(limit, at: 0) == 0) }
    #expect(limits.take(limit, of: key("a"), at: 0) == 0)
    #expect(sessions[0].take(limit, at: 0) == interval)
    #expect(limits.take(limit, of: key("b"), at: 0) == 0)
    for _ in 0..<2 { limits.leave(key("a"), at: 0) }
    #expect(limits.take(limit, of: key("a"), at: 0) == interval)
    let again = try #require(limits.enter(key("a")))
    #expect(again.take(limit, at: interval - 1) == 1)
    #expect(again.take(limit, at: interval) == 0)
    #expect(again.take(limit, at: interval) == interval)
    // The others are not touched by it.
    for other in PersonLimit.allCases where other != limit {
      #expect(again.take(other, at: 0) == 0)
    }
  }

  @Test("Who has gone is kept as long as something is not made up for, and only so many of them")
  func bounded() throws {
    let limits = PersonLimits(absentMax: 2)
    for person in ["a", "b", "c"] { #expect(limits.enter(key(person)) != nil) }
    #expect(limits.count == 3)
    // Who has used nothing is forgotten at once.
    for person in ["a", "b", "c"] { limits.leave(key(person), at: 0) }
    #expect(limits.count == 0)
    for _ in 0..<60 { #expect(limits.take(.links, of: key("a"), at: 0) == 0) }
    #expect(limits.take(.links, of: key("b"), at: 0) == 0)
    // There is no room for anybody else: they share what is there for them.
    for place in 0..<60 { #expect(limits.take(.links, of: key("x\(place)"), at: 0) == 0) }
    #expect(limits.take(.links, of: key("y"), at: 0) == 1_000)
    #expect(limits.take(.links, of: key("a"), at: 0) == 1_000)
    #expect(limits.count == 2)
    // A second later b is made up for, and makes room; a is not, and is kept.
    #expect(limits.take(.links, of: key("z"), at: 1_000) == 0)
    #expect(limits.count == 2)
    #expect(limits.take(.links, of: key("a"), at: 1_000) == 0)
    #expect(limits.take(.links, of: key("a"), at: 1_000) == 1_000)
  }

  @Test("However many threads take at once, no more is given than there is")
  func threads() throws {
    let limits = PersonLimits()
    let given = try concurrently(8) { thread in
      let use = try #require(limits.enter(key("a")))
      defer { limits.leave(key("a"), at: 0) }
      return (0..<200).count { place in
        (thread + place) % 2 == 0
          ? use.take(.calls, at: 0) == 0 : limits.take(.calls, of: key("a"), at: 0) == 0
      }
    }
    #expect(given.reduce(0, +) == 400)
    #expect(limits.count == 1)
  }

  // MARK: The server

  @Test("The 65th session of a person is refused and closed with 3010, until another one ends")
  func sessionsOpen() throws {
    let shop = try Shop.open()
    var visitors = try (0..<64).map { _ in try shop.door.visitor("v1") }
    let token = JSON.string(try shop.door.token("v1", .viewer))
    let crowded = try shop.door.stranger()
    let answer = try crowded.call("session.open", ["token": token])
    guard case .failure(let refusal) = answer else {
      Issue.record("there are 65 sessions")
      return
    }
    #expect(refusal.code == "too_many_sessions" && refusal.isTemporary)
    #expect(try crowded.readToEnd() == 3010)
    #expect(
      try sample(shop, .sessions) == "1" && shop.server.health.count(.sessions as CountedLimit) == 1
    )
    // A landing's cookie opens no more than that either.
    let cookie = HTTPHeaders([("Cookie", "\(Access.cookieName)=\(token.text ?? "")")])
    let landed = Visitor(
      try WebSocketClient(
        "127.0.0.1", shop.door.port, "/v1/socket", headers: cookie, sha1: SHA1.digest(of:)))
    #expect(try landed.readToEnd() == 3010)
    // Nobody else is robbed, and staff are not limited as persons.
    try shop.door.visitor("v2").done("room.list")
    let staff = try (0..<65).map { _ in try shop.door.visitor("s1", .backend) }
    try staff.last?.done("room.list")
    // Opening a session once more on its own connection takes no place.
    try visitors[0].done("session.refresh", ["token": token])
    try visitors[0].done("session.open", ["token": token])
    try visitors.removeLast().socket.close()
    var isIn = false
    while !isIn {
      isIn = code(try shop.door.stranger().call("session.open", ["token": token])) == nil
    }
    try visitors[0].done("room.list")
  }

  @Test("A person has 400 calls at once over all sessions and requests, then 200 a second")
  func calls() throws {
    let clocks = ManualClocks()
    let shop = try Shop.open {
      clocks.set(&$0)
      $0.loops = 2
    }
    let visitors = try (0..<3).map { _ in try shop.door.visitor("v1") }
    let desk = Desk(
      try HTTPClient("127.0.0.1", shop.door.port), token: try shop.door.token("v1", .viewer))
    // The sessions took three, and no session has more than 200.
    for visitor in visitors.prefix(2) { for _ in 0..<150 { try visitor.done("room.list") } }
    for _ in 0..<96 { try visitors[2].done("room.list") }
    #expect(try desk.send(.get, "/v1/rooms", nil).status == 200)
    for visitor in visitors { #expect(code(try visitor.call("room.list")) == "rate_limited") }
    let refused = try desk.send(.get, "/v1/rooms", nil)
    #expect(refused.status == 429 && refused.code == "rate_limited")
    #expect(refused.body["retryAfterMilliseconds"] == 5 && refused.body["temporary"] == true)
    // Nor does another session help.
    let token = JSON.string(try shop.door.token("v1", .viewer))
    let late = try shop.door.stranger()
    #expect(code(try late.call("session.open", ["token": token])) == "rate_limited")
    #expect(try sample(shop, .calls) == "5")
    try shop.door.visitor("v2").done("room.list")
    clocks.advance(5)
    try late.done("session.open", ["token": token])
    #expect(code(try late.call("room.list")) == "rate_limited")
    let staff = try shop.door.desk()
    for _ in 0..<401 { #expect(try staff.send(.get, "/v1/storefront", nil).status == 200) }
  }

  @Test("A person joins 120 times at once and then ten times a second, whatever the connection")
  func joins() throws {
    let clocks = ManualClocks()
    let shop = try Shop.open(clocks.set)
    let visitors = try (0..<2).map { _ in try shop.door.visitor("v1") }
    for visitor in visitors {
      for _ in 0..<60 { try visitor.done("room.join", ["room": "r1"]) }
    }
    for visitor in visitors {
      #expect(code(try visitor.call("room.join", ["room": "r1"])) == "rate_limited")
      try visitor.done("room.list")
    }
    #expect(try sample(shop, .joins) == "2")
    try shop.door.visitor("v2").done("room.join", ["room": "r1"])
    clocks.advance(100)
    try visitors[1].done("room.join", ["room": "r1"])
    #expect(code(try visitors[0].call("room.join", ["room": "r1"])) == "rate_limited")
    let figures = try shop.door.visitor("lin", .host)
      .done("ticker.subscribe", ["ticker": "room", "room": "r1"])
    #expect(figures["unique"] == 2)
  }

  @Test("A person makes 60 links at once and then one a second, by socket and by request")
  func links() throws {
    let clocks = ManualClocks()
    let shop = try Shop.open(clocks.set)
    let visitors = try (0..<2).map { _ in try shop.door.visitor("chen", .promoter) }
    let desk = Desk(
      try HTTPClient("127.0.0.1", shop.door.port), token: try shop.door.token("chen", .promoter))
    let room: JSON = ["room": "r1"]
    for visitor in visitors { for _ in 0..<29 { try visitor.done("link.create", room) } }
    for _ in 0..<2 { #expect(try desk.post("/v1/links", room).isAccepted) }
    #expect(code(try visitors[0].call("link.create", room)) == "rate_limited")
    #expect(try desk.post("/v1/links", room).status == 429)
    #expect(try sample(shop, .links) == "2")
    try shop.door.visitor("dong", .promoter).done("link.create", room)
    clocks.advance(999)
    #expect(code(try visitors[1].call("link.create", room)) == "rate_limited")
    clocks.advance(1)
    try visitors[1].done("link.create", room)
    #expect(try desk.post("/v1/links", room).status == 429)
    // A storefront's own systems make links for all of its promoters.
    let staff = try shop.door.desk()
    let wish: JSON = ["room": "r1", "promoter": "chen"]
    for _ in 0..<61 { #expect(try staff.post("/v1/links", wish).isAccepted) }
  }
}
