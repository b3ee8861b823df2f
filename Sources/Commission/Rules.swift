// The compiled form of a plan document: indexes and bit sets instead of names, so that settling
// compares no strings per line. Built once by `PlanReader`, never changed afterwards.
//
// Two stages keep a snapshot small in any tree. *People* are facts: they may walk the invite tree,
// and are resolved and pinned at placement. *Shares* and *awards* are rules over those people:
// they look at ranks and identity only, and are evaluated at every settlement.
import Commerce

/// A person that a plan's people are made from: one that the caller names, or an earlier one.
enum PersonSource: Equatable, Sendable {
  /// Named by the caller, by place in `GivenPeople`.
  case given(Int)
  /// Resolved before, by place in the list of people.
  case person(Int)
}

/// How one of the plan's people is found at placement.
struct PersonRule: Equatable, Sendable {
  enum Search: Equatable, Sendable {
    /// The first source who is there and is a member.
    case firstOf([PersonSource])
    /// Who invited that person.
    case inviterOf(Int)
    /// The nearest strict ancestor of that person with this rank or a higher one.
    case ancestorOf(Int, rankAtLeast: Rank)
  }

  let name: String
  let title: Wording
  let search: Search
  /// Whoever is one of these does not count.
  let otherThan: [PersonSource]
  /// The name in the document, where it stands for several levels.
  let series: String?
}

/// A condition on ranks and identity. About somebody who is not there, every test is false.
indirect enum Condition: Equatable, Sendable {
  case constant(Bool)
  /// The person's rank is in the set; bit n stands for rank n.
  case rank(of: Int, in: UInt32)
  /// Both are there and are the same member.
  case same(Int, Int)
  case any([Condition])
  case all([Condition])
  case not(Condition)
}

/// Who gets a share or an award.
indirect enum PayeeRule: Equatable, Sendable {
  case nobody
  case person(Int)
  case firstOf([PayeeRule])
  case when(Condition, then: PayeeRule, otherwise: PayeeRule)
  /// Nobody, although that person might have expected it.
  case withheld(from: Int, because: Wording)
}

/// What share of its base a rule gives.
enum ShareRate: Equatable, Sendable {
  case fixed(Rate)
  /// The room's pact, or this where the room has none.
  case pact(otherwise: Rate)
  /// What the earlier shares of the same base leave.
  case rest
}

/// Another share of the same line, or none.
enum ShareBaseRule: Equatable, Sendable {
  case net
  case pool
  case share(Int)
}

/// One rule that gives a share of every line.
struct ShareRule: Equatable, Sendable {
  let id: String
  let title: Wording
  let payee: PayeeRule
  let base: ShareBaseRule
  let rate: ShareRate
  /// The share that this one is deducted from, or the platform pays.
  let deductedFrom: Int?
  let baseName: ShareBase
  let funding: ShareFunding
}

/// One rule that gives something when a member joins.
struct AwardRule: Equatable, Sendable {
  enum Gift: Equatable, Sendable {
    /// Money by the payee's rank; a rank without an entry gets nothing.
    case bonus([Amount?])
    /// Something that is not money, with its face value.
    case grant(kind: String, faceValue: Amount)
  }

  let id: String
  let title: Wording
  let payee: PayeeRule
  let gift: Gift
}

/// The people that a caller can name, in the order of `PersonSource.given`.
enum GivenPeople {
  static let sale = ["sale.seller", "sale.host", "sale.promoter"]
  static let joining = ["joining.inviter"]
}

/// What a payee rule comes to for one set of people.
enum PayeeOutcome {
  case paid(Int)
  case withheld(from: Int?, WithheldReason)
}

extension PayeeRule {
  /// Evaluates the rule over resolved people.
  func outcome(among people: [Snapshot.Person], _ rules: [PersonRule]) -> PayeeOutcome {
    switch self {
    case .nobody:
      return .withheld(from: nil, .nobody(Wording(english: "nobody", chinese: "无人")))
    case .person(let index):
      if people[index].holder != nil { return .paid(index) }
      return .withheld(from: nil, .nobody(rules[index].title))
    case .firstOf(let payees):
      var last = PayeeRule.nobody.outcome(among: people, rules)
      for payee in payees {
        last = payee.outcome(among: people, rules)
        if case .paid = last { return last }
      }
      return last
    case .when(let condition, let then, let otherwise):
      return (condition.holds(among: people) ? then : otherwise).outcome(among: people, rules)
    case .withheld(let index, let wording):
      if people[index].holder != nil { return .withheld(from: index, .condition(wording)) }
      return .withheld(from: nil, .nobody(rules[index].title))
    }
  }
}

extension Condition {
  /// Evaluates the condition over resolved people.
  func holds(among people: [Snapshot.Person]) -> Bool {
    switch self {
    case .constant(let value): return value
    case .rank(let index, let ranks):
      guard let holder = people[index].holder else { return false }
      return ranks >> UInt32(holder.rank.index) & 1 == 1
    case .same(let one, let other):
      guard let one = people[one].holder, let other = people[other].holder else { return false }
      return one.member == other.member
    case .any(let conditions): return conditions.contains { $0.holds(among: people) }
    case .all(let conditions): return conditions.allSatisfy { $0.holds(among: people) }
    case .not(let condition): return !condition.holds(among: people)
    }
  }
}
