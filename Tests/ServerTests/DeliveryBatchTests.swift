// Calls that come in one message are decided and committed together, and what they bring leaves together.

import Notation
import Synchronization
import Testing

@testable import Server

@Suite("Delivery: batches of calls")
struct DeliveryBatchTests {
  @Test("The calls of one message are one commit, and their events one frame to everybody")
  func together() throws {
    let shop = try Shop.open()
    let host = try shop.door.visitor("lin", .host)
    let viewer = try shop.door.visitor("v1")
    try viewer.done("room.join", ["room": "r1"])
    let health = shop.server.health
    let skus = ["tea", "rare"]
    for round in 0..<20 {
      let commits = health.commits.load(ordering: .relaxed)
      let messages = viewer.eventMessages
      let events = viewer.events("r1").count
      // The other product each time: pinning what is pinned tells nobody anything.
      let calls = (0..<8).map { place in
        Visitor.request(
          Int64(place), "listing.pin",
          ["room": "r1", "sku": .string(skus[place % 2])])
      }
      try host.socket.send(text: JSON.array(calls).description)
      try host.listen { $0.batches.count == round + 1 }
      try viewer.listen { $0.events("r1").count >= events + 8 }
      #expect(health.commits.load(ordering: .relaxed) == commits + 1, "round \(round)")
      #expect(viewer.eventMessages == messages + 1, "round \(round)")
    }
  }

  @Test("Messages that are gathered count as waiting, and come together")
  func gathered() {
    let mailbox = Mailbox<Int>(capacity: 3)
    var outbox = Outbox(to: mailbox)
    #expect(mailbox.offer(1))
    #expect(outbox.offer(2) && outbox.offer(3))
    // Full, with what nobody can take yet.
    #expect(!outbox.offer(4) && !mailbox.offer(4))
    #expect(mailbox.count == 3 && mailbox.isNearlyFull)
    #expect(mailbox.take(waitingMilliseconds: 0) == [1])
    #expect(mailbox.count == 2)
    #expect(outbox.offer(5) && !outbox.offer(6))
    // Whoever only tells is never refused.
    mailbox.post(7)
    outbox.send()
    #expect(mailbox.take(waitingMilliseconds: 0) == [7, 2, 3, 5])
    outbox.send()
    #expect(mailbox.count == 0 && mailbox.take(waitingMilliseconds: 0).isEmpty)
    #expect(outbox.offer(8) && outbox.offer(9) && outbox.offer(10) && !outbox.offer(11))
  }
}
