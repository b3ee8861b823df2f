// JSON bodies of rows: read with an error that says which row's statement and which field.

import Commerce
import Notation

/// A JSON value out of a row, with the statement that read it.
struct Body {
  /// The value.
  let json: JSON
  private let operation: String

  init(_ json: JSON, of operation: String) {
    self.json = json
    self.operation = operation
  }

  /// A field of an object; one that is not there reads as `null`.
  subscript(key: String) -> Body { Body(json[key] ?? .null, of: operation) }

  func list() throws(StorageError) -> [Body] {
    guard let elements = json.elements else { throw unexpected("an array") }
    return elements.map { Body($0, of: operation) }
  }

  func text() throws(StorageError) -> String {
    guard let text = json.text else { throw unexpected("a string") }
    return text
  }

  func integer() throws(StorageError) -> Int64 {
    guard let integer = json.integer else { throw unexpected("a whole number") }
    return integer
  }

  func flag() throws(StorageError) -> Bool {
    guard let bool = json.bool else { throw unexpected("a boolean") }
    return bool
  }

  /// Nothing for `null` or a field that is not there.
  func optional<Value>(
    _ read: (Body) throws(StorageError) -> Value
  ) throws(StorageError) -> Value? {
    json == .null ? nil : try read(self)
  }

  func id<Tag>() throws(StorageError) -> Identifier<Tag> { Identifier(trusted: try text()) }
  func amount() throws(StorageError) -> Amount { Amount(try integer()) }
  func time() throws(StorageError) -> Timestamp { Timestamp(milliseconds: try integer()) }

  func rate() throws(StorageError) -> Rate {
    do { return try Rate(partsPerMillion: try integer()) } catch { throw unexpected("a rate") }
  }

  func word<Word: RawRepresentable<String>>(
    _ type: Word.Type = Word.self
  ) throws(StorageError) -> Word {
    guard let word = Word(rawValue: try text()) else { throw unexpected("a \(type)") }
    return word
  }

  func unexpected(_ wanted: String) -> StorageError {
    StorageError(
      operation: operation, code: .unexpectedValue, extendedCode: 0,
      message: "the body holds \(json.kind) where \(wanted) belongs")
  }
}

/// Bodies are written through these, so that a time and an absent value look the same everywhere.
extension JSONWriter {
  /// Writes a field with a text, or leaves it out.
  mutating func field(_ key: StaticString, _ text: String?) {
    guard let text else { return }
    self.key(key)
    string(text)
  }

  /// Writes a field with a whole number, or leaves it out.
  mutating func field(_ key: StaticString, _ integer: Int64?) {
    guard let integer else { return }
    self.key(key)
    self.integer(integer)
  }
}
