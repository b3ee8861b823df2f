/// Percent-encoding of RFC 3986 section 2.1, strict in both directions.
package enum PercentEncoding {
  /// Decodes `%XX`; every other byte stands for itself.
  ///
  /// - Parameters:
  ///   - bytes: the encoded text.
  ///   - plusIsSpace: whether `+` stands for a space, as in a query written by a form.
  /// - Returns: the text, or nothing where two hexadecimal digits are missing or the result is not
  ///   UTF-8.
  package static func decode(_ bytes: ArraySlice<UInt8>, plusIsSpace: Bool = false) -> String? {
    var decoded: [UInt8] = []
    decoded.reserveCapacity(bytes.count)
    var place = bytes.startIndex
    while place < bytes.endIndex {
      switch bytes[place] {
      case UInt8(ascii: "%"):
        guard place + 2 < bytes.endIndex, let high = hexadecimalDigit(bytes[place + 1]),
          let low = hexadecimalDigit(bytes[place + 2])
        else { return nil }
        decoded.append(high << 4 | low)
        place += 3
      case UInt8(ascii: "+") where plusIsSpace:
        decoded.append(0x20)
        place += 1
      case let byte:
        decoded.append(byte)
        place += 1
      }
    }
    return String(validating: decoded, as: UTF8.self)
  }

  /// Encodes everything but the unreserved characters of RFC 3986 section 2.3.
  ///
  /// - Parameter text: any text.
  /// - Returns: a text fit for one path segment, query name or query value.
  package static func encode(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var encoded: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
        UInt8(ascii: "_"), UInt8(ascii: "~"):
        encoded.append(byte)
      default:
        encoded.append(UInt8(ascii: "%"))
        encoded.append(digits[Int(byte >> 4)])
        encoded.append(digits[Int(byte & 15)])
      }
    }
    return String(decoding: encoded, as: UTF8.self)
  }
}

/// The value of one hexadecimal digit in either case, or nothing.
func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
  case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
  case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
  default: nil
  }
}
