// Statements: what each member was paid at one moment, and what makes up the amount.
//
// A statement reaches from the sequence up to which the one before reached (excluded) to its own
// (included): no booking is on two statements or on none. What is booked later goes to the next one; a
// statement's figures never change again. Each member has a line of their own, a record of its own, so
// that thousands of them never make one large record. Source: domain.md, section 3.

import Commerce
import Ledger

/// What makes up an amount: how released money of a member, or of all, moved over a statement's period.
package struct StatementFigures: Equatable, Sendable {
  /// What the statement before left: positive where it was not paid out, negative where it is owed.
  package var opening: Amount
  /// Shares and bonuses whose return period was over.
  package var released: Amount
  /// What refunds took back after release, as a positive figure.
  package var reversed: Amount
  /// Payments that the backend reported as failed.
  package var returned: Amount
  /// The part of what was released and returned that paid off debt.
  package var offset: Amount
  /// What this statement pays.
  package var paid: Amount
  /// How many releases there were: one an order or bonus.
  package var releases: Int64
  /// How many refunds took something back.
  package var reversals: Int64

  /// Makes figures.
  package init(
    opening: Amount = .zero, released: Amount = .zero, reversed: Amount = .zero,
    returned: Amount = .zero, offset: Amount = .zero, paid: Amount = .zero, releases: Int64 = 0,
    reversals: Int64 = 0
  ) {
    self.opening = opening
    self.released = released
    self.reversed = reversed
    self.returned = returned
    self.offset = offset
    self.paid = paid
    self.releases = releases
    self.reversals = reversals
  }

  /// What is left for the next statement, which opens with it.
  package var closing: Amount { opening + released - reversed + returned - paid }

  /// Adds the figures of another line.
  ///
  /// - Parameters:
  ///   - total: so far.
  ///   - line: what is added.
  package static func += (total: inout StatementFigures, line: StatementFigures) {
    total.opening += line.opening
    total.released += line.released
    total.reversed += line.reversed
    total.returned += line.returned
    total.offset += line.offset
    total.paid += line.paid
    total.releases += line.releases
    total.reversals += line.reversals
  }
}

/// One member's line of a statement.
package struct StatementLine: Equatable, Sendable {
  /// Whose.
  package let member: MemberID
  /// The member's name when the statement was made; may be empty.
  package let name: String
  /// What makes up the amount.
  package let figures: StatementFigures
  /// Why the payment failed, once the backend has said so.
  package var failure: String?

  /// Makes a line.
  package init(member: MemberID, name: String, figures: StatementFigures, failure: String? = nil) {
    self.member = member
    self.name = name
    self.figures = figures
    self.failure = failure
  }
}

/// What the settlement backend said about the payments of a statement.
package struct Acknowledgement: Equatable, Sendable {
  /// The backend's id of the report.
  package let id: FactID
  /// When the payments were made.
  package let at: Timestamp
  /// How many of them have failed by now.
  package let failed: Int64
  /// What went back to the members.
  package let returned: Amount

  /// Makes an acknowledgement.
  package init(id: FactID, at: Timestamp, failed: Int64, returned: Amount) {
    self.id = id
    self.at = at
    self.failed = failed
    self.returned = returned
  }
}

/// A closed period and what it paid.
package struct Statement: Equatable, Sendable {
  /// The operator's id.
  package let id: StatementID
  /// Counts the storefront's statements from 1.
  package let number: Int64
  /// The sequence up to which the statement before reached; 0 for the first.
  package let from: Int64
  /// The sequence up to which this one reaches.
  package let to: Int64
  /// What was booked from then on is left for the next; none where everything booked counts.
  package let until: Timestamp?
  /// When it was made.
  package let createdAt: Timestamp
  /// How many lines it has.
  package let members: Int64
  /// How many of them pay something.
  package let payees: Int64
  /// All lines together.
  package let figures: StatementFigures
  /// The sequence of the ledger once its payments were booked.
  package let sequence: Int64
  /// What was really paid; none before the backend has said so.
  package var acknowledgement: Acknowledgement?

  /// Makes a statement.
  package init(
    id: StatementID, number: Int64, from: Int64, to: Int64, until: Timestamp?,
    createdAt: Timestamp, members: Int64, payees: Int64, figures: StatementFigures,
    sequence: Int64, acknowledgement: Acknowledgement? = nil
  ) {
    self.id = id
    self.number = number
    self.from = from
    self.to = to
    self.until = until
    self.createdAt = createdAt
    self.members = members
    self.payees = payees
    self.figures = figures
    self.sequence = sequence
    self.acknowledgement = acknowledgement
  }

  /// The subject of its ledger transactions.
  package var subject: String { "statement/" + id.text }
}

/// A payment that the backend could not make.
package struct FailedPayment: Equatable, Sendable {
  /// Whose.
  package let member: MemberID
  /// Why, in the backend's words.
  package let reason: String

  /// Makes a failure.
  package init(member: MemberID, reason: String) {
    self.member = member
    self.reason = reason
  }
}

/// What the next statement of a storefront would be about, as a store finds it in the ledger.
package struct StatementPeriod: Equatable, Sendable {
  /// One member's figures; nothing is paid yet.
  package struct Line: Equatable, Sendable {
    /// Whose.
    package let member: MemberID
    /// What moved; `paid` is zero.
    package let figures: StatementFigures

    /// Makes a line.
    package init(member: MemberID, figures: StatementFigures) {
      self.member = member
      self.figures = figures
    }
  }

  /// The number of the next statement, from 1.
  package let number: Int64
  /// The sequence up to which the last statement reached; 0 before the first.
  package let from: Int64
  /// The sequence up to which the next one reaches, ≥ `from`.
  package let to: Int64
  /// In order of member: everybody who opens with something or whose released money moved.
  package let lines: [Line]

  /// Makes a period.
  package init(number: Int64, from: Int64, to: Int64, lines: [Line]) {
    self.number = number
    self.from = from
    self.to = to
    self.lines = lines
  }

  /// Before any statement, and with nothing to pay.
  package static let empty = StatementPeriod(number: 1, from: 0, to: 0, lines: [])
}

/// Adds up a period from its postings, given in order of the ledger. A value; any thread.
package struct StatementSums: Sendable {
  private var members: [MemberID: (figures: StatementFigures, last: Int64)] = [:]

  /// Starts with what the statement before left.
  ///
  /// - Parameter openings: closing figures of the lines before, each member at most once.
  package init(openings: [(member: MemberID, amount: Amount)]) {
    for opening in openings where opening.amount != .zero {
      members[opening.member] = (StatementFigures(opening: opening.amount), 0)
    }
  }

  /// Whether postings to an account can move a statement's figures: released money of a member.
  static func counts(_ account: Account) -> Bool {
    switch account {
    case .available, .debt: true
    case .buyers, .supplier, .platform, .unsettled, .pending, .paid: false
    }
  }

  /// Takes one posting.
  ///
  /// - Parameters:
  ///   - posting: any; those that do not count change nothing.
  ///   - kind: of its transaction; payouts belong to their own statement and change nothing.
  ///   - sequence: of its transaction, not below the one before.
  package mutating func add(_ posting: Posting, of kind: CauseKind, sequence: Int64) {
    guard Self.counts(posting.account), kind != .payout, let member = posting.account.member
    else { return }
    var (figures, last) = members[member] ?? (StatementFigures(), 0)
    let isFirst = sequence != last
    switch kind {
    case .refund:
      figures.reversed -= posting.amount
      if isFirst { figures.reversals += 1 }
    case .payoutReturned: figures.returned += posting.amount
    default:
      figures.released += posting.amount
      if isFirst { figures.releases += 1 }
    }
    if case .debt = posting.account, posting.amount > .zero { figures.offset += posting.amount }
    members[member] = (figures, sequence)
  }

  /// The lines in order of member.
  package var lines: [StatementPeriod.Line] {
    members.map { StatementPeriod.Line(member: $0.key, figures: $0.value.figures) }
      .sorted { $0.member < $1.member }
  }
}
