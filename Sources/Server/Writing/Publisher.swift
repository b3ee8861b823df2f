// After a commit: who is told what. Two lanes: events in order and complete, latest values conflated.
// Runs on the writer's thread only; everything is encoded once, gathered, and handed to the loops together:
// each posting may wake a loop.

import Commerce
import Coordination
import Notation
import Wire

/// Tells the loops what a commit changed.
struct Publisher {
  private let loops: [any LoopPort]
  /// What each loop is told next, in order.
  private var gathered: [[LoopMessage]]
  /// How many connections of which loops watch which figures. Counted, because one may come while the
  /// news that another one has gone is on its way.
  private var watchers: [Ticker: [Int: Int]] = [:]
  /// Latest values that changed and could not be read: nobody may wait for the next change of them.
  private var owed: [News] = []

  /// A latest value that somebody may want to know.
  private enum News: Hashable {
    case figures(Ticker)
    case count(RoomKey)
    case level(RoomKey, SKUID)
  }

  /// Makes a publisher for these loops.
  init(loops: [any LoopPort]) {
    self.loops = loops
    gathered = loops.map { _ in [] }
  }

  /// Hands the loops what was gathered for them; each finds all of its in one turn.
  mutating func flush() {
    for index in loops.indices where !gathered[index].isEmpty {
      loops[index].post(contentsOf: gathered[index])
      gathered[index].removeAll(keepingCapacity: gathered[index].count <= Publisher.gatheredKept)
    }
  }

  /// For so many messages a loop's list is kept.
  private static let gatheredKept = 256

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

  /// Tells the loop that waits for an answer.
  mutating func answer(_ address: ReplyAddress, _ message: LoopMessage) {
    gathered[address.loop].append(message)
  }

  /// Tells every loop the same.
  mutating func tellAll(_ message: LoopMessage) {
    for index in loops.indices { gathered[index].append(message) }
  }

  /// Tells everybody what a commit changed, and what could not be read before. What was committed together
  /// leaves together, as one frame for each room.
  ///
  /// - Throws: what the store throws where something has to be read for a latest value; it is told the
  ///   next time. Events need nothing but themselves: they are told all the same.
  mutating func publish(
    _ changes: Changes, _ coordinator: Coordinator, _ presence: Presence
  ) throws {
    let begin = changes.events.isEmpty ? 0 : monotonicMicroseconds()
    var hasTold = false
    var news = owed
    owed = []
    for event in changes.events {
      let key = RoomKey(event.storefront, event.room)
      guard presence.isWatched(key) else { continue }
      tellAll(.event(key, offset: event.offset, event.notification))
      hasTold = true
      // An order moved the stock of what it bought.
      for line in event.payload["lines"]?.elements ?? [] {
        if let sku = line["sku"]?.text { news.append(.level(key, SKUID(trusted: sku))) }
      }
    }
    if hasTold { tellAll(.published(at: begin)) }
    if !watchers.isEmpty {
      for (key, _) in changes.records {
        if let ticker = Ticker(showing: key) { news.append(.figures(ticker)) }
      }
    }
    try tell(news, coordinator, presence)
  }

  /// Tells rooms how many are in them, and those whose figures count them, each once.
  ///
  /// - Throws: as `publish`.
  mutating func publishCounts(
    _ changed: [(key: RoomKey, promoter: MemberID?)], _ coordinator: Coordinator,
    _ presence: Presence
  ) throws {
    var news: [News] = []
    for (key, promoter) in changed {
      news.append(.count(key))
      news.append(.figures(.room(key.storefront, key.room)))
      if let promoter { news.append(.figures(.earnings(key.storefront, promoter, key.room))) }
    }
    try tell(news, coordinator, presence)
  }

  /// Tells latest values, each once; those that cannot be read are owed.
  private mutating func tell(
    _ news: [News], _ coordinator: Coordinator, _ presence: Presence
  ) throws {
    var told: Set<News> = []
    for (index, entry) in news.enumerated() where told.insert(entry).inserted {
      do {
        switch entry {
        case .figures(let ticker):
          guard let watching = watchers[ticker] else { continue }
          let figures = try coordinator.figures(ticker, presence: presence)
          let message = LoopMessage.figures(
            ticker, RemoteReply.notification(ticker.method, figures.bytes))
          for loop in loops.indices where watching[loop] != nil { gathered[loop].append(message) }
        case .count(let key):
          guard presence.isWatched(key) else { continue }
          let count = try coordinator.count(key, presence: presence)
          tellAll(.level(key, .count, RemoteReply.notification("room.count", count.bytes)))
        case .level(let key, let sku):
          guard presence.isWatched(key), let level = try coordinator.level(key, sku) else {
            continue
          }
          tellAll(
            .level(key, .listing(sku), RemoteReply.notification("listing.level", level.bytes)))
        }
      } catch {
        for left in news[index...] where !told.contains(left) || left == entry {
          if !owed.contains(left) { owed.append(left) }
        }
        throw error
      }
    }
  }
}

/// A loop as other threads see it.
package protocol LoopPort: Sendable {
  /// Posts a message; never waits.
  func post(_ message: LoopMessage)

  /// Posts messages that are delivered in one turn of the loop; never waits.
  func post(contentsOf messages: [LoopMessage])
}

extension LoopPort {
  /// Posts one after the other: for loops that are turned by hand.
  package func post(contentsOf messages: [LoopMessage]) {
    for message in messages { post(message) }
  }
}
