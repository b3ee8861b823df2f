/// A quarter of a calendar year, such as `2026Q1`, without a zone.
///
/// Reports on income are made for quarters; the storefront's zone says when one begins.
package struct Quarter: Hashable, Sendable, CustomStringConvertible {
  /// 1970…9998.
  package let year: Int64
  /// 1…4.
  package let number: Int64

  /// Reads a quarter, or nothing where the text is none.
  ///
  /// - Parameter text: such as `2026Q1`.
  package init?(_ text: String) {
    let bytes = Array(text.utf8)
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    guard bytes.count == 6, bytes[4] == UInt8(ascii: "Q"), bytes[..<4].allSatisfy(digits.contains),
      digits.contains(bytes[5])
    else { return nil }
    year = bytes[..<4].reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
    number = Int64(bytes[5] - UInt8(ascii: "0"))
    guard (1970...9998).contains(year), (1...4).contains(number) else { return nil }
  }

  /// The first day.
  package var start: CivilDay { Self.day(year, month: number * 3 - 2) }
  /// The first day behind it.
  package var end: CivilDay {
    number == 4 ? Self.day(year + 1, month: 1) : Self.day(year, month: number * 3 + 1)
  }

  /// Such as `2026Q1`.
  package var description: String { "\(year)Q\(number)" }

  private static func day(_ year: Int64, month: Int64) -> CivilDay {
    guard let day = CivilDay(year: year, month: month, day: 1) else {
      preconditionFailure("every month of these years has a first day")
    }
    return day
  }
}

extension CivilDay {
  /// Reads a date, or nothing where the text is none.
  ///
  /// - Parameter text: such as `2026-03-01`, between the years 1970 and 9998.
  package init?(_ text: String) {
    let bytes = Array(text.utf8)
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    guard bytes.count == 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-") else {
      return nil
    }
    func number(_ range: Range<Int>) -> Int64? {
      guard bytes[range].allSatisfy(digits.contains) else { return nil }
      return bytes[range].reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
    }
    guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
      (1970...9998).contains(year)
    else { return nil }
    self.init(year: year, month: month, day: day)
  }
}

extension Amount {
  /// The amount in major units, exact: `1234` with 2 digits is `12.34`.
  ///
  /// - Parameter fractionDigits: see `Currency.fractionDigits`; 0…18.
  /// - Returns: digits, a point where there is a fraction, and a minus where the amount is negative.
  package func decimal(fractionDigits: Int) -> String {
    precondition((0...18).contains(fractionDigits), "a unit has 0…18 digits after the point")
    let digits = padded(minorUnits.magnitude, fractionDigits + 1)
    let point = digits.utf8.count - fractionDigits
    let sign = minorUnits < 0 ? "-" : ""
    let whole = digits.prefix(point)
    return sign + (fractionDigits == 0 ? whole : whole + "." + digits.dropFirst(point))
  }
}

private func padded(_ number: UInt64, _ width: Int) -> String {
  let digits = String(number)
  return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
}
