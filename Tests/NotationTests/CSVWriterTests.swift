// What is written is read back by the strict reader, and nothing in it is a formula.

import Notation
import Testing

@Suite("Writing CSV")
struct CSVWriterTests {
  private func text(_ cells: [String]) -> String {
    var writer = CSVWriter()
    for cell in cells { writer.text(cell) }
    writer.endRecord()
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  static let cells: [(cell: String, written: String)] = [
    ("", "\r\n"), ("a", "a\r\n"), ("a,b", "\"a,b\"\r\n"), ("a\"b", "\"a\"\"b\"\r\n"),
    ("a\r\nb", "\"a\r\nb\"\r\n"), ("店主", "店主\r\n"), ("=1+1", "'=1+1\r\n"),
    ("+1", "'+1\r\n"), ("-1", "'-1\r\n"), ("@x", "'@x\r\n"), ("\t=1", "\"'\t=1\"\r\n"),
    (" =1", "' =1\r\n"), ("＝1", "'＝1\r\n"), ("'a", "''a\r\n"), ("a=b", "a=b\r\n"),
    ("a;=1+1", "\"a;=1+1\"\r\n"), ("a\t=1+1", "\"a\t=1+1\"\r\n"),
    ("=\"x\",1", "\"'=\"\"x\"\",1\"\r\n"),
  ]

  @Test("A text is quoted where it has to be and never a formula", arguments: cells)
  func cell(cell: String, written: String) { #expect(text([cell]) == written) }

  @Test("Numbers are written as they are, also below zero")
  func numbers() {
    var writer = CSVWriter()
    writer.integer(-5)
    writer.number("-0.05")
    writer.integer(.max)
    writer.endRecord()
    #expect(
      String(decoding: writer.bytes, as: UTF8.self) == "-5,-0.05,9223372036854775807\r\n")
  }

  @Test("The strict reader reads back what was written, but for the apostrophe")
  func roundTrip() throws {
    var writer = CSVWriter()
    writer.header(["one", "two"])
    writer.text("a,\"\r\n=b")
    writer.text("=c")
    writer.endRecord()
    var reader = CSVReader(hasHeader: true)
    reader.feed(writer.bytes)
    reader.finish()
    var record = CSVRecord()
    #expect(try reader.next(into: &record))
    #expect(reader.header == ["one", "two"])
    #expect(record.text(0) == "a,\"\r\n=b" && record.text(1) == "'=c")
    #expect(try !reader.next(into: &record))
  }
}
