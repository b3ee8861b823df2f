// One ticker on one loop: who watches it and its latest figures. Conflated: the latest value wins, a
// few times a second at the most. The loop's thread only. Source: domain.md, section 4.

import Transport

/// The watchers of one ticker on one loop.
struct TickerBoard {
  /// Who watches, in order of subscribing, with the value that was the latest then: the answer to a
  /// subscription is newer than that one, which must not come after it.
  private var watchers: [(connection: ConnectionID, version: Int)] = []
  /// Counts the values.
  private var version = 0
  private var latest: [UInt8]?
  private var isChanged = false
  /// Whether the loop knows that something waits here.
  var isDue = false
  private var nextFlush: Int64 = 0

  /// The least time between two values.
  static let milliseconds: Int64 = 250

  /// Whether nobody watches.
  var isEmpty: Bool { watchers.isEmpty }

  /// Adds a watcher; false where this connection is one already.
  mutating func add(_ connection: ConnectionID) -> Bool {
    if watchers.contains(where: { $0.connection == connection }) { return false }
    watchers.append((connection, version))
    return true
  }

  /// Removes a watcher; false where this connection is none.
  mutating func remove(_ connection: ConnectionID) -> Bool {
    guard let place = watchers.firstIndex(where: { $0.connection == connection }) else {
      return false
    }
    watchers.remove(at: place)
    return true
  }

  /// Takes the latest figures.
  ///
  /// - Returns: whether they replaced some that had not been sent.
  mutating func take(_ bytes: [UInt8]) -> Bool {
    let replaces = isChanged
    latest = bytes
    version += 1
    isChanged = true
    return replaces
  }

  /// Sends the figures if they changed and the last ones are old enough.
  ///
  /// - Returns: when to flush again, if something waits, and how many frames were sent.
  mutating func flush(
    at now: Int64, _ connections: some FrameOutlet
  ) -> (next: Int64?, sent: Int) {
    guard isChanged, let latest else { return (nil, 0) }
    guard now >= nextFlush else { return (nextFlush, 0) }
    isChanged = false
    nextFlush = now + TickerBoard.milliseconds
    let frame = Frame(text: latest)
    var sent = 0
    for watcher in watchers
    where watcher.version < version
      && connections.queuedBytes(watcher.connection) <= RoomFanOut.laggingBytes
    {
      connections.send(frame, to: watcher.connection)
      sent += 1
    }
    return (nil, sent)
  }

  /// Tells one connection that had lagged the latest figures.
  func catchUp(_ connection: ConnectionID, _ connections: some FrameOutlet) {
    guard let latest,
      watchers.contains(where: { $0.connection == connection && $0.version < version })
    else { return }
    connections.send(Frame(text: latest), to: connection)
  }
}
