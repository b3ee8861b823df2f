// A second book of what was reported, kept from the accepted commands alone: the tree of the moment,
// and for each order what was paid, given back, delivered and disputed. It takes its own snapshot when
// an order is placed, and of the core's records it takes ranks only. Values only; any thread.

import Commerce
import Commission
import Coordination
import Ledger

/// What was reported of one order.
struct ReportedLife {
  let report: ReportedOrder
  /// Taken when it was placed, from the book's own tree.
  let snapshot: Snapshot
  var paid: [Int64]
  var refunded: [Int64]
  var paidAt: Timestamp?
  var deliveredAt: Timestamp?
  var disputes: [FactID: (from: Timestamp?, until: Timestamp?)] = [:]

  /// What was paid and not given back.
  var net: Int64 { paid.reduce(0, +) - refunded.reduce(0, +) }

  var sale: Sale {
    Sale(
      currency: .cny,
      lines: report.lines.indices.map { index in
        Sale.Line(
          paid: Amount(paid[index]), refunded: Amount(refunded[index]),
          cost: report.lines[index].cost ?? .zero,
          rate: report.lines[index].terms?.rate ?? .zero)
      })
  }

  func supplier(ofLine index: Int) -> SupplierID {
    report.lines[index].terms?.supplier ?? SupplierID(trusted: "none")
  }

  /// The first moment at which it may be released, by arithmetic of its own; none while it may not.
  var due: Timestamp? {
    guard let deliveredAt, paidAt != nil,
      !disputes.values.contains(where: { $0.from != nil && $0.until == nil })
    else { return nil }
    let received = Self.day(deliveredAt)
    // Day by day, so that one which several disputes cover counts once.
    var lost: Set<Int64> = []
    for dispute in disputes.values {
      guard let from = dispute.from, let until = dispute.until else { continue }
      let first = max(Self.day(from), received)
      if first < Self.day(until) { lost.formUnion(first..<Self.day(until)) }
    }
    return Self.start(ofDay: received + 8 + Int64(lost.count))
  }

  /// Days in Shanghai, which is eight hours ahead all year.
  static func day(_ at: Timestamp) -> Int64 { (at.milliseconds + 28_800_000) / 86_400_000 }
  static func start(ofDay day: Int64) -> Timestamp {
    Timestamp(milliseconds: day * 86_400_000 - 28_800_000)
  }
}

/// A bonus that has to be booked for a joining.
struct ExpectedBonus: Equatable {
  let subject: String
  let payee: MemberID
  let amount: Int64
  let due: Timestamp
}

/// Everything that was reported so far.
struct HistoryBook {
  let plan: Plan
  private(set) var members: [MemberID: Member] = [:]
  /// Every rank of a member with the moment from which it held.
  private var ranks: [MemberID: [(rank: String, from: Timestamp)]] = [:]
  private(set) var orders: [OrderID: ReportedLife] = [:]
  private(set) var bonuses: [ExpectedBonus] = []
  private var hosts: [RoomID: MemberID] = [:]
  private var pacts: [RoomID: [(rate: Rate, from: Timestamp)]] = [:]

  init(plan: Plan) { self.plan = plan }

  /// Takes an accepted command.
  mutating func take(_ step: HistoryStep) {
    if !step.isRepeat { report(step) }
    for member in step.members {
      if members[member.id]?.rank != member.rank {
        ranks[member.id, default: []].append((member.rank, step.at))
      }
      members[member.id] = member
    }
  }

  private mutating func report(_ step: HistoryStep) {
    switch step.command {
    case .join(let member, _, let inviter, _, let at, _): award(member, inviter, at)
    case .openRoom(let room, let host, _, let pact):
      hosts[room] = host
      let standard: Int64
      if case .integer(let ppm)? = plan.value(of: "pactPpm") {
        standard = ppm
      } else {
        standard = 0
      }
      pacts[room] = [(pact ?? Rate(trusted: Int32(standard)), step.at)]
    case .raisePact(let room, let rate): pacts[room, default: []].append((rate, step.at))
    case .reportOrder(let report): place(report, step.promoter)
    case .pay(let order, _, let parts, let at):
      guard var life = orders[order] else { return }
      for part in parts {
        let line = Int(part.line)
        // All that was placed had been given back, so all that is paid is.
        if life.refunded[line] == life.paid[line] { life.refunded[line] = part.amount.minorUnits }
        life.paid[line] = part.amount.minorUnits
      }
      life.paidAt = at
      orders[order] = life
    case .deliver(let order, _, let at): orders[order]?.deliveredAt = at
    case .refund(let order, _, let parts, _):
      guard var life = orders[order] else { return }
      if parts.isEmpty { life.refunded = life.paid }
      for part in parts { life.refunded[Int(part.line)] += part.amount.minorUnits }
      orders[order] = life
    case .dispute(let order, let dispute, let at):
      orders[order]?.disputes[dispute, default: (nil, nil)].from = at
    case .resolve(let order, let dispute, let at):
      orders[order]?.disputes[dispute, default: (nil, nil)].until = at
    default: return
    }
  }

  private mutating func place(_ report: ReportedOrder, _ promoter: MemberID?) {
    let participants = Participants(
      seller: report.seller, host: report.room.flatMap { hosts[$0] }, promoter: promoter,
      buyer: report.buyer,
      pact: report.room.flatMap { room in
        (pacts[room]?.last { $0.from <= report.placedAt } ?? pacts[room]?.first)?.rate
      })
    let paid = report.lines.map(\.paid.minorUnits)
    orders[report.id] = ReportedLife(
      report: report,
      snapshot: plan.snapshot(of: participants) { standing($0, at: report.placedAt) },
      paid: paid, refunded: paid.map { _ in 0 })
  }

  /// The tree as it is now, whenever the sale was.
  func snapshot(of participants: Participants) -> Snapshot {
    plan.snapshot(of: participants) { standing($0) }
  }

  /// A member as they are now, or with the rank of an earlier moment.
  private func standing(_ id: MemberID, at: Timestamp? = nil) -> Standing? {
    guard let member = members[id], let ranks = ranks[id] else { return nil }
    let then = at.flatMap { at in ranks.last { $0.from <= at } ?? ranks.first }
    let rank = plan.rank(named: then?.rank ?? member.rank) ?? plan.lowestRank
    return Standing(inviter: member.inviter, rank: rank)
  }

  private mutating func award(_ member: MemberID, _ inviter: MemberID?, _ at: Timestamp) {
    let awards = plan.joiningAwards(newMember: member, inviter: inviter) { standing($0) }
    for award in awards {
      guard case .bonus(let amount) = award.gift else { continue }
      bonuses.append(
        ExpectedBonus(
          subject: "award/\(member)/\(award.rule)", payee: award.payee, amount: amount.minorUnits,
          due: ReportedLife.start(ofDay: ReportedLife.day(at) + 8)))
    }
  }

  /// What an order is settled at under a snapshot, its own unless another is given.
  func settlement(of life: ReportedLife, under snapshot: Snapshot? = nil) -> Settlement? {
    do { return try plan.settle(life.sale, snapshot ?? life.snapshot) } catch { return nil }
  }

  /// What every party has to have of an order as it stands.
  func due(_ life: ReportedLife) -> [String: Int64] {
    guard life.paidAt != nil, let settled = settlement(of: life) else { return [:] }
    var due = ["buyers": -life.net, "platform": settled.platform.minorUnits]
    for (index, line) in settled.lines.enumerated() {
      due["supplier/\(life.supplier(ofLine: index))", default: 0] += line.supplier.minorUnits
    }
    for payee in settled.payees { due["member/\(payee.payee)"] = payee.amount.minorUnits }
    return due.filter { $0.value != 0 }
  }
}
