// How far an endpoint was told: reports taken once, failures counted and given up, replays.
// Source: Protocol/webhooks.md; decision 0028.

import Commerce
import Coordination
import Notation
import Testing

@Suite("Webhooks")
struct WebhookTests {
  private static let books = EndpointID(trusted: "books")

  /// A shop with some transactions and an endpoint that begins before the first.
  private final class Bench {
    let shop: Shop

    init(transactions: Int = 9) throws {
      shop = try Shop()
      try shop.join("A")
      for index in 0..<transactions { try shop.sell("o\(index)", room: nil, seller: "A") }
      try #require(shop.store.transactions.count == transactions)
      try report(.begin(after: 0))
    }

    @discardableResult
    func report(_ report: WebhookReport) throws -> String? {
      try shop.accept(.reportWebhook(books, report)).reply["outcome"]?.text
    }

    var progress: WebhookProgress {
      get throws {
        guard
          case .webhookProgress(let found)? = shop.store.records[.webhookProgress(Shop.id, books)]
        else { throw Missing() }
        return found
      }
    }

    func letter(_ sequence: Int64) -> DeadLetter? {
      guard
        case .deadLetter(let found)? = shop.store.records[.deadLetter(Shop.id, books, sequence)]
      else { return nil }
      return found
    }

    /// A turn from where the endpoint is: so many taken, then perhaps a failure.
    func turn(_ taken: Int64, _ failure: WebhookFailure.Kind? = nil) throws -> WebhookTurn {
      var turn = WebhookTurn(try progress)
      turn.through += taken
      turn.sent = Array(turn.after..<turn.through).map { $0 + 1 }
      turn.failure = failure.map { WebhookFailure($0, "no") }
      turn.retryAt = shop.now.advanced(byMilliseconds: 500)
      return turn
    }

    @discardableResult
    func send(_ taken: Int64, _ failure: WebhookFailure.Kind? = nil) throws -> String? {
      try report(.turn(try turn(taken, failure)))
    }

    func replay(_ from: Int64, _ to: Int64? = nil) throws -> Result<Outcome, Rejection> {
      try shop.send(.replayWebhook(books, from: from, to: to))
    }

    func refusal(_ from: Int64, _ to: Int64? = nil) throws -> RejectionCode? {
      try shop.refusal(.replayWebhook(books, from: from, to: to))
    }
  }

  private struct Missing: Error {}

  @Test("An endpoint begins once, and goes on behind what it took")
  func goesOn() throws {
    let bench = try Bench()
    #expect(try bench.report(.begin(after: 7)) == "stale")
    #expect(try bench.send(3) == "taken")
    #expect(try bench.progress == WebhookProgress(delivered: 3))
    #expect(try bench.send(0) == "taken")
    #expect(try bench.send(6) == "taken")
    #expect(try bench.progress == WebhookProgress(delivered: 9))
  }

  @Test("The same report twice, and one about a state that has passed, change nothing")
  func stale() throws {
    let bench = try Bench()
    let turn = try bench.turn(3)
    #expect(try bench.report(.turn(turn)) == "taken")
    let before = bench.shop.store.records
    #expect(try bench.report(.turn(turn)) == "stale")
    #expect(bench.shop.store.records == before)
    var backwards = try bench.turn(0)
    backwards.through -= 1
    #expect(try bench.report(.turn(backwards)) == "stale")
    #expect(try bench.progress.delivered == 3)
  }

  @Test("What fails is tried again from its moment on, and forgotten once it is taken")
  func fails() throws {
    let bench = try Bench()
    try bench.send(2, .unwell)
    let progress = try bench.progress
    #expect(progress.delivered == 2 && progress.attempts == 1)
    #expect(progress.failure?.kind == .unwell)
    let moment = try #require(progress.nextAttempt)
    #expect(moment == bench.shop.now.advanced(byMilliseconds: 500))
    #expect(!progress.isDue(at: moment.advanced(byMilliseconds: -1)))
    #expect(progress.isDue(at: moment))
    try bench.send(1)
    #expect(try bench.progress == WebhookProgress(delivered: 3))
  }

  @Test(
    "A refusal is given up after 12 attempts, an endpoint that is away after 20; then the next",
    arguments: [
      (.refused, 12), (.unwell, 20), (.unreachable, 20), (.timedOut, 20),
    ] as [(WebhookFailure.Kind, Int64)])
  func givesUp(_ kind: WebhookFailure.Kind, _ attemptsMax: Int64) throws {
    let bench = try Bench()
    for attempt in 1..<attemptsMax {
      try bench.send(0, kind)
      #expect(try bench.progress.attempts == attempt)
    }
    #expect(bench.letter(1) == nil)
    try bench.send(0, kind)
    #expect(try bench.progress == WebhookProgress(delivered: 1, dead: 1))
    #expect(
      bench.letter(1)
        == DeadLetter(
          sequence: 1, attempts: attemptsMax, failure: WebhookFailure(kind, "no"),
          at: bench.shop.now))
    try bench.send(0, kind)
    #expect(try bench.progress.attempts == 1)
  }

  @Test("An endpoint that is gone is told nothing more until somebody says so")
  func gone() throws {
    let bench = try Bench()
    try bench.send(4, .gone)
    let progress = try bench.progress
    #expect(progress.stoppedAt == bench.shop.now && progress.delivered == 4)
    bench.shop.wait(days: 365)
    #expect(!progress.isDue(at: bench.shop.now))
    // One above everything that was sent: nothing again, only on.
    let view = try bench.replay(5).get().reply
    #expect(view["state"] == "runs" && view["delivered"] == 4 && view["lag"] == 5)
    #expect(view["replay"] == .null)
    #expect(try bench.progress == WebhookProgress(delivered: 4))
  }

  @Test("A replay goes first, delivers dead letters, and what is new follows it")
  func replays() throws {
    let bench = try Bench()
    for _ in 1...12 { try bench.send(0, .refused) }
    try bench.send(5)
    #expect(try bench.progress.delivered == 6)
    let view = try bench.replay(1, 3).get().reply
    #expect(view["replay"] == ["next": 1, "to": 3])
    #expect(try bench.progress.next == 1)
    bench.shop.wait(7)
    try bench.send(2)
    #expect(bench.letter(1)?.deliveredAt == bench.shop.now)
    #expect(try bench.progress.replay == WebhookProgress.Replay(next: 3, through: 3))
    #expect(try bench.progress.dead == 0)
    try bench.send(1)
    #expect(try bench.progress == WebhookProgress(delivered: 6))
    #expect(try bench.progress.next == 7)
    // Delivered already: a second replay does not count it twice.
    _ = try bench.replay(1, 1).get()
    try bench.send(1)
    #expect(try bench.progress == WebhookProgress(delivered: 6))
  }

  @Test("What fails within a replay becomes a dead letter once, however often it is replayed")
  func deadAgain() throws {
    let bench = try Bench()
    try bench.send(5)
    for _ in 1...3 {
      _ = try bench.replay(2, 2).get()
      for _ in 1...12 { try bench.send(0, .refused) }
      #expect(try bench.progress == WebhookProgress(delivered: 5, dead: 1))
    }
    _ = try bench.replay(2).get()
    try bench.send(4)
    #expect(try bench.progress == WebhookProgress(delivered: 5))
    _ = try bench.replay(2, 2).get()
    for _ in 1...12 { try bench.send(0, .refused) }
    #expect(try bench.progress == WebhookProgress(delivered: 5, dead: 1))
    #expect(bench.letter(2)?.deliveredAt == nil)
  }

  @Test("What was on its way when a replay was asked for has arrived, and the replay is untouched")
  func replayMeanwhile() throws {
    let bench = try Bench()
    try bench.send(4)
    let onItsWay = try bench.turn(2, .unwell)
    _ = try bench.replay(1, 2).get()
    #expect(try bench.report(.turn(onItsWay)) == "taken")
    #expect(
      try bench.progress
        == WebhookProgress(delivered: 6, replay: WebhookProgress.Replay(next: 1, through: 2)))
    let again = try bench.turn(2)
    try bench.report(.turn(again))
    #expect(try bench.report(.turn(again)) == "stale")
  }

  @Test("Only what was sent is sent again; a running replay is not cut short")
  func refusals() throws {
    let bench = try Bench()
    try bench.send(5)
    #expect(try bench.refusal(7) == .invalidField)
    #expect(try bench.refusal(6) == nil)
    #expect(
      try bench.shop.refusal(.replayWebhook(EndpointID(trusted: "x"), from: 1, to: nil))
        == .unknownEndpoint)
    // Beyond what was sent there is nothing to send again.
    _ = try bench.replay(2, 99).get()
    #expect(try bench.progress.replay == WebhookProgress.Replay(next: 2, through: 5))
    try bench.send(1, .unwell)
    #expect(try bench.refusal(4) == .replayRunning)
    #expect(try bench.refusal(3, 4) == .replayRunning)
    // To go on is no other replay; nor is one that covers the rest.
    #expect(try bench.replay(6).get().reply["replay"] == ["next": 3, "to": 5])
    #expect(try bench.progress.nextAttempt == nil)
    #expect(try bench.replay(3, 5).get().reply["replay"] == ["next": 3, "to": 5])
    #expect(try bench.replay(1).get().reply["replay"] == ["next": 1, "to": 5])
  }

  @Test("An endpoint that begins behind the end of the ledger waits there")
  func ahead() throws {
    let bench = try Bench(transactions: 3)
    let later = EndpointID(trusted: "later")
    try bench.shop.accept(.reportWebhook(later, .begin(after: 10)))
    let view = try bench.shop.accept(.replayWebhook(later, from: 1, to: nil)).reply
    #expect(view["lag"] == 0 && view["replay"] == ["next": 1, "to": 3])
  }
}
