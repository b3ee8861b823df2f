// The orders of a member: those they earn on, those whose buyer they brought, and those where somebody
// else came first. Each is a question that `order.explain` answers. Source: domain.md, section 7.2.

import Commerce
import Commission
import Coordination
import Notation
import Storage

extension Queries {
  /// How many orders of a room are looked at for one page.
  static let earningOrdersScanned = 1_000

  /// A page of the orders that concern a member, newest first.
  ///
  /// Without a room these are the orders attributed to them. In a room they are all that the member earns
  /// on or could have: the latest thousand after the last one of the page before are looked at.
  ///
  /// - Parameters:
  ///   - member: whose.
  ///   - room: in which; none is everywhere.
  ///   - after: the last one of the page before.
  ///   - limit: how many at the most.
  /// - Returns: the page. Its `after` is an order of this list, never one of somebody else's.
  /// - Throws: `Fault`, `StorageError`.
  func earningOrders(
    of member: MemberID, room: RoomID?, after: OrderID?, limit: Int
  ) throws -> JSON {
    try reader.moment {
      try inspected { draft throws(Stop) in
        guard try draft.member(member) != nil else {
          throw .rejected(
            Rejection(.unknownMember, "There is no member \(member).", field: "member"))
        }
        if let room { _ = try draft.room(room) }
      }
      var cursor: OrderCursor?
      if let after {
        let last = try last(of: after)
        guard last.mayConcern(member) else {
          throw Fault(
            Rejection(.notYourOrder, "Order \(after) is none of \(member)'s.", field: "after"))
        }
        cursor = last.cursor
      }
      var found: [Order] = []
      var scanned = 0
      while found.count < limit, scanned < Queries.earningOrdersScanned {
        let page = try reader.orders(
          storefront, room.map(OrderFilter.room) ?? .promoter(member), .newestFirst, after: cursor,
          limit: CallLimits.pageMax)
        found += page.filter { $0.mayConcern(member) }
        scanned += page.count
        cursor = page.last?.cursor
        if page.count < CallLimits.pageMax { break }
      }
      let page = found.prefix(limit)
      let isWhole = found.count <= limit && scanned % CallLimits.pageMax != 0
      // What one order needs is known to the next: the storefront, its plan, the titles.
      let known = State()
      return [
        "orders": .array(try page.map { try earningOrder($0, of: member, knowing: known) }),
        "after": isWhole ? .null : page.last.map { .string($0.id.text) } ?? .null,
      ]
    }
  }

  private func earningOrder(
    _ order: Order, of member: MemberID, knowing known: State
  ) throws -> JSON {
    let receipt = order.receipt
    let own = receipt.candidates.first { $0.promoter == member }
    let (view, expected, lines) = try inspect(
      storefront: storefront, at: now, knowing: known, load: reader.load
    ) { draft throws(Stop) in
      let storefront = try draft.storefront()
      let settlement = try draft.settlement(
        of: order, storefront, try draft.plan(version: order.planVersion))
      let lines = try order.lines.map { (line) throws(Stop) -> JSON in
        [
          "sku": .string(line.sku.text), "title": .string(try draft.sku(line.sku)?.title ?? ""),
          "units": .integer(line.units),
        ]
      }
      return (
        orderView(
          order, settlement, storefront, sequence: try draft.storefrontProgress().sequence),
        settlement.payees.first { $0.payee == member }?.amount ?? .zero, lines
      )
    }
    // Nobody will pay for it any more, so nothing will be earned.
    let amount = [.cancelled, .expired].contains(order.state) ? .zero : expected
    let told = [
      "order", "state", "room", "currency", "placedAt", "paidAt", "deliveredAt", "releaseDue",
      "net", "booked",
    ]
    return .object(
      told.map { JSON.Member($0, view[$0] ?? .null) } + [
        JSON.Member("lines", .array(lines)),
        JSON.Member("amount", .integer(amount.minorUnits)),
        JSON.Member("attributed", .bool(receipt.promoter == member)),
        JSON.Member("source", own.map { .string($0.source.rawValue) } ?? .null),
        JSON.Member(
          "loss",
          receipt.promoter == member ? .null : own?.loss.map { .string($0.rawValue) } ?? .null),
      ])
  }
}

extension Order {
  /// Whether a member earns on it, brought its buyer or tried to, as far as the order itself says;
  /// whoever only bought it is not meant.
  fileprivate func mayConcern(_ member: MemberID) -> Bool {
    let people = snapshot.participants
    return [people.seller, people.host, people.promoter].contains(member)
      || receipt.candidates.contains { $0.promoter == member }
      || snapshot.people.contains { $0.holder?.member == member }
  }
}
