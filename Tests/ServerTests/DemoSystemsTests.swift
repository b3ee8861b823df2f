// The demonstration's second storefront, which has ranks, and its other systems, which receive webhooks.

import Commerce
import Coordination
import Crypto
import Notation
import Storage
import Testing
import Transport
import Wire

@testable import Server

@Suite("The demonstration's ranks and other systems")
struct DemoSystemsTests {
  @Test(
    "The storefront with ranks has a separation to preview at every hour of a day",
    arguments: ["2026-11-27T16:00:00Z", "2026-11-28T04:00:00Z", "2028-02-28T15:59:59.999Z"])
  func ranks(_ text: String) throws {
    let store = MemoryStore()
    try Demo.prepare(store: store, Self.environment(at: try Timestamp(text)))
    var ranks: [String: Int] = [:]
    var sold: [String: Int] = [:]
    for (key, record) in store.records {
      if case .member(DemoWanwu.storefront, _) = key, case .member(let member) = record {
        ranks[member.rank, default: 0] += 1
      }
      if case .order(DemoWanwu.storefront, let order) = key {
        sold[String(order.text.prefix { $0 != "~" }), default: 0] += 1
      }
    }
    #expect(ranks == ["senior": 1, "gold": 2, "ordinary": 9])
    // Whoever may rise has sold, and so has somebody below them.
    #expect(sold["owner-ye", default: 0] > 3)
    #expect(sold["owner-ma", default: 0] > 1)
    let kinds = store.transactions.filter { $0.storefront == DemoWanwu.storefront }
      .map(\.transaction.cause.kind)
    #expect(kinds.contains(.award) && kinds.contains(.payout) && kinds.contains(.refund))
  }

  @Test("The operator signs in to either storefront, everybody else to the first only")
  func signsIn() throws {
    let shop = try Shop { $0.isDemo = true }
    let visitor = try Self.door(of: shop).desk()
    func signIn(_ wish: JSON) throws -> Desk.Reply { try visitor.post("/demo/session", wish) }
    let first = try signIn(["role": "operator"])
    #expect(first.body["storefront"]?.text == "demo")
    #expect(
      first.body["storefronts"]?.elements?.compactMap { $0["storefront"]?.text }
        == ["demo", "wanwu"])
    let second = try signIn(["role": "operator", "storefront": "wanwu"])
    #expect(second.body["storefront"]?.text == "wanwu")
    let token = try #require(second.body["token"]?.text)
    let path = "/v1/members/owner-ye/rank-preview?rank=gold&days=30"
    let wanwu = Desk(try HTTPClient("127.0.0.1", shop.server.address.port), token: token)
    let preview = try wanwu.get(path)
    let people = try #require(preview["people"]?.elements)
    let changes = people.map { $0["difference"]?.integer ?? 0 }
    #expect(changes.contains { $0 < 0 } && changes.contains { $0 > 0 }, "a separation")
    #expect(try signIn(["role": "host", "storefront": "wanwu"]).status == 422)
    #expect(try signIn(["role": "operator", "storefront": "shop"]).status == 422)
    let alone = try signIn(["role": "viewer"])
    #expect(alone.body["storefronts"]?.elements?.count == 1)
  }

  @Test("The books refused two entries, the warehouse is gone, and both take everything when asked")
  func otherSystems() throws {
    let receiver = try DemoReceiver.start()
    defer { receiver.stop() }
    let shop = try Shop {
      $0.isDemo = true
      $0.webhooks = receiver.endpoints
    }
    let desk = try Self.door(of: shop).desk()
    func endpoint(_ id: String) throws -> JSON {
      let all = try desk.get("/v1/webhooks")["webhooks"]?.elements ?? []
      return try #require(all.first { $0["endpoint"]?.text == id })
    }
    let books = try endpoint("books")
    #expect(books["state"]?.text == "runs" && books["dead"]?.integer == 2)
    let warehouse = try endpoint("warehouse")
    #expect(warehouse["state"]?.text == "stopped")
    #expect(warehouse["lag"]?.integer ?? 0 > 0)
    #expect(warehouse["types"] == ["ledger.sale", "ledger.refund"])
    let letters = try desk.get("/v1/webhooks/books/dead-letters")["deadLetters"]
    for letter in try #require(letters?.elements) {
      #expect(letter["attempts"]?.integer == 12)
      let sequence = try #require(letter["sequence"])
      try desk.done("/v1/webhooks/books/replay", ["from": sequence, "to": sequence])
      try WebhookSample.wait(for: "the books took \(sequence)") {
        try endpoint("books")["replay"] == .null
      }
    }
    #expect(try endpoint("books")["dead"]?.integer == 0)
    let next = try #require(warehouse["delivered"]?.integer) + 1
    try desk.done("/v1/webhooks/warehouse/replay", ["from": .integer(next)])
    try WebhookSample.wait(for: "the warehouse goes on") {
      try endpoint("warehouse")["delivered"]?.integer ?? 0 >= next
    }
  }

  @Test("The receiver takes what is genuine, balanced and its own, and has no time now and then")
  func receiver() throws {
    let secret = try DelegationSample.secret()
    let now = try Timestamp("2026-11-28T04:00:00Z")
    let address = try #require(CommissionAddress(host: "127.0.0.1", port: 9))
    let endpoint = WebhookEndpoint(
      key: WebhookKey(storefront: Demo.storefront, endpoint: DemoReceiver.books),
      address: address, path: "/books", secrets: [secret], kinds: nil, from: nil)
    var desk = DemoReceiverDesk([endpoint])
    func status(
      _ sequence: Int64, id: String? = nil, amounts: [Int64] = [-5, 5], path: String = "/books",
      signed: SigningSecret? = nil, at: Timestamp? = nil
    ) throws -> Int {
      let postings = amounts.map { JSON.object([JSON.Member("amount", .integer($0))]) }
      let body: JSON = ["data": ["sequence": .integer(sequence), "postings": .array(postings)]]
      let headers = MessageSignature.headers(
        id: id ?? "demo/books/\(sequence)", at: at ?? now, body: body.bytes,
        secret: signed ?? secret)
      let request = HTTPRequest(
        method: .post, target: try HTTPTarget(ArraySlice(path.utf8)), headers: headers,
        body: body.bytes)
      return desk.response(to: request, now: now).status
    }
    #expect(try status(1) == 204)
    #expect(try status(1) == 204, "a repeat is taken")
    #expect(try status(2, id: "demo/books/3") == 422)
    #expect(try status(2, amounts: [-5, 6]) == 422)
    #expect(try status(2, path: "/elsewhere") == 404)
    #expect(try status(2, signed: try DelegationSample.otherSecret()) == 401)
    #expect(try status(2, at: now.advanced(byMilliseconds: -301_000)) == 401)
    let busy = DemoReceiverDesk.busyEvery
    let answers = try (0...DemoReceiverDesk.busyTimes).map { _ in try status(busy) }
    #expect(answers == [503, 503, 503, 503, 204])
    #expect(try status(busy + 1) == 204)
  }

  private static func environment(at now: Timestamp) -> CallEnvironment {
    CallEnvironment(
      now: now, linkKeyID: 1, mac: { _, message in HMACSHA256.code(for: message, key: [1, 2]) },
      zone: { try TimeZones.table(named: $0) })
  }

  private static func door(of shop: Shop) -> Door {
    Door(
      port: shop.server.address.port, keyring: shop.server.keyring, storefront: Demo.storefront)
  }
}
