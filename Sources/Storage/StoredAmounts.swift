// Sums of amounts that are read back in order to be checked: whoever altered them may have made them as
// large as they like, and what proves that must not stop at it. Values only; any thread.

import Commerce

extension Amount {
  /// The sum, or nothing where it does not fit in 64 bits.
  ///
  /// - Parameter other: minor units.
  /// - Returns: minor units, or nothing.
  func adding(stored other: Amount) -> Amount? {
    let (sum, overflows) = minorUnits.addingReportingOverflow(other.minorUnits)
    return overflows ? nil : Amount(sum)
  }
}

extension Sequence<Amount> {
  /// The sum in the order given, or nothing where one on the way does not fit in 64 bits.
  var storedSum: Amount? {
    var sum = Amount.zero
    for amount in self {
      guard let next = sum.adding(stored: amount) else { return nil }
      sum = next
    }
    return sum
  }
}
