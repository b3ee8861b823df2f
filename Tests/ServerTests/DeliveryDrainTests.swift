// An orderly stop: what was accepted is answered, clients are told when to come back, and find
// everything when they do.

import Glibc
import Notation
import Synchronization
import Testing
import Transport

@testable import Server

@Suite("Delivery: an orderly stop")
struct DeliveryDrainTests {
  private func order(_ key: String) -> JSON {
    ["key": .string(key), "room": "r1", "sku": "tea", "units": 1]
  }

  @Test("What was accepted before a stop is answered before the connection closes with 1012")
  func answered() throws {
    let shop = try Shop.open { $0.drainMilliseconds = 10_000 }
    let health = shop.server.health
    let viewer = try shop.door.visitor("v1")
    let joined = try viewer.done("room.join", ["room": "r1"])
    let desk = try shop.door.desk()
    let before = health.callsAccepted.load(ordering: .acquiring)
    shop.faults.holdsCommits.store(true, ordering: .releasing)
    defer { shop.faults.holdsCommits.store(false, ordering: .releasing) }
    let calls = [
      try viewer.begin("order.place", order("k1")), try viewer.begin("order.place", order("k2")),
    ]
    try desk.begin(.post, "/v1/orders", Report.order("o1").bytes)
    while health.callsAccepted.load(ordering: .acquiring) < before + 3 { sched_yield() }
    shop.faults.awaitHeldCommit()
    let server = shop.server
    let stopping = try startThread(name: "stop") { server.stop() }
    try viewer.listen { $0.latest("session.closing") != nil }
    let advice = viewer.latest("session.closing")?["reconnectAfterMilliseconds"]?.integer ?? 0
    #expect((1000...2000).contains(advice))
    // The server says that it stops before it stops to take anything: this comes after.
    guard case .failure(let late) = try viewer.call("room.list") else {
      Issue.record("a call was taken after the stop had begun")
      return
    }
    #expect(late.code == "busy" && late.isTemporary)
    shop.faults.holdsCommits.store(false, ordering: .releasing)
    for (call, id) in zip(calls, ["v1~k1", "v1~k2"]) {
      #expect(try viewer.answer(call).get()["order"] == .string(id))
    }
    #expect(try viewer.readToEnd() == 1012)
    #expect(try desk.finish().status == 201)
    pthread_join(stopping, nil)

    try shop.resume()
    let again = try shop.door.visitor("v1")
    let since: JSON = ["epoch": joined["epoch"] ?? .null, "offset": joined["offset"] ?? .null]
    let result = try again.done("room.join", ["room": "r1", "since": since])
    #expect(result["recovered"] == true && result["events"]?.elements?.count == 3)
    #expect(try again.done("order.place", order("k1"))["order"] == "v1~k1")
    #expect(try again.done("room.join", ["room": "r1"])["offset"] == result["offset"])
  }

  @Test("A stop under load loses no answer: what is stored is what was answered")
  func underLoad() throws {
    let shop = try Shop.open { $0.drainMilliseconds = 10_000 }
    try shop.door.desk().importRows(["bulk,100,50,100000,1000000"])
    try shop.door.list(["bulk"])
    let (door, server) = (shop.door, shop.server)
    let taken = Atomic<Int>(0)
    let counts = try concurrently(4) { index -> Int in
      if index == 0 {
        while taken.load(ordering: .acquiring) < 60 { sched_yield() }
        server.stop()
        return 0
      }
      return try Buyer(visitor: try door.visitor("v\(index)")).buy {
        taken.add(1, ordering: .acquiringAndReleasing)
      }
    }
    try shop.resume()
    let found = try shop.door.desk().get("/v1/catalogue?text=bulk")
    let left = found["items"]?.elements?.first?["left"]?.integer
    #expect(left == 1_000_000 - Int64(counts.reduce(0, +)))
    #expect(counts.reduce(0, +) >= 60)
  }
}

/// Somebody who buys one unit after another, several at once, until the connection ends.
private struct Buyer {
  let visitor: Visitor

  /// - Returns: how many orders were answered with a result.
  func buy(_ count: () -> Void) throws -> Int {
    var bought = 0
    var calls: [Int64] = []
    func settle(_ call: Int64) throws {
      if case .success = try visitor.answer(call) {
        bought += 1
        count()
      }
    }
    do {
      while visitor.latest("session.closing") == nil {
        let wish: JSON = [
          "key": .string("k\(bought)-\(calls.count)-\(monotonicMilliseconds())"), "room": "r1",
          "sku": "bulk", "units": 1,
        ]
        calls.append(try visitor.begin("order.place", wish))
        if calls.count > 8 { try settle(calls.removeFirst()) }
      }
      for call in calls { try settle(call) }
      try visitor.readToEnd()
    } catch ClientError.closed {
      // Whatever is not answered by now never will be.
    }
    return bought
  }
}
