import Commerce
import Glibc
import Testing

@testable import Server

@Suite("Zone files")
struct TimeZoneTests {
  @Test("The rule in the footer is written out to the year 2100", arguments: rules)
  func rule(_ example: (rule: String, moment: String, hours: Int64)) throws {
    let table = try TimeZoneFile.table(
      named: "Test/Zone", bytes: zoneFile(offsets: [0], changes: [], rule: example.rule))
    let moment = try Timestamp(example.moment).seconds
    let rule = try #require(TimeZoneRule(example.rule))
    let before = table.offsetSeconds(at: moment - 1)
    #expect(table.offsetSeconds(at: moment) == example.hours * 3600)
    #expect(before != example.hours * 3600, "the change comes at this very second")
    #expect(before == rule.standardOffset || before == rule.daylight?.offset)
  }

  static let rules: [(rule: String, moment: String, hours: Int64)] = [
    ("EST5EDT,M3.2.0,M11.1.0", "2026-03-08T07:00:00Z", -4),
    ("EST5EDT,M3.2.0,M11.1.0", "2026-11-01T06:00:00Z", -5),
    ("EST5EDT,M3.2.0,M11.1.0", "2100-03-14T07:00:00Z", -4),
    ("EST5EDT,M3.2.0,M11.1.0", "2100-11-07T06:00:00Z", -5),
    ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T01:00:00Z", 2),
    ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25T01:00:00Z", 1),
    ("IST-1GMT0,M10.5.0,M3.5.0/1", "2026-03-29T01:00:00Z", 1),
    ("IST-1GMT0,M10.5.0,M3.5.0/1", "2026-10-25T01:00:00Z", 0),
    ("AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-10-03T16:00:00Z", 11),
    ("AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-04-04T16:00:00Z", 10),
    ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T01:00:00Z", -1),
    ("EET-2EEST,M3.4.4/50,M10.4.4/50", "2026-03-28T00:00:00Z", 3),
    ("AAA0BBB,J60/0,J365/23", "2024-03-01T00:00:00Z", 1),
    ("AAA0BBB,J60/0,J365/23", "2026-03-01T00:00:00Z", 1),
    ("AAA0BBB,59/0,364/23", "2024-02-29T00:00:00Z", 1),
    ("AAA0BBB,59/0,364/23", "2026-03-01T00:00:00Z", 1),
  ]

  @Test("Daylight saving all the year round never ends")
  func permanent() throws {
    let table = try TimeZoneFile.table(
      named: "Test/Zone",
      bytes: zoneFile(offsets: [-10_800], changes: [(0, 0)], rule: "XXX3EDT4,0/0,J365/23"))
    #expect(table.periods.count == 1)
    for year in 1971...2100 {
      let newYear = try Timestamp("\(year)-01-01T00:00:00Z").seconds
      for hour: Int64 in -12...12 {
        #expect(table.offsetSeconds(at: newYear + hour * 3600) == -4 * 3600, "\(year), \(hour)")
      }
    }
  }

  @Test(
    "What is no rule is refused",
    arguments: [
      "", "5", "ES5", "EST", "EST25", "EST5EDT", "EST5EDT,M3.2.0", "EST5EDT,M3.2.0,M11.1.0,",
      "EST5EDT,M13.2.0,M11.1.0", "EST5EDT,M0.2.0,M11.1.0", "EST5EDT,M3.6.0,M11.1.0",
      "EST5EDT,M3.0.0,M11.1.0", "EST5EDT,M3.2.7,M11.1.0", "EST5EDT,M3.2,M11.1.0",
      "EST5EDT,J0,J300", "EST5EDT,J366,J300", "EST5EDT,366,300", "EST5EDT,M3.2.0/168,M11.1.0",
      "<-03", "<->3", "EST5:60", "EST5 ", "EST99999999999999999999", "EST5EDT,M3.2.0/,M11.1.0",
    ])
  func noRule(_ text: String) {
    #expect(TimeZoneRule(text) == nil)
    #expect(throws: TimeZoneError.self) {
      try TimeZoneFile.table(
        named: "Test/Zone", bytes: zoneFile(offsets: [0], changes: [], rule: text))
    }
  }

  @Test("Recorded changes come before the rule, which takes over after the last of them")
  func recorded() throws {
    let change = try Timestamp("2030-06-01T00:00:00Z").seconds
    let table = try TimeZoneFile.table(
      named: "Test/Zone",
      bytes: zoneFile(
        offsets: [3600, 7200, 3600], changes: [(0, 1), (100, 1), (200, 2), (change, 1)],
        rule: "AAA-1BBB,M3.5.0,M10.5.0"))
    #expect(table.name == "Test/Zone" && table.firstOffsetSeconds == 3600)
    #expect(
      table.periods.prefix(4) == [
        .init(start: 0, offsetSeconds: 7200), .init(start: 200, offsetSeconds: 3600),
        .init(start: change, offsetSeconds: 7200),
        .init(start: try Timestamp("2030-10-27T00:00:00Z").seconds, offsetSeconds: 3600),
      ])
  }

  @Test("A file cut anywhere is refused, never a crash")
  func cut() throws {
    let whole = zoneFile(offsets: [0, 3600], changes: [(0, 1), (100, 0)], rule: "AAA0")
    _ = try TimeZoneFile.table(named: "Test/Zone", bytes: whole)
    for count in 0..<whole.count {
      #expect(throws: TimeZoneError.self, "\(count) of \(whole.count) bytes") {
        try TimeZoneFile.table(named: "Test/Zone", bytes: Array(whole[..<count]))
      }
    }
  }

  @Test("A file with any byte changed gives a table or an error, never a crash")
  func changed() throws {
    let whole = zoneFile(offsets: [0, 3600], changes: [(0, 1), (100, 0)], rule: "AAA0BBB,1,300")
    for index in whole.indices {
      for byte: UInt8 in [0, 1, 0x7F, 0x80, 0xFF] {
        var bytes = whole
        bytes[index] = byte
        do throws(TimeZoneError) {
          let table = try TimeZoneFile.table(named: "Test/Zone", bytes: bytes)
          #expect(zip(table.periods, table.periods.dropFirst()).allSatisfy { $0.start < $1.start })
        } catch {
          #expect(!error.description.isEmpty)
        }
      }
    }
  }

  @Test("Old, leap-second, unordered and impossible files are refused with a reason")
  func refused() {
    func reason(_ bytes: [UInt8]) -> String? {
      do throws(TimeZoneError) {
        _ = try TimeZoneFile.table(named: "Z", bytes: bytes)
        return nil
      } catch {
        if case .malformedFile("Z", let reason) = error { return reason }
        return "\(error)"
      }
    }
    let old = zoneFile(version: 0, offsets: [0], changes: [], rule: "AAA0")
    #expect(reason(old)?.contains("version 1") == true)
    let leap = zoneFile(offsets: [0], changes: [], rule: "AAA0", leapSeconds: 1)
    #expect(reason(leap)?.contains("leap seconds") == true)
    let unordered = zoneFile(offsets: [0, 1], changes: [(5, 1), (5, 0)], rule: "AAA0")
    #expect(reason(unordered)?.contains("out of order") == true)
    let foreign = zoneFile(offsets: [0], changes: [(5, 1)], rule: "AAA0")
    #expect(reason(foreign)?.contains("cannot be") == true)
    #expect(reason(zoneFile(offsets: [90_000 * 2], changes: [], rule: "AAA0")) != nil)
    #expect(reason(zoneFile(offsets: [], changes: [], rule: "AAA0")) != nil)
    #expect(reason(Array("TZif2".utf8)) != nil)
  }

  @Test("The defaults are built in and need no file")
  func builtIn() throws {
    #expect(try TimeZones.table(named: "UTC", folder: "/nonexistent") == .utc)
    #expect(try TimeZones.table(named: "Asia/Shanghai", folder: "/nonexistent") == .shanghai)
    #expect(throws: TimeZoneError.unknown("Europe/Berlin")) {
      try TimeZones.table(named: "Europe/Berlin", folder: "/nonexistent")
    }
  }

  @Test(
    "A name cannot leave the folder",
    arguments: [
      "", "/", "/etc/passwd", "..", "../etc/passwd", "Asia/../../etc/passwd", "Asia//Tokyo",
      "Asia/", "./UTC", "tzdata.zi", "Asia/Tokyo\0", "Asia Tokyo", "a/b/c/d/e", "上海",
      String(repeating: "A", count: 65),
    ])
  func names(_ name: String) {
    #expect(throws: TimeZoneError.malformedName(name)) { try TimeZones.table(named: name) }
  }

  @Test(
    "This machine's New York changes its clocks both ways",
    .enabled(if: access(TimeZones.systemFolder + "/America/New_York", R_OK) == 0))
  func newYork() throws {
    let table = try TimeZones.table(named: "America/New_York")
    for (moment, hours) in [
      ("1970-01-01T00:00:00Z", -5), ("2026-03-08T06:59:59Z", -5), ("2026-03-08T07:00:00Z", -4),
      ("2026-11-01T05:59:59Z", -4), ("2026-11-01T06:00:00Z", -5), ("2099-07-01T00:00:00Z", -4),
    ] as [(String, Int64)] {
      #expect(table.offsetSeconds(at: try Timestamp(moment).seconds) == hours * 3600)
    }
    #expect(throws: TimeZoneError.unknown("America")) { try TimeZones.table(named: "America") }
  }
}

/// A zone file as RFC 9636 describes it; changes are a moment and the index of an offset.
private func zoneFile(
  version: UInt8 = UInt8(ascii: "2"), offsets: [Int32], changes: [(Int64, UInt8)], rule: String,
  leapSeconds: Int32 = 0
) -> [UInt8] {
  func bigEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian) { Array($0) }
  }
  func header(_ times: Int, _ types: Int, _ leaps: Int32) -> [UInt8] {
    Array("TZif".utf8) + [version] + [UInt8](repeating: 0, count: 15)
      + [0, 0, leaps, Int32(times), Int32(types), 4].flatMap(bigEndian)
  }
  // The first block is for old readers: it may hold anything, here one type.
  var bytes = header(0, 1, 0) + [0, 0, 0, 0, 0, 0] + Array("OLD\0".utf8)
  bytes += header(changes.count, offsets.count, leapSeconds)
  bytes += changes.flatMap { bigEndian($0.0) } + changes.map { $0.1 }
  bytes += offsets.flatMap { bigEndian($0) + [0, 0] } + Array("AAA\0".utf8)
  bytes += [UInt8](repeating: 0, count: Int(leapSeconds) * 12)
  return bytes + Array("\n\(rule)\n".utf8)
}
