// The named values of a call: parameters, a body, a query, a row of a table. Each is read at most
// once; `finish()` then refuses what nobody asked for, so that a misspelt field is never silently
// ignored. A `null`, and an empty text where everything is text, is as good as absent. Any thread.

import Commerce
import Notation
import Wire

/// The named values of a call, read strictly.
struct Fields {
  private var entries: [JSON.Member]
  /// From here on everything is text.
  private var textsBegin: Int
  /// Whether each entry was read.
  private var isRead: [Bool]
  private let place: FieldPlace

  /// The fields of an object.
  ///
  /// - Parameters:
  ///   - object: an object; its keys differ.
  ///   - place: where it stands in the call.
  init(_ object: JSON, at place: FieldPlace = .whole) {
    guard let members = object.members else { preconditionFailure("fields stand in an object") }
    entries = members
    textsBegin = members.count
    isRead = [Bool](repeating: false, count: members.count)
    self.place = place
  }

  /// The cells of a row; the names differ.
  init(texts: [(name: String, text: String)]) {
    entries = texts.map { JSON.Member($0.name, .string($0.text)) }
    textsBegin = 0
    isRead = [Bool](repeating: false, count: entries.count)
    place = .whole
  }

  /// The items of a query.
  ///
  /// - Throws: `invalid_field` for a name that stands twice.
  init(query: [HTTPTarget.QueryItem]) throws(Fault) {
    self.init(texts: [])
    for item in query { try add(item.name, item.value) }
  }

  /// Adds a text that came beside the others, such as in the path of a request.
  ///
  /// - Throws: `invalid_field` where the name stands here already.
  mutating func add(_ name: String, _ text: String) throws(Fault) {
    guard index(of: name) == nil else {
      throw .invalidField(shown(name), "\(shown(name)) stands twice.")
    }
    entries.append(JSON.Member(name, .string(text)))
    isRead.append(false)
  }

  /// Refuses every field that was not read.
  ///
  /// - Throws: `invalid_field` naming the first one.
  func finish() throws(Fault) {
    guard let unread = isRead.firstIndex(of: false) else { return }
    let path = path(shown(entries[unread].key))
    throw .invalidField(path, "There is no field \(path) here.")
  }

  /// Says what is wrong with a field of this object.
  func fault(_ name: String, _ sentence: String) -> Fault { .invalidField(path(name), sentence) }

  /// A text that is there, without counting it as read.
  func textPresent(_ name: String) -> String? {
    index(of: name).flatMap { entries[$0].value.text }
  }

  /// A field that may be absent.
  mutating func optional(_ name: String) -> Field? {
    guard let index = index(of: name) else { return nil }
    isRead[index] = true
    let isText = index >= textsBegin
    let value = entries[index].value
    switch value {
    case .null: return nil
    case .string(let text) where isText && text.isEmpty: return nil
    default: return Field(place: place.member(name), value: value, isText: isText)
    }
  }

  /// A field that must be there.
  mutating func required(_ name: String) throws(Fault) -> Field {
    guard let field = optional(name) else {
      throw .invalidField(path(name), "\(path(name)) is missing.")
    }
    return field
  }

  /// A field that must be there and may be `null`.
  mutating func nullable(_ name: String) throws(Fault) -> Field? {
    guard index(of: name) != nil else {
      throw .invalidField(path(name), "\(path(name)) is missing; it may be null.")
    }
    return optional(name)
  }

  /// Where a name stands. Names of other lengths are told apart before any are compared.
  private func index(of name: String) -> Int? {
    let length = name.utf8.count
    return entries.firstIndex { $0.key.utf8.count == length && $0.key == name }
  }

  private func path(_ name: String) -> String { place.member(name).text }

  /// A name that somebody else chose, cut to what a message can carry.
  private func shown(_ name: String) -> String {
    name.utf8.count <= 64 ? name : String(decoding: name.utf8.prefix(64), as: UTF8.self) + "…"
  }
}

// What calls are made of, required and optional.
extension Fields {
  /// An id.
  mutating func identifier<Kind>(_ name: String) throws(Fault) -> Identifier<Kind> {
    try required(name).identifier()
  }

  /// An id, where there is one.
  mutating func optionalIdentifier<Kind>(_ name: String) throws(Fault) -> Identifier<Kind>? {
    try optional(name)?.identifier()
  }

  /// Different ids.
  mutating func identifiers<Kind>(
    _ name: String, count range: ClosedRange<Int>
  ) throws(Fault) -> [Identifier<Kind>] {
    try required(name).identifiers(count: range)
  }

  /// A text without control characters.
  mutating func text(
    _ name: String, bytesMin: Int = 1, bytesMax: Int
  ) throws(Fault) -> String {
    try required(name).text(bytes: bytesMin...bytesMax)
  }

  /// A text without control characters, where there is one.
  mutating func optionalText(
    _ name: String, bytesMin: Int = 0, bytesMax: Int
  ) throws(Fault) -> String? {
    try optional(name)?.text(bytes: bytesMin...bytesMax)
  }

  /// A whole number.
  mutating func integer(_ name: String, in range: ClosedRange<Int64>) throws(Fault) -> Int64 {
    try required(name).integer(in: range)
  }

  /// A whole number, where there is one.
  mutating func optionalInteger(
    _ name: String, in range: ClosedRange<Int64>
  ) throws(Fault) -> Int64? {
    try optional(name)?.integer(in: range)
  }

  /// How many things an answer may list: 1…`max`, or `max` where it is left open.
  mutating func limit(max: Int) throws(Fault) -> Int {
    Int(try optionalInteger("limit", in: 1...Int64(max)) ?? Int64(max))
  }

  /// A moment.
  mutating func timestamp(_ name: String) throws(Fault) -> Timestamp {
    try required(name).timestamp()
  }

  /// A moment, where there is one.
  mutating func optionalTimestamp(_ name: String) throws(Fault) -> Timestamp? {
    try optional(name)?.timestamp()
  }

  /// Objects of a list, each read to its end.
  mutating func objects<Element>(
    _ name: String, count range: ClosedRange<Int>,
    _ read: (inout Fields) throws(Fault) -> Element
  ) throws(Fault) -> [Element] {
    try required(name).objects(count: range, read)
  }
}

extension Field {
  /// Different ids.
  func identifiers<Kind>(count range: ClosedRange<Int>) throws(Fault) -> [Identifier<Kind>] {
    try distinct(count: range) { (field) throws(Fault) in try field.identifier() }
  }

  /// Objects of a list, each read to its end.
  func objects<Element>(
    count range: ClosedRange<Int>, _ read: (inout Fields) throws(Fault) -> Element
  ) throws(Fault) -> [Element] {
    var list: [Element] = []
    for element in try elements(count: range) {
      var fields = try element.fields()
      list.append(try read(&fields))
      try fields.finish()
    }
    return list
  }
}
