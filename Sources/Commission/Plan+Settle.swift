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
    var scratch = Scratch(rules: shares.count)
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
    for index in snapshot.people.indices {
      guard snapshot.people[index].name == salePeople[index].name else { return false }
      if let rank = snapshot.people[index].holder?.rank {
        guard ranks.indices.contains(Int(rank.index)), ranks[Int(rank.index)] == rank else {
          return false
        }
      }
    }
    return true
  }

  private func settle(
    _ line: Sale.Line, _ called: Callers, _ scratch: inout Scratch, _ totals: inout [Amount]
  ) -> LineSettlement {
    let net = line.paid - line.refunded
    let pool = net.part(line.rate)
    let supplier = Settlement.owedToSupplier(cost: line.cost, net: net, paid: line.paid)
    for index in shares.indices {
      scratch.gross[index] = .zero
      scratch.deducted[index] = .zero
      guard called.callers[index].payee != nil else { continue }
      let base = amount(of: shares[index].base, net, pool, scratch.gross)
      if let rate = called.callers[index].rate {
        scratch.gross[index] = base.part(rate)
      } else {
        scratch.gross[index] = base
        for other in 0..<index where shares[other].base == shares[index].base {
          scratch.gross[index] -= scratch.gross[other]
        }
      }
      if let source = shares[index].deductedFrom {
        scratch.deducted[source] += scratch.gross[index]
      }
    }
    var settled: [Share] = []
    settled.reserveCapacity(called.count)
    var left = net - supplier
    for index in shares.indices {
      guard let payee = called.callers[index].payee else { continue }
      let amount = scratch.gross[index] - scratch.deducted[index]
      precondition(amount >= .zero, "a share fell below zero")
      left -= amount
      totals[payee] += amount
      settled.append(
        Share(
          payee: called.payees[payee], rule: shares[index].id, baseName: shares[index].baseName,
          base: self.amount(of: shares[index].base, net, pool, scratch.gross),
          rate: called.callers[index].rate, deducted: scratch.deducted[index], amount: amount,
          funding: shares[index].funding,
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

/// Figures of the line at hand, by rule; kept over the lines so that a line allocates only its
/// result.
private struct Scratch {
  /// Before anything is deducted.
  var gross: [Amount]
  /// What later shares take out of it.
  var deducted: [Amount]

  init(rules: Int) {
    gross = [Amount](repeating: .zero, count: rules)
    deducted = gross
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

  init(_ plan: Plan, _ snapshot: Snapshot) {
    callers.reserveCapacity(plan.shares.count)
    // By number: a rule that is taken out of the list is a copy of all its words.
    for number in plan.shares.indices {
      var caller = Caller(payee: nil, rate: nil)
      switch plan.shares[number].rate {
      case .fixed(let rate): caller.rate = rate
      case .pact(let standard): caller.rate = snapshot.participants.pact ?? standard
      case .rest: break
      }
      let payee = plan.shares[number].payee
      switch payee.outcome(among: snapshot.people, plan.salePeople) {
      case .paid(let person):
        guard let member = snapshot.people[person].holder?.member else { break }
        if !plan.allowsSelfPurchase, member == snapshot.participants.buyer {
          withheld.append(
            WithheldShare(
              rule: plan.shares[number].id, member: member, reason: .selfPurchase))
          break
        }
        count += 1
        caller.payee = payees.firstIndex(of: member) ?? payees.count
        if caller.payee == payees.count { payees.append(member) }
      case .withheld(let person, let reason):
        withheld.append(
          WithheldShare(
            rule: plan.shares[number].id,
            member: person.flatMap { snapshot.people[$0].holder?.member },
            reason: reason))
      }
      callers.append(caller)
    }
  }
}
