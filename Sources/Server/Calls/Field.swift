// One value of a call, and what it may be read as. Every refusal names the field by its path, such as
// `lines[2].paid`, and says in a sentence what would be right. Any thread.

import Commerce
import Notation

/// Where a value stands in a call: put together only for a message, for hardly any is ever written.
struct FieldPlace {
  /// A list's path where `index` is given; empty for the whole.
  fileprivate let base: String
  /// The element of the list.
  fileprivate let index: Int?
  /// The name in that object; none for the object itself.
  fileprivate let name: String?

  /// The whole call.
  static let whole = FieldPlace(base: "", index: nil, name: nil)

  fileprivate init(base: String, index: Int?, name: String?) {
    self.base = base
    self.index = index
    self.name = name
  }

  /// A field of the object that stands here.
  func member(_ name: String) -> FieldPlace {
    self.name == nil
      ? FieldPlace(base: base, index: index, name: name)
      : FieldPlace(base: text, index: nil, name: name)
  }

  /// Such as `lines[2].paid`.
  var text: String {
    let object = index.map { "\(base)[\($0)]" } ?? base
    guard let name else { return object }
    return object.isEmpty ? name : "\(object).\(name)"
  }
}

/// One value of a call, with its place.
struct Field {
  /// Where it stands.
  let place: FieldPlace
  /// What it is.
  let value: JSON
  /// Whether it comes from a path, a query or a table, where everything is text.
  let isText: Bool

  /// Where it stands, such as `lines[2].paid`.
  var path: String { place.text }

  /// This value is not what it must be.
  func refusal(_ wanted: String) -> Fault {
    .invalidField(path, "\(path) must be \(wanted).")
  }

  /// This value is of another kind than it must be.
  private func mistyped(_ wanted: String) -> Fault {
    isText ? refusal(wanted) : .invalidField(path, "\(path) must be \(wanted), not \(value.kind).")
  }

  /// An id of whatever kind is wanted.
  func identifier<Kind>() throws(Fault) -> Identifier<Kind> {
    guard let text = value.text else { throw mistyped("an identifier") }
    do throws(CommerceError) { return try Identifier(text) } catch {
      throw refusal("1 to 64 characters out of A–Z a–z 0–9 . _ : ~ -")
    }
  }

  /// A whole number.
  ///
  /// - Parameters:
  ///   - range: what is allowed.
  ///   - what: what it is called in a refusal.
  /// - Returns: the number.
  /// - Throws: `invalid_field`.
  func integer(
    in range: ClosedRange<Int64>, _ what: String = "a whole number"
  ) throws(Fault) -> Int64 {
    var wanted: String { "\(what) from \(range.lowerBound) to \(range.upperBound)" }
    let number: Int64
    switch value {
    case .integer(let integer): number = integer
    case .number: throw refusal(wanted + ", without fraction or exponent")
    case .string(let text) where isText:
      guard let integer = wholeNumber(text) else { throw refusal(wanted) }
      number = integer
    default: throw mistyped(wanted)
    }
    guard range.contains(number) else { throw refusal(wanted) }
    return number
  }

  /// Money: whole minor units, 0…`Amount.limit`.
  func amount() throws(Fault) -> Amount {
    Amount(try integer(in: 0...Amount.limit.minorUnits, "a whole number of minor units"))
  }

  /// A rate in whole parts per million.
  func rate(in range: ClosedRange<Int64> = 0...1_000_000) throws(Fault) -> Rate {
    // The callers' ranges lie within 0…1 000 000.
    Rate(trusted: Int32(try integer(in: range)))
  }

  /// A text without control characters.
  func text(bytes range: ClosedRange<Int>) throws(Fault) -> String {
    guard let text = value.text else { throw mistyped("a text") }
    guard range.contains(text.utf8.count) else {
      throw refusal("a text of \(range.lowerBound) to \(range.upperBound) bytes of UTF-8")
    }
    guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
      throw refusal("a text without control characters")
    }
    return text
  }

  /// A moment.
  func timestamp() throws(Fault) -> Timestamp {
    let wanted = "an RFC 3339 date and time such as 2026-03-01T10:00:00+08:00"
    guard let text = value.text else { throw mistyped(wanted) }
    do throws(CommerceError) { return try Timestamp(text) } catch { throw refusal(wanted) }
  }

  /// True or false.
  func flag() throws(Fault) -> Bool {
    guard let flag = value.bool else { throw mistyped("true or false") }
    return flag
  }

  /// A currency.
  func currency() throws(Fault) -> Currency {
    let wanted = "three capital letters of ISO 4217"
    guard let text = value.text else { throw mistyped(wanted) }
    do throws(CommerceError) { return try Currency(text) } catch { throw refusal(wanted) }
  }

  /// One of a few words.
  func choice<Choice: RawRepresentable<String> & CaseIterable>() throws(Fault) -> Choice {
    var wanted: String { "one of " + Choice.allCases.map(\.rawValue).joined(separator: ", ") }
    guard let text = value.text else { throw mistyped(wanted) }
    guard let choice = Choice(rawValue: text) else { throw refusal(wanted) }
    return choice
  }

  /// The members of an object, as they are.
  func members() throws(Fault) -> [JSON.Member] {
    guard let members = value.members else { throw mistyped("an object") }
    return members
  }

  /// The fields of an object.
  func fields() throws(Fault) -> Fields {
    guard value.members != nil else { throw mistyped("an object") }
    return Fields(value, at: place)
  }

  /// The elements of a list; where everything is text, what stands between commas.
  func elements(count range: ClosedRange<Int>) throws(Fault) -> [Field] {
    let values: [JSON]
    if isText, let text = value.text {
      values = text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        .map { .string(String(decoding: $0, as: UTF8.self)) }
    } else if let elements = value.elements {
      values = elements
    } else {
      throw mistyped("a list")
    }
    guard range.contains(values.count) else {
      throw refusal("a list of \(range.lowerBound) to \(range.upperBound) elements")
    }
    let path = path
    return values.enumerated().map { index, value in
      Field(
        place: FieldPlace(base: path, index: index, name: nil), value: value, isText: isText)
    }
  }

  /// A list of different things.
  func distinct<Element: Hashable>(
    count range: ClosedRange<Int>, _ read: (Field) throws(Fault) -> Element
  ) throws(Fault) -> [Element] {
    var seen: Set<Element> = []
    var list: [Element] = []
    for field in try elements(count: range) {
      let element = try read(field)
      guard seen.insert(element).inserted else {
        throw .invalidField(field.path, "\(field.path) stands in the list already.")
      }
      list.append(element)
    }
    return list
  }
}

/// A number of digits with an optional minus and nothing else, or nothing where it is none.
private func wholeNumber(_ text: String) -> Int64? {
  guard text.utf8.first != UInt8(ascii: "+") else { return nil }
  return Int64(text)
}
