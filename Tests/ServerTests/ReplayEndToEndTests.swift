// A replay over real sockets against a real server, and the independent calculation beside it.

import Glibc
import Notation
import Testing
import Transport

@testable import Server

/// A server of one test in a folder of its own.
private struct OwnServer {
  let folder: String
  let server: Server
  let target: ReplayTarget

  init(folder: String) throws {
    self.folder = folder
    var options = ServerOptions(
      directory: folder, zone: { try TimeZones.table(named: $0) }, log: { _ in })
    options.port = 0
    // Nothing here is about deadlines, and a sanitizer makes both sides twenty times slower.
    options.monotonicClock = { monotonicMilliseconds() / 20 }
    server = try startServer(options)
    target = ReplayTarget(
      host: "127.0.0.1", port: server.address.port,
      token: try server.keyring.issue(
        person: .init(trusted: "replay"), storefront: .init(trusted: "retail"),
        scopes: [.backend, .operator], lifetimeMilliseconds: 3_600_000, now: wallClock()))
  }

  static func folder() throws -> String {
    var template = Array("/tmp/waggle-replay-test-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}

@Suite("A replay against a server")
struct ReplayEndToEndTests {
  /// Starts a server in the folder, replays, stops it; gives the last line of the output.
  private func replay(_ month: RetailMonth, in folder: String) throws -> JSON {
    let own = try OwnServer(folder: folder)
    defer { own.server.stop() }
    let report = try Replay(month, on: own.target) { _, _, _, _ in }.run()
    return try JSON.read(report.line)
  }

  private func withFolders(_ body: (String, String) throws -> Void) throws {
    let folders = (try OwnServer.folder(), try OwnServer.folder())
    defer { _ = try? RetailSample.shell("rm -r '\(folders.0)' '\(folders.1)'") }
    try body(folders.0, folders.1)
  }

  private func figures(_ report: JSON) -> [JSON.Member]? {
    report.members?.filter { $0.key != "seconds" }
  }

  @Test("The ledger agrees to the cent with the calculation straight from the files")
  func agrees() throws {
    try withFolders { first, _ in
      let report = try replay(try RetailSample.files.month(), in: first)
      let (_, status) = try RetailSample.check(
        arguments: "--against - <<'END'\n\(report.description)\nEND\n")
      #expect(status == 0, "\(report.description)")
      #expect(report["ledgerSum"] == 0)
      #expect(report["promoters"]?["27"]?.integer ?? 0 > 0)
    }
  }

  @Test(
    "A whole month agrees to the cent, where the data set is at hand",
    .enabled(if: RetailSample.hasWholeMonth))
  func wholeMonth() throws {
    try withFolders { first, _ in
      let report = try replay(try RetailSample.wholeMonthFiles.month(), in: first)
      let (_, status) = try RetailSample.check(
        RetailSample.wholeMonthFiles,
        arguments: "--against - <<'END'\n\(report.description)\nEND\n")
      #expect(status == 0, "\(report.description)")
    }
  }

  @Test("A second replay changes nothing, and one into a new directory gives the same digest")
  func digest() throws {
    try withFolders { first, second in
      let month = try RetailSample.files.month()
      let report = try replay(month, in: first)
      #expect(report["digest"]?.text?.isEmpty == false)
      #expect(figures(try replay(month, in: first)) == figures(report))
      #expect(figures(try replay(month, in: second)) == figures(report))
    }
  }

  @Test("A replay that was broken off in the middle comes to the same figures when run again")
  func brokenOff() throws {
    try withFolders { first, second in
      let month = try RetailSample.files.month()
      var half = month
      half.baskets = Array(month.baskets.prefix(month.baskets.count / 2))
      _ = try replay(half, in: first)
      #expect(figures(try replay(month, in: first)) == figures(try replay(month, in: second)))
    }
  }

  @Test("The first refusal ends the replay with the server's message")
  func refused() throws {
    try withFolders { first, _ in
      let own = try OwnServer(folder: first)
      defer { own.server.stop() }
      var month = try RetailTexts().month()
      month.products = []
      #expect {
        try Replay(month, on: own.target) { _, _, _, _ in }.run()
      } throws: { error in
        "\(error)".hasPrefix("listings of store-20: unknown_sku")
      }
      let stranger = ReplayTarget(host: "127.0.0.1", port: own.target.port, token: "none")
      #expect(throws: CommandFailure.self) {
        try Replay(month, on: stranger) { _, _, _, _ in }.run()
      }
    }
  }

  @Test("A server that is not there is unavailable")
  func unreachable() throws {
    let nobody = ReplayTarget(host: "127.0.0.1", port: 1, token: "t")
    #expect {
      try Replay(try RetailTexts().month(), on: nobody) { _, _, _, _ in }.run()
    } throws: { error in
      (error as? CommandFailure)?.code == .unavailable
    }
  }
}
