// Orders that a commission service settles: which state of an order is to be settled, and what the
// service has answered so far. Source: Protocol/commission-service.md; decision 0021.

import Commerce
import Commission

/// How far a commission service has settled an order.
///
/// Every payment and refund makes a new revision. What was booked is the settlement of
/// `settledRevision`; the rest of the order's net lies in the account `unsettled` meanwhile.
package struct Delegation: Equatable, Sendable {
  /// Why the last attempt came to nothing.
  package struct Failure: Equatable, Sendable {
    /// A stable word of Protocol/commission-service.md.
    package let code: String
    /// An English sentence about this very case, at most `messageBytesMax` bytes.
    package let message: String

    /// How long a message may be; what a service says is cut there.
    package static let messageBytesMax = 300

    /// Makes a failure.
    ///
    /// - Parameters:
    ///   - code: a stable word.
    ///   - message: an English sentence; cut where it is too long.
    package init(code: String, message: String) {
      self.code = code
      self.message =
        message.utf8.count <= Failure.messageBytesMax
        ? message : String(decoding: message.utf8.prefix(Failure.messageBytesMax), as: UTF8.self)
    }
  }

  /// Counts payment and refunds; 0 before the payment, when there is nothing to settle.
  package private(set) var revision: Int64
  /// The revision whose settlement is booked; 0 where none is.
  package private(set) var settledRevision: Int64
  /// What the service answered for it.
  package private(set) var settlement: Settlement?
  /// Since when it waits, whatever was paid or refunded since; none where it does not.
  package private(set) var waitsSince: Timestamp?
  /// From when the service is asked, or asked again; none where it has not to be.
  package private(set) var nextAttempt: Timestamp?
  /// How often it was asked in vain for this revision.
  package private(set) var attempts: Int64
  /// Why the last time was in vain; none where there was none.
  package private(set) var failure: Failure?

  /// Makes what is known of an order's settlement; nothing is right for a new order.
  package init(
    revision: Int64 = 0, settledRevision: Int64 = 0, settlement: Settlement? = nil,
    waitsSince: Timestamp? = nil, nextAttempt: Timestamp? = nil, attempts: Int64 = 0,
    failure: Failure? = nil
  ) {
    self.revision = revision
    self.settledRevision = settledRevision
    self.settlement = settlement
    self.waitsSince = waitsSince
    self.nextAttempt = nextAttempt
    self.attempts = attempts
    self.failure = failure
  }

  /// Whether what is booked is about the order as it stands.
  package var isSettled: Bool { settledRevision == revision }

  /// The order has changed: the service has to be asked about it, at once.
  mutating func want(at now: Timestamp) {
    revision += 1
    waitsSince = waitsSince ?? now
    nextAttempt = now
    attempts = 0
    failure = nil
  }

  /// The service was asked in vain.
  mutating func fail(_ failure: Failure, retryAt: Timestamp) {
    attempts += 1
    self.failure = failure
    nextAttempt = retryAt
  }

  /// The service has answered, and the answer was found right.
  mutating func accept(_ settlement: Settlement) {
    self.settlement = settlement
    settledRevision = revision
    waitsSince = nil
    nextAttempt = nil
    attempts = 0
    failure = nil
  }
}

/// What a commission service has said of an order.
package struct ServiceAnswer: Equatable, Sendable {
  /// What came of asking.
  package enum Content: Equatable, Sendable {
    /// A settlement; not checked against the order yet.
    case settlement(Settlement)
    /// Nothing that could be booked.
    case failure(Delegation.Failure)
  }

  /// What came of asking.
  package let content: Content
  /// From when to ask again if it cannot be booked.
  package let retryAt: Timestamp

  /// Makes an answer.
  ///
  /// - Parameters:
  ///   - content: what came of asking.
  ///   - retryAt: from when to ask again if it cannot be booked.
  package init(_ content: Content, retryAt: Timestamp) {
    self.content = content
    self.retryAt = retryAt
  }
}

extension Settlement {
  /// The settlement of an order that nobody has settled: nothing is split.
  ///
  /// - Parameters:
  ///   - lines: how many lines the order has.
  ///   - plan: its plan.
  ///   - currency: its currency.
  /// - Returns: zeros.
  package static func nothing(
    of lines: Int, plan: PlanReference, currency: Currency
  ) -> Settlement {
    let line = LineSettlement(net: .zero, pool: .zero, supplier: .zero, shares: [])
    return Settlement(
      plan: plan, currency: currency, lines: Array(repeating: line, count: lines))
  }
}
