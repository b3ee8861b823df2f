// SHA-1 for the handshake of the echo server, so that the transport is tested without a library
// for cryptography. Source: RFC 3174.

/// The SHA-1 digest of some bytes.
///
/// - Parameter message: any length.
/// - Returns: 20 bytes.
package func sha1(_ message: [UInt8]) -> [UInt8] {
  var padded = message + [0x80]
  while padded.count % 64 != 56 { padded.append(0) }
  let bits = UInt64(message.count) * 8
  for place in (0..<8).reversed() { padded.append(UInt8(truncatingIfNeeded: bits >> (place * 8))) }
  var state: [UInt32] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0]
  for block in stride(from: 0, to: padded.count, by: 64) {
    var words = (0..<16).map { index in
      padded[(block + index * 4)..<(block + index * 4 + 4)]
        .reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    }
    for index in 16..<80 {
      words.append(
        rotate(words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16], 1))
    }
    var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
    for index in 0..<80 {
      let (mixed, constant) = round(index, b, c, d)
      let next = rotate(a, 5) &+ mixed &+ e &+ constant &+ words[index]
      (e, d, c, b, a) = (d, c, rotate(b, 30), a, next)
    }
    for (index, value) in [a, b, c, d, e].enumerated() { state[index] &+= value }
  }
  return state.flatMap { word in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> $0) } }
}

private func rotate(_ word: UInt32, _ places: UInt32) -> UInt32 {
  word << places | word >> (32 - places)
}

private func round(
  _ index: Int, _ b: UInt32, _ c: UInt32, _ d: UInt32
) -> (mixed: UInt32, constant: UInt32) {
  switch index / 20 {
  case 0: (b & c | ~b & d, 0x5a82_7999)
  case 1: (b ^ c ^ d, 0x6ed9_eba1)
  case 2: (b & c | b & d | c & d, 0x8f1b_bcdc)
  default: (b ^ c ^ d, 0xca62_c1d6)
  }
}
