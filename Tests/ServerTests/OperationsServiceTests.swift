// The program under a supervisor: it says how it is doing, and a restart refuses nobody.

import Glibc
import Notation
import Synchronization
import Testing
import Wire

@testable import Server
@testable import Transport

/// One after the other: a process that is started just now could inherit the pipe to another one.
@Suite("Operations: under a supervisor", .serialized)
struct OperationsServiceTests {
  /// What came of the requests of one client.
  private struct Tally: Sendable {
    var answered = 0
    var refused = 0
    var cut: [String] = []
  }

  @Test("A restart refuses no connection: whoever comes meanwhile waits in the socket's queue")
  func restarts() throws {
    let directory = try temporaryDirectory()
    defer { removeDirectory(directory) }
    let socket = try HeldSocket()
    let port = socket.port
    var service = try Service(directory: directory, on: socket)
    #expect(service.firstLine == "waggle is ready on http://127.0.0.1:\(port)")
    let isOver = Atomic<Bool>(false)
    let served = Atomic<Int>(0)
    let clients = 3
    let restarts = 4
    let tallies = Mutex<[Tally]>([])
    var threads: [pthread_t] = []
    for _ in 0..<clients {
      threads.append(
        try startThread(name: "client") {
          var tally = Tally()
          while !isOver.load(ordering: .acquiring) {
            do throws(ClientError) {
              let client = try HTTPClient("127.0.0.1", port)
              let response = try client.send(.get, "/livez")
              tally.answered += response.status == 200 ? 1 : 0
              served.add(1, ordering: .relaxed)
            } catch {
              if case .system(let error) = error, error.code == ECONNREFUSED {
                tally.refused += 1
              } else {
                tally.cut.append("\(error)")
              }
            }
          }
          tallies.withLock { $0.append(tally) }
        })
    }
    for _ in 0..<restarts {
      let before = served.load(ordering: .relaxed)
      while served.load(ordering: .relaxed) < before + 100 { sched_yield() }
      #expect(service.wait(after: SIGTERM) == 0)
      service = try Service(directory: directory, on: socket)
    }
    let before = served.load(ordering: .relaxed)
    while served.load(ordering: .relaxed) < before + 100 { sched_yield() }
    isOver.store(true, ordering: .releasing)
    for thread in threads { pthread_join(thread, nil) }
    let all = tallies.withLock { $0 }
    #expect(all.count == clients && all.allSatisfy { $0.refused == 0 })
    #expect(all.flatMap(\.cut) == [])
    #expect(all.reduce(0) { $0 + $1.answered } >= restarts * 100)
    #expect(service.wait(after: SIGTERM) == 0)
  }

  @Test(
    "A supervisor hears that the server is ready, alive, and stopping", arguments: [false, true])
  func notifies(isAbstract: Bool) throws {
    let directory = try temporaryDirectory()
    defer { removeDirectory(directory) }
    let name =
      isAbstract ? "@waggle-test-\(getpid())-\(monotonicMilliseconds())" : directory + "/notify"
    let supervisor = try Listening(name)
    let service = try Service(directory: directory, notify: name)
    var lines: [String] = []
    while !lines.contains("READY=1") { lines += try supervisor.next() }

    #expect(lines.contains { $0.hasPrefix("STATUS=ready on 127.0.0.1:") })
    for _ in 0..<3 { try supervisor.await("WATCHDOG=1") }
    service.signal(SIGTERM)
    try supervisor.await("STOPPING=1")
    #expect(service.wait() == 0)
  }

  @Test("The first signal turns readiness red and goes on serving; the second ends at once")
  func secondSignal() throws {
    let directory = try temporaryDirectory()
    defer { removeDirectory(directory) }
    let service = try Service(directory: directory, ["--notice-seconds", "60"])
    let door = Door(port: service.port, keyring: try Keyring.loadOrCreate(directory: directory))
    try door.furnish()
    #expect(try door.status("/readyz") == 200)
    service.signal(SIGTERM)
    while try door.status("/readyz") == 200 {}
    let body = try HTTPClient("127.0.0.1", service.port).send(.get, "/readyz").body
    #expect(try JSON.read(body)["reasons"] == ["draining"])
    let desk = try door.desk()
    #expect(try desk.post("/v1/orders", Report.order("o1")).status == 201)
    let before = monotonicMilliseconds()
    #expect(service.wait(after: SIGTERM) <= 1)
    #expect(monotonicMilliseconds() - before < 10_000)
    #expect(try Child.run(["verify", "--data", directory]) == 0)
  }

  @Test("What was passed and is no listening socket is refused, not ignored")
  func wrongSocket() throws {
    var ends: [Int32] = [0, 0]
    try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
    defer { for end in ends { close(end) } }
    #expect(throws: SystemError.self) { try Transport.Listener.adopt(ends[0]) }
    #expect(throws: SystemError.self) { try Transport.Listener.adopt(1_000_000) }
  }

  @Test("A supervisor's address of another kind is none")
  func addresses() {
    func notifier(_ socket: String?, _ more: [String: String] = [:]) -> Notifier? {
      Notifier { $0 == "NOTIFY_SOCKET" ? socket : more[$0] }
    }
    #expect(notifier(nil) == nil && notifier("") == nil && notifier("vsock:2:1") == nil)
    #expect(notifier(String(repeating: "/", count: 108)) == nil)
    #expect(notifier("/run/x", ["WATCHDOG_USEC": "30000000"])?.watchdogMilliseconds == 30_000)
    #expect(
      notifier("@x", ["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"])?.watchdogMilliseconds
        == nil)
    #expect(notifier("/nonexistent/socket")?.send("READY=1") == false)
  }

  @Test("A server without a descriptor left says so, and is ready again once there is one")
  func descriptors() throws {
    let directory = try temporaryDirectory()
    defer { removeDirectory(directory) }
    let spacious = try Service(directory: directory)
    let metrics = try HTTPClient("127.0.0.1", spacious.port).send(.get, "/metrics").body
    let used = try #require(
      Int(try Samples(String(decoding: metrics, as: UTF8.self))["process_open_fds"] ?? ""))
    #expect(spacious.wait(after: SIGTERM) == 0)
    // One address may have half of all, which is more than these. A child of tests that run side by side
    // is born with some descriptors of theirs: hence so many to spare.
    let service = try Service(directory: directory, descriptorsMax: used + 60)
    let early = try HTTPClient("127.0.0.1", service.port)
    #expect(try early.send(.get, "/readyz").status == 200)
    var others: [HTTPClient] = []
    for _ in 0..<90 { others.append(try HTTPClient("127.0.0.1", service.port)) }
    try WebhookSample.wait(for: "a reason") {
      let body = try early.send(.get, "/readyz").body
      return try JSON.read(body)["reasons"]?.elements?.contains("out_of_descriptors") == true
    }
    let figures = try early.send(.get, "/metrics").body
    let starved = try Samples(String(decoding: figures, as: UTF8.self))[
      "waggle_descriptors_exhausted_total"]
    #expect(try #require(Int(starved ?? "")) > 0)
    others.removeAll()
    try WebhookSample.wait(for: "readiness") { try early.send(.get, "/readyz").status == 200 }
    #expect(service.wait(after: SIGTERM) == 0)
  }

  @Test("One address may have half of all descriptors at the most")
  func half() {
    func most(_ wanted: Int, _ descriptors: Int?) -> Int {
      Surroundings.connectionsPerAddress(wanted, descriptorsMax: descriptors)
    }
    #expect(most(20_000, 65_536) == 20_000 && most(20_000, 20_000) == 10_000)
    #expect(most(20_000, nil) == 20_000 && most(3, 1_024) == 3 && most(20_000, 1) == 1)
  }
}
