// Makes new inputs out of old ones. A seed gives the same inputs in every run.

import FuzzTargets

struct Mutator {
  private var generator: SplitMix64
  private let inputs: [[UInt8]]

  /// Pieces that mean something somewhere.
  private static let words = [
    "\r\n", "\r\n\r\n", "Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n", "0\r\n\r\n",
    "\"",
    "{", "}", "[", "]", "\\u0000", "null", "-1", "9223372036854775808", "1e999", "\u{FEFF}",
    "\u{0}",
    ".", "=", ",", "%00", "\u{81}\u{FE}",
  ].map { Array($0.utf8) }

  init(seed: UInt64, inputs: [[UInt8]]) {
    precondition(!inputs.isEmpty, "something to begin with")
    generator = SplitMix64(seed: seed)
    self.inputs = inputs
  }

  mutating func next() -> [UInt8] {
    var bytes = inputs[number(inputs.count)]
    for _ in 0...number(4) { change(&bytes) }
    return bytes
  }

  private mutating func change(_ bytes: inout [UInt8]) {
    guard !bytes.isEmpty else { return bytes = inputs[number(inputs.count)] }
    let place = number(bytes.count)
    let end = min(bytes.count, place + 1 + number(16))
    switch number(8) {
    case 0: bytes[place] ^= 1 << UInt8(number(8))
    case 1: bytes[place] = UInt8(number(256))
    case 2: bytes.insert(UInt8(number(256)), at: place)
    case 3: bytes.removeSubrange(place..<end)
    case 4: bytes.insert(contentsOf: bytes[place..<end], at: place)
    case 5: bytes.insert(contentsOf: Self.words[number(Self.words.count)], at: place)
    case 6: bytes.removeSubrange(place...)
    default:
      let other = inputs[number(inputs.count)]
      bytes.replaceSubrange(place..., with: other.suffix(other.count - number(other.count + 1)))
    }
  }

  private mutating func number(_ below: Int) -> Int { Int.random(in: 0..<below, using: &generator) }
}
