// Who of one loop is in which room and who watches which figures, and what is on its way to them.
// Knows connections by their names only and sends through an outlet, so that it runs under simulation
// as it does on a real loop. The loop's thread only.

import Commerce
import Coordination
import Transport

/// Where frames go: the connections of a loop, or those of a simulation.
package protocol FrameOutlet {
  /// Sends a frame; nothing happens for a connection that is gone.
  @discardableResult
  func send(_ frame: Frame, to id: ConnectionID) -> SendOutcome

  /// How many bytes wait to be sent to a connection.
  func queuedBytes(_ id: ConnectionID) -> Int
}

extension Connections: FrameOutlet {}

/// The rooms and tickers of one loop.
package struct LoopAudience {
  private var rooms: [RoomKey: RoomFanOut] = [:]
  private var boards: [Ticker: TickerBoard] = [:]
  /// What has something to flush, in the order of its news.
  private var due: [Due] = []

  /// Rooms with events of which nobody has said when they were published.
  private var unpublished: [RoomKey] = []

  private enum Due: Equatable {
    case room(RoomKey)
    case board(Ticker)
  }

  /// Makes an empty one.
  package init() {}

  /// Whether something waits to be flushed.
  package var hasNews: Bool { !due.isEmpty }

  /// Whether anybody is in a room.
  package func hasRoom(_ key: RoomKey) -> Bool { rooms[key] != nil }

  /// Up to which event a connection was sent everything of a room; nothing where it is not there.
  package func sentOffset(_ key: RoomKey, _ id: ConnectionID) -> Int64? {
    rooms[key]?.sentOffset(id)
  }

  // MARK: Coming and going

  /// A connection is in a room from an offset on, which may be a later one than before.
  ///
  /// - Parameters:
  ///   - key: the room.
  ///   - id: the connection.
  ///   - viewer: whose.
  ///   - offset: events up to this one it has.
  /// - Returns: false where it had been in the room already.
  package mutating func enter(
    _ key: RoomKey, _ id: ConnectionID, _ viewer: ViewerID, offset: Int64
  ) -> Bool {
    let member = RoomFanOut.Member(connection: id, viewer: viewer, joinedOffset: offset)
    if rooms[key, default: RoomFanOut()].add(member) { return true }
    // Joined again on the same connection: from now on it counts from the new offset.
    _ = rooms[key]?.remove(id)
    _ = rooms[key]?.add(member)
    return false
  }

  /// A connection is no more in a room.
  ///
  /// - Returns: whose it was; nothing where it was not in the room.
  package mutating func leave(_ key: RoomKey, _ id: ConnectionID) -> ViewerID? {
    guard let member = rooms[key]?.remove(id) else { return nil }
    if rooms[key]?.isEmpty == true {
      rooms[key] = nil
      // Whoever comes next makes it a new room, which is due for its own news.
      due.removeAll { $0 == .room(key) }
    }
    return member.viewer
  }

  /// A connection watches figures; false where it did already.
  package mutating func watch(_ ticker: Ticker, _ id: ConnectionID) -> Bool {
    boards[ticker, default: TickerBoard()].add(id)
  }

  /// A connection watches figures no more; false where it did not.
  package mutating func unwatch(_ ticker: Ticker, _ id: ConnectionID) -> Bool {
    guard boards[ticker]?.remove(id) == true else { return false }
    if boards[ticker]?.isEmpty == true {
      boards[ticker] = nil
      due.removeAll { $0 == .board(ticker) }
    }
    return true
  }

  // MARK: News

  /// Takes what the writer tells of a room or a ticker for the next flush.
  ///
  /// - Parameter message: `event`, `level`, `figures`, or `published` behind its events; others are not for
  ///   here.
  /// - Returns: whether it replaced a value that had not been sent.
  package mutating func take(_ message: LoopMessage) -> Bool {
    switch message {
    case .event(let key, let offset, let bytes):
      guard rooms[key] != nil else { return false }
      rooms[key]?.take(offset: offset, bytes)
      unpublished.append(key)
      markDue(key)
      return false
    case .level(let key, let level, let bytes):
      guard let replaces = rooms[key]?.take(level, bytes) else { return false }
      markDue(key)
      return replaces
    case .figures(let ticker, let bytes):
      guard let replaces = boards[ticker]?.take(bytes) else { return false }
      if boards[ticker]?.isDue == false {
        boards[ticker]?.isDue = true
        due.append(.board(ticker))
      }
      return replaces
    case .published(let moment):
      for key in unpublished { rooms[key]?.take(publishedAt: moment) }
      unpublished.removeAll(keepingCapacity: true)
      return false
    default: return false
    }
  }

  /// Sends what is due.
  ///
  /// - Parameters:
  ///   - now: monotonic milliseconds.
  ///   - framesMax: after so many frames the rest waits for the next call, which should come soon; one room
  ///     and one ticker is told whole.
  ///   - outlet: where to send.
  ///   - published: told after each room whose events were sent when the oldest of them was published,
  ///     monotonic microseconds.
  /// - Returns: when to flush again, if something waits, and how many frames were sent.
  package mutating func flush(
    at now: Int64, framesMax: Int = .max, _ outlet: some FrameOutlet,
    published: (Int) -> Void = { _ in }
  ) -> (next: Int64?, sent: Int) {
    var next: Int64?
    var sent = 0
    let waiting = due
    due.removeAll(keepingCapacity: true)
    for (place, news) in waiting.enumerated() {
      guard sent < framesMax else {
        due.insert(contentsOf: waiting[place...], at: 0)
        return (now, sent)
      }
      let (again, frames) = flush(news, at: now, outlet, published)
      sent += frames
      guard let again else { continue }
      next = min(next ?? Int64.max, again)
      due.append(news)
    }
    return (next, sent)
  }

  private mutating func flush(
    _ news: Due, at now: Int64, _ outlet: some FrameOutlet, _ published: (Int) -> Void
  ) -> (next: Int64?, sent: Int) {
    switch news {
    case .room(let key):
      guard let flushed = rooms[key]?.flush(at: now, outlet) else { return (nil, 0) }
      rooms[key]?.isDue = flushed.next != nil
      if let moment = flushed.publishedAt { published(moment) }
      return (flushed.next, flushed.sent)
    case .board(let ticker):
      guard let flushed = boards[ticker]?.flush(at: now, outlet) else { return (nil, 0) }
      boards[ticker]?.isDue = flushed.next != nil
      return flushed
    }
  }

  private mutating func markDue(_ key: RoomKey) {
    guard rooms[key]?.isDue == false else { return }
    rooms[key]?.isDue = true
    due.append(.room(key))
  }

  /// Tells a connection that had lagged the latest of a room.
  package func catchUp(_ id: ConnectionID, _ key: RoomKey, _ outlet: some FrameOutlet) {
    rooms[key]?.catchUp(id, outlet)
  }

  /// Tells a connection that had lagged the latest of a ticker.
  package func catchUp(_ id: ConnectionID, _ ticker: Ticker, _ outlet: some FrameOutlet) {
    boards[ticker]?.catchUp(id, outlet)
  }
}
