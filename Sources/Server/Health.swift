// What the server counts and how it is doing; read by /readyz and /metrics from any thread.
//
// Every counter is an atomic of its own: they are written on hot paths of several threads and read
// rarely. No label names a room or a person.

import Commerce
import Coordination
import Synchronization

/// Counters and readiness of one server.
package final class Health: Sendable {
  /// Commits that stored something.
  package let commits = Atomic<Int>(0)
  /// Records stored.
  package let recordsStored = Atomic<Int>(0)
  /// Ledger transactions booked.
  package let transactionsBooked = Atomic<Int>(0)
  /// Room events stored.
  package let eventsStored = Atomic<Int>(0)
  /// Failures of the database.
  package let storageFailures = Atomic<Int>(0)
  /// Calls accepted for decision or reading.
  package let callsAccepted = Atomic<Int>(0)
  /// Calls refused because too many waited.
  package let callsRefusedBusy = Atomic<Int>(0)
  /// Calls of sessions refused because they came too fast.
  package let callsRateLimited = Atomic<Int>(0)
  /// Landing links refused because their address opens too many.
  package let linksRateLimited = Atomic<Int>(0)
  /// WebSockets closed because they went on with refused messages.
  package let misuseCloses = Atomic<Int>(0)
  /// WebSockets closed at once because too many calls waited.
  package let connectionsBusy = Atomic<Int>(0)
  /// Connections refused for a limit.
  package let connectionsRefused = Atomic<Int>(0)
  /// Connections open now.
  package let connectionsOpen = Atomic<Int>(0)
  /// Connections ever accepted.
  package let connectionsOpened = Atomic<Int>(0)
  /// Connections closed because they read too slowly.
  package let slowConsumers = Atomic<Int>(0)
  /// Handshakes of TLS that were completed.
  package let handshakes = Atomic<Int>(0)
  /// Handshakes of TLS that failed or took too long.
  package let handshakesFailed = Atomic<Int>(0)
  /// Frames handed to connections.
  package let framesSent = Atomic<Int>(0)
  /// Conflated values that were replaced before they were sent.
  package let conflated = Atomic<Int>(0)

  /// What becomes of orders that commission services settle.
  let settlements = SettlementCounters()
  /// What endpoints are told.
  let webhooks = WebhookCounters()
  private let writerMilliseconds = Atomic<Int64>(.min)

  private let isWritable = Atomic<Bool>(true)
  private let isDraining = Atomic<Bool>(false)
  private let log: @Sendable (String) -> Void

  /// Starts healthy.
  ///
  /// - Parameter log: takes one line about a failure.
  package init(log: @escaping @Sendable (String) -> Void) { self.log = log }

  /// Whether writes are accepted: the database took the last commit, and nobody asked to stop.
  package var isReady: Bool {
    isWritable.load(ordering: .relaxed) && !isDraining.load(ordering: .relaxed)
  }

  /// The server stops soon.
  package func drains() { isDraining.store(true, ordering: .relaxed) }

  /// Whether the last attempt to write failed.
  var isStorageDown: Bool { !isWritable.load(ordering: .relaxed) }

  /// The database took something without content.
  func storageAnswered() { isWritable.store(true, ordering: .relaxed) }

  /// The database took a round; a round without changes did not ask it and says nothing.
  func committed(_ changes: Changes) {
    guard !changes.isEmpty else { return }
    isWritable.store(true, ordering: .relaxed)
    commits.add(1, ordering: .relaxed)
    recordsStored.add(changes.records.count, ordering: .relaxed)
    transactionsBooked.add(changes.transactions.count, ordering: .relaxed)
    eventsStored.add(changes.events.count, ordering: .relaxed)
  }

  /// The database refused something.
  func storageFailed(_ error: any Error) {
    isWritable.store(false, ordering: .relaxed)
    storageFailures.add(1, ordering: .relaxed)
    log("storage: \(error)")
  }

  /// The writer's time: never behind what is stored, whatever the clock says. Set by the writer only.
  var writerTime: Timestamp {
    get { Timestamp(milliseconds: writerMilliseconds.load(ordering: .relaxed)) }
    set { writerMilliseconds.store(newValue.milliseconds, ordering: .relaxed) }
  }

  /// Tells an operator something.
  func note(_ line: String) { log(line) }

  /// A thread that only reads could not; commits may well go on.
  func readingFailed(_ error: any Error) {
    storageFailures.add(1, ordering: .relaxed)
    log("storage: \(error)")
  }

  /// All figures in the text format of Prometheus.
  package var metrics: String {
    func line(_ name: String, _ kind: String, _ help: String, _ value: Int) -> String {
      "# HELP waggle_\(name) \(help)\n# TYPE waggle_\(name) \(kind)\nwaggle_\(name) \(value)\n"
    }
    func read(_ counter: borrowing Atomic<Int>) -> Int { counter.load(ordering: .relaxed) }
    return line("ready", "gauge", "Whether writes are accepted.", isReady ? 1 : 0)
      + line("commits_total", "counter", "Commits that stored something.", read(commits))
      + line("records_stored_total", "counter", "Records stored.", read(recordsStored))
      + line(
        "ledger_transactions_total", "counter", "Ledger transactions booked.",
        read(transactionsBooked))
      + line("room_events_total", "counter", "Room events stored.", read(eventsStored))
      + line(
        "storage_failures_total", "counter", "Failures of the database.", read(storageFailures))
      + line("calls_total", "counter", "Calls accepted.", read(callsAccepted))
      + line(
        "calls_busy_total", "counter", "Calls refused because too many waited.",
        read(callsRefusedBusy))
      + line(
        "calls_rate_limited_total", "counter", "Calls of sessions refused for coming too fast.",
        read(callsRateLimited))
      + line(
        "links_rate_limited_total", "counter", "Landing links refused for coming too fast.",
        read(linksRateLimited))
      + line(
        "misuse_closes_total", "counter", "WebSockets closed for going on with refused messages.",
        read(misuseCloses))
      + line(
        "connections_busy_total", "counter", "WebSockets closed because too many calls waited.",
        read(connectionsBusy))
      + line(
        "connections_refused_total", "counter", "Connections refused for a limit.",
        read(connectionsRefused))
      + line("connections_open", "gauge", "Connections open now.", read(connectionsOpen))
      + line("connections_total", "counter", "Connections accepted.", read(connectionsOpened))
      + line(
        "slow_consumers_total", "counter", "Connections closed for reading too slowly.",
        read(slowConsumers))
      + line("tls_handshakes_total", "counter", "TLS handshakes completed.", read(handshakes))
      + line(
        "tls_handshakes_failed_total", "counter", "TLS handshakes that failed or took too long.",
        read(handshakesFailed))
      + line("frames_sent_total", "counter", "Frames handed to connections.", read(framesSent))
      + line(
        "conflated_total", "counter", "Values replaced before they were sent.", read(conflated))
      + settlements.metrics(line) + webhooks.metrics(line)
  }
}
