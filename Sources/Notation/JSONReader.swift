/// Why some bytes are not the JSON text that was wanted, and where.
package struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What is wrong, as an English clause.
  package let reason: String
  /// Bytes before the fault.
  package let offset: Int
  /// Line of the fault, from 1.
  package let line: Int
  /// Byte column of the fault, from 1.
  package let column: Int

  /// `line 3, column 7: …`.
  package var description: String { "line \(line), column \(column): \(reason)" }
}

extension JSON {
  /// Depth of nesting that is still read; deeper text is refused, so that no input exhausts the stack.
  package static let depthMax = 64

  /// Reads exactly one JSON value from UTF-8 bytes.
  ///
  /// Stricter than RFC 8259 asks: duplicate keys, lone surrogates, a byte order mark and nesting
  /// deeper than `depthMax` are refused.
  /// - Parameter bytes: the whole text.
  /// - Returns: the value.
  /// - Throws: `JSONError` with the place of the first fault.
  /// - Complexity: O(n).
  package static func read(_ bytes: [UInt8]) throws(JSONError) -> JSON {
    try bytes.withUnsafeBufferPointer { (bytes) throws(JSONError) in
      var reader = JSONReader(bytes: bytes)
      return try reader.document()
    }
  }

  /// Reads exactly one JSON value from a text.
  ///
  /// - Parameter text: the whole text.
  /// - Returns: the value.
  /// - Throws: `JSONError` with the place of the first fault.
  package static func read(_ text: String) throws(JSONError) -> JSON {
    try read(Array(text.utf8))
  }
}

/// A recursive-descent reader over one buffer, which outlives it.
private struct JSONReader {
  /// Members up to which a new key is compared with each one before it.
  private static let lookBackMax = 16

  let bytes: UnsafeBufferPointer<UInt8>
  var position = 0
  /// How many members or elements the last object or array at each depth had: those of a list are
  /// mostly alike, so that the next one gets room for as many at once.
  private var lengths = [Int](repeating: 0, count: JSON.depthMax)

  /// Whether the last string was of ASCII and without an escape.
  private var isPlain = true

  init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  mutating func document() throws(JSONError) -> JSON {
    skipSpace()
    let value = try value(depth: 0)
    skipSpace()
    guard position == bytes.count else { throw fault("something follows the value") }
    return value
  }

  private mutating func value(depth: Int) throws(JSONError) -> JSON {
    guard depth < JSON.depthMax else { throw fault("nested deeper than \(JSON.depthMax)") }
    guard let byte = peek else { throw fault("a value is missing") }
    switch byte {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    default: throw fault("a value cannot begin like this")
    }
  }

  private mutating func object(depth: Int) throws(JSONError) -> JSON {
    position += 1
    var members: [JSON.Member] = []
    members.reserveCapacity(lengths[depth])
    defer { lengths[depth] = min(members.count, JSONReader.lookBackMax) }
    // Looking back is quickest while members are few; a stranger's object of thousands must not
    // cost their square.
    var keys: Set<String> = []
    // Keys of ASCII that differ in length, as most do, are not the same; others may be, being written
    // in different ways.
    var arePlain = true
    skipSpace()
    if take("}") { return .object(members) }
    while true {
      skipSpace()
      guard peek == UInt8(ascii: "\"") else { throw fault("a key in quotes is missing") }
      let place = position
      let key = try string()
      arePlain = arePlain && isPlain
      if members.count == JSONReader.lookBackMax { keys = Set(members.map(\.key)) }
      let isNew =
        members.count < JSONReader.lookBackMax
        ? !members.contains {
          (!arePlain || $0.key.utf8.count == key.utf8.count) && $0.key == key
        } : keys.insert(key).inserted
      guard isNew else {
        position = place
        throw fault("the key \"\(key)\" stands twice")
      }
      skipSpace()
      guard take(":") else { throw fault("a colon is missing") }
      skipSpace()
      members.append(JSON.Member(key, try value(depth: depth + 1)))
      skipSpace()
      if take("}") { return .object(members) }
      guard take(",") else { throw fault("a comma or } is missing") }
    }
  }

  private mutating func array(depth: Int) throws(JSONError) -> JSON {
    position += 1
    var elements: [JSON] = []
    elements.reserveCapacity(lengths[depth])
    defer { lengths[depth] = min(elements.count, JSONReader.lookBackMax) }
    skipSpace()
    if take("]") { return .array(elements) }
    while true {
      skipSpace()
      elements.append(try value(depth: depth + 1))
      skipSpace()
      if take("]") { return .array(elements) }
      guard take(",") else { throw fault("a comma or ] is missing") }
    }
  }

  private mutating func string() throws(JSONError) -> String {
    position += 1
    let start = position
    // Most strings have no escape: then the bytes are the text.
    var bits: UInt8 = 0
    while let byte = peek, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 {
      bits |= byte
      position += 1
    }
    isPlain = bits < 0x80
    if peek == UInt8(ascii: "\"") {
      let plain = UnsafeBufferPointer(rebasing: bytes[start..<position])
      position += 1
      guard let text = String(validating: plain, as: UTF8.self) else {
        throw fault("a string is not UTF-8")
      }
      return text
    }
    isPlain = false
    var text = Array(bytes[start..<position])
    while true {
      guard let byte = peek else { throw fault("a string does not end") }
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        guard let text = String(validating: text, as: UTF8.self) else {
          throw fault("a string is not UTF-8")
        }
        return text
      case UInt8(ascii: "\\"): try escape(into: &text)
      case 0..<0x20: throw fault("a control character stands in a string")
      default:
        text.append(byte)
        position += 1
      }
    }
  }

  private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
    position += 1
    guard let byte = peek else { throw fault("a string does not end") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      var unit = try hexadecimal()
      if (0xD800..<0xDC00).contains(unit) {
        guard take("\\"), take("u") else { throw fault("half of a surrogate pair is missing") }
        let low = try hexadecimal()
        guard (0xDC00..<0xE000).contains(low) else {
          throw fault("half of a surrogate pair is missing")
        }
        unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(unit) else {
        throw fault("half of a surrogate pair is missing")
      }
      text.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    default: throw fault("an unknown escape")
    }
  }

  private mutating func hexadecimal() throws(JSONError) -> UInt32 {
    var unit: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw fault("four hexadecimal digits are missing")
      }
      unit = unit << 4 | UInt32(digit)
      position += 1
    }
    return unit
  }

  private mutating func number() throws(JSONError) -> JSON {
    let start = position
    let negative = take("-")
    let digits = position
    skipDigits()
    guard position > digits else { throw fault("a digit is missing") }
    guard bytes[digits] != UInt8(ascii: "0") || position == digits + 1 else {
      throw fault("a number begins with a needless zero")
    }
    var whole = true
    if take(".") {
      whole = false
      let fraction = position
      skipDigits()
      guard position > fraction else { throw fault("a digit is missing") }
    }
    if take("e") || take("E") {
      whole = false
      _ = take("+") || take("-")
      let exponent = position
      skipDigits()
      guard position > exponent else { throw fault("a digit is missing") }
    }
    if whole, let value = integer(bytes[digits..<position], negative: negative) {
      return .integer(value)
    }
    return .number(String(decoding: bytes[start..<position], as: UTF8.self))
  }

  /// The value of decimal digits, or nothing where it does not fit in 64 bits.
  private func integer(_ digits: Slice<UnsafeBufferPointer<UInt8>>, negative: Bool) -> Int64? {
    var value: Int64 = 0
    for digit in digits {
      let (shifted, overflow) = value.multipliedReportingOverflow(by: 10)
      let step = Int64(digit - UInt8(ascii: "0"))
      // Counts downwards, because the most negative number has no positive twin.
      let (next, carry) = shifted.subtractingReportingOverflow(step)
      if overflow || carry { return nil }
      value = next
    }
    if negative { return value }
    return value == Int64.min ? nil : -value
  }

  private mutating func word(_ word: StaticString, _ value: JSON) throws(JSONError) -> JSON {
    let end = position + word.utf8CodeUnitCount
    let expected = UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
    guard end <= bytes.count, bytes[position..<end].elementsEqual(expected) else {
      throw fault("a value cannot begin like this")
    }
    position = end
    return value
  }

  private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard peek == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func skipSpace() {
    while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
      position += 1
    }
  }

  private mutating func skipDigits() {
    while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
  }

  private func fault(_ reason: String) -> JSONError {
    let before = bytes[..<min(position, bytes.count)]
    let line = before.count { $0 == 0x0A } + 1
    let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    return JSONError(
      reason: reason, offset: position, line: line, column: before.count - lineStart + 1)
  }
}
