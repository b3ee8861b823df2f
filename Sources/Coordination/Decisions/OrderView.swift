// What an order looks like from outside, in the form of Protocol/schemas. Pure.

import Commerce
import Commission
import Notation

/// An order as its backend sees it, in the form of Protocol/schemas.
package func orderView(
  _ order: Order, _ settlement: Settlement, _ storefront: Storefront, sequence: Int64
) -> JSON {
  let isBooked = order.paidAt != nil
  let view: JSON = [
    "order": .string(order.id.text), "state": .string(order.state.rawValue),
    "room": order.room.map { .string($0.text) } ?? .null, "buyer": .string(order.buyer.text),
    "promoter": order.receipt.promoter.map { .string($0.text) } ?? .null,
    "attributedBy": order.receipt.source.map { .string($0.rawValue) } ?? .null,
    "selfPurchase": .bool(order.receipt.selfPurchase || settlement.isSelfPurchase),
    "currency": .string(storefront.currency.code),
    "placedAt": .string(order.placedAt.description),
    "expiresAt": order.expiresAt.map { .string($0.description) } ?? .null,
    "paidAt": order.paidAt.map { .string($0.description) } ?? .null,
    "deliveredAt": order.deliveredAt.map { .string($0.description) } ?? .null,
    "releaseDue": order.releaseDue(zone: storefront.zone).map { .string($0.description) } ?? .null,
    "disputes": .array(order.disputes.filter(\.isOpen).map { .string($0.id.text) }),
    "lines": .array(order.lines.map(lineView)),
    "net": .integer(order.net.minorUnits), "booked": .bool(isBooked),
    "supplier": .integer(settlement.supplier.minorUnits),
    "platform": .integer(settlement.platform.minorUnits),
    "shares": .array(
      settlement.payees.map {
        ["member": .string($0.payee.text), "amount": .integer($0.amount.minorUnits)]
      }),
    "sequence": .integer(sequence),
  ]
  guard let delegation = order.delegation else { return view }
  return .object((view.members ?? []) + [JSON.Member("settlement", delegationView(delegation))])
}

/// How far a commission service has settled an order, for staff.
package func delegationView(_ delegation: Delegation) -> JSON {
  [
    "revision": .integer(delegation.revision),
    "settledRevision": .integer(delegation.settledRevision),
    "settled": .bool(delegation.isSettled),
    "waitsSince": delegation.waitsSince.map { .string($0.description) } ?? .null,
    "attempts": .integer(delegation.attempts),
    "nextAttempt": delegation.nextAttempt.map { .string($0.description) } ?? .null,
    "failure": delegation.failure.map {
      ["code": .string($0.code), "message": .string($0.message)]
    } ?? .null,
  ]
}

/// What a buyer and a backend know of a line; what the supplier is owed is in the order's totals.
private func lineView(_ line: OrderLine) -> JSON {
  [
    "sku": .string(line.sku.text), "units": .integer(line.units),
    "paid": .integer(line.paid.minorUnits), "refunded": .integer(line.refunded.minorUnits),
  ]
}
