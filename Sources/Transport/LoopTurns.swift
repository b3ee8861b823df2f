// The turns of a loop. One turn: wait for readiness, serve what is ready, deliver what was posted,
// act on deadlines, tell the delegate what became of its connections. Lives on the loop's thread
// only.
import CLinux
import Glibc

/// The running part of a loop.
final class LoopTurns<Delegate: LoopDelegate> {
  private let loop: Loop<Delegate>
  private let configuration: LoopConfiguration
  private let poller: Poller
  private let connections: Connections
  private let delegate: Delegate
  private let events = UnsafeMutableBufferPointer<epoll_event>.allocate(capacity: 256)
  private var listener: Listener?
  private var isListening = false
  private var nextSweep: Int64
  private var nextDeadline: Int64?
  private var drainDeadline: Int64?
  /// Swapped with the inbox, so that neither array is ever allocated anew.
  private var posted: [Delegate.Message] = []

  init(
    _ loop: Loop<Delegate>, _ makeDelegate: (Loop<Delegate>, Connections) -> Delegate
  ) {
    self.loop = loop
    configuration = loop.configuration
    poller = loop.poller
    listener = loop.listener
    connections = Connections(
      configuration: configuration, loopIndex: loop.index, poller: poller)
    nextSweep = connections.now + configuration.sweepMilliseconds
    delegate = makeDelegate(loop, connections)
  }

  deinit { events.deallocate() }

  /// Takes turns until the loop is drained.
  func run() {
    listen()
    nextDeadline = delegate.deadlineReached(at: connections.now)
    while true {
      let count = poller.wait(events, milliseconds: pause())
      connections.now = configuration.clock()
      for event in events[..<count] { handle(event) }
      let again = connections.again
      connections.again.removeAll(keepingCapacity: true)
      for id in again { serve(id) }
      delegate.inboundServed()
      deliverPosted()
      actOnDeadlines()
      deliverNotices()
      delegate.turnEnded(at: connections.now)
      if hasEnded() { return }
    }
  }

  private func handle(_ event: epoll_event) {
    switch event.data.u64 {
    case Poller.wakeToken: break
    case Poller.listenerToken: acceptWaiting()
    case let token:
      let id = ConnectionID(rawValue: token)
      guard let slot = connections.slot(of: id) else { return }
      if connections.noteReadiness(slot, event.events) { serve(id) }
    }
  }

  /// Hands everything complete that a connection has sent to the delegate.
  private func serve(_ id: ConnectionID) {
    connections.beginReading(id)
    while let inbound = connections.nextInbound(id) {
      switch inbound {
      case .head(let head): connections.decide(id, delegate.headReceived(head, on: id))
      case .text(let text): delegate.messageReceived(text, on: id)
      case .binary(let bytes): delegate.binaryMessageReceived(bytes, on: id)
      case .request(let request): delegate.requestReceived(request, on: id)
      case .upgrade(let request):
        switch delegate.upgradeRequested(request, on: id) {
        case .accept(let subprotocol):
          if connections.acceptUpgrade(id, request, subprotocol: subprotocol) {
            delegate.webSocketOpened(id)
          }
        case .refuse(let response): connections.respond(response, to: id)
        }
      }
    }
    connections.endReading(id)
  }

  // MARK: Accepting

  private func listen() {
    guard let listener, !isListening else { return }
    do {
      try poller.register(listener: listener.descriptor)
      isListening = true
    } catch {
      // Out of kernel memory; the next sweep tries again.
    }
  }

  private func stopListening() {
    guard isListening, let listener else { return }
    poller.remove(listener.descriptor)
    isListening = false
  }

  private func acceptWaiting() {
    guard let listener, isListening else { return }
    for _ in 0..<configuration.acceptsPerTurnMax {
      switch connections.accept(listener.descriptor) {
      case .opened(let id, let address):
        connections.counts.starving = 0
        if !delegate.connectionOpened(id, address: address) { connections.refuse(id) }
      case .refused: break
      case .none:
        connections.counts.starving = 0
        return
      case .outOfDescriptors:
        connections.counts.starvations += 1
        connections.counts.starving = 1
        // Who waits is not turned away, but asked for again at the next sweep; until then the
        // socket must not be reported, or the loop would spin.
        stopListening()
        return
      }
    }
  }

  // MARK: Posted messages, deadlines, notices

  private func deliverPosted() {
    let drainMilliseconds = loop.inbox.withLock { inbox in
      swap(&inbox.messages, &posted)
      inbox.isWoken = false
      return inbox.drainMilliseconds.take()
    }
    for message in posted { delegate.messagePosted(message) }
    posted.removeAll(keepingCapacity: posted.capacity <= 4096)
    if let drainMilliseconds { drain(drainMilliseconds) }
  }

  private func actOnDeadlines() {
    let now = connections.now
    if let requested = connections.requestedDeadline.take() {
      nextDeadline = min(nextDeadline ?? Int64.max, requested)
    }
    if let moment = nextDeadline, now >= moment {
      nextDeadline = delegate.deadlineReached(at: now)
    }
    if now >= nextSweep {
      nextSweep = now + configuration.sweepMilliseconds
      connections.sweep()
      if drainDeadline == nil {
        listen()
        // Whether there is a descriptor again is found out though nobody comes (accept4 takes one
        // before it looks who waits).
        if connections.counts.starving != 0 { acceptWaiting() }
      }
    }
  }

  private func deliverNotices() {
    while !connections.notices.isEmpty {
      let notices = connections.notices
      connections.notices.removeAll(keepingCapacity: true)
      for notice in notices {
        switch notice {
        case .closed(let id, let cause): delegate.connectionClosed(id, cause: cause)
        case .writable(let id): delegate.writable(id)
        }
      }
    }
  }

  /// How long to wait: until the next thing that the clock brings; below zero for ever.
  private func pause() -> Int32 {
    guard connections.again.isEmpty, connections.notices.isEmpty else { return 0 }
    var moment = Int64.max
    if let nextDeadline { moment = min(moment, nextDeadline) }
    if let requested = connections.requestedDeadline { moment = min(moment, requested) }
    if let drainDeadline { moment = min(moment, drainDeadline) }
    if connections.counts.open > 0 || !isListening { moment = min(moment, nextSweep) }
    guard moment < Int64.max else { return -1 }
    return Int32(clamping: max(0, moment - connections.now))
  }

  // MARK: The end

  private func drain(_ milliseconds: Int64) {
    let deadline = connections.now + milliseconds
    guard drainDeadline == nil else {
      drainDeadline = min(drainDeadline ?? deadline, deadline)
      return
    }
    drainDeadline = deadline
    stopListening()
    listener?.stop()
    listener = nil
    connections.beginDraining()
  }

  private func hasEnded() -> Bool {
    guard let drainDeadline else { return false }
    if connections.now >= drainDeadline { connections.dropAll() }
    guard connections.counts.open == 0 else { return false }
    deliverNotices()
    return true
  }
}
