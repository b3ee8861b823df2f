// A running server that tells endpoints what was booked: endpoints that are well, away, hanging, gone,
// and come back. Time is the real one but where a test moves it; every wait asks until it is so.

import Commerce
import Coordination
import Glibc
import Notation
import Storage
import Synchronization
import Testing
import Transport
import Wire

@testable import Server

@Suite("A server with webhooks")
struct WebhookServerTests {
  @Test("Everything booked arrives in the order of the ledger, signed, each with its own id")
  func inOrder() throws {
    let receiver = try WebhookReceiver()
    let shop = try WebhookSample.shop([receiver.entry()])
    let desk = try shop.door.desk()
    for index in 1...70 { try WebhookSample.sell("o\(index)", at: desk) }
    let refund = Report.refund("o1", "x1", amount: 4_000)
    try desk.done(refund.path, refund.body)
    try WebhookSample.wait(for: "71 events") { receiver.arrivals.count >= 71 }
    #expect(receiver.arrivals.map(\.sequence) == Array(1...71))
    #expect(receiver.arrivals.allSatisfy { $0.isGenuine && $0.signatures == 1 })
    #expect(receiver.arrivals.map(\.id) == (1...71).map { "shop/books/\($0)" })
    let last = try #require(receiver.arrivals.last?.body)
    #expect(last["type"] == "ledger.refund")
    // What is told is what the ledger answers, and its own moment beside it.
    let told = try desk.get("/v1/ledger/transactions?from=71")["transactions"]?.elements?[0]
    #expect(
      told.map { Sample.adding("storefront", "shop", to: $0) }?.sortedMembers
        == last["data"]?.sortedMembers)
    #expect(last["timestamp"] == told?["at"])
    try WebhookSample.wait(for: "the progress") {
      try WebhookSample.webhook(at: desk)["delivered"] == 71
    }
    let view = try WebhookSample.webhook(at: desk)
    #expect(view["state"] == "runs" && view["lag"] == 0 && view["dead"] == 0)
    #expect(view["url"]?.text == receiver.address.description + "/hooks")
    #expect(!"\(view)".contains("whsec_"))
    #expect(receiver.arrivals.count == 71)
    let metrics = shop.server.health.metrics
    #expect(metrics.contains("\nwaggle_webhooks_delivered_total 71\n"))
    #expect(metrics.contains("\nwaggle_webhook_failures_total 0\n"))
  }

  @Test("While an endpoint is unwell sales go on, and later it gets everything once more in order")
  func recovers() throws {
    let receiver = try WebhookReceiver()
    receiver.answer([503, 500, 429], then: 204)
    let shop = try WebhookSample.shop([receiver.entry()])
    let desk = try shop.door.desk()
    for index in 1...5 { try WebhookSample.sell("o\(index)", at: desk) }
    try WebhookSample.wait(for: "5 events") { receiver.taken.count >= 5 }
    #expect(receiver.taken == [1, 2, 3, 4, 5])
    let first = receiver.arrivals.filter { $0.sequence == 1 }
    #expect(first.map(\.status) == [503, 500, 429, 204])
    // The same event at every attempt, to the byte.
    #expect(Set(first.map(\.id)) == ["shop/books/1"])
    #expect(first.allSatisfy { $0.body == first[0].body && $0.isGenuine })
  }

  @Test("Nobody listening: what was booked outlives the server and arrives when somebody does")
  func restart() throws {
    let receiver = try WebhookReceiver()
    receiver.answer([], then: 503)
    let shop = try WebhookSample.shop([receiver.entry()])
    for index in 1...3 { try WebhookSample.sell("o\(index)", at: try shop.door.desk()) }
    try WebhookSample.wait(for: "an attempt") { !receiver.arrivals.isEmpty }
    shop.server.stop()
    try shop.resume()
    let desk = try shop.door.desk()
    #expect(try WebhookSample.webhook(at: desk)["lag"] == 3)
    receiver.answer([])
    // It may be waiting for its next attempt; somebody has it go on.
    try desk.done("/v1/webhooks/books/replay", ["from": 1])
    try WebhookSample.wait(for: "3 events") { receiver.taken.count >= 3 }
    try WebhookSample.sell("o4", at: desk)
    try WebhookSample.wait(for: "the fourth") { receiver.taken.last == 4 }
    #expect(receiver.taken == [1, 2, 3, 4])
  }

  @Test("What was sent and could not be written down is sent again with the same id")
  func unstored() throws {
    let receiver = try WebhookReceiver()
    let shop = try WebhookSample.shop([receiver.entry()])
    let desk = try shop.door.desk()
    try WebhookSample.sell("o1", at: desk)
    try WebhookSample.wait(for: "the first") {
      try WebhookSample.webhook(at: desk)["delivered"] == 1
    }
    // The commit of the payment works; that of its having been told does not.
    let faults = shop.faults
    receiver.before { if $0 == 2 { faults.failsCommits.store(true, ordering: .relaxed) } }
    try WebhookSample.sell("o2", at: desk)
    try WebhookSample.wait(for: "a failed commit") { !shop.server.health.isReady }
    receiver.before { _ in }
    #expect(receiver.taken == [1, 2])
    #expect(try WebhookSample.webhook(at: desk)["delivered"] == 1)
    #expect(receiver.taken == [1, 2], "nothing is sent while nothing can be written down")
    shop.faults.failsCommits.store(false, ordering: .relaxed)
    try WebhookSample.wait(for: "the second") {
      try WebhookSample.webhook(at: desk)["delivered"] == 2
    }
    #expect(receiver.arrivals.map(\.id) == ["shop/books/1", "shop/books/2", "shop/books/2"])
  }

  @Test("An event refused twelve times is a dead letter, the next ones come, a replay delivers it")
  func deadLetter() throws {
    let clocks = ManualClocks()
    let receiver = try WebhookReceiver()
    receiver.answer(Array(repeating: 400, count: 12), then: 200)
    let shop = try WebhookSample.shop([receiver.entry()]) { clocks.set(&$0) }
    // The clock is moved by days; the token holds longer.
    let door = shop.door
    let token = try door.token("desk", [.backend, .operator], seconds: 10_000_000)
    let desk = Desk(try HTTPClient("127.0.0.1", door.port), token: token)
    try WebhookSample.sell("o1", at: desk)
    for attempt in 1...11 {
      try WebhookSample.wait(for: "attempt \(attempt)") {
        try WebhookSample.webhook(at: desk)["attempts"]?.integer == Int64(attempt)
      }
      #expect(receiver.arrivals.count == attempt)
      clocks.advance(WebhookDesk.backoff.limitMilliseconds)
    }
    try WebhookSample.wait(for: "the end") {
      try WebhookSample.webhook(at: desk)["dead"] == 1
    }
    try WebhookSample.sell("o2", at: desk)
    try WebhookSample.wait(for: "the next") { receiver.taken == [2] }
    let letters = try desk.get("/v1/webhooks/books/dead-letters")
    let letter = try #require(letters["deadLetters"]?.elements?.first)
    #expect(letter["event"] == "shop/books/1" && letter["attempts"] == 12)
    #expect(letter["failure"]?["code"] == "endpoint_refused")
    #expect(letter["failure"]?["message"]?.text?.hasSuffix("status 400: told") == true)
    #expect(letter["deliveredAt"] == .null && letters["after"] == .null)
    #expect(try desk.get("/v1/webhooks/books/dead-letters?after=1")["deadLetters"] == [])
    try WebhookSample.wait(for: "the figures") {
      shop.server.health.webhooks.total.dead == 1
    }
    try desk.done("/v1/webhooks/books/replay", ["from": 1, "to": 1])
    try WebhookSample.wait(for: "the replay") { receiver.taken == [2, 1] }
    #expect(Set(receiver.arrivals.filter { $0.sequence == 1 }.map(\.id)) == ["shop/books/1"])
    try WebhookSample.wait(for: "the list") {
      try WebhookSample.webhook(at: desk)["dead"] == 0
    }
    let delivered = try desk.get("/v1/webhooks/books/dead-letters")["deadLetters"]?.elements?[0]
    #expect(delivered?["deliveredAt"] != .null)
  }

  @Test("410 stops an endpoint in sight, over a restart too, until somebody has it go on")
  func gone() throws {
    let receiver = try WebhookReceiver()
    receiver.answer([204, 410], then: 204)
    let shop = try WebhookSample.shop([receiver.entry()])
    for index in 1...3 { try WebhookSample.sell("o\(index)", at: try shop.door.desk()) }
    try WebhookSample.wait(for: "the stop") {
      shop.server.health.webhooks.total.stopped == 1
    }
    shop.server.stop()
    try shop.resume()
    let desk = try shop.door.desk()
    let view = try WebhookSample.webhook(at: desk)
    #expect(view["state"] == "stopped" && view["failure"]?["code"] == "endpoint_gone")
    #expect(view["delivered"] == 1 && view["lag"] == 2 && view["stoppedAt"] != .null)
    #expect(receiver.arrivals.count == 2)
    try desk.done("/v1/webhooks/books/replay", ["from": 2])
    try WebhookSample.wait(for: "the rest") { receiver.taken == [1, 2, 3] }
  }

  @Test("An endpoint that hangs delays no report, and another endpoint is told all the same")
  func hanging() throws {
    let hanging = try WebhookReceiver()
    let well = try WebhookReceiver()
    hanging.answer([], then: 0)
    let shop = try WebhookSample.shop(
      [hanging.entry("hangs"), well.entry("well")], timeout: 4_000)
    let desk = try shop.door.desk()
    try WebhookSample.sell("o1", at: desk)
    try WebhookSample.wait(for: "a hanging request") { !hanging.arrivals.isEmpty }
    let began = monotonicMilliseconds()
    for index in 2...6 { try WebhookSample.sell("o\(index)", at: desk) }
    // Ten reports, while the request hangs for four seconds.
    #expect(monotonicMilliseconds() - began < 3_900)
    #expect(hanging.arrivals.count == 1)
    try WebhookSample.wait(for: "six events") { well.taken == [1, 2, 3, 4, 5, 6] }
    #expect(hanging.arrivals.count == 1, "the first request hangs still")
    try WebhookSample.wait(for: "the reason") {
      try WebhookSample.webhook(at: desk)["failure"]?["code"] == "endpoint_timed_out"
    }
    hanging.answer([])
  }

  @Test("An endpoint is told of its own storefront only, and of the types that it wants")
  func apart() throws {
    let receiver = try WebhookReceiver()
    let shop = try WebhookSample.shop([
      receiver.entry("refunds", [JSON.Member("types", ["ledger.refund"])]),
      receiver.entry("theirs", storefront: "other"),
    ])
    let desk = try shop.door.desk()
    try WebhookSample.sell("o1", at: desk)
    let refund = Report.refund("o1", "x1", amount: 100)
    try desk.done(refund.path, refund.body)
    try WebhookSample.sell("o2", at: desk)
    try WebhookSample.wait(for: "the end of the ledger") {
      try WebhookSample.webhook(at: desk)["delivered"] == 3
    }
    #expect(receiver.arrivals.map(\.id) == ["shop/refunds/2"])
    #expect(try desk.get("/v1/webhooks")["webhooks"]?.elements?.count == 1)
    var other = shop.door
    other.storefront = StorefrontID(trusted: "other")
    let stranger = try other.desk([.backend, .operator, .host, .promoter, .viewer, .broker])
    try stranger.put("/v1/storefront", ["name": "Other", "plan": "fengxiang"])
    let theirs = try #require(try stranger.get("/v1/webhooks")["webhooks"]?.elements)
    #expect(theirs.map { $0["endpoint"] } == ["theirs"])
    for reply in [
      try stranger.post("/v1/webhooks/refunds/replay", ["from": 1]),
      try stranger.send(.get, "/v1/webhooks/refunds/dead-letters", nil),
    ] {
      #expect(reply.code == "unknown_endpoint" && reply.status == 404)
    }
    // A storefront that came after the start: all of its ledger is told.
    try stranger.done(
      "/v1/members", ["member": "lin", "joinedAt": "2026-01-01T00:00:00Z"])
    try stranger.done(
      "/v1/orders",
      [
        "order": "o1", "buyer": "v", "seller": "lin", "placedAt": .string(wallClock().description),
        "lines": [["sku": "tea", "units": 1, "paid": 10_000]],
      ])
    let payment = Report.payment("o1")
    try stranger.done(payment.path, payment.body)
    try WebhookSample.wait(for: "their sale") { receiver.arrivals.count == 2 }
    #expect(receiver.arrivals.last?.id == "other/theirs/1")
    #expect(receiver.arrivals.last?.body["data"]?["storefront"] == "other")
  }

  @Test(
    "A new endpoint begins behind the present end, or where its entry says; a secret is changed")
  func beginning() throws {
    let receiver = try WebhookReceiver()
    let shop = try WebhookSample.shop([])
    for index in 1...3 { try WebhookSample.sell("o\(index)", at: try shop.door.desk()) }
    shop.server.stop()
    let both: [JSON.Member] = [
      JSON.Member("from", 2), JSON.Member("previousSecret", .string(DelegationSample.secretText)),
    ]
    WebhookSample.write(
      [
        receiver.entry("new"),
        receiver.entry("since", secret: DelegationSample.otherSecretText, both),
      ], to: shop.directory + "/keys.json")
    try shop.resume()
    let desk = try shop.door.desk()
    try WebhookSample.sell("o4", at: desk)
    try WebhookSample.wait(for: "four events") { receiver.arrivals.count >= 4 }
    let new = receiver.arrivals.filter { $0.id.hasPrefix("shop/new/") }
    #expect(new.map(\.sequence) == [4] && new.allSatisfy { $0.signatures == 1 })
    let since = receiver.arrivals.filter { $0.id.hasPrefix("shop/since/") }
    #expect(since.map(\.sequence) == [2, 3, 4] && since.allSatisfy { $0.signatures == 2 })
    #expect(receiver.arrivals.allSatisfy { $0.isGenuine })
    // Dropped from the file, it is still seen, and sent nothing.
    try WebhookSample.wait(for: "the progress") {
      try WebhookSample.webhook(at: desk, 1)["delivered"] == 4
    }
    shop.server.stop()
    WebhookSample.write([], to: shop.directory + "/keys.json")
    try shop.resume()
    let later = try shop.door.desk()
    try WebhookSample.sell("o5", at: later)
    let view = try WebhookSample.webhook(at: later, 1)
    #expect(view["url"] == .null && view["delivered"] == 4 && view["lag"] == 1)
  }

  @Test("A server without endpoints has nothing to tell, and says so")
  func none() throws {
    let shop = try Shop.open()
    let desk = try shop.door.desk()
    try WebhookSample.sell("o1", at: desk)
    #expect(try desk.get("/v1/webhooks") == ["webhooks": [], "sequence": 1])
    #expect(try desk.post("/v1/webhooks/x/replay", ["from": 1]).code == "unknown_endpoint")
  }
}

extension JSON {
  /// The members of an object in order of name, to compare objects whatever their order.
  fileprivate var sortedMembers: [JSON.Member]? {
    members?.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
  }
}
