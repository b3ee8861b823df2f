// The rules of the source tree that the compiler does not enforce: who may import whom, what has
// no place in the pure targets, and what has no place anywhere. Pure: files in, findings out.

/// The rules; each takes a file and returns the places that break it, in the order of the file.
enum Rules {
  /// Who may import whom. Toolchain modules are always visible, so SwiftPM cannot say this.
  static let importsAllowed: [String: Set<String>] = {
    let core: Set = ["Commerce", "Commission", "Coordination", "Ledger", "Notation"]
    let shell: Set = ["Glibc", "Synchronization"]
    return [
      "Notation": [],
      "Commerce": [],
      "Commission": ["Commerce", "Notation"],
      "Ledger": ["Commerce"],
      "Coordination": ["Commerce", "Commission", "Ledger", "Notation"],
      "Wire": ["Commerce", "Notation"],
      "Crypto": ["COpenSSL", "Glibc"],
      "Transport": shell.union(["CLinux", "COpenSSL", "Wire"]),
      "Storage": shell.union(core).union(["Crypto", "CSQLite"]),
      "Server": shell.union(core).union([
        "Wire", "Crypto", "Transport", "Storage", "FoundationEssentials",
      ]),
      "waggle": ["Server", "Glibc"],
    ]
  }()

  /// The targets that take time, chance and input as arguments.
  static let pureTargets: Set = ["Notation", "Commerce", "Commission", "Ledger", "Coordination"]

  /// What a pure target may not mention.
  static let impureWords = [
    "Foundation", "FoundationEssentials", "Glibc", "Date(", "Task", "async", "await", "actor ",
    "SystemRandomNumberGenerator", "ContinuousClock", "SuspendingClock", "Double", "Float",
    ".random(", "Hasher(",
  ]

  /// What may stand at the top of the repository, besides names that begin with a dot.
  static let topLevelAllowed: Set = [
    "Package.swift", "Sources", "Tests", "Protocol", "Tools", "README.md",
  ]

  /// The most lines that a file may have before it wants splitting.
  static let linesMax = 450

  /// Every rule about one file.
  static func findings(in file: SourceFile) -> [Finding] {
    imports(file) + purity(file) + shortcuts(file) + unprovenSharing(file) + length(file)
      + documentation(file)
  }

  static func imports(_ file: SourceFile) -> [Finding] {
    guard let target = file.target, let allowed = importsAllowed[target] else {
      return [
        Finding(file: file.path, line: 1, rule: "the target has no line in the table of imports")
      ]
    }
    return file.code.enumerated().compactMap { index, line in
      guard let module = importedModule(line), !allowed.contains(module) else { return nil }
      return Finding(
        file: file.path, line: index + 1, rule: "\(target) may not import \(module)")
    }
  }

  static func purity(_ file: SourceFile) -> [Finding] {
    guard let target = file.target, pureTargets.contains(target) else { return [] }
    return findings(file, lines: file.code, words: impureWords) { "\($0) in the pure \(target)" }
  }

  static func shortcuts(_ file: SourceFile) -> [Finding] {
    findings(file, lines: file.code, words: ["try!", "as!", "fatalError()"]) {
      "\($0): say what went wrong instead"
    }
      + findings(file, lines: file.lines, words: ["TODO", "FIXME"]) {
        "\($0): do it or write it down elsewhere"
      }
  }

  static func unprovenSharing(_ file: SourceFile) -> [Finding] {
    findings(file, lines: file.code, words: ["@unchecked Sendable", "nonisolated(unsafe)"]) {
      "\($0) without a proof in a comment beside it"
    }.filter { finding in
      let index = finding.line - 1
      return !file.hasComment[max(0, index - 3)...index].contains(true)
    }
  }

  static func length(_ file: SourceFile) -> [Finding] {
    guard file.lines.count > linesMax else { return [] }
    return [
      Finding(file: file.path, line: linesMax + 1, rule: "longer than \(linesMax) lines: split it")
    ]
  }

  static func documentation(_ file: SourceFile) -> [Finding] {
    file.code.indices.compactMap { index in
      guard isExportedDeclaration(file.code[index]) else { return nil }
      var above = index - 1
      while above >= 0, isAttributeLine(file.code[above]) { above -= 1 }
      let doc = above >= 0 ? file.lines[above].drop { $0 == " " } : ""
      if doc.hasPrefix("///") || doc.hasSuffix("*/") { return nil }
      return Finding(
        file: file.path, line: index + 1, rule: "a package or public declaration without docstring")
    }
  }

  /// What lies at the top of the repository and has no place there.
  static func topLevel(_ paths: [String]) -> [Finding] {
    let names = Set(paths.compactMap { $0.split(separator: "/").first.map(String.init) })
    return names.sorted().filter { !$0.hasPrefix(".") && !topLevelAllowed.contains($0) }
      .map { Finding(file: $0, line: 1, rule: "has no place at the top of the repository") }
  }

  /// The module that a line imports: `@testable import struct Notation.JSON` gives `Notation`.
  static func importedModule(_ line: String) -> String? {
    var words = line.split { $0 == " " || $0 == ";" }.map(String.init)
    while let word = words.first, word.hasPrefix("@") || accessLevels.contains(word) {
      words.removeFirst()
    }
    guard words.first == "import", words.count > 1 else { return nil }
    let name = importKinds.contains(words[1]) && words.count > 2 ? words[2] : words[1]
    return name.split(separator: ".").first.map(String.init)
  }

  /// Whether a line declares something that other targets or packages see.
  static func isExportedDeclaration(_ line: String) -> Bool {
    var exported = false
    for word in wordsWithoutAttributes(line) {
      let name = word.prefix { $0 != "(" && $0 != "<" && $0 != "?" && $0 != "!" }
      if name == "package" || name == "public" || name == "open" {
        // `package private(set) var` is exported, `private(set)` alone is not reached here.
        exported = true
      } else if declarationKeywords.contains(String(name)) {
        // `class func` reads as a declaration at once, which is what it is.
        return exported
      } else if !modifiers.contains(String(name)) {
        return false
      }
    }
    return false
  }

  private static let accessLevels: Set = [
    "private", "fileprivate", "internal", "package", "public",
  ]
  private static let importKinds: Set = [
    "struct", "class", "enum", "protocol", "func", "var", "let", "typealias",
  ]
  private static let declarationKeywords: Set = [
    "struct", "class", "enum", "protocol", "func", "var", "let", "typealias", "actor", "init",
    "subscript", "associatedtype", "macro",
  ]
  private static let modifiers: Set = [
    "private", "fileprivate", "internal", "static", "final", "mutating", "nonmutating", "override",
    "required", "convenience", "indirect", "nonisolated", "lazy", "weak", "unowned", "prefix",
    "postfix", "infix", "dynamic", "borrowing", "consuming", "sending", "isolated",
  ]

  private static func wordsWithoutAttributes(_ line: String) -> [Substring] {
    line.split(separator: " ").drop { $0.hasPrefix("@") }.map { $0 }
  }

  /// A line that holds attributes and nothing else.
  private static func isAttributeLine(_ line: String) -> Bool {
    let words = line.split(separator: " ")
    return words.first?.hasPrefix("@") == true && !isExportedDeclaration(line)
      && !words.contains { declarationKeywords.contains(String($0)) }
  }

  private static func findings(
    _ file: SourceFile, lines: [String], words: [String], rule: (String) -> String
  ) -> [Finding] {
    let words = words.map { (text: $0, bytes: Array($0.utf8)) }
    return lines.enumerated().flatMap { index, line in
      let line = Array(line.utf8)
      return words.filter { mentions(line, $0.bytes) }.map { word in
        Finding(file: file.path, line: index + 1, rule: rule(word.text))
      }
    }
  }

  /// Whether a line holds a word that is not a part of a longer one.
  private static func mentions(_ line: [UInt8], _ word: [UInt8]) -> Bool {
    guard let first = word.first, let last = word.last, line.count >= word.count else {
      return false
    }
    var start = 0
    while start + word.count <= line.count {
      let end = start + word.count
      if line[start] == first, line[start..<end].elementsEqual(word) {
        let glued = isNameByte(first) && start > 0 && isNameByte(line[start - 1])
        let continued = isNameByte(last) && end < line.count && isNameByte(line[end])
        if !glued && !continued { return true }
      }
      start += 1
    }
    return false
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
      true
    default: false
    }
  }
}
