import Commerce

/// An amount added to one account.
package struct Posting: Hashable, Sendable {
  /// The account.
  package let account: Account
  /// Minor units; never zero inside a transaction.
  package let amount: Amount

  /// Makes a posting.
  ///
  /// - Parameters:
  ///   - account: the account.
  ///   - amount: minor units.
  package init(_ account: Account, _ amount: Amount) {
    self.account = account
    self.amount = amount
  }
}

/// What made a transaction happen.
package enum CauseKind: String, Sendable, CaseIterable {
  /// An order was paid: its shares become pending.
  case sale
  /// A commission service split a sale that had waited for it: its shares become pending.
  case settlement
  /// Part or all of an order was returned, or a commission service split what is left of it anew.
  case refund
  /// The return period of an order or an award is over: pending becomes available.
  case release
  /// A statement paid out what was available.
  case payout
  /// A payment of a statement failed and its amount is available again.
  case payoutReturned = "payout_returned"
  /// A bonus for somebody's joining.
  case award
}

/// Why a transaction was booked.
package struct Cause: Hashable, Sendable {
  /// The kind of event.
  package let kind: CauseKind
  /// What it is about: an order's id, `award/…` for an award, `statement/…` for a statement. The net per subject
  /// and party does not depend on the order in which events arrived.
  package let subject: String
  /// The event's own id, such as the payment's or the refund's.
  package let fact: String

  /// Makes a cause.
  ///
  /// - Parameters:
  ///   - kind: the kind of event.
  ///   - subject: what it is about.
  ///   - fact: the event's own id.
  package init(kind: CauseKind, subject: String, fact: String) {
    self.kind = kind
    self.subject = subject
    self.fact = fact
  }
}

/// Postings that belong together and sum to zero.
package struct Transaction: Hashable, Sendable {
  /// The place in the storefront's ledger, from 1, without gaps.
  package let sequence: Int64
  /// When it was booked.
  package let at: Timestamp
  /// Why.
  package let cause: Cause
  /// The currency of every posting.
  package let currency: Currency
  /// At least one; no account twice, no zero amount; they sum to zero.
  package let postings: [Posting]

  /// Makes a transaction; an imbalance is a bug and stops the program before anything is booked.
  ///
  /// - Parameters:
  ///   - sequence: the next of the storefront's ledger.
  ///   - at: when it is booked.
  ///   - cause: why.
  ///   - currency: of every posting.
  ///   - postings: merged, see `Postings`.
  package init(
    sequence: Int64, at: Timestamp, cause: Cause, currency: Currency, postings: [Posting]
  ) {
    precondition(!postings.isEmpty, "a transaction has postings")
    precondition(
      postings.reduce(Amount.zero) { $0 + $1.amount } == .zero, "a transaction sums to zero")
    self.sequence = sequence
    self.at = at
    self.cause = cause
    self.currency = currency
    self.postings = postings
  }

  /// The bytes that the digest chain covers: every field, one per line, in a fixed order.
  ///
  /// Format: `sequence|milliseconds|kind|subject|fact|currency` and then `account|amount` for each
  /// posting in its order, lines ended by a line feed. No field can contain `|` or a line feed.
  package var canonicalBytes: [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(128 + postings.count * 40)
    text.append(sequence, then: "|")
    text.append(at.milliseconds, then: "|")
    text.append(cause.kind.rawValue, then: "|")
    text.append(cause.subject, then: "|")
    text.append(cause.fact, then: "|")
    text.append(currency.code, then: "\n")
    for posting in postings {
      text.append(posting.account.kind, then: nil)
      if let id = posting.account.id {
        text.append(UInt8(ascii: "/"))
        text.append(id, then: nil)
      }
      text.append(UInt8(ascii: "|"))
      text.append(posting.amount.minorUnits, then: "\n")
    }
    return text
  }
}

// Every transaction is written so before it is stored: straight into the bytes, without a text for each
// piece.
extension [UInt8] {
  fileprivate mutating func append(_ text: String, then end: Unicode.Scalar?) {
    var text = text
    text.withUTF8 { append(contentsOf: $0) }
    if let end { append(UInt8(ascii: end)) }
  }

  fileprivate mutating func append(_ number: Int64, then end: Unicode.Scalar) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 21) { digits in
      var start = digits.count - 1
      digits[start] = UInt8(ascii: end)
      var rest = number.magnitude
      repeat {
        start -= 1
        digits[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
        rest /= 10
      } while rest > 0
      if number < 0 { append(UInt8(ascii: "-")) }
      append(contentsOf: UnsafeBufferPointer(rebasing: digits[start...]))
    }
  }
}

/// Collects postings of one transaction: merges those to the same account and drops zeros.
///
/// Keeps the order in which accounts were first named, so that a replay books the same bytes.
package struct Postings: Sendable {
  private var entries: [Posting] = []

  /// Starts without postings.
  package init() {}

  /// Adds an amount to an account.
  ///
  /// - Parameters:
  ///   - account: the account.
  ///   - amount: minor units.
  /// - Complexity: O(n) in the number of accounts, which are few but in a payout; those use
  ///   `append`.
  package mutating func add(_ account: Account, _ amount: Amount) {
    if let index = entries.firstIndex(where: { $0.account == account }) {
      entries[index] = Posting(account, entries[index].amount + amount)
    } else {
      entries.append(Posting(account, amount))
    }
  }

  /// Adds a posting to an account that is known not to be there yet.
  ///
  /// - Parameters:
  ///   - account: the account.
  ///   - amount: minor units.
  package mutating func append(_ account: Account, _ amount: Amount) {
    entries.append(Posting(account, amount))
  }

  /// What to book: without the accounts whose amounts cancelled out.
  package var booked: [Posting] { entries.filter { $0.amount != .zero } }
}
