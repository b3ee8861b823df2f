// How long to wait before the next attempt: exponential with full jitter, so that those who failed
// together do not come back together. A value; chance is an argument.

/// The waits between attempts at the same thing.
package struct Backoff: Equatable, Sendable {
  /// The ceiling of the first wait, milliseconds.
  package let baseMilliseconds: Int64
  /// The ceiling of every wait, milliseconds.
  package let limitMilliseconds: Int64

  /// Half a second, doubled up to five minutes.
  package static let standard = Backoff(baseMilliseconds: 500, limitMilliseconds: 300_000)

  /// Makes a rule.
  ///
  /// - Parameters:
  ///   - baseMilliseconds: > 0.
  ///   - limitMilliseconds: at least the base.
  package init(baseMilliseconds: Int64, limitMilliseconds: Int64) {
    precondition(
      baseMilliseconds > 0 && limitMilliseconds >= baseMilliseconds, "waits grow from the base")
    self.baseMilliseconds = baseMilliseconds
    self.limitMilliseconds = limitMilliseconds
  }

  /// The longest wait after so many failures: the base doubled for each failure but the first.
  ///
  /// - Parameter failures: ≥ 1.
  /// - Returns: milliseconds, at most the limit.
  package func ceilingMilliseconds(afterFailures failures: Int64) -> Int64 {
    precondition(failures >= 1, "there is a wait after a failure only")
    // 2^62 of anything is beyond every limit, and the shift must not lose bits.
    guard failures <= 62, baseMilliseconds <= limitMilliseconds >> (failures - 1) else {
      return limitMilliseconds
    }
    return baseMilliseconds << (failures - 1)
  }

  /// The wait after so many failures: anything from nothing to the ceiling, all equally likely.
  ///
  /// - Parameters:
  ///   - failures: ≥ 1.
  ///   - chance: 64 random bits.
  /// - Returns: milliseconds, 0 to the ceiling.
  package func delayMilliseconds(afterFailures failures: Int64, chance: UInt64) -> Int64 {
    let ceiling = ceilingMilliseconds(afterFailures: failures)
    return Int64(chance.multipliedFullWidth(by: UInt64(ceiling) + 1).high)
  }
}
