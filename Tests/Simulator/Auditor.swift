// Watches a run from outside: what was stored, what was answered, what was pushed. Reckons sums, shares
// and days by itself; of the core it uses the names of things and nothing that decides. The
// simulation's thread only.

import Commerce
import Commission
import Coordination
import Ledger
import Notation
import Server

/// Holds everything that was seen against everything that has to be.
struct Auditor {
  private(set) var findings: [SimulationFinding] = []
  let plan: SimulatedPlan
  /// Which of code, visit and lock comes first.
  let precedence: [AttributionSource]
  /// The latest that the wall clock has shown: a server never goes back behind it.
  var latestWall = Timestamp(milliseconds: 0)
  /// What the present process takes for now; a new one may begin behind `latestWall`.
  var processWall = Timestamp(milliseconds: .min)
  /// How many units of a limited SKU there are.
  var supply: [SKUID: Int64] = [:]

  // The ledger as it was stored.
  var sequence: Int64 = 0
  var balances: [Account: Int64] = [:]
  /// Every value that a balance had, by the sequence from which it held; also pending by room.
  var history: [String: [(sequence: Int64, amount: Int64)]] = [:]
  var nets: [String: [String: Int64]] = [:]
  private var causes: Set<Cause> = []
  private var soldSubjects: Set<String> = []

  // Records as they were stored.
  var orders: [OrderID: Order] = [:]
  /// Who has to be paid what part of an order, by the tree of its placement.
  var claims: [OrderID: [Claim]] = [:]
  var members: [MemberID: Member] = [:]
  /// Every rank and pact from its moment on; numbered in the order in which they were stored, for many
  /// may have one moment where the clock was set back.
  var ranks: [MemberID: [(from: Timestamp, number: Int, rank: String)]] = [:]
  var pacts: [RoomID: [(from: Timestamp, number: Int, ppm: Int64)]] = [:]
  private var changes = 0
  /// The last of them that an earlier commit had.
  var changesBefore = 0
  var hosts: [RoomID: MemberID] = [:]
  /// When rooms ended that have.
  var endings: [RoomID: Timestamp] = [:]
  var locks: [ViewerID: Touch] = [:]
  private var units: [SKUID: Int64] = [:]
  var events: [RoomID: [RoomEvent]] = [:]

  // What was acknowledged.
  var accepted: [Int64: [UInt8]] = [:]
  var acknowledged: [String: Int64] = [:]
  var acknowledgedInOrder: [String] = []
  var refunds: [OrderID: [[LineAmount]]] = [:]
  /// Commands of the same, with what they have to have done.
  var effects: [Command] = []
  /// The payments by which each order was booked as sold.
  var sales: [String: [String]] = [:]
  /// What each order left pending with whom.
  var pendingOf: [String: [MemberID: Int64]] = [:]
  /// Who brought whom, by what people did.
  var touches = TouchModel()

  /// A run with so much wrong is not followed further.
  static let findingsMax = 5

  init(_ swarm: Swarm) {
    plan = swarm.plan
    precedence = swarm.precedence
    supply[SKUID(trusted: "rare")] = swarm.rare
  }

  /// Notes that something is not as it has to be.
  mutating func find(_ rule: SimulationRule, _ text: String, elapsed: Int64) {
    guard findings.count < Auditor.findingsMax else { return }
    findings.append(SimulationFinding(rule: rule, text: text, at: elapsed))
  }

  // MARK: What is stored

  /// Takes one commit.
  mutating func observe(_ changes: Changes, at wall: Timestamp, elapsed: Int64) {
    latestWall = max(latestWall, wall)
    changesBefore = self.changes
    // People and rooms first: what an order pins is held against them.
    for (key, record) in changes.records { observePeople(key, record, elapsed: elapsed) }
    for (_, record) in changes.records {
      if case .order(let order) = record { observe(order, elapsed: elapsed) }
    }
    checkSupply(elapsed: elapsed)
    for booked in changes.transactions { observe(booked.transaction, elapsed: elapsed) }
    for event in changes.events {
      if event.offset != Int64(events[event.room, default: []].count) + 1 {
        find(.stream, "\(event.room) stores offset \(event.offset)", elapsed: elapsed)
      }
      events[event.room, default: []].append(event)
    }
    for (key, record) in changes.records {
      switch (key, record) {
      case (.balance(_, let account), .balance(let amount)):
        if amount.minorUnits != balances[account, default: 0] {
          let own = balances[account, default: 0]
          find(.books, "\(account.name) is stored as \(amount), not \(own)", elapsed: elapsed)
        }
      case (.order(_, let id), .order(let order)): checkMoney(of: order, id, elapsed: elapsed)
      default: continue
      }
    }
  }

  private mutating func observePeople(_ key: Key, _ record: Record, elapsed: Int64) {
    switch record {
    case .member(let member): members[member.id] = member
    case .rankChange(let change):
      guard case .rankChange(_, let member, _) = key else { return }
      changes += 1
      ranks[member, default: []].append((change.at, changes, change.to))
    case .room(let room):
      hosts[room.id] = room.host
      endings[room.id] = room.endedAt
      for pact in room.pacts.dropFirst(pacts[room.id, default: []].count) {
        changes += 1
        pacts[room.id, default: []].append(
          (pact.from, changes, Int64(pact.rate.partsPerMillion)))
      }
    case .viewer(let viewer):
      if let known = locks[viewer.id], viewer.lock != known {
        let now = viewer.lock.map { "\($0.promoter)" } ?? "nobody"
        find(
          .lock, "\(viewer.id) was bound to \(known.promoter) and is to \(now)", elapsed: elapsed)
      }
      locks[viewer.id] = locks[viewer.id] ?? viewer.lock
    case .link(let link): touches.storedLinks[link.id] = link
    case .visits(let visits):
      guard case .visits(_, let viewer, let room) = key else { return }
      touches.storedVisits[TouchModel.Place(viewer: viewer, room: room)] = visits.touches
    default: return
    }
  }

  private mutating func observe(_ order: Order, elapsed: Int64) {
    let before = orders[order.id]
    orders[order.id] = order
    if let before {
      if before.snapshot != order.snapshot || before.receipt != order.receipt
        || before.planVersion != order.planVersion
      {
        find(.frozen, "\(order.id) is pinned to something else", elapsed: elapsed)
      }
    } else {
      touches.placed.append(order.id)
      pinClaims(of: order)
    }
    if order.hasExpired, let expires = order.expiresAt, expires > latestWall,
      before?.hasExpired == false
    {
      find(.release, "\(order.id) expired before \(expires)", elapsed: elapsed)
    }
    for line in order.lines where line.usesStock {
      let held = order.cancelledAt == nil && !order.hasExpired ? line.units : 0
      let heldBefore =
        before.map { $0.cancelledAt == nil && !$0.hasExpired ? line.units : 0 } ?? 0
      units[line.sku, default: 0] += held - heldBefore
    }
  }

  /// A commit tells the last value of each record, not in which order its commands took and gave back: so
  /// units are counted after all of it.
  private mutating func checkSupply(elapsed: Int64) {
    for (sku, supply) in supply {
      let taken = units[sku, default: 0]
      guard taken > supply else { continue }
      find(.oversell, "\(taken) of \(supply) \(sku) are taken", elapsed: elapsed)
    }
  }

  // MARK: The ledger

  private mutating func observe(_ transaction: Transaction, elapsed: Int64) {
    let cause = transaction.cause
    sequence += 1
    if transaction.sequence != sequence {
      find(.books, "\(transaction.sequence) is booked as number \(sequence)", elapsed: elapsed)
      sequence = transaction.sequence
    }
    if !causes.insert(cause).inserted {
      find(.once, "\(cause.kind.rawValue) \(cause.fact) is booked again", elapsed: elapsed)
    }
    if cause.kind == .sale, !soldSubjects.insert(cause.subject).inserted {
      find(.once, "\(cause.subject) is sold twice", elapsed: elapsed)
    }
    var sum: Int64 = 0
    let order = orders[OrderID(trusted: cause.subject)]
    for posting in transaction.postings {
      let amount = posting.amount.minorUnits
      sum += amount
      balances[posting.account, default: 0] += amount
      note(posting.account.name, balances[posting.account, default: 0])
      nets[cause.subject, default: [:]][posting.account.party, default: 0] += amount
      if case .pending(let member) = posting.account {
        pendingOf[cause.subject, default: [:]][member, default: 0] += amount
      }
      if case .pending(let member) = posting.account, let room = order?.room {
        let name = Auditor.pendingName(member, room)
        note(name, value(of: name, at: sequence) + amount)
      }
    }
    if cause.kind == .sale { sales[cause.subject, default: []].append(cause.fact) }
    if sum != 0 { find(.books, "\(cause.fact) sums to \(sum)", elapsed: elapsed) }
    if cause.kind == .release { checkRelease(of: transaction, elapsed: elapsed) }
  }

  private mutating func note(_ name: String, _ amount: Int64) {
    history[name, default: []].append((sequence, amount))
  }

  static func pendingName(_ member: MemberID, _ room: RoomID) -> String {
    "pending/\(member)@\(room)"
  }

  /// What a balance was once everything up to a sequence was booked.
  func value(of name: String, at sequence: Int64) -> Int64 {
    guard let values = history[name] else { return 0 }
    var (low, high) = (0, values.count)
    while low < high {
      let middle = (low + high) / 2
      if values[middle].sequence <= sequence { low = middle + 1 } else { high = middle }
    }
    return low == 0 ? 0 : values[low - 1].amount
  }

  // MARK: Answers

  /// Takes what a client was answered for good.
  mutating func answered(
    _ intent: Intent, _ body: JSON, refusal: String?, elapsed: Int64
  ) {
    if case .command(let command) = intent.call, refusal == nil, !intent.conflicts {
      acknowledge(command, elapsed: elapsed)
    }
    guard let fact = intent.fact else { return }
    if intent.conflicts {
      if refusal != "idempotency_conflict" {
        find(
          .idempotence, "\(fact) with another content: \(refusal ?? "accepted")",
          elapsed: elapsed)
      }
      return
    }
    if let first = intent.repeats {
      if let refusal { find(.idempotence, "\(fact) again: \(refusal)", elapsed: elapsed) }
      if refusal == nil, accepted[first] != body.bytes {
        find(.idempotence, "\(fact) again has another answer", elapsed: elapsed)
      }
      return
    }
    guard refusal == nil else { return }
    accepted[intent.number] = body.bytes
    acknowledged[fact] = intent.number
    acknowledgedInOrder.append(fact)
    if case .command(.refund(let order, _, let parts, _)) = intent.call {
      refunds[order, default: []].append(parts)
    }
  }

  /// Holds what was acknowledged against what is on the disk.
  mutating func checkAcknowledged(_ store: MemoryStore, elapsed: Int64) {
    for fact in acknowledgedInOrder {
      guard case .fact(let stored)? = store.records[.fact(Simulation.storefront, fact)] else {
        find(.acknowledged, "\(fact) is gone", elapsed: elapsed)
        continue
      }
      guard let number = acknowledged[fact], fact.hasPrefix("order/") == false else { continue }
      if stored.answer != accepted[number] {
        find(.acknowledged, "\(fact) has another answer", elapsed: elapsed)
      }
    }
    checkEffects(store, elapsed: elapsed)
  }
}
