// The kept inputs: Tests/Fuzz/corpus/TARGET, one a file.

import FuzzTargets
import Glibc
import Testing

enum Corpus {
  /// The inputs of a target, in the order of their names.
  static func inputs(of target: FuzzTarget) throws -> [(name: String, bytes: [UInt8])] {
    let tests = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    let folder = "/\(tests)/Fuzz/corpus/\(target.rawValue)"
    let directory = try #require(opendir(folder), "\(folder) is missing")
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return try names.sorted().map { ($0, try contents("\(folder)/\($0)")) }
  }

  private static func contents(_ path: String) throws -> [UInt8] {
    let descriptor = open(path, O_RDONLY)
    try #require(descriptor >= 0, "\(path) cannot be opened")
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = read(descriptor, &chunk, chunk.count)
      try #require(count >= 0, "\(path) cannot be read")
      if count == 0 { return bytes }
      bytes += chunk[..<count]
    }
  }
}
