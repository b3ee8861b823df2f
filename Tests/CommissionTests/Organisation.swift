// What the tests of this target share: a small organisation, short ways to write sales, and a
// reproducible source of chance.
import Commerce
import Commission
import Testing

/// An invite tree with ranks that tests build step by step.
struct Organisation {
  let plan: Plan
  private var members: [MemberID: Standing] = [:]
  /// Everybody in the order of joining.
  private(set) var names: [String] = []

  init(_ plan: Plan) { self.plan = plan }

  /// Adds a member, or moves one: tests also need trees that no core would allow.
  mutating func join(_ name: String, inviter: String? = nil, rank: String? = nil) throws {
    let rank = try rank.map { try #require(plan.rank(named: $0)) } ?? plan.lowestRank
    if members[id(name)] == nil { names.append(name) }
    members[id(name)] = Standing(inviter: inviter.map(id), rank: rank)
  }

  mutating func promote(_ name: String, to rank: String) throws {
    members[id(name)]?.rank = try #require(plan.rank(named: rank))
  }

  func standing(_ member: MemberID) -> Standing? { members[member] }

  func snapshot(
    seller: String? = nil, host: String? = nil, promoter: String? = nil, buyer: String? = nil,
    pact: Int32? = nil
  ) -> Snapshot {
    plan.snapshot(
      of: Participants(
        seller: seller.map(id), host: host.map(id), promoter: promoter.map(id),
        buyer: buyer.map(id), pact: pact.map { Rate(trusted: $0) }),
      standing: standing)
  }

  /// What each payee earns on a sale, by name.
  func earnings(_ sale: Sale, _ snapshot: Snapshot) throws -> [String: Int64] {
    let settlement = try plan.settle(sale, snapshot)
    return Dictionary(
      uniqueKeysWithValues: settlement.payees.map { ($0.payee.text, $0.amount.minorUnits) })
  }

  /// What joining brings, as `payee rule amount`.
  func awards(_ newcomer: String, inviter: String?) -> [String] {
    plan.joiningAwards(newMember: id(newcomer), inviter: inviter.map(id), standing: standing).map {
      switch $0.gift {
      case .bonus(let amount): "\($0.payee) \($0.rule) \(amount)"
      case .grant(let kind, let faceValue): "\($0.payee) \($0.rule) \(kind) \(faceValue)"
      }
    }
  }
}

func id(_ name: String) -> MemberID { MemberID(trusted: name) }

/// A sale of one line.
func sale(
  _ paid: Int64, refunded: Int64 = 0, cost: Int64 = 0, ratePpm: Int32 = 200_000
) -> Sale {
  Sale(currency: .cny, lines: [line(paid, refunded: refunded, cost: cost, ratePpm: ratePpm)])
}

func line(
  _ paid: Int64, refunded: Int64 = 0, cost: Int64 = 0, ratePpm: Int32 = 200_000
) -> Sale.Line {
  Sale.Line(
    paid: Amount(paid), refunded: Amount(refunded), cost: Amount(cost),
    rate: Rate(trusted: ratePpm))
}

/// Steele, Lea and Flood's generator: the same seed gives the same run everywhere.
struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
