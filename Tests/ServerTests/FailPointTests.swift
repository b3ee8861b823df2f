// The program ends itself, as by kill -9, at each of the places where that would hurt most; then what
// is there is exactly what may be there after an end at that place.

import Crypto
import Glibc
import Notation
import Synchronization
import Testing
import Transport
import Wire

@testable import Server

@Suite("Durability: the program ends at a fail point", .serialized)
struct FailPointTests {
  private final class Endings: Sendable {
    let count = Atomic<Int>(0)
  }

  @Test("A fail point is a name and perhaps a count, and ends the program at that passage")
  func reads() throws {
    for text in ["", "before-commit:", "before-commit:0", "after", "after-commit:1:2", ":1", " "] {
      #expect(ArmedFailPoint(text) == nil, "\(text)")
    }
    for point in FailPoint.allCases {
      let endings = Endings()
      let text = point.rawValue + ":2"
      let end = { @Sendable in _ = endings.count.add(1, ordering: .relaxed) }
      let armed = try #require(ArmedFailPoint(text, end: end))
      for other in FailPoint.allCases where other != point { armed.pass(other) }
      armed.pass(point)
      #expect(endings.count.load(ordering: .relaxed) == 0)
      armed.pass(point)
      armed.pass(point)
      #expect(endings.count.load(ordering: .relaxed) == 1)
    }
    let directory = try temporaryDirectory()
    defer { removeDirectory(directory) }
    #expect(throws: CommandFailure.self) { try Child(directory: directory, failPoint: "nowhere") }
  }

  /// What may be there after an end at one of the writer's places.
  private struct Ending: Sendable, CustomTestStringConvertible {
    let point: FailPoint
    /// Whether the last report was answered, is there, and was pushed.
    let isAnswered: Bool
    let isStored: Bool
    var testDescription: String { point.rawValue }
  }

  @Test(
    "Around a commit a report is there if it was stored, answered or not, and is never pushed early",
    arguments: [
      Ending(point: .beforeCommit, isAnswered: false, isStored: false),
      Ending(point: .afterCommit, isAnswered: false, isStored: true),
      Ending(point: .afterReply, isAnswered: true, isStored: true),
    ])
  private func writer(_ ending: Ending) throws {
    let directory = try temporaryDirectory()
    defer { removeDirectory(directory) }
    let first = try Child(directory: directory)
    try first.door.furnish()
    try first.door.visitor("w1").done("room.join", ["room": "r1"])
    #expect(first.end(SIGTERM) == 0)
    for round in 1...3 {
      let child = try Child(directory: directory, failPoint: "\(ending.point.rawValue):\(round)")
      let watcher = try child.door.visitor("w1")
      let joined = try watcher.done("room.join", ["room": "r1"])
      let (answered, last) = try report(to: child, round)
      try watcher.readToEnd()
      #expect(child.end(SIGKILL) == -1)
      #expect(answered == (ending.isAnswered ? round : round - 1))

      let again = try Child(directory: directory)
      let offset = try #require(joined["offset"]?.integer)
      let pushed = watcher.events("r1")
      // What was published may still wait for its flush; what was not published was never pushed.
      #expect(pushed.count < round)
      #expect(pushed.offsets == (0..<pushed.count).map { offset + Int64($0) + 1 })
      let missed = try again.door.visitor("w1").done(
        "room.join",
        ["room": "r1", "since": ["epoch": joined["epoch"] ?? .null, "offset": .integer(offset)]])
      #expect(missed["recovered"] == true)
      let told = missed["events"]?.elements ?? []
      #expect(told.count == (ending.isStored ? round : round - 1))
      #expect(Array(told.prefix(pushed.count)) == pushed)
      let desk = try again.door.desk()
      let repeated = try desk.post("/v1/orders", last)
      #expect(repeated.status == (ending.isStored ? 200 : 201))
      #expect(repeated.isRepeat == ending.isStored)
      #expect(try desk.get("/v1/ledger")["sum"] == 0)
      #expect(again.end(SIGTERM) == 0)
      #expect(try Child.run(["verify", "--data", directory]) == 0)
    }
  }

  /// Reports orders one after the other until the process is gone.
  ///
  /// - Returns: how many were answered, and the last one reported.
  private func report(to child: Child, _ round: Int) throws -> (answered: Int, last: JSON) {
    let desk = try child.door.desk()
    var last = JSON.null
    for number in 0..<100 {
      last = Report.order("o\(round)-\(number)")
      guard let reply = try? desk.post("/v1/orders", last) else { return (number, last) }
      try #require(reply.status == 201, "\(reply.body)")
      // The connection of a process that ends 50 ms after its answer may still take another call.
      if number + 1 == round, child.endsWithin(milliseconds: 2_000) { return (round, last) }
    }
    Issue.record("the process did not end")
    return (100, last)
  }

  @Test(
    "An order that a commission service settles is booked once, wherever the server ends",
    arguments: [(FailPoint.settlementAnswered, 2), (FailPoint.settlementBooked, 1)])
  func settlement(_ point: FailPoint, timesAsked: Int) throws {
    let asked = Endings()
    let honest = CommissionService(keys: try DelegationSample.keys(DelegationSample.secretText))
    let service = try ScriptedService { request in
      asked.count.add(1, ordering: .relaxed)
      return honest.response(to: request)
    }
    let directory = try temporaryDirectory()
    defer { removeDirectory(directory) }
    try DelegationSample.writeKeys(directory, service.address)
    let child = try Child(directory: directory, failPoint: point.rawValue)
    try child.door.furnish()
    let desk = try child.door.desk()
    try desk.put("/v1/storefront", ["name": "Shop", "settlement": "books"])
    try desk.done("/v1/orders", Report.order("o1"))
    let payment = Report.payment("o1")
    try desk.done(payment.path, payment.body)
    #expect(child.endsWithin(milliseconds: 10_000))
    #expect(child.end(SIGKILL) == -1)

    let again = try Child(directory: directory)
    let later = try again.door.desk()
    #expect(try later.post(payment.path, payment.body).isRepeat)
    let end = monotonicMilliseconds() + 10_000
    while try later.get("/v1/unsettled")["count"] != 0, monotonicMilliseconds() < end {
      usleep(2_000)
    }
    #expect(try later.get("/v1/orders/o1")["settlement"]?["settled"] == true)
    let ledger = try later.get("/v1/ledger")
    #expect(ledger["sum"] == 0 && ledger["parties"]?["buyers"] == -10_000)
    #expect(ledger["parties"]?["unsettled"] == 0, "\(ledger)")
    // A service whose answer was lost is asked again; one whose answer was booked is not.
    #expect(asked.count.load(ordering: .relaxed) == timesAsked)
    #expect(again.end(SIGTERM) == 0)
    #expect(try Child.run(["verify", "--data", directory]) == 0)
  }
}
