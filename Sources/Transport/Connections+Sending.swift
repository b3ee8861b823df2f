// Sending: at once while the socket has room, through the queue otherwise, never more than the
// bounds allow. A frame that has begun is always finished before another one begins.
import Wire

extension Connections {
  /// Sends one frame to a WebSocket.
  ///
  /// A queue that grows above `queueBytesMax` closes the connection with 3008: what waits is
  /// forgotten, and but for the rest of a begun frame only the close frame is still sent.
  /// - Parameters:
  ///   - frame: encoded once, for any number of connections.
  ///   - id: any id; nothing happens for one that is closed or closing.
  /// - Returns: what became of it.
  @discardableResult
  package func send(_ frame: Frame, to id: ConnectionID) -> SendOutcome {
    guard let slot = slot(of: id), rows[slot].phase == .webSocket else { return .dropped }
    return transmit(frame, slot)
  }

  /// Sends one text message to a WebSocket.
  ///
  /// - Parameters:
  ///   - text: valid UTF-8.
  ///   - id: see `send(_:to:)`.
  /// - Returns: what became of it.
  @discardableResult
  package func sendText(_ text: [UInt8], to id: ConnectionID) -> SendOutcome {
    guard isOpenWebSocket(id) else { return .dropped }
    return send(Frame(text: text), to: id)
  }

  /// Answers the request in flight.
  ///
  /// - Parameters:
  ///   - response: whole.
  ///   - id: any id; nothing happens where no request waits for an answer.
  package func respond(_ response: HTTPResponse, to id: ConnectionID) {
    guard let slot = slot(of: id), rows[slot].phase == .http,
      rows[slot].flags.contains(.inFlight)
    else { return }
    let keepsAlive = rows[slot].flags.contains(.keepsAlive) && !isDraining
    let isHead = rows[slot].flags.contains(.isHead)
    rows[slot].flags.remove(.inFlight)
    let isBegun = rows[slot].requests?.decoder.isInsideRequest ?? false
    rows[slot].timer = isBegun ? .header : .idle
    rows[slot].deadline =
      now + (isBegun ? configuration.headerMilliseconds : configuration.keepAliveMilliseconds)
    var response = response
    for (name, value) in configuration.standingHeaders { response.headers.add(name, value) }
    let bytes = response.bytes(keepsAlive: keepsAlive, isHead: isHead)
    transmit(Frame(encoded: bytes), slot)
    guard self.slot(of: id) != nil else { return }
    if keepsAlive {
      serveAgain(slot)
    } else {
      linger(slot, isDraining ? .drain : .local)
    }
  }

  /// Closes a connection: a WebSocket with a close frame behind what is queued, HTTP at once.
  ///
  /// - Parameters:
  ///   - id: any id; nothing happens for one that is closed or closing.
  ///   - code: one that may be sent (RFC 6455 section 7.4).
  ///   - reason: for the developer at the other end, cut to 123 bytes.
  package func close(_ id: ConnectionID, code: UInt16 = CloseCode.normal, reason: String = "") {
    guard let slot = slot(of: id) else { return }
    close(slot, code: code, reason: reason, .local)
  }

  func close(_ slot: Int, code: UInt16, reason: String, _ cause: CloseCause) {
    switch rows[slot].phase {
    case .free, .closing, .lingering: return
    case .http: linger(slot, cause)
    case .webSocket:
      announceClosed(slot, cause)
      rows[slot].phase = .closing
      rows[slot].timer = .close
      rows[slot].deadline = now + configuration.closeMilliseconds
      transmit(Frame(encoded: WebSocketEncoder.close(code, reason: reason)), slot)
    }
  }

  /// Gives up a WebSocket that does not read what it is sent.
  func closeSlowConsumer(_ slot: Int) {
    counts.slowConsumers += 1
    rows[slot].queue.keepOnlyBegun()
    close(slot, code: closeCodeSlowConsumer, reason: "slow consumer", .slowConsumer)
  }

  /// Sends or queues, whatever the phase; the slot may be free afterwards.
  @inline(__always)
  @discardableResult
  func transmit(_ frame: Frame, _ slot: Int) -> SendOutcome {
    var sent = 0
    if rows[slot].queue.isEmpty {
      switch frame.bytes.withUnsafeBytes({ rows[slot].channel.send($0) }) {
      case .bytes(let count):
        if count == frame.bytes.count { return .sent }
        sent = count
      case .wouldBlock: break
      case .ended, .failed, .refused:
        drop(slot, .broken)
        return .dropped
      }
    }
    return enqueue(frame, sent: sent, slot)
  }

  private func enqueue(_ frame: Frame, sent: Int, _ slot: Int) -> SendOutcome {
    rows[slot].queue.append(frame, sent: sent, now: now)
    guard rows[slot].phase == .webSocket else { return .queued }
    if rows[slot].queue.bytes > configuration.queueBytesMax {
      closeSlowConsumer(slot)
      return .dropped
    }
    if rows[slot].queue.bytes > configuration.queueLowWaterBytes {
      rows[slot].flags.insert(.congested)
    }
    return .queued
  }

  /// Sends what is queued, as far as there is room.
  func flush(_ slot: Int) {
    if let session = rows[slot].channel.tls {
      switch session.flush() {
      case .bytes: break
      case .wouldBlock: return
      case .ended, .failed, .refused: return drop(slot, .broken)
      }
    }
    while !rows[slot].queue.isEmpty {
      let channel = rows[slot].channel
      switch rows[slot].queue.withNextBytes(buffer, { ($0.count, channel.send($0)) }) {
      case (let offered, .bytes(let count)):
        rows[slot].queue.advance(count)
        // One large response may take its time as long as it moves; frames age from their birth.
        if rows[slot].phase == .http { rows[slot].queue.touch(now: now) }
        if count < offered { return noteLowWater(slot) }
      case (_, .wouldBlock): return noteLowWater(slot)
      case (_, .ended), (_, .failed), (_, .refused): return drop(slot, .broken)
      }
    }
    noteLowWater(slot)
    guard !rows[slot].channel.holdsBytes else { return }
    switch rows[slot].phase {
    case .lingering:
      if rows[slot].flags.contains(.ended) {
        drop(slot, .local)
      } else {
        rows[slot].channel.endSending()
      }
    // The next request was held back until the answer to the last one is out.
    case .http: serveAgain(slot)
    case .free, .webSocket, .closing: break
    }
  }

  private func noteLowWater(_ slot: Int) {
    guard rows[slot].flags.contains(.congested),
      rows[slot].queue.bytes <= configuration.queueLowWaterBytes
    else { return }
    rows[slot].flags.remove(.congested)
    if rows[slot].phase == .webSocket { notices.append(.writable(id(ofSlot: slot))) }
  }
}

/// The client was silent for too long; it should reconnect and resume.
package let closeCodePingTimeout: UInt16 = 3009
/// The client did not read what it was sent; it should reconnect and resume.
package let closeCodeSlowConsumer: UInt16 = 3008
