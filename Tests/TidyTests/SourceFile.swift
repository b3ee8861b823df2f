// One Swift file as the rules see it: the text as written, and the same text with comments and
// the insides of strings blanked out, so that a rule about code never trips over a sentence.
//
// Not a parser. It knows line and nested block comments, plain, raw and multi-line strings, and
// keeps the code of interpolations. Pure, any thread.

/// A place that breaks a rule.
struct Finding: Equatable, CustomStringConvertible {
  let file: String
  let line: Int
  let rule: String

  var description: String { "\(file):\(line): \(rule)" }
}

/// A Swift file, line by line.
struct SourceFile {
  /// Relative to the top of the tree: `Sources/Commerce/Amount.swift`.
  let path: String
  /// As written.
  let lines: [String]
  /// With spaces for comments and for the text inside strings.
  let code: [String]
  /// Whether a comment stands on the line.
  let hasComment: [Bool]

  init(path: String, text: String) {
    self.path = path
    var text = text
    if text.hasSuffix("\n") { text.removeLast() }
    var blanker = Blanker(bytes: Array(text.utf8))
    blanker.run()
    lines = SourceFile.split(blanker.original)
    code = SourceFile.split(blanker.bytes)
    hasComment = lines.indices.map { blanker.commentLines.contains($0) }
  }

  /// The target that the file belongs to: the folder under `Sources`.
  var target: String? {
    let parts = path.split(separator: "/")
    return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : nil
  }

  private static func split(_ bytes: [UInt8]) -> [String] {
    bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
  }
}

/// Writes spaces over everything that is not code; lines and columns stay where they are.
private struct Blanker {
  let original: [UInt8]
  var bytes: [UInt8]
  var commentLines: Set<Int> = []
  private var position = 0
  private var line = 0

  init(bytes: [UInt8]) {
    original = bytes
    self.bytes = bytes
  }

  mutating func run() { skipCode(untilParenthesis: false) }

  /// Reads code to the end of the file, or to the parenthesis that ends an interpolation.
  private mutating func skipCode(untilParenthesis: Bool) {
    var depth = 0
    while position < original.count {
      if starts(with: "//") {
        while position < original.count, original[position] != UInt8(ascii: "\n") { blankComment() }
      } else if starts(with: "/*") {
        skipBlockComment()
      } else if let hashes = openingQuote {
        skipString(hashes: hashes)
      } else {
        if original[position] == UInt8(ascii: "(") { depth += 1 }
        if original[position] == UInt8(ascii: ")") {
          if untilParenthesis, depth == 0 { return }
          depth -= 1
        }
        step()
      }
    }
  }

  private mutating func skipBlockComment() {
    var depth = 0
    repeat {
      if starts(with: "/*") {
        depth += 1
        blankComment()
      } else if starts(with: "*/") {
        depth -= 1
        blankComment()
      }
      if position < original.count { blankComment() }
    } while depth > 0 && position < original.count
  }

  /// How many `#` stand before a quote that opens here, or nothing where none opens.
  private var openingQuote: Int? {
    var end = position
    while end < original.count, original[end] == UInt8(ascii: "#") { end += 1 }
    guard end < original.count, original[end] == UInt8(ascii: "\"") else { return nil }
    return end - position
  }

  private mutating func skipString(hashes: Int) {
    let tail = String(repeating: "#", count: hashes)
    for _ in 0..<hashes { step() }
    let quote = starts(with: "\"\"\"") ? "\"\"\"" : "\""
    for _ in quote.utf8 { step() }
    while position < original.count {
      if starts(with: quote + tail) {
        for _ in 0..<quote.utf8.count + hashes { step() }
        return
      }
      if starts(with: "\\" + tail + "(") {
        for _ in 0..<hashes + 2 { step() }
        skipCode(untilParenthesis: true)
        if position < original.count { step() }
      } else if starts(with: "\\" + tail) {
        for _ in 0..<hashes + 1 { blank() }
        if position < original.count { blank() }
      } else if quote.utf8.count == 1, original[position] == UInt8(ascii: "\n") {
        return  // Not Swift; do not swallow the rest of the file.
      } else {
        blank()
      }
    }
  }

  private func starts(with text: String) -> Bool {
    original[position] == text.utf8.first && original[position...].starts(with: text.utf8)
  }

  private mutating func step() {
    if original[position] == UInt8(ascii: "\n") { line += 1 }
    position += 1
  }

  private mutating func blank() {
    if original[position] != UInt8(ascii: "\n") { bytes[position] = UInt8(ascii: " ") }
    step()
  }

  private mutating func blankComment() {
    commentLines.insert(line)
    blank()
  }
}
