import Commerce
import Ledger
import Notation

/// The state, a store, and the steps between a command and its commit: keys → decide → changes.
///
/// Accepted commands are applied at once and collected in a batch, which is stored as a whole (group
/// commit). While one batch is being stored, by whoever the shell has store it, decisions go on into the
/// next one: they see all that was decided, while `committed` shows what is stored and no more. Nothing that
/// was decided may be told before its batch is stored; where a batch fails, so does the one after it, which
/// was decided on top of it. One thread owns it.
package final class Coordinator {
  private let store: any Store
  /// Finds records while the store is being written to.
  private let beside: any RecordSource
  private let state: State
  /// Decided and not handed over.
  private var pending = UncommittedBatch()
  /// Handed over, and not known to be stored.
  private var inFlight: UncommittedBatch?

  /// Makes a coordinator.
  ///
  /// - Parameters:
  ///   - store: where the state lives.
  ///   - beside: finds records while a batch is handed over, when the store belongs to whoever stores it;
  ///     none where that is the same.
  ///   - stateBytesMax: about how much of the state may stay in memory from one commit to the next.
  package init(
    store: any Store, beside: (any RecordSource)? = nil, stateBytesMax: Int = 268_435_456
  ) {
    self.store = store
    self.beside = beside ?? store
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
        pending.take(outcome.changes, into: state)
        return .success(outcome)
      } catch {
        switch error {
        case .rejected(let rejection): return .failure(rejection)
        case .missing(let keys): try learn(keys)
        }
      }
    }
  }

  /// Loads what commands are sure to read and is not known, all together: each of them would ask for its own
  /// and be decided again from the start. A shortcut only; what they read beyond that, they ask for themselves.
  ///
  /// - Parameters:
  ///   - commands: what will be decided next.
  ///   - actor: who wants them.
  ///   - storefront: on whose behalf.
  /// - Throws: what the store throws when it cannot load.
  package func prepare(
    _ commands: [Command], by actor: Actor, storefront: StorefrontID
  ) throws {
    var unknown: [Key] = []
    var places = Places()
    for command in commands {
      for key in keys(of: command, by: actor, storefront: storefront) {
        let place = Place(key)
        guard state.lookUp(place) == nil else { continue }
        if places.numberPuttingIn(place) == unknown.count { unknown.append(key) }
      }
    }
    if !unknown.isEmpty { try learn(unknown) }
  }

  /// Reads a record as decisions see it, committed or not.
  ///
  /// - Parameter key: the key.
  /// - Returns: the record, or nothing where there is none.
  /// - Throws: what the store throws when it cannot load.
  package func record(_ key: Key) throws -> Record? {
    if let known = state.lookUp(key) { return known }
    try learn([key])
    return state.lookUp(key) ?? nil
  }

  /// Reads a record as it is stored; only while no batch is handed over, when that is in doubt.
  ///
  /// - Parameter key: the key.
  /// - Returns: the record, or nothing where there is none.
  /// - Throws: what the store throws when it cannot load.
  package func committed(_ key: Key) throws -> Record? {
    precondition(inFlight == nil, "what is being stored is neither committed nor not")
    switch pending.former(key) {
    case .unchanged: return try record(key)
    case .known(let record): return record
    case .unread: return try store.load([key])[0]
    }
  }

  /// Whether something is decided that would be stored and is not handed over.
  package var hasUncommitted: Bool { !pending.changes.isEmpty }

  /// How many records the next batch changes so far.
  package var uncommittedRecords: Int { pending.changes.records.count }

  // MARK: Commits

  /// Stores everything accepted since the last commit in one transaction.
  ///
  /// - Returns: what was stored, to be published.
  /// - Throws: what the store throws; then nothing of the batch has happened, and every command of
  ///   it has to be answered with a temporary error.
  package func commit() throws -> Changes {
    let changes = handOver()
    do {
      if !changes.isEmpty { try store.commit(changes) }
    } catch {
      abandon()
      throw error
    }
    return confirm()
  }

  /// Ends the batch that was decided so far and gives it to somebody who stores it. From here until
  /// `confirm` or `abandon` the store is theirs; decisions go on into the next batch.
  ///
  /// - Returns: what to store; nothing has to be stored where it is empty.
  package func handOver() -> Changes {
    precondition(inFlight == nil, "one batch is stored after the other")
    let batch = pending
    pending = UncommittedBatch()
    inFlight = batch
    return batch.changes
  }

  /// The batch that was handed over is stored.
  ///
  /// - Returns: what was stored, to be published.
  package func confirm() -> Changes {
    guard let batch = inFlight.take() else { preconditionFailure("no batch was handed over") }
    // Also where nothing is stored: what was refused has learnt keys, too, such as of what is not there.
    state.settle(keeping: pending.changes)
    return batch.changes
  }

  /// The batch that was handed over is not stored: nothing of it has happened, nor of what was decided
  /// since on top of it. Every command of both has to be answered with a temporary error.
  package func abandon() {
    inFlight = nil
    rollBack()
  }

  /// Drops everything accepted since the last hand-over, as if it had not been decided.
  ///
  /// For events that belong together: where a later one is refused, the earlier ones go with it.
  package func rollBack() {
    pending = UncommittedBatch()
    state.forget()
    // What is being stored is nowhere else until it is.
    if let inFlight { state.apply(inFlight.changes) }
  }

  private func learn(_ keys: [Key]) throws {
    // What is neither known nor changed is the same before and after what is being stored.
    let source = inFlight == nil ? store : beside
    for (key, record) in zip(keys, try source.load(keys)) { state.learn(key, record) }
  }
}
