// How far every endpoint was told of a storefront's ledger, and what it would not take.
//
// The ledger itself is the outbox: its sequence has no gaps, so one number says what an endpoint has
// been told, and nothing is written for it when money is booked. Invariants: everything up to
// `delivered` was taken by the endpoint, is not wanted there, or is a dead letter; `attempts`,
// `failure` and `nextAttempt` are about the event that is next. Values only; any thread.
// Source: Protocol/webhooks.md; decision 0028.

import Commerce

/// Why an endpoint did not take an event.
package struct WebhookFailure: Equatable, Sendable {
  /// What went wrong; the raw value is the code of Protocol/webhooks.md.
  package enum Kind: String, Sendable, CaseIterable {
    /// No connection, or it broke, or what answers speaks no HTTP.
    case unreachable = "endpoint_unreachable"
    /// No whole answer in time.
    case timedOut = "endpoint_timed_out"
    /// The endpoint is not well: status 408, 425, 429, or 500 and more.
    case unwell = "endpoint_unwell"
    /// The endpoint is there and does not want this: any other status but 2xx and 410.
    case refused = "endpoint_refused"
    /// Status 410: nothing more is to be sent.
    case gone = "endpoint_gone"

    /// How often in a row an event may fail before the server goes on without it; 1 or more.
    ///
    /// An endpoint that refuses will not be better after a night, and everything behind waits for it.
    /// One that is away says nothing about the event: twenty attempts take half a day and more.
    package var attemptsMax: Int64 { self == .refused ? 12 : 20 }
  }

  /// What went wrong.
  package let kind: Kind
  /// An English sentence about this very case, at most `messageBytesMax` bytes.
  package let message: String

  /// How long a message may be.
  package static let messageBytesMax = 300

  /// Makes a failure.
  ///
  /// - Parameters:
  ///   - kind: what went wrong.
  ///   - message: an English sentence; cut where it is too long.
  package init(_ kind: Kind, _ message: String) {
    self.kind = kind
    var kept = String.UnicodeScalarView()
    var bytes = 0
    for scalar in message.unicodeScalars {
      bytes += UTF8.width(scalar)
      guard bytes <= WebhookFailure.messageBytesMax else { break }
      kept.append(scalar)
    }
    self.message = String(kept)
  }
}

/// How far an endpoint was told of its storefront's ledger.
package struct WebhookProgress: Equatable, Sendable {
  /// A run of sequences that is sent again before anything new.
  package struct Replay: Equatable, Sendable {
    /// The sequence that is next, ≤ `through`.
    package var next: Int64
    /// The last one.
    package let through: Int64

    /// Makes a run.
    package init(next: Int64, through: Int64) {
      self.next = next
      self.through = through
    }
  }

  /// Nothing up to this sequence has to be sent, but for a replay.
  package private(set) var delivered: Int64
  /// How often the event that is next was sent in vain.
  package private(set) var attempts: Int64
  /// Why the last time was in vain; none where there was none.
  package private(set) var failure: WebhookFailure?
  /// From when the event that is next is sent again; none for at once.
  package private(set) var nextAttempt: Timestamp?
  /// How many dead letters were not delivered since.
  package var dead: Int64
  /// What is sent again first.
  package private(set) var replay: Replay?
  /// Since when nothing is sent because the endpoint said that it is gone.
  package private(set) var stoppedAt: Timestamp?

  /// Makes progress; what has defaults is right for a new endpoint.
  package init(
    delivered: Int64, attempts: Int64 = 0, failure: WebhookFailure? = nil,
    nextAttempt: Timestamp? = nil, dead: Int64 = 0, replay: Replay? = nil,
    stoppedAt: Timestamp? = nil
  ) {
    self.delivered = delivered
    self.attempts = attempts
    self.failure = failure
    self.nextAttempt = nextAttempt
    self.dead = dead
    self.replay = replay
    self.stoppedAt = stoppedAt
  }

  /// The sequence that is next, whether it is booked already or not.
  package var next: Int64 { replay?.next ?? delivered + 1 }

  /// Whether something may be sent at a moment.
  ///
  /// - Parameter now: the moment.
  /// - Returns: whether it is neither stopped nor waiting for a later attempt.
  package func isDue(at now: Timestamp) -> Bool {
    stoppedAt == nil && nextAttempt.map { $0 <= now } ?? true
  }

  /// Goes on behind a sequence.
  mutating func pass(through sequence: Int64) {
    if var run = replay {
      run.next = sequence + 1
      replay = run.next <= run.through ? run : nil
    } else {
      delivered = sequence
    }
    clear()
  }

  /// What is new was sent while somebody asked for a replay, which is not touched by it.
  mutating func deliver(through sequence: Int64) { delivered = sequence }

  /// The event that is next was sent in vain.
  mutating func fail(_ failure: WebhookFailure, at now: Timestamp, retryAt: Timestamp) {
    attempts += 1
    self.failure = failure
    if failure.kind == .gone {
      stoppedAt = now
      nextAttempt = nil
    } else {
      nextAttempt = retryAt
    }
  }

  /// Somebody wants the endpoint to go on now, perhaps with a run of sequences first.
  mutating func resume(_ run: Replay?) {
    if let run { replay = run }
    stoppedAt = nil
    clear()
  }

  private mutating func clear() {
    attempts = 0
    failure = nil
    nextAttempt = nil
  }
}

/// An event that an endpoint did not take, however often it was sent.
package struct DeadLetter: Equatable, Sendable {
  /// The event's place in the ledger.
  package let sequence: Int64
  /// How often it was sent in vain, the last time that it was given up.
  package let attempts: Int64
  /// Why the last attempt was in vain.
  package let failure: WebhookFailure
  /// When it was given up.
  package let at: Timestamp
  /// When a replay delivered it; none where none has.
  package var deliveredAt: Timestamp?

  /// Makes a dead letter.
  package init(
    sequence: Int64, attempts: Int64, failure: WebhookFailure, at: Timestamp,
    deliveredAt: Timestamp? = nil
  ) {
    self.sequence = sequence
    self.attempts = attempts
    self.failure = failure
    self.at = at
    self.deliveredAt = deliveredAt
  }
}

/// What the server tells the core about an endpoint.
package enum WebhookReport: Equatable, Sendable {
  /// The endpoint is new; it is told what is booked behind this sequence.
  case begin(after: Int64)
  /// A run of events was sent.
  case turn(WebhookTurn)
}

/// What came of sending some events of one endpoint, one after the other.
package struct WebhookTurn: Equatable, Sendable {
  /// Whether they were sent again because somebody asked for it.
  package let isReplay: Bool
  /// The sequence before the first, as the progress had it then.
  package let after: Int64
  /// Everything behind `after` and up to here was taken, or is not wanted there.
  package var through: Int64
  /// The sequences that were taken, in order.
  package var sent: [Int64] = []
  /// Why the event behind `through` was not taken; none where it was not sent.
  package var failure: WebhookFailure?
  /// From when to send that event again.
  package var retryAt: Timestamp?

  /// Begins a turn in which nothing was sent yet.
  ///
  /// - Parameter progress: as it is when the turn begins.
  package init(_ progress: WebhookProgress) {
    isReplay = progress.replay != nil
    after = progress.next - 1
    through = progress.next - 1
  }
}
