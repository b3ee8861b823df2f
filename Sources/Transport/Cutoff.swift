// When blocking clients give up, whatever they were promised: set by whoever ends the work that they do.
// Any thread.
import Synchronization

/// A moment that ends every wait of the clients that share it.
package final class Cutoff: Sendable {
  private let moment = Atomic<Int64>(.max)

  /// Makes one that ends nothing yet.
  package init() {}

  /// Ends every wait at a moment, or earlier where that was asked for already.
  ///
  /// - Parameter end: monotonic milliseconds.
  package func set(_ end: Int64) { moment.min(end, ordering: .relaxed) }

  /// Whether the moment has come.
  package var hasPassed: Bool { monotonicMilliseconds() >= end }

  /// Monotonic milliseconds.
  var end: Int64 { moment.load(ordering: .relaxed) }

  /// How long one wait lasts before the moment is looked at again, milliseconds: the delay of a stop
  /// that cuts somebody off.
  static let sliceMilliseconds: Int64 = 50
}
