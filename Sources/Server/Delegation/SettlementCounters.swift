// What is counted about orders that commission services settle. Written by the desks and the writer,
// read by /metrics; any thread.

import Synchronization

/// Counters of delegated settlement.
final class SettlementCounters: Sendable {
  /// What one desk saw in its last round.
  private struct Sight {
    var waiting = 0
    var shut = 0
  }

  private let sights = Mutex<[Int: Sight]>([:])
  private let booked = Atomic<Int>(0)
  private let failed = Atomic<Int>(0)

  /// Starts with nothing.
  init() {}

  /// A desk has looked.
  ///
  /// - Parameters:
  ///   - desk: its place.
  ///   - waiting: orders that wait for its service.
  ///   - shut: storefronts for which the service is not asked, after failures.
  func tell(desk: Int, waiting: Int, shut: Int) {
    sights.withLock { $0[desk] = Sight(waiting: waiting, shut: shut) }
  }

  /// The core has taken an answer; see `Draft.settle`.
  func decided(_ outcome: String) {
    if outcome == "settled" { booked.add(1, ordering: .relaxed) }
    if outcome == "waits" { failed.add(1, ordering: .relaxed) }
  }

  /// Storefronts whose service is not asked at present.
  var shut: Int { sights.withLock { $0.values.reduce(0) { $0 + $1.shut } } }

  /// The counters in the text format of Prometheus.
  ///
  /// - Parameter line: writes one of them: name, kind, help, value.
  /// - Returns: the lines.
  func metrics(_ line: (String, String, String, Int) -> String) -> String {
    let waiting = sights.withLock { $0.values.reduce(0) { $0 + $1.waiting } }
    return line(
      "settlements_waiting", "gauge", "Orders that wait for a commission service.", waiting)
      + line(
        "settlements_booked_total", "counter", "Settlements of commission services booked.",
        booked.load(ordering: .relaxed))
      + line(
        "settlement_failures_total", "counter", "Attempts after which nothing could be booked.",
        failed.load(ordering: .relaxed))
      + line(
        "commission_services_shut", "gauge",
        "Storefronts whose commission service is not asked after failures.", shut)
  }
}
