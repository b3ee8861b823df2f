// A naive second book-keeper: adds everything up from the journal and the orders and compares it
// with what the core keeps. Shares no code with the core but the commission module's settlement.

import Commerce
import Commission
import Coordination
import Ledger

struct Auditor {
  private let store: MemoryStore
  private let plan: Plan
  private var balances: [Account: Int64] = [:]
  private var nets: [Net: Int64] = [:]
  private var roomMoney: [RoomMember: (pending: Int64, released: Int64)] = [:]
  private var orders: [OrderID: Order] = [:]
  private var complaints: [String] = []

  struct Net: Hashable {
    let subject: String
    let party: String
  }

  private struct RoomMember: Hashable {
    let room: RoomID
    let member: MemberID
  }

  init(_ store: MemoryStore, _ plan: Plan) {
    self.store = store
    self.plan = plan
    for case (.order(_, let id), .order(let order)) in store.records { orders[id] = order }
    addUp()
  }

  /// The net of every party over every subject, without the zeros.
  var netsPerParty: [Net: Int64] { nets.filter { $0.value != 0 } }

  func findings() -> [String] {
    complaints + journal() + conservation() + settlements() + earnings() + totals() + stocks()
      + eventSequences()
  }

  private mutating func addUp() {
    for entry in store.transactions {
      let transaction = entry.transaction
      let room = orders[OrderID(trusted: transaction.cause.subject)]?.room
      for posting in transaction.postings {
        let amount = posting.amount.minorUnits
        balances[posting.account, default: 0] += amount
        nets[
          Net(subject: transaction.cause.subject, party: posting.account.party), default: 0
        ] += amount
        if amount == 0 { complaints.append("a zero posting in \(transaction.sequence)") }
        guard let room, let member = posting.account.member else { continue }
        let key = RoomMember(room: room, member: member)
        var money = roomMoney[key] ?? (0, 0)
        if case .pending = posting.account {
          money.pending += amount
        } else {
          money.released += amount
        }
        roomMoney[key] = money
      }
      if Set(transaction.postings.map(\.account)).count != transaction.postings.count {
        complaints.append("an account stands twice in \(transaction.sequence)")
      }
    }
  }

  private func journal() -> [String] {
    var findings: [String] = []
    for (index, entry) in store.transactions.enumerated() {
      if entry.transaction.sequence != Int64(index + 1) { findings.append("a gap in the journal") }
      let sum = entry.transaction.postings.reduce(0) { $0 + $1.amount.minorUnits }
      if sum != 0 { findings.append("transaction \(index + 1) sums to \(sum)") }
    }
    for case (.balance(_, let account), .balance(let amount)) in store.records
    where balances[account, default: 0] != amount.minorUnits {
      findings.append("\(account.name) is kept as \(amount), adds up to \(balances[account] ?? 0)")
    }
    for (account, amount) in balances {
      switch account {
      case .pending, .available, .paid, .supplier:
        if amount < 0 { findings.append("\(account.name) is \(amount)") }
      case .debt: if amount > 0 { findings.append("\(account.name) is \(amount)") }
      case .buyers, .platform, .unsettled: break
      }
      if case .debt(let member) = account, amount < 0, balances[.available(member), default: 0] > 0
      {
        findings.append("\(member) owes while something is available")
      }
    }
    return findings
  }

  private func conservation() -> [String] {
    let sum = balances.values.reduce(0, +)
    let paid = orders.values.filter { $0.paidAt != nil }.flatMap(\.lines)
      .reduce(Int64(0)) { $0 + $1.paid.minorUnits - $1.refunded.minorUnits }
    let others = balances.filter { $0.key != .buyers }.values.reduce(0, +)
    return (sum == 0 ? [] : ["all balances sum to \(sum)"])
      + (paid == others ? [] : ["paid \(paid), parties have \(others)"])
  }

  /// What the journal says of each order equals what its settlement gives now.
  private func settlements() -> [String] {
    var findings: [String] = []
    for order in orders.values {
      var due: [String: Int64] = [:]
      if order.paidAt != nil {
        guard let settled = try? plan.settle(order.sale(currency: .cny), order.snapshot) else {
          findings.append("order \(order.id) cannot be settled")
          continue
        }
        due["buyers"] = -settled.net.minorUnits
        due["platform"] = settled.platform.minorUnits
        for (line, part) in zip(order.lines, settled.lines) {
          due["supplier/\(line.supplier)", default: 0] += part.supplier.minorUnits
        }
        for payee in settled.payees { due["member/\(payee.payee)"] = payee.amount.minorUnits }
      }
      let booked = nets.filter { $0.key.subject == order.id.text && $0.value != 0 }
      let expected = due.filter { $0.value != 0 }
      if Dictionary(uniqueKeysWithValues: booked.map { ($0.key.party, $0.value) }) != expected {
        findings.append("order \(order.id): booked \(booked), settled \(expected)")
      }
    }
    return findings
  }

  /// The figures for the tickers equal sums over the journal.
  private func earnings() -> [String] {
    var findings: [String] = []
    for case (.earnings(_, let member, let room), .earnings(let kept)) in store.records {
      let pending: Int64
      let released: Int64
      if let room {
        let money = roomMoney[RoomMember(room: room, member: member)] ?? (0, 0)
        (pending, released) = (money.pending, money.released)
      } else {
        pending = balances[.pending(member), default: 0]
        released =
          balances[.available(member), default: 0] + balances[.paid(member), default: 0]
          + balances[.debt(member), default: 0]
      }
      if kept.pending.minorUnits != pending || kept.released.minorUnits != released {
        findings.append(
          "\(member) in \(room?.text ?? "all"): kept \(kept), journal \(pending), \(released)")
      }
    }
    return findings
  }

  private func totals() -> [String] {
    var findings: [String] = []
    let paid = orders.values.filter { $0.paidAt != nil }
    func check(
      _ name: String, _ orders: [Order], _ kept: (orders: Int64, gmv: Amount, refunded: Amount)
    ) {
      let gmv = orders.flatMap(\.lines).reduce(Amount.zero) { $0 + $1.paid }
      let refunded = orders.flatMap(\.lines).reduce(Amount.zero) { $0 + $1.refunded }
      if kept != (Int64(orders.count), gmv, refunded) { findings.append("\(name): \(kept)") }
    }
    for (key, record) in store.records {
      switch (key, record) {
      case (.storefrontProgress, .storefrontProgress(let kept)):
        check("storefront", Array(paid), (kept.orders, kept.gmv, kept.refunded))
        if kept.sequence != Int64(store.transactions.count) { findings.append("ledger head") }
      case (.roomProgress(_, let room), .roomProgress(let kept)):
        check(
          "room \(room)", paid.filter { $0.room == room }, (kept.orders, kept.gmv, kept.refunded))
      default: continue
      }
    }
    return findings
  }

  private func stocks() -> [String] {
    var findings: [String] = []
    var reserved: [SKUID: Int64] = [:]
    var sold: [SKUID: Int64] = [:]
    for order in orders.values {
      for line in order.lines where line.usesStock {
        if order.paidAt != nil {
          sold[line.sku, default: 0] += line.units
        } else if order.state == .placed {
          reserved[line.sku, default: 0] += line.units
        }
      }
    }
    for case (.stock(let sku), .stock(let stock)) in store.records {
      if stock.reserved != reserved[sku, default: 0] || stock.sold != sold[sku, default: 0] {
        findings.append("\(sku): \(stock), orders say \(reserved), \(sold)")
      }
      if let left = stock.left, left < 0 { findings.append("\(sku) is oversold by \(-left)") }
    }
    return findings
  }

  private func eventSequences() -> [String] {
    var last: [RoomID: Int64] = [:]
    var epochs: [RoomID: Set<Int64>] = [:]
    var findings: [String] = []
    for event in store.events {
      if event.offset != last[event.room, default: 0] + 1 {
        findings.append("\(event.room) jumps to \(event.offset)")
      }
      last[event.room] = event.offset
      epochs[event.room, default: []].insert(event.epoch)
    }
    for case (.roomProgress(_, let room), .roomProgress(let kept)) in store.records
    where kept.offset != last[room, default: 0] {
      findings.append("\(room) keeps offset \(kept.offset)")
    }
    return findings + epochs.filter { $0.value.count > 1 }.map { "\($0.key) has two epochs" }
  }
}
