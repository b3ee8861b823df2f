// What an order looks like from outside, in the form of Protocol/schemas. Pure.

import Commerce
import Commission
import Notation

/// An order as its backend sees it, in the form of Protocol/schemas.
package func orderView(
  _ order: Order, _ settlement: Settlement, _ storefront: Storefront, sequence: Int64
) -> JSON {
  Answer.text(orderText(order, settlement, storefront, sequence: sequence)).value
}

/// The text of `orderView`. Every report about an order is answered with it, so it is written straight
/// away: a value in between would cost more than all the text.
func orderText(
  _ order: Order, _ settlement: Settlement, _ storefront: Storefront, sequence: Int64
) -> [UInt8] {
  var writer = JSONWriter(reserving: 768)
  writer.beginObject()
  writer.field("order", order.id.text)
  writer.field("state", order.state.rawValue)
  writer.field("room", order.room?.text)
  writer.field("buyer", order.buyer.text)
  writer.field("promoter", order.receipt.promoter?.text)
  writer.field("attributedBy", order.receipt.source?.rawValue)
  writer.field("selfPurchase", order.receipt.selfPurchase || settlement.isSelfPurchase)
  writer.field("currency", storefront.currency.code)
  writer.field("placedAt", order.placedAt)
  writer.field("expiresAt", order.expiresAt)
  writer.field("paidAt", order.paidAt)
  writer.field("deliveredAt", order.deliveredAt)
  writer.field("releaseDue", order.releaseDue(zone: storefront.zone))
  writer.key("disputes")
  writer.beginArray()
  for dispute in order.disputes where dispute.isOpen { writer.string(dispute.id.text) }
  writer.endArray()
  writer.key("lines")
  writer.beginArray()
  for line in order.lines { writer.line(line) }
  writer.endArray()
  writer.field("net", order.net)
  writer.field("booked", order.paidAt != nil)
  writer.field("supplier", settlement.supplier)
  writer.field("platform", settlement.platform)
  writer.key("shares")
  writer.beginArray()
  for payee in settlement.payees {
    writer.beginObject()
    writer.field("member", payee.payee.text)
    writer.field("amount", payee.amount)
    writer.endObject()
  }
  writer.endArray()
  writer.field("sequence", sequence)
  if let delegation = order.delegation {
    writer.key("settlement")
    writer.value(delegationView(delegation))
  }
  writer.endObject()
  return writer.bytes
}

extension JSONWriter {
  /// What a buyer and a backend know of a line; what the supplier is owed is in the order's totals.
  fileprivate mutating func line(_ line: OrderLine) {
    beginObject()
    field("sku", line.sku.text)
    field("units", line.units)
    field("paid", line.paid)
    field("refunded", line.refunded)
    endObject()
  }

  fileprivate mutating func field(_ name: StaticString, _ text: String?) {
    key(name)
    if let text { string(text) } else { null() }
  }

  fileprivate mutating func field(_ name: StaticString, _ flag: Bool) {
    key(name)
    bool(flag)
  }

  fileprivate mutating func field(_ name: StaticString, _ number: Int64) {
    key(name)
    integer(number)
  }

  fileprivate mutating func field(_ name: StaticString, _ amount: Amount) {
    field(name, amount.minorUnits)
  }

  fileprivate mutating func field(_ name: StaticString, _ at: Timestamp?) {
    field(name, at?.description)
  }
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
