// The rules of the source tree, held against the tree that this test was built from.

import FoundationEssentials
import Glibc
import Testing

@Suite("The source tree is tidy")
struct TidyTests {
  @Test("Every Swift file under Sources keeps the rules of its target")
  func sources() throws {
    let files = try Tree.swiftFiles(under: "Sources")
    #expect(files.count > 10, "the tree was not found at \(Tree.root)")
    for finding in files.flatMap(Rules.findings) { Issue.record("\(finding)") }
  }

  @Test("Nothing lies at the top of the repository that is not on the map")
  func topLevel() throws {
    let paths = try Tree.trackedPaths() ?? Tree.topLevelNames()
    #expect(paths.contains { $0.hasPrefix("Sources") })
    for finding in Rules.topLevel(paths) { Issue.record("\(finding)") }
  }
}

/// The working copy on disk.
private enum Tree {
  /// The folder that holds Package.swift: this file is two folders below it.
  static let root: String = {
    var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    parts.removeLast(3)
    return parts.joined(separator: "/")
  }()

  /// The Swift files under a folder, in order of their paths.
  static func swiftFiles(under folder: String) throws -> [SourceFile] {
    try FileManager.default.subpathsOfDirectory(atPath: root + "/" + folder).sorted()
      .filter { $0.hasSuffix(".swift") }
      .map { path in
        let path = folder + "/" + path
        let text = try #require(FileManager.default.contents(atPath: root + "/" + path))
        return SourceFile(path: path, text: String(decoding: text, as: UTF8.self))
      }
  }

  /// What git tracks, or nothing where there is no git or no repository.
  static func trackedPaths() -> [String]? {
    let quoted = "'" + root.split(separator: "'").joined(separator: "'\\''") + "'"
    guard let pipe = popen("git -C \(quoted) ls-files 2>/dev/null", "r") else { return nil }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while case let count = fread(&chunk, 1, chunk.count, pipe), count > 0 {
      bytes += chunk[..<count]
    }
    guard pclose(pipe) == 0, !bytes.isEmpty else { return nil }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  static func topLevelNames() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: root)
  }
}
