// Time-outs and the orderly end. One pass over the dense table every `sweepMilliseconds` looks at
// each connection once: no timer is ever inserted or removed, and hearing from a peer costs one
// store.
import Wire

extension Connections {
  /// Acts on every deadline that has passed.
  ///
  /// - Complexity: O(n) in the rows that were ever used.
  func sweep() {
    var queuedBytes = 0
    defer {
      counts.queuedBytes = queuedBytes
      counts.bodyBytes = held.bytes
    }
    for slot in 0..<rowsUsed where rows[slot].phase != .free {
      queuedBytes += rows[slot].queue.bytes
      if now >= rows[slot].deadline { expire(slot) }
      if rows[slot].phase == .webSocket, let messages = rows[slot].messages,
        now - messages.since >= configuration.messageMilliseconds
      {
        fail(slot, code: CloseCode.policyViolation, reason: "slow message", .timeout)
        continue
      }
      guard !rows[slot].queue.isEmpty,
        now - rows[slot].queue.oldestSince >= configuration.queueAgeMilliseconds
      else { continue }
      switch rows[slot].phase {
      case .webSocket: closeSlowConsumer(slot)
      case .http: drop(slot, .timeout)
      case .free, .closing, .lingering: break
      }
    }
  }

  private func expire(_ slot: Int) {
    switch rows[slot].timer {
    case .handshake:
      counts.handshakesFailed += 1
      drop(slot, .timeout)
    case .header, .body: refuseLate(slot, status: 408, wasBegun: rows[slot].requests != nil)
    case .response: refuseLate(slot, status: 503, wasBegun: true)
    case .idle:
      // An answer that is still on its way is timed by the age of the queue.
      if rows[slot].queue.isEmpty { drop(slot, .timeout) }
    case .close: drop(slot, .timeout)
    case .ping:
      let due = rows[slot].lastHeard + configuration.pingMilliseconds
      if now < due {
        rows[slot].deadline = due
      } else {
        rows[slot].timer = .pong
        rows[slot].deadline = now + configuration.pongMilliseconds
        transmit(pingFrame, slot)
      }
    case .pong:
      let pinged = rows[slot].deadline - configuration.pongMilliseconds
      if rows[slot].lastHeard >= pinged {
        rows[slot].timer = .ping
        rows[slot].deadline = rows[slot].lastHeard + configuration.pingMilliseconds
      } else {
        // Whoever is there after all, and only did not answer, is told why.
        let id = id(ofSlot: slot)
        let farewell = WebSocketEncoder.close(closeCodePingTimeout, reason: "ping timeout")
        transmit(Frame(encoded: farewell), slot)
        if self.slot(of: id) != nil { drop(slot, .timeout) }
      }
    }
  }

  /// Says why, where somebody may still be listening, and closes without waiting for an answer.
  private func refuseLate(_ slot: Int, status: Int, wasBegun: Bool) {
    let id = id(ofSlot: slot)
    if wasBegun {
      transmit(Frame(encoded: HTTPResponse(status: status).bytes(keepsAlive: false)), slot)
    }
    if self.slot(of: id) != nil { drop(slot, .timeout) }
  }

  // MARK: The end

  /// Closes what is idle and asks every WebSocket to come back later; requests in flight go on.
  ///
  /// A connection that has been accepted and has not asked anything yet is about to: it is given a
  /// moment, or a restart would be seen as a reset by whoever happened to come just now.
  func beginDraining() {
    isDraining = true
    for slot in 0..<rowsUsed {
      switch rows[slot].phase {
      case .http:
        let isBusy =
          rows[slot].flags.contains(.inFlight) || rows[slot].requests != nil
          || rows[slot].hasOutput
        if isBusy { continue }
        if rows[slot].timer == .header {
          rows[slot].deadline = min(
            rows[slot].deadline, now + configuration.firstRequestMilliseconds)
        } else {
          drop(slot, .drain)
        }
      case .webSocket: closeForDrain(slot)
      case .free, .closing, .lingering: break
      }
    }
  }

  func closeForDrain(_ slot: Int) {
    close(slot, code: CloseCode.serviceRestart, reason: "service restart", .drain)
  }

  /// Closes every socket at once.
  func dropAll() {
    for slot in 0..<rowsUsed where rows[slot].phase != .free { drop(slot, .drain) }
  }
}
