// A stop with many clients: each is told when to come back, spread over a window, and where to go on.

import Glibc
import Notation
import Synchronization
import Testing
import Transport

@testable import Server

@Suite("Operations: a stop with many clients")
struct OperationsDrainTests {
  private static let viewers = 120

  @Test(
    "Everybody gets a delay of their own and the point to go on from, then 1012, then everything back"
  )
  func spread() throws {
    let shop = try Shop.open { $0.drainMilliseconds = 10_000 }
    let door = shop.door
    var viewers: [Visitor] = []
    for index in 0..<Self.viewers {
      let viewer = try door.visitor("v\(index)")
      if index.isMultiple(of: 2) { try viewer.done("room.join", ["room": "r1"]) }
      viewers.append(viewer)
    }
    let desk = try door.desk()
    for number in 0..<5 { try desk.done("/v1/orders", Report.order("o\(number)")) }
    // Who has seen the last event before the stop must not be told to go on from an earlier one.
    let last = try #require(try desk.get("/v1/rooms/r1")["offset"]?.integer)
    for (index, viewer) in viewers.enumerated() where index.isMultiple(of: 2) {
      try viewer.listen { $0.events("r1").offsets.last == last }
    }
    let server = shop.server
    let stopping = try startThread(name: "stop") { server.stop() }
    var delays: [Int64] = []
    var point: JSON?
    for (index, viewer) in viewers.enumerated() {
      #expect(try viewer.readToEnd() == 1012)
      let advices = viewer.pushes.filter { $0.method == "session.closing" }
      #expect(advices.count == 1)
      let advice = try #require(advices.first)
      delays.append(try #require(advice["reconnectAfterMilliseconds"]?.integer))
      let resume = try #require(advice["resume"]?.elements)
      if index.isMultiple(of: 2) {
        #expect(resume.count == 1 && resume[0]["room"] == "r1")
        #expect(resume[0]["offset"] == .integer(last))
        point = resume[0]
      } else {
        #expect(resume.isEmpty)
      }
    }
    pthread_join(stopping, nil)
    #expect(delays.allSatisfy { (1_000...2_000).contains($0) })
    // Of 120 numbers out of 1,001, drawn one by one, about 113 differ; both halves have about 60.
    #expect(Set(delays).count > 80)
    #expect((20...100).contains(delays.count { $0 < 1_500 }))

    try shop.resume()
    let found = try #require(point)
    let since: JSON = ["epoch": found["epoch"] ?? .null, "offset": found["offset"] ?? .null]
    let again = try shop.door.visitor("v0")
    let result = try again.done("room.join", ["room": "r1", "since": since])
    #expect(result["recovered"] == true && result["events"]?.elements?.isEmpty == true)
    let metrics = shop.server.health.metrics
    #expect(metrics.contains("waggle_recoveries_total{recovered=\"true\"} 1\n"))
  }

  @Test("The window grows with the clients, between a second and a minute")
  func window() {
    func window(_ connections: Int, _ perSecond: Int = 1_000) -> Int64 {
      ClosingAdvice.windowMilliseconds(connections: connections, perSecond: perSecond)
    }
    #expect(window(0) == 1_000 && window(1_000) == 1_000 && window(1_001) == 1_001)
    #expect(window(60_000) == 60_000 && window(1_000_000) == 60_000)
    #expect(window(100, 0) == 60_000)
  }

  @Test("A stop that gives notice is not ready, serves on, and ends at once when it is hurried")
  func notice() throws {
    let shop = try Shop.open {
      $0.noticeMilliseconds = 600_000
      $0.drainMilliseconds = 600_000
    }
    let (door, server) = (shop.door, shop.server)
    let viewer = try door.visitor("v1")
    try viewer.done("room.join", ["room": "r1"])
    let stopping = try startThread(name: "stop") { server.stop() }
    while try door.status("/readyz") == 200 {}
    let order: JSON = ["key": "k1", "room": "r1", "sku": "tea", "units": 1]
    try viewer.done("order.place", order)
    #expect(viewer.latest("session.closing") == nil)
    server.hurry()
    pthread_join(stopping, nil)
    try shop.resume()
    // The next stop would give notice, too.
    defer { shop.server.hurry() }
    #expect(try shop.door.visitor("v1").done("order.get", ["order": "v1~k1"])["state"] == "placed")
  }

  @Test("A stop ends in its time though an endpoint has not answered yet; it is told afterwards")
  func lateEndpoint() throws {
    let receiver = try WebhookReceiver()
    let isHeld = Atomic<Bool>(true)
    defer { isHeld.store(false, ordering: .releasing) }
    receiver.before { _ in while isHeld.load(ordering: .acquiring) { usleep(1_000) } }
    let shop = try WebhookSample.shop([receiver.entry()], timeout: 8_000)
    let arrived = receiver.begun
    try WebhookSample.sell("o1", at: try shop.door.desk())
    try WebhookSample.wait(for: "the event") { receiver.begun > arrived }
    let begin = monotonicMilliseconds()
    shop.server.stop()
    #expect(monotonicMilliseconds() - begin < 4_000)
    isHeld.store(false, ordering: .releasing)
    try shop.resume()
    try WebhookSample.wait(for: "the event again") { receiver.taken.count >= 2 }
    #expect(Set(receiver.taken) == [1])
  }
}
