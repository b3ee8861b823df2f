/// A JSON value as RFC 8259 has it, kept exact.
///
/// Whole numbers are 64-bit integers; any other number keeps its text and is refused wherever an
/// amount is wanted, so that no figure ever passes through floating point. Object keys keep their
/// order and are unique. Pure: no Foundation, so the core and the wire share one reader.
package enum JSON: Equatable, Sendable {
  /// `null`.
  case null
  /// `true` or `false`.
  case bool(Bool)
  /// A whole number that fits in 64 bits, written without fraction or exponent.
  case integer(Int64)
  /// Any other number, as it was written.
  case number(String)
  /// A text.
  case string(String)
  /// Values in order.
  case array([JSON])
  /// Members in the order written; keys are unique.
  case object([Member])

  /// One `"key": value` of an object.
  package struct Member: Equatable, Sendable {
    /// The key.
    package let key: String
    /// Its value.
    package let value: JSON

    /// Makes a member.
    ///
    /// - Parameters:
    ///   - key: the key.
    ///   - value: its value.
    package init(_ key: String, _ value: JSON) {
      self.key = key
      self.value = value
    }
  }

  /// The member of an object with this key, or nothing where it is absent or this is no object.
  ///
  /// - Parameter key: the key.
  /// - Complexity: O(n) in the number of members, which are few.
  package subscript(key: String) -> JSON? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }

  /// The text, where this is one.
  package var text: String? {
    if case .string(let text) = self { text } else { nil }
  }

  /// The whole number, where this is one.
  package var integer: Int64? {
    if case .integer(let integer) = self { integer } else { nil }
  }

  /// The truth value, where this is one.
  package var bool: Bool? {
    if case .bool(let bool) = self { bool } else { nil }
  }

  /// The elements, where this is an array.
  package var elements: [JSON]? {
    if case .array(let elements) = self { elements } else { nil }
  }

  /// The members, where this is an object.
  package var members: [Member]? {
    if case .object(let members) = self { members } else { nil }
  }

  /// What kind of value this is, in the words of RFC 8259, for messages.
  package var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .integer: "a whole number"
    case .number: "a number that is not whole"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  /// A text.
  package init(stringLiteral value: String) { self = .string(value) }
  /// A whole number.
  package init(integerLiteral value: Int64) { self = .integer(value) }
  /// A truth value.
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  /// An array.
  package init(arrayLiteral elements: JSON...) { self = .array(elements) }
  /// An object; the keys must differ.
  package init(dictionaryLiteral elements: (String, JSON)...) {
    self = .object(elements.map { Member($0.0, $0.1) })
  }
}
