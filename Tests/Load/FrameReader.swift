// Frames of a WebSocket as a client gets them: unmasked, of any length. Counting is all that is done
// with most, so that a frame that came whole is looked at where it lies and nothing is copied.
// Source: RFC 6455 section 5.2.

import Glibc
/// The opcodes that matter here.
enum Opcode {
  static let text: UInt8 = 1
  static let close: UInt8 = 8
  static let ping: UInt8 = 9
  static let pong: UInt8 = 10
}

/// The beginning of a frame.
struct FrameHead {
  let opcode: UInt8
  let isFinal: Bool
  let headBytes: Int
  let payloadBytes: Int

  /// Reads the head at the beginning of some bytes, or nothing where it is not whole yet.
  init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= 2 else { return nil }
    opcode = bytes[0] & 15
    isFinal = bytes[0] & 128 != 0
    switch bytes[1] & 127 {
    case 126:
      guard bytes.count >= 4 else { return nil }
      headBytes = 4
      payloadBytes = Int(bytes[2]) << 8 | Int(bytes[3])
    case 127:
      guard bytes.count >= 10 else { return nil }
      headBytes = 10
      payloadBytes = bytes[2..<10].reduce(0) { $0 << 8 | Int($1) }
    case let length:
      headBytes = 2
      payloadBytes = Int(length)
    }
  }

  var frameBytes: Int { headBytes + payloadBytes }
}

/// A frame as a client sends it. The mask is zero: the server unmasks it all the same.
func clientFrame(_ opcode: UInt8, _ payload: some Collection<UInt8>) -> [UInt8] {
  var frame: [UInt8] = [128 | opcode]
  switch payload.count {
  case 0..<126: frame.append(128 | UInt8(payload.count))
  case 126..<65_536:
    frame += [128 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 255)]
  default:
    frame.append(128 | 127)
    for shift in stride(from: 56, through: 0, by: -8) {
      frame.append(UInt8(payload.count >> shift & 255))
    }
  }
  frame += [0, 0, 0, 0]
  frame += payload
  return frame
}

/// Where some bytes stand in others, from a place on.
func find(_ wanted: StaticString, in bytes: UnsafeRawBufferPointer, from start: Int = 0) -> Int? {
  let count = wanted.utf8CodeUnitCount
  guard let base = bytes.baseAddress else { return nil }
  var place = start
  while bytes.count - place >= count {
    let length = bytes.count - count - place + 1
    guard let hit = memchr(base + place, Int32(wanted.utf8Start[0]), length) else { return nil }
    place = UnsafeRawPointer(hit) - base
    if memcmp(hit, wanted.utf8Start, count) == 0 { return place }
    place += 1
  }
  return nil
}

/// The whole number that follows the last place of some bytes.
func number(afterLast wanted: StaticString, in bytes: UnsafeRawBufferPointer) -> Int64? {
  var place: Int?
  var start = 0
  while let next = find(wanted, in: bytes, from: start) {
    place = next
    start = next + wanted.utf8CodeUnitCount
  }
  guard place != nil else { return nil }
  var value: Int64 = 0
  var digits = 0
  while start < bytes.count, case let digit = bytes[start], (48...57).contains(digit), digits < 18 {
    value = value * 10 + Int64(digit - 48)
    start += 1
    digits += 1
  }
  return digits > 0 ? value : nil
}
