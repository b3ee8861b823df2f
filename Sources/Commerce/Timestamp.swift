/// A moment, in whole milliseconds since 1970-01-01T00:00:00Z without leap seconds.
///
/// Time is always an argument of the core; nothing here reads a clock.
/// Written as RFC 3339 in UTC: `2026-03-01T10:00:00Z`, with `.123` only where milliseconds are there.
@frozen
public struct Timestamp: Hashable, Comparable, Sendable {
  /// Milliseconds since the epoch.
  public let milliseconds: Int64

  /// 10000-01-01T00:00:00Z, the first moment that cannot be written.
  private static let secondsEnd: Int64 = 253_402_300_800

  /// Makes a moment.
  ///
  /// - Parameter milliseconds: since the epoch.
  public init(milliseconds: Int64) { self.milliseconds = milliseconds }

  /// Orders by time.
  public static func < (left: Timestamp, right: Timestamp) -> Bool {
    left.milliseconds < right.milliseconds
  }

  /// This moment moved by whole milliseconds.
  ///
  /// - Parameter milliseconds: positive for later.
  /// - Returns: the other moment.
  public func advanced(byMilliseconds milliseconds: Int64) -> Timestamp {
    Timestamp(milliseconds: self.milliseconds + milliseconds)
  }

  /// Whole seconds since the epoch, rounded down.
  public var seconds: Int64 {
    milliseconds >= 0 ? milliseconds / 1000 : (milliseconds - 999) / 1000
  }
}

extension Timestamp: CustomStringConvertible {
  /// RFC 3339 in UTC.
  public var description: String {
    let days = (seconds >= 0 ? seconds : seconds - 86_399) / 86_400
    let clock = seconds - days * 86_400
    let fraction = milliseconds - seconds * 1000
    let (year, month, day) = CivilDay(daysSinceEpoch: days).date
    // Digit by digit: every answer about an order says three moments, and texts put together out of texts
    // cost twenty times as much.
    return String(unsafeUninitializedCapacity: 32) { bytes in
      var writer = DigitWriter(bytes: bytes)
      writer.put(year, digits: year > 9999 ? String(year).utf8.count : 4, then: "-")
      writer.put(month, digits: 2, then: "-")
      writer.put(day, digits: 2, then: "T")
      writer.put(clock / 3600, digits: 2, then: ":")
      writer.put(clock / 60 % 60, digits: 2, then: ":")
      writer.put(clock % 60, digits: 2, then: fraction == 0 ? "Z" : ".")
      if fraction != 0 { writer.put(fraction, digits: 3, then: "Z") }
      return writer.count
    }
  }

  /// Reads RFC 3339 with `Z` or a numeric offset; digits past milliseconds are dropped.
  ///
  /// - Parameter text: such as `2026-03-01T10:00:00+08:00`, between the years 1970 and 9999.
  /// - Throws: `CommerceError.malformedTimestamp`; a leap second (`:60`) counts as malformed.
  public init(_ text: String) throws(CommerceError) {
    var reader = DigitReader(bytes: Array(text.utf8))
    guard let year = reader.number(digits: 4), reader.take("-"),
      let month = reader.number(digits: 2), reader.take("-"),
      let day = reader.number(digits: 2), reader.take("T") || reader.take("t") || reader.take(" "),
      let hour = reader.number(digits: 2), reader.take(":"),
      let minute = reader.number(digits: 2), reader.take(":"),
      let second = reader.number(digits: 2),
      year >= 1970, hour < 24, minute < 60, second < 60,
      let date = CivilDay(year: year, month: month, day: day)
    else { throw .malformedTimestamp }
    var fraction: Int64 = 0
    if reader.take(".") {
      guard let digits = reader.fraction() else { throw .malformedTimestamp }
      fraction = digits
    }
    guard let offset = reader.offsetMinutes(), reader.isAtEnd else { throw .malformedTimestamp }
    let seconds = date.daysSinceEpoch * 86_400 + hour * 3600 + (minute - offset) * 60 + second
    // The offset may have moved the moment out of the years that can be written.
    guard (0..<Timestamp.secondsEnd).contains(seconds) else { throw .malformedTimestamp }
    self.init(milliseconds: seconds * 1000 + fraction)
  }
}

/// Digits with leading zeros.
func padded(_ number: Int64, _ width: Int) -> String {
  let digits = String(number)
  return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
}

/// Writes the fixed-width pieces of a date one after the other.
private struct DigitWriter {
  let bytes: UnsafeMutableBufferPointer<UInt8>
  var count = 0

  init(bytes: UnsafeMutableBufferPointer<UInt8>) { self.bytes = bytes }

  mutating func put(_ number: Int64, digits: Int, then end: Unicode.Scalar) {
    var rest = number.magnitude
    for place in stride(from: count + digits - 1, through: count, by: -1) {
      bytes[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    }
    bytes[count + digits] = UInt8(ascii: end)
    count += digits + 1
  }
}

/// Reads the fixed-width pieces of a date from the front of some bytes.
private struct DigitReader {
  let bytes: [UInt8]
  var position = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { position == bytes.count }

  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  mutating func number(digits: Int) -> Int64? {
    guard position + digits <= bytes.count else { return nil }
    var value: Int64 = 0
    for byte in bytes[position..<position + digits] {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
      value = value * 10 + Int64(byte - UInt8(ascii: "0"))
    }
    position += digits
    return value
  }

  /// One to nine digits after the point, as whole milliseconds.
  mutating func fraction() -> Int64? {
    var value: Int64 = 0
    var count = 0
    while let digit = number(digits: 1) {
      if count < 3 { value = value * 10 + digit }
      count += 1
    }
    guard (1...9).contains(count) else { return nil }
    for _ in 0..<max(0, 3 - count) { value *= 10 }
    return value
  }

  mutating func offsetMinutes() -> Int64? {
    if take("Z") || take("z") { return 0 }
    let sign: Int64 = take("+") ? 1 : (take("-") ? -1 : 0)
    guard sign != 0, let hours = number(digits: 2), take(":"), let minutes = number(digits: 2),
      hours < 24, minutes < 60
    else { return nil }
    return sign * (hours * 60 + minutes)
  }
}
