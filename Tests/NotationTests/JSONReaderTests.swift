import Notation
import Testing

@Suite("Reading JSON")
struct JSONReaderTests {
  @Test("What RFC 8259 allows is read", arguments: accepted)
  func accepts(_ example: (text: String, value: JSON)) throws {
    #expect(try JSON.read(example.text) == example.value)
  }

  static let accepted: [(text: String, value: JSON)] = [
    ("null", .null), ("true", true), ("false", false), ("0", 0), ("-0", 0), ("-1", -1),
    ("\"\"", ""), ("[]", []), ("{}", [:]), (" \t\r\n1 \t\r\n", 1),
    ("[1 , 2,3]", [1, 2, 3]), ("[[],[[]]]", [[], [[]]]),
    ("{ \"a\" : 1 , \"b\" : [ null ] }", ["a": 1, "b": [.null]]),
    ("{\"\":0}", ["": 0]), ("{\"b\":1,\"a\":2}", ["b": 1, "a": 2]),
    ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
    ("9223372036854775808", .number("9223372036854775808")),
    ("-9223372036854775809", .number("-9223372036854775809")),
    ("100000000000000000000", .number("100000000000000000000")),
    ("1.0", .number("1.0")), ("-0.0", .number("-0.0")), ("1e2", .number("1e2")),
    ("1E+2", .number("1E+2")), ("0e-0", .number("0e-0")), ("1.25e10", .number("1.25e10")),
    (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
    (#""\u0041\u00e9\u4E2D""#, "Aé中"), (#""\u0000""#, "\u{0}"), (#""\uFFFF""#, "\u{FFFF}"),
    (#""\ud83d\ude00""#, "😀"), (#""\uDBFF\uDFFF""#, "\u{10FFFF}"),
    (#""\uD800\uDC00""#, "\u{10000}"),
    ("\"é中😀\u{7F}\"", "é中😀\u{7F}"),
  ]

  @Test("What RFC 8259 forbids is refused, with its place", arguments: refused)
  func refuses(_ example: (text: String, offset: Int)) {
    let error = #expect(throws: JSONError.self) { try JSON.read(example.text) }
    #expect(error?.offset == example.offset, "\(example.text): \(error?.description ?? "")")
  }

  static let refused: [(text: String, offset: Int)] = [
    ("", 0), ("  ", 2), ("nul", 0), ("True", 0), ("nullx", 4), ("1 2", 2), ("[1]]", 3),
    ("'a'", 0), ("NaN", 0), ("Infinity", 0), ("-Infinity", 1), ("+1", 0), (".5", 0), ("1.", 2),
    ("-", 1), ("1.e1", 2), ("1e", 2), ("1e+", 3), ("0x10", 1), ("//a\n1", 0),
    ("[", 1), ("[1", 2), ("[1,", 3), ("[1,]", 3), ("[,1]", 1), ("[1 2]", 3),
    ("{", 1), ("{a:1}", 1), ("{\"a\"}", 4), ("{\"a\":}", 5), ("{\"a\":1,}", 7), ("{\"a\":1", 6),
    ("{\"a\" 1}", 5), ("{1:1}", 1), ("{\"a\":1 \"b\":2}", 7),
    ("\"", 1), ("\"a", 2), ("\"a\nb\"", 2), ("\"\u{1F}\"", 1), (#""\x""#, 3), (#""\u12G4""#, 5),
    (#""\u123"#, 6), (#""\"#, 2), ("\u{FEFF}1", 0),
    ("{\"a\":1,\"a\":2}", 7), ("{\"a\":{\"b\":1,\"b\":1}}", 12), (#"{"a":1,"\u0061":2}"#, 7),
  ]

  @Test(
    "Half a surrogate pair is refused",
    arguments: [
      #""\ud83d""#, #""\ude00""#, #""\ud83dx""#, #""\ud83d\n""#, #""\ud83dA""#,
      #""\ud83d\ud83d\ude00""#, #""\ude00\ud83d""#, #""\ud83d\u0041""#,
    ])
  func surrogates(_ text: String) {
    #expect(throws: JSONError.self) { try JSON.read(text) }
  }

  @Test("A number begins with no needless zero", arguments: ["00", "01", "-01", "[007]", "00.5"])
  func zeros(_ text: String) {
    #expect(throws: JSONError.self) { try JSON.read(text) }
  }

  @Test(
    "Strings that are not UTF-8 are refused",
    arguments: [
      [0xFF], [0xC0, 0x80], [0xC3], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0x80],
      [0xF0, 0x82, 0x82, 0xAC],
    ] as [[UInt8]])
  func notUTF8(_ bytes: [UInt8]) {
    #expect(throws: JSONError.self) { try JSON.read([0x22] + bytes + [0x22]) }
    #expect(throws: JSONError.self) {
      try JSON.read([0x7B, 0x22] + bytes + [0x22, 0x3A, 0x31, 0x7D])
    }
  }

  @Test("Nesting is read to the limit and refused one deeper", arguments: ["[", "{\"a\":"])
  func depth(_ open: String) throws {
    let close = open == "[" ? "]" : "}"
    func nested(_ depth: Int) -> String {
      String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
    }
    _ = try JSON.read(nested(JSON.depthMax - 1))
    #expect(throws: JSONError.self) { try JSON.read(nested(JSON.depthMax)) }
    #expect(throws: JSONError.self) { try JSON.read(String(repeating: open, count: 1_000_000)) }
  }

  @Test(
    "A key that stands twice is found among few and among many", arguments: [1, 15, 16, 17, 99])
  func duplicates(_ count: Int) throws {
    let members = (0..<count).map { "\"k\($0)\":\($0)" }.joined(separator: ",")
    #expect(try JSON.read("{\(members)}").members?.count == count)
    for twin in [0, count / 2, count - 1] {
      #expect(throws: JSONError.self) { try JSON.read("{\(members),\"k\(twin)\":0}") }
    }
    #expect(try JSON.read("{\(members),\"other\":0}").members?.count == count + 1)
  }

  @Test("A fault names line and column")
  func place() {
    let error = #expect(throws: JSONError.self) { try JSON.read("{\n  \"a\": 1,\n  \"b\": x\n}") }
    #expect(error?.line == 3)
    #expect(error?.column == 8)
    #expect(error?.description == "line 3, column 8: a value cannot begin like this")
  }

  @Test("Each reading of a value fits its own kind only")
  func readings() throws {
    let value = try JSON.read(#"{"s":"x","i":1,"n":1.0,"b":true,"a":[1],"o":{"k":2},"z":null}"#)
    #expect(value["s"]?.text == "x" && value["s"]?.integer == nil)
    #expect(value["i"]?.integer == 1 && value["i"]?.text == nil && value["i"]?.bool == nil)
    #expect(value["n"]?.integer == nil && value["n"]?.kind == "a number that is not whole")
    #expect(value["b"]?.bool == true && value["b"]?.integer == nil)
    #expect(value["a"]?.elements == [1] && value["a"]?.members == nil)
    #expect(value["o"]?["k"] == 2 && value["o"]?.elements == nil)
    #expect(value["z"] == .null && value["y"] == nil && value["s"]?["s"] == nil)
  }
}
