// What a plan awards when somebody joins: bonuses in money, and grants that are not money.
// Pure; any thread.
import Commerce

/// Something that a member gets because somebody joined.
public struct Award: Equatable, Sendable {
  /// Who gets it.
  public let payee: MemberID
  /// The id of the plan's rule, 1…15 bytes.
  public let rule: String
  /// What it is.
  public let gift: Gift

  /// What an award consists of.
  public enum Gift: Equatable, Sendable {
    /// Money, minor units, ≥ 1; funded by the platform, pending like a share.
    case bonus(Amount)
    /// Not money, such as a `coupon`, with its face value in minor units.
    case grant(kind: String, faceValue: Amount)
  }
}

extension Plan {
  /// What is awarded because a member joins.
  ///
  /// Bonuses are pending and become available after seven full days from the day of joining; that
  /// is the caller's business. Source: domain.md, section 5.1.
  /// - Parameters:
  ///   - newMember: who joins; need not have standing yet.
  ///   - inviter: who invited them; without one nothing is awarded.
  ///   - standing: looks a member up, as they are before the joining; may throw.
  /// - Returns: the awards in the order of the plan's rules.
  /// - Throws: what `standing` throws, unchanged.
  /// - Complexity: one look-up per step up the tree to a named ancestor.
  public func joiningAwards<Failure: Error>(
    newMember: MemberID, inviter: MemberID?, standing: (MemberID) throws(Failure) -> Standing?
  ) throws(Failure) -> [Award] {
    guard let inviter, inviter != newMember else { return [] }
    let people = try resolve(joiningPeople, given: [inviter], standing: standing)
    var result: [Award] = []
    for rule in awards {
      guard case .paid(let index) = rule.payee.outcome(among: people, joiningPeople),
        let holder = people[index].holder, holder.member != newMember
      else { continue }
      switch rule.gift {
      case .bonus(let amounts):
        guard let amount = amounts[Int(holder.rank.index)], amount > .zero else { continue }
        result.append(Award(payee: holder.member, rule: rule.id, gift: .bonus(amount)))
      case .grant(let kind, let faceValue):
        result.append(
          Award(
            payee: holder.member, rule: rule.id, gift: .grant(kind: kind, faceValue: faceValue)))
      }
    }
    return result
  }
}
