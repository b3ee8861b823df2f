// Who has which rank and why: by an operator, or by a count that reached what the plan asks for.
// Source: domain.md, sections 5.1 and 5.3; Protocol/decisions/0014, 0015 and 0022.
//
// A rank holds from now on. Orders pin the ranks of their placement, whenever they are reported, so
// nothing that was sold before is settled otherwise.

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

  /// How the commission module sees a member at a moment, which may be long ago.
  ///
  /// Whoever invited a member never changes; the rank is that of the moment. One that the plan does not
  /// know counts as its lowest.
  func standing(
    _ id: MemberID, under plan: Plan, at: Timestamp
  ) throws(Stop) -> Standing? {
    guard let member = try member(id) else { return nil }
    let rank = try rank(of: member, at: at)
    return Standing(inviter: member.inviter, rank: plan.rank(named: rank) ?? plan.lowestRank)
  }

  /// The rank that held at a moment: that of the last change at or before it.
  ///
  /// Before the first change there was no rank; whoever asks for it then gets that of the joining.
  /// - Complexity: O(1) for the present, O(n) in the changes of rank since then.
  private func rank(of member: Member, at: Timestamp) throws(Stop) -> String {
    // What changes from now on is not known, so what holds now holds then.
    guard at < now else { return member.rank }
    let last = try memberProgress(member.id).rankChanges
    var rank = member.rank
    var number = last
    // The first change is the joining, and what the second one came from.
    while number > 1 {
      let key = Key.rankChange(storefrontID, member.id, number)
      guard case .rankChange(let change)? = try read(key) else {
        preconditionFailure("every change of a rank is stored under its number")
      }
      if change.at <= at { return change.to }
      if number == last {
        try need((2..<last).map { .rankChange(storefrontID, member.id, $0) })
      }
      rank = change.from ?? change.to
      number -= 1
    }
    return rank
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
    guard let found = try standing(id, under: plan, at: order.placedAt) else { return nil }
    let pinned = order.snapshot.people.first { $0.holder?.member == id }?.holder
    return Standing(inviter: found.inviter, rank: pinned?.rank ?? found.rank)
  }

  /// An operator sets a member's rank; it changes no order that is here already.
  ///
  /// It holds from now on, or, where a history is brought in, from a moment after the last change:
  /// orders reported later that were placed since then have it. Lowering it keeps thresholds from
  /// raising it again until an operator raises it.
  mutating func setRank(
    _ id: MemberID, _ rank: String, from moment: Timestamp?
  ) throws(Stop) -> JSON {
    let plan = try plan(version: try storefront().planVersion)
    guard let wanted = plan.rank(named: rank) else {
      throw .refuse(.unknownRank, "The plan \(plan.name) has no rank \(rank).", field: "rank")
    }
    guard let member = try member(id) else {
      throw .refuse(.unknownMember, "There is no member \(id).", field: "member")
    }
    guard member.rank != rank else { return memberView(member) }
    let since = moment ?? now
    guard since <= now else {
      throw .refuse(.invalidField, "A rank cannot be set for later.", field: "from")
    }
    let last = Key.rankChange(storefrontID, id, try memberProgress(id).rankChanges)
    if moment != nil, case .rankChange(let change)? = try read(last), change.at > since {
      throw .refuse(
        .invalidField, "Member \(id) has had the present rank since \(change.at).", field: "from")
    }
    let present = plan.rank(named: member.rank) ?? plan.lowestRank
    var progress = try memberProgress(id)
    progress.isHeld = wanted < present
    write(.memberProgress(storefrontID, id), .memberProgress(progress))
    let changed = try change(member, to: rank, because: .operator, at: since)
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
        because: .threshold(RankEvidence(reached, planVersion: version)), at: now)
      hasRisen = true
    }
    return hasRisen
  }

  /// Stores a rank with its history, and what that is to whoever locked the member.
  private mutating func change(
    _ member: Member, to rank: String, because cause: RankCause, at moment: Timestamp
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
          number: progress.rankChanges, from: member.rank, to: rank, at: moment, cause: cause)))
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
