// The server on one loop: sessions, and what is pushed to them. Decodes and authorizes; decides
// nothing. Everything here runs on the loop's thread; other threads only post to it.

import Commerce
import Coordination
import Notation
import Synchronization
import Transport
import Wire

/// Serves the connections of one loop.
final class LoopServer: LoopDelegate {
  typealias Message = LoopMessage

  /// How the answer to a call is sent.
  enum Pending {
    /// As the result of a request, alone or in its place of a batch.
    case remote(RemoteCallID?, batch: BatchAnswers?, place: Int)
    /// As an HTTP response; `createsThing` answers 201 the first time.
    case http(createsThing: Bool)
    /// As a redirect into a room.
    case landing(Landing)
    /// Nobody waits, such as for the second step of a demonstration's checkout.
    case nobody
  }

  let loop: Loop<LoopServer>
  let connections: Connections
  let context: ServerContext
  var sessions = SessionTable()
  var pending: [UInt64: Pending] = [:]
  /// What each pending call is about, and since when it has been waited for.
  private var asked: [UInt64: (family: CallFamily, since: Int, growth: SessionGrowth?)] = [:]
  /// The HTTP request that each connection waits for an answer to.
  var requests: [ConnectionID: RequestNote] = [:]
  var requestIDs: RequestIDs
  /// Who sent the last HTTP requests.
  var callers = CallerCache()
  /// Connections of proxies that the operator trusts.
  var proxied: Set<ConnectionID> = []
  /// What the writer is to decide, gathered while the loop reads.
  var outbox: Outbox<WriterMessage>
  /// The epochs of the rooms that somebody has joined here.
  var epochs: [RoomKey: Int64] = [:]
  private var nextCall: UInt64 = 0
  private var audience = LoopAudience()
  private var nextSweep: Int64 = 0
  private var countsSeen = Connections.Counts()
  /// When a stop is over at the latest; none while nobody stops the server.
  private var stopDeadline: Int64?
  private var isDraining = false

  init(_ loop: Loop<LoopServer>, _ connections: Connections, _ context: ServerContext) {
    self.loop = loop
    self.connections = connections
    self.context = context
    requestIDs = RequestIDs(loop: loop.index)
    outbox = Outbox(to: context.writer)
    context.health.pulse.beat(.loop(loop.index))
  }

  // MARK: Connections

  func connectionClosed(_ id: ConnectionID, cause: CloseCause) {
    requests[id] = nil
    proxied.remove(id)
    guard let session = sessions.removeValue(forKey: id) else { return }
    if let person = session.person { context.persons.leave(person.key, at: connections.now) }
    for key in session.rooms { leave(key, id) }
    for ticker in session.tickers { unwatch(ticker, id) }
  }

  func writable(_ id: ConnectionID) {
    guard let session = sessions[id] else { return }
    for key in session.rooms { audience.catchUp(id, key, connections) }
    for ticker in session.tickers { audience.catchUp(id, ticker, connections) }
  }

  // MARK: Calls

  /// Sends a call on its way; what waits for it is found again by the address.
  ///
  /// - Returns: false where the server is busy or stops; then nothing will be answered.
  func submit(_ call: Call, _ caller: Caller, on id: ConnectionID, _ waiting: Pending) -> Bool {
    guard stopDeadline == nil else { return false }
    nextCall += 1
    let address = ReplyAddress(loop: loop.index, connection: id, call: nextCall)
    guard context.submit(call, caller, address, through: &outbox) else { return false }
    pending[nextCall] = waiting
    let growth = SessionGrowth(call)
    asked[nextCall] = (CallFamily(call), monotonicMicroseconds(), growth)
    sessions[id]?.callsInFlight += 1
    if let growth { sessions[id]?[keyPath: growth.inFlight] += 1 }
    return true
  }

  func messagePosted(_ message: LoopMessage) {
    switch message {
    case .answer(let address, let result): deliver(result, to: address)
    case .joined(let address, let key, let viewer, let offset, let answer):
      if let epoch = answer.epoch { epochs[key] = epoch }
      joined(address, key, viewer, offset: offset)
      deliver(.success(answer), to: address)
    case .watching(let address, let ticker, let answer):
      watching(address, ticker)
      deliver(.success(answer), to: address)
    case .leaving(let address, let departure, let answer):
      switch departure {
      case .room(let key): leave(key, address.connection)
      case .ticker(let ticker): unwatch(ticker, address.connection)
      }
      deliver(.success(answer), to: address)
    case .event, .level, .figures, .published:
      if audience.take(message) { context.health.conflated.add(1, ordering: .relaxed) }
    case .accessChanged: closeUntrusted()
    case .closing(let milliseconds, let within):
      adviseClosing(milliseconds) { key, id in audience.sentOffset(key, id) }
      stopDeadline = connections.now + within
    }
  }

  private func deliver(_ result: Result<Answer, Fault>, to address: ReplyAddress) {
    guard let waiting = pending.removeValue(forKey: address.call) else { return }
    let id = address.connection
    if let (family, since, growth) = asked.removeValue(forKey: address.call) {
      context.health.answered(family, CallOutcome(result))
      context.health.callTime.observe(monotonicMicroseconds() - since)
      if let growth { sessions[id]?[keyPath: growth.inFlight] -= 1 }
    }
    sessions[id]?.callsInFlight -= 1
    switch waiting {
    case .remote(let callID, let batch, let place):
      send(result.mapError(\.remote).map(\.body), callID, batch, place, to: id)
    case .http(let createsThing): respond(result, createsThing: createsThing, to: id)
    case .landing(let landing): respond(landing, result, to: id)
    case .nobody: break
    }
  }

  // MARK: Rooms and tickers

  private func joined(_ address: ReplyAddress, _ key: RoomKey, _ viewer: ViewerID, offset: Int64) {
    let id = address.connection
    // Somebody who left while the answer was on its way, or who joined again, counts no further.
    guard sessions[id] != nil else {
      return context.writer.post(.left(key, viewer))
    }
    if audience.enter(key, id, viewer, offset: offset) {
      sessions[id]?.rooms.append(key)
    } else {
      context.writer.post(.left(key, viewer))
    }
  }

  /// Takes a connection out of a room.
  func leave(_ key: RoomKey, _ id: ConnectionID) {
    guard let viewer = audience.leave(key, id) else { return }
    if !audience.hasRoom(key) { epochs[key] = nil }
    sessions[id]?.rooms.removeAll { $0 == key }
    context.writer.post(.left(key, viewer))
  }

  private func watching(_ address: ReplyAddress, _ ticker: Ticker) {
    let id = address.connection
    // The writer has counted this one; whoever has gone meanwhile, or asked twice, counts no further.
    if sessions[id] != nil, audience.watch(ticker, id) {
      sessions[id]?.tickers.append(ticker)
    } else {
      context.writer.post(.unwatched(ticker, loop: loop.index))
    }
  }

  /// Takes a connection from the watchers of a ticker.
  func unwatch(_ ticker: Ticker, _ id: ConnectionID) {
    guard audience.unwatch(ticker, id) else { return }
    sessions[id]?.tickers.removeAll { $0 == ticker }
    context.writer.post(.unwatched(ticker, loop: loop.index))
  }

  // MARK: Time

  /// Before anything is delivered or flushed: deciding and sending go on side by side.
  func inboundServed() { outbox.send() }

  func turnEnded(at now: Int64) {
    outbox.send()
    context.health.pulse.beat(.loop(loop.index))
    flush(at: now)
    publishCounts()
    drainIfAnswered(at: now)
  }

  /// Once a stop has begun and nobody waits for an answer any more, lets the connections go.
  private func drainIfAnswered(at now: Int64) {
    guard let stopDeadline, !isDraining, pending.isEmpty || now >= stopDeadline else { return }
    isDraining = true
    flush(at: now, framesMax: .max)
    loop.drain(withinMilliseconds: max(0, stopDeadline - now))
  }

  func deadlineReached(at now: Int64) -> Int64? {
    if now >= nextSweep {
      nextSweep = now + 1000
      sweepSessions(at: now)
    }
    return min(nextSweep, stopDeadline ?? Int64.max)
  }

  /// After so many frames, some milliseconds, whoever asks for something has a turn before the rest is sent.
  private static let framesPerTurn = 256

  private func flush(at now: Int64, framesMax: Int = LoopServer.framesPerTurn) {
    guard audience.hasNews else { return }
    let health = context.health
    let (next, sent) = audience.flush(at: now, framesMax: framesMax, connections) { begin in
      health.fanOut.observe(monotonicMicroseconds() - begin)
    }
    if sent > 0 { health.framesSent.add(sent, ordering: .relaxed) }
    if let next { connections.requestDeadline(at: next) }
  }

  /// Closes who has not said who they are in time, and whose token is over.
  private func sweepSessions(at now: Int64) {
    let wall = context.clock()
    for (id, session) in sessions {
      if let caller = session.caller {
        let end = caller.expiry.advanced(byMilliseconds: Session.graceMilliseconds)
        if wall > end { connections.close(id, code: 3501, reason: "token expired") }
      } else if now >= session.openDeadline {
        connections.close(id, code: 3500, reason: "unauthenticated")
      }
    }
  }

  /// Closes sessions whose token or key was revoked.
  private func closeUntrusted() {
    for (id, session) in sessions {
      guard let caller = session.caller, !context.isStillTrusted(caller) else { continue }
      connections.close(id, code: 3502, reason: "token revoked")
    }
  }

  private func publishCounts() {
    let counts = connections.counts
    let health = context.health
    health.connectionsOpen.add(counts.open - countsSeen.open, ordering: .relaxed)
    health.connectionsOpened.add(counts.opened - countsSeen.opened, ordering: .relaxed)
    health.connectionsRefused.add(counts.refused - countsSeen.refused, ordering: .relaxed)
    health.connectionsRateLimited.add(counts.paced - countsSeen.paced, ordering: .relaxed)
    health.slowConsumers.add(
      counts.slowConsumers - countsSeen.slowConsumers, ordering: .relaxed)
    health.handshakes.add(counts.handshakes - countsSeen.handshakes, ordering: .relaxed)
    health.handshakesFailed.add(
      counts.handshakesFailed - countsSeen.handshakesFailed, ordering: .relaxed)
    health.queuedBytes.add(counts.queuedBytes - countsSeen.queuedBytes, ordering: .relaxed)
    let bodiesRefused = counts.bodiesRefused - countsSeen.bodiesRefused
    if bodiesRefused > 0 { health.refused(.bodies, times: bodiesRefused) }
    health.bodyBytes.add(counts.bodyBytes - countsSeen.bodyBytes, ordering: .relaxed)
    health.loopsStarving.add(counts.starving - countsSeen.starving, ordering: .relaxed)
    health.starvations.add(counts.starvations - countsSeen.starvations, ordering: .relaxed)
    let beginsToStarve = counts.starving > countsSeen.starving
    countsSeen = counts
    guard beginsToStarve else { return }
    context.log.write(.error, "out_of_descriptors", [("open", .integer(Int64(counts.open)))])
  }
}
