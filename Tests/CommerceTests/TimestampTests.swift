import Commerce
import Testing

@Suite("Moments and days")
struct TimestampTests {
  @Test("RFC 3339 is read, and written in UTC", arguments: readable)
  func reads(_ example: (text: String, milliseconds: Int64, written: String)) throws {
    let timestamp = try Timestamp(example.text)
    #expect(timestamp.milliseconds == example.milliseconds)
    #expect(timestamp.description == example.written)
    #expect(try Timestamp(example.written) == timestamp)
  }

  static let readable: [(text: String, milliseconds: Int64, written: String)] = [
    ("1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z"),
    ("1970-01-01T00:00:00.001Z", 1, "1970-01-01T00:00:00.001Z"),
    ("1970-01-01T08:00:00+08:00", 0, "1970-01-01T00:00:00Z"),
    ("1970-01-01T00:00:00-00:00", 0, "1970-01-01T00:00:00Z"),
    ("1970-01-01t00:00:01z", 1000, "1970-01-01T00:00:01Z"),
    ("1970-01-01 00:01:00Z", 60_000, "1970-01-01T00:01:00Z"),
    ("2026-03-01T10:00:00+08:00", 1_772_330_400_000, "2026-03-01T02:00:00Z"),
    ("2026-03-01T00:30:00+05:45", 1_772_304_300_000, "2026-02-28T18:45:00Z"),
    ("2025-12-31T20:00:00-04:30", 1_767_227_400_000, "2026-01-01T00:30:00Z"),
    ("2024-02-29T23:59:59.999Z", 1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
    ("2000-02-29T00:00:00Z", 951_782_400_000, "2000-02-29T00:00:00Z"),
    ("2026-01-01T00:00:00.5Z", 1_767_225_600_500, "2026-01-01T00:00:00.500Z"),
    ("2026-01-01T00:00:00.120Z", 1_767_225_600_120, "2026-01-01T00:00:00.120Z"),
    ("2026-01-01T00:00:00.999999999Z", 1_767_225_600_999, "2026-01-01T00:00:00.999Z"),
    ("2026-01-01T00:00:00.0009Z", 1_767_225_600_000, "2026-01-01T00:00:00Z"),
    ("9999-12-31T23:59:59.999Z", 253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
  ]

  @Test(
    "Anything else is refused",
    arguments: [
      "", "2026", "2026-03-01", "2026-03-01T10:00:00", "2026-03-01T10:00Z", "2026-3-1T10:00:00Z",
      "2026-03-01T10:00:00+0800", "2026-03-01T10:00:00+08", "2026-03-01T10:00:00 Z",
      "2026-03-01T10:00:00Z ", " 2026-03-01T10:00:00Z", "2026-03-01T10:00:00ZZ",
      "2026-00-01T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-00T00:00:00Z",
      "2026-01-32T00:00:00Z", "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z",
      "2026-04-31T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
      "2026-06-30T23:59:60Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00.1234567890Z",
      "2026-01-01T00:00:00,5Z", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+08:60",
      "1969-12-31T23:59:59Z", "1970-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
      "10000-01-01T00:00:00Z", "-2026-01-01T00:00:00Z", "2026/03/01T10:00:00Z",
      "２026-03-01T10:00:00Z",
    ])
  func refuses(_ text: String) {
    #expect(throws: CommerceError.malformedTimestamp) { try Timestamp(text) }
  }

  @Test(
    "Whole seconds are rounded down, also before the epoch",
    arguments: [
      (0, 0), (999, 0), (1000, 1), (-1, -1), (-999, -1), (-1000, -1), (-1001, -2),
    ] as [(Int64, Int64)])
  func seconds(_ milliseconds: Int64, _ seconds: Int64) {
    #expect(Timestamp(milliseconds: milliseconds).seconds == seconds)
  }

  @Test("Moments before the epoch are still written rightly")
  func beforeEpoch() {
    #expect(Timestamp(milliseconds: -1).description == "1969-12-31T23:59:59.999Z")
    #expect(Timestamp(milliseconds: -86_400_000).description == "1969-12-31T00:00:00Z")
  }

  @Test("Every day from 1970 to 2400 has one number and one date")
  func everyDay() throws {
    var number: Int64 = 0
    for year: Int64 in 1970...2400 {
      let isLeap = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0)
      let lengths: [Int64] = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
      for (index, length) in lengths.enumerated() {
        let month = Int64(index) + 1
        for day in 1...length {
          let civil = try #require(CivilDay(year: year, month: month, day: day))
          guard civil.daysSinceEpoch == number, civil.date == (year, month, day) else {
            Issue.record("\(year)-\(month)-\(day) is \(civil), number \(civil.daysSinceEpoch)")
            return
          }
          number += 1
        }
        #expect(CivilDay(year: year, month: month, day: length + 1) == nil)
      }
    }
    #expect(number == 157_420)
  }

  @Test(
    "Dates that the calendar does not have are no days",
    arguments: [
      (2026, 0, 1), (2026, 13, 1), (2026, 1, 0), (2026, 1, -1), (-1, 1, 1), (10_000, 1, 1),
      (1900, 2, 29), (2026, 6, 31),
    ] as [(Int64, Int64, Int64)])
  func noDay(_ year: Int64, _ month: Int64, _ day: Int64) {
    #expect(CivilDay(year: year, month: month, day: day) == nil)
  }

  @Test("Days are written, ordered and moved as numbers")
  func days() throws {
    let day = try #require(CivilDay(year: 2026, month: 2, day: 28))
    #expect(day.advanced(byDays: 1).description == "2026-03-01")
    #expect(day.advanced(byDays: -59).description == "2025-12-31")
    #expect(day < day.advanced(byDays: 1))
    #expect(CivilDay(daysSinceEpoch: -1).description == "1969-12-31")
    #expect(try #require(CivilDay(year: 0, month: 1, day: 1)).description == "0000-01-01")
  }
}
