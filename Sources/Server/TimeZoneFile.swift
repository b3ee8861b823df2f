// The TZif format of zone files, versions 2 to 4 (RFC 9636, section 3):
//
//   header 44 bytes | block with 32-bit times | header | block with 64-bit times | \n rule \n
//
// The first block is for old readers and is skipped. The 64-bit block lists the changes of the past;
// the rule in the footer, in the notation of POSIX, says what holds after the last of them.
// Pure: bytes in, table out. Any thread.

import Commerce

/// Reads the contents of a zone file.
enum TimeZoneFile {
  /// More than any zone file has; the largest of 2026 has 4 KiB.
  static let bytesMax = 1 << 20

  /// The table that a file describes, with its rule written out to the year 2100.
  static func table(named name: String, bytes: [UInt8]) throws(TimeZoneError) -> TimeZoneTable {
    var reader = BlockReader(name: name, bytes: bytes)
    let old = try reader.header()
    guard old.version >= UInt8(ascii: "2") else {
      throw .malformedFile(name, reason: "is of version 1, without 64-bit times")
    }
    try reader.skip(old.blockBytes(timeBytes: 4))
    let header = try reader.header()
    let (firstOffset, recorded) = try reader.block(header)
    guard let rule = TimeZoneRule(try reader.footer()) else {
      throw .malformedFile(name, reason: "has a rule that cannot be read")
    }
    let last = recorded.last?.start ?? 0
    var periods: [TimeZoneTable.Period] = []
    var offset = firstOffset
    for period in recorded + rule.periods(after: last, untilYear: 2100)
    where period.offsetSeconds != offset {
      // A change of the abbreviation alone is none for us.
      periods.append(period)
      offset = period.offsetSeconds
    }
    return TimeZoneTable(name: name, firstOffsetSeconds: firstOffset, periods: periods)
  }
}

/// The six counts of RFC 9636, section 3.1.
private struct BlockHeader {
  let version: UInt8
  let universalFlags, standardFlags, leapSeconds, times, types, characters: Int

  func blockBytes(timeBytes: Int) -> Int {
    times * (timeBytes + 1) + types * 6 + characters + leapSeconds * (timeBytes + 4)
      + standardFlags + universalFlags
  }
}

private struct BlockReader {
  let name: String
  let bytes: [UInt8]
  var position = 0

  init(name: String, bytes: [UInt8]) {
    self.name = name
    self.bytes = bytes
  }

  mutating func header() throws(TimeZoneError) -> BlockHeader {
    let start = position
    try skip(20)
    guard bytes[start...].starts(with: "TZif".utf8) else {
      throw .malformedFile(name, reason: "is no zone file")
    }
    var counts: [Int] = []
    for _ in 0..<6 {
      let count = try number(bytes: 4)
      guard (0...Int64(TimeZoneFile.bytesMax)).contains(count) else { throw cut }
      counts.append(Int(count))
    }
    return BlockHeader(
      version: bytes[start + 4], universalFlags: counts[0], standardFlags: counts[1],
      leapSeconds: counts[2], times: counts[3], types: counts[4], characters: counts[5])
  }

  /// The 64-bit block: what holds before the first change, and the changes.
  mutating func block(
    _ header: BlockHeader
  ) throws(TimeZoneError) -> (firstOffset: Int64, periods: [TimeZoneTable.Period]) {
    guard header.leapSeconds == 0 else {
      throw .malformedFile(name, reason: "counts leap seconds, which our timestamps do not")
    }
    let end = position + header.blockBytes(timeBytes: 8)
    guard end <= bytes.count else { throw cut }
    var starts: [Int64] = []
    for _ in 0..<header.times { starts.append(try number(bytes: 8)) }
    guard zip(starts, starts.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw .malformedFile(name, reason: "has changes out of order")
    }
    var kinds: [Int64] = []
    for _ in 0..<header.times { kinds.append(try number(bytes: 1)) }
    var offsets: [Int64] = []
    for _ in 0..<header.types {
      offsets.append(try number(bytes: 4))
      try skip(2)
    }
    guard let firstOffset = offsets.first,
      offsets.allSatisfy({ abs($0) <= 26 * 3600 }),
      kinds.allSatisfy({ offsets.indices.contains(Int($0 & 0xFF)) })
    else { throw .malformedFile(name, reason: "has an offset that cannot be") }
    position = end
    let periods = zip(starts, kinds).map { start, kind in
      TimeZoneTable.Period(start: start, offsetSeconds: offsets[Int(kind & 0xFF)])
    }
    return (firstOffset, periods)
  }

  mutating func footer() throws(TimeZoneError) -> String {
    let start = position + 1
    guard position < bytes.count, bytes[position] == UInt8(ascii: "\n"),
      let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n"))
    else { throw cut }
    return String(decoding: bytes[start..<end], as: UTF8.self)
  }

  mutating func skip(_ count: Int) throws(TimeZoneError) {
    guard position + count <= bytes.count else { throw cut }
    position += count
  }

  /// A big-endian number in two's complement.
  private mutating func number(bytes count: Int) throws(TimeZoneError) -> Int64 {
    let start = position
    try skip(count)
    var value = Int64(Int8(bitPattern: bytes[start]))
    for byte in bytes[(start + 1)..<position] { value = value << 8 | Int64(byte) }
    return value
  }

  private var cut: TimeZoneError { .malformedFile(name, reason: "ends too early") }
}
