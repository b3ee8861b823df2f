// Stores what the writer hands over, beside it as the server's thread does: the dice say when a batch is on
// the disk and when that is known, so that rounds are decided in between. The simulation's thread only.

import Coordination
import Histories
import Server

/// Stores batches one after the other, some of them slowly.
final class SimulatedCommitter: Committer {
  /// A batch under way.
  private struct Batch {
    let changes: Changes
    /// When it is done at the latest, simulated milliseconds.
    let dueAt: Int64
    /// How often it is still looked for in vain before.
    var looksLeft: Int
    /// What became of it; none while the disk was not asked.
    var stored: Result<Void, any Error>?
  }

  private let disk: SimulatedDisk
  private let clock: SimulatedClock
  private let isSlow: Bool
  private var dice: Dice
  private var batch: Batch?

  init(_ swarm: Swarm, disk: SimulatedDisk, clock: SimulatedClock, life: UInt64) {
    self.disk = disk
    self.clock = clock
    isSlow = swarm.has(.slowCommits)
    dice = swarm.dice(100 + life)
  }

  /// When the batch under way is done at the latest; none while there is none.
  var dueAt: Int64? { batch?.dueAt }

  func begin(_ changes: Changes, isAlone: Bool) {
    precondition(batch == nil, "one batch is stored after the other")
    var batch = Batch(changes: changes, dueAt: clock.now, looksLeft: 0)
    if isSlow {
      batch = Batch(
        changes: changes, dueAt: clock.now + Int64(1 + dice.below(80)),
        looksLeft: dice.below(8))
    }
    // On the disk before anybody knows, or not before: what is read meanwhile is old or new.
    if !isSlow || dice.percent(50) { batch.stored = Result { try disk.commit(changes) } }
    self.batch = batch
  }

  func outcome() -> Result<Void, any Error>? {
    guard let present = batch else { return nil }
    if present.looksLeft > 0, clock.now < present.dueAt {
      batch?.looksLeft -= 1
      return nil
    }
    return awaitOutcome()
  }

  func awaitOutcome() -> Result<Void, any Error> {
    guard let batch = batch.take() else { preconditionFailure("no batch was begun") }
    return batch.stored ?? Result { try disk.commit(batch.changes) }
  }

  func stop() {}
}
