/// Writes CSV text (RFC 4180) that is safe to open in a spreadsheet.
///
/// Records end with `\r\n`; a field is quoted only where it has to be, so that the same fields give the
/// same bytes. Semicolons and tabs are quoted like commas: a spreadsheet may split fields at those
/// instead, and what stands behind one would begin a cell of its own. A text whose first character
/// beside blanks would make a spreadsheet take it for a formula (`=`, `+`, `-`, `@`, their full-width
/// forms, a tab or carriage return in front) gets an apostrophe in front, and so does one that begins
/// with an apostrophe: whoever reads the file as data takes one leading apostrophe of a text away. A
/// value; any thread.
package struct CSVWriter: Sendable {
  /// What has been written so far.
  package private(set) var bytes: [UInt8] = []
  private var isAtStart = true

  /// Starts an empty text.
  package init() {}

  /// Writes a whole record of column names.
  ///
  /// - Parameter names: texts that no spreadsheet takes for a formula.
  package mutating func header(_ names: [String]) {
    for name in names { field(name) }
    endRecord()
  }

  /// Writes a text, guarded as the type's description says.
  ///
  /// - Parameter text: any text.
  package mutating func text(_ text: String) {
    field(Self.isDangerous(text) ? "'" + text : text)
  }

  /// Writes a whole number.
  ///
  /// - Parameter number: the number.
  package mutating func integer(_ number: Int64) { field(String(number)) }

  /// Writes a number that is text already.
  ///
  /// - Parameter number: digits with an optional minus and point.
  package mutating func number(_ number: String) { field(number) }

  /// Ends a record.
  package mutating func endRecord() {
    bytes.append(contentsOf: [0x0D, 0x0A])
    isAtStart = true
  }

  private static func isDangerous(_ text: String) -> Bool {
    guard let first = text.unicodeScalars.first else { return false }
    switch first {
    case "'", "\t", "\r", "\n": return true
    default: break
    }
    switch text.unicodeScalars.first(where: { $0 != " " && $0 != "\u{3000}" }) {
    case "=", "+", "-", "@", "\u{FF1D}", "\u{FF0B}", "\u{FF0D}", "\u{FF20}", "\t", "\r": return true
    default: return false
    }
  }

  private mutating func field(_ text: String) {
    if !isAtStart { bytes.append(UInt8(ascii: ",")) }
    isAtStart = false
    let special: [UInt8] = Array(",;\t\"\r\n".utf8)
    guard text.utf8.contains(where: special.contains) else {
      return bytes.append(contentsOf: text.utf8)
    }
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      if byte == UInt8(ascii: "\"") { bytes.append(byte) }
      bytes.append(byte)
    }
    bytes.append(UInt8(ascii: "\""))
  }
}
