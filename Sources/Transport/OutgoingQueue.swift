// What a connection has still to send, in order. Empty for almost every connection at almost every
// moment, and then it owns no memory.
//
// Invariants: `headOffset` bytes of the entry at `head` have been sent, fewer than it has; `bytes`
// is what is left to send plus `entryBytes` for each entry, so that a bound on it bounds the memory
// of many tiny frames too.

/// Frames that wait for room in the socket.
struct OutgoingQueue {
  private struct Entry {
    let frame: Frame
    /// When it was queued, or last moved.
    var since: Int64
  }

  /// What an entry costs beside its frame.
  static let entryBytes = 16

  private var entries: [Entry] = []
  private var head = 0
  private var headOffset = 0
  /// Bytes left to send, plus the bookkeeping.
  private(set) var bytes = 0

  var isEmpty: Bool { head == entries.count }

  /// When the oldest frame was queued; only where there is one.
  var oldestSince: Int64 { entries[head].since }

  /// Adds a frame at the end.
  ///
  /// - Parameters:
  ///   - frame: what to send.
  ///   - sent: how much of it is already sent; more than zero only where the queue is empty.
  ///   - now: monotonic milliseconds.
  mutating func append(_ frame: Frame, sent: Int, now: Int64) {
    precondition(sent < frame.bytes.count, "a frame that is sent is not queued")
    precondition(sent == 0 || isEmpty, "only the first frame can be begun")
    if sent > 0 { headOffset = sent }
    entries.append(Entry(frame: frame, since: now))
    bytes += frame.bytes.count - sent + Self.entryBytes
  }

  /// Forgets everything but the rest of a frame that is partly on the wire already.
  mutating func keepOnlyBegun() {
    guard !isEmpty, headOffset > 0 else {
      self = OutgoingQueue()
      return
    }
    entries = [entries[head]]
    head = 0
    bytes = entries[0].frame.bytes.count - headOffset + Self.entryBytes
  }

  /// Starts the oldest frame's age again, because the peer has taken a part of it.
  mutating func touch(now: Int64) {
    if !isEmpty { entries[head].since = now }
  }

  /// Hands the next bytes to send to `body`: one large frame as it lies, several small ones copied
  /// together.
  ///
  /// Copying into the loop's buffer costs less than describing each small frame to the kernel, and
  /// one run of bytes is also what an encrypting channel wants.
  /// - Parameters:
  ///   - buffer: scratch space of the loop.
  ///   - body: sends what it is given.
  /// - Returns: what `body` returns.
  func withNextBytes<Result>(
    _ buffer: UnsafeMutableRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Result
  ) -> Result {
    let first = entries[head].frame.bytes
    if entries.count - head == 1 || first.count - headOffset >= buffer.count {
      return first.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[headOffset...])) }
    }
    var filled = 0
    var index = head
    var offset = headOffset
    while index < entries.count, filled < buffer.count {
      entries[index].frame.bytes.withUnsafeBytes { bytes in
        let count = min(bytes.count - offset, buffer.count - filled)
        UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + count)]))
        filled += count
      }
      index += 1
      offset = 0
    }
    return body(UnsafeRawBufferPointer(rebasing: buffer[..<filled]))
  }

  /// Takes sent bytes off the front.
  ///
  /// - Parameter count: as many as `body` of `withNextBytes` could send.
  mutating func advance(_ count: Int) {
    var left = count
    while left > 0 {
      let rest = entries[head].frame.bytes.count - headOffset
      guard left >= rest else {
        headOffset += left
        bytes -= left
        return
      }
      left -= rest
      bytes -= rest + Self.entryBytes
      headOffset = 0
      head += 1
    }
    if isEmpty {
      self = OutgoingQueue()
    } else if head >= 64, head * 2 >= entries.count {
      entries.removeFirst(head)
      head = 0
    }
  }
}
