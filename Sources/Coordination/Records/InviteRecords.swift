// Invite codes and the ledger of the quota that they draw on: earned by settled sales, reserved by a
// code that is given out, consumed by somebody who joins, returned, clawed back by a refund.
// Source: domain.md, section 5.2 (邀请码的数量,需要用业绩去换).
//
// Invariant: left = earned − reserved − consumed; it is the running total of the entries' units. It is
// below zero only where sales behind codes that were used have been refunded. Values only; any thread.

import Commerce

/// What became of an invite code.
package enum InviteState: String, Sendable, CaseIterable {
  /// Somebody can join with it, until it expires.
  case open
  /// Somebody joined with it.
  case consumed
  /// Its owner took it back.
  case withdrawn
  /// Nobody used it in time.
  case expired
  /// Taken back because the sales behind it were refunded.
  case revoked
}

/// A code with which one person can join as somebody's recruit.
package struct Invite: Equatable, Sendable {
  /// The code itself.
  package let id: InviteID
  /// Whose recruit joins with it.
  package let promoter: MemberID
  /// When it was given out.
  package let issuedAt: Timestamp
  /// From then on it is invalid.
  package let expiresAt: Timestamp
  /// Whether it draws on the quota: it does where the plan in force limits codes.
  package let isLimited: Bool
  /// What became of it.
  package var state: InviteState
  /// Who joined with it.
  package var usedBy: MemberID?
  /// When it ceased to be open.
  package var closedAt: Timestamp?

  /// Makes a code.
  package init(
    id: InviteID, promoter: MemberID, issuedAt: Timestamp, expiresAt: Timestamp,
    isLimited: Bool = false, state: InviteState = .open, usedBy: MemberID? = nil,
    closedAt: Timestamp? = nil
  ) {
    self.id = id
    self.promoter = promoter
    self.issuedAt = issuedAt
    self.expiresAt = expiresAt
    self.isLimited = isLimited
    self.state = state
    self.usedBy = usedBy
    self.closedAt = closedAt
  }

  /// What became of it as far as the clock goes: an open code whose time is over has expired.
  package func state(at now: Timestamp) -> InviteState {
    state == .open && now >= expiresAt ? .expired : state
  }
}

/// What a member has earned of a quota and what they have done with it.
package struct QuotaAccount: Equatable, Sendable {
  /// Sales that were settled at one price of a unit; a plan may change the price, and what was
  /// placed before counts at the price of then.
  package struct Earned: Equatable, Sendable {
    /// Settled sales that earn one unit, minor units, ≥ 1.
    package let per: Amount
    /// Settled at this price, less refunds, minor units.
    package var settled: Amount

    /// Makes a sum.
    package init(per: Amount, settled: Amount) {
      self.per = per
      self.settled = settled
    }

    /// Whole units.
    package var units: Int64 { settled.minorUnits / per.minorUnits }
  }

  /// A code that is given out and not used.
  package struct Open: Equatable, Sendable {
    /// The code.
    package let invite: InviteID
    /// From then on its unit can be had back.
    package let expiresAt: Timestamp

    /// Makes an entry.
    package init(invite: InviteID, expiresAt: Timestamp) {
      self.invite = invite
      self.expiresAt = expiresAt
    }
  }

  /// In the order in which the prices were first used.
  package var sums: [Earned]
  /// In the order in which they were given out, at most `openMax`.
  package var open: [Open]
  /// Codes that somebody joined with.
  package var consumed: Int64
  /// How many entries the account has, numbered from 1.
  package var entries: Int64

  /// How many limited codes of one member may be open at once.
  package static let openMax = 1_000

  /// Makes an account.
  package init(
    sums: [Earned] = [], open: [Open] = [], consumed: Int64 = 0, entries: Int64 = 0
  ) {
    self.sums = sums
    self.open = open
    self.consumed = consumed
    self.entries = entries
  }

  /// Units earned and not clawed back.
  package var earned: Int64 { sums.reduce(0) { $0 + $1.units } }
  /// Units that can be given out; below zero where used codes have lost their funding.
  package var left: Int64 { earned - Int64(open.count) - consumed }

  /// Moves the settled sales at a price.
  ///
  /// - Returns: by how many units that moves what was earned.
  mutating func settle(_ amount: Amount, per: Amount) -> Int64 {
    let before = earned
    if let index = sums.firstIndex(where: { $0.per == per }) {
      sums[index].settled += amount
    } else {
      sums.append(Earned(per: per, settled: amount))
    }
    return earned - before
  }
}

/// One movement of a quota account; never altered.
package struct QuotaEntry: Equatable, Sendable {
  /// What moved.
  package enum Kind: String, Sendable, CaseIterable {
    /// An order was released; `units` says how many units it completed, perhaps none.
    case earned
    /// A released order was refunded; `units` is what that cost, perhaps nothing.
    case clawedBack = "clawed_back"
    /// A code was given out.
    case reserved
    /// Somebody joined with a code: what was reserved is consumed.
    case consumed
    /// A code was withdrawn or expired.
    case returned
    /// An unused code was taken back after a clawback.
    case revoked
  }

  /// Counts the account's entries from 1.
  package let number: Int64
  /// When it was decided.
  package let at: Timestamp
  /// What moved.
  package let kind: Kind
  /// By how much it moved what is left.
  package let units: Int64
  /// What is left after it.
  package let left: Int64
  /// The order behind it, for `earned` and `clawedBack`.
  package let order: OrderID?
  /// What that order moved the settled sales by, minor units; below zero for `clawedBack`.
  package let amount: Amount
  /// The price of a unit for that order.
  package let per: Amount?
  /// The code, for all other kinds.
  package let invite: InviteID?

  /// Makes an entry.
  package init(
    number: Int64, at: Timestamp, kind: Kind, units: Int64, left: Int64, order: OrderID? = nil,
    amount: Amount = .zero, per: Amount? = nil, invite: InviteID? = nil
  ) {
    self.number = number
    self.at = at
    self.kind = kind
    self.units = units
    self.left = left
    self.order = order
    self.amount = amount
    self.per = per
    self.invite = invite
  }
}
