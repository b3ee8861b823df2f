// Who stores the writer's batches: a thread of its own, so that the writer decides the next batch meanwhile,
// or the writer where there are no threads or is nothing else to decide.

import Coordination
import Glibc
import Synchronization
import Transport

/// Stores batches, one after the other.
package protocol Committer: AnyObject {
  /// Begins to store a batch; only once the outcome of the last one was taken. Until the outcome of this
  /// one is taken, the store belongs to the committer.
  ///
  /// - Parameters:
  ///   - changes: what to store.
  ///   - isAlone: whether the batch is small and nobody waits to be decided, so that whoever calls may as
  ///     well store it: waking a thread would take longer than it saves.
  func begin(_ changes: Changes, isAlone: Bool)

  /// Takes what became of the batch.
  ///
  /// - Returns: nothing while it is being stored, or none was begun.
  func outcome() -> Result<Void, any Error>?

  /// Waits for what becomes of the batch that was begun, and takes it.
  func awaitOutcome() -> Result<Void, any Error>

  /// Ends; nothing is being stored any more.
  func stop()
}

/// Stores each batch within `begin`.
package final class InlineCommitter: Committer {
  private let store: any Store
  private var last: Result<Void, any Error>?

  /// Stores in a store.
  package init(store: any Store) { self.store = store }

  /// See `Committer`.
  package func begin(_ changes: Changes, isAlone: Bool) {
    last = Result { try store.commit(changes) }
  }

  /// See `Committer`.
  package func outcome() -> Result<Void, any Error>? { last.take() }

  /// See `Committer`.
  package func awaitOutcome() -> Result<Void, any Error> {
    guard let last = last.take() else { preconditionFailure("no batch was begun") }
    return last
  }

  /// See `Committer`.
  package func stop() {}
}

/// Stores batches on a thread of its own.
///
/// `@unchecked Sendable` holds because `store` never changes and is used by this thread only while a batch is
/// `.given`, by the writer only while there is none (`Committer.begin`; also to store a batch that is alone),
/// and `work` hands it over and back; `thread` is used by the writer alone.
final class CommitThread: Committer, @unchecked Sendable {
  private enum Work: Sendable {
    case nothing
    case given(Changes)
    case done(Result<Void, any Error>)
    case stop
  }

  private let store: any Store
  private let work = Mutex<Work>(.nothing)
  /// Rung for this thread.
  private let hasWork = Doorbell()
  /// Rung for a writer that waits for this thread alone.
  private let isDone = Doorbell()
  /// Wakes a writer that waits for whatever comes first.
  private let wakeWriter: @Sendable () -> Void
  private var thread: pthread_t?

  /// How long anybody waits before they look again of themselves; a ring is never lost.
  private static let waitMilliseconds: Int64 = 60_000

  /// Starts the thread.
  ///
  /// - Parameters:
  ///   - store: shared with the writer, by turns.
  ///   - wakeWriter: called on the thread when a batch is done.
  /// - Throws: the system's reason, such as too many threads.
  init(store: any Store, wakeWriter: @escaping @Sendable () -> Void) throws(SystemError) {
    self.store = store
    self.wakeWriter = wakeWriter
    thread = try startThread(name: "committer") { [self] in run() }
  }

  func begin(_ changes: Changes, isAlone: Bool) {
    work.withLock { work in
      guard case .nothing = work else { preconditionFailure("one batch is stored after the other") }
      if !isAlone { work = .given(changes) }
    }
    guard isAlone else { return hasWork.ring() }
    let outcome = Result { try store.commit(changes) }
    work.withLock { $0 = .done(outcome) }
  }

  func outcome() -> Result<Void, any Error>? {
    work.withLock { work in
      guard case .done(let outcome) = work else { return nil }
      work = .nothing
      return outcome
    }
  }

  func awaitOutcome() -> Result<Void, any Error> {
    while true {
      if let outcome = outcome() { return outcome }
      isDone.wait(milliseconds: CommitThread.waitMilliseconds)
    }
  }

  func stop() {
    guard let thread = thread.take() else { return }
    work.withLock { $0 = .stop }
    hasWork.ring()
    pthread_join(thread, nil)
  }

  private func run() {
    while true {
      switch work.withLock({ $0 }) {
      case .nothing, .done: hasWork.wait(milliseconds: CommitThread.waitMilliseconds)
      case .given(let changes):
        let outcome = Result { try store.commit(changes) }
        work.withLock { $0 = .done(outcome) }
        isDone.ring()
        wakeWriter()
      case .stop: return
      }
    }
  }
}
