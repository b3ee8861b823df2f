import Commerce

/// One line of the ledger digest's text.
///
/// The digest covers what the books *say*, not the order in which it was learnt: for each subject and
/// party the net amount, then each account's balance. So any order of arrival of the same events
/// gives the same digest, while the chain over transactions (`Transaction.canonicalBytes`) proves that no line
/// was altered. Both are hashed by the shell.
package enum DigestLine {
  /// The net of one party over one subject.
  ///
  /// - Parameters:
  ///   - subject: see `Cause.subject`.
  ///   - party: see `Account.party`.
  ///   - amount: minor units, not zero.
  /// - Returns: the line with its line feed.
  package static func net(subject: String, party: String, amount: Amount) -> String {
    "net|\(subject)|\(party)|\(amount.minorUnits)\n"
  }

  /// The balance of one account.
  ///
  /// - Parameters:
  ///   - account: see `Account.name`.
  ///   - amount: minor units, not zero.
  /// - Returns: the line with its line feed.
  package static func balance(account: String, amount: Amount) -> String {
    "balance|\(account)|\(amount.minorUnits)\n"
  }
}
