/// One record of a CSV text: its fields in order, unquoted, and the line it began on.
///
/// The fields share one buffer, so that a reader can fill the same record a million times without
/// allocating. A value; any thread.
package struct CSVRecord: Equatable, Sendable {
  /// The line on which the record began, from 1.
  package internal(set) var line = 0
  /// The bytes of all fields, one after the other.
  private var bytes: [UInt8] = []
  /// Where each field ends in `bytes`.
  private var ends: [Int] = []

  /// Makes an empty record, to be filled by a reader.
  package init() {}

  /// How many fields there are.
  package var count: Int { ends.count }

  /// The bytes of a field.
  ///
  /// - Parameter field: 0..<`count`.
  package subscript(field: Int) -> ArraySlice<UInt8> {
    bytes[(field == 0 ? 0 : ends[field - 1])..<ends[field]]
  }

  /// The text of a field, or nothing where it is not UTF-8.
  ///
  /// - Parameter field: 0..<`count`.
  /// - Returns: the text, unquoted.
  package func text(_ field: Int) -> String? { String(validating: self[field], as: UTF8.self) }

  /// A field as a whole number, or nothing where it is none or does not fit in 64 bits.
  ///
  /// - Parameter field: 0..<`count`.
  /// - Returns: the number; only digits with an optional minus are read.
  package func integer(_ field: Int) -> Int64? { decimal(field, fractionDigits: 0) }

  /// A decimal number as a whole count of its smallest unit, exact: `12.5` with 2 gives 1250.
  ///
  /// - Parameters:
  ///   - field: 0..<`count`.
  ///   - fractionDigits: how many digits after the point the unit stands for, 0…18.
  /// - Returns: the count, or nothing where the field is no plain decimal number, does not fit in
  ///   64 bits, or has a part smaller than the unit.
  package func decimal(_ field: Int, fractionDigits: Int) -> Int64? {
    precondition((0...18).contains(fractionDigits), "a unit has 0…18 digits after the point")
    var rest = self[field]
    let negative = rest.first == UInt8(ascii: "-")
    if negative { rest.removeFirst() }
    let point = rest.firstIndex(of: UInt8(ascii: ".")) ?? rest.endIndex
    let whole = rest[..<point]
    var fraction = point == rest.endIndex ? [] : rest[(point + 1)...]
    guard !whole.isEmpty, point == rest.endIndex || !fraction.isEmpty else { return nil }
    while fraction.count > fractionDigits, fraction.last == UInt8(ascii: "0") {
      fraction.removeLast()
    }
    guard fraction.count <= fractionDigits else { return nil }
    // Counts downwards, because the most negative number has no positive twin.
    var value: Int64 = 0
    func append(_ byte: UInt8) -> Bool {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return false }
      let (shifted, overflow) = value.multipliedReportingOverflow(by: 10)
      let (next, carry) = shifted.subtractingReportingOverflow(Int64(byte - UInt8(ascii: "0")))
      value = next
      return !overflow && !carry
    }
    guard whole.allSatisfy(append), fraction.allSatisfy(append) else { return nil }
    for _ in fraction.count..<fractionDigits where !append(UInt8(ascii: "0")) { return nil }
    if negative { return value }
    return value == Int64.min ? nil : -value
  }

  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
  }

  mutating func append(_ run: ArraySlice<UInt8>) { bytes.append(contentsOf: run) }
  mutating func endField() { ends.append(bytes.count) }
}

/// Why a record of a CSV text could not be read, and where.
package struct CSVError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What is wrong with a record or with the header.
  package enum Reason: Equatable, Sendable {
    /// A quoted field runs to the end of the text; the line is the one with its opening quote.
    case unterminatedQuote
    /// A quote stands in a field that does not begin with one, or text follows a closing quote.
    case strayQuote
    /// A carriage return without a line feed, outside quotes.
    case strayCarriageReturn
    /// The record has another number of fields than the header, or than the first record.
    case wrongNumberOfFields(expected: Int, found: Int)
    /// The record is longer than the reader's limit, in bytes.
    case recordTooLong(bytesMax: Int)
    /// A column name is not UTF-8.
    case malformedHeader
    /// A column name stands twice in the header.
    case duplicateColumn(String)
    /// The header lacks a column that is needed.
    case missingColumn(String)
  }

  /// Where the fault is, from 1.
  package let line: Int
  /// What the fault is.
  package let reason: Reason

  /// Makes an error.
  ///
  /// - Parameters:
  ///   - line: where, from 1.
  ///   - reason: what is wrong.
  package init(line: Int, reason: Reason) {
    self.line = line
    self.reason = reason
  }

  /// `line 3: …`.
  package var description: String {
    let clause =
      switch reason {
      case .unterminatedQuote: "a quoted field does not end"
      case .strayQuote: "a quote stands where none may be"
      case .strayCarriageReturn: "a carriage return without a line feed"
      case .wrongNumberOfFields(let expected, let found):
        "\(found) fields instead of \(expected)"
      case .recordTooLong(let bytesMax): "a record longer than \(bytesMax) bytes"
      case .malformedHeader: "a column name is not UTF-8"
      case .duplicateColumn(let name): "the column \"\(name)\" stands twice"
      case .missingColumn(let name): "there is no column \"\(name)\""
      }
    return "line \(line): \(clause)"
  }
}
