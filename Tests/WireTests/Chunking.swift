/// Shared by the tests of this target: a seeded generator, and ways to cut bytes into reads.

/// SplitMix64: small, seeded, the same everywhere.
struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// Some ways to cut the same bytes: whole, byte by byte, and at random.
func chunkings(of bytes: [UInt8], seed: UInt64, count: Int = 20) -> [[[UInt8]]] {
  var generator = SplitMix64(seed: seed)
  var all = [[bytes], bytes.map { [$0] }]
  for _ in 0..<count {
    var chunks: [[UInt8]] = []
    var place = 0
    let longest = Int.random(in: 1...max(1, bytes.count), using: &generator)
    while place < bytes.count {
      let end = min(bytes.count, place + Int.random(in: 1...longest, using: &generator))
      chunks.append(Array(bytes[place..<end]))
      place = end
    }
    all.append(chunks)
  }
  return all
}

/// A keyed function with the shape of HMAC-SHA-256 and none of its strength: FNV-1a, spread.
func toyMAC(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
  var digest: [UInt8] = []
  for lane in UInt8(0)..<4 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in [lane] + key + message + key {
      hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
    }
    var mixed = SplitMix64(seed: hash)
    let word = mixed.next()
    for shift in stride(from: 56, through: 0, by: -8) {
      digest.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
    }
  }
  return digest
}
