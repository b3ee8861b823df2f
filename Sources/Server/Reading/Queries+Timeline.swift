// How a show went over time, from the orders themselves, so that a page that comes late, or after the
// end, draws the same line as one that was there.

import Commerce
import Coordination
import Notation
import Storage

extension Queries {
  /// Orders that a timeline is made of at the most, the latest: what reading them takes stays short.
  static let timelineOrdersMax = 2_000
  /// Points of a timeline at the most.
  static let timelinePointsMax: Int64 = 240
  /// How long a point may last, in seconds.
  private static let timelineSteps: [Int64] = [10, 30, 60, 300, 900, 3_600, 21_600, 86_400]

  /// What was paid in a room, step by step; steps in which nothing was paid are left out.
  ///
  /// - Parameters:
  ///   - id: the room.
  ///   - person: who asks, where they see only their own rooms.
  /// - Returns: `room`, `currency`, `stepSeconds`, `complete` (whether it reaches back to the first
  ///   order) and `points`: the beginning of a step, and the orders, units and amount paid in it.
  /// - Throws: `Fault` for an unknown room or that of another host, `StorageError`.
  /// - Complexity: O(orders), at most `timelineOrdersMax`.
  func timeline(of id: RoomID, by person: PersonID?) throws -> JSON {
    try reader.moment {
      let (room, currency) = try inspected { draft throws(Stop) in
        (try draft.room(id), try draft.storefront().currency)
      }
      guard person == nil || person == room.host else {
        throw Fault(
          Rejection(.notYourRoom, "Room \(id) belongs to another host.", field: "room"))
      }
      let orders = try reader.orders(
        storefront, .room(id), .newestFirst, limit: Queries.timelineOrdersMax)
      let paid = orders.compactMap { order in
        order.paidAt.map { (seconds: $0.milliseconds / 1000, order: order) }
      }.sorted { $0.seconds < $1.seconds }
      let span = (paid.last?.seconds ?? 0) - (paid.first?.seconds ?? 0)
      let step =
        Queries.timelineSteps.first { span / $0 < Queries.timelinePointsMax - 1 }
        ?? span / (Queries.timelinePointsMax - 1) + 1
      return [
        "room": .string(id.text), "currency": .string(currency.code),
        "stepSeconds": .integer(step),
        "complete": .bool(orders.count < Queries.timelineOrdersMax),
        "points": .array(points(paid, step: step)),
      ]
    }
  }

  /// One point for every step in which something was paid, in order.
  private func points(_ paid: [(seconds: Int64, order: Order)], step: Int64) -> [JSON] {
    var points: [JSON] = []
    var index = 0
    while index < paid.count {
      let start = paid[index].seconds / step * step
      let (first, end) = (index, start + step)
      while index < paid.count, paid[index].seconds < end { index += 1 }
      let lines = paid[first..<index].flatMap(\.order.lines)
      points.append([
        "at": .string(Timestamp(milliseconds: start * 1000).description),
        "orders": .integer(Int64(index - first)),
        "units": .integer(lines.reduce(0) { $0 + $1.units }),
        "gmv": .integer(lines.reduce(0) { $0 + $1.paid.minorUnits }),
      ])
    }
    return points
  }
}
