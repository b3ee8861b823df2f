// What endpoints are told, counted for /metrics. Any thread.

import Coordination
import Synchronization

/// Counters of webhooks.
final class WebhookCounters: Sendable {
  /// What there is to know of endpoints at a moment.
  struct Sight: Equatable, Sendable {
    /// Transactions that they have not been told of.
    var lag: Int64 = 0
    /// Dead letters that were not delivered since.
    var dead: Int64 = 0
    /// How many said that they are gone.
    var stopped = 0
  }

  private let delivered = Atomic<Int>(0)
  private let failed = Atomic<Int>(0)
  private let sights = Mutex<[WebhookKey: Sight]>([:])

  /// An endpoint was sent some events.
  func sent(_ turn: WebhookTurn) {
    delivered.add(turn.sent.count, ordering: .relaxed)
    if turn.failure != nil { failed.add(1, ordering: .relaxed) }
  }

  /// How far an endpoint is, as of its desk's last look.
  func sees(_ progress: WebhookProgress, sequence: Int64, at key: WebhookKey) {
    let sight = Sight(
      lag: max(0, sequence - progress.delivered), dead: progress.dead,
      stopped: progress.stoppedAt == nil ? 0 : 1)
    sights.withLock { $0[key] = sight }
  }

  /// All endpoints together.
  var total: Sight {
    sights.withLock { sights in
      sights.values.reduce(into: Sight()) { total, sight in
        total.lag += sight.lag
        total.dead += sight.dead
        total.stopped += sight.stopped
      }
    }
  }

  /// The counters in the text format of Prometheus.
  ///
  /// - Parameter line: writes one of them: name, kind, help, value.
  /// - Returns: the lines.
  func metrics(_ line: (String, String, String, Int) -> String) -> String {
    let total = total
    return line(
      "webhooks_delivered_total", "counter", "Events that endpoints took.",
      delivered.load(ordering: .relaxed))
      + line(
        "webhook_failures_total", "counter", "Times that an event was sent in vain.",
        failed.load(ordering: .relaxed))
      + line(
        "webhook_lag", "gauge", "Transactions that endpoints have not been told of.",
        Int(total.lag))
      + line(
        "webhook_dead_letters", "gauge", "Events given up and not delivered since.",
        Int(total.dead))
      + line(
        "webhooks_stopped", "gauge", "Endpoints that answered 410 Gone.", total.stopped)
  }
}
