import Notation
import Testing

@Suite("Writing JSON")
struct JSONWriterTests {
  @Test(
    "A text that was written by us is written again byte for byte",
    arguments: [
      "null", "true", "false", "0", "-1", "9223372036854775807", "-9223372036854775808",
      "1.50", "1e400", "123456789012345678901234567890", "\"\"", "[]", "{}", "[[],{},[{}]]",
      #"{"b":1,"a":[null,true,"x"],"":{"c":-5}}"#, #""\"\\\n\r\t\u0000\u001f\u0008/é中😀""#,
      #"{"a\"\n":"b"}"#, "\"\u{7F}\u{2028}\"",
    ])
  func roundTrip(_ text: String) throws {
    #expect(try JSON.read(text).description == text)
  }

  @Test("Every text survives writing and reading, scalar by scalar")
  func everyScalar() throws {
    for start in stride(from: UInt32(0), to: 0x11_0000, by: 0x1000) {
      let scalars = (start..<start + 0x1000).compactMap(Unicode.Scalar.init)
      let text = String(String.UnicodeScalarView(scalars))
      let back = try JSON.read(JSON.string(text).bytes).text
      #expect(back.map { Array($0.utf8) } == Array(text.utf8), "from U+\(String(start, radix: 16))")
    }
  }

  @Test("Calls in order give the same bytes as the value they describe")
  func calls() throws {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("room")
    writer.string("r\"1\"")
    writer.key(text: "a\\b")
    writer.beginArray()
    for value: Int64 in [.min, -10, 0, 9, .max] { writer.integer(value) }
    writer.beginArray()
    writer.endArray()
    writer.beginObject()
    writer.endObject()
    writer.bool(true)
    writer.bool(false)
    writer.null()
    writer.value(["k": [.number("1.5")]])
    writer.endArray()
    writer.key("end")
    writer.beginObject()
    writer.endObject()
    writer.endObject()
    let expected =
      #"{"room":"r\"1\"","a\\b":[-9223372036854775808,-10,0,9,9223372036854775807,[],{},true,false,"#
      + #"null,{"k":[1.5]}],"end":{}}"#
    #expect(String(decoding: writer.bytes, as: UTF8.self) == expected)
    #expect(try JSON.read(writer.bytes).bytes == writer.bytes)
  }
}
