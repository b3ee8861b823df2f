// What every party of an order has to have, reckoned a second time: who is paid by the tree of the
// moment of placement, and how much, line by line. Plans by the words of domain.md, section 5, and not
// by their documents; days by arithmetic of its own.

import Commerce
import Commission
import Coordination
import Ledger

/// Who is paid a part of an order.
struct Claim: Equatable {
  /// Whose commission it is.
  let earner: MemberID?
  /// Who gets a part of the pool before the earner, and what part.
  var promoter: MemberID?
  var promoterPpm: Int64 = 0
  /// Who gets something on top of what the earner gets, and what part of that.
  var upline: MemberID?
  var uplinePpm: Int64 = 0
}

extension Auditor {
  // MARK: Who

  /// Fixes who is paid for a new order. Who brought the buyer is checked in Auditor+Touches.swift.
  mutating func pinClaims(of order: Order) {
    let host = order.room.flatMap { hosts[$0] }
    let seller = order.snapshot.participants.seller
    // How many of the changes of the very moment, or of the same commit, came before the order is not
    // to be seen.
    func isOpen(_ from: Timestamp, _ number: Int) -> Bool {
      from == order.placedAt || number > changesBefore
    }
    let moments =
      ranks.values.joined().filter { isOpen($0.from, $0.number) }.map(\.number)
      + pacts.values.joined().filter { isOpen($0.from, $0.number) }.map(\.number)
    var possible: [Claim] = []
    for last in [0] + moments.sorted() {
      let claim = claim(order, seller: seller, host: host, ofTheMoment: last)
      if !possible.contains(claim) { possible.append(claim) }
    }
    claims[order.id] = possible
  }

  private func claim(
    _ order: Order, seller: MemberID?, host: MemberID?, ofTheMoment last: Int
  ) -> Claim {
    let promoter = order.receipt.promoter
    func holds(_ from: Timestamp, _ number: Int) -> Bool {
      from <= order.placedAt
        && (number <= last || from < order.placedAt && number <= changesBefore)
    }
    func rank(_ member: MemberID) -> Int {
      let known = ranks[member] ?? []
      let held = known.last { holds($0.from, $0.number) }
      let names = ["ordinary", "gold", "senior"]
      return names.firstIndex(of: (held ?? known.first)?.rank ?? "") ?? 0
    }
    func inviter(_ member: MemberID) -> MemberID? { members[member]?.inviter }
    switch plan {
    case .shuai: return Claim(earner: promoter ?? seller ?? host)
    case .fengxiang:
      let earner = seller ?? host
      var claim = Claim(earner: earner)
      if let promoter, promoter != earner {
        let known = order.room.flatMap { pacts[$0] } ?? []
        let held = known.last { holds($0.from, $0.number) }
        claim.promoter = promoter
        claim.promoterPpm = (held ?? known.first)?.ppm ?? 300_000
      }
      if let earner { claim.upline = inviter(earner) }
      claim.uplinePpm = 100_000
      return claim
    case .wanwu:
      let earner = seller ?? promoter ?? host
      guard let earner else { return Claim(earner: nil) }
      var claim = Claim(earner: earner)
      claim.uplinePpm = 250_000
      if rank(earner) >= 1 {
        // Separated: only a senior inviter keeps a part.
        if let above = inviter(earner), rank(above) == 2 { claim.upline = above }
        return claim
      }
      var head = inviter(earner)
      while let above = head, rank(above) < 1 { head = inviter(above) }
      if let head, rank(head) == 2 || head == inviter(earner) { claim.upline = head }
      return claim
    }
  }

  // MARK: How much

  /// What every party has to have of an order as it stands.
  private func due(_ order: Order, _ claim: Claim) -> [String: Int64] {
    var due: [String: Int64] = [:]
    func give(_ party: String, _ amount: Int64) { due[party, default: 0] += amount }
    for line in order.lines {
      let (paid, cost) = (line.paid.minorUnits, line.cost.minorUnits)
      let net = paid - line.refunded.minorUnits
      let pool = net * Int64(line.rate.partsPerMillion) / 1_000_000
      let supplier = paid == 0 ? 0 : cost * net / paid
      var rest = net - supplier
      give("buyers", -net)
      give("supplier/\(line.supplier)", supplier)
      var earned = pool
      if let promoter = claim.promoter {
        let part = pool * claim.promoterPpm / 1_000_000
        give("member/\(promoter)", part)
        earned -= part
        rest -= part
      }
      if let earner = claim.earner {
        give("member/\(earner)", earned)
        rest -= earned
        if let upline = claim.upline {
          let part = earned * claim.uplinePpm / 1_000_000
          give("member/\(upline)", part)
          rest -= part
        }
      }
      give("platform", rest)
    }
    return due.filter { $0.value != 0 }
  }

  /// Holds what is booked of an order against what is due.
  mutating func checkMoney(of order: Order, _ id: OrderID, elapsed: Int64) {
    let booked = nets[id.text, default: [:]].filter { $0.value != 0 }
    guard order.paidAt != nil else {
      if !booked.isEmpty { find(.shares, "\(id) is booked unpaid", elapsed: elapsed) }
      return
    }
    let net = order.lines.reduce(Int64(0)) {
      $0 + $1.paid.minorUnits - $1.refunded.minorUnits
    }
    if booked["buyers", default: 0] != -net {
      let buyers = booked["buyers", default: 0]
      find(.shares, "\(id): the buyers gave \(-buyers), not \(net)", elapsed: elapsed)
    }
    if let delegation = order.delegation, delegation.settledRevision != delegation.revision {
      return
    }
    if net == 0, !booked.isEmpty {
      find(.zero, "\(id) is given back: \(listed(booked)) left", elapsed: elapsed)
    }
    let wanted = claims[id, default: []].map { due(order, $0) }
    if !wanted.contains(booked) {
      let due = wanted.map(listed).joined(separator: " or ")
      find(.shares, "\(id) has \(listed(booked)), due is \(due)", elapsed: elapsed)
    }
  }

  private func listed(_ nets: [String: Int64]) -> String {
    nets.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
  }

  // MARK: When

  /// Holds a release against the calendar: seven full days in Shanghai after the day of delivery, and
  /// a day more for each day of dispute.
  mutating func checkRelease(of transaction: Transaction, elapsed: Int64) {
    guard let order = orders[OrderID(trusted: transaction.cause.subject)] else { return }
    guard let delivered = order.deliveredAt, order.paidAt != nil else {
      return find(.release, "\(order.id) is released undelivered", elapsed: elapsed)
    }
    if order.disputes.contains(where: { $0.from != nil && $0.until == nil }) {
      return find(.release, "\(order.id) is released in a dispute", elapsed: elapsed)
    }
    let lost = Auditor.daysLost(order.disputes, since: delivered)
    if Auditor.day(transaction.at) < Auditor.day(delivered) + 8 + lost {
      find(.release, "\(order.id) is released too early", elapsed: elapsed)
    }
  }
}
