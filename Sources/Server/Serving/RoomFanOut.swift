// One room on one loop: its members in a dense array, the events that wait for the next flush, and the
// latest value of everything that is conflated. The loop's thread only.
//
// An event after quiet leaves at once; what follows within the flush interval leaves together as one
// frame (a JSON-RPC batch), encoded once and shared by all members: fewer sends are what is left to win.

import Commerce
import Coordination
import Transport
import Wire

/// The members of one room on one loop, and what is on its way to them.
struct RoomFanOut {
  /// A connection in the room.
  struct Member {
    let connection: ConnectionID
    let viewer: ViewerID
    /// Events up to this one it has from its join.
    let joinedOffset: Int64
  }

  /// In order of joining, so that sending walks memory forwards.
  private(set) var members: [Member] = []
  private var places: [ConnectionID: Int] = [:]
  /// The highest offset that any member joined at; above it, everybody gets everything.
  private var joinedOffsetMax: Int64 = 0
  private var events: [(offset: Int64, bytes: [UInt8])] = []
  /// When the oldest of them was published, monotonic microseconds; none before that is told.
  private var publishedAt: Int?
  /// The last event that was taken; 0 before the first.
  private var lastOffset: Int64 = 0
  private var latest: [LevelKey: [UInt8]] = [:]
  /// The keys of `latest` in the order in which each was first told.
  private var told: [LevelKey] = []
  private var changed: [LevelKey] = []
  /// Whether the loop knows that something waits here.
  var isDue = false
  private var nextEventFlush: Int64 = 0
  private var nextLevelFlush: Int64 = 0
  private var nextCountFlush: Int64 = 0

  /// How long events are gathered once one has left.
  static let eventMilliseconds: Int64 = 25
  /// How often stock and sales are told.
  static let levelMilliseconds: Int64 = 250
  /// How often the count of viewers is told.
  static let countMilliseconds: Int64 = 1000
  /// How many events leave as one batch.
  static let batchMax = 64
  /// A connection with more waiting than this gets no conflated values until it has caught up.
  static let laggingBytes = 65_536

  /// Whether nobody is here.
  var isEmpty: Bool { members.isEmpty }

  /// Up to which event a member has been sent everything; nothing for who is no member.
  func sentOffset(_ connection: ConnectionID) -> Int64? {
    guard let place = places[connection] else { return nil }
    let sent = events.first.map { $0.offset - 1 } ?? lastOffset
    return max(members[place].joinedOffset, sent)
  }

  /// Adds a member; false where this connection is one already.
  mutating func add(_ member: Member) -> Bool {
    guard places[member.connection] == nil else { return false }
    places[member.connection] = members.count
    members.append(member)
    joinedOffsetMax = max(joinedOffsetMax, member.joinedOffset)
    return true
  }

  /// Removes a connection; the last member takes its place.
  mutating func remove(_ connection: ConnectionID) -> Member? {
    guard let place = places.removeValue(forKey: connection) else { return nil }
    let member = members[place]
    let last = members.removeLast()
    if place < members.count {
      members[place] = last
      places[last.connection] = place
    }
    return member
  }

  /// Takes an event for the next flush.
  mutating func take(offset: Int64, _ bytes: [UInt8]) {
    events.append((offset, bytes))
    lastOffset = offset
  }

  /// Takes the moment at which the events that came last were published, monotonic microseconds; the oldest
  /// that waits counts.
  mutating func take(publishedAt moment: Int) {
    if publishedAt == nil, !events.isEmpty { publishedAt = moment }
  }

  /// Takes the latest value of something.
  ///
  /// - Returns: whether it replaced one that had not been sent.
  mutating func take(_ key: LevelKey, _ bytes: [UInt8]) -> Bool {
    let replaces = changed.contains(key)
    if !replaces { changed.append(key) }
    if latest.updateValue(bytes, forKey: key) == nil { told.append(key) }
    return replaces
  }

  /// Sends what is due.
  ///
  /// - Parameters:
  ///   - now: monotonic milliseconds.
  ///   - connections: where to send.
  /// - Returns: when to flush again, if something waits, how many frames were sent, and when the oldest of
  ///   the events in them was published, monotonic microseconds.
  mutating func flush(
    at now: Int64, _ connections: some FrameOutlet
  ) -> (next: Int64?, sent: Int, publishedAt: Int?) {
    var next: Int64?
    var sent = 0
    var published: Int?
    if !events.isEmpty {
      if now >= nextEventFlush {
        sent += sendEvents(connections)
        published = publishedAt.take()
        nextEventFlush = now + RoomFanOut.eventMilliseconds
      } else {
        next = nextEventFlush
      }
    }
    let due = changed.filter { now >= ($0 == .count ? nextCountFlush : nextLevelFlush) }
    if !due.isEmpty {
      sent += send(due, to: nil, connections)
      changed.removeAll { due.contains($0) }
      if due.contains(.count) { nextCountFlush = now + RoomFanOut.countMilliseconds }
      if due.contains(where: { $0 != .count }) {
        nextLevelFlush = now + RoomFanOut.levelMilliseconds
      }
    }
    for key in changed {
      next = min(next ?? Int64.max, key == .count ? nextCountFlush : nextLevelFlush)
    }
    return (next, sent, published)
  }

  /// Tells one connection that had lagged the latest of everything.
  func catchUp(_ connection: ConnectionID, _ connections: some FrameOutlet) {
    guard places[connection] != nil, !latest.isEmpty else { return }
    _ = send(told, to: connection, connections)
  }

  private mutating func sendEvents(_ connections: some FrameOutlet) -> Int {
    var sent = 0
    var rest = events[...]
    while let first = rest.first {
      let part = rest.prefix(RoomFanOut.batchMax)
      rest = rest.dropFirst(part.count)
      let frame = Frame(text: RemoteReply.batch(part.map(\.bytes)))
      if first.offset > joinedOffsetMax {
        for member in members { connections.send(frame, to: member.connection) }
        sent += members.count
      } else {
        for member in members { sent += send(part, frame, to: member, connections) }
      }
    }
    events.removeAll(keepingCapacity: true)
    return sent
  }

  /// Sends to one member what its join did not give it already.
  private func send(
    _ part: ArraySlice<(offset: Int64, bytes: [UInt8])>, _ frame: Frame, to member: Member,
    _ connections: some FrameOutlet
  ) -> Int {
    let fresh = part.filter { $0.offset > member.joinedOffset }
    if fresh.isEmpty { return 0 }
    let frame =
      fresh.count == part.count ? frame : Frame(text: RemoteReply.batch(fresh.map(\.bytes)))
    connections.send(frame, to: member.connection)
    return 1
  }

  private func send(
    _ keys: [LevelKey], to only: ConnectionID?, _ connections: some FrameOutlet
  ) -> Int {
    var rest = keys.compactMap { latest[$0] }[...]
    var sent = 0
    while !rest.isEmpty {
      let part = rest.prefix(RoomFanOut.batchMax)
      rest = rest.dropFirst(part.count)
      let frame = Frame(text: RemoteReply.batch(Array(part)))
      if let only {
        connections.send(frame, to: only)
        sent += 1
        continue
      }
      for member in members
      where connections.queuedBytes(member.connection) <= RoomFanOut.laggingBytes {
        connections.send(frame, to: member.connection)
        sent += 1
      }
    }
    return sent
  }
}
