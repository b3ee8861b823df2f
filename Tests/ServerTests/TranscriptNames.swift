// The names of a golden conversation and its comparison of messages, by the rules of
// Protocol/transcripts/README.md. Pure.

import Notation

/// Why a conversation did not go as it is written.
enum TranscriptFault: Error, Equatable, CustomStringConvertible {
  /// The server did something else.
  case unexpected(String)
  /// The step breaks the rules of transcripts.
  case unreadable(String)

  var description: String {
    switch self {
    case .unexpected(let what): what
    case .unreadable(let what): "cannot be played: \(what)"
    }
  }
}

/// What the names of a conversation stand for.
struct TranscriptNames {
  private(set) var values: [String: JSON]

  init(_ values: [String: JSON]) { self.values = values }

  mutating func bind(_ name: String, _ value: JSON) { values[name] = value }

  /// A value to send, with every name replaced.
  func filled(_ value: JSON) throws -> JSON {
    switch value {
    case .string(let text):
      if let name = Self.wholeName(text) { return try self.value(of: name) }
      return .string(try self.text(text))
    case .array(let elements): return .array(try elements.map(filled))
    case .object(let members):
      return .object(
        try members.map { JSON.Member(try text($0.key), try filled($0.value)) })
    default: return value
    }
  }

  /// A text with every `${name}` replaced.
  func text(_ text: String) throws -> String {
    try text.replacing(/\$\{([A-Za-z][A-Za-z0-9._]*)\}/) { match in
      switch try value(of: String(match.1)) {
      case .string(let bound): bound
      case .integer(let bound): String(bound)
      case let other: throw TranscriptFault.unreadable("${\(match.1)} is \(other.kind)")
      }
    }
  }

  /// Where two messages differ first, or nothing; names are bound only where nothing differs.
  mutating func difference(_ wanted: JSON, _ found: JSON) throws -> String? {
    var tried = self
    let difference = try tried.compare(wanted, found, at: "")
    if difference == nil { self = tried }
    return difference
  }

  private static func wholeName(_ text: String) -> String? {
    text.wholeMatch(of: /\$([A-Za-z][A-Za-z0-9._]*)/).map { String($0.1) }
  }

  private func value(of name: String) throws -> JSON {
    guard let value = values[name] else {
      throw TranscriptFault.unreadable("$\(name) is not bound yet")
    }
    return value
  }

  private mutating func compare(
    _ wanted: JSON, _ found: JSON, at place: String
  ) throws -> String? {
    switch (wanted, found) {
    case (.string(let text), _):
      guard let name = Self.wholeName(text) else {
        return Self.mismatch(.string(try self.text(text)), found, at: place)
      }
      if name.hasPrefix("any") { return nil }
      guard let known = values[name] else {
        bind(name, found)
        return nil
      }
      return Self.mismatch(known, found, at: place)
    case (.object(let members), .object(let foundMembers)):
      for member in members {
        guard let inner = found[member.key] else { return "\(place).\(member.key) is missing" }
        if let difference = try compare(member.value, inner, at: "\(place).\(member.key)") {
          return difference
        }
      }
      let extra = foundMembers.first { wanted[$0.key] == nil }
      return extra.map { "\(place).\($0.key) is too much: \($0.value.description)" }
    case (.array(let elements), .array(let foundElements)):
      guard elements.count == foundElements.count else {
        return "\(place) has \(foundElements.count) elements, not \(elements.count)"
      }
      for (index, (element, inner)) in zip(elements, foundElements).enumerated() {
        if let difference = try compare(element, inner, at: "\(place)[\(index)]") {
          return difference
        }
      }
      return nil
    default: return Self.mismatch(wanted, found, at: place)
    }
  }

  /// Compares bytes: Swift's own `==` takes different spellings of a character for the same.
  private static func mismatch(_ wanted: JSON, _ found: JSON, at place: String) -> String? {
    wanted.bytes == found.bytes
      ? nil : "\(place) is \(found.description), not \(wanted.description)"
  }
}
