/// The header fields of one HTTP message, in the order received.
///
/// Names are kept in lower case, so that a look-up is one comparison. Values hold no control
/// character but the tab: neither a decoded nor an encoded message can carry a second line inside a
/// value. Source: RFC 9110 section 5.
package struct HTTPHeaders: Equatable, Sendable {
  /// One field.
  package struct Field: Equatable, Sendable {
    /// The name in lower case.
    package let name: String
    /// The value without the space around it.
    package let value: String
  }

  /// All fields, in order; a name may stand more than once.
  package private(set) var fields: [Field] = []

  /// Makes headers out of pairs.
  ///
  /// - Parameter pairs: names and values, as `add` takes them.
  package init(_ pairs: [(String, String)] = []) {
    for (name, value) in pairs { add(name, value) }
  }

  /// The first value under a name, or nothing.
  ///
  /// - Parameter name: in any case.
  /// - Complexity: O(n) in the number of fields, at most 100.
  package subscript(name: String) -> String? {
    let name = lowercasedASCII(name)
    return fields.first { $0.name == name }?.value
  }

  /// Every value under a name, in order.
  ///
  /// - Parameter name: in any case.
  /// - Returns: the values, or an empty list.
  package func values(_ name: String) -> [String] {
    let name = lowercasedASCII(name)
    return fields.filter { $0.name == name }.map(\.value)
  }

  /// The comma-separated members of every value under a name, as they were written.
  ///
  /// Empty members are left out. Source: RFC 9110 section 5.6.1.
  /// - Parameter name: in any case.
  /// - Returns: the members, or an empty list.
  package func list(_ name: String) -> [String] {
    var members: [String] = []
    for value in values(name) {
      for piece in value.utf8.split(separator: UInt8(ascii: ",")) {
        let member = trimmed(piece)
        if !member.isEmpty { members.append(String(decoding: member, as: UTF8.self)) }
      }
    }
    return members
  }

  /// Whether a comma-separated value under this name has the token, whatever the case.
  ///
  /// - Parameters:
  ///   - name: in any case.
  ///   - token: in lower case.
  /// - Returns: whether it is there.
  package func contains(_ name: String, token: String) -> Bool {
    list(name).contains { lowercasedASCII($0) == token }
  }

  /// Adds a field at the end.
  ///
  /// Control characters in the value become spaces, as RFC 9110 section 5.5 allows, so that no
  /// value that came from outside can start a line of its own.
  /// - Parameters:
  ///   - name: a token (RFC 9110 section 5.6.2); anything else is a bug of the caller.
  ///   - value: any text.
  package mutating func add(_ name: String, _ value: String) {
    precondition(!name.isEmpty && name.utf8.allSatisfy(isTokenByte), "a header name is a token")
    let isClean = value.utf8.allSatisfy { ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x09 }
    let clean =
      isClean
      ? value
      : String(
        decoding: value.utf8.map { $0 < 0x20 || $0 == 0x7F ? 0x20 : $0 }, as: UTF8.self)
    fields.append(Field(name: lowercasedASCII(name), value: clean))
  }
}

/// Whether a byte may stand in a token. Source: RFC 9110 section 5.6.2.
func isTokenByte(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "!"), UInt8(ascii: "#"),
    UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"), UInt8(ascii: "'"),
    UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
    UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"),
    UInt8(ascii: "~"):
    true
  default: false
  }
}

/// A byte with `A–Z` turned to `a–z`.
func lowercasedASCII(_ byte: UInt8) -> UInt8 {
  (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
}

/// A text with `A–Z` turned to `a–z` and nothing else changed.
func lowercasedASCII(_ text: String) -> String {
  let isLower = text.utf8.allSatisfy { !(UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
  return isLower ? text : String(decoding: text.utf8.map(lowercasedASCII), as: UTF8.self)
}

/// Some bytes without the spaces and tabs around them. Source: RFC 9110 section 5.6.3, `OWS`.
func trimmed<Bytes: BidirectionalCollection<UInt8>>(_ bytes: Bytes) -> Bytes.SubSequence {
  let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
  guard let first = bytes.firstIndex(where: { !isSpace($0) }),
    let last = bytes.lastIndex(where: { !isSpace($0) })
  else { return bytes[bytes.endIndex...] }
  return bytes[first...last]
}
