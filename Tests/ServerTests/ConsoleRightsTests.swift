// Who is told what by the calls that the page rests on. Over real sockets on a server of its own.

import Commerce
import Notation
import Testing
import Transport
import Wire

@testable import Server

@Suite("What the page is told, and who is not")
struct ConsoleRightsTests {
  @Test("A session that a cookie opened can ask who it is and what the storefront's currency is")
  func session() throws {
    let shop = try Shop.open()
    let visitor = try shop.door.visitor("ann")
    let told = try visitor.done("session.get")
    #expect(told["person"] == "ann" && told["currency"] == "CNY")
    #expect(told["timeZone"] == "Asia/Shanghai" && told["demo"] == false)
    guard case .failure(let refusal) = try shop.door.stranger().call("session.get") else {
      Issue.record("a stranger was told who they are")
      return
    }
    #expect(refusal.code == "unauthenticated")
  }

  @Test("Rooms of one host are listed without those of others")
  func rooms() throws {
    let shop = try Shop.open()
    let host = try shop.door.visitor("dong", .host)
    try host.done("room.open", ["room": "a-room", "title": "Cups", "pactPpm": 300_000])
    let ids = { (parameters: JSON) throws -> [String] in
      try host.done("room.list", parameters)["rooms"]?.elements?.compactMap { $0["room"]?.text }
        ?? []
    }
    #expect(try ids(.object([])) == ["a-room", "r1"])
    #expect(try ids(["host": "dong"]) == ["a-room"])
    #expect(try ids(["host": "lin", "limit": 1]) == ["r1"])
    #expect(try ids(["host": "nobody"]) == [])
  }

  @Test("What was sold for is told to staff and to the room's host, to nobody else")
  func totals() throws {
    let shop = try Shop.open()
    let desk = try shop.door.desk()
    try desk.done("/v1/orders", Report.order("o1"))
    let payment = Report.payment("o1")
    try desk.done(payment.path, payment.body)
    #expect(try desk.get("/v1/rooms/r1")["gmv"] == 10_000)
    #expect(try desk.get("/v1/storefront")["gmv"] == 10_000)

    func room(_ person: String, _ scope: Token.Scopes) throws -> JSON {
      try get("/v1/rooms/r1", person, scope, shop)
    }
    #expect(try room("lin", .host)["gmv"] == 10_000)
    for (person, scope) in [("dong", Token.Scopes.host), ("chen", .promoter), ("ann", .viewer)] {
      let told = try room(person, scope)
      #expect(told["gmv"] == nil && told["refunded"] == nil && told["orders"] == 1)
      let storefront = try get("/v1/storefront", person, scope, shop)
      #expect(storefront["name"] == "Shop" && storefront["currency"] == "CNY")
      for total in ["gmv", "refunded", "orders", "units", "members", "sequence"] {
        #expect(storefront[total] == nil, "\(person): \(total)")
      }
    }
    let broker = try get("/v1/storefront", "zhou", .broker, shop)
    #expect(broker["gmv"] == 10_000)
  }

  private func get(
    _ path: String, _ person: String, _ scope: Token.Scopes, _ shop: Shop
  ) throws -> JSON {
    let client = try HTTPClient("127.0.0.1", shop.door.port)
    let headers = HTTPHeaders([
      ("Authorization", "Bearer \(try shop.door.token(person, scope))")
    ])
    let answer = try client.send(.get, path, headers: headers)
    #expect(answer.status == 200, "\(path) for \(person)")
    return try JSON.read(answer.body)
  }

  @Test("An order tells staff which of its disputes are open, and its buyer nothing of them")
  func disputes() throws {
    let shop = try Shop.open()
    let desk = try shop.door.desk()
    try desk.done("/v1/orders", Report.order("o1"))
    let payment = Report.payment("o1")
    try desk.done(payment.path, payment.body)
    func open() throws -> JSON? { try desk.get("/v1/orders/o1")["disputes"] }
    #expect(try open() == [])
    for id in ["q1", "q2"] {
      try desk.done(
        "/v1/orders/o1/dispute",
        ["dispute": .string(id), "disputedAt": "2026-12-03T00:00:00Z"])
    }
    #expect(try open() == ["q1", "q2"])
    try desk.done(
      "/v1/orders/o1/resolution", ["dispute": "q1", "resolvedAt": "2026-12-04T00:00:00Z"])
    #expect(try open() == ["q2"])
    let buyer = try #require(try desk.get("/v1/orders/o1")["buyer"]?.text)
    let own = try shop.door.visitor(buyer).done("order.get", ["order": "o1"])
    #expect(own["net"] == 10_000 && own["disputes"] == nil)
  }

  @Test("An order that was cancelled earns nobody anything, also in the list of what is to come")
  func cancelled() throws {
    let shop = try Shop.open()
    let desk = try shop.door.desk()
    try desk.done("/v1/orders", Report.order("o1"))
    func listed() throws -> JSON? {
      try shop.door.visitor("lin", .host).done("earning.list", ["room": "r1"])["orders"]?
        .elements?.first
    }
    let before = try #require(try listed())
    #expect(before["state"] == "placed" && (before["amount"]?.integer ?? 0) > 0)
    try desk.done("/v1/orders/o1/cancellation", ["cancelledAt": "2026-12-31T00:00:00Z"])
    let after = try #require(try listed())
    #expect(after["state"] == "cancelled" && after["amount"] == 0)
  }

  @Test("A product of another currency says so, and is quoted to nobody")
  func foreignCurrency() throws {
    let shop = try Shop.open()
    try shop.door.desk().importText(
      "sku,product,supplier,title,price,cost,ratePpm,currency\nmug,mug,sup,mug,900,500,150000,EUR\n"
    )
    let host = try shop.door.visitor("lin", .host)
    let items = try host.done("catalogue.search", ["text": "mug"])["items"]?.elements ?? []
    #expect(items.first?["currency"] == "EUR" && items.first?["earning"] == nil)
    guard case .failure(let refusal) = try host.call("listing.quote", ["skus": ["mug"]]) else {
      Issue.record("a foreign price was quoted")
      return
    }
    #expect(refusal.code == "currency_mismatch")
  }

  @Test("Where nothing is, that is the answer, whatever comes with the question")
  func nowhere() throws {
    let shop = try Shop.open()
    let client = try HTTPClient("127.0.0.1", shop.door.port)
    for path in ["/demo/session", "/demo/orders/o1/payment", "/nothing"] {
      for body in [[], Array(#"{"role":"host"}"#.utf8)] {
        let answer = try client.send(.post, path, body: body)
        #expect(answer.status == 404, "\(path) with \(body.count) bytes")
      }
    }
  }
}
