// What is recorded of a random history: each accepted command with the transactions that it booked.
// Entries are loose copies of the ledger's transactions, so that a fault can be planted in them that
// the ledger's own type would refuse. Values only; any thread.

import Commerce
import Coordination
import Ledger

/// A transaction as the checker sees it; nothing about it is guaranteed.
package struct HistoryEntry: Sendable {
  /// When it was booked.
  package var at: Timestamp
  /// Why.
  package var cause: Cause
  /// In order.
  package var postings: [Posting]

  init(_ transaction: Transaction) {
    at = transaction.at
    cause = transaction.cause
    postings = transaction.postings
  }

  init(at: Timestamp, cause: Cause, postings: [Posting]) {
    self.at = at
    self.cause = cause
    self.postings = postings
  }

  /// Whether both say the same, in whatever order.
  ///
  /// - Parameter other: another entry.
  /// - Returns: whether time, cause and postings are the same.
  package func says(theSameAs other: HistoryEntry) -> Bool {
    at == other.at && cause == other.cause && Set(postings) == Set(other.postings)
  }

  /// What is booked on an account.
  func amount(_ account: Account) -> Int64 {
    postings.filter { $0.account == account }.reduce(0) { $0 + $1.amount.minorUnits }
  }

  /// Adds to an account, and drops it where nothing is left.
  mutating func add(_ account: Account, _ amount: Int64) {
    let sum = self.amount(account) + amount
    let index = postings.firstIndex { $0.account == account } ?? postings.count
    postings.removeAll { $0.account == account }
    if sum != 0 { postings.insert(Posting(account, Amount(sum)), at: min(index, postings.count)) }
  }
}

/// An accepted command.
package struct HistoryStep: Sendable {
  /// What was wanted.
  package let command: Command
  /// The moment of the decision.
  package let at: Timestamp
  /// Whether it had been accepted before.
  package let isRepeat: Bool
  /// To whom a placed order was attributed, as the answer says.
  package let promoter: MemberID?
  /// Members as it left them, where it changed them.
  package let members: [Member]
  /// What it booked.
  package var entries: [HistoryEntry]
}

/// Steele, Lea and Flood's SplitMix64: the same seed gives the same history everywhere.
package struct Dice {
  private var state: UInt64

  /// Begins a sequence.
  package init(seed: UInt64) { state = seed }

  /// The next 64 bits.
  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A number of 0 ..< bound.
  package mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

  /// Whether something with that chance in a hundred happens.
  package mutating func percent(_ chance: Int) -> Bool { below(100) < chance }

  /// One of some elements.
  package mutating func pick<Element>(_ elements: [Element]) -> Element {
    elements[below(elements.count)]
  }

  /// The elements in another order.
  package mutating func shuffled<Element>(_ elements: [Element]) -> [Element] {
    var elements = elements
    for index in stride(from: elements.count - 1, to: 0, by: -1) {
      elements.swapAt(index, below(index + 1))
    }
    return elements
  }
}
