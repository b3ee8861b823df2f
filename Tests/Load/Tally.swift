// What came to the viewers: frames, bytes, and the messages in them. The same payload goes to a
// thousand viewers one after another, so it is compared with the last few before it is searched.

import Glibc

/// Counts what comes.
struct Tally {
  /// What one payload holds.
  private struct Content {
    var bytes: [UInt8] = []
    var messages = 0
    var events = 0
  }

  private(set) var frames = 0
  /// Pings, which cost the server as much as a frame and their answer to be read besides.
  var pings = 0
  private(set) var payloadBytes = 0
  private(set) var messages = 0
  private(set) var events = 0
  private(set) var lastAt: Int64 = 0
  private var known = [Content](repeating: Content(), count: 4)
  private var next = 0

  /// Counts one frame of text.
  mutating func add(_ payload: UnsafeRawBufferPointer, at now: Int64) {
    frames += 1
    payloadBytes += payload.count
    lastAt = now
    let index = indexOfContent(payload)
    messages += known[index].messages
    events += known[index].events
  }

  /// Begins anew; payloads that are known stay known.
  mutating func reset() {
    (frames, pings, payloadBytes, messages, events) = (0, 0, 0, 0, 0)
  }

  private mutating func indexOfContent(_ payload: UnsafeRawBufferPointer) -> Int {
    for index in known.indices where known[index].bytes.count == payload.count {
      let isSame = known[index].bytes.withUnsafeBytes { bytes in
        guard let ours = bytes.baseAddress, let theirs = payload.baseAddress else { return true }
        return memcmp(ours, theirs, payload.count) == 0
      }
      if isSame { return index }
    }
    next = (next + 1) % known.count
    known[next].bytes = Array(payload)
    known[next].messages = Tally.count(#""method":"#, in: payload)
    known[next].events = Tally.count(#""method":"room.event""#, in: payload)
    return next
  }

  private static func count(_ wanted: StaticString, in bytes: UnsafeRawBufferPointer) -> Int {
    var count = 0
    var start = 0
    while let place = find(wanted, in: bytes, from: start) {
      count += 1
      start = place + wanted.utf8CodeUnitCount
    }
    return count
  }
}
