// Quarters, dates as texts, and amounts in major units.

import Commerce
import Testing

@Suite("Quarters, dates and decimals")
struct QuarterTests {
  static let quarters: [(text: String, start: String, end: String)] = [
    ("2026Q1", "2026-01-01", "2026-04-01"), ("2026Q2", "2026-04-01", "2026-07-01"),
    ("2026Q3", "2026-07-01", "2026-10-01"), ("2026Q4", "2026-10-01", "2027-01-01"),
    ("1970Q1", "1970-01-01", "1970-04-01"), ("9998Q4", "9998-10-01", "9999-01-01"),
  ]

  @Test(
    "A quarter is three months, from its first day to the first day behind it",
    arguments: quarters)
  func quarter(text: String, start: String, end: String) throws {
    let quarter = try #require(Quarter(text))
    #expect("\(quarter.start)" == start && "\(quarter.end)" == end)
    #expect("\(quarter)" == text)
  }

  @Test(
    "What is no quarter is none",
    arguments: [
      "", "2026", "2026Q0", "2026Q5", "2026q1", "26Q1", "2026-1", "1969Q4", "9999Q1", "2026Q11",
      " 2026Q1", "+026Q1",
    ])
  func noQuarter(text: String) { #expect(Quarter(text) == nil) }

  @Test(
    "A date is read back as it is written",
    arguments: ["1970-01-01", "2024-02-29", "9998-12-31"])
  func date(text: String) { #expect(CivilDay(text)?.description == text) }

  @Test(
    "What is no date is none",
    arguments: [
      "", "2026-3-1", "2026-02-29", "2026-13-01", "2026-00-10", "2026-01-32", "1969-12-31",
      "9999-01-01", "2026/01/01", "2026-01-01Z", "20260-1-01",
    ])
  func noDate(text: String) { #expect(CivilDay(text) == nil) }

  static let decimals: [(amount: Int64, digits: Int, text: String)] = [
    (0, 2, "0.00"), (1, 2, "0.01"), (-1, 2, "-0.01"), (99, 2, "0.99"), (100, 2, "1.00"),
    (123_456, 2, "1234.56"), (-123_456, 2, "-1234.56"), (7, 0, "7"), (-7, 0, "-7"),
    (1_234, 3, "1.234"), (.max, 2, "92233720368547758.07"), (.min, 2, "-92233720368547758.08"),
  ]

  @Test("An amount in major units is exact", arguments: decimals)
  func decimal(amount: Int64, digits: Int, text: String) {
    #expect(Amount(amount).decimal(fractionDigits: digits) == text)
  }

  @Test("A currency has the digits of ISO 4217", arguments: [("CNY", 2), ("JPY", 0), ("KWD", 3)])
  func digits(code: String, digits: Int) throws {
    #expect(try Currency(code).fractionDigits == digits)
  }
}
