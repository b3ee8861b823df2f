// What a check of a storefront's books found.

import Commerce
import Commission

/// The result of checking a storefront's whole history.
package struct Verification: Equatable, Sendable {
  /// Transactions walked.
  package var transactions: Int64 = 0
  /// Postings added up.
  package var postings: Int64 = 0
  /// Accounts whose balance was compared.
  package var accounts: Int64 = 0
  /// Members whose earnings were compared.
  package var members: Int64 = 0
  /// Orders settled again.
  package var orders: Int64 = 0
  /// Joining bonuses compared.
  package var bonuses: Int64 = 0
  /// Statements whose lines were compared.
  package var statements: Int64 = 0
  /// Orders that a commission service settles.
  package var delegated: Int64 = 0
  /// Those of them whose money waits to be split.
  package var unsettled: Int64 = 0
  /// Those of them that the plan as it is known here would settle otherwise.
  package var disagreeing: Int64 = 0
  /// The digest of the last transaction in the chain, 64 hexadecimal digits.
  package var chain = ""
  /// The digest of what the books say; none where a fault was found.
  package var digest: LedgerDigest?
  /// The first difference; none where everything holds.
  package var fault: Fault?

  /// Makes the result of a check that has not begun.
  package init() {}

  /// A difference between what is stored and what it has to be.
  package struct Fault: Error, Equatable, Sendable, CustomStringConvertible {
    /// Where, such as `transaction 17` or `order o1, party platform`.
    package let place: String
    /// What it has to be.
    package let expected: String
    /// What is stored.
    package let found: String

    /// Makes a fault.
    ///
    /// - Parameters:
    ///   - place: where.
    ///   - expected: what it has to be.
    ///   - found: what is stored.
    package init(at place: String, expected: String, found: String) {
      self.place = place
      self.expected = expected
      self.found = found
    }

    /// One line in English.
    package var description: String { "\(place): expected \(expected), found \(found)" }
  }

  /// What is being checked.
  package enum Stage: String, Sendable, CaseIterable {
    /// The chain of transactions, their sums, the balances.
    case ledger
    /// Each order settled again under its pinned plan and snapshot.
    case orders
    /// Joining bonuses.
    case bonuses
    /// The digest.
    case digest
  }
}

extension Settlement {
  /// Whether everybody gets the same, by whatever rules.
  func pays(like other: Settlement) -> Bool {
    func paid(_ settlement: Settlement) -> [MemberID: Amount] {
      var amounts: [MemberID: Amount] = [:]
      for payee in settlement.payees where payee.amount != .zero {
        amounts[payee.payee] = payee.amount
      }
      return amounts
    }
    return supplier == other.supplier && platform == other.platform
      && paid(self) == paid(other)
  }
}
