// Which orders stand behind each movement of a quota of invite codes, told from the account's entries.
//
// First come, first counted: settled sales fill one unit after the other, a code takes the oldest free
// unit. A refund takes from the sales that have not filled a unit yet; where that is not enough, the
// newest unit with the order in it is broken up, free ones first, and what remains of it fills units
// anew. A code that has lost its unit gets the next that is free. The number of units is always that
// of the account, for both are the whole prices in the same sum. Pure; any thread.

import Commerce

/// The orders behind the entries of one quota account.
package struct QuotaFunding {
  /// A part of an order's settled sales.
  package struct Part: Equatable, Sendable {
    /// The order.
    package let order: OrderID
    /// Minor units; below zero where a refund took it back.
    package var amount: Amount

    /// Makes a part.
    package init(order: OrderID, amount: Amount) {
      self.order = order
      self.amount = amount
    }
  }

  private struct Unit {
    let per: Amount
    var parts: [Part]
    var invite: InviteID?
  }

  /// Sales that have not filled a unit, by the unit's price.
  private var loose: [Amount: [Part]] = [:]
  private var units: [Unit] = []
  /// Codes that are out or used and have no unit.
  private var unfunded: [InviteID] = []

  /// Tells which orders stand behind each entry.
  ///
  /// - Parameter entries: all of one account, in order.
  /// - Returns: parts by the entry's number; for `earned`, those of the units that it completed.
  /// - Complexity: O(entries × units) at the worst, for an account full of refunds.
  package static func of(_ entries: [QuotaEntry]) -> [Int64: [Part]] {
    var funding = QuotaFunding()
    var found: [Int64: [Part]] = [:]
    for entry in entries { found[entry.number] = funding.follow(entry) }
    return found
  }

  private mutating func follow(_ entry: QuotaEntry) -> [Part] {
    if let order = entry.order, let per = entry.per {
      if entry.amount > .zero {
        loose[per, default: []].append(Part(order: order, amount: entry.amount))
        return fill(per)
      }
      take(-entry.amount, of: order, per)
      _ = fill(per)
      return [Part(order: order, amount: entry.amount)]
    }
    guard let code = entry.invite else { return [] }
    if entry.kind == .reserved {
      unfunded.append(code)
      fund()
    }
    guard let index = units.firstIndex(where: { $0.invite == code }) else {
      if entry.kind != .consumed { unfunded.removeAll { $0 == code } }
      return []
    }
    let parts = units[index].parts
    if entry.kind == .returned || entry.kind == .revoked {
      units[index].invite = nil
      fund()
    }
    return parts
  }

  /// Fills as many units as there are sales for; what stands behind them.
  private mutating func fill(_ per: Amount) -> [Part] {
    var waiting = loose[per] ?? []
    var filled: [Part] = []
    while waiting.reduce(Amount.zero, { $0 + $1.amount }) >= per {
      var missing = per
      var parts: [Part] = []
      while missing > .zero {
        let part = min(waiting[0].amount, missing)
        parts.append(Part(order: waiting[0].order, amount: part))
        missing -= part
        waiting[0].amount -= part
        if waiting[0].amount == .zero { waiting.removeFirst() }
      }
      units.append(Unit(per: per, parts: parts))
      filled += parts
    }
    loose[per] = waiting
    fund()
    return filled
  }

  /// Takes what was refunded of an order out of the sales that were counted.
  private mutating func take(_ amount: Amount, of order: OrderID, _ per: Amount) {
    var rest = amount
    while true {
      var waiting = loose[per] ?? []
      for index in waiting.indices.reversed() where waiting[index].order == order {
        let part = min(waiting[index].amount, rest)
        waiting[index].amount -= part
        rest -= part
      }
      waiting.removeAll { $0.amount == .zero }
      loose[per] = waiting
      guard rest > .zero else { return }
      func holds(_ unit: Unit) -> Bool {
        unit.per == per && unit.parts.contains { $0.order == order }
      }
      let broken =
        units.lastIndex { $0.invite == nil && holds($0) } ?? units.lastIndex(where: holds)
      // Nothing left to take from: the entries are not those of one whole account.
      guard let broken else { return }
      let unit = units.remove(at: broken)
      loose[per] = unit.parts + waiting
      if let code = unit.invite { unfunded.append(code) }
    }
  }

  /// Gives free units to codes that have none, both in their order.
  private mutating func fund() {
    while let code = unfunded.first, let index = units.firstIndex(where: { $0.invite == nil }) {
      units[index].invite = code
      unfunded.removeFirst()
    }
  }
}
