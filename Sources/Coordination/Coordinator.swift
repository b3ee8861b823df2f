import Commerce
import Ledger
import Notation

/// The state, a store, and the steps between a command and its commit: keys → decide → changes.
///
/// Accepted commands are applied at once and collected; `commit` stores them together (group commit).
/// Until then nothing may be told to anybody. One thread owns it.
package final class Coordinator {
  private let store: any Store
  private let state: State
  private var uncommitted = Changes()

  /// Makes a coordinator.
  ///
  /// - Parameters:
  ///   - store: where the state lives.
  ///   - stateBytesMax: about how much of the state may stay in memory from one commit to the next.
  package init(store: any Store, stateBytesMax: Int = 268_435_456) {
    self.store = store
    state = State(weightMax: stateBytesMax)
  }

  /// Decides one command and keeps its changes for the next commit.
  ///
  /// - Parameters:
  ///   - command: what is wanted, checked for form.
  ///   - actor: who wants it, checked for scope.
  ///   - storefront: on whose behalf.
  ///   - now: the moment of the decision.
  /// - Returns: the outcome, or why the command was refused; a refusal changes nothing.
  /// - Throws: what the store throws when it cannot load.
  package func decide(
    _ command: Command, by actor: Actor, storefront: StorefrontID, at now: Timestamp
  ) throws -> Result<Outcome, Rejection> {
    while true {
      do throws(Stop) {
        let outcome = try Coordination.decide(
          command, by: actor, in: state, storefront: storefront, at: now)
        state.apply(outcome.changes)
        uncommitted.merge(outcome.changes)
        return .success(outcome)
      } catch {
        switch error {
        case .rejected(let rejection): return .failure(rejection)
        case .missing(let keys): try learn(keys)
        }
      }
    }
  }

  /// Reads a record, committed or not.
  ///
  /// - Parameter key: the key.
  /// - Returns: the record, or nothing where there is none.
  /// - Throws: what the store throws when it cannot load.
  package func record(_ key: Key) throws -> Record? {
    if let known = state.lookUp(key) { return known }
    try learn([key])
    return state.lookUp(key) ?? nil
  }

  /// Whether a commit would store something.
  package var hasUncommitted: Bool { !uncommitted.isEmpty }

  /// Stores everything accepted since the last commit in one transaction.
  ///
  /// - Returns: what was stored, to be published.
  /// - Throws: what the store throws; then nothing of the batch has happened, and every command of
  ///   it has to be answered with a temporary error.
  package func commit() throws -> Changes {
    let changes = uncommitted
    uncommitted = Changes()
    if !changes.isEmpty {
      do {
        try store.commit(changes)
      } catch {
        state.forget()
        throw error
      }
    }
    // Also where nothing is stored: what was refused has learnt keys, too, such as of what is not there.
    state.settle()
    return changes
  }

  /// Drops everything accepted since the last commit, as if it had not been decided.
  ///
  /// For events that belong together: where a later one is refused, the earlier ones go with it.
  package func rollBack() {
    uncommitted = Changes()
    state.forget()
  }

  private func learn(_ keys: [Key]) throws {
    for (key, record) in zip(keys, try store.load(keys)) { state.learn(key, record) }
  }
}
