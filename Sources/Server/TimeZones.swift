// Time zones by name, for the core, which never asks the system: read once at start, handed in as
// tables. Any thread; touches the disk.

import Commerce
import Glibc

/// Where the tables of the world's time zones come from.
package enum TimeZones {
  /// Where Debian, and almost everybody else, keeps the zone files.
  package static let systemFolder = "/usr/share/zoneinfo"

  /// The table of a zone, with daylight saving by its present rule until the year 2100.
  ///
  /// `UTC` and `Asia/Shanghai` are built in, so that the defaults need no file and mean the same on
  /// every machine.
  /// - Parameters:
  ///   - name: such as `America/New_York`.
  ///   - folder: with files in the format of RFC 9636.
  /// - Returns: the table.
  /// - Throws: `TimeZoneError`.
  package static func table(
    named name: String, folder: String = systemFolder
  ) throws(TimeZoneError) -> TimeZoneTable {
    if name == TimeZoneTable.utc.name { return .utc }
    if name == TimeZoneTable.shanghai.name { return .shanghai }
    guard isName(name) else { throw .malformedName(name) }
    return try TimeZoneFile.table(named: name, bytes: contents(name, folder + "/" + name))
  }

  /// Whether a name stays inside the folder: letters, digits, `_`, `+`, `-` in one to four parts.
  private static func isName(_ name: String) -> Bool {
    let parts = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    return name.utf8.count <= 64 && parts.count <= 4
      && parts.allSatisfy { part in
        !part.isEmpty && part.allSatisfy(isNameByte)
      }
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "+"),
      UInt8(ascii: "-"):
      true
    default: false
    }
  }

  private static func contents(_ name: String, _ path: String) throws(TimeZoneError) -> [UInt8] {
    do {
      return try SmallFile.read(path, bytesMax: TimeZoneFile.bytesMax)
    } catch {
      switch error {
      case .system(ENOENT), .system(ENOTDIR), .system(EISDIR): throw .unknown(name)
      default: throw .unreadable(path: path, error)
      }
    }
  }
}

/// Why there is no table for a time zone.
package enum TimeZoneError: Error, Equatable, CustomStringConvertible {
  /// The name could not be that of a zone.
  case malformedName(String)
  /// No such zone on this machine; perhaps its `tzdata` is missing.
  case unknown(String)
  /// The zone's file is there and could not be read.
  case unreadable(path: String, SmallFile.Fault)
  /// The zone's file is not what RFC 9636 describes.
  case malformedFile(String, reason: String)

  /// A sentence for whoever configured the zone.
  package var description: String {
    switch self {
    case .malformedName(let name): "\"\(name)\" is not the name of a time zone"
    case .unknown(let name): "this machine does not know the time zone \(name) (package tzdata)"
    case .unreadable(let path, let fault): "cannot read \(path): \(fault)"
    case .malformedFile(let name, let reason): "the file of the time zone \(name) \(reason)"
    }
  }
}
