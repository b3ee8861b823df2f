/// Checks UTF-8 that arrives in pieces and fails at the first byte that cannot be right.
///
/// Surrogates, overlong forms and everything above U+10FFFF are refused. The state is three bytes:
/// how many continuation bytes are owed and which range the next one must lie in; only the first
/// continuation byte of a character ever has a narrower range. Source: RFC 3629 section 4.
struct UTF8Validator: Equatable, Sendable {
  private var owed: UInt8 = 0
  private var lower: UInt8 = 0x80
  private var upper: UInt8 = 0xBF

  /// Whether the text so far does not end inside a character.
  var isComplete: Bool { owed == 0 }

  /// Checks the next piece: false as soon as no continuation could make it valid.
  mutating func accepts(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var place = 0
    let count = bytes.count
    while place < count {
      if owed == 0 {
        // Eight ASCII bytes at a time: most of what passes here is JSON.
        while place + 8 <= count,
          bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
        {
          place += 8
        }
        guard place < count else { return true }
        let byte = bytes[place]
        place += 1
        if byte >= 0x80, !begins(byte) { return false }
      } else {
        let byte = bytes[place]
        place += 1
        guard byte >= lower, byte <= upper else { return false }
        owed -= 1
        lower = 0x80
        upper = 0xBF
      }
    }
    return true
  }

  /// Takes the first byte of a character of several bytes.
  private mutating func begins(_ byte: UInt8) -> Bool {
    switch byte {
    case 0xC2...0xDF: owed = 1
    case 0xE0...0xEF:
      owed = 2
      if byte == 0xE0 { lower = 0xA0 }  // below it the form is overlong
      if byte == 0xED { upper = 0x9F }  // above it lie the surrogates
    case 0xF0...0xF4:
      owed = 3
      if byte == 0xF0 { lower = 0x90 }  // below it the form is overlong
      if byte == 0xF4 { upper = 0x8F }  // above it Unicode ends
    default: return false
    }
    return true
  }
}
