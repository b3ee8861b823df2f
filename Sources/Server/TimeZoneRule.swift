// The rule of a zone in the notation of POSIX (IEEE 1003.1, section 8.3, "TZ", with the wider hours
// of RFC 9636, section 3.3.2): `EST5EDT,M3.2.0,M11.1.0`.
//
//   standard offset [daylight [offset] , start [/time] , end [/time]]
//
// Offsets count west of Greenwich, against all other custom; here they are turned round at once.
// Pure, any thread.

import Commerce

/// What holds in a zone after its last recorded change.
struct TimeZoneRule {
  /// A day of every year.
  enum Day: Equatable {
    /// `M3.2.0`: month, week 1…5 where 5 is the last, day of the week from Sunday.
    case weekday(month: Int64, week: Int64, day: Int64)
    /// `J60`: the 1st…365th day, never counting 29 February.
    case julian(Int64)
    /// `59`: days since 1 January, counting 29 February.
    case ordinal(Int64)
  }

  /// A local time of every year.
  struct Change: Equatable {
    let day: Day
    let secondsOfDay: Int64
  }

  let standardOffset: Int64
  let daylight: (offset: Int64, start: Change, end: Change)?

  /// Reads a rule; nothing where it is malformed. The empty rule of RFC 9636, "not known", counts
  /// as malformed, since nobody could compute a release day by it.
  init?(_ text: String) {
    var reader = RuleReader(bytes: Array(text.utf8))
    guard reader.name(), let west = reader.time(hoursMax: 24) else { return nil }
    standardOffset = -west
    if reader.isAtEnd {
      daylight = nil
      return
    }
    guard reader.name() else { return nil }
    var offset = standardOffset + 3600
    if !reader.isNext(",") {
      guard let west = reader.time(hoursMax: 24) else { return nil }
      offset = -west
    }
    guard let start = reader.change(), let end = reader.change(), reader.isAtEnd else { return nil }
    daylight = (offset, start, end)
  }

  /// The periods that begin after a moment, in order of time.
  ///
  /// - Parameters:
  ///   - moment: seconds since the epoch.
  ///   - untilYear: the last year that is written out.
  /// - Returns: the periods; none where the offset never changes.
  func periods(after moment: Int64, untilYear: Int64) -> [TimeZoneTable.Period] {
    guard let daylight else { return [] }
    let lastSecond: Int64 = 253_402_300_799
    let seconds = min(max(moment, 0), lastSecond)
    let firstYear = TimeZoneTable.utc.day(at: Timestamp(milliseconds: seconds * 1000)).date.year
    guard firstYear <= untilYear else { return [] }
    let newYear = TimeZoneRule.Change(day: .ordinal(0), secondsOfDay: 0)
    let end = newYear.seconds(in: untilYear + 1)
    var periods: [TimeZoneTable.Period] = []
    // From the year before: its last change may fall behind the moment, in another zone's new year.
    for year in firstYear - 1...untilYear {
      let summer = TimeZoneTable.Period(
        start: daylight.start.seconds(in: year) - standardOffset, offsetSeconds: daylight.offset)
      let winter = TimeZoneTable.Period(
        start: daylight.end.seconds(in: year) - daylight.offset, offsetSeconds: standardOffset)
      for period in summer.start < winter.start ? [summer, winter] : [winter, summer]
      where period.start > moment && period.start < end {
        // Daylight saving all the year round ends and begins at the same moment.
        if let last = periods.last, last.start >= period.start { periods.removeLast() }
        periods.append(period)
      }
    }
    return periods
  }
}

extension TimeZoneRule.Change {
  /// The local time in a year, as if in UTC, in seconds since the epoch.
  func seconds(in year: Int64) -> Int64 { dayNumber(in: year) * 86_400 + secondsOfDay }

  private func dayNumber(in year: Int64) -> Int64 {
    switch day {
    case .ordinal(let day): return firstDay(year, 1) + day
    case .julian(let day):
      let isLeap = firstDay(year, 3) - firstDay(year, 1) == 60
      return firstDay(year, 1) + day - 1 + (isLeap && day >= 60 ? 1 : 0)
    case .weekday(let month, let week, let day):
      let first = firstDay(year, month)
      let next = month == 12 ? firstDay(year + 1, 1) : firstDay(year, month + 1)
      // Day 0 of the epoch was a Thursday.
      let weekday = (first + 4) % 7
      var number = first + (day - weekday + 7) % 7 + (week - 1) * 7
      if number >= next { number -= 7 }
      return number
    }
  }

  private func firstDay(_ year: Int64, _ month: Int64) -> Int64 {
    guard let day = CivilDay(year: year, month: month, day: 1) else {
      preconditionFailure("a rule is written out between the years 1969 and 2101")
    }
    return day.daysSinceEpoch
  }
}

private struct RuleReader {
  let bytes: [UInt8]
  var position = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { position == bytes.count }

  func isNext(_ character: Unicode.Scalar) -> Bool {
    position < bytes.count && bytes[position] == UInt8(ascii: character)
  }

  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard isNext(character) else { return false }
    position += 1
    return true
  }

  /// `EST`, or `<-03>` where the name has digits and signs.
  mutating func name() -> Bool {
    let isQuoted = take("<")
    let start = position
    while position < bytes.count, isNameByte(bytes[position], isQuoted: isQuoted) { position += 1 }
    return position - start >= 3 && (!isQuoted || take(">"))
  }

  private func isNameByte(_ byte: UInt8, isQuoted: Bool) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"): isQuoted
    default: false
    }
  }

  /// `[+-]hh[:mm[:ss]]` in seconds.
  mutating func time(hoursMax: Int64) -> Int64? {
    let sign: Int64 = take("-") ? -1 : 1
    if sign == 1 { _ = take("+") }
    guard let hours = number(0...hoursMax) else { return nil }
    var seconds = hours * 3600
    for unit: Int64 in [60, 1] where take(":") {
      guard let part = number(0...59) else { return nil }
      seconds += part * unit
    }
    return sign * seconds
  }

  /// `,M3.2.0/2`, with two o'clock where no time is given.
  mutating func change() -> TimeZoneRule.Change? {
    guard take(","), let day = day() else { return nil }
    guard take("/") else { return .init(day: day, secondsOfDay: 7200) }
    return time(hoursMax: 167).map { .init(day: day, secondsOfDay: $0) }
  }

  private mutating func day() -> TimeZoneRule.Day? {
    if take("J") { return number(1...365).map { .julian($0) } }
    guard take("M") else { return number(0...365).map { .ordinal($0) } }
    guard let month = number(1...12), take("."), let week = number(1...5), take("."),
      let day = number(0...6)
    else { return nil }
    return .weekday(month: month, week: week, day: day)
  }

  private mutating func number(_ range: ClosedRange<Int64>) -> Int64? {
    var value: Int64?
    while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]),
      value ?? 0 <= range.upperBound
    {
      value = (value ?? 0) * 10 + Int64(bytes[position] - UInt8(ascii: "0"))
      position += 1
    }
    return value.flatMap { range.contains($0) ? $0 : nil }
  }
}
