// Holds the books against the auditor: every transaction as it is booked, and every balance, count and
// figure that can be read. Nothing of the core's arithmetic is used. One thread.

import Commerce
import Coordination
import Ledger
import Testing

extension AttackWalk {
  /// Everything that must hold after a step.
  func check(from firstTransaction: Int) {
    checkTransactions(from: firstTransaction)
    checkMembers()
    checkParties()
    checkStock()
    checkCounts()
  }

  private func balance(_ account: Account) -> Int64 {
    record(.balance(AttackWalk.storefront, account)) {
      if case .balance(let amount) = $0 { amount.minorUnits } else { nil }
    } ?? 0
  }

  private func checkTransactions(from first: Int) {
    for (index, booked) in store.transactions.enumerated().dropFirst(first) {
      let transaction = booked.transaction
      if transaction.sequence != Int64(index + 1) { fail("the ledger has a gap at \(index + 1)") }
      var sum: Int64 = 0
      var seen: Set<String> = []
      for posting in transaction.postings {
        sum += posting.amount.minorUnits
        if posting.amount.minorUnits == 0 { fail("a posting of nothing in \(transaction.cause)") }
        if !seen.insert(posting.account.name).inserted {
          fail("an account twice in one transaction")
        }
      }
      if sum != 0 { fail("\(transaction.cause) sums to \(sum)") }
    }
  }

  /// A member's four accounts and the figures on their tickers.
  private func checkMembers() {
    var pending: [String: Int64] = [:]
    var released: [String: Int64] = [:]
    var pendingIn: [String: Int64] = [:]
    var releasedIn: [String: Int64] = [:]
    for order in orders.values where order.isPaid {
      for (member, amount) in order.settlement().members {
        let place = "\(member)/\(order.room ?? "")"
        if order.isReleased {
          released[member, default: 0] += amount
          releasedIn[place, default: 0] += amount
        } else {
          pending[member, default: 0] += amount
          pendingIn[place, default: 0] += amount
        }
      }
    }
    for bonus in bonuses {
      if bonus.isReleased {
        released[bonus.payee, default: 0] += bonus.amount
      } else {
        pending[bonus.payee, default: 0] += bonus.amount
      }
    }
    for member in members.keys.sorted() {
      let id = MemberID(trusted: member)
      let held = (
        pending: balance(.pending(id)), available: balance(.available(id)),
        paid: balance(.paid(id)), debt: balance(.debt(id))
      )
      if held.pending < 0 || held.available < 0 || held.paid < 0 || held.debt > 0 {
        fail("\(member) holds \(held)")
      }
      if held.available > 0, held.debt < 0 { fail("\(member) has money and a debt: \(held)") }
      if held.pending != pending[member] ?? 0 {
        fail("\(member) pending \(held.pending), due \(pending[member] ?? 0)")
      }
      if held.available + held.paid + held.debt != released[member] ?? 0 {
        fail("\(member) released \(held), due \(released[member] ?? 0)")
      }
      if held.paid != paidOut[member] ?? 0 { fail("\(member) was paid \(held.paid)") }
      checkEarnings(of: id, nil, pending[member] ?? 0, released[member] ?? 0)
      for room in AttackWalk.rooms {
        checkEarnings(
          of: id, room, pendingIn["\(member)/\(room)"] ?? 0, releasedIn["\(member)/\(room)"] ?? 0)
      }
    }
  }

  private func checkEarnings(
    of member: MemberID, _ room: String?, _ pending: Int64, _ released: Int64
  ) {
    let earnings =
      record(.earnings(AttackWalk.storefront, member, room.map(RoomID.init(trusted:)))) {
        if case .earnings(let earnings) = $0 { earnings } else { nil }
      } ?? Earnings()
    if earnings.pending.minorUnits != pending || earnings.released.minorUnits != released {
      fail("\(member) in \(room ?? "total") shows \(earnings), due \(pending) and \(released)")
    }
    if room == nil, earnings.reversed.minorUnits != reversed[member.text] ?? 0 {
      fail("\(member) shows \(earnings.reversed) taken back, not \(reversed[member.text] ?? 0)")
    }
  }

  /// The net of every order on every party, and the balances that follow.
  private func checkParties() {
    var nets: [String: [String: Int64]] = [:]
    for booked in store.transactions where booked.transaction.cause.kind != .payout {
      for posting in booked.transaction.postings {
        nets[booked.transaction.cause.subject, default: [:]][posting.account.party, default: 0] +=
          posting.amount.minorUnits
      }
    }
    var suppliers: [String: Int64] = [:]
    var platform = -bonuses.reduce(0) { $0 + $1.amount }
    var buyers: Int64 = 0
    for order in orders.values {
      let due = order.isPaid ? order.settlement() : AuditSettlement()
      var expected: [String: Int64] = ["buyers": -due.net, "platform": due.platform]
      for (member, amount) in due.members { expected["member/" + member] = amount }
      for (supplier, amount) in due.suppliers {
        expected["supplier/" + supplier] = amount
        suppliers[supplier, default: 0] += amount
      }
      platform += due.platform
      buyers -= due.net
      let found = (nets[order.id] ?? [:]).filter { $0.value != 0 }
      if found != expected.filter({ $0.value != 0 }) {
        fail("\(order.id) is booked as \(found), due \(expected)")
      }
    }
    if balance(.platform) != platform { fail("platform \(balance(.platform)), due \(platform)") }
    if balance(.buyers) != buyers { fail("buyers \(balance(.buyers)), due \(buyers)") }
    for index in 0..<3 {
      let held = balance(.supplier(SupplierID(trusted: "u\(index)")))
      if held != suppliers["u\(index)"] ?? 0 { fail("supplier u\(index) holds \(held)") }
    }
  }

  private func checkStock() {
    for sku in AttackWalk.skus {
      let stock = record(.stock(SKUID(trusted: sku))) {
        if case .stock(let stock) = $0 { stock } else { nil }
      }
      guard let stock else { continue }
      var (reserved, sold) = (Int64(0), Int64(0))
      for order in orders.values {
        let units = order.lines.reduce(0) { $0 + ($1.sku == sku ? $1.units : 0) }
        if order.holdsStock { reserved += units }
        if order.isPaid { sold += units }
      }
      if stock.reserved != reserved || stock.sold != sold {
        fail("\(sku) has \(stock), should have \(reserved) reserved and \(sold) sold")
      }
      if let left = stock.left, left < 0 { fail("\(sku) is oversold: \(stock)") }
    }
  }

  private func checkCounts() {
    let totals = record(.storefrontProgress(AttackWalk.storefront)) {
      if case .storefrontProgress(let totals) = $0 { totals } else { nil }
    }
    if let totals {
      let paid = orders.values.filter(\.isPaid).count
      if totals.orders != Int64(paid) || totals.gmv.minorUnits != gmv
        || totals.refunded.minorUnits != refunded || totals.members != Int64(members.count)
      {
        fail("the storefront shows \(totals), due \(paid) orders, \(gmv) and \(refunded)")
      }
    }
    for room in AttackWalk.rooms {
      let offsets = store.events.filter { $0.room.text == room }.map(\.offset)
      if offsets != (0..<Int64(offsets.count)).map({ $0 + 1 }) { fail("the events of \(room)") }
    }
  }
}

@Suite("A storefront's life by chance")
struct AttackWalkTests {
  @Test("No sequence of commands makes money appear, vanish or come twice", arguments: 0..<4)
  func walks(part: UInt64) throws {
    var accepted: [String: Int] = [:]
    for seed in (part * 80)..<(part * 80 + 80) {
      var walk = AttackWalk(seed: seed)
      try walk.begin()
      for _ in 0..<60 {
        let seen = walk.store.transactions.count
        walk.counter += 1
        walk.now +=
          walk.chance.number(0...9) == 0 ? 86_400_000 * 3 : walk.chance.number(0...7_200_000)
        try walk.step()
        walk.check(from: seen)
      }
      // What is in memory is what was stored.
      for (key, record) in walk.store.records where try walk.coordinator.record(key) != record {
        walk.fail("memory and store differ at \(key)")
      }
      accepted.merge(walk.accepted, uniquingKeysWith: +)
    }
    // A walk that gets nowhere finds nothing.
    for kind in ["placeOrder", "reportOrder", "pay", "refund", "dispute", "resolve", "repeat"] {
      #expect(accepted[kind, default: 0] >= 30, "\(kind) of \(accepted)")
    }
  }
}

extension AttackWalk {
  /// One command by chance.
  mutating func step() throws {
    switch chance.number(0...29) {
    case 0: try join()
    case 1: try setRank()
    case 2, 3: try changeRoom()
    case 4, 5: try touch()
    case 6: try importItem(chance.one(of: AttackWalk.skus), supplier: Int(chance.number(0...2)))
    case 7: if chance.chance(40) { try changePlan() }
    case 8...13: try place()
    case 14...23: try happen()
    case 24...26: try release()
    case 27: try payOut()
    default: try sayAgain()
    }
  }
}
