// The life of a batch after it was decided: it is handed over, stored beside the writer, told of or failed.
// Runs on the writer's thread.

import Coordination
import Notation

extension Writer {
  /// Whether everything that was decided is stored and told of, or has failed.
  package var isSettled: Bool { inFlight == nil && waiting.isEmpty }

  /// Whether the batch that is being decided should not grow.
  var isBatchLong: Bool {
    waiting.count >= Writer.batchCallsMax
      || coordinator.uncommittedRecords >= Writer.batchRecordsMax
  }

  /// Whether the batch may go to a committer that has nothing to do, though there is more to decide.
  var isBatchWorthIt: Bool {
    inFlight == nil && coordinator.uncommittedRecords >= Writer.worthRecordsMin
  }

  /// Whether the batch is so small, and nobody waits, that there is nothing to overlap its commit with.
  private var isBatchAlone: Bool {
    coordinator.uncommittedRecords <= Writer.aloneRecordsMax && isRoundDecided && mailbox.count == 0
  }

  /// Hands the decided batch, with what time has brought, to the committer, unless that is at work.
  func handOver() {
    guard inFlight == nil else { return }
    health.turned(calls: waiting.count, rooms: presence.roomsWatched)
    if now >= nextSweep, !sweepsAlone { sweep() }
    let hasChanges = coordinator.hasUncommitted
    guard hasChanges || !waiting.isEmpty else { return tellDepartures() }
    if hasChanges { failPoint?.pass(.beforeCommit) }
    inFlight = waiting
    waiting.removeAll(keepingCapacity: true)
    isSweepInFlight = hasSwept
    hasSwept = false
    let isAlone = isBatchAlone
    let changes = coordinator.handOver()
    // Where nothing changes there is nothing to wait for: what it was decided on is stored.
    guard hasChanges else { return conclude(.success(())) }
    committer.begin(changes, isAlone: isAlone)
    conclude()
  }

  /// Hands over also where something is being stored, once it is.
  func makeRoom() {
    awaitCommit()
    handOver()
  }

  /// Everything that was decided is stored and told of when this returns, or has failed: whatever the store
  /// is asked then, but by a key, knows all of it, and nobody else uses it.
  func drain() {
    makeRoom()
    awaitCommit()
  }

  private func awaitCommit() {
    if inFlight != nil { conclude(committer.awaitOutcome()) }
  }

  /// Tells of the batch that is being stored, if that is done.
  func conclude() {
    guard inFlight != nil, let outcome = committer.outcome() else { return }
    conclude(outcome)
  }

  private func conclude(_ outcome: Result<Void, any Error>) {
    let entries = inFlight ?? []
    inFlight = nil
    switch outcome {
    case .success: tell(entries, coordinator.confirm())
    case .failure(let error):
      if isSweepInFlight { sweepsAlone = true }
      hasSwept = false
      coordinator.abandon()
      // What was decided on top of it goes with it.
      let onTop = waiting
      waiting.removeAll(keepingCapacity: true)
      health.storageFailed(error)
      fail(entries + onTop)
    }
    tellDepartures()
    // A commit that does not end counts as a writer that stands still.
    health.turned(calls: 0, rooms: presence.roomsWatched)
  }

  /// Answers whoever waited for a commit, and publishes what it changed.
  private func tell(_ entries: [Waiting], _ changes: Changes) {
    if !changes.isEmpty { failPoint?.pass(.afterCommit) }
    health.committed(changes)
    // Before anybody is answered: who is told that a token is revoked may rely on it.
    revoke(changes)
    // First the answers of joins and subscriptions, so that nobody hears of an event that their
    // snapshot contains already; a loop drops what is not above the joined offset.
    for entry in entries { release(entry) }
    // Many who are answered need not wait for the news; with few of them it goes in the same turn.
    if entries.count > Writer.toldTogetherMax || failPoint != nil { publisher.flush() }
    if !changes.isEmpty { failPoint?.pass(.afterReply) }
    attempt { try publisher.publish(changes, coordinator, presence) }
    if changes.wantsSettlement {
      for desk in desks { desk.post(.orderWaits) }
    }
    tellWebhooks(changes)
  }

  /// The last of what there is to tell: hands it to the loops.
  private func tellDepartures() {
    attempt { try publisher.publishCounts(departures, coordinator, presence) }
    departures.removeAll(keepingCapacity: true)
    publisher.flush()
  }

  private func revoke(_ changes: Changes) {
    var hasRevoked = false
    for case (.revocation(let storefront, _), .revocation(let revocation)) in changes.records {
      revocations.add(revocation, of: storefront)
      hasRevoked = true
    }
    guard hasRevoked else { return }
    publisher.tellAll(.accessChanged)
    publisher.flush()
  }

  /// The store failed within a call: every call of the batch that is being decided is told so, and nothing
  /// of them has happened. What is being stored was decided before, and becomes what it becomes.
  func failBatch(_ error: any Error) {
    coordinator.rollBack()
    hasSwept = false
    health.storageFailed(error)
    let entries = waiting
    waiting.removeAll(keepingCapacity: true)
    fail(entries)
    publisher.flush()
  }

  private func fail(_ entries: [Waiting]) {
    for entry in entries {
      switch entry {
      case .answer(let address, _), .join(let address, _, _, _), .watch(let address, _),
        .leave(let address, _):
        publisher.answer(address, .answer(address, .failure(.storageUnavailable)))
      case .settled(let order): desks[order.desk].post(.decided(order, isStored: false))
      case .webhook(let key): webhooks[key]?.post(.decided(isStored: false))
      }
    }
  }

  private func release(_ entry: Waiting) {
    switch entry {
    case .answer(let address, let result): publisher.answer(address, .answer(address, result))
    case .watch(let address, let ticker):
      do {
        let figures = try coordinator.figures(ticker, presence: presence)
        publisher.watch(ticker, loop: address.loop)
        publisher.answer(address, .watching(address, ticker, Answer(body: figures.bytes)))
      } catch { fail(address, error) }
    case .leave(let address, let departure):
      let answer = Answer(body: JSON.object([]).bytes)
      publisher.answer(address, .leaving(address, departure, answer))
    case .settled(let order):
      failPoint?.pass(.settlementBooked)
      desks[order.desk].post(.decided(order, isStored: true))
    case .webhook(let key):
      failPoint?.pass(.webhookWritten)
      webhooks[key]?.post(.decided(isStored: true))
    case .join(let address, let caller, let wish, let touch):
      do { try admit(address, caller, wish, touch) } catch { fail(address, error) }
    }
  }

  private func fail(_ address: ReplyAddress, _ error: any Error) {
    health.storageFailed(error)
    publisher.answer(address, .answer(address, .failure(.storageUnavailable)))
  }

  /// Publishing derives from what is committed; what cannot be read is told with the next commit.
  func attempt(_ body: () throws -> Void) {
    do { try body() } catch { health.storageFailed(error) }
  }
}
