// WebSocket: the handshake, and JSON-RPC calls of a session.

import Commerce
import Coordination
import Notation
import Transport
import Wire

extension LoopServer {
  func upgradeRequested(_ request: HTTPRequest, on id: ConnectionID) -> UpgradeDecision {
    guard request.target.path == "/v1/socket" else { return .refuse(Fault.notFound.response) }
    guard isOriginAllowed(request) else {
      return .refuse(
        Fault("forbidden_origin", "Pages of this origin may not connect.", status: 403).response)
    }
    let offered = request.headers.list("sec-websocket-protocol")
    guard offered.contains(WebSocketHandshake.subprotocol) else {
      return .refuse(
        Fault(
          "subprotocol_needed", "Offer the subprotocol \(WebSocketHandshake.subprotocol).",
          status: 400
        ).response)
    }
    var session = Session(openDeadline: connections.now + Session.openMilliseconds)
    // The landing page's cookie opens the session; a bad one is as good as none.
    if let token = Access.cookieToken(request) {
      session.caller = try? context.caller(from: token)
      session.isFromCookie = session.caller != nil
    }
    sessions[id] = session
    if let caller = session.caller, !enter(caller, id) {
      sessions[id]?.caller = nil
      sessions[id]?.isCrowded = true
    }
    return .accept(subprotocol: WebSocketHandshake.subprotocol)
  }

  /// A page may connect from the server's own origin and from those that the operator named; a
  /// client that is no browser sends no origin. Against cross-site WebSocket hijacking.
  private func isOriginAllowed(_ request: HTTPRequest) -> Bool {
    let origins = request.headers.values("origin")
    guard origins.count <= 1 else { return false }
    guard let origin = origins.first else { return true }
    let allowed = context.options.origins
    if allowed.contains("*") || allowed.contains(origin) { return true }
    guard let host = request.headers["host"] else { return false }
    if origin == "https://" + host { return true }
    // A plain page of an encrypted server's name is somebody in between.
    return !context.options.isEncrypted && origin == "http://" + host
  }

  /// A server that cannot take calls takes no new sessions either. A browser is told of a close code,
  /// never of the status of a handshake; so the handshake is accepted first.
  func webSocketOpened(_ id: ConnectionID) {
    if sessions[id]?.isCrowded == true { return closeCrowded(id) }
    guard context.writer.isNearlyFull || context.reader.isNearlyFull else { return }
    context.health.connectionsBusy.add(1, ordering: .relaxed)
    connections.close(id, code: CloseCode.tryAgainLater, reason: "busy")
  }

  /// Counts a session for its person, once; staff are not limited as persons.
  ///
  /// - Returns: false where the person has as many as they may.
  private func enter(_ caller: Caller, _ id: ConnectionID) -> Bool {
    let key = PersonLimits.Key(caller)
    let present = sessions[id]?.person
    if !caller.isStaff, present?.key == key { return true }
    if let present { context.persons.leave(present.key, at: connections.now) }
    sessions[id]?.person = nil
    guard !caller.isStaff else { return true }
    guard let use = context.persons.enter(key) else {
      context.health.refused(.sessions as PersonLimit)
      return false
    }
    sessions[id]?.person = (key, use)
    return true
  }

  /// Ends a connection whose person has as many sessions as they may.
  private func closeCrowded(_ id: ConnectionID) {
    connections.close(id, code: 3010, reason: "too many sessions")
  }

  func messageReceived(_ text: [UInt8], on id: ConnectionID) {
    // Never within a batch: its calls are decided, committed and told of together.
    defer { if outbox.isLong { outbox.send() } }
    do throws(RemoteCallError) {
      switch try RemoteMessage.read(text) {
      case .single(let call):
        sessions[id]?.rubbishInRow = 0
        receive(call, on: id, batch: nil, place: 0)
      case .batch(let entries):
        sessions[id]?.rubbishInRow = 0
        let batch = BatchAnswers(count: entries.count)
        for (place, entry) in entries.enumerated() {
          switch entry {
          case .call(let call): receive(call, on: id, batch: batch, place: place)
          case .unreadable(let error):
            let answer = RemoteReply.failure(id: error.id, error.fault)
            finish(batch, answer, at: place, to: id)
          }
        }
      }
    } catch {
      connections.sendText(RemoteReply.failure(id: error.id, error.fault), to: id)
      sessions[id]?.rubbishInRow += 1
      closeMisuse(id)
    }
  }

  /// Ends a connection that goes on with what is refused.
  private func closeMisuse(_ id: ConnectionID) {
    guard let session = sessions[id], connections.isOpenWebSocket(id),
      session.rubbishInRow >= Session.rubbishMax
        || session.rateLimitedInRow >= Session.rateLimitedMax
    else { return }
    context.health.misuseCloses.add(1, ordering: .relaxed)
    connections.close(id, code: 3503, reason: "protocol misuse")
  }

  /// Counts one call of a session, for itself and for its person; staff are bounded by what may wait for
  /// an answer alone.
  private func pace(_ id: ConnectionID) throws(Fault) {
    guard sessions[id]?.caller?.isStaff != true else { return }
    var wait = sessions[id]?.pace.take(CallLimits.callPace, at: connections.now) ?? 0
    if wait > 0 {
      context.health.callsRateLimited.add(1, ordering: .relaxed)
    } else {
      wait = paceAsPerson(.calls, id)
    }
    guard wait > 0 else {
      sessions[id]?.rateLimitedInRow = 0
      return
    }
    sessions[id]?.rateLimitedInRow += 1
    throw .rateLimited(waitMilliseconds: wait)
  }

  /// Counts what a session does for its person, together with their other sessions.
  private func paceAsPerson(_ limit: PersonLimit, _ id: ConnectionID) -> Int64 {
    let wait = sessions[id]?.person?.use.take(limit, at: connections.now) ?? 0
    if wait > 0 { context.health.refused(limit) }
    return wait
  }

  /// Carries out one call of a session.
  private func receive(
    _ call: RemoteCall, on id: ConnectionID, batch: BatchAnswers?, place: Int
  ) {
    guard let session = sessions[id] else { return }
    func refuse(_ fault: RemoteFault) { send(.failure(fault), call.id, batch, place, to: id) }
    do throws(Fault) {
      try pace(id)
      switch call.method {
      case "session.open", "session.refresh":
        try authenticate(call, on: id, batch: batch, place: place)
        return
      default: break
      }
      guard SocketCalls.isMethod(call.method) else {
        return refuse(.methodNotFound(call.method))
      }
      guard let caller = session.caller else { throw .unauthenticated }
      guard caller.expiry > context.clock() else {
        throw Fault("token_expired", "The token ended at \(caller.expiry).", status: 401)
      }
      guard session.callsInFlight < Session.callsMax else { throw .busy }
      let wish = try SocketCalls.call(
        method: call.method, parameters: call.parameters, caller: caller,
        environment: context.environment)
      try check(wish, session)
      if let limit = wish.personLimit {
        let wait = paceAsPerson(limit, id)
        guard wait == 0 else { throw .rateLimited(waitMilliseconds: wait) }
      }
      let waiting = Pending.remote(call.id, batch: batch, place: place)
      guard submit(wish, caller, on: id, waiting) else { throw .busy }
    } catch {
      context.health.turnedAway(error)
      refuse(error.remote)
      if let refused = sessions[id]?.tokensRefused, refused >= Session.tokensRefusedMax {
        connections.close(id, code: 3500, reason: "unauthenticated")
      }
      if error == .tooManySessions { closeCrowded(id) }
      closeMisuse(id)
    }
  }

  /// Limits that concern this connection alone.
  private func check(_ wish: Call, _ session: Session) throws(Fault) {
    switch wish {
    case .join where session.rooms.count + Int(session.joinsInFlight) >= Session.roomsMax:
      throw Fault(
        "too_many_rooms", "A connection is in at most \(Session.roomsMax) rooms.", status: 409)
    case .subscribe
    where session.tickers.count + Int(session.subscriptionsInFlight) >= Session.tickersMax:
      throw Fault(
        "too_many_tickers", "A connection watches at most \(Session.tickersMax) tickers.",
        status: 409)
    default: break
    }
  }

  private func authenticate(
    _ call: RemoteCall, on id: ConnectionID, batch: BatchAnswers?, place: Int
  ) throws(Fault) {
    guard sessions[id].map({ $0.callsInFlight < Session.callsMax }) ?? false else { throw .busy }
    var fields = Fields(call.parameters)
    let token = try fields.text("token", bytesMax: 4096)
    try fields.finish()
    let caller: Caller
    do throws(Fault) {
      caller = try context.caller(from: token)
    } catch {
      sessions[id]?.tokensRefused += 1
      throw error
    }
    // A browser sends the cookie of a link that somebody opened in it with every connection; whoever
    // signs in on such a connection before doing anything else is meant, not the guest.
    let isReplaceable =
      call.method == "session.open" && sessions[id]?.isFromCookie == true
      && sessions[id]?.rooms.isEmpty == true && sessions[id]?.tickers.isEmpty == true
      && sessions[id]?.callsInFlight == 0
    if let present = sessions[id]?.caller, !isReplaceable {
      guard present.person == caller.person, present.storefront == caller.storefront else {
        throw Fault(
          "session_person", "A session stays with its person; open another connection.",
          status: 409)
      }
    }
    // What opens a session is its person's first call; of those that follow each is counted as it comes.
    if sessions[id]?.person?.key != PersonLimits.Key(caller) { try pace(.calls, caller) }
    guard enter(caller, id) else { throw .tooManySessions }
    sessions[id]?.caller = caller
    sessions[id]?.isFromCookie = false
    sessions[id]?.tokensRefused = 0
    let waiting = Pending.remote(call.id, batch: batch, place: place)
    let session = Query.session(caller, isDemo: context.options.isDemo)
    guard submit(.query(session), caller, on: id, waiting) else { throw .busy }
  }

  // MARK: Answers

  /// Sends the answer to a call, alone or in its place of a batch; a notification gets none.
  func send(
    _ result: Result<[UInt8], RemoteFault>, _ callID: RemoteCallID?, _ batch: BatchAnswers?,
    _ place: Int, to id: ConnectionID
  ) {
    var answer: [UInt8] = []
    if let callID {
      switch result {
      case .success(let body): answer = RemoteReply.result(id: callID, body)
      case .failure(let fault): answer = RemoteReply.failure(id: callID, fault)
      }
    }
    if let batch {
      finish(batch, answer, at: place, to: id)
    } else if !answer.isEmpty {
      connections.sendText(answer, to: id)
    }
  }

  private func finish(
    _ batch: BatchAnswers, _ answer: [UInt8], at place: Int, to id: ConnectionID
  ) {
    guard let answers = batch.put(answer, at: place), !answers.isEmpty else { return }
    connections.sendText(RemoteReply.array(answers), to: id)
  }
}

extension RemoteReply {
  /// The answers to a batch: an array even where it has one entry. Source: JSON-RPC 2.0, section 6.
  static func array(_ answers: [[UInt8]]) -> [UInt8] {
    answers.count == 1 ? [UInt8(ascii: "[")] + answers[0] + [UInt8(ascii: "]")] : batch(answers)
  }
}
