// Every tree that can make a difference to who is paid, found by running the plan's own search for
// people against a tree that is made up while it is asked.
//
// Each time the search wants to know something that is still open (is there a promoter, what is
// this member's rank, who invited them) one answer is chosen, and the choice is noted; afterwards
// the last choice that has another answer left is changed, until every combination has been seen.
// Trees stay small without losing anything: a member who is nobody's seller, promoter or payee can
// be taken out of an invite line without changing what the search finds, so as many members as the
// sale and the plan can name are enough. Ranks that no rule tells apart are tried once.
// Deterministic and pure; any thread.
import Commerce

/// What was found over all small trees.
struct Worlds {
  /// More than these are not gone through.
  static let worldsMax = 20_000

  /// The different sets of shares that fall due together, ascending; bit n for share n.
  private(set) var paidSets: [UInt64] = []
  /// By share, the people whom it pays in some tree; bit n for person n.
  private(set) var payees: [UInt64]
  /// The most different people above that are paid on one sale.
  private(set) var paidDepth = 0
  /// Whether every tree was seen.
  private(set) var isComplete = false

  init(_ plan: Plan) {
    payees = [UInt64](repeating: 0, count: plan.shares.count)
    let levels = plan.salePeople.indices.map(plan.isLevel)
    var seen: Set<UInt64> = []
    var world = World(plan)
    for _ in 0..<Self.worldsMax {
      let (people, buyer) = world.people()
      var paid: UInt64 = 0
      var above: Set<MemberID> = []
      for (index, share) in plan.shares.enumerated() {
        guard case .paid(let person) = share.payee.outcome(among: people, plan.salePeople),
          let member = people[person].holder?.member, buyer != member
        else { continue }
        paid |= 1 << UInt64(index)
        guard share.paysAnything else { continue }
        payees[index] |= 1 << UInt64(person)
        if levels[person] { above.insert(member) }
      }
      seen.insert(paid)
      paidDepth = max(paidDepth, above.count)
      if !world.advance() {
        isComplete = true
        break
      }
    }
    paidSets = seen.sorted()
  }
}

/// A tree that is made up while it is asked, and can be made up differently again and again.
private struct World {
  private let plan: Plan
  /// The given people that the plan looks at.
  private let given: [Bool]
  /// One rank of each kind that the rules tell apart.
  private let ranks: [Rank]
  /// Whether it matters that two people are the same member; otherwise everybody new is different.
  private let identityMatters: Bool
  private let membersMax: Int
  private var choices = Choices()
  private var members: [MemberID] = []
  private var standings: [Standing?] = []

  init(_ plan: Plan) {
    self.plan = plan
    var used = [false, false, false]
    var identityMatters = plan.shares.contains { $0.payee.comparesPeople }
    for person in plan.salePeople {
      var sources = person.otherThan
      if !sources.isEmpty { identityMatters = true }
      if case .firstOf(let tried) = person.search { sources += tried }
      for case .given(let index) in sources { used[index] = true }
    }
    given = used
    self.identityMatters = identityMatters || !plan.allowsSelfPurchase
    membersMax = used.count { $0 } + plan.salePeople.count
    ranks = plan.distinguishedRanks
  }

  /// Finds the plan's people in the tree that the choices make; with whoever bought, where that
  /// decides about a share.
  mutating func people() -> ([Snapshot.Person], buyer: MemberID?) {
    choices.restart()
    members.removeAll(keepingCapacity: true)
    standings.removeAll(keepingCapacity: true)
    var named = [MemberID?](repeating: nil, count: given.count)
    for index in given.indices where given[index] {
      let known = identityMatters ? members.count : 0
      let choice = choices.choose(2 + known)
      if choice == 1 { named[index] = newMember() }
      if choice > 1 { named[index] = members[choice - 2] }
    }
    let people = plan.resolve(plan.salePeople, given: named) { standing(of: $0) }
    guard !plan.allowsSelfPurchase else { return (people, nil) }
    let choice = choices.choose(1 + members.count)
    return (people, choice == 0 ? nil : members[choice - 1])
  }

  /// Whether there is another tree; it is the next one then.
  mutating func advance() -> Bool { choices.advance() }

  private mutating func newMember() -> MemberID {
    let member = MemberID(trusted: "m\(members.count)")
    members.append(member)
    standings.append(nil)
    return member
  }

  private mutating func standing(of member: MemberID) -> Standing? {
    guard let index = members.firstIndex(of: member) else { return nil }
    if let known = standings[index] { return known }
    let rank = ranks[choices.choose(ranks.count)]
    var inviters: [MemberID?] = [nil]
    if identityMatters {
      inviters += members.filter { !isBelow($0, orIs: member) }.map { Optional($0) }
    }
    let canGrow = members.count < membersMax
    let choice = choices.choose(inviters.count + (canGrow ? 1 : 0))
    let inviter = choice < inviters.count ? inviters[choice] : newMember()
    standings[index] = Standing(inviter: inviter, rank: rank)
    return standings[index]
  }

  /// Whether a member is the other one, or was brought in by them over any number of steps.
  private func isBelow(_ member: MemberID, orIs other: MemberID) -> Bool {
    var next: MemberID? = member
    while let member = next {
      if member == other { return true }
      next = members.firstIndex(of: member).flatMap { standings[$0] }?.inviter
    }
    return false
  }
}

/// Answers to questions that are asked in the same order as long as the answers before are the same.
private struct Choices {
  private var taken: [(choice: Int, options: Int)] = []
  private var next = 0

  mutating func restart() { next = 0 }

  /// The answer to the next question, from 0.
  mutating func choose(_ options: Int) -> Int {
    guard options > 1 else { return 0 }
    if next == taken.count { taken.append((0, options)) }
    precondition(taken[next].options == options, "the same answers lead to the same question")
    next += 1
    return taken[next - 1].choice
  }

  /// Changes the last answer that can be changed; false where all have been given.
  mutating func advance() -> Bool {
    while let last = taken.popLast() {
      if last.choice + 1 < last.options {
        taken.append((last.choice + 1, last.options))
        return true
      }
    }
    return false
  }
}

extension Plan {
  /// The lowest of each group of ranks that every rule of a sale treats alike.
  fileprivate var distinguishedRanks: [Rank] {
    var tests: [UInt32] = []
    for person in salePeople {
      guard case .ancestorOf(_, let lowest) = person.search else { continue }
      tests.append(~0 << UInt32(lowest.index))
    }
    for share in shares { share.payee.collect(&tests) }
    var seen: [[Bool]] = []
    return ranks.filter { rank in
      let answers = tests.map { $0 >> UInt32(rank.index) & 1 == 1 }
      if seen.contains(answers) { return false }
      seen.append(answers)
      return true
    }
  }
}

extension PayeeRule {
  /// Whether some condition asks if two people are the same.
  fileprivate var comparesPeople: Bool {
    switch self {
    case .nobody, .person, .withheld: false
    case .firstOf(let payees): payees.contains(where: \.comparesPeople)
    case .when(let condition, let then, let otherwise):
      condition.comparesPeople || then.comparesPeople || otherwise.comparesPeople
    }
  }

  /// Adds every set of ranks that a condition asks for.
  fileprivate func collect(_ tests: inout [UInt32]) {
    switch self {
    case .nobody, .person, .withheld: break
    case .firstOf(let payees): for payee in payees { payee.collect(&tests) }
    case .when(let condition, let then, let otherwise):
      condition.collect(&tests)
      then.collect(&tests)
      otherwise.collect(&tests)
    }
  }
}

extension Condition {
  fileprivate var comparesPeople: Bool {
    switch self {
    case .constant, .rank: false
    case .same: true
    case .any(let conditions), .all(let conditions): conditions.contains(where: \.comparesPeople)
    case .not(let condition): condition.comparesPeople
    }
  }

  fileprivate func collect(_ tests: inout [UInt32]) {
    switch self {
    case .constant, .same: break
    case .rank(_, let ranks): tests.append(ranks)
    case .any(let conditions), .all(let conditions):
      for condition in conditions { condition.collect(&tests) }
    case .not(let condition): condition.collect(&tests)
    }
  }
}
