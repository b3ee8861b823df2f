/// Base64 of RFC 4648, strict: one byte sequence has exactly one text.
package enum Base64 {
  /// Which characters stand for 62 and 63, and whether the text is padded.
  package enum Alphabet: Sendable {
    /// `+` and `/`, padded with `=`. Source: RFC 4648 section 4.
    case standard
    /// `-` and `_`, never padded. Source: RFC 4648 section 5, RFC 7515 section 2.
    case url
  }

  /// The text of some bytes.
  ///
  /// - Parameters:
  ///   - bytes: any bytes.
  ///   - alphabet: which of the two.
  /// - Returns: the text.
  package static func encode(_ bytes: [UInt8], _ alphabet: Alphabet = .url) -> String {
    let characters = Array(
      ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        + (alphabet == .url ? "-_" : "+/")).utf8)
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      var bits: UInt32 = 0
      for offset in 0..<3 {
        bits = bits << 8 | (offset < group.count ? UInt32(group[start + offset]) : 0)
      }
      for offset in 0...group.count { text.append(characters[Int(bits >> (18 - 6 * offset) & 63)]) }
      if alphabet == .standard {
        text.append(contentsOf: repeatElement(UInt8(ascii: "="), count: 3 - group.count))
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The bytes of a text.
  ///
  /// - Parameters:
  ///   - text: what `encode` gives; nothing else is taken: no space, no missing or extra padding,
  ///     no set bits behind the last byte.
  ///   - alphabet: which of the two.
  /// - Returns: the bytes, or nothing where the text is not strict base64.
  package static func decode(_ text: String, _ alphabet: Alphabet = .url) -> [UInt8]? {
    decode(Array(text.utf8)[...], alphabet)
  }

  /// The bytes of a text that stands in a buffer.
  ///
  /// - Parameters:
  ///   - text: ASCII.
  ///   - alphabet: which of the two.
  /// - Returns: the bytes, or nothing where the text is not strict base64.
  package static func decode(_ text: ArraySlice<UInt8>, _ alphabet: Alphabet = .url) -> [UInt8]? {
    var digits = text
    if alphabet == .standard {
      guard text.count % 4 == 0 else { return nil }
      let padding = text.suffix(2).count { $0 == UInt8(ascii: "=") }
      // A `=` that is not at the end stays, and is no digit.
      if text.last == UInt8(ascii: "=") { digits = text.dropLast(padding) }
    }
    guard digits.count % 4 != 1 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(digits.count * 3 / 4)
    var bits: UInt32 = 0
    var bitCount = 0
    for byte in digits {
      guard let digit = value(byte, alphabet) else { return nil }
      bits = bits << 6 | UInt32(digit)
      bitCount += 6
      if bitCount >= 8 {
        bitCount -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> bitCount))
      }
    }
    guard bits & (1 << bitCount - 1) == 0 else { return nil }
    return bytes
  }

  private static func value(_ byte: UInt8, _ alphabet: Alphabet) -> UInt8? {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
    case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
    case UInt8(ascii: "-") where alphabet == .url, UInt8(ascii: "+") where alphabet == .standard:
      62
    case UInt8(ascii: "_") where alphabet == .url, UInt8(ascii: "/") where alphabet == .standard:
      63
    default: nil
    }
  }
}
