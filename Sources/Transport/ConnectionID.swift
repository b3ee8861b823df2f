// The name of a connection, unique for the life of the process for all practical purposes.
//
// Format, from the high bits: loop (8), generation (32), slot (24). The generation is counted up
// every time a slot is given to another connection, so a name that outlives its connection finds
// nothing, and neither does an event that the kernel reported before the slot changed hands.

/// Names one connection of one loop.
package struct ConnectionID: Hashable, Sendable, CustomStringConvertible {
  /// The packed form, for logs and for the kernel to hand back.
  package let rawValue: UInt64

  /// The most connections a loop can hold.
  static let slotsMax = 1 << 24

  init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Makes a name.
  ///
  /// - Parameters:
  ///   - loop: the index of the loop, 0…255.
  ///   - generation: counts the connections that had the slot.
  ///   - slot: the place in the loop's table, 24 bits.
  package init(loop: Int, generation: UInt32, slot: Int) {
    precondition(loop >= 0 && loop < 256, "a loop's index has 8 bits")
    precondition(slot >= 0 && slot < Self.slotsMax, "a slot has 24 bits")
    rawValue = UInt64(loop) << 56 | UInt64(generation) << 24 | UInt64(slot)
  }

  /// The index of the loop that owns the connection, 0…255.
  package var loop: Int { Int(rawValue >> 56) }
  var generation: UInt32 { UInt32(truncatingIfNeeded: rawValue >> 24) }
  /// The place in the loop's table; another connection may have it later.
  package var slot: Int { Int(rawValue & 0xff_ffff) }

  /// Such as `2/17/1` for loop, slot and generation.
  package var description: String { "\(loop)/\(slot)/\(generation)" }
}
