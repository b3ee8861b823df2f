// Copies of a database in use: each is one committed moment, and what is made of it holds.

import Commerce
import Glibc
import Notation
import Synchronization
import Testing
import Transport

@testable import Server
@testable import Storage

@Suite("Operations: backup and restore")
struct OperationsBackupTests {
  /// What a backup says of the storefront `shop`.
  private struct Point: Equatable {
    let sequence: Int64
    let chain: String

    init(_ storefront: JSON) throws {
      sequence = try #require(
        storefront["sequence"]?.integer ?? storefront["transactions"]?.integer)
      chain = try #require(storefront["chain"]?.text)
    }
  }

  @Test(
    "A backup under load is a prefix of the chain, its restore verifies, and acknowledged orders are there"
  )
  func underLoad() throws {
    let shop = try Shop.open()
    let base = try temporaryDirectory()
    let door = shop.door
    let isOver = Atomic<Bool>(false)
    let acknowledged = Mutex<[String]>([])
    var threads: [pthread_t] = []
    for reporter in 0..<2 {
      threads.append(
        try startThread(name: "reporter") {
          guard let desk = try? door.desk() else { return }
          for number in 0... {
            if isOver.load(ordering: .acquiring) { return }
            let order = "b\(reporter)-\(number)"
            let payment = Report.payment(order)
            guard (try? desk.post("/v1/orders", Report.order(order)))?.status == 201,
              (try? desk.post(payment.path, payment.body))?.status == 201
            else { return }
            acknowledged.withLock { $0.append(order) }
          }
        })
    }
    var points: [Point] = []
    for round in 0..<3 {
      let before = acknowledged.withLock { $0.count }
      while acknowledged.withLock({ $0.count }) < before + 20 { sched_yield() }
      let known = acknowledged.withLock { $0 }
      let file = "\(base)/backup-\(round)"
      let heard = Heard()
      #expect(heard.run("backup", "--data", shop.directory, "--to", file, "--with-keys") == .done)
      #expect(heard.notes == [])
      let report = try JSON.read(Array(try #require(heard.results.first).utf8))
      let point = try Point(try #require(report["storefronts"]?.elements?.first))
      points.append(point)
      try check(file, point, known, door, in: base + "/restored-\(round)")
      #expect(mode(file) == 0o600 && mode(file + ".keys.json") == 0o600)
    }
    isOver.store(true, ordering: .releasing)
    for thread in threads { pthread_join(thread, nil) }
    let reader = try SQLiteReader.open(directory: shop.directory) {
      try TimeZones.table(named: $0)
    }
    for point in points {
      let digest = try reader.chainDigest(StorefrontID(trusted: "shop"), point.sequence)
      #expect(hex(digest) == point.chain)
    }
    #expect(points.map(\.sequence) == points.map(\.sequence).sorted())
    #expect(Set(points.map(\.sequence)).count == points.count)
    for name in SafeFile.names(in: base) ?? [] {
      #expect(!name.contains(".part"))
      SafeFile.removeFolder("\(base)/\(name)")
    }
    removeDirectory(base)
  }

  /// Restores, compares, and asks a server on the restored directory.
  private func check(
    _ file: String, _ point: Point, _ known: [String], _ door: Door, in directory: String
  ) throws {
    let heard = Heard()
    #expect(heard.run("restore", file, "--data", directory, "--with-keys") == .done)
    let result = try JSON.read(Array(try #require(heard.results.first).utf8))
    #expect(result["holds"] == true && result["ledgerSum"] == 0)
    #expect(try Point(result) == point)
    let verified = Heard()
    #expect(verified.run("verify", "--data", directory) == .done)
    #expect(verified.results == heard.results)
    var options = ServerOptions(
      directory: directory, zone: { try TimeZones.table(named: $0) }, log: { _ in })
    options.port = 0
    options.drainMilliseconds = 0
    let server = try Server.start(options)
    defer { server.stop() }
    // The keys came along: a token of the old server opens the new one.
    let desk = Desk(
      try HTTPClient("127.0.0.1", server.address.port),
      token: try door.token("desk", [.backend, .operator]))
    for order in known { #expect(try desk.get("/v1/orders/\(order)")["state"] == "paid") }
  }

  @Test("What is there already is never replaced, and a backup that fails leaves nothing")
  func refusals() throws {
    let shop = try Shop.open()
    let base = try temporaryDirectory()
    defer { removeDirectory(base) }
    let file = base + "/b"
    #expect(Heard().run("backup", "--data", shop.directory, "--to", file) == .done)
    #expect(Heard().run("backup", "--data", shop.directory, "--to", file) == .cannotCreate)
    #expect(Heard().run("backup", "--data", base + "/none", "--to", base + "/c") == .inputOutput)
    #expect(Heard().run("backup", "--data", shop.directory, "--to", base + "/x/c") != .done)
    #expect(Heard().run("restore", file, "--data", shop.directory) == .cannotCreate)
    #expect(Heard().run("restore", file, "--data", base) == .cannotCreate)
    #expect(Heard().run("restore", file, "--data", base + "/r", "--with-keys") == .inputOutput)
    #expect(Heard().run("restore", base + "/none", "--data", base + "/r") == .inputOutput)
    let live = shop.directory + "/waggle.sqlite3"
    #expect(Heard().run("restore", live, "--data", base + "/r") == .malformedInput)
    #expect(SafeFile.names(in: base) == ["b"])
  }

  @Test("A backup with a damaged page, or of something else, is not restored")
  func damaged() throws {
    let shop = try Shop.open()
    let desk = try shop.door.desk()
    for number in 0..<20 { try desk.done("/v1/orders", Report.order("o\(number)")) }
    let base = try temporaryDirectory()
    defer { removeDirectory(base) }
    let file = base + "/b"
    #expect(Heard().run("backup", "--data", shop.directory, "--to", file) == .done)
    let size = Disk.size(file)
    for page in stride(from: 8, to: size / 4096, by: 7) {
      let damaged = base + "/damaged"
      try SafeFile.copy(file, to: damaged)
      let descriptor = open(damaged, O_WRONLY)
      let noise = [UInt8](repeating: 0xA5, count: 512)
      #expect(pwrite(descriptor, noise, noise.count, page * 4096) == noise.count)
      close(descriptor)
      let heard = Heard()
      #expect(heard.run("restore", damaged, "--data", base + "/r") != .done, "page \(page)")
      #expect(SafeFile.names(in: base) == ["b", "damaged"])
      unlink(damaged)
    }
    let text = base + "/text"
    let descriptor = open(text, O_WRONLY | O_CREAT, 0o600)
    #expect(write(descriptor, "hello", 5) == 5)
    close(descriptor)
    #expect(Heard().run("restore", text, "--data", base + "/r") == .malformedInput)
    #expect(SafeFile.names(in: base) == ["b", "text"])
  }

  private func mode(_ path: String) -> mode_t {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
  }
}
