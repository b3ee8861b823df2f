// What is fuzzed: every way by which bytes of strangers come in, each as a function of bytes. It must
// not trap, and what it says must hold for any bytes. Pure; any thread.
//
// Tests/Fuzz/Driver hands it to libFuzzer, Tests/FuzzTests plays the corpus and seeded mutations.

/// A door for foreign bytes.
package enum FuzzTarget: String, CaseIterable, Sendable {
  /// Requests of HTTP clients.
  case http
  /// Frames of WebSocket peers, of both roles.
  case websocket
  /// JSON-RPC messages down to the typed call, and what the HTTP API makes of the same JSON.
  case calls
  /// Tokens.
  case token
  /// Share links.
  case link
  /// Plan documents.
  case plan
  /// Catalogue files, CSV and JSON lines.
  case csv

  /// Tries some bytes.
  ///
  /// - Parameter bytes: anything.
  /// - Returns: what should never be, or nothing where all is well. A trap says it in its own way.
  package func fault(of bytes: [UInt8]) -> String? {
    switch self {
    case .http: httpFault(bytes)
    case .websocket: webSocketFault(bytes)
    case .calls: callFault(bytes)
    case .token: tokenFault(bytes)
    case .link: linkFault(bytes)
    case .plan: planFault(bytes)
    case .csv: catalogueFault(bytes)
    }
  }
}

/// SplitMix64: small, seeded, the same everywhere.
package struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64

  /// Makes a generator.
  ///
  /// - Parameter seed: the same seed gives the same numbers.
  package init(seed: UInt64) { state = seed }

  /// The next number.
  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// FNV-1a: what depends on the bytes, such as where they are cut, is the same in every run.
func fingerprint(_ bytes: [UInt8]) -> UInt64 {
  var hash: UInt64 = 0xCBF2_9CE4_8422_2325
  for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
  return hash
}

/// Ways to cut bytes into reads: one by one (of short ones), and two at random.
func cuts(_ bytes: [UInt8]) -> [[[UInt8]]] {
  var generator = SplitMix64(seed: fingerprint(bytes))
  var ways = bytes.count <= 512 ? [bytes.map { [$0] }] : []
  for longest in [7, max(1, bytes.count)] {
    var chunks: [[UInt8]] = []
    var place = 0
    while place < bytes.count {
      let end = min(bytes.count, place + Int.random(in: 1...longest, using: &generator))
      chunks.append(Array(bytes[place..<end]))
      place = end
    }
    ways.append(chunks)
  }
  return ways
}
