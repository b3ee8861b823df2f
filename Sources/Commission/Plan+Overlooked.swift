// Why somebody near a sale is paid nothing although no rule names them. Pure; any thread.
//
// Settling tells of the people whom a rule pays or withholds something from. Around them stand others
// who may have expected something: a host where the promoter comes first, an inviter whose rank is
// too low, a head behind a nearer one who has separated. They are found here, when somebody asks, so
// that an order need not pin them.
import Commerce

extension Plan {
  /// How many levels above somebody are looked at where nobody in particular asks.
  private static let levelsTold = 8
  /// How many levels above somebody a member who asks may stand.
  private static let levelsMax = 1_000

  /// Members near a sale whom no share pays and the settlement does not name, each with why.
  ///
  /// Members who took part but were not looked at, whoever a rule found and then turned away from,
  /// those below the rank that a rule looks for, and those behind somebody nearer of that rank.
  /// Source: domain.md, section 7 ("why did I get ¥0?").
  /// - Parameters:
  ///   - settlement: made by this plan on `snapshot`.
  ///   - snapshot: taken by this plan.
  ///   - member: only about this member, within 1,000 levels; where nil, about those within 8.
  ///   - standing: looks a member up as they were when the snapshot was taken; may throw.
  /// - Returns: at most one entry for each member, in the order of the rules.
  /// - Throws: what `standing` throws, unchanged.
  /// - Complexity: one look-up for each level that is walked.
  public func overlooked<Failure: Error>(
    _ settlement: Settlement, _ snapshot: Snapshot, for member: MemberID? = nil,
    standing: (MemberID) throws(Failure) -> Standing?
  ) throws(Failure) -> [WithheldShare] {
    var told = settlement.payees.map(\.payee) + settlement.withheld.compactMap(\.member)
    if let member, told.contains(member) { return [] }
    var found: [WithheldShare] = []
    for rule in shares where rule.paysAnything {
      let named = salePeople.indices.filter { rule.payee.named >> UInt64($0) & 1 == 1 }
      // Ranks and separation say more than that somebody is no direct inviter.
      for person in named.filter({ !isInviter($0) }) + named.filter(isInviter) {
        for passed in try passedOver(person, rule, snapshot, member, standing)
        where !told.contains(passed.member) && (member == nil || passed.member == member) {
          told.append(passed.member)
          found.append(
            WithheldShare(rule: rule.id, member: passed.member, reason: .condition(passed.why)))
        }
      }
    }
    return found
  }

  private func isInviter(_ person: Int) -> Bool {
    if case .inviterOf = salePeople[person].search { true } else { false }
  }

  /// Who could have stood in a person's place, or stands there and was turned away from.
  private func passedOver<Failure: Error>(
    _ person: Int, _ rule: ShareRule, _ snapshot: Snapshot, _ asking: MemberID?,
    _ standing: (MemberID) throws(Failure) -> Standing?
  ) throws(Failure) -> [(member: MemberID, why: Wording)] {
    var passed: [(member: MemberID, why: Wording)] = []
    let holder = snapshot.people[person].holder?.member
    if let holder {
      passed.append((holder, rule.payee.turning(from: person, snapshot.people, salePeople)))
    }
    switch salePeople[person].search {
    case .firstOf(let sources):
      let participants = snapshot.participants
      let given = [participants.seller, participants.host, participants.promoter]
      for case .given(let index) in sources where holder != nil {
        guard let member = given[index], member != holder, try standing(member) != nil else {
          continue
        }
        passed.append((member, .preceded(as: salePeople[person].title)))
      }
    case .inviterOf(let below):
      guard asking != nil, let start = snapshot.people[below].holder?.member else { break }
      try forEachAbove(start, Plan.levelsMax, standing) { level, member, _ in
        if level > 1 { passed.append((member, .notDirect)) }
        return member != asking
      }
    case .ancestorOf(let below, let least):
      guard let start = snapshot.people[below].holder?.member else { break }
      let levels = asking == nil ? Plan.levelsTold : Plan.levelsMax
      var isBehind = false
      try forEachAbove(start, levels, standing) { _, member, rank in
        if member == holder {
          isBehind = true
        } else if rank < least {
          // Behind the holder only whoever asks is told of a rank that would not have helped.
          if !isBehind || asking != nil { passed.append((member, .tooLow(rank, least))) }
        } else {
          passed.append((member, .behind(least)))
          return asking != nil && member != asking
        }
        return member != asking
      }
    }
    return passed
  }

  /// Tells the members above somebody, from their inviter upwards, while `body` wants more.
  private func forEachAbove<Failure: Error>(
    _ start: MemberID, _ levels: Int, _ standing: (MemberID) throws(Failure) -> Standing?,
    _ body: (_ level: Int, _ member: MemberID, _ rank: Rank) -> Bool
  ) throws(Failure) {
    var next = try standing(start)?.inviter
    for level in 1...levels {
      guard let member = next, member != start, let place = try standing(member) else { return }
      // A rank of another plan counts as in `snapshot`.
      let rank = rank(named: place.rank.name) ?? lowestRank
      guard body(level, member, rank) else { return }
      next = place.inviter
    }
  }
}

extension PayeeRule {
  /// The people whom the rule names, paid or not, bit n for person n.
  fileprivate var named: UInt64 {
    switch self {
    case .nobody: 0
    case .person(let index), .withheld(let index, _): 1 << UInt64(index)
    case .firstOf(let payees): payees.reduce(0) { $0 | $1.named }
    case .when(.constant(let value), let then, let otherwise): (value ? then : otherwise).named
    case .when(_, let then, let otherwise): then.named | otherwise.named
    }
  }

  /// Why the rule came to somebody else than a person whom it names.
  fileprivate func turning(
    from person: Int, _ people: [Snapshot.Person], _ rules: [PersonRule]
  ) -> Wording {
    guard case .when(let condition, let then, let otherwise) = self else {
      return .preceded(as: rules[person].title)
    }
    let taken = condition.holds(among: people) ? then : otherwise
    if taken.named >> UInt64(person) & 1 == 1 {
      return taken.turning(from: person, people, rules)
    }
    guard case .rank(let other, _) = condition, let rank = people[other].holder?.rank else {
      return Wording(
        english: "the rule's condition does not hold", chinese: "不满足规则的条件")
    }
    return Wording(
      english: "\(rules[other].title.english) had the rank \(rank), and the rule looks elsewhere",
      chinese: "\(rules[other].title.chinese)的等级为 \(rank)，规则另有所指")
  }
}

extension Wording {
  fileprivate static func preceded(as place: Wording) -> Wording {
    Wording(
      english: "somebody else comes first as \(place.english)",
      chinese: "已有他人优先作为\(place.chinese)")
  }

  fileprivate static func tooLow(_ rank: Rank, _ least: Rank) -> Wording {
    Wording(
      english: "unqualified: their rank was \(rank), and \(least) is needed",
      chinese: "资格不足：其等级为 \(rank)，需达到 \(least)")
  }

  fileprivate static func behind(_ least: Rank) -> Wording {
    Wording(
      english: "separated: somebody nearer has the rank \(least) or a higher one",
      chinese: "已分离：更近的上级已达到 \(least) 或以上等级")
  }

  fileprivate static var notDirect: Wording {
    Wording(
      english: "only who invited directly is looked at", chinese: "只看直接邀请人")
  }
}
