// One person at one connection at a time: calls with ids of their own, repeated until they are answered
// for good; rooms that are resumed where the last connection ended; figures that are watched. The
// simulation's thread only.

import Commerce
import Coordination
import Notation
import Server
import Transport
import Wire

/// Something that a client wants, repeated under the same ids until it is answered for good.
struct Intent {
  let number: Int64
  let call: Call
  /// Under which an accepted command is known for ever; none where it is no fact.
  let fact: String?
  /// Another intent of the same content whose answer this one's has to equal.
  let repeats: Int64?
  /// Whether it has another content than what was reported under its id.
  let conflicts: Bool
}

/// Where a client is in the events of a room.
struct StreamPlace {
  var epoch: Int64
  var offset: Int64
}

/// One person at one connection at a time.
struct SimulatedClient {
  let caller: Caller
  var connection: ConnectionID?
  /// What is wanted and not answered for good, in order.
  var intents: [Intent] = []
  /// Which intent, room or ticker an unanswered call is about.
  var calls: [Int64: Purpose] = [:]
  /// Rooms it wants to be in, in order.
  var rooms: [RoomKey] = []
  var tickers: [Ticker] = []
  /// Rooms that the present connection is in.
  var joined: Set<RoomKey> = []
  var places: [RoomKey: StreamPlace] = [:]
  /// The latest figures of each ticker.
  var figures: [Ticker: JSON] = [:]
  /// With which link it comes into rooms next.
  var link: LinkEvidence?

  /// What a call is about.
  enum Purpose {
    case intent(Int64)
    case join(RoomKey, since: StreamPlace?)
    case leave(RoomKey)
    case watch(Ticker)
  }

  /// How many intents are on their way at once.
  static let windowMax = 4

  init(_ caller: Caller) { self.caller = caller }

  /// Whether nothing is wanted that has not been answered.
  var isQuiet: Bool { intents.isEmpty && calls.isEmpty }

  /// Whether a call about an intent is on its way.
  func isUnderWay(_ intent: Int64) -> Bool {
    calls.values.contains { if case .intent(intent) = $0 { true } else { false } }
  }
}

/// Takes a server's frame apart: whole, unmasked text. Source: RFC 6455, section 5.2.
func textOfFrame(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
  switch bytes[1] {
  case 126: bytes.dropFirst(4)
  case 127: bytes.dropFirst(10)
  default: bytes.dropFirst(2)
  }
}

/// Another way to write 64 bits of everything that was seen: FNV-1a. Source: draft-eastlake-fnv.
struct RunDigest {
  private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  mutating func add(_ bytes: some Sequence<UInt8>) {
    for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
  }

  mutating func add(_ number: Int64) {
    withUnsafeBytes(of: number.littleEndian) { add($0) }
  }
}
