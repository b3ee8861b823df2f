// Orders, links, and what stands in the ledger about them and about members.

import Commerce
import Coordination
import Ledger

/// Whose orders are asked for.
package enum OrderFilter: Equatable, Sendable {
  /// All of the storefront.
  case all
  /// Placed in a room.
  case room(RoomID)
  /// Attributed to a promoter.
  case promoter(MemberID)
  /// Placed by a buyer.
  case buyer(ViewerID)
}

/// Which orders of a list come first.
package enum OrderDirection: Sendable {
  /// In order of placement, ties by id.
  case oldestFirst
  /// The other way round.
  case newestFirst
}

/// A place in a list of orders, which is in order of placement and then of id.
package struct OrderCursor: Equatable, Sendable {
  /// When the last order of the page before was placed.
  package let placedAt: Timestamp
  /// Its id.
  package let id: OrderID

  /// Makes a cursor.
  ///
  /// - Parameters:
  ///   - placedAt: when the last order of the page before was placed.
  ///   - id: its id.
  package init(placedAt: Timestamp, id: OrderID) {
    self.placedAt = placedAt
    self.id = id
  }
}

/// What a member's four accounts hold.
package struct MemberBalance: Equatable, Sendable {
  /// Not released yet.
  package var pending: Amount = .zero
  /// Released and not paid out.
  package var available: Amount = .zero
  /// Paid out.
  package var paid: Amount = .zero
  /// Owed after a clawback; zero or negative.
  package var debt: Amount = .zero

  /// Makes a balance of nothing.
  package init() {}
}

extension SQLiteReader {
  /// One order.
  ///
  /// - Parameters:
  ///   - storefront: whose.
  ///   - id: the order.
  /// - Returns: the order, or nothing.
  /// - Throws: `StorageError`.
  package func order(_ storefront: StorefrontID, _ id: OrderID) throws -> Order? {
    try tables.orders.order(storefront, id)
  }

  /// Orders in order of placement or against it, a page at a time.
  ///
  /// - Parameters:
  ///   - storefront: whose.
  ///   - filter: which of them.
  ///   - direction: which of them first.
  ///   - after: where the page before ended; none begins with the first.
  ///   - limit: how many at the most.
  /// - Returns: orders by time of placement, ties by id, in that direction.
  /// - Throws: `StorageError`.
  /// - Complexity: O(limit); for `.all`, O(n) in the storefront's orders.
  package func orders(
    _ storefront: StorefrontID, _ filter: OrderFilter = .all,
    _ direction: OrderDirection = .oldestFirst, after: OrderCursor? = nil, limit: Int
  ) throws -> [Order] {
    let (condition, value): (String, String?) =
      switch filter {
      case .all: ("?5 IS NULL", nil)
      case .room(let room): ("room = ?5", room.text)
      case .promoter(let promoter): ("promoter = ?5", promoter.text)
      case .buyer(let buyer): ("buyer = ?5", buyer.text)
      }
    let (beyond, order, first) =
      switch direction {
      case .oldestFirst: (">", "ASC", Int64.min)
      case .newestFirst: ("<", "DESC", Int64.max)
      }
    let columns = OrderTables.frozenOrderColumns + OrderTables.orderColumns
    let sql = """
      SELECT id, \(columns.joined(separator: ", ")) FROM orders
      WHERE storefront = ?1 AND (placed_at, id) \(beyond) (?2, ?3) AND \(condition)
      ORDER BY placed_at \(order), id \(order) LIMIT ?4
      """
    return try rows(sql) { row in
      row.id(storefront)
      row.integer(after?.placedAt.milliseconds ?? first)
      row.text(after?.id.text ?? "")
      row.integer(Int64(limit))
      row.text(value)
    } _: { row in
      try OrderTables.readOrder(try row.id(), &row)
    }
  }

  /// The links of a promoter, newest first.
  ///
  /// - Parameters:
  ///   - storefront: whose.
  ///   - promoter: the links' owner.
  ///   - limit: how many at the most.
  /// - Returns: the links, and how often links of this promoter were refused.
  /// - Throws: `StorageError`.
  package func links(
    _ storefront: StorefrontID, promoter: MemberID, limit: Int
  ) throws -> (links: [Link], refusals: LinkRefusals) {
    let columns = PeopleTables.frozenLinkColumns + PeopleTables.linkColumns
    let sql = """
      SELECT id, \(columns.joined(separator: ", ")) FROM links
      WHERE storefront = ?1 AND promoter = ?2 ORDER BY issued_at DESC, id LIMIT ?3
      """
    return try moment {
      let links = try rows(sql) { row in
        row.id(storefront)
        row.id(promoter)
        row.integer(Int64(limit))
      } _: { row in
        try PeopleTables.readLink(try row.id(), &row)
      }
      return (links, try tables.people.linkRefusals(storefront, promoter) ?? LinkRefusals())
    }
  }
}

// MARK: The ledger

extension SQLiteReader {
  /// One transaction, or nothing.
  func transaction(
    _ storefront: StorefrontID, _ sequence: Int64
  ) throws -> Transaction? {
    try rows(
      """
      SELECT at, kind, subject, fact, currency, postings FROM transactions
      WHERE storefront = ?1 AND sequence = ?2
      """
    ) { row in
      row.id(storefront)
      row.integer(sequence)
    } _: { row in
      let at = try row.time()
      let cause = Cause(kind: try row.word(), subject: try row.text(), fact: try row.text())
      let currency = try row.currency()
      let postings = try row.postings().lines.map { name, amount in
        guard let account = Account(name: name) else { throw row.corrupt("no account: \(name)") }
        return Posting(account, amount)
      }
      guard !postings.isEmpty, postings.lazy.map(\.amount).storedSum == .zero else {
        throw row.corrupt("transaction \(sequence) does not sum to zero")
      }
      return Transaction(
        sequence: sequence, at: at, cause: cause, currency: currency, postings: postings)
    }.first
  }

  /// What a member's accounts hold, with the sequence that the figures reflect.
  ///
  /// - Parameters:
  ///   - storefront: whose.
  ///   - member: the member.
  /// - Returns: the balance, zeros where nothing was ever booked.
  /// - Throws: `StorageError`.
  package func balance(
    _ storefront: StorefrontID, _ member: MemberID
  ) throws -> (balance: MemberBalance, sequence: Int64) {
    try moment {
      func amount(_ account: Account) throws -> Amount {
        try tables.ledger.balance(storefront, account) ?? .zero
      }
      var balance = MemberBalance()
      balance.pending = try amount(.pending(member))
      balance.available = try amount(.available(member))
      balance.paid = try amount(.paid(member))
      balance.debt = try amount(.debt(member))
      return (balance, try tables.storefronts.progress(storefront)?.sequence ?? 0)
    }
  }

  /// The running balances of a storefront, in order of account name.
  ///
  /// - Parameter storefront: whose.
  /// - Returns: every account that was ever booked; the amounts sum to zero.
  /// - Throws: `StorageError`.
  package func balances(
    _ storefront: StorefrontID
  ) throws -> [(account: Account, amount: Amount)] {
    try rows(
      "SELECT account, amount FROM balances WHERE storefront = ? ORDER BY account",
      { $0.id(storefront) }
    ) { row in
      let name = try row.text()
      guard let account = Account(name: name) else { throw row.corrupt("no account: \(name)") }
      return (account, try row.amount())
    }
  }

  /// What each party holds over all of its accounts.
  ///
  /// - Parameter storefront: whose.
  /// - Returns: parties in order of name, see `Account.party`; zeros are left out.
  /// - Throws: `StorageError`.
  package func partyTotals(
    _ storefront: StorefrontID
  ) throws -> [(party: String, amount: Amount)] {
    var totals: [String: Amount] = [:]
    for (account, amount) in try balances(storefront) {
      totals[account.party, default: .zero] += amount
    }
    return sorted(totals)
  }

  /// A member's earnings in each room and, under no room, in total.
  ///
  /// - Parameters:
  ///   - storefront: whose.
  ///   - member: the member.
  /// - Returns: the total first if there is one, then rooms in order of id.
  /// - Throws: `StorageError`.
  package func earnings(
    _ storefront: StorefrontID, _ member: MemberID
  ) throws -> [(room: RoomID?, earnings: Earnings)] {
    let columns = LedgerTables.earningsColumns.joined(separator: ", ")
    return try rows(
      """
      SELECT room, \(columns) FROM earnings WHERE storefront = ?1 AND member = ?2 ORDER BY room
      """
    ) { row in
      row.id(storefront)
      row.id(member)
    } _: { row in
      let room = try row.text()
      return (
        room.isEmpty ? nil : RoomID(trusted: room), try LedgerTables.readEarnings(&row)
      )
    }
  }
}

/// Amounts in order of name by bytes, as the same figures are listed everywhere; zeros left out.
func sorted(_ amounts: [String: Amount]) -> [(party: String, amount: Amount)] {
  amounts.filter { $0.value != .zero }.map { (party: $0.key, amount: $0.value) }
    .sorted { $0.party.utf8.lexicographicallyPrecedes($1.party.utf8) }
}
