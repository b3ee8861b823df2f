// What an acknowledged report has to have done: the answer and the fact behind it are worth nothing if
// the order is not as the report says and the ledger does not have it. Held against the order at the
// moment of the acknowledgement, and against the disk after every restart and at the end.

import Commerce
import Coordination
import Ledger

extension Auditor {
  /// Holds a command that has just been acknowledged against what is stored of it.
  mutating func acknowledge(_ command: Command, elapsed: Int64) {
    guard let id = command.subject else { return }
    effects.append(command)
    check(command, id, orders[id], elapsed: elapsed)
  }

  /// Holds everything that was acknowledged against the orders on the disk.
  mutating func checkEffects(_ store: MemoryStore, elapsed: Int64) {
    for command in effects {
      guard let id = command.subject else { continue }
      var stored: Order?
      if case .order(let order)? = store.records[.order(Simulation.storefront, id)] {
        stored = order
      }
      check(command, id, stored, elapsed: elapsed)
    }
  }

  private mutating func check(
    _ command: Command, _ id: OrderID, _ order: Order?, elapsed: Int64
  ) {
    guard let order else {
      return find(.acknowledged, "\(id) was acknowledged and is not there", elapsed: elapsed)
    }
    if let lack = command.lack(in: order) ?? lackOfBooking(command, order) {
      find(.acknowledged, "\(id) was acknowledged and \(lack)", elapsed: elapsed)
    }
  }

  /// What the ledger lacks of a payment. What it lacks of a refund shows in what the buyers gave.
  private func lackOfBooking(_ command: Command, _ order: Order) -> String? {
    guard case .pay(_, let payment, _, _) = command else { return nil }
    let booked = sales[order.id.text, default: []]
    if booked == [payment.text] { return nil }
    // Where all was given back before the payment there is nothing to book.
    let net = order.lines.reduce(Int64(0)) { $0 + $1.paid.minorUnits - $1.refunded.minorUnits }
    return booked.isEmpty && net == 0 ? nil : "its sale is booked by \(booked), not \(payment)"
  }
}

extension Command {
  /// The order that a report is about; none where it is about none.
  fileprivate var subject: OrderID? {
    switch self {
    case .placeOrder(let id, _, _, _, _, _, _), .pay(let id, _, _, _), .deliver(let id, _, _),
      .cancel(let id, _), .dispute(let id, _, _), .resolve(let id, _, _):
      id
    case .reportOrder(let report): report.id
    default: nil
    }
  }

  /// What an order lacks of what was reported.
  fileprivate func lack(in order: Order) -> String? {
    switch self {
    case .placeOrder(_, let room, let buyer, let sku, let units, _, _):
      let isSame =
        order.room == room && order.buyer == buyer && order.lines.count == 1
        && order.lines[0].sku == sku && order.lines[0].units == units
        // A quarter of an hour to pay.
        && order.expiresAt?.milliseconds == order.placedAt.milliseconds + 900_000
      return isSame ? nil : "is another purchase"
    case .reportOrder(let report):
      let isSame =
        order.room == report.room && order.buyer == report.buyer
        && order.placedAt == report.placedAt && order.expiresAt == report.expiresAt
        && order.lines.map(\.sku) == report.lines.map(\.sku)
        && order.lines.map(\.units) == report.lines.map(\.units)
        && order.lines.map(\.placed) == report.lines.map(\.paid)
      return isSame ? nil : "is another order than was reported"
    case .pay(_, let payment, _, let at):
      return order.paidAt == at ? nil : "is not paid by \(payment) at \(at)"
    case .deliver(_, let delivery, let at):
      return order.deliveredAt == at ? nil : "is not delivered by \(delivery) at \(at)"
    case .cancel: return order.cancelledAt != nil ? nil : "is not cancelled"
    case .dispute(_, let dispute, let at):
      let known = order.disputes.first { $0.id == dispute }
      return known?.from == at ? nil : "has no dispute \(dispute) from \(at)"
    case .resolve(_, let dispute, let at):
      let known = order.disputes.first { $0.id == dispute }
      return known?.until == at ? nil : "has no dispute \(dispute) up to \(at)"
    default: return nil
    }
  }
}
