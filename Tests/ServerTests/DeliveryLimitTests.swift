// What a connection may not do, and what it is told then. Clocks are moved, never waited for.

import Notation
import Testing
import Transport
import Wire

@testable import Server

@Suite("Delivery: limits of a connection")
struct DeliveryLimitTests {
  @Test("A message of 64 KiB is read; one byte more closes with 1009")
  func longMessage() throws {
    let shop = try Shop()
    let visitor = try shop.door.stranger()
    try visitor.socket.send(.text, Array(repeating: UInt8(ascii: "x"), count: 65_536))
    guard case .text(let text) = try visitor.socket.receive() else {
      Issue.record("no answer")
      return
    }
    #expect(try JSON.read(text)["error"]?["data"]?["code"] == "parse_error")
    try visitor.socket.send(.text, Array(repeating: UInt8(ascii: "x"), count: 65_537))
    #expect(try visitor.readToEnd() == 1009)
  }

  @Test("The fragments of a message count together")
  func fragments() throws {
    let shop = try Shop()
    let visitor = try shop.door.stranger()
    let half = Array(repeating: UInt8(ascii: "x"), count: 32_769)
    try visitor.socket.send(.text, half, isFinal: false)
    try visitor.socket.send(.continuation, half)
    #expect(try visitor.readToEnd() == 1009)
  }

  @Test("What is no text closes with the code that says so")
  func badContent() throws {
    let shop = try Shop()
    let cases: [(WebSocketOpcode, [UInt8], UInt16)] = [
      (.text, [0x7b, 0xc3, 0x28], 1007), (.text, [0xed, 0xa0, 0x80], 1007), (.binary, [1], 1003),
      (.text, [0xf0, 0x9f, 0x90], 1007),
    ]
    for (opcode, bytes, code) in cases {
      let visitor = try shop.door.stranger()
      try visitor.socket.send(opcode, bytes)
      #expect(try visitor.readToEnd() == code)
    }
  }

  @Test("A connection that does not say who it is is closed with 3500 after ten seconds")
  func unauthenticated() throws {
    let clocks = ManualClocks()
    let shop = try Shop.open(clocks.set)
    let stranger = try shop.door.stranger()
    let viewer = try shop.door.visitor("v1")
    clocks.advance(9_000)
    guard case .failure(let refusal) = try stranger.call("room.join", ["room": "r1"]) else {
      Issue.record("a stranger came in")
      return
    }
    #expect(refusal.code == "unauthenticated")
    clocks.advance(1_999)
    #expect(try stranger.readToEnd() == 3500)
    try viewer.done("room.join", ["room": "r1"])
  }

  @Test("A session whose token has ended is told so, and closed with 3501 after 25 seconds more")
  func expired() throws {
    let clocks = ManualClocks()
    let shop = try Shop.open(clocks.set)
    let visitor = try shop.door.stranger()
    let token = try shop.door.token("v1", .viewer, seconds: 60, now: clocks.wall)
    try visitor.done("session.open", ["token": .string(token)])
    let kept = try shop.door.stranger()
    try kept.done("session.open", ["token": .string(token)])
    clocks.advance(61_500)
    guard case .failure(let refusal) = try visitor.call("room.list") else {
      Issue.record("an expired token was good")
      return
    }
    #expect(refusal.code == "token_expired")
    let fresh = try shop.door.token("v1", .viewer, seconds: 60, now: clocks.wall)
    try kept.done("session.refresh", ["token": .string(fresh)])
    clocks.advance(26_000)
    #expect(try visitor.readToEnd() == 3501)
    try kept.done("room.list")
  }

  @Test("Three refused tokens close with 3500; one that is good in between begins the count anew")
  func refusedTokens() throws {
    let shop = try Shop.open()
    let visitor = try shop.door.stranger()
    let bad: JSON = ["token": "not.a.token"]
    for _ in 0..<2 { _ = try visitor.call("session.open", bad) }
    try visitor.done("session.open", ["token": .string(try shop.door.token("v1", .viewer))])
    for _ in 0..<2 { _ = try visitor.call("session.open", bad) }
    try visitor.done("room.list")
    _ = try visitor.begin("session.open", bad)
    #expect(try visitor.readToEnd() == 3500)
  }

  @Test("Of 150 calls at once, each is answered once: with a result, or that it is busy")
  func flood() throws {
    let shop = try Shop.open()
    let viewer = try shop.door.visitor("v1")
    var bytes: [UInt8] = []
    for id in 1001...1150 {
      let call = Visitor.request(Int64(id), "room.list", .object([]))
      bytes += WebSocketEncoder.text(call.bytes, mask: 0x0102_0304)
    }
    try viewer.socket.write(raw: bytes)
    var busy = 0
    for id in 1001...1150 {
      switch try viewer.answer(Int64(id)) {
      case .success: break
      case .failure(let refusal):
        #expect(refusal.code == "busy" && refusal.isTemporary)
        busy += 1
      }
    }
    #expect(busy > 0 && busy <= 86)
    try viewer.done("room.list")
    #expect(viewer.answers.isEmpty)
  }

  @Test("A batch of calls, notifications and rubbish is answered as one array in its order")
  func batch() throws {
    let shop = try Shop.open()
    let viewer = try shop.door.visitor("v1")
    let entries: [JSON] = [
      Visitor.request(101, "room.list", .object([])), 7,
      Visitor.request(nil, "room.list", .object([])), ["jsonrpc": "2.0", "id": 102],
      Visitor.request(103, "room.join", ["room": "none"]),
      Visitor.request(104, "no.such", .object([])), ["jsonrpc": "1.0", "id": 105, "method": "x"],
      Visitor.request(nil, "no.such", .object([])),
      Visitor.request(106, "room.join", ["room": "r1"]), "text",
      Visitor.request(107, "listing.add", ["room": "r1", "sku": "tea"]),
      Visitor.request(108, "order.place", ["key": "k", "room": "r1", "sku": "tea", "units": 1]),
    ]
    try viewer.socket.send(text: JSON.array(entries).description)
    try viewer.listen { !$0.batches.isEmpty }
    let answers = viewer.batches[0]
    #expect(
      answers.map { $0["id"] } == [101, .null, 102, 103, 104, 105, 106, .null, 107, 108])
    #expect(
      answers.map { $0["error"]?["data"]?["code"]?.text } == [
        nil, "invalid_request", "invalid_request", "unknown_room", "unknown_method",
        "invalid_request", nil, "invalid_request", "forbidden", nil,
      ])
    // Notifications alone are not answered at all, and an empty batch or one too long by one entry.
    try viewer.socket.send(text: "[\(Visitor.request(nil, "room.list", .object([])))]")
    let request = Visitor.request(1, "room.list", .object([]))
    for batch in [JSON.array([]), .array(Array(repeating: request, count: 33))] {
      let count = viewer.refusedMessages
      try viewer.socket.send(text: batch.description)
      try viewer.listen { $0.refusedMessages > count }
    }
    let most = (201...232).map { Visitor.request(Int64($0), "room.list", .object([])) }
    try viewer.socket.send(text: JSON.array(most).description)
    try viewer.listen { $0.batches.count > 1 }
    #expect(viewer.batches[1].map { $0["id"]?.integer } == (201...232).map { Int64($0) })
  }

  @Test("Who leaves before the answer to their joining has come is not in the room afterwards")
  func leaveAtOnce() throws {
    let shop = try Shop.open()
    let host = try shop.door.visitor("lin", .host)
    let viewer = try shop.door.visitor("v1")
    try viewer.socket.send(
      text: JSON.array([
        Visitor.request(101, "room.join", ["room": "r1"]),
        Visitor.request(102, "room.leave", ["room": "r1"]),
      ]).description)
    try viewer.listen { $0.batches.count == 1 }
    let figures = try host.done("ticker.subscribe", ["ticker": "room", "room": "r1"])
    #expect(figures["watching"] == 0 && figures["unique"] == 1)
    try host.done("room.pause", ["room": "r1"])
    try viewer.done("room.list")
    #expect(viewer.events("r1").isEmpty)
  }

  @Test(
    "Joins and subscriptions that are on their way count: sent ahead, no more than the limit get in"
  )
  func sentAhead() throws {
    let shop = try Shop.open()
    let host = try shop.door.visitor("lin", .host)
    for number in 2...70 {
      try host.done("room.open", ["room": .string("r\(number)"), "title": "Tea"])
    }
    let visitor = try shop.door.visitor("v1")
    func codes(_ calls: [(String, JSON)]) throws -> [String] {
      try calls.map { try visitor.begin($0.0, $0.1) }.map { id in
        if case .failure(let refusal) = try visitor.answer(id) { refusal.code } else { "done" }
      }
    }
    let joins: [(String, JSON)] = (1...40).map { ("room.join", ["room": .string("r\($0)")]) }
    let joined = try codes(joins)
    #expect(joined.count { $0 == "done" } == Session.roomsMax)
    #expect(joined.count { $0 == "too_many_rooms" } == 8)
    // What was refused or failed on its way is not counted for ever.
    for number in 1...20 { try visitor.done("room.leave", ["room": .string("r\(number)")]) }
    let missing: [(String, JSON)] = (1...30).map { ("room.join", ["room": .string("x\($0)")]) }
    // Twenty have room at once; more do where some are answered while others are still being sent.
    let refused = try codes(missing)
    #expect(refused.count { $0 == "unknown_room" } >= 20)
    #expect(refused.allSatisfy { $0 == "unknown_room" || $0 == "too_many_rooms" })
    #expect(try codes(Array(joins[0..<20])).allSatisfy { $0 == "done" })

    let watcher = try shop.door.visitor("lin", .host)
    let batch = JSON.array(
      (1...70).map { number in
        Visitor.request(
          Int64(1_000 + number), "ticker.subscribe",
          ["ticker": "room", "room": .string("r\(number)")])
      }.dropLast(38))
    try watcher.socket.send(text: batch.description)
    let others = try (33...64).map {
      try watcher.begin("ticker.subscribe", ["ticker": "room", "room": .string("r\($0)")])
    }
    for id in others { _ = try watcher.answer(id) }
    try watcher.listen { !$0.batches.isEmpty }
    let more = try watcher.call("ticker.subscribe", ["ticker": "room", "room": "r70"])
    guard case .failure(let refusal) = more else {
      Issue.record("a sixty-fifth ticker is watched")
      return
    }
    #expect(refusal.code == "too_many_tickers")
  }
}
