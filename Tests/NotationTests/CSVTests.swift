import Notation
import Testing

/// What a reader made of a text: records and faults in their order.
enum CSVEvent: Equatable {
  case record(Int, [String])
  case fault(Int, CSVError.Reason)
}

/// Reads a text in chunks of a given size.
func readCSV(
  _ text: some Collection<UInt8>, chunk: Int = 1 << 20, hasHeader: Bool = false,
  recordBytesMax: Int = 65_536
) -> [CSVEvent] {
  var reader = CSVReader(hasHeader: hasHeader, recordBytesMax: recordBytesMax)
  var rest = Array(text)[...]
  var events: [CSVEvent] = []
  var record = CSVRecord()
  var hasEnded = false
  while true {
    do throws(CSVError) {
      while try reader.next(into: &record) {
        events.append(
          .record(record.line, (0..<record.count).map { record.text($0) ?? "<not UTF-8>" }))
      }
      if hasEnded { return events }
      reader.feed(rest.prefix(chunk))
      rest = rest.dropFirst(chunk)
      if rest.isEmpty {
        reader.finish()
        hasEnded = true
      }
    } catch {
      events.append(.fault(error.line, error.reason))
    }
  }
}

@Suite("CSV")
struct CSVTests {
  @Test("Records are read as RFC 4180 has them", arguments: texts)
  func records(_ example: (text: String, expected: [CSVEvent])) {
    #expect(readCSV(example.text.utf8) == example.expected)
  }

  @Test("Where the text is cut into chunks changes nothing", arguments: [1, 2, 3, 7])
  func chunks(_ size: Int) {
    for (text, expected) in CSVTests.texts + CSVTests.faulty {
      #expect(readCSV(text.utf8, chunk: size) == expected, "\(text.debugDescription)")
    }
  }

  static let texts: [(text: String, expected: [CSVEvent])] = [
    ("", []),
    ("a", [.record(1, ["a"])]),
    ("a\n", [.record(1, ["a"])]),
    ("a\r\n", [.record(1, ["a"])]),
    ("a,b\nc,d", [.record(1, ["a", "b"]), .record(2, ["c", "d"])]),
    ("a,b\r\nc,d\n", [.record(1, ["a", "b"]), .record(2, ["c", "d"])]),
    (",\n,", [.record(1, ["", ""]), .record(2, ["", ""])]),
    ("a,\n", [.record(1, ["a", ""])]),
    ("\n", [.record(1, [""])]),
    ("a\n\n", [.record(1, ["a"]), .record(2, [""])]),
    ("\"\"", [.record(1, [""])]),
    ("\"\"\n", [.record(1, [""])]),
    ("\"\",\"\"", [.record(1, ["", ""])]),
    ("\"a\"\"b\",c", [.record(1, ["a\"b", "c"])]),
    ("\"\"\"\"", [.record(1, ["\""])]),
    ("\"a,b\",c", [.record(1, ["a,b", "c"])]),
    (
      "\"a\nb\r\nc\",d\r\ne,f\n",
      [.record(1, ["a\nb\r\nc", "d"]), .record(4, ["e", "f"])]
    ),
    (" a , b ", [.record(1, [" a ", " b "])]),
    ("主播,推手\n1,2\n", [.record(1, ["主播", "推手"]), .record(2, ["1", "2"])]),
    ("\u{FEFF}a\n", [.record(1, ["a"])]),
    ("\u{FEFF}\"a\"\n", [.record(1, ["a"])]),
    ("\u{FEFF}", []),
    ("a\n\u{FEFF}b\n", [.record(1, ["a"]), .record(2, ["\u{FEFF}b"])]),
  ]

  @Test("A fault is reported with its line, and reading goes on behind it", arguments: faulty)
  func faults(_ example: (text: String, expected: [CSVEvent])) {
    #expect(readCSV(example.text.utf8) == example.expected)
  }

  static let faulty: [(text: String, expected: [CSVEvent])] = [
    ("a\nb\"c\nd\n", [.record(1, ["a"]), .fault(2, .strayQuote), .record(3, ["d"])]),
    ("a\n\"b\"c\nd\n", [.record(1, ["a"]), .fault(2, .strayQuote), .record(3, ["d"])]),
    ("a\n\"b\" \nd\n", [.record(1, ["a"]), .fault(2, .strayQuote), .record(3, ["d"])]),
    ("a\rb\nc\n", [.fault(1, .strayCarriageReturn), .record(2, ["c"])]),
    ("a\n\"b\"\r\r\nc", [.record(1, ["a"]), .fault(2, .strayCarriageReturn), .record(3, ["c"])]),
    ("a\r", [.fault(1, .strayCarriageReturn)]),
    ("a\"", [.fault(1, .strayQuote)]),
    (
      "a,b\nc\nd,e,f\ng,h\n",
      [
        .record(1, ["a", "b"]), .fault(2, .wrongNumberOfFields(expected: 2, found: 1)),
        .fault(3, .wrongNumberOfFields(expected: 2, found: 3)), .record(4, ["g", "h"]),
      ]
    ),
    (
      "a,b\n\"x\ny\"\nc,d\n",
      [
        .record(1, ["a", "b"]), .fault(2, .wrongNumberOfFields(expected: 2, found: 1)),
        .record(4, ["c", "d"]),
      ]
    ),
    // One forgotten quote costs its own line only.
    (
      "a\n\"b\nc\nd",
      [.record(1, ["a"]), .fault(2, .unterminatedQuote), .record(3, ["c"]), .record(4, ["d"])]
    ),
    ("\"b", [.fault(1, .unterminatedQuote)]),
    ("\"b\n", [.fault(1, .unterminatedQuote)]),
    // The quote that does not end opened on the second line of its record.
    (
      "\"a\nb\",\"c\nd\n",
      [.fault(2, .unterminatedQuote), .fault(2, .strayQuote), .record(3, ["d"])]
    ),
    // The fault is seen on line 3, the record began on line 2.
    (
      "a\n\"b\nc\"d\ne\n",
      [.record(1, ["a"]), .fault(3, .strayQuote), .fault(3, .strayQuote), .record(4, ["e"])]
    ),
  ]

  @Test("A record may be as long as the limit and not a byte longer", arguments: [1, 2, 5, 100])
  func lengthLimit(_ chunk: Int) {
    let tooLong = CSVEvent.fault(2, .recordTooLong(bytesMax: 4))
    #expect(
      readCSV("abc\nabcd\nx\n".utf8, chunk: chunk, recordBytesMax: 4)
        == [.record(1, ["abc"]), tooLong, .record(3, ["x"])])
    #expect(
      readCSV("abc\nabcd".utf8, chunk: chunk, recordBytesMax: 4)
        == [.record(1, ["abc"]), .record(2, ["abcd"])])
    #expect(
      readCSV("abc\nabcde".utf8, chunk: chunk, recordBytesMax: 4) == [.record(1, ["abc"]), tooLong])
    #expect(
      readCSV("a\n\"b\nccc\nd\n".utf8, chunk: chunk, recordBytesMax: 4)
        == [.record(1, ["a"]), tooLong, .record(3, ["ccc"]), .record(4, ["d"])])
  }

  @Test("The header names the columns and sets the number of fields")
  func header() throws {
    var reader = CSVReader()
    reader.feed("id,\"na\"\"me\"\n1,x\n2\n3,y".utf8)
    reader.finish()
    let first = try #require(try reader.next())
    #expect(reader.header == ["id", "na\"me"])
    #expect(try reader.column("na\"me") == 1)
    #expect(throws: CSVError(line: 1, reason: .missingColumn("price"))) {
      try reader.column("price")
    }
    #expect(first.line == 2)
    #expect(first.text(1) == "x")
    #expect(throws: CSVError(line: 3, reason: .wrongNumberOfFields(expected: 2, found: 1))) {
      try reader.next()
    }
    #expect(try reader.next()?.text(1) == "y")
    #expect(try reader.next() == nil)
    #expect(try reader.next() == nil)
  }

  @Test("A faulty header ends the reading")
  func faultyHeader() {
    #expect(
      readCSV("a,b,a\n1,2,3\n".utf8, hasHeader: true) == [.fault(1, .duplicateColumn("a"))])
    #expect(readCSV("a,\"b\n1,2\n".utf8, hasHeader: true) == [.fault(1, .unterminatedQuote)])
    #expect(
      readCSV([0x61, 0x2C, 0xFF, 0x0A, 0x31], hasHeader: true) == [.fault(1, .malformedHeader)])
    #expect(readCSV("".utf8, hasHeader: true) == [])
    #expect(readCSV("a,b".utf8, hasHeader: true) == [])
  }

  @Test("Bytes that are not UTF-8 are a field without text, not a lost record")
  func notUTF8() {
    #expect(
      readCSV([0xFF, 0x2C, 0x61, 0x0A, 0x62, 0x2C, 0x63])
        == [.record(1, ["<not UTF-8>", "a"]), .record(2, ["b", "c"])])
  }

  @Test("Numbers in fields are exact or refused", arguments: numbers)
  func decimals(_ example: (text: String, digits: Int, expected: Int64?)) throws {
    var reader = CSVReader(hasHeader: false)
    reader.feed("\"\",\(example.text),x".utf8)
    reader.finish()
    let record = try #require(try reader.next())
    #expect(record.decimal(1, fractionDigits: example.digits) == example.expected)
    if example.digits == 0 { #expect(record.integer(1) == example.expected) }
  }

  static let numbers: [(text: String, digits: Int, expected: Int64?)] = [
    ("0", 0, 0), ("-0", 0, 0), ("007", 0, 7), ("12", 2, 1200), ("12.5", 2, 1250),
    ("12.34", 2, 1234), ("-12.34", 2, -1234), ("12.340", 2, 1234), ("12.345", 2, nil),
    ("1.0", 0, 1), ("1.5", 0, nil), ("", 0, nil), ("-", 0, nil), (".", 2, nil), (".5", 2, nil),
    ("5.", 2, nil), ("+5", 0, nil), ("1e3", 0, nil), (" 1", 0, nil), ("1.2.3", 4, nil),
    ("--1", 0, nil), ("1.-2", 2, nil), ("NA", 2, nil),
    ("9223372036854775807", 0, .max), ("9223372036854775808", 0, nil),
    ("-9223372036854775808", 0, .min), ("-9223372036854775809", 0, nil),
    ("92233720368547758.07", 2, .max), ("92233720368547758.08", 2, nil),
    ("92233720368547759", 2, nil), ("9.223372036854775807", 18, .max),
  ]
}
