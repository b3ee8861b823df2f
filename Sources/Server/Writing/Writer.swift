// The one thread that decides, answers and publishes; another one stores what it has decided.
//
// Each round: take what waits, stamp the time once, decide every command into the pending batch. Where
// nothing is being stored, the batch is handed to the committer at the end of the round, or as soon as it is
// worth a commit of its own; while that stores it, rounds go on into the next batch, of which there is never
// more than one, and that bounded. Once a batch is stored, its answers are given and its news is published,
// from what is committed, before the next one is handed over: nothing is told before everything that it
// reflects is durable, so that whatever was decided on top of an open commit, refusals and repeats too, waits
// for its own batch (Writer+Commits.swift).
//
// When a commit fails, every call of the batch and of the pending one gets a temporary error, and nothing of
// them has happened; when the store fails within a call, every call of the pending batch, since part of that
// call may have been decided. Readiness is red until the store takes a write again.

import Commerce
import Commission
import Coordination
import Glibc
import Notation
import Synchronization

/// Decides, answers, publishes; owns the coordinator and presence. One thread.
package final class Writer {
  /// An answer that waits for the commit of its batch.
  enum Waiting {
    case answer(ReplyAddress, Result<Answer, Fault>)
    case join(ReplyAddress, Caller, JoinWish, touch: JSON?)
    case watch(ReplyAddress, Ticker)
    case leave(ReplyAddress, Departure)
    case settled(DelegatedOrder)
    case webhook(WebhookKey)
  }

  let mailbox: Mailbox<WriterMessage>
  let store: any Store
  let coordinator: Coordinator
  /// Where orders wait for commission services.
  let desks: [Mailbox<SettlementDeskMessage>]
  /// Who tells each endpoint of what is booked.
  let webhooks: [WebhookKey: Mailbox<WebhookDeskMessage>]
  private let clock: @Sendable () -> Timestamp
  let health: Health
  let committer: any Committer
  let failPoint: ArmedFailPoint?
  let revocations: Revocations
  var publisher: Publisher
  var presence = Presence()
  /// Who waits for the batch that is being decided.
  var waiting: [Waiting] = []
  /// Who waits for the batch that is being stored; none while none is.
  var inFlight: [Waiting]?
  /// Who has left since the last commit was told, with the promoter whose visit it was.
  var departures: [(key: RoomKey, promoter: MemberID?)] = []
  /// Snapshots of rooms, encoded once for everybody who joins at the same offset.
  var snapshots: [RoomKey: (offset: Int64, listings: JSON)] = [:]
  var now = Timestamp(milliseconds: 0)
  var nextSweep = Timestamp(milliseconds: 0)
  /// The storefront that was swept last; the next sweep begins behind it.
  var sweptLast = ""
  /// Whether a sweep has decided something of the batch that is being decided, of the one being stored.
  var hasSwept = false
  var isSweepInFlight = false
  /// Whether the batch of the last sweep failed. Then the next one goes by itself, so that what cannot be
  /// stored of it takes nobody's call with it.
  var sweepsAlone = false
  /// Whether everything that this round has taken is decided.
  var isRoundDecided = false

  /// How often due releases and expired orders are looked for.
  static let sweepMilliseconds: Int64 = 1000
  /// How many of them one sweep takes.
  static let sweepLimit = 500
  /// A batch of so many calls, or that changes so many records, is not made longer: it would take more
  /// memory and more time, and is cheap enough a call.
  static let batchCallsMax = 256
  static let batchRecordsMax = 8_192
  /// A batch that changes so many records, about a hundred orders, is handed over as soon as nothing is
  /// being stored, whoever else waits: if all that waits were decided first, whoever reports as fast as they
  /// are answered would have nothing decided while it is stored.
  static let worthRecordsMin = 1_024
  /// A batch that changes so many records, about three orders, is stored by the writer itself where nobody
  /// waits: the threads would take longer to wake each other than the overlap saves.
  static let aloneRecordsMax = 64
  /// Where more than so many wait for a batch, they are answered before its news is put together.
  static let toldTogetherMax = 8
  /// How many missed events a join gives back; more is not recovered.
  static let recoveredEventsMax = 1000
  /// How long the missed events may be together: one message must not be what closes a connection
  /// for reading too slowly, or whoever comes back for it would never get it.
  static let recoveredBytesMax = 786_432
  /// How many listings a snapshot has.
  static let snapshotListings = 100

  /// Makes a writer; nothing is read before `begin`.
  ///
  /// - Parameters:
  ///   - mailbox: what waits to be decided.
  ///   - store: where the state lives; used by this thread while nothing is being stored.
  ///   - beside: finds records while something is being stored; none where the store can.
  ///   - committer: stores the batches in `store`; none where this thread does.
  ///   - loops: whom answers and events are posted to, by their index.
  ///   - desks: told of orders that wait for a commission service, by their place.
  ///   - webhooks: who tells each endpoint of what is booked.
  ///   - health: counts, and says whether the store works.
  ///   - revocations: told of tokens that hold no more.
  ///   - stateBytesMax: about how much of the state may stay in memory.
  ///   - clock: the wall clock.
  ///   - failPoint: where the process is to end; none but in crash tests.
  init(
    mailbox: Mailbox<WriterMessage>, store: any Store, beside: (any RecordSource)? = nil,
    committer: (any Committer)? = nil, loops: [any LoopPort],
    desks: [Mailbox<SettlementDeskMessage>],
    webhooks: [WebhookKey: Mailbox<WebhookDeskMessage>] = [:], health: Health,
    revocations: Revocations, stateBytesMax: Int = 268_435_456,
    clock: @escaping @Sendable () -> Timestamp, failPoint: ArmedFailPoint? = nil
  ) {
    self.mailbox = mailbox
    self.store = store
    self.committer = committer ?? InlineCommitter(store: store)
    self.desks = desks
    self.webhooks = webhooks
    self.clock = clock
    self.health = health
    self.failPoint = failPoint
    self.revocations = revocations
    coordinator = Coordinator(store: store, beside: beside, stateBytesMax: stateBytesMax)
    publisher = Publisher(loops: loops)
  }

  /// Makes a writer without webhooks, whose rounds somebody else calls: for simulations.
  ///
  /// - Parameters:
  ///   - store: where the state lives.
  ///   - committer: stores the batches in `store`.
  ///   - loops: whom answers and events are posted to, by their index.
  ///   - desk: told of orders that wait for a commission service.
  ///   - health: counts, and says whether the store works.
  ///   - stateBytesMax: about how much of the state may stay in memory.
  ///   - clock: the wall clock.
  package convenience init(
    store: any Store, committer: any Committer, loops: [any LoopPort],
    desk: Mailbox<SettlementDeskMessage>, health: Health, stateBytesMax: Int,
    clock: @escaping @Sendable () -> Timestamp
  ) {
    self.init(
      mailbox: Mailbox(capacity: 1), store: store, committer: committer, loops: loops,
      desks: [desk], health: health, revocations: Revocations(), stateBytesMax: stateBytesMax,
      clock: clock)
  }

  /// Works until it is told to stop.
  func run() {
    begin()
    while round(mailbox.take(waitingMilliseconds: Writer.sweepMilliseconds)) {}
    committer.stop()
  }

  /// Takes up where the last run on this store ended; once, before the first round.
  package func begin() {
    // The ledger is in order of time, also where the clock was set back between two runs.
    attempt { now = try store.lastBooking() ?? now }
  }

  /// Decides what was taken from the mailbox and what time brings, hands it over to be stored, and tells what
  /// was stored meanwhile.
  ///
  /// - Parameter messages: in the order of their posting; none where only time has passed.
  /// - Returns: false once it has been told to stop.
  package func round(_ messages: [WriterMessage]) -> Bool {
    // The wall clock may be set back; what was decided stays in order.
    now = max(now, clock())
    health.writerTime = now
    conclude()
    isRoundDecided = false
    var hasStopped = false
    for message in messages {
      if case .stop = message { hasStopped = true } else { handle(message) }
      // Whoever waits for a commit is told at once, whatever else there is to decide.
      conclude()
      if isBatchLong { makeRoom() } else if isBatchWorthIt { handOver() }
    }
    isRoundDecided = true
    handOver()
    if sweepsAlone, now >= nextSweep { sweepAlone() }
    if hasStopped { drain() }
    return !hasStopped
  }

  private func handle(_ message: WriterMessage) {
    switch message {
    case .call(let call, let caller, let address): carryOut(call, caller, address)
    case .left(let key, let viewer):
      let promoter = presence.leave(key, viewer)
      if !presence.isWatched(key) { snapshots[key] = nil }
      // Told with the next commit, or at once where there is none: figures cannot be read meanwhile.
      departures.append((key, promoter))
    case .unwatched(let ticker, let loop): publisher.unwatch(ticker, loop: loop)
    case .settled(let order, let answer): settle(order, answer)
    case .webhook(let key, let report): take(report, of: key)
    case .stop: break
    }
  }

  // MARK: Calls

  private func carryOut(_ call: Call, _ caller: Caller, _ address: ReplyAddress) {
    do {
      switch call {
      case .command(let command): answer(address, try decide(command, caller))
      case .reports(let reports):
        var readable: [Command] = []
        readable.reserveCapacity(reports.count)
        for case .success(let report) in reports { readable.append(report) }
        try coordinator.prepare(readable, by: caller.actor, storefront: caller.storefront)
        let results = try reports.map { try decide($0, caller) }
        answer(address, .success(Answer(body: ReportCalls.answer(results))))
      case .importCatalogue(let rows):
        answer(address, .success(Answer(body: try importRows(rows, caller).bytes)))
      case .configure(let wish): answer(address, try configure(wish, caller))
      case .join(let wish): try join(wish, caller, address)
      case .leave(let room):
        waiting.append(.leave(address, .room(RoomKey(caller.storefront, room))))
      case .subscribe(let ticker): try subscribe(ticker, caller, address)
      case .unsubscribe(let ticker): waiting.append(.leave(address, .ticker(ticker)))
      case .releaseDue: try releaseDue(caller, address)
      case .payOut(let statement, let until):
        try payOut(statement, until: until, caller, address)
      case .query: preconditionFailure("queries go to the reader")
      }
    } catch {
      answer(address, .failure(.storageUnavailable))
      failBatch(error)
    }
  }

  /// Decides a report of a batch, unless it could not even be read.
  private func decide(
    _ report: Result<Command, Fault>, _ caller: Caller
  ) throws -> Result<Answer, Fault> {
    switch report {
    case .success(let command): try decide(command, caller)
    case .failure(let fault): .failure(fault)
    }
  }

  func decide(_ command: Command, _ caller: Caller) throws -> Result<Answer, Fault> {
    try coordinator.decide(
      command, by: caller.actor, storefront: caller.storefront, at: now
    ).map { outcome in
      let body =
        command.isBuyers && !caller.isStaff
        ? outcome.reply.withoutEarnings.bytes : outcome.replyBytes
      return Answer(body: body, isRepeat: outcome.isRepeat)
    }.mapError { Fault($0) }
  }

  func answer(_ address: ReplyAddress, _ result: Result<Answer, Fault>) {
    waiting.append(.answer(address, result))
  }

  private func subscribe(_ ticker: Ticker, _ caller: Caller, _ address: ReplyAddress) throws {
    if case .room(let storefront, let id) = ticker, !caller.seesEverything {
      guard case .room(let room)? = try coordinator.record(.room(storefront, id)) else {
        let unknown = Rejection(.unknownRoom, "There is no room \(id).", field: "room")
        return answer(address, .failure(Fault(unknown)))
      }
      guard room.host == caller.person else {
        let foreign = Rejection(.notYourRoom, "Room \(id) belongs to another host.", field: "room")
        return answer(address, .failure(Fault(foreign)))
      }
    }
    waiting.append(.watch(address, ticker))
  }

  private func join(_ wish: JoinWish, _ caller: Caller, _ address: ReplyAddress) throws {
    let attended = try decide(.attend(wish.room, caller.person), caller)
    if case .failure(let fault) = attended { return answer(address, .failure(fault)) }
    var touch: JSON?
    if let link = wish.link {
      let touched = try coordinator.decide(
        .touch(viewer: caller.person, link, at: now), by: caller.actor,
        storefront: caller.storefront, at: now)
      switch touched {
      case .success(let outcome): touch = outcome.reply
      case .failure(let rejection):
        touch = [
          "accepted": false, "reason": .string(rejection.code.rawValue),
          "message": .string(rejection.message),
        ]
      }
    }
    waiting.append(.join(address, caller, wish, touch: touch))
  }
}

extension Command {
  /// Whether buyers give this command themselves: they do not see what others earn on it.
  fileprivate var isBuyers: Bool {
    switch self {
    case .placeOrder, .cancel: true
    default: false
    }
  }
}
