// Public ways to make the parts of a settlement, for whoever puts another `Settling` in place of a
// plan. Nothing is checked here: the invariant of Settlement.swift is the maker's to keep.
import Commerce

extension Settlement {
  /// Puts a settlement together and sums its lines.
  ///
  /// - Parameters:
  ///   - plan: what made it.
  ///   - currency: of every amount.
  ///   - lines: one for each line of the sale.
  ///   - withheld: the rules that paid nobody.
  ///   - isSelfPurchase: whether a payee is the buyer.
  /// - Complexity: O(shares × payees).
  public init(
    plan: PlanReference, currency: Currency, lines: [LineSettlement],
    withheld: [WithheldShare] = [], isSelfPurchase: Bool = false
  ) {
    var payees: [PayeeTotal] = []
    for share in lines.lazy.flatMap(\.shares) {
      if let index = payees.firstIndex(where: { $0.payee == share.payee }) {
        payees[index] = PayeeTotal(
          payee: share.payee, amount: payees[index].amount + share.amount)
      } else {
        payees.append(PayeeTotal(payee: share.payee, amount: share.amount))
      }
    }
    self.init(
      plan: plan, currency: currency, lines: lines, payees: payees,
      supplier: lines.reduce(.zero) { $0 + $1.supplier },
      platform: lines.reduce(.zero) { $0 + $1.platform }, withheld: withheld,
      isSelfPurchase: isSelfPurchase)
  }
}

extension Settlement {
  /// What the supplier is owed of a line of which part was returned: `floor(cost × net / paid)`.
  ///
  /// Source: domain.md, section 3.
  /// - Parameters:
  ///   - cost: of the whole line, minor units, ≥ 0.
  ///   - net: paid less returned, minor units, 0…`paid`.
  ///   - paid: for the whole line, minor units.
  /// - Returns: minor units, ≥ 0; zero where nothing was paid.
  public static func owedToSupplier(cost: Amount, net: Amount, paid: Amount) -> Amount {
    guard paid > .zero else { return .zero }
    return cost.multiplied(by: net.minorUnits, dividedBy: paid.minorUnits)
  }
}

extension LineSettlement {
  /// Puts a line together; the platform gets what is left.
  ///
  /// - Parameters:
  ///   - net: paid less returned, minor units.
  ///   - pool: the commission, minor units.
  ///   - supplier: what the supplier is owed, minor units.
  ///   - shares: what payees earn.
  public init(net: Amount, pool: Amount, supplier: Amount, shares: [Share]) {
    self.init(
      net: net, pool: pool, supplier: supplier,
      platform: shares.reduce(net - supplier) { $0 - $1.amount }, shares: shares)
  }
}

extension Share {
  /// Makes a share of a part of the pool that the platform funds.
  ///
  /// - Parameters:
  ///   - payee: who earns it.
  ///   - rule: 1…15 bytes.
  ///   - pool: the line's commission, minor units.
  ///   - rate: the part of it, rounded down.
  public init(payee: MemberID, rule: String, pool: Amount, rate: Rate) {
    self.init(
      payee: payee, rule: rule, baseName: .pool, base: pool, rate: rate, deducted: .zero,
      amount: pool.part(rate), funding: .platform, rounding: .down)
  }
}
