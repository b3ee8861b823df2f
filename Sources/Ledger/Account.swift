import Commerce

/// One account of a storefront's ledger.
///
/// A positive balance is what the account's owner is owed or has received; `buyers` is negative by
/// what buyers paid in, `debt` is negative by what a member owes. All balances of a storefront sum to
/// zero. Source: domain.md, section 3.
package enum Account: Hashable, Sendable {
  /// Where the money of sales comes from: minus all that was paid and not refunded.
  case buyers
  /// What a supplier is owed for goods.
  case supplier(SupplierID)
  /// What is left for the platform after supplier and shares; negative where it funds more.
  case platform
  /// What of the sales' money waits to be split by a commission service: what was paid and not
  /// refunded less what the service's last answers split. Zero where the plan settles at once.
  case unsettled
  /// A member's shares that are not released yet. Never shown as earned.
  case pending(MemberID)
  /// A member's released shares that are not paid out yet.
  case available(MemberID)
  /// What statements have paid out to a member.
  case paid(MemberID)
  /// What a member owes after a clawback beyond what was available; zero or negative.
  case debt(MemberID)

  /// The stable name under which the account is stored, exported and digested.
  package var name: String { id.map { kind + "/" + $0 } ?? kind }

  /// The first part of the name: of what kind the account is.
  package var kind: String {
    switch self {
    case .buyers: "buyers"
    case .supplier: "supplier"
    case .platform: "platform"
    case .unsettled: "unsettled"
    case .pending: "pending"
    case .available: "available"
    case .paid: "paid"
    case .debt: "debt"
    }
  }

  /// The second part of the name, behind a slash: whose the account is; none where there is one of a kind.
  package var id: String? {
    switch self {
    case .buyers, .platform, .unsettled: nil
    case .supplier(let id): id.text
    case .pending(let id), .available(let id), .paid(let id), .debt(let id): id.text
    }
  }

  /// Reads a name that `name` wrote; nothing where it is none.
  ///
  /// - Parameter name: a stored name.
  package init?(name: String) {
    let parts = name.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    let kind = parts.first.map(String.init) ?? ""
    let id = parts.count == 2 ? String(parts[1]) : nil
    switch (kind, id) {
    case ("buyers", nil): self = .buyers
    case ("platform", nil): self = .platform
    case ("unsettled", nil): self = .unsettled
    case ("supplier", let id?): self = .supplier(SupplierID(trusted: id))
    case ("pending", let id?): self = .pending(MemberID(trusted: id))
    case ("available", let id?): self = .available(MemberID(trusted: id))
    case ("paid", let id?): self = .paid(MemberID(trusted: id))
    case ("debt", let id?): self = .debt(MemberID(trusted: id))
    default: return nil
    }
  }

  /// Whose money it is, whatever state it is in: a member's four accounts are one party.
  package var party: String {
    switch self {
    case .buyers, .platform, .unsettled, .supplier: name
    case .pending(let id), .available(let id), .paid(let id), .debt(let id): "member/" + id.text
    }
  }

  /// The member whose account this is, if it is one's.
  package var member: MemberID? {
    switch self {
    case .buyers, .platform, .unsettled, .supplier: nil
    case .pending(let id), .available(let id), .paid(let id), .debt(let id): id
    }
  }
}
