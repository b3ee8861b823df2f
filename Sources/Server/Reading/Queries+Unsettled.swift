// Orders whose money waits to be split by a commission service, for staff.

import Commerce
import Coordination
import Ledger
import Notation
import Storage

extension Queries {
  /// A page of the orders that wait, with what of their money is not split yet.
  func unsettled(after: OrderID?, limit: Int) throws -> JSON {
    try reader.moment {
      let found = try reader.unsettledOrders(storefront, after: after, limit: limit)
      let next = found.count == limit ? found.last?.id : nil
      var balance = Amount.zero
      if case .balance(let amount)?? = try reader.load([.balance(storefront, .unsettled)]).first {
        balance = amount
      }
      return [
        "orders": .array(found.map(waitingView)),
        "after": next.map { .string($0.text) } ?? .null,
        "count": .integer(Int64(try reader.unsettledCount(storefront))),
        "unsettled": .integer(balance.minorUnits),
      ]
    }
  }

  private func waitingView(_ order: Order) -> JSON {
    let split = order.delegation?.settlement?.net ?? .zero
    return [
      "order": .string(order.id.text), "state": .string(order.state.rawValue),
      "net": .integer(order.net.minorUnits),
      "unsettled": .integer((order.net - split).minorUnits),
      "settlement": order.delegation.map(delegationView) ?? .null,
    ]
  }
}
