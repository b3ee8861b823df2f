// The configuration file: lines `name = value`, blank lines, and comments from `#` at the start of
// a line. Space around name and value does not count; everything else of the value does, so a
// value may hold `#` and `=`. Pure, any thread.

/// Reads a configuration file.
enum ConfigurationFile {
  /// One `name = value`.
  struct Entry: Equatable {
    let name: String
    let value: String
    let line: Int
  }

  /// More than any configuration needs.
  static let bytesMax = 1 << 20

  /// The entries in their order.
  static func entries(path: String, bytes: [UInt8]) throws(CommandFailure) -> [Entry] {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw CommandFailure(.malformedInput, "\(path) is not UTF-8")
    }
    var entries: [Entry] = []
    let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
    for (index, line) in lines.enumerated() {
      let line = trimmed(line)
      if line.isEmpty || line.hasPrefix("#") { continue }
      let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, !trimmed(parts[0]).isEmpty else {
        throw CommandFailure(
          .malformedInput, "\(path):\(index + 1): a line \"name = value\" is wanted")
      }
      entries.append(
        Entry(name: trimmed(parts[0]), value: trimmed(parts[1]), line: index + 1))
    }
    return entries
  }
}

/// A text without the space around it.
func trimmed(_ text: some StringProtocol) -> String {
  let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
  let rest = text.drop(while: isSpace)
  guard let end = rest.lastIndex(where: { !isSpace($0) }) else { return "" }
  return String(rest[...end])
}
