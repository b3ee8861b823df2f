import Commerce

/// When a share may be released. Source: domain.md, section 3 (七天无理由退货).
package enum ReleaseCalendar {
  /// Full calendar days between the day of receipt and the day of release.
  package static let fullDays: Int64 = 7

  /// The first moment at which something received at `from` may be released.
  ///
  /// The day of receipt does not count, seven full days follow, so it is the start of day D + 8. Each
  /// dispute moves it by as many whole days as lie between the day it began (or the day of receipt, if
  /// later) and the day it was resolved; days that several cover count once.
  /// - Parameters:
  ///   - from: when it was received, or when a member joined.
  ///   - disputes: in any order; those of which beginning or end is not known do not count.
  ///   - zone: the storefront's.
  /// - Returns: the start of the day of release.
  package static func due(from: Timestamp, disputes: [Dispute], zone: TimeZoneTable) -> Timestamp {
    let received = zone.day(at: from)
    var moved: Int64 = 0
    // Disputes may overlap, and be reported late: what an earlier one covered is not counted again.
    var covered = received
    let spans = disputes.compactMap { dispute in
      dispute.from.flatMap { from in dispute.until.map { (from: from, until: $0) } }
    }
    for span in spans.sorted(by: { $0.from < $1.from }) {
      let until = zone.day(at: span.until)
      let first = max(zone.day(at: span.from), covered)
      moved += max(0, until.daysSinceEpoch - first.daysSinceEpoch)
      covered = max(covered, until)
    }
    return zone.start(of: received.advanced(byDays: fullDays + 1 + moved))
  }
}
