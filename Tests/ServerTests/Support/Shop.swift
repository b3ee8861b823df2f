// A server of one test in a directory of its own, with a storefront that sells in one live room.

import Commerce
import Coordination
import Glibc
import Notation
import Storage
import Synchronization
import Testing
import Transport
import Wire

@testable import Server

/// A server in this process, its directory, and a storefront with a host `lin` and a promoter `chen`.
final class Shop {
  let directory: String
  let faults = FaultSwitch()
  private(set) var server: Server
  private let change: (inout ServerOptions) -> Void

  var door: Door { Door(port: server.address.port, keyring: server.keyring) }

  /// Starts a server.
  ///
  /// - Parameter change: changes the options.
  /// - Throws: why it did not start.
  init(_ change: @escaping (inout ServerOptions) -> Void = { _ in }) throws {
    directory = try temporaryDirectory()
    self.change = change
    server = try Shop.start(directory, change, faults)
  }

  deinit {
    server.stop()
    removeDirectory(directory)
  }

  /// Begins again on the same directory, after a stop.
  func resume() throws {
    server = try Shop.start(directory, change, faults)
  }

  private static func start(
    _ directory: String, _ change: (inout ServerOptions) -> Void, _ faults: FaultSwitch
  ) throws -> Server {
    var options = ServerOptions(
      directory: directory, zone: { try TimeZones.table(named: $0) }, log: { _ in })
    options.port = 0
    // Connections that a test has left open are not waited for.
    options.drainMilliseconds = 200
    change(&options)
    return try Server.start(options) { FaultyStore($0, faults) }
  }

  /// A server with a storefront, and a room `r1` in which `lin` sells `tea` and ten of `rare`.
  static func open(_ change: @escaping (inout ServerOptions) -> Void = { _ in }) throws -> Shop {
    let shop = try Shop(change)
    try shop.door.furnish()
    return shop
  }
}

extension Door {
  /// Configures the storefront, its catalogue, its people, and the live room `r1`.
  func furnish() throws {
    let desk = try desk()
    try desk.put("/v1/storefront", ["name": "Shop", "plan": "fengxiang"])
    try desk.importRows(["tea,10000,6000,200000,", "rare,5000,3000,100000,10"])
    for member in ["lin", "chen", "dong"] {
      try desk.done(
        "/v1/members", ["member": .string(member), "joinedAt": "2026-01-01T00:00:00Z"])
    }
    let host = try visitor("lin", .host)
    try host.done("room.open", ["room": "r1", "title": "Tea", "pactPpm": 300_000])
    try host.done("listing.add", ["room": "r1", "skus": ["tea", "rare"]])
  }

  /// Lists products in the room `r1`.
  func list(_ skus: [String]) throws {
    let skus = JSON.array(skus.map { .string($0) })
    try visitor("lin", .host).done("listing.add", ["room": "r1", "skus": skus])
  }

  /// A share link of a promoter into a room.
  func link(_ promoter: String, room: String = "r1") throws -> JSON {
    let link = try desk().done(
      "/v1/links", ["room": .string(room), "promoter": .string(promoter)])
    return try #require(link["text"])
  }
}

/// Clocks that only a test moves.
final class ManualClocks: Sendable {
  private let moved = Atomic<Int64>(0)
  private let start = wallClock()

  /// Has the options use these clocks.
  func set(_ options: inout ServerOptions) {
    options.clock = { [self] in wall }
    // Nobody moves the clock for a stop: it cuts off at once.
    options.drainMilliseconds = 0
    options.monotonicClock = { [self] in 1_000_000 + moved.load(ordering: .acquiring) }
  }

  var wall: Timestamp { start.advanced(byMilliseconds: moved.load(ordering: .acquiring)) }

  func advance(_ milliseconds: Int64) {
    moved.add(milliseconds, ordering: .acquiringAndReleasing)
  }
}

/// Reports as a storefront's backend makes them.
enum Report {
  /// An order of some units of one SKU in the room `r1`.
  static func order(
    _ id: String, buyer: String = "v1", sku: String = "tea", units: Int64 = 1,
    price: Int64 = 10_000, room: String = "r1"
  ) -> JSON {
    [
      "order": .string(id), "buyer": .string(buyer), "room": .string(room),
      "placedAt": .string(wallClock().description),
      "lines": [
        ["sku": .string(sku), "units": .integer(units), "paid": .integer(units * price)]
      ],
    ]
  }

  static func payment(_ order: String) -> (path: String, body: JSON) {
    (
      "/v1/orders/\(order)/payment",
      ["payment": .string("p-" + order), "paidAt": .string(wallClock().description)]
    )
  }

  static func delivery(_ order: String) -> (path: String, body: JSON) {
    (
      "/v1/orders/\(order)/delivery",
      ["delivery": .string("d-" + order), "deliveredAt": .string(wallClock().description)]
    )
  }

  /// A refund of a part of the only line.
  static func refund(_ order: String, _ id: String, amount: Int64) -> (path: String, body: JSON) {
    (
      "/v1/orders/\(order)/refunds",
      [
        "refund": .string(id), "refundedAt": .string(wallClock().description),
        "lines": [["line": 0, "amount": .integer(amount)]],
      ]
    )
  }
}

/// Runs a body on several threads at once, all of them let go together.
///
/// - Returns: what each gave, in order of its number.
func concurrently<Value: Sendable>(
  _ count: Int, _ body: @escaping @Sendable (Int) throws -> Value
) throws -> [Value] {
  let results = Mutex([Int: Result<Value, any Error>]())
  let waiting = Atomic<Int>(count)
  try withThreads(count) { index in
    waiting.subtract(1, ordering: .acquiringAndReleasing)
    while waiting.load(ordering: .acquiring) > 0 { sched_yield() }
    let result = Result { try body(index) }
    results.withLock { $0[index] = result }
  }
  let all = results.withLock { $0 }
  return try (0..<count).compactMap { try all[$0]?.get() }
}

private func withThreads(
  _ count: Int, _ body: @escaping @Sendable (Int) -> Void
) throws {
  var threads: [pthread_t] = []
  for index in 0..<count { threads.append(try startThread(name: "test") { body(index) }) }
  for thread in threads { pthread_join(thread, nil) }
}

func temporaryDirectory() throws -> String {
  var template = Array("/tmp/waggle-proof-XXXXXX".utf8CString)
  try #require(mkdtemp(&template) != nil)
  return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
}

/// Removes a data directory, which has files and no folders.
func removeDirectory(_ path: String) {
  guard let entries = opendir(path) else { return }
  while let entry = readdir(entries) {
    let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    if name != ".", name != ".." { unlink("\(path)/\(name)") }
  }
  closedir(entries)
  rmdir(path)
}
