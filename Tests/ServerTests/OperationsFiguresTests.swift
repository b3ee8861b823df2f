// What operators read: health, readiness, figures, and who may read them.

import Commerce
import Glibc
import Notation
import Testing
import Transport
import Wire

@testable import Server

@Suite("Operations: health and figures")
struct OperationsFiguresTests {
  /// One request of an HTTP client without a token.
  private func get(
    _ shop: Shop, _ path: String, _ headers: [(String, String)] = []
  ) throws -> HTTPResponse {
    try HTTPClient("127.0.0.1", shop.server.address.port).send(
      .get, path, headers: HTTPHeaders(headers))
  }

  @Test("A burst of calls is over in the first quiet second after it, once")
  func burst() {
    var burst = Burst()
    let calls = [0, 5, 800, 1_600, 1_605, 1_606, 2_700, 5_000, 5_010, 5_900, 5_900]
    let isOver = [false, false, false, false, true, false, false, false, true, false, false]
    #expect(calls.map { burst.isOver(calls: $0) } == isOver)
    let histogram = Histogram(bounds: [1, 2])
    for value in 0..<5 { histogram.observe(value) }
    #expect(histogram.count == 5)
  }

  // MARK: Figures

  @Test("Every line of /metrics is what Prometheus reads, and busy figures are there")
  func exposition() throws {
    let shop = try Shop.open()
    let viewer = try shop.door.visitor("v1")
    let joined = try viewer.done("room.join", ["room": "r1"])
    let desk = try shop.door.desk()
    for number in 0..<3 { try desk.done("/v1/orders", Report.order("o\(number)")) }
    try viewer.listen { $0.events("r1").count == 3 }
    let since: JSON = ["epoch": joined["epoch"] ?? .null, "offset": joined["offset"] ?? .null]
    try viewer.done("room.join", ["room": "r1", "since": since])
    try viewer.done("room.join", ["room": "r1", "since": ["epoch": 1, "offset": 0]])
    _ = try desk.send(.get, "/v1/orders/none", nil)
    _ = try desk.send(.get, "/v1/nothing", nil)
    // The first look at the books may still be on its way.
    var samples = try Samples(shop.server.health.metrics)
    while samples["waggle_ledger_imbalance"] == nil {
      samples = try Samples(shop.server.health.metrics)
    }
    #expect(samples["waggle_ledger_imbalance"] == "0")
    #expect(samples["waggle_ready"] == "1")
    #expect(samples["waggle_rooms_watched"] == "1")
    #expect(samples["waggle_recoveries_total{recovered=\"true\"}"] == "1")
    #expect(samples["waggle_recoveries_total{recovered=\"false\"}"] == "1")
    #expect(samples["waggle_calls_answered_total{family=\"order\",outcome=\"done\"}"] == "3")
    #expect(samples["waggle_calls_answered_total{family=\"query\",outcome=\"refused\"}"] == "1")
    #expect(samples["waggle_calls_answered_total{family=\"unread\",outcome=\"refused\"}"] == "1")
    for histogram in ["fanout_seconds", "commit_seconds", "batch_calls", "call_seconds"] {
      let count = try #require(Int(samples["waggle_\(histogram)_count"] ?? ""))
      #expect(count >= 1, "\(histogram)")
    }
    for gauge in ["disk_free_bytes", "wal_bytes", "database_bytes"] {
      #expect(try #require(Int(samples["waggle_" + gauge] ?? "")) > 0, "\(gauge)")
    }
    #expect(try #require(Int(samples["process_open_fds"] ?? "")) > 3)
  }

  @Test(
    "The check of the format finds what is wrong with it",
    arguments: [
      "a 1\n", "# TYPE a gauge\na 1\n", "# HELP a b\n# TYPE a gauge\n# TYPE a gauge\na 1\n",
      "# HELP a b\n# TYPE a gauge\na 1\na 1\n", "# HELP a b\n# TYPE a gauge\nb 1\n",
      "# HELP a b\n# TYPE a gauge\na x\n", "# HELP a b\n# TYPE a gauge\na 1",
      "# HELP 1a b\n# TYPE 1a gauge\n1a 1\n", "# HELP a b\n# TYPE a counter\na 1\n",
      "# HELP a b\n# TYPE a gauge\na{b=1} 1\n", "# HELP a b\n# TYPE a thing\na 1\n",
      "# HELP a b\n# TYPE a histogram\na_bucket{le=\"1\"} 2\na_bucket{le=\"+Inf\"} 1\na_sum 1\n"
        + "a_count 1\n",
      "# HELP a b\n# TYPE a histogram\na_bucket{le=\"1\"} 1\na_sum 1\na_count 1\n",
      "# HELP a b\n# TYPE a histogram\na_bucket{le=\"2\"} 1\na_bucket{le=\"1\"} 1\n"
        + "a_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\n",
      "# HELP a b\n# TYPE a histogram\na_bucket{le=\"+Inf\"} 2\na_sum 1\na_count 1\n",
    ])
  func strictness(_ text: String) {
    #expect(throws: Samples.Fault.self) { try Samples(text) }
  }

  @Test("A histogram counts a value in the first step that holds it, and in every one above")
  func histogram() {
    let histogram = Histogram(bounds: [10, 20])
    for value in [0, 10, 11, 20, 21, 1_000_000] { histogram.observe(value) }
    #expect(histogram.cumulative == [2, 4, 6] && histogram.sum == 1_000_062)
    for (microseconds, text) in [
      (0, "0"), (1, "0.000001"), (100, "0.0001"), (2_500, "0.0025"), (1_000_000, "1"),
      (10_250_000, "10.25"),
    ] {
      #expect(Exposition.seconds(microseconds: microseconds) == text)
    }
  }

  @Test("Figures are for this machine and for operators, not for whoever comes through a proxy")
  func access() throws {
    let shop = try Shop.open()
    #expect(try get(shop, "/metrics").status == 200)
    for header in ["Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"] {
      #expect(try get(shop, "/metrics", [(header, "203.0.113.9")]).status == 401)
    }
    func status(_ scopes: Token.Scopes) throws -> Int {
      let token = try shop.door.token("somebody", scopes)
      return try get(
        shop, "/metrics", [("Via", "1.1 proxy"), ("Authorization", "Bearer " + token)]
      ).status
    }
    #expect(try status(.operator) == 200)
    #expect(try status([.backend, .host, .promoter, .viewer, .broker]) == 403)
    #expect(try get(shop, "/metrics", [("Via", "x"), ("Authorization", "Bearer x")]).status == 401)
    let client = try HTTPClient("127.0.0.1", shop.server.address.port)
    for path in ["/metrics", "/livez", "/readyz"] {
      #expect(try client.send(.post, path).status == 405)
      #expect(try client.send(.get, path + "/x").status == 404)
    }
  }

  // MARK: Health

  @Test("A writer that stands still turns liveness red, and green again when it turns")
  func liveness() throws {
    let clocks = ManualClocks()
    let shop = try Shop.open(clocks.set)
    let viewer = try shop.door.visitor("v1")
    shop.faults.holdsCommits.store(true, ordering: .releasing)
    defer { shop.faults.holdsCommits.store(false, ordering: .releasing) }
    let order: JSON = ["key": "k1", "room": "r1", "sku": "tea", "units": 1]
    let call = try viewer.begin("order.place", order)
    shop.faults.awaitHeldCommit()
    #expect(try get(shop, "/livez").status == 200)
    clocks.advance(Pulse.silenceMilliseconds + 1)
    // The loop that answers has turned since.
    let red = try get(shop, "/livez")
    #expect(red.status == 503)
    #expect(try JSON.read(red.body) == ["alive": false, "stuck": ["writer"]])
    shop.faults.holdsCommits.store(false, ordering: .releasing)
    _ = try viewer.answer(call).get()
    while try get(shop, "/livez").status != 200 {}
    #expect(try JSON.read(try get(shop, "/livez").body) == ["alive": true, "stuck": []])
  }

  @Test("A thread counts as stuck after fifteen seconds, and not once it has ended")
  func pulse() {
    let clocks = ManualClocks()
    var options = ServerOptions(directory: "", zone: { _ in .utc }, log: { _ in })
    clocks.set(&options)
    let pulse = Pulse(clock: options.monotonicClock)
    #expect(pulse.stuck == [])
    pulse.beat(.writer)
    pulse.beat(.loop(3))
    clocks.advance(15_000)
    #expect(pulse.stuck == [])
    pulse.beat(.writer)
    clocks.advance(1)
    #expect(pulse.stuck == ["loop-3"])
    pulse.retire(.loop(3))
    clocks.advance(15_000)
    #expect(pulse.stuck == ["writer"])
  }

  @Test("Readiness says why: a disk that is nearly full, a database that takes nothing, a start")
  func readiness() throws {
    let shop = try Shop { $0.diskFreeBytesMin = .max }
    while try get(shop, "/readyz").status == 200 {}
    #expect(
      try JSON.read(try get(shop, "/readyz").body)
        == ["ready": false, "reasons": ["disk_nearly_full"]])
    let metrics = try Samples(shop.server.health.metrics)
    #expect(metrics["waggle_not_ready{reason=\"disk_nearly_full\"}"] == "1")
    #expect(metrics["waggle_not_ready{reason=\"draining\"}"] == "0")
    #expect(metrics["waggle_ready"] == "0")

    let health = Health { _ in }
    #expect(health.reasons == [] && health.isReady)
    health.starts()
    health.storageFailed(DiskFault())
    health.drains()
    #expect(health.reasons == [.starting, .draining, .storageUnavailable])
    health.started()
    health.storageAnswered()
    #expect(health.reasons == [.draining] && !health.isReady)
  }

  @Test("A disk is nearly full below the least, and has room again a quarter above it")
  func disk() throws {
    let directory = try temporaryDirectory()
    defer { removeDirectory(directory) }
    let free = try #require(Disk.freeBytes(directory))
    let surroundings = Surroundings()
    surroundings.lookAtDisk(directory, least: free / 2)
    #expect(!surroundings.isDiskNearlyFull)
    surroundings.lookAtDisk(directory, least: free * 2)
    #expect(surroundings.isDiskNearlyFull)
    surroundings.lookAtDisk(directory, least: free / 10 * 9)
    #expect(surroundings.isDiskNearlyFull)
    surroundings.lookAtDisk(directory, least: free / 2)
    #expect(!surroundings.isDiskNearlyFull)
  }

  @Test("Open descriptors are counted alike by the kernel and entry by entry")
  func openFiles() throws {
    let held = (0..<40).map { _ in dup(STDERR_FILENO) }
    defer { for descriptor in held { close(descriptor) } }
    #expect(Disk.openFiles() > 40)
    // The size of fdinfo is 0 on every Linux. Tests that run side by side open and close some between
    // two looks, now in one direction and now in the other.
    let differences = (0..<301).map { _ in
      Disk.openFiles() - Disk.openFiles(in: "/proc/self/fdinfo")
    }
    #expect(differences.sorted()[150] == 0)
  }

  // MARK: Limits

  @Test("What is refused for a limit is counted under that limit")
  func limits() throws {
    let shop = try Shop.open { $0.connectionsPerAddress = 8 }
    let health = shop.server.health
    var clients: [HTTPClient] = []
    for _ in 0..<12 { clients.append(try HTTPClient("127.0.0.1", shop.server.address.port)) }
    while health.connectionsRefused.load(ordering: .relaxed) == 0 { sched_yield() }
    clients.removeAll()
    health.turnedAway(.busy)
    health.turnedAway(Fault("too_many_rooms", "", status: 409))
    health.turnedAway(.notFound)
    #expect(health.count(.callsWaiting) == 1 && health.count(.rooms) == 1)
    #expect(health.count(.tickers) == 0)
    #expect(health.count(.unread, .temporary) >= 1 && health.count(.unread, .refused) >= 2)
  }
}
