// Many at once for what only one can have: units, viewers, ids.

import Notation
import Synchronization
import Testing
import Transport

@testable import Server

@Suite("Durability: money under concurrency")
struct DurabilityMoneyTests {
  @Test("Eight who buy the last ten units at once get ten between them")
  func lastUnits() throws {
    let shop = try Shop.open()
    let door = shop.door
    let codes = try concurrently(8) { index -> [String] in
      if index.isMultiple(of: 2) {
        let desk = try door.desk()
        return try (0..<4).map { number in
          let order = Report.order("o\(index)-\(number)", sku: "rare", price: 5000)
          let reply = try desk.post("/v1/orders", order)
          return reply.code ?? "\(reply.status)"
        }
      }
      let viewer = try door.visitor("v\(index)")
      return try (0..<4).map { number in
        let wish: JSON = [
          "key": .string("k\(number)"), "room": "r1", "sku": "rare", "units": 1,
        ]
        switch try viewer.call("order.place", wish) {
        case .success: return "201"
        case .failure(let refusal): return refusal.code
        }
      }
    }.flatMap { $0 }
    #expect(codes.count { $0 == "201" } == 10)
    #expect(codes.count { $0 == "out_of_stock" } == 22)
    let found = try door.desk().get("/v1/catalogue?text=rare")
    #expect(found["items"]?.elements?.first?["left"] == 0, "\(found)")
  }

  @Test("Of two links that a new viewer opens at the same moment, one locks and the other knows")
  func lock() throws {
    let shop = try Shop.open()
    let door = shop.door
    let links = [try door.link("chen"), try door.link("dong")]
    let viewers = 25
    let touches = try concurrently(2) { index -> [JSON] in
      let desk = try door.desk()
      return try (0..<viewers).map { number in
        try desk.done(
          "/v1/touches",
          [
            "viewer": .string("v\(number)"), "link": links[index],
            "touchedAt": .string(wallClock().description),
          ])
      }
    }
    for number in 0..<viewers {
      let both = [touches[0][number], touches[1][number]]
      let winners = both.filter { $0["lock"] == "won" }
      #expect(winners.count == 1, "\(both)")
      #expect(both.allSatisfy { $0["lockedTo"] == winners.first?["promoter"] })
    }
  }

  @Test("An order reported by four at once is one order: one 201, and the same answer for all")
  func sameOrder() throws {
    let shop = try Shop.open()
    let door = shop.door
    let orders = (0..<10).map { Report.order("o\($0)", buyer: "v\($0)") }
    let replies = try concurrently(4) { _ in
      let desk = try door.desk()
      return try orders.map { try desk.post("/v1/orders", $0) }
    }
    for number in orders.indices {
      let all = replies.map { $0[number] }
      #expect(all.map(\.status).sorted() == [200, 200, 200, 201])
      #expect(all.allSatisfy { $0.isRepeat == ($0.status == 200) })
      #expect(all.allSatisfy { $0.body == all[0].body })
    }
    #expect(try door.desk().get("/v1/orders?room=r1")["orders"]?.elements?.count == 10)
  }

  @Test("Refunds from several at once never give back more than was paid")
  func refunds() throws {
    let shop = try Shop.open()
    let door = shop.door
    let desk = try door.desk()
    try desk.done("/v1/orders", Report.order("o1"))
    let payment = Report.payment("o1")
    try desk.done(payment.path, payment.body)
    let codes = try concurrently(4) { index -> [String] in
      let desk = try door.desk()
      return try (0..<5).map { number in
        let refund = Report.refund("o1", "f\(index)-\(number)", amount: 1000)
        let reply = try desk.post(refund.path, refund.body)
        return reply.code ?? "\(reply.status)"
      }
    }.flatMap { $0 }
    #expect(codes.count { $0 == "201" } == 10)
    #expect(codes.count { $0 == "refund_exceeds_paid" } == 10)
    let ledger = try desk.get("/v1/ledger")
    #expect(ledger["sum"] == 0)
    #expect(try desk.get("/v1/orders/o1")["net"] == 0)
  }
}

@Suite("Durability: a disk that fails while the server runs")
struct DurabilityDiskTests {
  @Test(
    "Every report is refused for now, readiness is red, and all is well again without a restart")
  func disk() throws {
    let clocks = ManualClocks()
    let shop = try Shop.open(clocks.set)
    let desk = try shop.door.desk()
    let viewer = try shop.door.visitor("v1")
    try viewer.done("room.join", ["room": "r1"])
    try desk.done("/v1/orders", Report.order("o1"))
    let before = try desk.get("/v1/rooms/r1")
    shop.faults.failsCommits.store(true, ordering: .relaxed)
    for number in 2...4 {
      let reply = try desk.post("/v1/orders", Report.order("o\(number)"))
      #expect(reply.status == 503 && reply.code == "storage_unavailable")
      #expect(reply.body["temporary"] == true)
      #expect(try shop.door.status("/readyz") == 503)
      // The clock's own work finds the disk as it is too.
      clocks.advance(2000)
      let repeated = try desk.post("/v1/orders", Report.order("none", room: "none"))
      #expect(repeated.code == "unknown_room")
      #expect(try shop.door.status("/readyz") == 503)
    }
    #expect(try desk.get("/v1/rooms/r1") == before)
    #expect(viewer.events("r1").count <= 1)
    #expect(try shop.door.status("/livez") == 200)

    shop.faults.failsCommits.store(false, ordering: .relaxed)
    for number in 2...4 {
      let reply = try desk.post("/v1/orders", Report.order("o\(number)"))
      #expect(reply.status == 201)
      #expect(try shop.door.status("/readyz") == 200)
    }
    // Events that follow soon after others wait for the clock, which nobody else moves.
    let deadline = monotonicMilliseconds() + 10_000
    while viewer.events("r1").count < 4, monotonicMilliseconds() < deadline {
      clocks.advance(100)
      try viewer.done("room.list")
    }
    let first = try #require(before["offset"]?.integer)
    #expect(viewer.events("r1").offsets == Array(first..<(first + 4)))
  }

  @Test("A server that nobody writes to notices by itself that its disk is back")
  func recovers() throws {
    let clocks = ManualClocks()
    let shop = try Shop.open(clocks.set)
    let desk = try shop.door.desk()
    shop.faults.failsCommits.store(true, ordering: .relaxed)
    #expect(try desk.post("/v1/orders", Report.order("o1")).status == 503)
    #expect(try shop.door.status("/readyz") == 503)
    shop.faults.failsCommits.store(false, ordering: .relaxed)
    clocks.advance(2000)
    // Anything that wakes the writer, and stores nothing.
    #expect(try desk.post("/v1/orders", Report.order("o", room: "none")).code == "unknown_room")
    // The sweep comes after the answer of its round; the next round, after the sweep.
    #expect(try desk.post("/v1/orders", Report.order("o", room: "none")).code == "unknown_room")
    #expect(try shop.door.status("/readyz") == 200)
  }
}
