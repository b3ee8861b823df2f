// One life of the server, from its start on the disk to its death: the real writer with everything
// behind it, and loops that have no sockets. What a loop does with the session of a connection is done
// here as LoopServer does it; who is told what, and when, is the product's own LoopAudience. The
// simulation's thread only.

import Commerce
import Coordination
import Server
import Synchronization
import Transport
import Wire

/// Collects what the writer posts to one loop, for as long as the process lives.
///
/// `@unchecked Sendable` holds because a simulation has one thread: the writer runs on it too.
private final class SimulatedPort: LoopPort, @unchecked Sendable {
  private let disk: SimulatedDisk
  private let planted: PlantedFault?
  private var messages: [LoopMessage] = []
  private var events = 0

  init(_ disk: SimulatedDisk, _ planted: PlantedFault?) {
    self.disk = disk
    self.planted = planted
  }

  func post(_ message: LoopMessage) {
    guard disk.mayPost() else { return }
    if disk.isFaulty, let planted {
      switch (planted, message) {
      case (.lostEvent, .event), (.repeatedEvent, .event):
        events += 1
        if events.isMultiple(of: 5) {
          if planted == .repeatedEvent { messages.append(message) } else { return }
        }
      default: break
      }
    }
    if planted == .staleTicker, case .figures = message {
      events += 1
      if events.isMultiple(of: 2) { return }
    }
    messages.append(message)
  }

  func take() -> [LoopMessage] {
    defer { messages = [] }
    return messages
  }
}

/// One life of the server.
final class SimulatedProcess {
  /// What a loop knows of a connection.
  private struct Session {
    let caller: Caller
    var rooms: [RoomKey] = []
    var tickers: [Ticker] = []
  }

  /// One loop without sockets.
  private struct Loop {
    let port: SimulatedPort
    var audience = LoopAudience()
    var sessions: [ConnectionID: Session] = [:]
    /// The ids under which clients wait, by the number of the call.
    var pending: [UInt64: (connection: ConnectionID, call: Int64)] = [:]
    var nextCall: UInt64 = 0
    var nextFlush: Int64?
  }

  let health = Health(log: { _ in })
  private let writer: Writer
  private let committer: SimulatedCommitter
  private let desk = Mailbox<SettlementDeskMessage>(capacity: .max)
  private let clock: SimulatedClock
  private var loops: [Loop] = []
  /// What waits for the next round.
  private var mailbox: [WriterMessage] = []
  private let outlet: any FrameOutlet
  /// After so many frames a loop lets others have a turn.
  private let framesMax: Int
  /// Answers of the commission service that the writer has not decided on.
  private(set) var handedOver: Set<DelegatedOrder> = []

  /// Begins a life.
  ///
  /// - Parameters:
  ///   - swarm: the run.
  ///   - disk: with what earlier lives have left.
  ///   - clock: the time.
  ///   - outlet: where frames go.
  ///   - life: counts the lives of the run.
  init(
    _ swarm: Swarm, disk: SimulatedDisk, clock: SimulatedClock, outlet: any FrameOutlet,
    life: UInt64
  ) {
    self.clock = clock
    self.outlet = outlet
    framesMax = swarm.seed % 2 == 0 ? .max : 1 + Int(swarm.seed / 2 % 4)
    let ports = (0..<swarm.loops).map { _ in SimulatedPort(disk, swarm.planted) }
    loops = ports.map { Loop(port: $0) }
    var stateBytesMax = 268_435_456
    if swarm.has(.coldCache) {
      stateBytesMax = swarm.planted != nil || swarm.seed % 2 == 0 ? 0 : 20_000
    }
    committer = SimulatedCommitter(swarm, disk: disk, clock: clock, life: life)
    writer = Writer(
      store: disk, committer: committer, loops: ports, desk: desk, health: health,
      stateBytesMax: stateBytesMax,
      clock: { clock.wall })
    writer.begin()
  }

  /// Whether something waits to be decided.
  var hasWork: Bool { !mailbox.isEmpty }

  /// Whether everything that was decided is stored and told of.
  var isSettled: Bool { writer.isSettled }

  /// When the batch that is being stored is done at the latest; none while none is.
  var commitDueAt: Int64? { committer.dueAt }

  // MARK: Connections

  func open(_ id: ConnectionID, _ caller: Caller) {
    loops[id.loop].sessions[id] = Session(caller: caller)
  }

  /// The server learns that a connection is gone.
  func close(_ id: ConnectionID) {
    guard let session = loops[id.loop].sessions.removeValue(forKey: id) else { return }
    for key in session.rooms { leave(key, id) }
    for ticker in session.tickers { unwatch(ticker, id) }
  }

  /// A client's call has arrived.
  func receive(_ call: Call, number: Int64, on id: ConnectionID) {
    guard let session = loops[id.loop].sessions[id] else { return }
    loops[id.loop].nextCall += 1
    let address = ReplyAddress(
      loop: id.loop, connection: id, call: loops[id.loop].nextCall)
    loops[id.loop].pending[address.call] = (id, number)
    mailbox.append(.call(call, session.caller, address))
  }

  /// A connection has caught up.
  func writable(_ id: ConnectionID) {
    guard let session = loops[id.loop].sessions[id] else { return }
    for key in session.rooms { loops[id.loop].audience.catchUp(id, key, outlet) }
    for ticker in session.tickers { loops[id.loop].audience.catchUp(id, ticker, outlet) }
  }

  /// A commission service has answered.
  func settled(_ order: DelegatedOrder, _ answer: ServiceAnswer) {
    handedOver.insert(order)
    mailbox.append(.settled(order, answer))
  }

  // MARK: Turns

  /// The calls of the next round, in the order in which they will be decided.
  func upcoming(messagesMax: Int) -> [(call: Call, caller: Caller)] {
    mailbox.prefix(messagesMax).compactMap { message in
      if case .call(let call, let caller, _) = message { (call, caller) } else { nil }
    }
  }

  /// One round of the writer over what waits, at most so many messages, and the loops' turns after it.
  func round(messagesMax: Int) {
    let messages = Array(mailbox.prefix(messagesMax))
    mailbox.removeFirst(messages.count)
    _ = writer.round(messages)
    if !handedOver.isEmpty {
      for case .decided(let order, _) in desk.take(waitingMilliseconds: 0) {
        handedOver.remove(order)
      }
    }
    for index in loops.indices {
      for message in loops[index].port.take() { posted(message, to: index) }
      flush(index)
    }
  }

  /// When some loop wants to flush.
  var nextFlush: Int64? { loops.compactMap(\.nextFlush).min() }

  /// Sends what has become due.
  func flushDue() {
    for index in loops.indices where loops[index].nextFlush.map({ $0 <= clock.now }) ?? false {
      flush(index)
    }
  }

  private func flush(_ index: Int) {
    loops[index].nextFlush =
      loops[index].audience.flush(
        at: clock.now, framesMax: framesMax, outlet
      ).next
  }

  private func posted(_ message: LoopMessage, to index: Int) {
    switch message {
    case .answer(let address, let result): deliver(result, to: address)
    case .joined(let address, let key, let viewer, let offset, let answer):
      joined(address, key, viewer, offset)
      deliver(.success(answer), to: address)
    case .watching(let address, let ticker, let answer):
      let id = address.connection
      if loops[index].sessions[id] != nil, loops[index].audience.watch(ticker, id) {
        loops[index].sessions[id]?.tickers.append(ticker)
      } else {
        mailbox.append(.unwatched(ticker, loop: index))
      }
      deliver(.success(answer), to: address)
    case .leaving(let address, let departure, let answer):
      switch departure {
      case .room(let key): leave(key, address.connection)
      case .ticker(let ticker): unwatch(ticker, address.connection)
      }
      deliver(.success(answer), to: address)
    case .event, .level, .figures, .published: _ = loops[index].audience.take(message)
    case .accessChanged, .closing: break
    }
  }

  private func joined(
    _ address: ReplyAddress, _ key: RoomKey, _ viewer: ViewerID, _ offset: Int64
  ) {
    let id = address.connection
    guard loops[id.loop].sessions[id] != nil else { return mailbox.append(.left(key, viewer)) }
    if loops[id.loop].audience.enter(key, id, viewer, offset: offset) {
      loops[id.loop].sessions[id]?.rooms.append(key)
    } else {
      mailbox.append(.left(key, viewer))
    }
  }

  private func leave(_ key: RoomKey, _ id: ConnectionID) {
    guard let viewer = loops[id.loop].audience.leave(key, id) else { return }
    loops[id.loop].sessions[id]?.rooms.removeAll { $0 == key }
    mailbox.append(.left(key, viewer))
  }

  private func unwatch(_ ticker: Ticker, _ id: ConnectionID) {
    guard loops[id.loop].audience.unwatch(ticker, id) else { return }
    loops[id.loop].sessions[id]?.tickers.removeAll { $0 == ticker }
    mailbox.append(.unwatched(ticker, loop: id.loop))
  }

  private func deliver(_ result: Result<Answer, Fault>, to address: ReplyAddress) {
    guard let waiting = loops[address.loop].pending.removeValue(forKey: address.call) else {
      return
    }
    let number = RemoteCallID.integer(waiting.call)
    let text: [UInt8]
    switch result {
    case .success(let answer): text = RemoteReply.result(id: number, answer.body)
    case .failure(let fault): text = RemoteReply.failure(id: number, fault.remote)
    }
    outlet.send(Frame(text: text), to: address.connection)
  }
}
