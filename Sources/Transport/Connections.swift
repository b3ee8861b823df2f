// The connections of one loop, and the only way to send to them.
//
// A dense table indexed by slot; an id holds slot and generation, so a stale id finds nothing. No
// callbacks: input is pulled out with `nextInbound`, and what the delegate must hear about
// (closings, drained queues) is gathered in `notices`. So no delegate is ever called from inside a
// send, and a loop over many members may send to each without looking out for changes under its
// feet. Everything here runs on the loop's thread only.
import CLinux
import Wire

/// The connections of one loop.
package final class Connections {
  /// What has happened since the start.
  package struct Counts: Sendable {
    /// Connections open now.
    package var open = 0
    /// Connections that were accepted within the limits.
    package var opened = 0
    /// Connections closed at once, for a limit or by the delegate.
    package var refused = 0
    /// Connections closed at once because their address opens them too fast; not among `refused`.
    package var paced = 0
    /// Handshakes that were accepted.
    package var upgraded = 0
    /// WebSockets closed because they read too slowly.
    package var slowConsumers = 0
    /// Handshakes of TLS that were completed.
    package var handshakes = 0
    /// Handshakes of TLS that failed or took too long.
    package var handshakesFailed = 0
    /// Requests refused because the loop kept too many bytes of incomplete ones.
    package var bodiesRefused = 0
    /// Bytes that incomplete requests kept when the deadlines were looked at last.
    package var bodyBytes = 0
    /// Attempts to accept that failed for want of a descriptor.
    package var starvations = 0
    /// 1 from such an attempt until one that found a descriptor, else 0.
    package var starving = 0
    /// Bytes that waited to be sent when the deadlines were looked at last.
    package var queuedBytes = 0

    /// Nothing has happened yet.
    package init() {}
  }

  /// What an attempt to accept brought.
  enum Acceptance {
    case opened(ConnectionID, InternetAddress)
    case refused
    case none
    case outOfDescriptors
  }

  /// What has happened since the start.
  package internal(set) var counts = Counts()
  /// Monotonic milliseconds at the start of this turn.
  package internal(set) var now: Int64
  /// The index of the loop, 0…255.
  package let loopIndex: Int

  let configuration: LoopConfiguration
  let poller: Poller
  /// Scratch space for one read or one gathered write.
  let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 64)
  /// The table, never moved; memory that no connection has used is not even touched.
  let rows: UnsafeMutableBufferPointer<Connection>
  /// Rows that were ever used, and so are initialized.
  private(set) var rowsUsed = 0
  private var freeSlots: [Int] = []
  var notices: [Notice] = []
  let held = Connection.HeldBytes()
  /// Connections to be served again though the kernel reports nothing new.
  var again: [ConnectionID] = []
  /// The connection that is being read, with the decoder that it borrows while nothing is partial.
  var reading: ConnectionID?
  var readsLeft = 0
  var borrowed: WebSocketDecoder
  var isDraining = false
  var requestedDeadline: Int64?
  let pingFrame = Frame(encoded: WebSocketEncoder.frame(.ping, []))

  init(configuration: LoopConfiguration, loopIndex: Int, poller: Poller) {
    precondition(configuration.connectionsMax <= ConnectionID.slotsMax, "a slot has 24 bits")
    self.configuration = configuration
    self.loopIndex = loopIndex
    self.poller = poller
    now = configuration.clock()
    rows = .allocate(capacity: configuration.connectionsMax)
    borrowed = WebSocketDecoder(role: .server, messageBytesMax: configuration.messageBytesMax)
  }

  deinit {
    precondition(counts.open == 0, "a loop closes its connections before it ends")
    _ = rows.extracting(..<rowsUsed).deinitialize()
    rows.deallocate()
    buffer.deallocate()
  }

  /// Has `deadlineReached` called at a moment, or earlier if that was asked for already.
  ///
  /// - Parameter moment: monotonic milliseconds.
  package func requestDeadline(at moment: Int64) {
    requestedDeadline = min(requestedDeadline ?? Int64.max, moment)
  }

  /// Whether frames can be sent: the connection is a WebSocket that nobody has begun to close.
  ///
  /// - Parameter id: any id, also a stale one.
  /// - Returns: whether `send` would try.
  package func isOpenWebSocket(_ id: ConnectionID) -> Bool {
    guard let slot = slot(of: id) else { return false }
    return rows[slot].phase == .webSocket
  }

  /// Bytes that wait for room in the connection's socket, bookkeeping included; 0 for a stale id.
  ///
  /// - Parameter id: any id.
  /// - Returns: at least 0.
  package func queuedBytes(_ id: ConnectionID) -> Int {
    guard let slot = slot(of: id) else { return 0 }
    return rows[slot].queue.bytes
  }

  /// Where a connection comes from, as limits count it; nothing for a stale id.
  ///
  /// - Parameter id: any id.
  /// - Returns: its network.
  package func network(of id: ConnectionID) -> InternetAddress.Network? {
    guard let slot = slot(of: id) else { return nil }
    return rows[slot].network
  }

  /// The row of a connection that exists.
  @inline(__always)
  func slot(of id: ConnectionID) -> Int? {
    let slot = id.slot
    guard slot < rowsUsed, rows[slot].generation == id.generation, rows[slot].phase != .free
    else { return nil }
    return slot
  }

  func id(ofSlot slot: Int) -> ConnectionID {
    ConnectionID(loop: loopIndex, generation: rows[slot].generation, slot: slot)
  }

  // MARK: Opening and closing

  /// Takes one connection out of the listening socket's queue.
  func accept(_ listener: Int32) -> Acceptance {
    var peer = clinux_address()
    let descriptor: Int32
    do {
      descriptor = try systemCall("accept4") { clinux_accept(listener, &peer) }
    } catch {
      if error.isWouldBlock { return .none }
      // Anything else concerns the one connection that was at the head of the queue (accept(2)).
      return error.isOutOfDescriptors ? .outOfDescriptors : .refused
    }
    let address = InternetAddress(peer)
    // Before anything is done for it: a handshake of TLS costs us a signature.
    guard configuration.openings?.take(address.network, at: now) ?? 0 == 0 else {
      closeDescriptor(descriptor)
      counts.paced += 1
      return .refused
    }
    guard !isDraining, counts.open < configuration.connectionsMax,
      configuration.quota?.take(address.network) ?? true
    else {
      closeDescriptor(descriptor)
      counts.refused += 1
      return .refused
    }
    let session: TLSSession?
    do throws(TLSError) {
      session = try configuration.tls.map { identity throws(TLSError) in
        try TLSSession(server: identity.context, descriptor: descriptor)
      }
    } catch {
      // Out of memory; nothing that the client could be told.
      configuration.quota?.giveBack(address.network)
      closeDescriptor(descriptor)
      counts.refused += 1
      return .refused
    }
    let slot = takeSlot()
    rows[slot].channel = ByteChannel(descriptor: descriptor, tls: session)
    rows[slot].phase = .http
    rows[slot].network = address.network
    rows[slot].timer = session == nil ? .header : .handshake
    rows[slot].deadline =
      now
      + (session == nil ? configuration.headerMilliseconds : configuration.handshakeMilliseconds)
    counts.open += 1
    let id = id(ofSlot: slot)
    do {
      try poller.register(connection: descriptor, token: id.rawValue)
    } catch {
      refuse(id)
      return .refused
    }
    counts.opened += 1
    return .opened(id, address)
  }

  /// Closes a connection that the delegate has not heard of.
  func refuse(_ id: ConnectionID) {
    guard let slot = slot(of: id) else { return }
    rows[slot].flags.insert(.announced)
    counts.refused += 1
    drop(slot, .local)
  }

  /// Closes the socket at once and frees the row.
  func drop(_ slot: Int, _ cause: CloseCause) {
    announceClosed(slot, cause)
    rows[slot].channel.close()
    if let network = rows[slot].network { configuration.quota?.giveBack(network) }
    let next = rows[slot].generation &+ 1
    rows[slot] = Connection()
    rows[slot].generation = next
    counts.open -= 1
    freeSlots.append(slot)
  }

  /// Tells the delegate, once, that a connection is over.
  func announceClosed(_ slot: Int, _ cause: CloseCause) {
    guard !rows[slot].flags.contains(.announced) else { return }
    rows[slot].flags.insert(.announced)
    notices.append(.closed(id(ofSlot: slot), cause))
  }

  /// Sends what is queued, then ends our direction and waits for the peer to end its own.
  ///
  /// Closing at once would make the kernel answer input that we have not read with a reset, which
  /// can destroy our last words before the peer has read them.
  func linger(_ slot: Int, _ cause: CloseCause) {
    announceClosed(slot, cause)
    let isQuiet = !rows[slot].hasOutput && rows[slot].flags.contains(.ended)
    if isQuiet { return drop(slot, cause) }
    rows[slot].phase = .lingering
    rows[slot].requests = nil
    rows[slot].messages = nil
    rows[slot].timer = .close
    rows[slot].deadline = now + configuration.closeMilliseconds
    if !rows[slot].hasOutput { rows[slot].channel.endSending() }
    serveAgain(slot)
  }

  /// Has a connection served though the kernel reports nothing new.
  func serveAgain(_ slot: Int) {
    let id = id(ofSlot: slot)
    if id != reading { again.append(id) }
  }

  private func takeSlot() -> Int {
    if let slot = freeSlots.popLast() { return slot }
    rows.initializeElement(at: rowsUsed, to: Connection())
    rowsUsed += 1
    return rowsUsed - 1
  }
}
