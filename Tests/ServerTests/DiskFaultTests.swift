// A disk that refuses to be written to, below SQLite: honest refusals, red readiness, and all is well
// again without a restart. `Tools/crash` does the same with a real full and a real read-only disk.

import Glibc
import Notation
import PowerLoss
import Testing
import Transport

@testable import Server

@Suite("Durability: the disk refuses")
struct DiskFaultTests {
  @Test(
    "Every write is refused for now, reading goes on, and nothing acknowledged is lost",
    arguments: [powerloss_full, powerloss_read_only])
  func refuses(_ fault: powerloss_fault) throws {
    let disk = try #require(powerloss_open(1))
    let name = String(cString: powerloss_name(disk))
    try withExtendedLifetime(try Shop.open { $0.fileSystem = name }) { shop in
      let desk = try shop.door.desk()
      let first = Report.order("o1")
      #expect(try desk.post("/v1/orders", first).status == 201)
      let before = try desk.get("/v1/rooms/r1")
      powerloss_set_fault(disk, fault)
      for number in 2...5 {
        let reply = try desk.post("/v1/orders", Report.order("o\(number)"))
        #expect(reply.status == 503 && reply.code == "storage_unavailable", "\(reply.body)")
        #expect(reply.body["temporary"] == true)
        #expect(try shop.door.status("/readyz") == 503)
        #expect(try shop.door.status("/livez") == 200)
      }
      // A repeat needs no writing, and what is stored can be read.
      #expect(try desk.post("/v1/orders", first).isRepeat)
      #expect(try desk.get("/v1/rooms/r1") == before)
      #expect(try desk.get("/v1/orders/o1")["order"] == "o1")

      powerloss_set_fault(disk, powerloss_no_fault)
      // Whoever looks at readiness gives such a server nothing to do: it finds out by itself.
      let end = monotonicMilliseconds() + 10_000
      while try shop.door.status("/readyz") != 200, monotonicMilliseconds() < end { usleep(5_000) }
      #expect(try shop.door.status("/readyz") == 200)
      for number in 2...5 {
        #expect(try desk.post("/v1/orders", Report.order("o\(number)")).status == 201)
      }
      let last = try #require(before["offset"]?.integer)
      #expect(try desk.get("/v1/rooms/r1")["offset"] == .integer(last + 4))
      #expect(try desk.get("/v1/ledger")["sum"] == 0)
      #expect(try Child.run(["verify", "--data", shop.directory]) == 0)
    }
    powerloss_close(disk)
  }
}
