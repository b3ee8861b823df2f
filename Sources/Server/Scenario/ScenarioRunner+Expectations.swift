// Compares the figures that a scenario expects with those of the ledger and of settlement.

import Commerce
import Commission
import Coordination
import Ledger

extension ScenarioRunner {
  /// Checks one `expect`; every figure that differs is a failure of its own.
  func check(
    _ expectation: ScenarioExpectation, step: Int, at: Timestamp, refused: Rejection?
  ) {
    func compare(_ path: String, _ expected: Int64?, _ actual: Int64) {
      guard let expected, expected != actual else { return }
      fail(step, at, path, expected: String(expected), actual: String(actual))
    }
    check(expectation.rejected, step: step, at: at, refused: refused)
    for balance in expectation.balances {
      for figure in balance.figures {
        compare(
          "balances.\(balance.member).\(figure.state.rawValue)", figure.amount,
          self.figure(figure.state, of: balance.member))
      }
    }
    for grant in expectation.grants {
      let kind = grant.kind.map { "." + $0 } ?? ""
      compare("grants.\(grant.member)\(kind)", grant.faceValue, faceValue(grant.kind, grant.member))
    }
    compare("supplier", expectation.supplier, balance(.supplier(ScenarioRunner.supplier)))
    compare("platform", expectation.platform, balance(.platform))
    for share in expectation.shares {
      let path = "shares.\(share.order).\(share.member)"
      guard let amount = earning(of: share.member, on: share.order) else {
        fail(step, at, path, expected: String(share.amount), actual: "no such order")
        continue
      }
      compare(path, share.amount, amount)
    }
  }

  private func check(
    _ expected: ScenarioExpectation.Refusal?, step: Int, at: Timestamp, refused: Rejection?
  ) {
    guard let expected else { return }
    let wanted: String
    switch expected {
    case .any: wanted = "true"
    case .code(let code): wanted = code
    }
    guard let refused else {
      fail(step, at, "rejected", expected: wanted, actual: "the step before was not refused")
      return
    }
    if case .code(let code) = expected, code != refused.code.rawValue {
      fail(step, at, "rejected", expected: code, actual: refused.code.rawValue)
    }
  }

  private func figure(_ state: ScenarioExpectation.BalanceState, of member: MemberID) -> Int64 {
    switch state {
    case .pending: balance(.pending(member))
    case .available: balance(.available(member))
    case .paid: balance(.paid(member))
    // The ledger keeps what is owed as a negative balance.
    case .debt: -balance(.debt(member))
    }
  }

  private func balance(_ account: Account) -> Int64 {
    guard case .balance(let amount)? = store.records[.balance(ScenarioRunner.storefront, account)]
    else { return 0 }
    return amount.minorUnits
  }

  private func faceValue(_ kind: String?, _ member: MemberID) -> Int64 {
    guard case .grants(let grants)? = store.records[.grants(ScenarioRunner.storefront, member)]
    else { return 0 }
    return grants.entries.filter { kind == nil || $0.kind == kind }
      .reduce(0) { $0 + $1.faceValue.minorUnits }
  }

  /// What an order gives a member as it stands, over all rules; nothing where there is no order.
  private func earning(of member: MemberID, on id: OrderID) -> Int64? {
    guard case .order(let order)? = store.records[.order(ScenarioRunner.storefront, id)] else {
      return nil
    }
    do {
      return try scenario.plan.settle(order.sale(currency: scenario.currency), order.snapshot)
        .total(of: member).minorUnits
    } catch {
      preconditionFailure("an accepted order was settled before: \(error.code)")
    }
  }
}
