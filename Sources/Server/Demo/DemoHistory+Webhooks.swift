// What the demonstration's other systems were told of its past: its books refused two entries for good,
// which are dead letters, and its warehouse said one night that it has gone.

import Commerce
import Coordination

/// How an endpoint of the past behaves when it is told something.
enum DemoTelling {
  /// It takes everything.
  case takes
  /// It takes everything but the latest, which it refuses until nobody asks any more.
  case refusesLatest(String)
  /// It takes everything but the latest, and is gone.
  case isGone(String)
}

extension DemoHistory {
  /// Every night at three, when nothing else happens for as long as twelve attempts take.
  mutating func otherSystems() {
    let (books, warehouse) = (DemoReceiver.books, DemoReceiver.warehouse)
    for day in -20 ... -1 {
      let night = moment(day, 3)
      let isRefused = day == -9 || day == -4
      add(night, .tell(books, isRefused ? .refusesLatest("422: the period is closed") : .takes))
      if day < -1 { add(night, .tell(warehouse, .takes)) }
    }
    add(moment(-1, 3), .tell(warehouse, .isGone("410: this warehouse has moved")))
    add(now, .tell(books, .takes))
  }

  /// Tells an endpoint what was booked, as the desk of webhooks would have.
  func tell(_ endpoint: EndpointID, _ telling: DemoTelling, _ at: Timestamp) throws {
    guard try progress(of: endpoint) != nil else {
      return try decide(.reportWebhook(endpoint, .begin(after: try sequence())), at)
    }
    switch telling {
    case .takes: try turn(endpoint, through: try sequence(), at)
    case .refusesLatest(let status):
      let failure = WebhookFailure(.refused, "The endpoint answered with status \(status)")
      let last = try sequence()
      var moment = at
      for attempt in 1...failure.kind.attemptsMax {
        try turn(endpoint, through: last - 1, moment, failure)
        let wait = WebhookDesk.backoff.ceilingMilliseconds(afterFailures: attempt)
        moment = moment.advanced(byMilliseconds: wait)
      }
    case .isGone(let status):
      let failure = WebhookFailure(.gone, "The endpoint answered with status \(status)")
      try turn(endpoint, through: try sequence() - 1, at, failure)
    }
  }

  private func turn(
    _ endpoint: EndpointID, through last: Int64, _ at: Timestamp, _ failure: WebhookFailure? = nil
  ) throws {
    guard let progress = try progress(of: endpoint) else { return }
    var turn = WebhookTurn(progress)
    if last > turn.through {
      turn.sent = Array(turn.through + 1...last)
      turn.through = last
    }
    turn.failure = failure
    turn.retryAt = failure == nil ? nil : at
    try decide(.reportWebhook(endpoint, .turn(turn)), at)
  }

  private func progress(of endpoint: EndpointID) throws -> WebhookProgress? {
    guard
      case .webhookProgress(let found)? = try coordinator.record(
        .webhookProgress(storefront, endpoint))
    else { return nil }
    return found
  }

  /// The last sequence of the ledger.
  private func sequence() throws -> Int64 {
    guard
      case .storefrontProgress(let found)? = try coordinator.record(
        .storefrontProgress(storefront))
    else { return 0 }
    return found.sequence
  }
}
