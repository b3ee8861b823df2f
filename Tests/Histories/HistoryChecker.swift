// Holds what was booked against what was reported, step by step. Shares no figure with the core: sums
// come from the entries, what is due from the book's own snapshots and settlements, days from
// arithmetic of its own. A value; any thread.

import Commerce
import Commission
import Coordination
import Ledger

/// What a history has to keep.
package enum HistoryRule: String, CaseIterable, Sendable {
  /// Every entry sums to zero; all parties together have of an order what was paid and not given back.
  case conservation
  /// A fact is booked once.
  case once
  /// Every party has of an order what its plan gives on the snapshot of its placement.
  case share
  /// Before any refund nobody but the platform has less than nothing.
  case negative
  /// All shares of an order are within the static bound of the plan.
  case bound
  /// Nothing is released before the start of the eighth day after delivery, nor kept for longer.
  case release
  /// Pending, available, paid and debt are what they can be: a share is pending until it is released.
  case state
  /// After a full refund no party has anything of the order, on any account.
  case zero
  /// Joining bonuses are booked as the plan gives them.
  case award
}

/// Something that a history does not keep.
package struct HistoryFinding: CustomStringConvertible, Sendable {
  /// What is not kept.
  package let rule: HistoryRule
  /// Where and what.
  package let description: String
}

/// Checks one history from beginning to end.
package struct HistoryChecker {
  private var book: HistoryBook
  /// Found by a search over small trees, so asked for once.
  private let boundPpm: Int64
  private var nets: [String: [String: Int64]] = [:]
  private var balances: [Account: Int64] = [:]
  private var pending: [String: [MemberID: Int64]] = [:]
  private var facts: Set<String> = []
  private var findings: [HistoryFinding] = []

  /// Checks a history.
  ///
  /// - Parameters:
  ///   - history: from the beginning.
  ///   - plan: of the storefront.
  /// - Returns: what it does not keep; the first twenty findings.
  package static func findings(in history: [HistoryStep], plan: Plan) -> [HistoryFinding] {
    var checker = HistoryChecker(book: HistoryBook(plan: plan))
    for step in history {
      checker.check(step)
      if checker.findings.count >= 20 { break }
    }
    if checker.findings.isEmpty { checker.checkEnd() }
    return checker.findings
  }

  private init(book: HistoryBook) {
    self.book = book
    boundPpm = book.plan.worstCasePayoutPpm
  }

  private mutating func find(_ rule: HistoryRule, _ text: String) {
    findings.append(HistoryFinding(rule: rule, description: "\(rule.rawValue): \(text)"))
  }

  private mutating func check(_ step: HistoryStep) {
    book.take(step)
    var touched: Set<OrderID> = []
    switch step.command {
    case .pay(let order, _, _, _), .refund(let order, _, _, _): touched.insert(order)
    default: break
    }
    for entry in step.entries {
      add(entry)
      if book.orders[OrderID(trusted: entry.cause.subject)] != nil {
        touched.insert(OrderID(trusted: entry.cause.subject))
      }
    }
    for id in touched.sorted() {
      if let life = book.orders[id] { check(id, life) }
    }
    for entry in step.entries { checkAccounts(of: entry) }
    if case .release = step.command { checkNothingIsKept(at: step.at) }
  }

  // MARK: Entries

  private mutating func add(_ entry: HistoryEntry) {
    let subject = entry.cause.subject
    let sum = entry.postings.reduce(0) { $0 + $1.amount.minorUnits }
    if sum != 0 { find(.conservation, "\(entry.cause) sums to \(sum)") }
    if !facts.insert("\(entry.cause.kind)/\(entry.cause.fact)").inserted {
      find(.once, "\(entry.cause.kind) \(entry.cause.fact) is booked again")
    }
    for posting in entry.postings {
      let amount = posting.amount.minorUnits
      nets[subject, default: [:]][posting.account.party, default: 0] += amount
      balances[posting.account, default: 0] += amount
      if case .pending(let member) = posting.account {
        pending[subject, default: [:]][member, default: 0] += amount
      }
      guard entry.cause.kind == .sale, amount < 0 else { continue }
      switch posting.account {
      case .buyers, .platform, .unsettled: continue
      default: find(.negative, "\(subject) gives \(posting.account.name) \(amount)")
      }
    }
    if entry.cause.kind == .release { checkMoment(of: entry) }
    guard entry.cause.kind == .award else { return }
    let due = book.bonuses.first { $0.subject == subject }
    let booked = entry.postings.filter { $0.account != .platform }
    if due.map({ [Posting(.pending($0.payee), Amount($0.amount))] }) != booked {
      find(.award, "\(subject): booked \(booked), due \(String(describing: due))")
    }
  }

  private mutating func checkMoment(of entry: HistoryEntry) {
    let subject = entry.cause.subject
    let due =
      book.orders[OrderID(trusted: subject)]?.due
      ?? book.bonuses.first { $0.subject == subject }?.due
    guard let due, entry.at >= due else {
      let when = due.map { "due at \($0)" } ?? "not due"
      return find(.release, "\(subject) is released at \(entry.at), \(when)")
    }
  }

  private mutating func checkAccounts(of entry: HistoryEntry) {
    for posting in entry.postings {
      let account = posting.account
      let balance = balances[account, default: 0]
      switch account {
      case .pending, .available, .paid, .supplier:
        if balance < 0 { find(.state, "\(account.name) is \(balance)") }
      case .debt: if balance > 0 { find(.state, "\(account.name) is \(balance)") }
      case .buyers, .platform, .unsettled: continue
      }
      if let member = account.member, balances[.debt(member), default: 0] < 0,
        balances[.available(member), default: 0] > 0
      {
        find(.state, "\(member) owes while something is available")
      }
    }
  }

  // MARK: Orders

  private mutating func check(_ id: OrderID, _ life: ReportedLife) {
    let booked = nets[id.text, default: [:]].filter { $0.value != 0 }
    let due = book.due(life)
    if booked != due { find(.share, "\(id) booked \(sorted(booked)), due \(sorted(due))") }
    guard life.paidAt != nil else { return }
    let parties = booked.filter { $0.key != "buyers" }.values.reduce(0, +)
    if parties != life.net { find(.conservation, "\(id): parties have \(parties) of \(life.net)") }
    if life.net == 0, !booked.isEmpty { find(.zero, "\(id) is given back, \(sorted(booked)) left") }
    let shares = booked.filter { $0.key.hasPrefix("member/") }.values.reduce(0, +)
    let (left, right) = (
      shares.magnitude.multipliedFullWidth(by: 1_000_000),
      life.net.magnitude.multipliedFullWidth(by: boundPpm.magnitude)
    )
    if shares > 0, (left.high, left.low) > (right.high, right.low) {
      find(.bound, "\(id): \(shares) of \(life.net) is above \(boundPpm) ppm")
    }
    for (member, amount) in pending[id.text, default: [:]] {
      // All of it or nothing: it moves on as a whole.
      if amount != 0, amount != booked["member/\(member)", default: 0] {
        find(.state, "\(id): \(amount) of \(member) is pending, the share is \(sorted(booked))")
      }
    }
  }

  private func sorted(_ nets: [String: Int64]) -> String {
    nets.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
  }

  private mutating func checkNothingIsKept(at: Timestamp) {
    for (id, life) in book.orders.sorted(by: { $0.key < $1.key }) {
      guard let due = life.due, due <= at else { continue }
      for (member, amount) in pending[id.text, default: [:]] where amount != 0 {
        find(.release, "\(id): \(amount) of \(member) was due at \(due)")
      }
    }
    for bonus in book.bonuses where bonus.due <= at {
      if pending[bonus.subject]?[bonus.payee, default: 0] != 0 {
        find(.release, "\(bonus.subject) was due at \(bonus.due)")
      }
    }
  }

  // MARK: The whole

  private mutating func checkEnd() {
    let sum = balances.values.reduce(0, +)
    if sum != 0 { find(.conservation, "all balances sum to \(sum)") }
    let net = book.orders.values.filter { $0.paidAt != nil }.reduce(Int64(0)) { $0 + $1.net }
    if -balances[.buyers, default: 0] != net {
      find(.conservation, "buyers paid \(net), booked \(balances[.buyers, default: 0])")
    }
    for bonus in book.bonuses where nets[bonus.subject] == nil {
      find(.award, "\(bonus) was not booked")
    }
    let unknown = nets.keys.filter { subject in
      !subject.hasPrefix("award/") && !subject.hasPrefix("statement/")
        && book.orders[OrderID(trusted: subject)] == nil
    }
    if !unknown.isEmpty { find(.share, "entries about \(unknown.sorted())") }
  }
}

extension HistoryChecker {
  /// The text of the ledger digest, added up from entries: net lines by subject and party, then
  /// balances by account, both by bytes and without zeros.
  ///
  /// - Parameter transactions: all of the storefront's.
  /// - Returns: the lines of the digest.
  package static func digestText(of transactions: [Transaction]) -> String {
    var nets: [String: [String: Amount]] = [:]
    var balances: [String: Amount] = [:]
    for entry in transactions {
      for posting in entry.postings {
        nets[entry.cause.subject, default: [:]][posting.account.party, default: .zero] +=
          posting.amount
        balances[posting.account.name, default: .zero] += posting.amount
      }
    }
    func inOrder(_ amounts: [String: Amount]) -> [(String, Amount)] {
      amounts.filter { $0.value != .zero }.map { ($0.key, $0.value) }
        .sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }
    }
    var text = ""
    for (subject, parties) in nets.sorted(by: {
      $0.key.utf8.lexicographicallyPrecedes($1.key.utf8)
    }) {
      for (party, amount) in inOrder(parties) {
        text += DigestLine.net(subject: subject, party: party, amount: amount)
      }
    }
    for (account, amount) in inOrder(balances) {
      text += DigestLine.balance(account: account, amount: amount)
    }
    return text
  }
}
