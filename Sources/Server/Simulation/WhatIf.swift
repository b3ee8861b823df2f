// Runs a storefront's history under another plan. Reads only; the ledger is not asked and not touched.
// One thread.

import Commerce
import Commission
import Coordination

/// What history would have come to, and what was looked at.
struct WhatIf {
  /// Whose history.
  let storefront: Storefront
  /// The plan versions that orders pin and the one in force, each once, by number.
  let plansBefore: [(number: Int64, plan: Plan)]
  /// The days that were looked at; none at an end that is open.
  let days: (from: CivilDay?, until: CivilDay?)
  /// The figures.
  let comparison: PlanComparison

  /// Runs history under another plan.
  ///
  /// - Parameters:
  ///   - history: of one moment.
  ///   - plan: the other plan.
  ///   - days: orders placed and members joined on these days, in the storefront's zone; the last day
  ///     belongs to them.
  ///   - progress: told how many of how many orders are done.
  /// - Returns: the result.
  /// - Throws: what the history throws.
  static func run(
    _ history: some History, under plan: Plan, days: (from: CivilDay?, until: CivilDay?),
    progress: (_ done: Int64, _ of: Int64) -> Void
  ) throws -> WhatIf {
    let storefront = try history.storefront()
    let span = span(of: days, in: storefront.zone)
    var comparison = PlanComparison(plan: plan)
    var versions: Set<Int64> = [storefront.planVersion]
    let total = try history.paidOrderCount(placed: span)
    try history.forEachPaidOrder(placed: span) { order in
      versions.insert(order.planVersion)
      try comparison.add(
        order, currency: storefront.currency, under: try history.plan(version: order.planVersion)
      ) { (id, at) throws(any Error) in try history.member(id, at: at) }
      progress(comparison.orders, total)
    }
    try addJoinings(of: history, in: span, to: &comparison)
    return WhatIf(
      storefront: storefront,
      plansBefore: try versions.sorted().map {
        (number: $0, plan: try history.plan(version: $0))
      }, days: days, comparison: comparison)
  }

  private static func addJoinings(
    of history: some History, in span: Range<Timestamp>, to comparison: inout PlanComparison
  ) throws {
    let bonuses = Dictionary(grouping: try history.bonuses(), by: \.joined)
    for id in try history.members(joined: span) {
      guard let joined = try history.member(id, at: .distantFuture) else { continue }
      try comparison.add(joining: joined, bonuses: bonuses[id] ?? []) {
        (id, at) throws(any Error) in
        try history.member(id, at: at)
      }
    }
  }

  private static func span(
    of days: (from: CivilDay?, until: CivilDay?), in zone: TimeZoneTable
  ) -> Range<Timestamp> {
    let start = days.from.map(zone.start(of:)) ?? .distantPast
    let end = days.until.map { zone.start(of: $0.advanced(byDays: 1)) } ?? .distantFuture
    return start..<max(start, end)
  }
}

extension Timestamp {
  fileprivate static let distantPast = Timestamp(milliseconds: .min)
  fileprivate static let distantFuture = Timestamp(milliseconds: .max)
}
