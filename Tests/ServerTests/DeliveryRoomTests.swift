// The two lanes of a room: events in order and complete, figures as they are at last; who is there;
// and what becomes of somebody who does not read.

import Commerce
import Notation
import Synchronization
import Testing
import Transport
import Wire

@testable import Server

@Suite("Delivery: rooms, figures, presence")
struct DeliveryRoomTests {
  @Test("The events of every order come in its order, among those of others, with no gap")
  func order() throws {
    let shop = try Shop.open()
    let door = shop.door
    let viewer = try door.visitor("v0")
    let offset = try #require(try viewer.done("room.join", ["room": "r1"])["offset"]?.integer)
    _ = try concurrently(3) { index in
      let desk = try door.desk()
      for number in 0..<8 {
        // The units tell the orders apart, which events of others do not name.
        let (order, units) = ("o\(index)-\(number)", Int64(index * 8 + number + 1))
        try desk.done("/v1/orders", Report.order(order, units: units))
        for report in [
          Report.payment(order), Report.delivery(order),
          Report.refund(order, "f-" + order, amount: 10_000 * units),
        ] { try desk.done(report.path, report.body) }
      }
    }
    try viewer.listen { $0.events("r1").count == 72 }
    let events = viewer.events("r1")
    #expect(events.offsets == Array((offset + 1)...(offset + 72)))
    for units in Int64(1)...24 {
      let kinds = events.filter { $0["lines"]?.elements?.first?["units"] == .integer(units) }
        .compactMap { $0["kind"]?.text }
      #expect(kinds == ["order.placed", "order.paid", "order.refunded"])
    }
    let forbidden = ["buyer", "promoter", "paid", "amount", "shares", "order"]
    #expect(events.allSatisfy { event in forbidden.allSatisfy { event[$0] == nil } })
  }

  @Test("A host's product sets are listed in order of id, page by page, each with its size")
  func sets() throws {
    let shop = try Shop.open()
    let host = try shop.door.visitor("lin", .host)
    for (set, skus) in [("c", ["tea"]), ("a", ["tea", "rare"]), ("b", ["rare"])] as [(String, JSON)]
    {
      try host.done("set.define", ["set": .string(set), "title": "茶", "skus": skus])
    }
    let first = try host.done("set.list", ["limit": 2])
    #expect(first["sets"]?.elements?.map { $0["set"] } == ["a", "b"])
    #expect(first["sets"]?.elements?.map { $0["skus"] } == [2, 1])
    #expect(first["after"] == "b")
    let rest = try host.done("set.list", ["limit": 2, "after": "b"])
    #expect(rest == ["sets": [["set": "c", "title": "茶", "skus": 1]], "after": .null])
  }

  @Test("What a room's timeline tells adds up to the room's figures, and only its host is told")
  func timeline() throws {
    let clock = MovedClock()
    let shop = try Shop.open { $0.clock = { clock.now } }
    let begun = clock.now
    clock.advance(days: 1)
    let (desk, host) = (try shop.door.longDesk(), try shop.door.longVisitor("lin", .host))
    for order in ["o1", "o2", "o3", "unpaid"] { try desk.done("/v1/orders", Report.order(order)) }
    for (order, seconds) in [("o1", 0), ("o2", 0), ("o3", 3_600)] as [(String, Int64)] {
      let paidAt = begun.advanced(byMilliseconds: 60_000 + seconds * 1000)
      try desk.done(
        "/v1/orders/\(order)/payment",
        ["payment": .string("p-" + order), "paidAt": .string(paidAt.description)])
    }
    let refund = Report.refund("o1", "f1", amount: 10_000)
    try desk.done(refund.path, refund.body)
    let told = try host.done("room.timeline", ["room": "r1"])
    #expect(told["stepSeconds"] == 30 && told["complete"] == true && told["currency"] == "CNY")
    let points = try #require(told["points"]?.elements)
    #expect(points.map { $0["orders"] } == [2, 1] && points.map { $0["units"] } == [2, 1])
    #expect(points.map { $0["gmv"] } == [20_000, 10_000])
    let room = try desk.get("/v1/rooms/r1")
    #expect(room["orders"] == 3 && room["gmv"] == 30_000 && room["refunded"] == 10_000)
    let other = try shop.door.longVisitor("zoe", .host)
    guard case .failure(let refusal) = try other.call("room.timeline", ["room": "r1"]) else {
      Issue.record("another host was told")
      return
    }
    #expect(refusal.code == "not_your_room")
  }

  @Test("The last figures after quiet are the ledger's, and pending is never shown as available")
  func figures() throws {
    let clock = MovedClock()
    let shop = try Shop.open { $0.clock = { clock.now } }
    let door = shop.door
    let chen = try door.longVisitor("chen", .promoter)
    let staff = try door.longVisitor("olga", .operator)
    try chen.done("ticker.subscribe", ["ticker": "earnings"])
    try chen.done("ticker.subscribe", ["ticker": "earnings", "room": "r1"])
    try staff.done("ticker.subscribe", ["ticker": "room", "room": "r1"])
    try staff.done("ticker.subscribe", ["ticker": "storefront"])
    _ = try concurrently(3) { index in
      let desk = try door.desk()
      for number in 0..<10 { try desk.sell("o\(index)-\(number)", promoter: "chen") }
    }
    let desk = try door.longDesk()
    try desk.sell("last", promoter: "chen")
    let sequence = try desk.get("/v1/storefront")["sequence"]
    try chen.listen {
      $0.earnings(nil)?["sequence"] == sequence && $0.earnings("r1")?["sequence"] == sequence
    }
    try staff.listen {
      $0.latest("ticker.room")?["sequence"] == sequence
        && $0.latest("ticker.storefront")?["sequence"] == sequence
    }
    let member = try desk.get("/v1/members/chen")
    #expect(member["sequence"] == sequence)
    for balance in ["pending", "available", "paid", "debt"] {
      #expect(chen.earnings(nil)?[balance] == member["balances"]?[balance], "\(balance)")
    }
    #expect(try #require(member["balances"]?["pending"]?.integer) > 0)
    #expect(chen.earnings("r1")?["pending"] == member["balances"]?["pending"])
    let told = chen.pushes.filter { $0.method == "ticker.earnings" }
    #expect(told.allSatisfy { $0["available"] == 0 })
    let sequences = told.filter { $0["room"] == .null }.compactMap { $0["sequence"]?.integer }
    #expect(sequences == sequences.sorted())
    try compareTotals(staff, desk)

    // Ten days later everything is due; a statement pays it out.
    clock.advance(days: 10)
    try desk.done("/v1/releases", .object([]))
    let due = try #require(member["balances"]?["pending"])
    try chen.listen { $0.earnings(nil)?["available"] == due }
    #expect(chen.earnings(nil)?["pending"] == 0 && chen.earnings(nil)?["paid"] == 0)
    try desk.done("/v1/statements", ["statement": "s1"])
    try chen.listen { $0.earnings(nil)?["paid"] == due }
    #expect(chen.earnings(nil)?["available"] == 0 && chen.earnings("r1")?["paid"] == .null)
    let now = try desk.get("/v1/members/chen")
    for balance in ["pending", "available", "paid", "debt"] {
      #expect(chen.earnings(nil)?[balance] == now["balances"]?[balance], "\(balance)")
    }
  }

  private func compareTotals(_ staff: Visitor, _ desk: Desk) throws {
    let room = try desk.get("/v1/rooms/r1")
    let storefront = try desk.get("/v1/storefront")
    for total in ["orders", "units", "gmv", "refunded"] {
      #expect(staff.latest("ticker.room")?[total] == room[total], "\(total)")
      #expect(staff.latest("ticker.storefront")?[total] == storefront[total], "\(total)")
    }
    #expect(room["orders"] == 31)
  }

  @Test("Somebody on two connections is one viewer, until the last of them has gone")
  func presence() throws {
    let shop = try Shop.open()
    let door = shop.door
    let host = try door.visitor("lin", [.host, .operator])
    func count() throws -> [JSON?] {
      let figures = try host.done("ticker.subscribe", ["ticker": "room", "room": "r1"])
      return [figures["watching"], figures["unique"]]
    }
    // A cut is noticed in its own time: asked again until it is, or the test's time is over.
    func becomes(_ expected: [JSON?]) throws {
      let deadline = monotonicMilliseconds() + 10_000
      while try count() != expected, monotonicMilliseconds() < deadline {}
      #expect(try count() == expected)
    }
    var first: Visitor? = try door.visitor("v1")
    let second = try door.visitor("v1")
    var other: Visitor? = try door.visitor("v2")
    try first?.done("room.join", ["room": "r1"])
    #expect(try count() == [1, 1])
    try second.done("room.join", ["room": "r1"])
    try second.done("room.join", ["room": "r1"])
    #expect(try count() == [1, 1])
    let joined = try other?.done("room.join", ["room": "r1"])
    #expect(joined?["watching"] == 2 && joined?["unique"] == 2)
    first = nil
    try becomes([2, 2])
    try second.done("room.leave", ["room": "r1"])
    try becomes([1, 2])
    try second.done("room.leave", ["room": "r1"])
    #expect(try count() == [1, 2])
    other = nil
    try becomes([0, 2])
    try second.done("room.join", ["room": "r1"])
    #expect(try count() == [1, 2])
    _ = (first, other)
  }

  @Test("A promoter's watching viewers are those whose visit is theirs, wherever the visit moves")
  func brought() throws {
    let shop = try Shop.open()
    let door = shop.door
    let links = [try door.link("chen"), try door.link("dong")]
    let members = [try door.visitor("chen", .promoter), try door.visitor("dong", .promoter)]
    func watching() throws -> [JSON?] {
      try members.map {
        try $0.done("ticker.subscribe", ["ticker": "earnings", "room": "r1"])["watching"]
      }
    }
    let viewers = [try door.visitor("v1"), try door.visitor("v2")]
    for viewer in viewers { try viewer.done("room.join", ["room": "r1", "link": links[0]]) }
    #expect(try watching() == [2, 0])
    try viewers[0].done("room.join", ["room": "r1", "link": links[1]])
    #expect(try watching() == [1, 1])
    try viewers[0].done("room.leave", ["room": "r1"])
    #expect(try watching() == [1, 0])
  }

  @Test("Who does not read is closed with 3008, told nothing after that, and nobody else suffers")
  func slowConsumer() throws {
    let shop = try Shop.open()
    let door = shop.door
    let rooms = 31
    let skus = try door.importLargeItems(100)
    let host = try door.visitor("lin", [.host, .operator])
    let silent = try SilentViewer(door)
    let reader = try door.visitor("v2")
    try silent.say(1, "session.open", ["token": .string(try door.token("v1", .viewer))])
    for room in 0..<rooms {
      let id = JSON.string("big\(room)")
      try host.done("room.open", ["room": id])
      try silent.say(Int64(room + 2), "room.join", ["room": id])
    }
    for room in ["big0", "big1"] { try reader.done("room.join", ["room": .string(room)]) }
    try host.listenUntilWatching(1, room: "big\(rooms - 1)")
    // Each event is well above a hundred kilobytes; the system's buffers hold a few megabytes.
    var sent: [String] = []
    for part in [skus.prefix(50), skus.suffix(50)] {
      for room in 0..<rooms
      where shop.server.health.slowConsumers.load(ordering: .relaxed) == 0 {
        sent.append("big\(room)")
        try host.done(
          "listing.add", ["room": .string("big\(room)"), "skus": .array(Array(part))])
      }
    }
    #expect(shop.server.health.slowConsumers.load(ordering: .relaxed) == 1)
    let (texts, closeCode) = try silent.readAll()
    #expect(closeCode == 3008)
    let told = texts.compactMap(SilentViewer.room(ofEvent:))
    #expect(told == Array(sent.prefix(told.count)))
    #expect(!told.isEmpty && told.count < sent.count)
    try host.done("room.pause", ["room": "big1"])
    try reader.listen { $0.events("big1").last?["kind"] == "room.paused" }
    for room in ["big0", "big1"] {
      let offsets = reader.events(room).offsets
      #expect(offsets == Array(2..<(Int64(offsets.count) + 2)))
    }
    try host.listenUntilWatching(0, room: "big\(rooms - 1)")
  }
}

extension SilentViewer {
  /// The room of an event's text, read from its beginning only: the texts are long.
  fileprivate static func room(ofEvent text: [UInt8]) -> String? {
    let start = Array(#"{"jsonrpc":"2.0","method":"room.event","params":{"room":""#.utf8)
    guard text.starts(with: start) else { return nil }
    return String(
      decoding: text.dropFirst(start.count).prefix { $0 != UInt8(ascii: "\"") }, as: UTF8.self)
  }
}

extension Door {
  /// Imports items as large as a catalogue may have them.
  fileprivate func importLargeItems(_ count: Int) throws -> [JSON] {
    let picture = "https://example.com/" + String(repeating: "x", count: 2000)
    let title = String(repeating: "W", count: 900)
    var rows = "sku,product,supplier,title,price,cost,ratePpm,picture\n"
    for number in 0..<count {
      rows += "w\(number),w\(number),sup,\(title),100,50,100000,\(picture)\n"
    }
    try desk().importText(rows)
    return (0..<count).map { .string("w\($0)") }
  }
}

/// The wall clock, moved on by a test.
private final class MovedClock: Sendable {
  private let moved = Atomic<Int64>(0)

  var now: Timestamp { wallClock().advanced(byMilliseconds: moved.load(ordering: .acquiring)) }

  func advance(days: Int64) { moved.add(days * 86_400_000, ordering: .acquiringAndReleasing) }
}

extension Door {
  fileprivate static let month: Int64 = 2_592_000

  fileprivate func longVisitor(_ person: String, _ scopes: Token.Scopes) throws -> Visitor {
    let visitor = try stranger()
    let token = try token(person, scopes, seconds: Door.month)
    try visitor.done("session.open", ["token": .string(token)])
    return visitor
  }

  fileprivate func longDesk() throws -> Desk {
    Desk(
      try HTTPClient("127.0.0.1", port),
      token: try token("desk", [.backend, .operator], seconds: Door.month))
  }
}

extension Desk {
  /// An order by a promoter's code, paid and delivered.
  fileprivate func sell(_ order: String, promoter: String) throws {
    let report = Report.order(order, buyer: "b-" + order)
    try done(
      "/v1/orders",
      .object((report.members ?? []) + [JSON.Member("promoter", .string(promoter))]))
    for report in [Report.payment(order), Report.delivery(order)] {
      try done(report.path, report.body)
    }
  }
}

extension Visitor {
  /// The latest earnings pushed, in a room or in total.
  fileprivate func earnings(_ room: String?) -> JSON? {
    let wanted = room.map { JSON.string($0) } ?? .null
    return pushes.last { $0.method == "ticker.earnings" && $0["room"] == wanted }?.parameters
  }

  /// Asks until so many watch a room.
  fileprivate func listenUntilWatching(_ count: Int64, room: String) throws {
    let deadline = monotonicMilliseconds() + 10_000
    while monotonicMilliseconds() < deadline {
      let figures = try done("ticker.subscribe", ["ticker": "room", "room": .string(room)])
      if figures["watching"] == .integer(count) { return }
    }
    throw ClientError.timedOut
  }
}
