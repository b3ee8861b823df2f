// The doctor: quiet where all is well, and a word for each thing that is not.

import Commerce
import Crypto
import Glibc
import Testing

@testable import Server
@testable import Storage

@Suite("Operations: the doctor")
struct OperationsDoctorTests {
  private func state(_ doctor: Doctor, _ subject: String) -> Diagnosis.State? {
    doctor.examine().first { $0.subject == subject }?.state
  }

  @Test("A directory in use is well, and who serves it is named")
  func well() throws {
    let shop = try Shop.open()
    try shop.door.desk().done("/v1/orders", Report.order("o1"))
    let heard = Heard()
    #expect(heard.run("doctor", "--data", shop.directory) == .done, "\(heard.results)")
    let lines = heard.results
    #expect(lines.contains { $0.hasPrefix("OK   server: process ") && $0.contains(" serves") })
    for subject in ["data directory", "keys.json", "schema", "database", "ledger", "time zones"] {
      #expect(lines.contains { $0.hasPrefix("OK   \(subject): ") }, "\(subject): \(lines)")
    }
    shop.server.stop()
    #expect(state(Doctor(directory: shop.directory), "server") == .well)
    #expect(
      Doctor(directory: shop.directory).examine().contains {
        $0.finding == "none runs on this directory"
      })
  }

  @Test("Files that others may read fail, the keys above all")
  func permissions() throws {
    let shop = try Shop.open()
    let doctor = Doctor(directory: shop.directory)
    for (name, subject) in [
      ("", "data directory"), ("/keys.json", "keys.json"), ("/waggle.sqlite3", "waggle.sqlite3"),
    ] {
      let path = shop.directory + name
      let wanted: mode_t = name.isEmpty ? 0o700 : 0o600
      for mode: mode_t in [0o040, 0o004, 0o020] {
        #expect(chmod(path, wanted | mode) == 0)
        #expect(state(doctor, subject) == .ill, "\(path) \(mode)")
      }
      #expect(chmod(path, wanted) == 0)
      #expect(state(doctor, subject) != .ill)
    }
    let heard = Heard()
    #expect(chmod(shop.directory + "/keys.json", 0o644) == 0)
    #expect(heard.run("doctor", "--data", shop.directory) == .failed)
    #expect(heard.results.contains { $0.contains("chmod 600 \(shop.directory)/keys.json") })
  }

  @Test("A clock of last century, a booking of tomorrow, a full disk, missing zones")
  func machine() throws {
    let shop = try Shop.open()
    let desk = try shop.door.desk()
    try desk.done("/v1/orders", Report.order("o1"))
    let payment = Report.payment("o1")
    try desk.done(payment.path, payment.body)
    var doctor = Doctor(directory: shop.directory)
    #expect(state(doctor, "last booking") == .well)
    doctor.now = Timestamp(milliseconds: 0)
    #expect(state(doctor, "clock") == .ill && state(doctor, "last booking") == .ill)
    doctor = Doctor(directory: shop.directory)
    doctor.diskFreeBytesMin = Int.max / 16
    #expect(state(doctor, "disk") == .ill)
    doctor = Doctor(directory: shop.directory)
    doctor.zoneFolder = "/nonexistent"
    #expect(state(doctor, "time zones") == .doubtful)
  }

  @Test("A ledger out of balance, a damaged file, a file of a newer version, and no file at all")
  func database() throws {
    let directory = try temporaryDirectory()
    defer { removeDirectory(directory) }
    chmod(directory, 0o700)
    let doctor = Doctor(directory: directory)
    #expect(state(doctor, "database") == .doubtful && state(doctor, "keys.json") == .doubtful)
    #expect(state(Doctor(directory: directory + "/none"), "data directory") == .ill)
    do {
      let store = try SQLiteStore.open(directory: directory) { try TimeZones.table(named: $0) }
      #expect(state(doctor, "ledger") == .well)
      try store.connection.execute(
        "INSERT INTO balances VALUES ('a', 'buyers', -5), ('a', 'platform', 4), ('b', 'x', 1)")
      #expect(state(doctor, "ledger") == .ill)
      try store.connection.execute("DELETE FROM balances; PRAGMA user_version = 9999")
      #expect(state(doctor, "schema") == .ill)
    }
    let path = directory + "/waggle.sqlite3"
    let descriptor = open(path, O_WRONLY)
    let noise = [UInt8](repeating: 0x5A, count: 100)
    #expect(pwrite(descriptor, noise, 100, 0) == 100)
    close(descriptor)
    #expect(state(doctor, "database") == .ill)
  }
}
