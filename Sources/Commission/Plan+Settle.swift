// Settling: per line, the net, the pool, the supplier's part, each rule's share, and what is left.
// Who is paid depends on the snapshot alone, so it is found once per sale; a line is arithmetic.
// Pure; any thread.
import Commerce

extension Plan {
  /// Settles a sale under this plan. See `Settling.settle`.
  ///
  /// Per line, on the net `n = paid − refunded`: the pool is `floor(n × rate)`, a share
  /// `floor(base × rate)` or the rest of its base, the supplier's part `floor(cost × n / paid)`;
  /// the platform keeps what is left, which may be negative.
  /// - Parameters:
  ///   - sale: what was paid and returned.
  ///   - snapshot: taken by a plan of the same name and version.
  /// - Returns: the shares of each line, and totals.
  /// - Throws: `SettlementRefusal`, in the order of its cases.
  /// - Complexity: O(lines × shares of the plan).
  public func settle(
    _ sale: Sale, _ snapshot: Snapshot
  ) throws(SettlementRefusal) -> Settlement {
    try check(sale)
    guard fits(snapshot) else { throw .foreignSnapshot(snapshot.plan) }
    let called = Callers(self, snapshot)
    var totals = [Amount](repeating: .zero, count: called.payees.count)
    var lines: [LineSettlement] = []
    lines.reserveCapacity(sale.lines.count)
    var scratch = [Amount](repeating: .zero, count: shares.count)
    var supplier = Amount.zero
    var platform = Amount.zero
    for line in sale.lines {
      let settled = settle(line, called, &scratch, &totals)
      supplier += settled.supplier
      platform += settled.platform
      lines.append(settled)
    }
    var payees: [PayeeTotal] = []
    payees.reserveCapacity(totals.count)
    for (index, payee) in called.payees.enumerated() {
      payees.append(PayeeTotal(payee: payee, amount: totals[index]))
    }
    return Settlement(
      plan: reference, currency: sale.currency, lines: lines, payees: payees, supplier: supplier,
      platform: platform, withheld: called.withheld,
      isSelfPurchase: snapshot.participants.buyer.map(called.payees.contains) ?? false)
  }

  private func check(_ sale: Sale) throws(SettlementRefusal) {
    guard (1...Sale.linesMax).contains(sale.lines.count) else {
      throw .lineCountOutOfRange(sale.lines.count)
    }
    func isAmount(_ amount: Amount) -> Bool { amount >= .zero && amount <= .limit }
    // Each kind of fault over all lines before the next kind: the documented precedence.
    for (index, line) in sale.lines.enumerated()
    where !(isAmount(line.paid) && isAmount(line.refunded) && isAmount(line.cost)) {
      throw .amountOutOfRange(line: index)
    }
    for (index, line) in sale.lines.enumerated() where line.refunded > line.paid {
      throw .refundExceedsPaid(line: index)
    }
    for (index, line) in sale.lines.enumerated() where !lineRates.contains(line.rate) {
      throw .rateOutOfRange(line: index, allowed: lineRates)
    }
  }

  private func fits(_ snapshot: Snapshot) -> Bool {
    guard snapshot.plan == reference, snapshot.people.count == salePeople.count else {
      return false
    }
    for (index, person) in snapshot.people.enumerated() {
      guard person.name == salePeople[index].name else { return false }
      if let rank = person.holder?.rank, self.rank(at: Int(rank.index)) != rank { return false }
    }
    return true
  }

  private func settle(
    _ line: Sale.Line, _ called: borrowing Callers, _ gross: inout [Amount],
    _ totals: inout [Amount]
  ) -> LineSettlement {
    let net = line.paid - line.refunded
    let pool = net.part(line.rate)
    let supplier =
      line.paid == .zero
      ? .zero
      : line.cost.multiplied(by: net.minorUnits, dividedBy: line.paid.minorUnits)
    var deducted = called.nothing
    for (index, rule) in shares.enumerated() {
      gross[index] = .zero
      guard called.callers[index].payee != nil else { continue }
      let base = amount(of: rule.base, net, pool, gross)
      if let rate = called.callers[index].rate {
        gross[index] = base.part(rate)
      } else {
        var rest = base
        for (other, earlier) in shares[..<index].enumerated() where earlier.base == rule.base {
          rest -= gross[other]
        }
        gross[index] = rest
      }
      if let source = rule.deductedFrom { deducted[source] += gross[index] }
    }
    var settled: [Share] = []
    settled.reserveCapacity(called.count)
    var left = net - supplier
    for (index, rule) in shares.enumerated() {
      guard let payee = called.callers[index].payee else { continue }
      let amount = gross[index] - deducted[index]
      precondition(amount >= .zero, "a share fell below zero")
      left -= amount
      totals[payee] += amount
      settled.append(
        Share(
          payee: called.payees[payee], rule: rule.id, baseName: rule.baseName,
          base: self.amount(of: rule.base, net, pool, gross), rate: called.callers[index].rate,
          deducted: deducted[index], amount: amount, funding: rule.funding,
          rounding: called.callers[index].rate == nil ? .rest : .down))
    }
    let sum = settled.reduce(supplier + left) { $0 + $1.amount }
    precondition(sum == net, "a line does not sum to its net")
    return LineSettlement(
      net: net, pool: pool, supplier: supplier, platform: left, shares: settled)
  }

  private func amount(
    of base: ShareBaseRule, _ net: Amount, _ pool: Amount, _ gross: [Amount]
  ) -> Amount {
    switch base {
    case .net: net
    case .pool: pool
    case .share(let index): gross[index]
    }
  }
}

/// What the snapshot makes of each rule: whom it pays, at what rate, or why nobody.
private struct Callers {
  struct Caller {
    /// Place in `payees`, or nothing where nobody is paid.
    var payee: Int?
    /// Nothing for the rest of the base.
    var rate: Rate?
  }

  var callers: [Caller] = []
  /// Everybody who is paid, each once.
  var payees: [MemberID] = []
  var withheld: [WithheldShare] = []
  /// Rules that pay somebody.
  var count = 0
  /// A zero for every rule, to begin each line with.
  let nothing: [Amount]

  init(_ plan: Plan, _ snapshot: Snapshot) {
    nothing = [Amount](repeating: .zero, count: plan.shares.count)
    callers.reserveCapacity(plan.shares.count)
    for rule in plan.shares {
      var caller = Caller(payee: nil, rate: nil)
      switch rule.rate {
      case .fixed(let rate): caller.rate = rate
      case .pact(let standard): caller.rate = snapshot.participants.pact ?? standard
      case .rest: break
      }
      switch rule.payee.outcome(among: snapshot.people, plan.salePeople) {
      case .paid(let person):
        guard let member = snapshot.people[person].holder?.member else { break }
        if !plan.allowsSelfPurchase, member == snapshot.participants.buyer {
          withheld.append(WithheldShare(rule: rule.id, member: member, reason: .selfPurchase))
          break
        }
        count += 1
        caller.payee = payees.firstIndex(of: member) ?? payees.count
        if caller.payee == payees.count { payees.append(member) }
      case .withheld(let person, let reason):
        withheld.append(
          WithheldShare(
            rule: rule.id, member: person.flatMap { snapshot.people[$0].holder?.member },
            reason: reason))
      }
      callers.append(caller)
    }
  }
}
