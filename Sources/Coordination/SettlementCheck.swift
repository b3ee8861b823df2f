// What a settlement from outside has to fulfil before a fen of it is booked. Pure: figures against
// figures, no plan is run. Source: domain.md, sections 3 and 5; Protocol/commission-service.md.

import Commerce
import Commission

/// Holds a settlement that somebody else made against the order it is about.
package struct SettlementCheck {
  /// The order as it stands.
  package let order: Order
  /// Its plan, pinned when it was placed.
  package let plan: Plan
  /// The most that all shares of a line can come to under the plan, in parts per million.
  package let worstCasePayoutPpm: Int64
  /// The storefront's currency.
  package let currency: Currency

  /// Makes a check.
  ///
  /// - Parameters:
  ///   - order: as it stands.
  ///   - plan: pinned when it was placed.
  ///   - worstCasePayoutPpm: `Plan.worstCasePayoutPpm` of that plan.
  ///   - currency: the storefront's.
  package init(order: Order, plan: Plan, worstCasePayoutPpm: Int64, currency: Currency) {
    self.order = order
    self.plan = plan
    self.worstCasePayoutPpm = worstCasePayoutPpm
    self.currency = currency
  }

  /// The first thing that is wrong with a settlement; nothing where all is right.
  ///
  /// In this order: plan and currency, number of lines, then for each line its net and commission,
  /// what the supplier is owed, that no share is negative, that all of it sums to the net, and that
  /// the shares together stay within the bound.
  /// - Parameter settlement: what the service says.
  /// - Returns: why it is not booked.
  package func failure(of settlement: Settlement) -> Delegation.Failure? {
    guard settlement.plan == plan.reference else {
      return refusal("settlement_foreign_plan", "\(settlement.plan) is not \(plan.reference).")
    }
    guard settlement.currency == currency else {
      return refusal(
        "settlement_currency", "\(settlement.currency.code) is not \(currency.code).")
    }
    guard settlement.lines.count == order.lines.count else {
      return refusal(
        "settlement_lines",
        "\(settlement.lines.count) lines were settled of \(order.lines.count).")
    }
    for (index, (line, settled)) in zip(order.lines, settlement.lines).enumerated() {
      if let failure = failure(of: settled, line, "Line \(index)") { return failure }
    }
    return nil
  }

  private func failure(
    of settled: LineSettlement, _ line: OrderLine, _ place: String
  ) -> Delegation.Failure? {
    let net = line.paid - line.refunded
    guard settled.net == net else {
      return refusal("settlement_net", "\(place) has a net of \(net), not \(settled.net).")
    }
    guard settled.pool == net.part(line.rate) else {
      return refusal(
        "settlement_pool",
        "\(place) has a commission of \(net.part(line.rate)), not \(settled.pool).")
    }
    let supplier = Settlement.owedToSupplier(cost: line.cost, net: net, paid: line.paid)
    guard settled.supplier == supplier else {
      return refusal(
        "settlement_supplier",
        "\(place) owes the supplier \(supplier), not \(settled.supplier).")
    }
    // Each is held below the net before they are summed, so that no sum can overflow.
    for share in settled.shares where share.amount < .zero || share.amount > net {
      return refusal(
        "settlement_out_of_bounds",
        "\(place) gives \(share.payee) \(share.amount), which is not 0…\(net).")
    }
    let payout = settled.shares.reduce(Amount.zero) { $0 + $1.amount }
    guard settled.platform == net - supplier - payout else {
      return refusal(
        "settlement_unbalanced",
        "\(place) does not sum to \(net): supplier \(supplier), shares \(payout),"
          + " platform \(settled.platform).")
    }
    let most = plan.mostPaid(
      of: net, rate: line.rate, worstCasePayoutPpm: worstCasePayoutPpm)
    guard payout <= most else {
      return refusal(
        "settlement_out_of_bounds", "\(place) pays out \(payout); the plan's most is \(most).")
    }
    return nil
  }

  private func refusal(_ code: String, _ message: String) -> Delegation.Failure {
    Delegation.Failure(code: code, message: message)
  }
}
