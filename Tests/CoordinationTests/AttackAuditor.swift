// What a sceptic believes of a storefront, from nothing but the facts that were accepted.
//
// Shares no rule with the core: its own settlement in 128-bit integers, its own calendar (a zone
// eight hours east), its own walks up the invite tree. A test feeds it every accepted fact and then
// compares it with the books. One thread.

import Commerce

extension SplitMix64 {
  mutating func number(_ range: ClosedRange<Int64>) -> Int64 { .random(in: range, using: &self) }
  mutating func one<Element>(of list: [Element]) -> Element {
    list[Int(number(0...Int64(list.count - 1)))]
  }
  mutating func chance(_ percent: Int64) -> Bool { number(1...100) <= percent }
}

/// A plan as the auditor knows it.
struct AuditPlan: Equatable {
  enum Kind: Equatable { case wanwu, fengxiang, shuai, youpin }
  var kind: Kind
  /// `wanwu`: the override is taken from the seller.
  var sellerFunds = false
  /// `wanwu`: a gold head earns on the whole community.
  var reachesCommunity = false
  /// `wanwu`: ranks that keep a part of a separated shop.
  var retained: [String] = ["senior"]
  /// `wanwu`: what a head of each rank gets for a new member.
  var bonuses: [String: Int64] = ["gold": 10_000, "senior": 15_000]
  /// `fengxiang`: where a room states none.
  var pact: Int64 = 300_000
  /// `fengxiang`: of the host's share.
  var override: Int64 = 100_000
  /// `youpin`: of the promoter's share.
  var team: Int64 = 200_000

  /// The ladder of ranks, lowest first.
  var ranks: [String] {
    switch kind {
    case .wanwu: ["ordinary", "gold", "senior"]
    case .fengxiang: ["member"]
    case .shuai: ["fan", "shopkeeper", "manager"]
    case .youpin: ["member", "team"]
    }
  }

  func level(_ rank: String) -> Int { ranks.firstIndex(of: rank) ?? 0 }
}

/// One line of an order as it was accepted.
struct AuditLine {
  let sku: String
  let supplier: String
  let units: Int64
  let placed: Int64
  var paid: Int64
  var refunded: Int64 = 0
  let cost: Int64
  let rate: Int64
}

/// An order as it was accepted, with the tree and the ranks of that moment.
struct AuditOrder {
  let id: String
  let room: String?
  let host: String?
  let seller: String?
  let promoter: String?
  let buyer: String
  let pact: Int64?
  let plan: AuditPlan
  let people: [String: AuditMember]
  let expiresAt: Int64?
  var lines: [AuditLine]
  var isPaid = false
  var hasExpired = false
  var isCancelled = false
  var isReleased = false
  var deliveredAt: Int64?
  var disputes: [String: (from: Int64?, until: Int64?)] = [:]

  var isDisputed: Bool { disputes.values.contains { $0.from != nil && $0.until == nil } }
  var net: Int64 { lines.reduce(0) { $0 + $1.paid - $1.refunded } }
  var holdsStock: Bool { !isPaid && !hasExpired && !isCancelled }
}

/// A member as the auditor knows them.
struct AuditMember {
  let inviter: String?
  var rank: String
  /// Earlier ranks with the moment at which each ended.
  var earlier: [(rank: String, until: Int64)] = []

  /// With the rank of a moment.
  func at(_ moment: Int64) -> AuditMember {
    AuditMember(inviter: inviter, rank: earlier.first { moment < $0.until }?.rank ?? rank)
  }
}

/// What an order comes to.
struct AuditSettlement: Equatable {
  var members: [String: Int64] = [:]
  var suppliers: [String: Int64] = [:]
  var platform: Int64 = 0
  var net: Int64 = 0
}

private func floored(_ base: Int64, _ numerator: Int64, _ denominator: Int64) -> Int64 {
  let product = Int128(base) * Int128(numerator)
  let quotient = product / Int128(denominator)
  return Int64(product % Int128(denominator) < 0 ? quotient - 1 : quotient)
}

extension AuditOrder {
  /// The nearest strict ancestor of at least that rank.
  private func ancestor(of member: String, atLeast level: Int) -> String? {
    var next = people[member]?.inviter
    while let candidate = next, let standing = people[candidate] {
      if plan.level(standing.rank) >= level { return candidate }
      next = standing.inviter
    }
    return nil
  }

  private func first(_ candidates: [String?]) -> String? {
    candidates.compactMap { $0 }.first { people[$0] != nil }
  }

  /// Who gets which part of the pool of one line.
  private func shares(ofPool pool: Int64) -> [(String, Int64)] {
    switch plan.kind {
    case .shuai:
      return first([promoter, seller, host]).map { [($0, pool)] } ?? []
    case .youpin:
      guard let earner = first([promoter, seller, host]) else { return [] }
      guard let team = ancestor(of: earner, atLeast: 1) else { return [(earner, pool)] }
      let part = floored(pool, plan.team, 1_000_000)
      return [(earner, pool - part), (team, part)]
    case .fengxiang:
      let host = first([seller, host])
      let promoter = promoter == host ? nil : first([promoter])
      var shares: [(String, Int64)] = []
      let brought = promoter == nil ? 0 : floored(pool, pact ?? plan.pact, 1_000_000)
      if let promoter { shares.append((promoter, brought)) }
      guard let host else { return shares }
      shares.append((host, pool - brought))
      if let inviter = people[host]?.inviter {
        shares.append((inviter, floored(pool - brought, plan.override, 1_000_000)))
      }
      return shares
    case .wanwu:
      guard let seller = first([seller, promoter, host]), let standing = people[seller] else {
        return []
      }
      var above: String?
      if plan.level(standing.rank) == 0 {
        if let head = ancestor(of: seller, atLeast: 1) {
          let reaches = plan.level(people[head]?.rank ?? "") == 2 || head == standing.inviter
          if reaches || plan.reachesCommunity { above = head }
        }
      } else if let inviter = standing.inviter, let rank = people[inviter]?.rank {
        // A rank that the plan does not know is its lowest.
        if plan.retained.contains(plan.ranks[plan.level(rank)]) { above = inviter }
      }
      guard let above else { return [(seller, pool)] }
      let part = floored(pool, 250_000, 1_000_000)
      return [(seller, plan.sellerFunds ? pool - part : pool), (above, part)]
    }
  }

  /// What is due to everybody, from scratch.
  func settlement() -> AuditSettlement {
    var result = AuditSettlement()
    for line in lines {
      let net = line.paid - line.refunded
      let supplier = line.paid == 0 ? 0 : floored(line.cost, net, line.paid)
      var left = net - supplier
      for (member, amount) in shares(ofPool: floored(net, line.rate, 1_000_000)) {
        result.members[member, default: 0] += amount
        left -= amount
      }
      result.suppliers[line.supplier, default: 0] += supplier
      result.platform += left
      result.net += net
    }
    return result
  }

  /// The first millisecond at which the shares are free, day by day on a calendar of UTC+8.
  var releaseDue: Int64? {
    guard isPaid, !isReleased, !isDisputed, let deliveredAt else { return nil }
    func day(_ at: Int64) -> Int64 { (at + 28_800_000) / 86_400_000 }
    let received = day(deliveredAt)
    // Days that any dispute covers count once, however many disputes cover them.
    var blocked: Set<Int64> = []
    for dispute in disputes.values {
      guard let from = dispute.from, let until = dispute.until else { continue }
      var next = max(day(from), received)
      while next < day(until) {
        blocked.insert(next)
        next += 1
      }
    }
    return (received + 8 + Int64(blocked.count)) * 86_400_000 - 28_800_000
  }
}

/// A bonus as it was awarded.
struct AuditBonus {
  let id: String
  let payee: String
  let amount: Int64
  let due: Int64
  var isReleased = false
}
