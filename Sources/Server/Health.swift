// What the server counts and how it is doing; read by /livez, /readyz and /metrics from any thread.
//
// Every counter is an atomic of its own: they are written on hot paths of several threads and read
// rarely. No label names a room or a person.

import Commerce
import Coordination
import Synchronization
import Transport

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
  /// Connections refused because their address opens them too fast; not among `connectionsRefused`.
  package let connectionsRateLimited = Atomic<Int>(0)
  /// Whether the key file holds something else than the keys that are used, since it cannot be used.
  package let areKeysStale = Atomic<Bool>(false)
  /// Whether the certificate's files hold something else than what is shown.
  package let isCertificateStale = Atomic<Bool>(false)
  /// Attempts to accept a connection that failed for want of a descriptor.
  package let starvations = Atomic<Int>(0)
  /// Loops that can accept nobody at present for want of a descriptor.
  package let loopsStarving = Atomic<Int>(0)
  /// Bytes that incomplete requests keep, as of each loop's last look.
  package let bodyBytes = Atomic<Int>(0)
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
  /// Bytes that wait to be sent, as of each loop's last look.
  package let queuedBytes = Atomic<Int>(0)
  /// Rooms that somebody is in, as of the writer's last round.
  package let roomsWatched = Atomic<Int>(0)
  /// Joins that asked for what was missed and were told all of it.
  package let recoveriesDone = Atomic<Int>(0)
  /// Joins that asked for what was missed and could not be told.
  package let recoveriesFailed = Atomic<Int>(0)
  /// Microseconds from the commit that published events to the last byte of them handed to a socket or
  /// its queue, for each loop and round.
  package let fanOut = Histogram.ofDurations
  /// Microseconds that a commit took.
  package let commitTime = Histogram.ofDurations
  /// Microseconds from taking a call to its answer.
  package let callTime = Histogram.ofDurations
  /// Calls that were committed together.
  package let batchSize = Histogram.ofCounts
  /// What the system says of this process and its disk, looked at every few seconds.
  package let surroundings = Surroundings()
  /// Whether the threads turn.
  package let pulse: Pulse

  /// What becomes of orders that commission services settle.
  let settlements = SettlementCounters()
  /// What endpoints are told.
  let webhooks = WebhookCounters()
  private let writerMilliseconds = Atomic<Int64>(.min)

  private let isWritable = Atomic<Bool>(true)
  private let isDraining = Atomic<Bool>(false)
  private let isStarting = Atomic<Bool>(false)
  private let calls = Counters(count: CallFamily.allCases.count * 3)
  private let limits = Counters(count: CountedLimit.allCases.count)
  private let persons = Counters(count: PersonLimit.allCases.count)
  private let log: @Sendable (String) -> Void
  private let noted: @Sendable (String) -> Void

  /// Starts healthy.
  ///
  /// - Parameters:
  ///   - monotonicClock: milliseconds, for telling whether threads turn.
  ///   - note: takes one line that an operator should read; without it, `log` does.
  ///   - log: takes one line about a failure of the database.
  package init(
    monotonicClock: @escaping @Sendable () -> Int64 = monotonicMilliseconds,
    note: (@Sendable (String) -> Void)? = nil, log: @escaping @Sendable (String) -> Void
  ) {
    self.log = log
    noted = note ?? log
    pulse = Pulse(clock: monotonicClock)
  }

  /// Why no writes are to be sent here.
  package enum Reason: String, Sendable, CaseIterable {
    /// Not everything runs yet.
    case starting
    /// Somebody asked the server to stop.
    case draining
    /// The database did not take the last commit.
    case storageUnavailable = "storage_unavailable"
    /// The disk will soon take no more commits.
    case diskNearlyFull = "disk_nearly_full"
    /// Nobody can connect: every descriptor that the process may have is taken.
    case outOfDescriptors = "out_of_descriptors"
  }

  /// Everything that stands against sending writes here; empty where nothing does.
  package var reasons: [Reason] {
    var reasons: [Reason] = []
    if isStarting.load(ordering: .relaxed) { reasons.append(.starting) }
    if isDraining.load(ordering: .relaxed) { reasons.append(.draining) }
    if isStorageDown { reasons.append(.storageUnavailable) }
    if surroundings.isDiskNearlyFull { reasons.append(.diskNearlyFull) }
    if loopsStarving.load(ordering: .relaxed) > 0 { reasons.append(.outOfDescriptors) }
    return reasons
  }

  /// Whether writes are accepted: the database took the last commit, the disk has room, and nobody
  /// asked to stop.
  package var isReady: Bool { reasons.isEmpty }

  /// The server begins, and is not ready before `started`.
  package func starts() { isStarting.store(true, ordering: .relaxed) }

  /// Everything runs.
  package func started() { isStarting.store(false, ordering: .relaxed) }

  /// The server stops soon.
  package func drains() { isDraining.store(true, ordering: .relaxed) }

  /// Whether somebody asked to stop.
  package var drainsNow: Bool { isDraining.load(ordering: .relaxed) }

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
    log("\(error)")
  }

  /// The writer's time: never behind what is stored, whatever the clock says. Set by the writer only.
  var writerTime: Timestamp {
    get { Timestamp(milliseconds: writerMilliseconds.load(ordering: .relaxed)) }
    set { writerMilliseconds.store(newValue.milliseconds, ordering: .relaxed) }
  }

  /// Tells an operator something.
  func note(_ line: String) { noted(line) }

  /// A thread that only reads could not; commits may well go on.
  func readingFailed(_ error: any Error) {
    storageFailures.add(1, ordering: .relaxed)
    log("\(error)")
  }

  /// The writer has turned, and waits for no commit.
  ///
  /// - Parameters:
  ///   - calls: how many calls are handed over to be committed.
  ///   - rooms: how many rooms somebody is in.
  func turned(calls: Int, rooms: Int) {
    pulse.beat(.writer)
    roomsWatched.store(rooms, ordering: .relaxed)
    if calls > 0 { batchSize.observe(calls) }
  }

  /// Somebody asked for the events they had missed.
  func recovered(_ isWhole: Bool) {
    if isWhole {
      recoveriesDone.add(1, ordering: .relaxed)
    } else {
      recoveriesFailed.add(1, ordering: .relaxed)
    }
  }

  /// A call was answered.
  func answered(_ family: CallFamily, _ outcome: CallOutcome) {
    calls.add(at: Health.place(family, outcome))
  }

  /// A call was refused before anybody decided on it.
  func turnedAway(_ fault: Fault) {
    answered(.unread, CallOutcome(fault))
    if let limit = CountedLimit(code: fault.code) { refused(limit) }
  }

  /// Something was refused for a limit.
  func refused(_ limit: CountedLimit, times: Int = 1) {
    guard let place = CountedLimit.allCases.firstIndex(of: limit) else { return }
    limits.add(times, at: place)
  }

  /// How often calls of a family had an outcome.
  package func count(_ family: CallFamily, _ outcome: CallOutcome) -> Int {
    calls[Health.place(family, outcome)]
  }

  /// How often something was refused for a limit.
  package func count(_ limit: CountedLimit) -> Int {
    CountedLimit.allCases.firstIndex(of: limit).map { limits[$0] } ?? 0
  }

  /// A person was refused something.
  func refused(_ limit: PersonLimit) {
    guard let place = PersonLimit.allCases.firstIndex(of: limit) else { return }
    persons.add(at: place)
  }

  /// How often persons were refused something.
  func count(_ limit: PersonLimit) -> Int {
    PersonLimit.allCases.firstIndex(of: limit).map { persons[$0] } ?? 0
  }

  private static func place(_ family: CallFamily, _ outcome: CallOutcome) -> Int {
    family.rawValue * 3 + outcome.rawValue
  }
}
