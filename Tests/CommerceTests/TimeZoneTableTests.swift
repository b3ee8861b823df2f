import Commerce
import Testing

@Suite("Time zones")
struct TimeZoneTableTests {
  @Test("A day begins at the first moment that bears its date", arguments: starts)
  func start(_ example: (zone: TimeZoneTable, day: String, start: String)) throws {
    let day = try civilDay(example.day)
    let start = example.zone.start(of: day)
    #expect(start.description == example.start)
    #expect(example.zone.day(at: start) == day)
    #expect(example.zone.day(at: start.advanced(byMilliseconds: -1)) < day)
  }

  static let starts: [(zone: TimeZoneTable, day: String, start: String)] = [
    (.utc, "2026-03-01", "2026-03-01T00:00:00Z"),
    (.shanghai, "2026-03-01", "2026-02-28T16:00:00Z"),
    (.shanghai, "1992-01-01", "1991-12-31T16:00:00Z"),
    (newYork, "2026-03-08", "2026-03-08T05:00:00Z"),
    (newYork, "2026-03-09", "2026-03-09T04:00:00Z"),
    (newYork, "2026-11-01", "2026-11-01T04:00:00Z"),
    (newYork, "2026-11-02", "2026-11-02T05:00:00Z"),
    (newYork, "2027-01-01", "2027-01-01T05:00:00Z"),
    // Midnight is skipped: the day begins at one o'clock.
    (saoPaulo, "2018-11-04", "2018-11-04T03:00:00Z"),
    (saoPaulo, "2018-11-05", "2018-11-05T02:00:00Z"),
    // At midnight the clocks go back an hour: it is the next day only when they reach it again.
    (saoPaulo, "2019-02-17", "2019-02-17T03:00:00Z"),
    // Midnight comes twice: the earlier one counts.
    (havana, "2026-11-01", "2026-11-01T04:00:00Z"),
    (havana, "2026-11-02", "2026-11-02T05:00:00Z"),
    // The clocks jump a whole day; two changes within three days.
    (apia, "2011-12-29", "2011-12-29T10:00:00Z"),
    (apia, "2011-12-31", "2011-12-30T10:00:00Z"),
    // East of Greenwich a day begins on the day before in UTC, here an hour before a change.
    (eastern, "2026-05-02", "2026-05-01T14:00:00Z"),
    (restless, "2026-01-02", "2026-01-02T03:00:00Z"),
    (restless, "2026-01-03", "2026-01-03T01:00:00Z"),
  ]

  @Test("A day that a zone leaves out begins where the next one does")
  func missingDay() throws {
    let missing = try civilDay("2011-12-30")
    #expect(apia.start(of: missing).description == "2011-12-30T10:00:00Z")
    #expect(apia.day(at: apia.start(of: missing)) == missing.advanced(byDays: 1))
  }

  @Test(
    "The local day changes at local midnight, to the millisecond",
    arguments: [
      (TimeZoneTable.utc, "2026-02-28T23:59:59.999Z", "2026-02-28"),
      (.utc, "2026-03-01T00:00:00Z", "2026-03-01"),
      (.shanghai, "2026-02-28T15:59:59.999Z", "2026-02-28"),
      (.shanghai, "2026-02-28T16:00:00Z", "2026-03-01"),
      (.shanghai, "1970-01-01T00:00:00Z", "1970-01-01"),
      (newYork, "1970-01-01T00:00:00Z", "1969-12-31"),
      (newYork, "2026-07-01T03:59:59.999Z", "2026-06-30"),
      (newYork, "2026-07-01T04:00:00Z", "2026-07-01"),
      (newYork, "2026-12-01T04:59:59.999Z", "2026-11-30"),
    ])
  func day(_ zone: TimeZoneTable, _ moment: String, _ day: String) throws {
    #expect(zone.day(at: try Timestamp(moment)).description == day)
  }

  @Test("An offset holds from its first second on")
  func offsets() throws {
    let change = try Timestamp("2026-03-08T07:00:00Z").seconds
    #expect(newYork.offsetSeconds(at: change - 1) == -18_000)
    #expect(newYork.offsetSeconds(at: change) == -14_400)
    #expect(newYork.offsetSeconds(at: .min) == -18_000)
    #expect(newYork.offsetSeconds(at: .max) == -18_000)
    #expect(TimeZoneTable.utc.offsetSeconds(at: 0) == 0)
  }
}

/// A table from its changes, written as moments.
private func zone(_ name: String, _ first: Int64, _ changes: [(String, Int64)]) -> TimeZoneTable {
  TimeZoneTable(
    name: name, firstOffsetSeconds: first * 3600,
    periods: changes.compactMap { text, hours in
      (try? Timestamp(text)).map { .init(start: $0.seconds, offsetSeconds: hours * 3600) }
    })
}

private let newYork = zone(
  "America/New_York", -5, [("2026-03-08T07:00:00Z", -4), ("2026-11-01T06:00:00Z", -5)])
private let saoPaulo = zone(
  "America/Sao_Paulo", -3, [("2018-11-04T03:00:00Z", -2), ("2019-02-17T02:00:00Z", -3)])
private let havana = zone(
  "America/Havana", -5, [("2026-03-08T05:00:00Z", -4), ("2026-11-01T05:00:00Z", -5)])
private let apia = zone("Pacific/Apia", -10, [("2011-12-30T10:00:00Z", 14)])
private let eastern = zone("Nowhere/Eastern", 10, [("2026-05-01T15:00:00Z", 9)])
private let restless = zone(
  "Nowhere/Restless", 0, [("2026-01-01T22:00:00Z", -3), ("2026-01-02T22:00:00Z", -1)])

private func civilDay(_ text: String) throws -> CivilDay {
  TimeZoneTable.utc.day(at: try Timestamp(text + "T00:00:00Z"))
}
