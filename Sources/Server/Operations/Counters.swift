// Counters and histograms that many threads write at once and one reads now and then: a row of atomics
// with relaxed ordering, an addition costs some nanoseconds and never waits. A reading is not of one
// moment; what it adds up to is a lower bound that the next reading makes up for.

import Glibc
import Synchronization

/// A fixed number of counters.
///
/// `@unchecked Sendable` holds because the memory is reserved and set before anybody shares it, is never
/// moved, and is touched through atomic operations only until the last owner has let go.
final class Counters: @unchecked Sendable {
  private let cells: UnsafeMutableBufferPointer<Atomic<Int>>

  /// Makes counters that stand at zero.
  init(count: Int) {
    cells = .allocate(capacity: count)
    for index in 0..<count { cells.initializeElement(at: index, to: Atomic(0)) }
  }

  deinit {
    cells.deinitialize()
    cells.deallocate()
  }

  /// How many there are.
  var count: Int { cells.count }

  /// Counts.
  func add(_ amount: Int = 1, at index: Int) { cells[index].add(amount, ordering: .relaxed) }

  /// What a counter stands at.
  subscript(index: Int) -> Int {
    get { cells[index].load(ordering: .relaxed) }
    set { cells[index].store(newValue, ordering: .relaxed) }
  }
}

/// How often something was how large, in fixed steps.
package final class Histogram: Sendable {
  /// The upper ends of the steps, ascending; what is above the last one counts in one more.
  let bounds: [Int]
  private let steps: Counters
  private let total = Atomic<Int>(0)

  /// Makes an empty histogram.
  ///
  /// - Parameter bounds: ascending, at least one.
  package init(bounds: [Int]) {
    precondition(!bounds.isEmpty && zip(bounds, bounds.dropFirst()).allSatisfy(<), "ascending")
    self.bounds = bounds
    steps = Counters(count: bounds.count + 1)
  }

  /// Microseconds from 0.1 ms to 10 s.
  static var ofDurations: Histogram {
    Histogram(bounds: [
      100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
      1_000_000, 2_500_000, 5_000_000, 10_000_000,
    ])
  }

  /// Powers of two from 1 to 4,096.
  static var ofCounts: Histogram { Histogram(bounds: (0...12).map { 1 << $0 }) }

  /// Counts a value.
  ///
  /// - Parameter value: at least 0.
  /// - Complexity: O(log n) in the steps.
  package func observe(_ value: Int) {
    var low = 0
    var high = bounds.count
    while low < high {
      let middle = (low + high) / 2
      if value <= bounds[middle] { high = middle } else { low = middle + 1 }
    }
    total.add(value, ordering: .relaxed)
    steps.add(at: low)
  }

  /// How many values were at most each bound, and how many there were; never falling.
  var cumulative: [Int] {
    var sum = 0
    return (0...bounds.count).map { index in
      sum += steps[index]
      return sum
    }
  }

  /// How many values there were.
  var count: Int { cumulative.last ?? 0 }

  /// All values together.
  var sum: Int { total.load(ordering: .relaxed) }
}

/// Microseconds of the clock that never jumps.
@Sendable package func monotonicMicroseconds() -> Int {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return time.tv_sec * 1_000_000 + time.tv_nsec / 1_000
}
