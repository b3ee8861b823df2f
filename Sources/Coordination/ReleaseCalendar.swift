import Commerce

/// When a share may be released. Source: domain.md, section 3 (七天无理由退货).
package enum ReleaseCalendar {
  /// Full calendar days between the day of receipt and the day of release.
  package static let fullDays: Int64 = 7

  /// The first moment at which something received at `from` may be released.
  ///
  /// The day of receipt does not count, seven full days follow, so it is the start of day D + 8. Each
  /// dispute moves it by as many whole days as lie between the day it began (or the day of receipt, if
  /// later) and the day it was resolved.
  /// - Parameters:
  ///   - from: when it was received, or when a member joined.
  ///   - disputes: in order of time, none open.
  ///   - zone: the storefront's.
  /// - Returns: the start of the day of release.
  package static func due(from: Timestamp, disputes: [Dispute], zone: TimeZoneTable) -> Timestamp {
    let received = zone.day(at: from)
    var moved: Int64 = 0
    for dispute in disputes {
      guard let until = dispute.until else { continue }
      let first = max(zone.day(at: dispute.from), received)
      moved += max(0, zone.day(at: until).daysSinceEpoch - first.daysSinceEpoch)
    }
    return zone.start(of: received.advanced(byDays: fullDays + 1 + moved))
  }
}
