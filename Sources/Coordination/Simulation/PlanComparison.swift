// What history would have come to under another plan: an accumulator that is shown one paid order
// and one joining after the other, and keeps two figures for every party.
//
// Like is compared with like. On both sides stands what an order gives with its present refunds: before
// under the plan version that it pins, after under the other plan, with people resolved again in the
// same invite tree. A line that the other plan refuses counts on neither side and is listed. What the
// buyers paid is the same on both sides, so all differences sum to zero.
//
// Pure; changes nothing but itself; the order in which it is shown history does not matter for its sums.

import Commerce
import Commission

/// Adds history up under the plans that it ran under and under another one.
package struct PlanComparison: Sendable {
  /// One party's money under both plans.
  package struct Figures: Equatable, Sendable {
    /// Minor units, under the plan that the order pins.
    package var before = Amount.zero
    /// Minor units, under the other plan.
    package var after = Amount.zero

    /// What the other plan changes, minor units.
    package var difference: Amount { after - before }
  }

  /// A line that the other plan does not settle.
  package struct RefusedLine: Equatable, Sendable {
    /// Whose line.
    package let order: OrderID
    /// Its index, from 0.
    package let line: Int
    /// What was paid and not given back, minor units.
    package let net: Amount
    /// See `SettlementRefusal.code`.
    package let code: String
  }

  /// The other plan.
  package let plan: Plan
  /// Every member who earns something on either side.
  package private(set) var members: [MemberID: Figures] = [:]
  /// All suppliers together.
  package private(set) var suppliers = Figures()
  /// What is left for the platform, joining bonuses paid.
  package private(set) var platform = Figures()
  /// Face value of what was granted for joinings and is not money.
  package private(set) var grantsAfter = Amount.zero
  /// Paid orders that were shown.
  package private(set) var orders: Int64 = 0
  /// Lines that count on both sides.
  package private(set) var lines: Int64 = 0
  /// What was paid and not given back on those lines.
  package private(set) var net = Amount.zero
  /// Joinings that were shown.
  package private(set) var joinings: Int64 = 0
  /// Lines that count on neither side, in the order in which they were shown; the first
  /// `refusedLinesKept` of them.
  package private(set) var refused: [RefusedLine] = []
  /// How many there are.
  package private(set) var refusedCount: Int64 = 0

  /// How many refused lines are kept.
  package static let refusedLinesKept = 1_000

  /// Begins without any history.
  ///
  /// - Parameter plan: the other plan.
  package init(plan: Plan) { self.plan = plan }

  /// All members together.
  package var membersTotal: Figures {
    members.values.reduce(into: Figures()) { sum, figures in
      sum.before += figures.before
      sum.after += figures.after
    }
  }

  /// Members by the size of their difference, the largest first, ties by id.
  package var membersBySize: [(member: MemberID, figures: Figures)] {
    members.map { (member: $0.key, figures: $0.value) }.sorted {
      let sizes = (
        $0.figures.difference.minorUnits.magnitude, $1.figures.difference.minorUnits.magnitude
      )
      return sizes.0 == sizes.1 ? $0.member < $1.member : sizes.0 > sizes.1
    }
  }
}

// MARK: Orders

extension PlanComparison {
  /// Adds a paid order.
  ///
  /// Ranks that the order's snapshot pins hold; others come from `member`. Who took part stays as it was
  /// frozen. A room's pact stays too, unless it is just what the plan of the time gives a room that
  /// states none: then it follows the other plan.
  /// - Parameters:
  ///   - order: paid; others are passed over.
  ///   - currency: of its money.
  ///   - before: the plan version that it pins.
  ///   - member: a member with the rank of that moment; may throw.
  /// - Throws: what `member` throws, unchanged; then nothing was added.
  /// - Complexity: O(lines), and one look-up per step up the tree to a named ancestor.
  package mutating func add<Failure: Error>(
    _ order: Order, currency: Currency, under before: Plan,
    member: (MemberID, Timestamp) throws(Failure) -> Member?
  ) throws(Failure) {
    guard order.paidAt != nil else { return }
    let sale = order.sale(currency: currency)
    guard let old = Self.settlement(of: sale, order.snapshot, under: before) else {
      preconditionFailure("an order pins a plan version that does not settle it")
    }
    let snapshot = try self.snapshot(of: order, under: before, member: member)
    orders += 1
    let (kept, new) = settleWhatCan(order, sale, snapshot)
    guard let new else { return }
    for (position, line) in kept.enumerated() {
      add(old.lines[line], to: \.before)
      add(new.lines[position], to: \.after)
      net += new.lines[position].net
      lines += 1
    }
  }

  private static func settlement(
    of sale: Sale, _ snapshot: Snapshot, under plan: Plan
  ) -> Settlement? {
    do { return try plan.settle(sale, snapshot) } catch { return nil }
  }

  private func snapshot<Failure: Error>(
    of order: Order, under before: Plan, member: (MemberID, Timestamp) throws(Failure) -> Member?
  ) throws(Failure) -> Snapshot {
    var participants = order.snapshot.participants
    if participants.pact == before.pactDefault { participants.pact = nil }
    return try plan.snapshot(of: participants) { (id) throws(Failure) -> Standing? in
      guard let found = try member(id, order.placedAt) else { return nil }
      let pinned = order.snapshot.people.lazy.compactMap(\.holder).first { $0.member == id }
      return standing(found, rank: pinned?.rank.name ?? found.rank)
    }
  }

  /// A rank that the other plan does not know counts as its lowest.
  private func standing(_ member: Member, rank: String) -> Standing {
    Standing(inviter: member.inviter, rank: plan.rank(named: rank) ?? plan.lowestRank)
  }

  /// Settles the lines that the other plan settles, and lists the others.
  ///
  /// - Returns: the indexes of the lines that were settled, and their settlement if there are any.
  private mutating func settleWhatCan(
    _ order: Order, _ sale: Sale, _ snapshot: Snapshot
  ) -> (lines: [Int], settlement: Settlement?) {
    var kept = Array(sale.lines.indices)
    var sale = sale
    while !kept.isEmpty {
      do {
        return (kept, try plan.settle(sale, snapshot))
      } catch {
        let position: Int
        switch error {
        case .amountOutOfRange(let line), .refundExceedsPaid(let line),
          .rateOutOfRange(let line, _):
          position = line
        case .lineCountOutOfRange, .foreignSnapshot:
          preconditionFailure("an order that was settled once, under a snapshot just taken")
        }
        let line = kept.remove(at: position)
        let figures = sale.lines.remove(at: position)
        refusedCount += 1
        guard refused.count < Self.refusedLinesKept else { continue }
        refused.append(
          RefusedLine(
            order: order.id, line: line, net: figures.paid - figures.refunded, code: error.code))
      }
    }
    return ([], nil)
  }

  private mutating func add(_ line: LineSettlement, to side: WritableKeyPath<Figures, Amount>) {
    suppliers[keyPath: side] += line.supplier
    platform[keyPath: side] += line.platform
    for share in line.shares {
      members[share.payee, default: Figures()][keyPath: side] += share.amount
    }
  }
}

// MARK: Joinings

extension PlanComparison {
  /// Adds a joining.
  ///
  /// - Parameters:
  ///   - joined: who joined, and when.
  ///   - bonuses: what was booked for it, under whichever plan.
  ///   - member: a member with the rank of that moment; may throw.
  /// - Throws: what `member` throws, unchanged; then nothing was added.
  package mutating func add<Failure: Error>(
    joining joined: Member, bonuses: [JoiningBonus],
    member: (MemberID, Timestamp) throws(Failure) -> Member?
  ) throws(Failure) {
    let comparison = self
    let awards = try plan.joiningAwards(newMember: joined.id, inviter: joined.inviter) {
      (id) throws(Failure) -> Standing? in
      try member(id, joined.joinedAt).map { comparison.standing($0, rank: $0.rank) }
    }
    joinings += 1
    for bonus in bonuses {
      platform.before -= bonus.amount
      members[bonus.payee, default: Figures()].before += bonus.amount
    }
    for award in awards {
      switch award.gift {
      case .bonus(let amount):
        platform.after -= amount
        members[award.payee, default: Figures()].after += amount
      case .grant(_, let faceValue): grantsAfter += faceValue
      }
    }
  }
}
