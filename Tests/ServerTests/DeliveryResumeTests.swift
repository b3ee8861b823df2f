// Who comes back, and who comes while things happen: every event once and in order, or an explicit no.

import Commerce
import Notation
import Testing
import Transport

@testable import Server

@Suite("Delivery: joining and coming back")
struct DeliveryResumeTests {
  private func since(_ epoch: JSON?, _ offset: Int64) -> JSON {
    ["room": "r1", "since": ["epoch": epoch ?? .null, "offset": .integer(offset)]]
  }

  @Test("Who was cut off gets exactly what they missed, in order, and then what comes")
  func missed() throws {
    let shop = try Shop.open()
    let host = try shop.door.visitor("lin", .host)
    var viewer: Visitor? = try shop.door.visitor("v1")
    let joined = try viewer?.done("room.join", ["room": "r1"])
    let offset = try #require(joined?["offset"]?.integer)
    viewer = nil
    for _ in 0..<5 {
      try host.done("room.pause", ["room": "r1"])
      try host.done("room.resume", ["room": "r1"])
    }
    let again = try shop.door.visitor("v1")
    let result = try again.done("room.join", since(joined?["epoch"], offset))
    #expect(result["recovered"] == true && result["listings"] == nil)
    #expect(result["events"]?.elements?.offsets == Array((offset + 1)...(offset + 10)))
    let kinds = result["events"]?.elements?.compactMap { $0["kind"]?.text }
    #expect(kinds == Array(repeating: ["room.paused", "room.resumed"], count: 5).flatMap { $0 })
    try host.done("room.pause", ["room": "r1"])
    try again.listen { !$0.events("r1").isEmpty }
    #expect(again.events("r1").offsets == [offset + 11])
  }

  @Test("Another epoch, or an offset that is not there yet, is not recovered and gets the room")
  func notRecovered() throws {
    let shop = try Shop.open()
    let viewer = try shop.door.visitor("v1")
    let joined = try viewer.done("room.join", ["room": "r1"])
    let epoch = try #require(joined["epoch"]?.integer)
    let offset = try #require(joined["offset"]?.integer)
    let cases: [(epoch: Int64, offset: Int64, isRecovered: Bool)] = [
      (epoch, offset, true), (epoch, 0, true), (epoch, offset + 1, false),
      (epoch, Int64.max, false), (epoch + 1, offset, false), (epoch - 1, offset, false),
      (0, 0, false),
    ]
    for (epoch, place, isRecovered) in cases {
      let result = try viewer.done("room.join", since(.integer(epoch), place))
      #expect(result["recovered"]?.bool == isRecovered, "\(epoch) \(place)")
      #expect((result["listings"] != nil) == !isRecovered)
      #expect((result["events"] != nil) == isRecovered)
      if isRecovered { #expect(result["events"]?.elements?.count == Int(offset - place)) }
    }
  }

  @Test("A thousand missed events are told again; of a thousand and one, none")
  func thousand() throws {
    let shop = try Shop.open()
    // Staff, whose calls have no pace.
    let host = try shop.door.visitor("lin", [.host, .operator])
    let viewer = try shop.door.visitor("v1")
    let joined = try viewer.done("room.join", ["room": "r1"])
    let offset = try #require(joined["offset"]?.integer)
    // Calls wait in one connection at most 64 at a time.
    for _ in 0..<17 {
      let calls = try (0..<30).flatMap { _ in
        [
          try host.begin("room.pause", ["room": "r1"]),
          try host.begin("room.resume", ["room": "r1"]),
        ]
      }
      for call in calls { _ = try host.answer(call).get() }
    }
    let now = offset + 17 * 60
    let again = try shop.door.visitor("v1")
    let most = try again.done("room.join", since(joined["epoch"], now - 1000))
    #expect(most["events"]?.elements?.offsets == Array((now - 999)...now))
    let more = try again.done("room.join", since(joined["epoch"], now - 1001))
    #expect(more["recovered"] == false && more["events"] == nil && more["offset"] == .integer(now))
    // Whoever stayed was told each of them.
    try viewer.listen { $0.events("r1").count >= 17 * 60 }
    #expect(viewer.events("r1").offsets == Array((offset + 1)...now))
  }

  @Test("Coming back while several write misses nothing and gets nothing twice")
  func races() throws {
    let shop = try Shop.open()
    let door = shop.door
    let rounds = 40
    let seen = try concurrently(5) { index -> [Int64] in
      guard index >= 3 else {
        let desk = try door.desk()
        for number in 0..<rounds {
          try desk.done("/v1/orders", Report.order("o\(index)-\(number)", buyer: "b\(index)"))
        }
        return []
      }
      return try Comer(door: door, person: "v\(index)").comeAndGo(times: rounds)
    }
    for offsets in seen where !offsets.isEmpty {
      let first = try #require(offsets.first)
      #expect(offsets == Array(first..<(first + Int64(offsets.count))))
    }
    let last = try door.desk().get("/v1/rooms/r1")
    // The room was opened and two products were listed before.
    #expect(last["offset"] == .integer(Int64(3 * rounds + 2)))
    #expect(seen[3].count >= rounds && seen[4].count >= rounds)
  }

  @Test("Twenty who join while things happen: what each is told has no gap after their snapshot")
  func joinRace() throws {
    let shop = try Shop.open { $0.loops = 2 }
    let door = shop.door
    try door.desk().importRows((0..<40).map { "s\($0),1000,600,100000," })
    let orders = 60
    let joins: [(JSON, Visitor.Box)] = try concurrently(22) { index in
      switch index {
      case 0:
        let host = try door.visitor("lin", .host)
        for number in 0..<40 {
          try host.done("listing.add", ["room": "r1", "sku": .string("s\(number)")])
        }
        return (.null, Visitor.Box(host))
      case 1:
        let desk = try door.desk()
        for number in 0..<orders { try desk.done("/v1/orders", Report.order("o\(number)")) }
        return (.null, Visitor.Box(try door.stranger()))
      default:
        let viewer = try door.visitor("v\(index)")
        return (try viewer.done("room.join", ["room": "r1"]), Visitor.Box(viewer))
      }
    }
    let end = try #require(
      try door.visitor("last").done("room.join", ["room": "r1"])["offset"]?.integer)
    for (joined, box) in joins.dropFirst(2) {
      let offset = try #require(joined["offset"]?.integer)
      let told = end - offset
      try box.visitor.listen { Int64($0.events("r1").count) >= told }
      #expect(box.visitor.events("r1").offsets == Array((offset + 1)..<(end + 1)))
      // Snapshot and events together are the room: 42 listings.
      let skus = (joined["listings"]?.elements ?? []).skus + box.visitor.addedSKUs("r1")
      #expect(skus.count == 42 && Set(skus).count == 42)
    }
  }
}

extension [JSON] {
  fileprivate var skus: [String] { compactMap { $0["sku"]?.text } }
}

extension Visitor {
  /// What was listed since the join.
  fileprivate func addedSKUs(_ room: String) -> [String] {
    var skus: [String] = []
    for event in events(room) where event["kind"] == "listing.added" {
      skus += event["listings"]?.elements?.skus ?? []
    }
    return skus
  }

  /// Carries a visitor from the thread that made it to the one that looks at it afterwards.
  ///
  /// `@unchecked Sendable` holds because the first thread has ended before the second one begins.
  struct Box: @unchecked Sendable {
    let visitor: Visitor
    init(_ visitor: Visitor) { self.visitor = visitor }
  }
}

/// Somebody whose connection breaks again and again.
private struct Comer {
  let door: Door
  let person: String

  /// Joins, listens a little, is cut off, comes back from where they were.
  ///
  /// - Returns: the offsets of everything told, in the order of telling.
  func comeAndGo(times: Int) throws -> [Int64] {
    var epoch: JSON?
    var told: [Int64] = []
    for _ in 0..<times {
      let visitor = try door.visitor(person)
      var wish: [JSON.Member] = [JSON.Member("room", "r1")]
      if let epoch, let last = told.last {
        wish.append(JSON.Member("since", ["epoch": epoch, "offset": .integer(last)]))
      }
      let joined = try visitor.done("room.join", .object(wish))
      if epoch == nil {
        epoch = joined["epoch"]
        told.append(joined["offset"]?.integer ?? -1)
      } else {
        try #require(joined["recovered"] == true)
      }
      told += joined["events"]?.elements?.offsets ?? []
      // Whatever has been pushed by the time something else is answered counts as told.
      try visitor.done("room.list")
      told += visitor.events("r1").offsets
    }
    return told
  }
}
