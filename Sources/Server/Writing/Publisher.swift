// After a commit: who is told what. Two lanes: events in order and complete, latest values conflated.
// Runs on the writer's thread only; everything is encoded once and handed to the loops.

import Commerce
import Coordination
import Notation
import Wire

/// Tells the loops what a commit changed.
struct Publisher {
  private let loops: [any LoopPort]
  /// How many connections of which loops watch which figures. Counted, because one may come while the
  /// news that another one has gone is on its way.
  private var watchers: [Ticker: [Int: Int]] = [:]

  /// Makes a publisher for these loops.
  init(loops: [any LoopPort]) { self.loops = loops }

  /// A loop has one more who watches these figures.
  mutating func watch(_ ticker: Ticker, loop: Int) {
    watchers[ticker, default: [:]][loop, default: 0] += 1
  }

  /// A loop has one less.
  mutating func unwatch(_ ticker: Ticker, loop: Int) {
    guard let count = watchers[ticker]?[loop] else { return }
    watchers[ticker]?[loop] = count > 1 ? count - 1 : nil
    if watchers[ticker]?.isEmpty == true { watchers[ticker] = nil }
  }

  /// Posts an answer to the loop that waits for it.
  func answer(_ address: ReplyAddress, _ message: LoopMessage) {
    loops[address.loop].post(message)
  }

  /// Posts the same to every loop.
  func postToAll(_ message: LoopMessage) {
    for loop in loops { loop.post(message) }
  }

  /// Tells everybody what a commit changed.
  func publish(_ changes: Changes, _ coordinator: Coordinator, _ presence: Presence) throws {
    for event in changes.events {
      let key = RoomKey(event.storefront, event.room)
      guard presence.isWatched(key) else { continue }
      postToAll(.event(key, offset: event.offset, event.notification))
      try publishLevels(of: event, key, coordinator)
    }
    guard !watchers.isEmpty else { return }
    var told: Set<Ticker> = []
    for (key, _) in changes.records {
      guard let ticker = Ticker(showing: key), told.insert(ticker).inserted else { continue }
      try publish(ticker, coordinator, presence)
    }
  }

  /// Tells a ticker's watchers its figures, if there are any.
  func publish(_ ticker: Ticker, _ coordinator: Coordinator, _ presence: Presence) throws {
    guard let watching = watchers[ticker] else { return }
    let figures = try coordinator.figures(ticker, presence: presence)
    let message = LoopMessage.figures(
      ticker, RemoteReply.notification(ticker.method, figures.bytes))
    for loop in loops.indices where watching[loop] != nil { loops[loop].post(message) }
  }

  /// Tells a room how many are in it, and those whose figures count them.
  func publishCount(
    _ key: RoomKey, promoter: MemberID?, _ coordinator: Coordinator, _ presence: Presence
  ) throws {
    if presence.isWatched(key) {
      let count = try coordinator.count(key, presence: presence)
      postToAll(.level(key, .count, RemoteReply.notification("room.count", count.bytes)))
    }
    try publish(.room(key.storefront, key.room), coordinator, presence)
    if let promoter {
      try publish(.earnings(key.storefront, promoter, key.room), coordinator, presence)
    }
  }

  /// An order moved the stock of what it bought.
  private func publishLevels(
    of event: RoomEvent, _ key: RoomKey, _ coordinator: Coordinator
  ) throws {
    for line in event.payload["lines"]?.elements ?? [] {
      guard let text = line["sku"]?.text else { continue }
      let sku = SKUID(trusted: text)
      guard let level = try coordinator.level(key, sku) else { continue }
      postToAll(
        .level(key, .listing(sku), RemoteReply.notification("listing.level", level.bytes)))
    }
  }
}

/// A loop as other threads see it.
package protocol LoopPort: Sendable {
  /// Posts a message; never waits.
  func post(_ message: LoopMessage)
}
