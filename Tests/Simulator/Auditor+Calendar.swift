// What time alone has to have brought by the end of a run. Nobody asks for a release or an expiry, so
// one that is forgotten shows nowhere else. Days by arithmetic of its own; of the core's deadlines, what
// is due and what is next, nothing is used.

import Commerce
import Coordination

extension Auditor {
  /// A server looks every second; what became due so shortly before the end may still wait.
  private static let graceMilliseconds: Int64 = 60_000

  /// The day in Shanghai, which has no summer time: eight hours ahead. Source: domain.md, section 3.
  static func day(_ at: Timestamp) -> Int64 {
    (at.milliseconds + 28_800_000) / 86_400_000
  }

  /// How many days of a return period were lost to disputes that have ended.
  static func daysLost(_ disputes: [Dispute], since delivered: Timestamp) -> Int64 {
    var lost: Set<Int64> = []
    for dispute in disputes {
      guard let from = dispute.from, let until = dispute.until else { continue }
      let first = max(day(from), day(delivered))
      if first < day(until) { lost.formUnion(first..<day(until)) }
    }
    return Int64(lost.count)
  }

  /// Holds every order at the end of a run against the calendar.
  mutating func checkCalendar(elapsed: Int64) {
    let end = Timestamp(milliseconds: latestWall.milliseconds - Auditor.graceMilliseconds)
    for id in orders.keys.sorted() {
      guard let order = orders[id] else { continue }
      if let expires = order.expiresAt, expires <= end, order.paidAt == nil,
        order.cancelledAt == nil, !order.hasExpired
      {
        find(.release, "\(id) never expired; it was due at \(expires)", elapsed: elapsed)
      }
      guard order.paidAt != nil, let delivered = order.deliveredAt, order.releasedAt == nil,
        !order.disputes.contains(where: { $0.from != nil && $0.until == nil })
      else { continue }
      // What waits for its service is found elsewhere.
      if let delegation = order.delegation, delegation.settledRevision != delegation.revision {
        continue
      }
      let due = Auditor.day(delivered) + 8 + Auditor.daysLost(order.disputes, since: delivered)
      if due <= Auditor.day(end) {
        find(.release, "\(id), delivered at \(delivered), was never released", elapsed: elapsed)
      }
    }
  }

  /// Pending money of an order that was released is a contradiction, whatever the order says of itself.
  mutating func checkReleased(elapsed: Int64) {
    for id in orders.keys.sorted() {
      guard let order = orders[id], order.releasedAt != nil else { continue }
      let left = pendingOf[id.text, default: [:]].filter { $0.value != 0 }
      if !left.isEmpty {
        find(.release, "\(id) is released and \(left.count) shares are pending", elapsed: elapsed)
      }
    }
  }
}
