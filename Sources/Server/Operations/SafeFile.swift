// Files that must be whole or not there at all: written under another name, synced, then given their
// name, which fails if the name is taken. Any thread; blocks on the disk.

import Glibc

/// Copies and names files so that a power cut leaves nothing half done.
enum SafeFile {
  /// Why a file could not be made.
  struct Fault: Error, CustomStringConvertible {
    let operation: String
    let number: Int32
    var description: String { "\(operation): \(SmallFile.meaning(ofErrno: number))" }

    init(_ operation: String, _ number: Int32 = errno) {
      self.operation = operation
      self.number = number
    }
  }

  /// Whether anything has this name.
  static func exists(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }

  /// The folder that a path is in.
  static func folder(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Copies a file to a new one that only its owner may read, and makes its bytes durable.
  static func copy(_ source: String, to target: String) throws(Fault) {
    let input = open(source, O_RDONLY | O_CLOEXEC)
    guard input >= 0 else { throw Fault("open \(source)") }
    defer { close(input) }
    let output = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard output >= 0 else { throw Fault("create \(target)") }
    defer { close(output) }
    var chunk = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = read(input, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw Fault("read \(source)") }
      if count == 0 { break }
      try write(chunk[..<count], to: output, target)
    }
    guard fsync(output) == 0 else { throw Fault("fsync \(target)") }
  }

  private static func write(
    _ bytes: ArraySlice<UInt8>, to file: Int32, _ path: String
  ) throws(Fault) {
    var rest = bytes
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw Fault("write \(path)") }
      rest = rest.dropFirst(count)
    }
  }

  /// Makes the bytes, or the entries, behind a path durable.
  static func sync(_ path: String) throws(Fault) {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw Fault("open \(path)") }
    defer { close(file) }
    guard fsync(file) == 0 else { throw Fault("fsync \(path)") }
  }

  /// Gives a finished file its name; fails where the name is taken.
  static func publish(_ draft: String, as path: String) throws(Fault) {
    guard link(draft, path) == 0 else { throw Fault("link \(path)") }
    unlink(draft)
    try sync(folder(of: path))
  }

  /// The names in a folder, without `.` and `..`; nothing where there is no such folder.
  static func names(in path: String) -> [String]? {
    guard let folder = opendir(path) else { return nil }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Removes a folder of files that this run has made.
  static func removeFolder(_ path: String) {
    for name in names(in: path) ?? [] { unlink(path + "/" + name) }
    rmdir(path)
  }
}
