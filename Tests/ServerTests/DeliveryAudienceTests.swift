// Who is told what on one loop, without a loop: frames are only collected.

import Commerce
import Coordination
import Testing
import Transport

@testable import Server

/// Collects frames by connection.
private final class CollectingOutlet: FrameOutlet {
  private(set) var frames: [ConnectionID: [[UInt8]]] = [:]

  func send(_ frame: Frame, to id: ConnectionID) -> SendOutcome {
    frames[id, default: []].append(frame.bytes)
    return .sent
  }

  func queuedBytes(_ id: ConnectionID) -> Int { 0 }
}

@Suite("Delivery: the audience of a loop")
struct DeliveryAudienceTests {
  private let outlet = CollectingOutlet()
  private let ticker = Ticker.storefront(Sample.storefront)
  private let first = ConnectionID(loop: 0, generation: 1, slot: 1)
  private let second = ConnectionID(loop: 0, generation: 1, slot: 2)

  private func value(_ number: Int) -> LoopMessage { .figures(ticker, Array("\(number)".utf8)) }

  @Test("Whoever subscribes is not told a value that is older than the answer")
  func subscription() {
    var audience = LoopAudience()
    _ = audience.watch(ticker, first)
    _ = audience.take(value(1))
    _ = audience.flush(at: 0, outlet)
    // This one waits for its time; the answer to the second one is newer.
    _ = audience.take(value(2))
    _ = audience.watch(ticker, second)
    let waiting = audience.flush(at: 1, outlet)
    #expect(waiting.next == TickerBoard.milliseconds && waiting.sent == 0)
    let later = audience.flush(at: TickerBoard.milliseconds, outlet)
    #expect(later.sent == 1)
    audience.catchUp(second, ticker, outlet)
    #expect(outlet.frames[first]?.count == 2 && outlet.frames[second] == nil)
    _ = audience.take(value(3))
    let last = audience.flush(at: 2 * TickerBoard.milliseconds, outlet)
    #expect(last.sent == 2)
    #expect(outlet.frames[second] == [Frame(text: Array("3".utf8)).bytes])
  }

  @Test("News of a room is sent once, however often it was left and entered meanwhile")
  func reentry() {
    var audience = LoopAudience()
    let key = RoomKey(Sample.storefront, RoomID(trusted: "r1"))
    let viewer = ViewerID(trusted: "v1")
    let isNew = audience.enter(key, first, viewer, offset: 0)
    _ = audience.take(.event(key, offset: 1, Array("{}".utf8)))
    let left = [audience.leave(key, first), audience.leave(key, first)]
    #expect(isNew && left == [viewer, nil])
    let entered = [1, 1].map { audience.enter(key, first, viewer, offset: $0) }
    #expect(entered == [true, false])
    _ = audience.take(.event(key, offset: 2, Array("{}".utf8)))
    let flushed = audience.flush(at: 0, outlet)
    #expect(flushed.sent == 1 && !audience.hasNews)
  }

  @Test(
    "What is too much for one turn waits for the next one, and keeps its place before what comes meanwhile"
  )
  func turns() {
    var audience = LoopAudience()
    let tickers = (0..<3).map { Ticker.storefront(StorefrontID(trusted: "s\($0)")) }
    let key = RoomKey(Sample.storefront, RoomID(trusted: "r1"))
    for ticker in tickers { _ = audience.watch(ticker, first) }
    _ = audience.enter(key, first, ViewerID(trusted: "v1"), offset: 0)
    for (number, ticker) in tickers.enumerated() {
      _ = audience.take(.figures(ticker, Array("\(number)".utf8)))
    }
    let turn = audience.flush(at: 0, framesMax: 2, outlet)
    #expect(turn.sent == 2 && turn.next == 0)
    // The oldest of what leaves together is what counts.
    for (offset, moment) in [(Int64(1), 5), (2, 7)] {
      _ = audience.take(.event(key, offset: offset, Array("\(offset)".utf8)))
      _ = audience.take(.published(at: moment))
    }
    _ = audience.take(.figures(tickers[0], Array("3".utf8)))
    let next = audience.flush(at: 0, framesMax: 1, outlet)
    #expect(next.sent == 1 && next.next == 0)
    var published: [Int] = []
    let last = audience.flush(at: 0, framesMax: 2, outlet) { published.append($0) }
    #expect(last.sent == 1 && last.next == TickerBoard.milliseconds && published == [5])
    let texts = ["0", "1", "2", "[1,2]"].map { Frame(text: Array($0.utf8)).bytes }
    #expect(outlet.frames[first] == texts)
  }
}
