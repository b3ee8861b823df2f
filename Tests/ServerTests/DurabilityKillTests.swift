// The program killed in the middle of its work, again and again: whatever it had acknowledged is there
// exactly once, whatever it had pushed is told again, and everything else can be repeated.

import Glibc
import Notation
import Synchronization
import Testing
import Transport

@testable import Server

/// A report that was sent, and the answer, if there was one.
private struct Sent: Sendable {
  let path: String
  let body: JSON
  let answer: JSON?
  /// What it changes in what buyers have paid, all told.
  let paid: Int64
}

/// Numbers that a seed decides (splitmix64).
private struct Seeded: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}

/// One after the other: a process that is started just now could inherit the pipe to another one.
@Suite("Durability: the program is killed", .serialized)
struct DurabilityKillTests {
  private static let reporters = 3

  @Test("What was acknowledged before kill -9 is there exactly once, and nothing pushed is lost")
  func killed() throws {
    let directory = try temporaryDirectory()
    defer { removeDirectory(directory) }
    var random = Seeded(state: 20_260_301)
    var acknowledged: [Sent] = []
    for round in 0..<6 {
      let child = try Child(directory: directory)
      let room = "k\(round)"
      if round == 0 { try child.door.furnish() }
      let host = try child.door.visitor("lin", .host)
      try host.done("room.open", ["room": .string(room)])
      try host.done("listing.add", ["room": .string(room), "sku": "tea"])
      let watcher = try child.door.visitor("w1")
      let joined = try watcher.done("room.join", ["room": .string(room)])
      let sent = try report(
        to: child, room: room, killAfter: Int.random(in: 10...70, using: &random),
        delayNanoseconds: Int64.random(in: 0...3_000_000, using: &random))
      try watcher.readToEnd()
      #expect(child.end(SIGKILL) == -1)

      let again = try Child(directory: directory)
      acknowledged += try check(sent, again.door)
      try checkEvents(watcher, joined, room, again.door)
      #expect(try Child.run(["verify", "--data", directory]) == 0)
      try checkMoney(acknowledged, again.door)
      again.end(SIGKILL)
    }
    // Every fact of every round, after twelve kills.
    let last = try Child(directory: directory)
    let desk = try last.door.desk()
    for fact in acknowledged {
      let reply = try desk.post(fact.path, fact.body)
      #expect(reply.status == 200 && reply.isRepeat && reply.body == fact.answer)
    }
    try checkMoney(acknowledged, last.door)
    #expect(last.end(SIGTERM) == 0)
    #expect(try Child.run(["verify", "--data", directory]) == 0)
  }

  /// Reports from several connections until the process is killed, a moment after so many answers.
  private func report(
    to child: Child, room: String, killAfter: Int, delayNanoseconds: Int64
  ) throws -> [Sent] {
    let (door, kill) = (child.door, child.killer)
    let answers = Atomic<Int>(0)
    return try concurrently(DurabilityKillTests.reporters) { index in
      var sent: [Sent] = []
      let desk = try door.desk()
      for number in 0... {
        for fact in DurabilityKillTests.facts("\(room)-\(index)-\(number)", room, number) {
          guard let reply = try? desk.post(fact.path, fact.body) else {
            sent.append(fact)
            return sent
          }
          try #require(reply.status == 201, "\(fact.path): \(reply.body)")
          sent.append(
            Sent(path: fact.path, body: fact.body, answer: reply.body, paid: fact.paid))
          if answers.add(1, ordering: .relaxed).newValue == killAfter {
            DurabilityKillTests.spin(nanoseconds: delayNanoseconds)
            kill()
          }
        }
      }
      return sent
    }.flatMap { $0 }
  }

  /// Passes some time without giving the processor away, so that the moment is what the seed says.
  private static func spin(nanoseconds: Int64) {
    func now() -> Int64 {
      var time = timespec()
      clock_gettime(CLOCK_MONOTONIC, &time)
      return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
    let end = now() + nanoseconds
    while now() < end {}
  }

  /// The reports about one order: placed, paid, received, and every other time partly refunded.
  private static func facts(_ order: String, _ room: String, _ number: Int) -> [Sent] {
    var reports: [(path: String, body: JSON, paid: Int64)] = [
      ("/v1/orders", Report.order(order, buyer: "b-" + order, room: room), 0)
    ]
    let payment = Report.payment(order)
    reports.append((payment.path, payment.body, 10_000))
    if number.isMultiple(of: 2) {
      let refund = Report.refund(order, "f-" + order, amount: 3_333)
      reports.append((refund.path, refund.body, -3_333))
    } else {
      let delivery = Report.delivery(order)
      reports.append((delivery.path, delivery.body, 0))
    }
    return reports.map { Sent(path: $0.path, body: $0.body, answer: nil, paid: $0.paid) }
  }

  /// Repeats everything: what was acknowledged is answered as before, what was not is accepted.
  ///
  /// - Returns: all of it, acknowledged now.
  private func check(_ sent: [Sent], _ door: Door) throws -> [Sent] {
    let desk = try door.desk()
    var unanswered = 0
    let all = try sent.map { fact in
      let reply = try desk.post(fact.path, fact.body)
      if let answer = fact.answer {
        #expect(reply.status == 200 && reply.isRepeat, "\(fact.path): \(reply.body)")
        #expect(reply.body == answer)
      } else {
        // It may have been stored and the answer been lost; once more it is there either way.
        unanswered += 1
        #expect(reply.status == (reply.isRepeat ? 200 : 201), "\(fact.path): \(reply.body)")
        let repeated = try desk.post(fact.path, fact.body)
        #expect(repeated.isRepeat && repeated.body == reply.body)
      }
      return Sent(path: fact.path, body: fact.body, answer: reply.body, paid: fact.paid)
    }
    #expect(unanswered == DurabilityKillTests.reporters)
    return all
  }

  /// What was pushed before the kill was committed, and coming back has no gap.
  private func checkEvents(
    _ watcher: Visitor, _ joined: JSON, _ room: String, _ door: Door
  ) throws {
    let epoch = try #require(joined["epoch"])
    let first = try #require(joined["offset"]?.integer)
    let pushed = watcher.events(room)
    #expect(pushed.offsets == (0..<pushed.count).map { first + Int64($0) + 1 })
    let result = try door.visitor("w1").done(
      "room.join",
      ["room": .string(room), "since": ["epoch": epoch, "offset": .integer(first)]])
    #expect(result["recovered"] == true)
    let stored = result["events"]?.elements ?? []
    #expect(Array(stored.prefix(pushed.count)) == pushed)
    #expect(stored.offsets == (0..<stored.count).map { first + Int64($0) + 1 })
  }

  private func checkMoney(_ facts: [Sent], _ door: Door) throws {
    let ledger = try door.desk().get("/v1/ledger")
    let paid = facts.reduce(0) { $0 + $1.paid }
    #expect(ledger["sum"] == 0)
    #expect(ledger["parties"]?["buyers"] == .integer(-paid), "\(ledger)")
    let orders = facts.count { $0.path.hasSuffix("/payment") }
    #expect(try door.desk().get("/v1/storefront")["orders"] == .integer(Int64(orders)))
  }

  @Test("A disk that takes no more is a temporary error and red readiness, until it takes more")
  func fullDisk() throws {
    let directory = try temporaryDirectory()
    defer { removeDirectory(directory) }
    let child = try Child(directory: directory)
    try child.door.furnish()
    let desk = try child.door.desk()
    #expect(try desk.post("/v1/orders", Report.order("o1")).status == 201)
    let before = try desk.get("/v1/rooms/r1")
    try child.limitFiles(bytes: 4096)
    for number in 2...4 {
      let reply = try desk.post("/v1/orders", Report.order("o\(number)"))
      #expect(reply.status == 503 && reply.code == "storage_unavailable", "\(reply.body)")
      #expect(try child.door.status("/readyz") == 503)
    }
    #expect(try desk.get("/v1/rooms/r1") == before)
    try child.limitFiles(bytes: nil)
    for number in 2...4 {
      #expect(try desk.post("/v1/orders", Report.order("o\(number)")).status == 201)
    }
    #expect(try child.door.status("/readyz") == 200)
    let last = try #require(before["offset"]?.integer)
    #expect(try desk.get("/v1/rooms/r1")["offset"] == .integer(last + 3))
    #expect(child.end(SIGTERM) == 0)
    #expect(try Child.run(["verify", "--data", directory]) == 0)
  }
}
