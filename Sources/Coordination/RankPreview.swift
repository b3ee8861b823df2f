// What a promotion would change, on what was really sold: the orders of the last days settled under the
// present tree, and under a tree in which one member has another rank. Source: domain.md, sections 5.1
// and 7.5 (separation preview).
//
// Both sides take their snapshots anew from the relations of today and the plan in force, so that the
// difference is the rank's alone. Nothing is written: it reads records through the loader that it is
// given. One thread.

import Commerce
import Commission
import Notation

/// A reckoning of what another rank of one member would change.
package final class RankPreview {
  /// What somebody gets on both sides.
  private struct Figures {
    var before = Amount.zero
    var after = Amount.zero
  }

  private let storefrontID: StorefrontID
  private let now: Timestamp
  private let days: Int64
  private let load: ([Key]) throws -> [Record?]
  private let state = State()
  private let storefront: Storefront
  private let plan: Plan
  private let member: Member
  private let rank: Rank
  private var people: [MemberID: Figures] = [:]
  private var platform = Figures()
  private var orders: Int64 = 0
  private var joinings: Int64 = 0
  private var refused: Int64 = 0

  /// How many days a preview may look back.
  package static let daysAllowed: ClosedRange<Int64> = 1...366

  /// The first moment that it looks at: so many days of 24 hours before now.
  package var from: Timestamp { now.advanced(byMilliseconds: -days * 86_400_000) }

  /// Prepares a preview.
  ///
  /// - Parameters:
  ///   - storefrontID: whose.
  ///   - member: who would get the rank.
  ///   - rank: the name of the rank; higher or lower than the present one.
  ///   - days: how far to look back, within `daysAllowed`.
  ///   - now: the moment of the preview, from which the rank would hold.
  ///   - load: gives the records of keys, in their order.
  /// - Throws: a `Rejection` (`unknown_storefront`, `unknown_rank`, `unknown_member`), or what
  ///   `load` throws.
  package init(
    _ storefrontID: StorefrontID, member: MemberID, rank: String, days: Int64, at now: Timestamp,
    load: @escaping ([Key]) throws -> [Record?]
  ) throws {
    precondition(RankPreview.daysAllowed.contains(days), "days are checked for form before")
    self.storefrontID = storefrontID
    self.now = now
    self.days = days
    self.load = load
    (storefront, plan, self.member, self.rank) = try inspect(
      storefront: storefrontID, at: now, knowing: state, load: load
    ) { draft throws(Stop) in
      let storefront = try draft.storefront()
      let plan = try draft.plan(version: storefront.planVersion)
      guard let wanted = plan.rank(named: rank) else {
        throw .refuse(.unknownRank, "The plan \(plan.name) has no rank \(rank).", field: "rank")
      }
      guard let found = try draft.member(member) else {
        throw .refuse(.unknownMember, "There is no member \(member).", field: "member")
      }
      return (storefront, plan, found, wanted)
    }
  }

  /// Reckons one order; one that was not paid counts for nothing.
  ///
  /// - Parameter order: placed within the days of the preview.
  /// - Throws: what the loader throws.
  package func add(_ order: Order) throws {
    guard order.paidAt != nil else { return }
    let participants = order.snapshot.participants
    let (present, wanted) = try ask { draft throws(Stop) in
      (
        try self.plan.snapshot(of: participants) { (id) throws(Stop) in
          try self.standing(id, draft, isPromoted: false)
        },
        try self.plan.snapshot(of: participants) { (id) throws(Stop) in
          try self.standing(id, draft, isPromoted: true)
        }
      )
    }
    let sale = order.sale(currency: storefront.currency)
    do throws(SettlementRefusal) {
      let before = try plan.settle(sale, present)
      let after = present == wanted ? before : try plan.settle(sale, wanted)
      for payee in before.payees { people[payee.payee, default: Figures()].before += payee.amount }
      for payee in after.payees { people[payee.payee, default: Figures()].after += payee.amount }
      platform.before += before.platform
      platform.after += after.platform
      orders += 1
    } catch {
      // An order of an earlier plan whose rates this one does not allow.
      refused += 1
    }
  }

  /// Reckons the bonuses for somebody's joining; grants, which are no money, are left out.
  ///
  /// - Parameters:
  ///   - newMember: who joined within the days of the preview.
  ///   - inviter: who brought them in.
  /// - Throws: what the loader throws.
  package func add(joining newMember: MemberID, inviter: MemberID?) throws {
    for isPromoted in [false, true] {
      let awards = try ask { draft throws(Stop) in
        try self.plan.joiningAwards(newMember: newMember, inviter: inviter) {
          (id) throws(Stop) in try self.standing(id, draft, isPromoted: isPromoted)
        }
      }
      for award in awards {
        guard case .bonus(let amount) = award.gift else { continue }
        if isPromoted {
          people[award.payee, default: Figures()].after += amount
          platform.after -= amount
        } else {
          people[award.payee, default: Figures()].before += amount
          platform.before -= amount
        }
      }
    }
    joinings += 1
  }

  private func standing(
    _ id: MemberID, _ draft: borrowing Draft, isPromoted: Bool
  ) throws(Stop) -> Standing? {
    guard var standing = try draft.standing(id, under: plan) else { return nil }
    if isPromoted, id == member.id { standing.rank = rank }
    return standing
  }

  private func ask<Value>(
    _ body: (borrowing Draft) throws(Stop) -> Value
  ) throws -> Value {
    try inspect(storefront: storefrontID, at: now, knowing: state, load: load, body)
  }

  /// The answer, in the form of Protocol/schemas: only people whose figure moves, in order of id.
  package var json: JSON {
    func view(_ figures: Figures) -> [JSON.Member] {
      let difference = figures.after.minorUnits - figures.before.minorUnits
      return [
        JSON.Member("before", .integer(figures.before.minorUnits)),
        JSON.Member("after", .integer(figures.after.minorUnits)),
        JSON.Member("difference", .integer(difference)),
        // Towards zero: nobody is promised a fen that the days do not give.
        JSON.Member("perDay", .integer(difference / days)),
      ]
    }
    let moved = people.filter { $0.value.before != $0.value.after }.sorted { $0.key < $1.key }
    return [
      "member": .string(member.id.text), "rank": .string(member.rank),
      "newRank": .string(rank.name), "takesEffectAt": .string(now.description),
      "from": .string(from.description), "days": .integer(days), "plan": .string(plan.name),
      "planVersion": .integer(storefront.planVersion),
      "currency": .string(storefront.currency.code), "orders": .integer(orders),
      "joinings": .integer(joinings), "refused": .integer(refused),
      "people": .array(
        moved.map { id, figures in
          .object([JSON.Member("member", .string(id.text))] + view(figures))
        }), "platform": .object(view(platform)),
    ]
  }
}
