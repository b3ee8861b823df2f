// Receiving: bytes out of the socket, requests and messages out of the bytes, one at a time on
// demand.
//
// The loop calls `beginReading`, then `nextInbound` until there is nothing, then `endReading`.
// Between two calls the delegate may do anything to any connection, also close this one. A
// WebSocket borrows the loop's decoder while it is read and gets one of its own only if something
// is left incomplete.
import CLinux
import Wire

/// Reads of one connection in one turn, before others are served: 16 × 64 KiB.
private let readsPerTurnMax = 16

/// What is said, in plain text, to a client that speaks plain HTTP where TLS is spoken.
private let plainHTTPAnswer = HTTPResponse(
  status: 400, headers: HTTPHeaders([("Content-Type", "text/plain")]),
  body: Array("this port speaks https\n".utf8)
).bytes(keepsAlive: false)

/// In the form of every other error. Source: RFC 9457.
private let busyProblem = Array(
  (#"{"type":"urn:waggle:error:busy","title":"busy","status":503,"#
    + #""detail":"Too many bodies are on their way; try again shortly.","code":"busy","#
    + #""temporary":true}"#).utf8)

extension Connections {
  /// Notes what the kernel reports about a connection.
  ///
  /// - Returns: whether there may be something to read.
  func noteReadiness(_ slot: Int, _ events: UInt32) -> Bool {
    let ends = clinux_epoll_peer_closed | clinux_epoll_broken
    if events & (clinux_epoll_in | ends) != 0 { rows[slot].flags.insert(.readable) }
    if events & ends != 0 { rows[slot].flags.insert(.ending) }
    let id = id(ofSlot: slot)
    if events & clinux_epoll_out != 0, rows[slot].hasOutput { flush(slot) }
    return self.slot(of: id) != nil && rows[slot].flags.contains(.readable)
  }

  func beginReading(_ id: ConnectionID) {
    precondition(reading == nil, "one connection is read at a time")
    reading = id
    readsLeft = readsPerTurnMax
  }

  /// Leaves an incomplete message with its connection and makes the borrowed decoder fresh again.
  func endReading(_ id: ConnectionID) {
    reading = nil
    let slot = slot(of: id)
    if let slot, let requests = rows[slot].requests, !requests.decoder.isInsideRequest {
      rows[slot].requests = nil
    }
    if let slot, let messages = rows[slot].messages {
      if !messages.decoder.isInsideMessage { rows[slot].messages = nil }
      return
    }
    guard let slot, rows[slot].phase == .webSocket || rows[slot].phase == .closing else {
      borrowed = freshDecoder()
      return
    }
    if borrowed.isInsideMessage {
      rows[slot].messages = Connection.Messages(borrowed, since: now)
      borrowed = freshDecoder()
    }
  }

  /// The next complete thing that this connection has sent, reading more where needed.
  func nextInbound(_ id: ConnectionID) -> Inbound? {
    while let slot = slot(of: id) {
      switch rows[slot].phase {
      case .free: return nil
      case .http:
        // One request at a time, and no further one before the last answer is out.
        guard !rows[slot].flags.contains(.inFlight), !rows[slot].hasOutput else { return nil }
        if let inbound = nextRequest(slot) { return inbound }
      case .webSocket, .closing:
        if let inbound = nextMessage(slot) { return inbound }
      case .lingering: break
      }
      guard self.slot(of: id) != nil, readMore(slot) else { return nil }
    }
    return nil
  }

  // MARK: HTTP

  private func nextRequest(_ slot: Int) -> Inbound? {
    guard let requests = rows[slot].requests else { return nil }
    do throws(HTTPError) {
      guard let request = try requests.decoder.next() else {
        requests.count()
        if let head = requests.decoder.takeHead() { return .head(head) }
        timeRequest(slot, requests)
        return nil
      }
      requests.count()
      rows[slot].flags.insert(.inFlight)
      rows[slot].flags.remove([.isHead, .keepsAlive])
      if request.method == .head { rows[slot].flags.insert(.isHead) }
      if request.keepsAlive { rows[slot].flags.insert(.keepsAlive) }
      rows[slot].timer = .response
      rows[slot].deadline = now + configuration.responseMilliseconds
      let isUpgrade =
        request.asksForUpgrade && request.headers.contains("upgrade", token: "websocket")
      return isUpgrade ? .upgrade(request) : .request(request)
    } catch {
      refuse(slot, error.response, .violation)
      return nil
    }
  }

  /// Answers what is not to be read any further, and closes.
  private func refuse(_ slot: Int, _ response: HTTPResponse, _ cause: CloseCause) {
    let id = id(ofSlot: slot)
    var response = response
    for (name, value) in configuration.standingHeaders { response.headers.add(name, value) }
    transmit(Frame(encoded: response.bytes(keepsAlive: false)), slot)
    if self.slot(of: id) != nil, rows[slot].phase == .http { linger(slot, cause) }
  }

  /// Reads the body of the request whose header was asked about, or refuses it.
  ///
  /// - Parameters:
  ///   - id: any id.
  ///   - decision: the delegate's.
  func decide(_ id: ConnectionID, _ decision: BodyDecision) {
    guard let slot = slot(of: id), rows[slot].phase == .http, let requests = rows[slot].requests
    else { return }
    switch decision {
    case .refuse(let response): refuse(slot, response, .local)
    case .read(let bytesMax):
      do throws(HTTPError) { try requests.decoder.limitBody(to: bytesMax) } catch {
        refuse(slot, error.response, .violation)
      }
    }
  }

  /// Refuses the body that brings the loop above what it keeps of incomplete requests.
  ///
  /// - Returns: whether it was refused.
  private func refuseBeyondBudget(_ slot: Int, _ requests: Connection.Requests) -> Bool {
    guard held.bytes > configuration.partialBodiesBytesMax, requests.decoder.isInsideBody else {
      return false
    }
    counts.bodiesRefused += 1
    let response = HTTPResponse(
      status: 503,
      headers: HTTPHeaders([("Retry-After", "1"), ("Content-Type", "application/problem+json")]),
      body: busyProblem)
    refuse(slot, response, .local)
    return true
  }

  /// Runs the clock of a request that has begun: header first, then body, each once.
  private func timeRequest(_ slot: Int, _ requests: Connection.Requests) {
    guard requests.decoder.isInsideRequest, !refuseBeyondBudget(slot, requests) else { return }
    if rows[slot].timer == .idle {
      rows[slot].timer = .header
      rows[slot].deadline = now + configuration.headerMilliseconds
    }
    if rows[slot].timer == .header, requests.decoder.isInsideBody {
      rows[slot].timer = .body
      rows[slot].deadline = now + configuration.bodyMilliseconds
    }
    if requests.decoder.takeExpectation() {
      transmit(Frame(encoded: HTTPResponse.continueBytes), slot)
    }
  }

  /// Makes a WebSocket of the connection whose upgrade request is in flight.
  ///
  /// - Parameters:
  ///   - id: any id.
  ///   - request: the upgrade request.
  ///   - subprotocol: what the delegate chose; used where the client offered it.
  /// - Returns: whether frames can be sent now; otherwise the request has been answered.
  func acceptUpgrade(
    _ id: ConnectionID, _ request: HTTPRequest, subprotocol: String?
  ) -> Bool {
    guard let slot = slot(of: id), rows[slot].phase == .http,
      rows[slot].flags.contains(.inFlight)
    else { return false }
    do throws(WebSocketHandshakeError) {
      let acceptance = try WebSocketHandshake.accept(
        request, supported: subprotocol.map { [$0] } ?? [], sha1: configuration.sha1)
      let bytes = acceptance.response.bytes(keepsAlive: true)
      guard transmit(Frame(encoded: bytes), slot) != .dropped else { return false }
    } catch {
      respond(error.response, to: id)
      return false
    }
    counts.upgraded += 1
    rows[slot].flags.remove(.inFlight)
    rows[slot].phase = .webSocket
    rows[slot].timer = .ping
    rows[slot].lastHeard = now
    rows[slot].deadline = now + configuration.pingMilliseconds
    if let rest = rows[slot].requests?.decoder.takeRest(), !rest.isEmpty {
      rest.withUnsafeBytes { borrowed.feed($0) }
    }
    rows[slot].requests = nil
    if isDraining { closeForDrain(slot) }
    return rows[slot].phase == .webSocket
  }

  // MARK: WebSocket

  private func nextMessage(_ slot: Int) -> Inbound? {
    while rows[slot].phase == .webSocket || rows[slot].phase == .closing {
      let event: WebSocketEvent?
      do throws(WebSocketError) {
        if let messages = rows[slot].messages {
          event = try messages.decoder.next()
          // A ping in between moves nothing on; a whole message does.
          switch event {
          case .text, .binary: messages.since = now
          case .ping, .pong, .close, nil: break
          }
        } else {
          event = try borrowed.next()
        }
      } catch {
        fail(slot, code: error.closeCode)
        return nil
      }
      guard let event else { return nil }
      let isOpen = rows[slot].phase == .webSocket
      switch event {
      case .text(let text):
        if isOpen { return .text(text) }
      case .binary(let bytes):
        if isOpen, configuration.takesBinaryMessages { return .binary(bytes) }
        if isOpen { fail(slot, code: CloseCode.unsupportedData) }
      case .ping(let payload):
        if isOpen { transmit(Frame(encoded: WebSocketEncoder.frame(.pong, payload)), slot) }
      case .pong: break
      case .close(let code, _): peerClosed(slot, code)
      }
    }
    return nil
  }

  /// Answers the peer's close frame, or takes it as the answer to ours.
  private func peerClosed(_ slot: Int, _ code: UInt16?) {
    let id = id(ofSlot: slot)
    if rows[slot].phase == .webSocket {
      announceClosed(slot, .peer)
      transmit(Frame(encoded: WebSocketEncoder.close(code)), slot)
    }
    // With nothing unread the socket can be closed at once without a reset; see `linger`.
    guard self.slot(of: id) != nil else { return }
    if !rows[slot].hasOutput, !rows[slot].flags.contains(.readable) {
      drop(slot, .peer)
    } else {
      linger(slot, .peer)
    }
  }

  /// Fails the WebSocket connection. Source: RFC 6455 section 7.1.7.
  func fail(
    _ slot: Int, code: UInt16, reason: String = "", _ cause: CloseCause = .violation
  ) {
    let id = id(ofSlot: slot)
    announceClosed(slot, cause)
    if rows[slot].phase == .webSocket {
      transmit(Frame(encoded: WebSocketEncoder.close(code, reason: reason)), slot)
    }
    if self.slot(of: id) != nil { linger(slot, cause) }
  }

  // MARK: Bytes

  /// Reads once and feeds the decoder: whether it is worth asking the decoder again.
  private func readMore(_ slot: Int) -> Bool {
    guard rows[slot].flags.contains(.readable) else { return false }
    guard readsLeft > 0 else {
      again.append(id(ofSlot: slot))
      return false
    }
    readsLeft -= 1
    let id = id(ofSlot: slot)
    let outcome = rows[slot].channel.receive(into: buffer)
    if rows[slot].timer == .handshake { noteHandshake(slot) }
    switch outcome {
    case .bytes(let count):
      // A short read has emptied the socket (epoll(7), question 9), but for the end of the stream.
      let isEmptied = rows[slot].channel.tls?.hasEmptiedSocket ?? (count < buffer.count)
      if isEmptied, !rows[slot].flags.contains(.ending) {
        rows[slot].flags.remove(.readable)
      }
      feed(slot, UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      return true
    case .wouldBlock:
      rows[slot].flags.remove(.readable)
      return false
    case .ended:
      rows[slot].flags.remove(.readable)
      rows[slot].flags.insert(.ended)
      if rows[slot].hasOutput {
        linger(slot, .peer)
      } else {
        drop(slot, .peer)
      }
      return false
    case .refused(let isPlainHTTP):
      refuseTLS(slot, isPlainHTTP: isPlainHTTP)
      return self.slot(of: id) != nil
    case .failed:
      drop(slot, .broken)
      return false
    }
  }

  /// Gives a connection its time for a request once the handshake of TLS is over.
  private func noteHandshake(_ slot: Int) {
    guard rows[slot].channel.tls?.isEstablished == true else { return }
    counts.handshakes += 1
    rows[slot].timer = .header
    rows[slot].deadline = now + configuration.headerMilliseconds
  }

  /// Ends a connection whose bytes are no TLS: what it had still to be sent is forgotten, and what
  /// still comes is discarded. Somebody who merely forgot the s of https is told so.
  private func refuseTLS(_ slot: Int, isPlainHTTP: Bool) {
    let id = id(ofSlot: slot)
    if rows[slot].timer == .handshake { counts.handshakesFailed += 1 }
    rows[slot].queue = OutgoingQueue()
    rows[slot].channel.forgetTLS()
    if isPlainHTTP { transmit(Frame(encoded: plainHTTPAnswer), slot) }
    if self.slot(of: id) != nil { linger(slot, .violation) }
  }

  private func feed(_ slot: Int, _ bytes: UnsafeRawBufferPointer) {
    switch rows[slot].phase {
    case .http:
      let requests =
        rows[slot].requests
        ?? Connection.Requests(
          HTTPRequestDecoder(bodyBytesMax: configuration.requestBodyBytesMax), held)
      rows[slot].requests = requests
      requests.decoder.feed(bytes)
    case .webSocket, .closing:
      rows[slot].lastHeard = now
      if let messages = rows[slot].messages {
        messages.decoder.feed(bytes)
      } else {
        borrowed.feed(bytes)
      }
    case .free, .lingering: break
    }
  }

  private func freshDecoder() -> WebSocketDecoder {
    WebSocketDecoder(role: .server, messageBytesMax: configuration.messageBytesMax)
  }
}
