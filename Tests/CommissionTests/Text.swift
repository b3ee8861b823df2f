// Edits plan documents in tests. The library has no Foundation, so replacing is done by hand.
import Testing

/// A text in which one occurrence can be replaced.
struct Text {
  private(set) var string: String

  init(_ bytes: [UInt8]) { string = String(decoding: bytes, as: UTF8.self) }
  init(_ string: String) { self.string = string }

  var bytes: [UInt8] { Array(string.utf8) }

  /// Replaces the first occurrence; a text that does not occur fails the test.
  mutating func replace(_ old: String, _ new: String) {
    guard let range = string.firstRange(of: old) else {
      Issue.record("\"\(old)\" does not occur")
      return
    }
    string.replaceSubrange(range, with: new)
  }
}
