// Files that are read whole: configuration, zones, plans. Any thread; blocks on the disk.

import Glibc

/// Reads small files.
package enum SmallFile {
  /// Why a file could not be read.
  package enum Fault: Error, Equatable, Sendable {
    /// The operating system said no, with this `errno`.
    case system(errno: Int32)
    /// The file has more bytes than the caller wants.
    case tooLong(bytesMax: Int)
  }

  /// All bytes of a file.
  ///
  /// - Parameters:
  ///   - path: of the file.
  ///   - bytesMax: more than this is refused, before it is all in memory.
  /// - Returns: the bytes.
  /// - Throws: `Fault`.
  package static func read(_ path: String, bytesMax: Int) throws(Fault) -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw .system(errno: errno) }
    defer { close(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Glibc.read(file, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .system(errno: errno) }
      if count == 0 { return bytes }
      bytes += chunk[..<count]
      guard bytes.count <= bytesMax else { throw .tooLong(bytesMax: bytesMax) }
    }
  }

  /// What an `errno` means, in the words of the C library.
  ///
  /// - Parameter errno: such as `ENOENT`.
  /// - Returns: such as `No such file or directory`.
  package static func meaning(ofErrno errno: Int32) -> String { String(cString: strerror(errno)) }
}

extension SmallFile.Fault: CustomStringConvertible {
  /// A clause that fits behind "cannot read FILE: ".
  package var description: String {
    switch self {
    case .system(let errno): SmallFile.meaning(ofErrno: errno)
    case .tooLong(let bytesMax): "longer than \(bytesMax) bytes"
    }
  }
}
