// What has to hold once nothing happens any more: everything answered, everything told, the records what
// was reported, and nothing left of what was given back.

import Commerce
import Coordination
import Ledger
import Notation
import Server

extension Auditor {
  /// Holds the end of a run against everything that was reported.
  mutating func finish(
    clients: [SimulatedClient], store: MemoryStore, elapsed: Int64, isQuiet: Bool
  ) {
    if !isQuiet { find(.liveness, "something was never answered", elapsed: elapsed) }
    checkAcknowledged(store, elapsed: elapsed)
    checkStore(store, elapsed: elapsed)
    checkCalendar(elapsed: elapsed)
    checkReleased(elapsed: elapsed)
    for id in orders.keys.sorted() {
      guard let order = orders[id] else { continue }
      checkMoney(of: order, id, elapsed: elapsed)
      checkRefunds(of: order, elapsed: elapsed)
      if let delegation = order.delegation, delegation.settledRevision != delegation.revision {
        find(.liveness, "\(id) was never settled", elapsed: elapsed)
      }
    }
    for client in clients {
      for room in client.rooms {
        let (has, stored) = (
          client.places[room]?.offset ?? 0, Int64(events[room.room, default: []].count)
        )
        if !client.joined.contains(room) || has != stored {
          find(
            .liveness, "\(client.caller.person) has \(room.room) up to \(has) of \(stored)",
            elapsed: elapsed)
        }
      }
      for ticker in client.tickers { checkLast(ticker, client, clients, elapsed: elapsed) }
    }
  }

  /// The store has what was committed, and nothing else.
  private mutating func checkStore(_ store: MemoryStore, elapsed: Int64) {
    if Int64(store.transactions.count) != sequence {
      find(.books, "\(store.transactions.count) of \(sequence) are stored", elapsed: elapsed)
    }
    for account in balances.keys.sorted(by: { $0.name < $1.name }) {
      let record = store.records[.balance(Simulation.storefront, account)]
      guard case .balance(let amount)? = record, amount.minorUnits == balances[account] else {
        find(.books, "\(account.name) is not stored as it was booked", elapsed: elapsed)
        continue
      }
    }
    if balances.values.reduce(0, +) != 0 {
      find(.books, "the balances do not sum to zero", elapsed: elapsed)
    }
  }

  private mutating func checkRefunds(of order: Order, elapsed: Int64) {
    let parts = refunds[order.id, default: []]
    for (index, line) in order.lines.enumerated() {
      let reported: Int64
      if parts.contains(where: \.isEmpty) {
        reported = line.paid.minorUnits
      } else {
        reported = parts.joined().filter { $0.line == Int64(index) }
          .reduce(0) { $0 + $1.amount.minorUnits }
      }
      if line.refunded.minorUnits != reported {
        find(
          .acknowledged,
          "\(order.id): \(line.refunded) of line \(index) is given back, \(reported) was reported",
          elapsed: elapsed)
      }
    }
  }

  private mutating func checkLast(
    _ ticker: Ticker, _ client: SimulatedClient, _ clients: [SimulatedClient], elapsed: Int64
  ) {
    guard let figures = client.figures[ticker] else {
      return find(.liveness, "a ticker never came", elapsed: elapsed)
    }
    var wanted: [(String, Int64)] = []
    switch ticker {
    case .earnings(_, let member, let room):
      if let room {
        wanted = [("pending", value(of: Auditor.pendingName(member, room), at: .max))]
      } else {
        for account in ["pending", "available", "paid"] {
          wanted.append((account, value(of: "\(account)/\(member)", at: .max)))
        }
        wanted.append(("debt", -value(of: "debt/\(member)", at: .max)))
      }
    case .room(_, let room):
      wanted = totals { $0.room == room }
      let people = clients.filter { $0.joined.contains(RoomKey(Simulation.storefront, room)) }
      wanted.append(("watching", Int64(Set(people.map(\.caller.person)).count)))
    case .storefront: wanted = totals { _ in true } + [("sequence", sequence)]
    }
    for (field, value) in wanted where figures[field]?.integer != value {
      let told = figures[field]?.integer.map(String.init) ?? "nothing"
      find(
        .ticker, "\(client.caller.person) is last told \(field) \(told), it is \(value)",
        elapsed: elapsed)
    }
  }

  /// Orders, units, money in and money back of the paid orders that a condition holds for.
  private func totals(_ isMeant: (Order) -> Bool) -> [(String, Int64)] {
    let paid = orders.values.filter { $0.paidAt != nil && isMeant($0) }
    func sum(_ value: (OrderLine) -> Int64) -> Int64 {
      paid.reduce(0) { $0 + $1.lines.reduce(0) { $0 + value($1) } }
    }
    return [
      ("orders", Int64(paid.count)), ("units", sum(\.units)),
      ("gmv", sum { $0.paid.minorUnits }), ("refunded", sum { $0.refunded.minorUnits }),
    ]
  }
}
