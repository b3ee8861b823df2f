// Who has which rank and why: by an operator, or by a count that reached what the plan asks for.
// Source: domain.md, sections 5.1 and 5.3; Protocol/decisions/0014 and 0015.
//
// A rank holds from now on. Orders pin the ranks of their placement, so nothing that was sold before
// is settled otherwise.

import Commerce
import Commission
import Notation

extension Draft {
  /// What is counted about a member.
  package func memberProgress(_ id: MemberID) throws(Stop) -> MemberProgress {
    guard case .memberProgress(let found)? = try read(.memberProgress(storefrontID, id)) else {
      return MemberProgress()
    }
    return found
  }

  /// Where a member stood when an order was placed: as the order pins it, else by the history of ranks.
  ///
  /// - Parameters:
  ///   - id: the member; inviters never change.
  ///   - order: stored.
  ///   - plan: the one that the order pins.
  /// - Returns: the standing, or nothing where there is no such member.
  /// - Throws: `Stop.missing`.
  package func standing(
    _ id: MemberID, whenPlaced order: Order, under plan: Plan
  ) throws(Stop) -> Standing? {
    guard let member = try member(id) else { return nil }
    if let pinned = order.snapshot.people.first(where: { $0.holder?.member == id })?.holder {
      return Standing(inviter: member.inviter, rank: pinned.rank)
    }
    // The ranks of the decision count, which may be later than the time that was reported.
    var decidedAt = order.placedAt
    if case .fact(let fact)? = try read(.fact(storefrontID, "order/\(order.id)")) {
      decidedAt = fact.at
    }
    var rank = member.rank
    var number = try memberProgress(id).rankChanges
    while case .rankChange(let change)? = try read(.rankChange(storefrontID, id, number)),
      change.at > decidedAt, let earlier = change.from
    {
      rank = earlier
      number -= 1
    }
    return Standing(inviter: member.inviter, rank: plan.rank(named: rank) ?? plan.lowestRank)
  }

  /// An operator sets a member's rank; it holds from now on and changes no order placed before.
  ///
  /// Lowering it keeps thresholds from raising it again until an operator raises it.
  mutating func setRank(_ id: MemberID, _ rank: String) throws(Stop) -> JSON {
    let plan = try plan(version: try storefront().planVersion)
    guard let wanted = plan.rank(named: rank) else {
      throw .refuse(.unknownRank, "The plan \(plan.name) has no rank \(rank).", field: "rank")
    }
    guard let member = try member(id) else {
      throw .refuse(.unknownMember, "There is no member \(id).", field: "member")
    }
    guard member.rank != rank else { return memberView(member) }
    let present = plan.rank(named: member.rank) ?? plan.lowestRank
    var progress = try memberProgress(id)
    progress.isHeld = wanted < present
    write(.memberProgress(storefrontID, id), .memberProgress(progress))
    let changed = try change(member, to: rank, because: .operator)
    if let locker = try viewer(id).lock?.promoter { try promote(from: locker) }
    return memberView(changed)
  }

  /// A member has just been stored: their first rank, and what they are to whoever locked them.
  mutating func begin(_ member: Member) throws(Stop) {
    var progress = try memberProgress(member.id)
    progress.rankChanges += 1
    write(.memberProgress(storefrontID, member.id), .memberProgress(progress))
    let first = RankChange(
      number: progress.rankChanges, from: nil, to: member.rank, at: member.joinedAt,
      cause: .joining)
    write(.rankChange(storefrontID, member.id, first.number), .rankChange(first))
    guard !member.id.isGuest, let locker = try viewer(member.id).lock?.promoter else { return }
    try changeProgress(of: locker) { $0.count(member.rank, by: 1) }
    try promote(from: locker)
  }

  /// A viewer was locked to a member: one more fan, if anybody knows who the viewer is.
  mutating func countFan(_ viewer: ViewerID, of locker: MemberID) throws(Stop) {
    guard !viewer.isGuest else { return }
    let rank = try member(viewer)?.rank
    try changeProgress(of: locker) {
      $0.lockedFans += 1
      if let rank { $0.count(rank, by: 1) }
    }
    try promote(from: locker)
  }

  /// An own sale of a member was released, or part of a released one was refunded.
  mutating func countSettledSale(_ amount: Amount, of member: MemberID) throws(Stop) {
    try changeProgress(of: member) { $0.settledSales += amount }
    if amount > .zero { try promote(from: member) }
  }

  private mutating func changeProgress(
    of member: MemberID, _ change: (inout MemberProgress) -> Void
  ) throws(Stop) {
    var progress = try memberProgress(member)
    change(&progress)
    write(.memberProgress(storefrontID, member), .memberProgress(progress))
  }

  /// Gives a member every rank that the plan's thresholds allow, then whoever locked them, and so on.
  ///
  /// Each viewer has one lock, so this walks one path and its order is given. It goes on only past
  /// somebody whose rank rose, ranks are few and only rise, so it ends even where locks form a ring.
  /// A demotion never follows from a count: counts that fall are not looked at here.
  private mutating func promote(from first: MemberID) throws(Stop) {
    let version = try storefront().planVersion
    let plan = try plan(version: version)
    guard !plan.promotions.isEmpty else { return }
    var next: MemberID? = first
    while let id = next, try climb(id, plan, version) {
      next = try viewer(id).lock?.promoter
    }
  }

  /// Gives one member every rank they have reached; whether there was any.
  private mutating func climb(
    _ id: MemberID, _ plan: Plan, _ version: Int64
  ) throws(Stop) -> Bool {
    guard var member = try member(id) else { return false }
    let progress = try memberProgress(id)
    guard !progress.isHeld else { return false }
    let counts = progress.counts
    var hasRisen = false
    while let reached = plan.nextPromotion(
      from: plan.rank(named: member.rank) ?? plan.lowestRank, counts: counts)
    {
      member = try change(
        member, to: reached.promotion.rank.name,
        because: .threshold(RankEvidence(reached, planVersion: version)))
      hasRisen = true
    }
    return hasRisen
  }

  /// Stores a rank with its history, and what that is to whoever locked the member.
  private mutating func change(
    _ member: Member, to rank: String, because cause: RankCause
  ) throws(Stop) -> Member {
    var changed = member
    changed.rank = rank
    write(.member(storefrontID, member.id), .member(changed))
    var progress = try memberProgress(member.id)
    progress.rankChanges += 1
    write(.memberProgress(storefrontID, member.id), .memberProgress(progress))
    write(
      .rankChange(storefrontID, member.id, progress.rankChanges),
      .rankChange(
        RankChange(
          number: progress.rankChanges, from: member.rank, to: rank, at: now, cause: cause)))
    if !member.id.isGuest, let locker = try viewer(member.id).lock?.promoter {
      try changeProgress(of: locker) {
        $0.count(member.rank, by: -1)
        $0.count(rank, by: 1)
      }
    }
    return changed
  }
}

/// A change of rank as the member and staff see it, in the form of Protocol/schemas.
package func rankChangeView(_ change: RankChange) -> JSON {
  var evidence = JSON.null
  let cause: String
  switch change.cause {
  case .joining: cause = "joining"
  case .operator: cause = "operator"
  case .threshold(let found):
    cause = "threshold"
    evidence = [
      "count": .string(found.kind.rawValue), "ofRank": found.ofRank.map { .string($0) } ?? .null,
      "counted": .integer(found.counted), "needed": .integer(found.needed),
      "planVersion": .integer(found.planVersion),
    ]
  }
  return [
    "number": .integer(change.number), "from": change.from.map { .string($0) } ?? .null,
    "to": .string(change.to), "at": .string(change.at.description), "cause": .string(cause),
    "evidence": evidence,
  ]
}
