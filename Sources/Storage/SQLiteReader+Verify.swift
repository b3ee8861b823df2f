// Checks a storefront's books: recomputes all of history and compares.
//
// Shares no figure with what it checks: sums come from postings, shares from the commission module
// on the pinned plan version and snapshot. All of it reads one moment, in streams; memory holds one
// sum for each account. A first fault ends the check, for everything after it would only repeat it.

import Commerce
import Commission
import Coordination
import Crypto
import Ledger

extension SQLiteReader {
  /// Checks everything that a storefront has ever booked.
  ///
  /// In this order: sequences have no gaps, times do not go back, every transaction sums to zero, the chain of digests
  /// holds; running balances equal the sums of postings; earnings equal balances; every order's net
  /// for each party equals what its plan says about it today, in the state in which the order is;
  /// every bonus's too; every line of every statement equals what was booked; no transaction is about
  /// anything else; the figures that tickers show, counts, ranks and quotas equal what orders, locks
  /// and entries say.
  /// - Parameters:
  ///   - storefront: whose.
  ///   - progress: told now and then how many of how many have been checked.
  /// - Returns: counts, digests, and the first fault if there is one.
  /// - Throws: `StorageError` where the database cannot be read at all.
  package func verify(
    _ storefront: StorefrontID,
    progress: @escaping (Verification.Stage, _ done: Int64, _ of: Int64) -> Void = { _, _, _ in }
  ) throws -> Verification {
    try moment {
      guard let found = try tables.storefronts.storefront(storefront, tables.zone) else {
        throw StorageError(
          operation: "verify", code: .unexpectedValue, extendedCode: 0,
          message: "there is no storefront \(storefront)")
      }
      var check = Check(reader: self, storefront: found, progress: progress)
      do {
        try check.run()
      } catch let fault as Verification.Fault {
        check.result.fault = fault
      }
      return check.result
    }
  }

  /// One number out of a query about a storefront.
  fileprivate func count(_ sql: String, _ storefront: StorefrontID) throws -> Int64 {
    try rows(sql, { $0.id(storefront) }) { row in try row.integer() }.first ?? 0
  }
}

/// A check on its way.
private struct Check {
  typealias Fault = Verification.Fault

  let reader: SQLiteReader
  let storefront: Storefront
  let progress: (Verification.Stage, Int64, Int64) -> Void
  var result = Verification()
  /// Sums of postings by account name.
  private var sums: [String: Amount] = [:]
  /// Transactions that an order, a bonus or a payout has accounted for.
  private var explained: Int64 = 0
  /// Postings to members' accounts.
  private var membersPostings: Int64 = 0
  private var plans: [Int64: Plan] = [:]
  private var bounds: [Int64: Int64] = [:]
  private var ranks: RankCheck
  private var figures: FigureCheck

  init(
    reader: SQLiteReader, storefront: Storefront,
    progress: @escaping (Verification.Stage, Int64, Int64) -> Void
  ) {
    self.reader = reader
    self.storefront = storefront
    self.progress = progress
    ranks = RankCheck(reader: reader, storefront: storefront.id)
    figures = FigureCheck(reader: reader, storefront: storefront.id)
  }

  /// How many rows between two reports.
  private static let interval: Int64 = 10_000

  mutating func run() throws {
    try checkTransactions()
    try checkBalances()
    try checkEarnings()
    try checkOrders()
    try checkBonuses()
    result.statements = try reader.checkStatements(storefront.id)
    guard explained == result.transactions else {
      throw Fault(
        at: "ledger",
        expected: "\(result.transactions) transactions about orders, bonuses, payouts",
        found: "\(explained)")
    }
    try figures.run()
    try ranks.run()
    progress(.digest, 0, 1)
    result.digest = try reader.digest(storefront.id)
    progress(.digest, 1, 1)
  }

  // MARK: The chain

  private mutating func checkTransactions() throws {
    let total = try reader.count(
      "SELECT count(*) FROM transactions WHERE storefront = ?", storefront.id)
    var head = ChainHead.start
    var last = Timestamp(milliseconds: .min)
    var hash = SHA256()
    let statement = try reader.statement(
      """
      SELECT sequence, at, kind, subject, fact, currency, postings, digest FROM transactions
      WHERE storefront = ? ORDER BY sequence
      """)
    statement.bind(storefront.id.text, at: 1)
    try statement.forEachRow { row in
      var columns = ColumnReader(row)
      let sequence = try columns.integer()
      let place = "transaction \(sequence)"
      try expect(head.sequence + 1, sequence, at: "\(place), sequence")
      let at = try columns.time()
      try expect(true, at >= last, at: "\(place), not before the one before it")
      last = at
      let cause = Cause(
        kind: try columns.word(), subject: try columns.text(), fact: try columns.text())
      let currency = try columns.currency()
      try expect(storefront.currency.code, currency.code, at: "\(place), currency")
      let transaction = Transaction(
        sequence: sequence, at: at, cause: cause, currency: currency,
        postings: try checkedPostings(try columns.postings(), sequence, cause))
      head = ChainHead(
        sequence: sequence, digest: head.digest(of: transaction.canonicalBytes, &hash))
      try expect(hex(head.digest), hex(try columns.bytes()), at: "\(place), digest")
      result.transactions += 1
      if sequence % Self.interval == 0 { progress(.ledger, sequence, total) }
    }
    result.chain = hex(head.digest)
    let all = try reader.count(
      "SELECT count(*) FROM member_postings WHERE storefront = ?", storefront.id)
    try expect(membersPostings, all, at: "members' postings of known transactions")
    let lost = try reader.count(
      """
      SELECT count(*) FROM facts AS f WHERE storefront = ? AND answer_of IS NOT NULL AND NOT EXISTS
        (SELECT 1 FROM facts AS e WHERE e.number = f.answer_of AND e.answer IS NOT NULL)
      """, storefront.id)
    try expect(0, lost, at: "reports whose answer is lost")
    let kept = try reader.tables.storefronts.progress(storefront.id)?.sequence ?? 0
    try expect(head.sequence, kept, at: "sequence of the storefront")
    progress(.ledger, total, total)
  }

  /// The postings of a transaction, known to sum to zero, added to the sums.
  private mutating func checkedPostings(
    _ stored: StoredPostings, _ sequence: Int64, _ cause: Cause
  ) throws -> [Posting] {
    var postings: [Posting] = []
    for (name, amount) in stored.lines {
      let place = "transaction \(sequence), posting \(postings.count)"
      guard let account = Account(name: name) else {
        throw Fault(at: place, expected: "an account", found: name)
      }
      try checkMember(of: account, amount, sequence, ordinal: postings.count)
      postings.append(Posting(account, amount))
      guard let sum = (sums[name] ?? .zero).adding(stored: amount) else {
        throw Fault(at: place, expected: "an amount that \(name) can hold", found: "\(amount)")
      }
      sums[name] = sum
    }
    let place = "transaction \(sequence)"
    try expect(true, !postings.isEmpty, at: "\(place), has postings")
    let sum = postings.lazy.map(\.amount).storedSum
    guard sum == .zero else {
      throw Fault(
        at: "\(place), sum of postings", expected: "0", found: sum?.description ?? "too much")
    }
    result.postings += Int64(postings.count)
    if cause.kind == .payout || cause.kind == .payoutReturned {
      // A payout moves a member's money between that member's accounts, and touches nobody else.
      let nets = Self.nets(postings.map { ($0.account.party, $0.amount) })
      if let moved = sorted(nets).first {
        throw Fault(
          at: "\(place), party \(moved.party)", expected: "0", found: "\(moved.amount)")
      }
      explained += 1
    }
    return postings
  }

  /// A posting to a member's account stands among the member's too.
  private mutating func checkMember(
    of account: Account, _ amount: Amount, _ sequence: Int64, ordinal: Int
  ) throws {
    guard let purse = Purse(account), let member = account.member else { return }
    let found = try reader.memberPosting(storefront.id, member, sequence, ordinal: ordinal)
    try expect(
      "\(purse.rawValue) \(amount)", found ?? "nothing",
      at: "transaction \(sequence), posting \(ordinal), member")
    membersPostings += 1
  }

  // MARK: Running figures

  private mutating func checkBalances() throws {
    var running: [String: Amount] = [:]
    for (account, amount) in try reader.balances(storefront.id) { running[account.name] = amount }
    try compare(sums, running, at: "running balance")
    result.accounts = Int64(running.count)
  }

  private mutating func checkEarnings() throws {
    let columns = LedgerTables.earningsColumns.joined(separator: ", ")
    var pending: [String: Amount] = [:]
    var released: [String: Amount] = [:]
    let totals = try reader.rows(
      "SELECT member, \(columns) FROM earnings WHERE storefront = ? AND room = ''",
      { $0.id(storefront.id) }
    ) { row in
      (member: try row.text(), earnings: try LedgerTables.readEarnings(&row))
    }
    for (member, earnings) in totals {
      pending[member] = earnings.pending
      released[member] = earnings.released
    }
    var pendingSums: [String: Amount] = [:]
    var releasedSums: [String: Amount] = [:]
    for (name, amount) in sums {
      switch Account(name: name) {
      case .pending(let member): pendingSums[member.text, default: .zero] += amount
      case .available(let member), .paid(let member), .debt(let member):
        releasedSums[member.text, default: .zero] += amount
      default: continue
      }
    }
    try compare(pendingSums, pending, at: "pending earnings of")
    try compare(releasedSums, released, at: "released earnings of")
    result.members = Int64(totals.count)
  }

  // MARK: What is due

  private mutating func checkOrders() throws {
    let total = try reader.count(
      "SELECT count(*) FROM orders WHERE storefront = ?", storefront.id)
    let columns =
      OrderTables.frozenOrderColumns + OrderTables.orderColumns + [
        "state", "expires_at", "due_at", "settle_at",
      ]
    // In the order of the table, which is that of placement: no index to jump about by.
    let statement = try reader.statement(
      """
      SELECT id, \(columns.joined(separator: ", ")) FROM orders NOT INDEXED
      WHERE storefront = ? ORDER BY rowid
      """)
    statement.bind(storefront.id.text, at: 1)
    try statement.forEachRow { row in
      var columns = ColumnReader(row)
      let id: OrderID = try columns.id()
      let order = try OrderTables.readOrder(id, &columns)
      let booked = try booked(about: id.text)
      try compare(try due(order), booked.nets, at: "order \(id), party")
      try checkState(booked, isReleased: order.releasedAt != nil, at: "order \(id)")
      try checkWaiting(order, &columns)
      figures.add(order, booked)
      if order.releasedAt != nil { ranks.add(order, try plan(order.planVersion, of: order)) }
      result.orders += 1
      if result.orders % Self.interval == 0 { progress(.orders, result.orders, total) }
    }
    progress(.orders, total, total)
  }

  /// What every party is due from an order as it stands, under its plan and snapshot.
  private mutating func due(_ order: Order) throws -> [String: Amount] {
    guard order.paidAt != nil else { return [:] }
    let plan = try plan(order.planVersion, of: order)
    let settlement = try settlement(of: order, plan)
    var due: [(String, Amount)] = [
      (Account.buyers.party, -order.net), (Account.platform.party, settlement.platform),
      (Account.unsettled.party, order.net - settlement.net),
    ]
    for (line, settled) in zip(order.lines, settlement.lines) {
      due.append((Account.supplier(line.supplier).party, settled.supplier))
    }
    for payee in settlement.payees {
      due.append((Account.pending(payee.payee).party, payee.amount))
    }
    return Self.nets(due)
  }

  /// What the plan makes of an order; where a commission service settles it, what the service has
  /// answered, held against the order once more.
  private mutating func settlement(of order: Order, _ plan: Plan) throws -> Settlement {
    let place = "order \(order.id)"
    let local: Settlement
    do {
      local = try plan.settle(order.sale(currency: storefront.currency), order.snapshot)
    } catch {
      throw Fault(at: place, expected: "a settlement", found: error.code)
    }
    guard let delegation = order.delegation else { return local }
    result.delegated += 1
    if !delegation.isSettled { result.unsettled += 1 }
    guard let settlement = delegation.settlement else {
      return .nothing(
        of: order.lines.count, plan: plan.reference, currency: storefront.currency)
    }
    guard delegation.isSettled else { return settlement }
    let worst = try bound(order.planVersion, plan)
    let check = SettlementCheck(
      order: order, plan: plan, worstCasePayoutPpm: worst, currency: storefront.currency)
    if let failure = check.failure(of: settlement) {
      throw Fault(at: place, expected: "a settlement within its bounds", found: failure.message)
    }
    // What another plan would give is the service's business; that it differs is worth knowing.
    if !settlement.pays(like: local) { result.disagreeing += 1 }
    return settlement
  }

  /// The worst case of a plan version, searched for once.
  private mutating func bound(_ version: Int64, _ plan: Plan) throws -> Int64 {
    if let known = bounds[version] { return known }
    let found = plan.worstCasePayoutPpm
    bounds[version] = found
    return found
  }

  private mutating func plan(_ version: Int64, of order: Order) throws -> Plan {
    if let known = plans[version] { return known }
    guard let found = try reader.tables.storefronts.planVersion(storefront.id, version) else {
      throw Fault(
        at: "order \(order.id)", expected: "plan version \(version)", found: "no such version")
    }
    plans[version] = found.plan
    return found.plan
  }

  /// What every party has got over all transactions about a subject.
  private mutating func booked(about subject: String) throws -> SubjectSums {
    // Without the name of the index, the order wanted makes SQLite walk the whole ledger instead.
    let statement = try reader.statement(
      """
      SELECT sequence, kind, postings FROM transactions INDEXED BY transactions_of_subject
      WHERE storefront = ?1 AND subject = ?2 ORDER BY sequence
      """)
    statement.bind(storefront.id.text, at: 1)
    statement.bind(subject, at: 2)
    var sums = SubjectSums()
    try statement.forEachRow { row in
      var columns = ColumnReader(row)
      let sequence = try columns.integer()
      let kind: CauseKind = try columns.word()
      for (account, amount) in try columns.postings().lines {
        sums.add(sequence, kind, account: account, amount)
      }
    }
    explained += sums.transactions
    return sums
  }

  /// Money that is released is nowhere pending, and the other way round.
  private func checkState(_ booked: SubjectSums, isReleased: Bool, at place: String) throws {
    for member in booked.members.keys.sorted() {
      guard let money = booked.members[member] else { continue }
      if isReleased {
        try expect(.zero, money.pending, at: "\(place), pending of \(member)")
      } else {
        try expect(.zero, money.released, at: "\(place), released to \(member)")
      }
    }
  }

  /// What an order is found by when its time has come; the columns of that are read last.
  private func checkWaiting(_ order: Order, _ row: inout ColumnReader) throws {
    func words(_ moment: Timestamp?) -> String { moment?.description ?? "never" }
    let state = order.state
    try expect(state.rawValue, try row.text(), at: "order \(order.id), state")
    try expect(
      words(state == .placed ? order.expiresAt : nil), words(try row.optionalTime()),
      at: "order \(order.id), expiry")
    try expect(
      words(order.releaseDue(zone: storefront.zone)), words(try row.optionalTime()),
      at: "order \(order.id), day of release")
    try expect(
      words(order.delegation?.nextAttempt), words(try row.optionalTime()),
      at: "order \(order.id), next attempt at its settlement")
  }

  private mutating func checkBonuses() throws {
    let columns = OrderTables.bonusColumns.joined(separator: ", ")
    let statement = try reader.statement(
      "SELECT id, \(columns), due_at FROM bonuses WHERE storefront = ? ORDER BY id")
    statement.bind(storefront.id.text, at: 1)
    try statement.forEachRow { row in
      var columns = ColumnReader(row)
      let bonus = try OrderTables.readBonus(try columns.text(), &columns)
      // Before it is reckoned with: one that was altered may have no opposite.
      try expect(
        true, bonus.amount >= .zero && bonus.amount <= .limit, at: "bonus \(bonus.id), amount")
      let due = Self.nets([
        (Account.platform.party, -bonus.amount),
        (Account.pending(bonus.payee).party, bonus.amount),
      ])
      let booked = try booked(about: bonus.subject)
      try compare(due, booked.nets, at: "bonus \(bonus.id), party")
      try checkState(booked, isReleased: bonus.releasedAt != nil, at: "bonus \(bonus.id)")
      try expect(
        bonus.releasedAt == nil ? bonus.due : nil, try columns.optionalTime(),
        at: "bonus \(bonus.id), day of release")
      result.bonuses += 1
    }
    progress(.bonuses, result.bonuses, result.bonuses)
  }

  // MARK: Comparing

  private static func nets(_ entries: [(String, Amount)]) -> [String: Amount] {
    var nets: [String: Amount] = [:]
    for (party, amount) in entries { nets[party, default: .zero] += amount }
    return nets.filter { $0.value != .zero }
  }

  /// Compares figures by name, absent ones as zero; the first difference by name is the fault.
  private func compare(
    _ expected: [String: Amount], _ found: [String: Amount], at place: String
  ) throws {
    guard expected != found else { return }
    let names = Set(expected.keys).union(found.keys)
    let differing = names.filter { expected[$0] ?? .zero != found[$0] ?? .zero }
    guard
      let first = differing.min(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    else { return }
    try expect(expected[first] ?? .zero, found[first] ?? .zero, at: "\(place) \(first)")
  }

  private func expect<Value: Equatable>(
    _ expected: Value, _ found: Value, at place: @autoclosure () -> String
  ) throws {
    guard expected == found else {
      throw Fault(at: place(), expected: "\(expected)", found: "\(found)")
    }
  }
}
