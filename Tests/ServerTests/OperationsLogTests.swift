// The log: whole lines, ids that lead from an answer to them, and nothing secret.

import Commerce
import Notation
import Synchronization
import Testing
import Transport
import Wire

@testable import Server

/// Lines that were written. Any thread.
private final class Lines: Sendable {
  private let kept = Mutex<[String]>([])
  var all: [String] { kept.withLock { $0 } }
  func add(_ line: String) { kept.withLock { $0.append(line) } }
}

@Suite("Operations: the log")
struct OperationsLogTests {
  private static let moment = Timestamp(milliseconds: 1_795_000_000_000)

  private func log(_ format: LogFormat, _ clocks: ManualClocks, _ lines: Lines) -> Log {
    var options = ServerOptions(directory: "", zone: { _ in .utc }, log: { _ in })
    clocks.set(&options)
    return Log(
      format: format, clock: { Self.moment }, monotonicClock: options.monotonicClock,
      write: { lines.add($0) })
  }

  @Test("An event is one line, whatever its values hold")
  func lines() throws {
    let lines = Lines()
    let clocks = ManualClocks()
    let fields: [(String, JSON)] = [("detail", "a\nb\"c\u{1b}[2J"), ("count", 3)]
    log(.json, clocks, lines).write(.warning, "disk", request: "r-1", fields)
    log(.text, clocks, lines).write(.warning, "disk", request: "r-1", fields)
    #expect(lines.all.count == 2 && lines.all.allSatisfy { !$0.contains("\n") })
    #expect(lines.all.allSatisfy { !$0.contains("\u{1b}") })
    let value = try JSON.read(Array(lines.all[0].utf8))
    #expect(value.members?.map(\.key) == ["time", "level", "event", "request", "detail", "count"])
    #expect(value["detail"] == "a\nb\"c\u{1b}[2J" && value["level"] == "warning")
    #expect(value["time"]?.text == Self.moment.description)
    #expect(
      lines.all[1]
        == "\(Self.moment) warning disk request=\"r-1\" detail=\"a\\nb\\\"c\\u001b[2J\" count=3")
  }

  @Test("What steers a terminal, or turns the direction of text, is escaped")
  func steering() throws {
    let lines = Lines()
    let clocks = ManualClocks()
    let steering: [UInt32] = [
      0x7F, 0x80, 0x85, 0x9B, 0x9F, 0x2028, 0x2029, 0x202A, 0x202E, 0x2066, 0x2069,
    ]
    let text = String(String.UnicodeScalarView(steering.compactMap { Unicode.Scalar($0) }))
    let fields: [(String, JSON)] = [("path", .string(text)), ("plain", "秋月梨\u{A0}é")]
    for format in LogFormat.allCases {
      log(format, clocks, lines).write(.info, "request", fields)
    }
    for line in lines.all {
      #expect(line.unicodeScalars.allSatisfy { !steering.contains($0.value) })
      #expect(line.contains("\\u009b") && line.contains("\\u202e") && line.contains("秋月梨\u{A0}é"))
    }
    let value = try #require(lines.all.compactMap { try? JSON.read(Array($0.utf8)) }.first)
    #expect(value["path"]?.text == text)
    #expect(
      DelegationFault.shown(Array(text.utf8)) == String(repeating: "?", count: steering.count))
    #expect(DelegationFault.shown(Array("秋月梨é".utf8)) == "秋月梨é")
  }

  @Test("The eleventh of a kind in ten seconds is only counted, and told of by the next one")
  func repeats() throws {
    let lines = Lines()
    let clocks = ManualClocks()
    let log = log(.json, clocks, lines)
    for _ in 0..<25 { log.write(.error, "storage_failed") }
    log.write(.info, "other")
    #expect(lines.all.count == 11)
    clocks.advance(9_999)
    log.write(.error, "storage_failed")
    #expect(lines.all.count == 11)
    clocks.advance(1)
    log.write(.error, "storage_failed")
    log.write(.error, "storage_failed")
    #expect(lines.all.count == 13)
    #expect(try JSON.read(Array(lines.all[11].utf8))["suppressed"] == 16)
    #expect(try JSON.read(Array(lines.all[12].utf8))["suppressed"] == nil)
  }

  @Test(
    "Every answer has an id: the caller's where it is one, else a new one, and the log names it")
  func requests() throws {
    let lines = Lines()
    let shop = try Shop.open {
      $0.logFormat = .json
      $0.logsRequests = true
      $0.log = { lines.add($0) }
    }
    let client = try HTTPClient("127.0.0.1", shop.server.address.port)
    func id(_ given: String?) throws -> String? {
      let headers = HTTPHeaders(given.map { [("X-Request-Id", $0)] } ?? [])
      return try client.send(.get, "/v1/storefront", headers: headers).headers["x-request-id"]
    }
    #expect(try id("abc-1.2_3:~+/=") == "abc-1.2_3:~+/=")
    let long = String(repeating: "a", count: 64)
    #expect(try id(long) == long)
    var made: Set<String> = []
    for wrong in [nil, "", "a b", "a\"b", "é", long + "a", "<script>"] {
      let fresh = try #require(try id(wrong))
      #expect(RequestNote.isID(fresh) && fresh != wrong)
      made.insert(fresh)
    }
    #expect(made.count == 7)
    let logged = try lines.all.map { try JSON.read(Array($0.utf8)) }
      .filter { $0["event"] == "request" }
    #expect(logged.contains { $0["request"] == "abc-1.2_3:~+/=" && $0["status"] == 401 })
  }

  @Test("Neither tokens nor links nor queries nor bodies nor keys get into the log")
  func secrets() throws {
    let lines = Lines()
    let shop = try Shop.open {
      $0.logFormat = .json
      $0.logsRequests = true
      $0.allowsGuests = true
      $0.log = { lines.add($0) }
    }
    let token = try shop.door.token("desk", [.backend, .operator])
    let link = try #require(try shop.door.link("chen").text)
    let client = try HTTPClient("127.0.0.1", shop.server.address.port)
    let bearer = HTTPHeaders([("Authorization", "Bearer " + token)])
    _ = try client.send(.get, "/v1/orders?limit=7&secret=hunter2", headers: bearer)
    let landing = try client.send(.get, "/l/\(link)?utm=hunter2")
    _ = try client.send(.get, "/l/\(link)x")
    _ = try client.send(.post, "/v1/orders", headers: bearer, body: Array("hunter2".utf8))
    shop.faults.failsCommits.store(true, ordering: .relaxed)
    let desk = try shop.door.desk()
    #expect(try desk.post("/v1/orders", Report.order("o1")).status == 503)
    shop.faults.failsCommits.store(false, ordering: .relaxed)
    let all = lines.all.joined(separator: "\n")
    #expect(all.contains("\"/l/…\"") && all.contains("/v1/orders"))
    #expect(all.contains("storage_failed") && all.contains("request_failed"))
    var secrets = ["hunter2", token, link, "utm", "limit="]
    if let cookie = landing.headers["set-cookie"]?.split(separator: "=").dropFirst().first {
      secrets.append(String(cookie.prefix { $0 != ";" }))
    }
    for secret in secrets { #expect(!all.contains(secret), "\(secret)") }
  }
}
