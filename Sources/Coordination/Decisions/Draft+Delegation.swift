// Booking what a commission service says of an order. Source: Protocol/commission-service.md;
// decision 0021.

import Commerce
import Commission
import Ledger
import Notation

extension Draft {
  /// A paid order has changed: its commission service has to be asked, if it has one.
  ///
  /// Where all of it was given back there is nothing to ask: every share of nothing is nothing. So a
  /// full refund takes back what was earned at once, whether the service is there or not.
  func wantSettlement(of order: inout Order) throws(Stop) {
    guard order.delegation != nil else { return }
    order.delegation?.want(at: now)
    guard order.net == .zero else { return }
    let plan = try plan(version: order.planVersion)
    order.delegation?.accept(
      .nothing(
        of: order.lines.count, plan: plan.reference, currency: try storefront().currency))
  }

  /// Takes what a commission service has said of a revision of an order.
  ///
  /// An answer about a revision that is settled already, or no longer the newest, changes nothing: the
  /// newest has been or will be asked about. An answer that fails the check is kept as a failure, and
  /// the money stays unsettled.
  /// - Parameters:
  ///   - id: the order.
  ///   - revision: what was asked about.
  ///   - answer: what was said.
  /// - Returns: `{"outcome": "settled" | "waits" | "stale"}`.
  /// - Throws: `Stop`.
  mutating func settle(
    _ id: OrderID, revision: Int64, _ answer: ServiceAnswer
  ) throws(Stop) -> JSON {
    let before = try order(id)
    var order = before
    guard order.delegation?.isSettled == false, order.delegation?.revision == revision else {
      return ["outcome": "stale"]
    }
    switch answer.content {
    case .failure(let failure):
      order.delegation?.fail(failure, retryAt: answer.retryAt)
    case .settlement(let settlement):
      if let failure = try failure(of: settlement, for: order) {
        order.delegation?.fail(failure, retryAt: answer.retryAt)
      } else {
        order.delegation?.accept(settlement)
      }
    }
    write(.order(storefrontID, id), .order(order))
    guard order.delegation?.isSettled == true else { return ["outcome": "waits"] }
    try post(
      order, before: before, cause: before.delegation?.settlement == nil ? .settlement : .refund,
      fact: "settlement/\(id)/\(revision)")
    return ["outcome": "settled"]
  }

  /// Why a settlement cannot be booked; nothing where it can.
  private func failure(
    of settlement: Settlement, for order: Order
  ) throws(Stop) -> Delegation.Failure? {
    let version = try planVersion(order.planVersion)
    guard let worst = version.worstCasePayoutPpm else {
      preconditionFailure("the plan of an order that a service settles has its worst case known")
    }
    let check = SettlementCheck(
      order: order, plan: version.plan, worstCasePayoutPpm: worst,
      currency: try storefront().currency)
    if let failure = check.failure(of: settlement) { return failure }
    try need(settlement.payees.map { .member(storefrontID, $0.payee) })
    for payee in settlement.payees where try member(payee.payee) == nil {
      return Delegation.Failure(
        code: "settlement_unknown_payee", message: "There is no member \(payee.payee).")
    }
    return nil
  }
}
