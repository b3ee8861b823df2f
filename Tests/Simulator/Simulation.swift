// The simulated world: a queue of things to come, the one process of the server on its disk, the
// network, the clients, the commission service, and the auditor who watches all of it. One seed gives
// one run, byte for byte. One thread.

import Commerce
import Commission
import Coordination
import Histories
import Ledger
import Notation
import Server
import Transport
import Wire

/// One run of one seed.
package final class Simulation {
  /// Whose run.
  static let storefront = StorefrontID(trusted: "sim")

  /// Something that will happen.
  enum Event {
    case step
    case arrival(ConnectionID, Call, number: Int64)
    case frame(client: Int, ConnectionID, [UInt8])
    /// The server learns that a connection is gone.
    case closed(ConnectionID)
    /// The client learns it.
    case lost(client: Int, ConnectionID)
    case connect(client: Int)
    /// The client looks whether a call has been answered.
    case impatience(client: Int, ConnectionID, number: Int64)
    case retry(client: Int)
    case caughtUp(ConnectionID)
    case round
    case flush
    case tick
    case serviceAnswer(DelegatedOrder, ServiceAnswer)
    case restart
  }

  let swarm: Swarm
  let clock = SimulatedClock()
  let disk: SimulatedDisk
  let network: SimulatedNetwork
  var auditor: Auditor
  var clients: [SimulatedClient] = []
  let workload: Workload
  private(set) var process: SimulatedProcess?
  private var events = EventQueue()
  private var dice: Dice
  private var serviceDice: Dice
  private var nextCall: Int64 = 0
  private var nextIntent: Int64 = 0
  private var stepsLeft = 0
  private var isRoundDue = false
  private var isTickDue = false
  private var flushDue = Int64.max
  private var isFaulty = false
  private var digest = RunDigest()
  private var eventsHandled = 0
  private var plans: [Int64: Plan] = [:]

  /// More events than any honest run needs to come to rest.
  static let eventsMax = 40_000

  init(_ swarm: Swarm) {
    self.swarm = swarm
    disk = SimulatedDisk(swarm)
    network = SimulatedNetwork(swarm, clock)
    auditor = Auditor(swarm)
    workload = Workload(swarm)
    dice = swarm.dice(3)
    serviceDice = swarm.dice(4)
    network.arrive = { [unowned self] client, id, at, bytes in
      events.add(at, .frame(client: client, id, bytes))
    }
    disk.observe = { [unowned self] changes in
      auditor.observe(changes, at: clock.wall, elapsed: clock.now)
      for booked in changes.transactions { digest.add(booked.transaction.canonicalBytes) }
      for event in changes.events {
        digest.add(event.offset)
        digest.add(event.payload.bytes)
      }
    }
  }

  /// Runs a seed from beginning to end.
  ///
  /// - Parameter swarm: the run.
  /// - Returns: what came of it.
  package static func run(_ swarm: Swarm) -> SimulationReport {
    let simulation = Simulation(swarm)
    simulation.run()
    return SimulationReport(
      swarm: swarm, findings: simulation.auditor.findings, digest: simulation.digest.value,
      transactions: simulation.disk.memory.transactions.count,
      events: simulation.disk.memory.events.count, deaths: simulation.disk.deaths,
      failures: simulation.disk.failures,
      milliseconds: simulation.clock.now)
  }

  private func run() {
    start()
    workload.prepare(self)
    rest()
    workload.populate(self)
    rest()
    setFaulty(true)
    stepsLeft = swarm.steps
    schedule(after: 1, .step)
    rest()
    // The faults are over: now everything has to come to rest, and to be right.
    setFaulty(false)
    heal()
    rest()
    if swarm.has(.refundedEnd) {
      workload.refundEverything(self)
      rest()
    }
    finish()
    // The same once more with another process on the same disk.
    die()
    rest()
    finish()
  }

  private func setFaulty(_ faulty: Bool) {
    isFaulty = faulty
    disk.isFaulty = faulty
    network.isFaulty = faulty
  }

  /// Takes what disturbs people away, and lets so much time pass that everything is due.
  private func heal() {
    for index in clients.indices {
      guard let id = clients[index].connection else { continue }
      network.setLagging(id, false)
      schedule(after: 0, .caughtUp(id))
    }
    clock.moveWall(byMilliseconds: 40 * 86_400_000)
    scheduleTick(after: 1)
  }

  private func finish() {
    auditor.finish(
      clients: clients, store: disk.memory, elapsed: clock.now,
      isQuiet: clients.allSatisfy(\.isQuiet))
  }

  // MARK: Turning

  func schedule(after milliseconds: Int64, _ event: Event) {
    events.add(clock.now + milliseconds, event)
  }

  /// Runs until nothing more will happen, or something was found.
  private func rest() {
    while let (at, event) = events.next() {
      clock.advance(to: at)
      eventsHandled += 1
      if eventsHandled > Simulation.eventsMax {
        auditor.find(.liveness, "no rest: \(restlessness)", elapsed: clock.now)
        return
      }
      handle(event)
      if auditor.findings.count >= Auditor.findingsMax { return }
    }
  }

  private func handle(_ event: Event) {
    switch event {
    case .step: step()
    case .arrival(let id, let call, let number):
      guard network.lines[id]?.isBroken == false, let process else { return }
      process.receive(call, number: number, on: id)
      scheduleRound()
    case .frame(let client, let id, let bytes):
      guard let line = network.lines[id], clock.now <= line.cutAt else { return }
      digest.add(clock.now)
      digest.add(Int64(client))
      digest.add(bytes)
      receive(bytes, client, id)
    case .closed(let id):
      process?.close(id)
      scheduleRound()
    case .lost(let client, let id):
      guard clients[client].connection == id else { return }
      drop(client)
    case .connect(let client): connect(client)
    case .impatience(let client, let id, let number):
      guard clients[client].connection == id, clients[client].calls[number] != nil else { return }
      breakLine(id)
    case .retry(let client): send(client)
    case .caughtUp(let id):
      network.setLagging(id, false)
      process?.writable(id)
    case .round: round()
    case .flush:
      flushDue = .max
      process?.flushDue()
      scheduleFlush()
    case .tick: tick()
    case .serviceAnswer(let order, let answer):
      isAsked.remove(order)
      process?.settled(order, answer)
      scheduleRound()
    case .restart: start()
    }
  }

  // MARK: The server

  private func start() {
    guard process == nil else { return }
    disk.restart()
    // Over a restart a server goes back behind no booking, but behind a rank or a pact it may: decision
    // 0023. So here a clock that was set back has caught up by then.
    let behind = auditor.latestWall.milliseconds - clock.wall.milliseconds
    if behind > 0 { clock.moveWall(byMilliseconds: behind) }
    auditor.checkAcknowledged(disk.memory, elapsed: clock.now)
    process = SimulatedProcess(swarm, disk: disk, clock: clock, outlet: network)
    scheduleTick(after: 0)
  }

  private func scheduleRound() {
    guard !isRoundDue, process != nil else { return }
    isRoundDue = true
    schedule(after: swarm.has(.batches) ? Int64(dice.below(60)) : 0, .round)
  }

  private func round() {
    isRoundDue = false
    guard let process else { return }
    auditor.latestWall = max(auditor.latestWall, clock.wall)
    let messagesMax = swarm.has(.batches) ? Int.max : 1
    let troubles = disk.failures + disk.deaths
    auditor.roundBegins(process.upcoming(messagesMax: messagesMax), at: auditor.latestWall)
    process.round(messagesMax: messagesMax)
    auditor.roundEnds(isWhole: disk.failures + disk.deaths == troubles, elapsed: clock.now)
    if disk.isDead { return die() }
    if process.hasWork { scheduleRound() }
    scheduleFlush()
    askService()
    scheduleTick(after: 1000)
  }

  private func scheduleTick(after milliseconds: Int64) {
    guard !isTickDue else { return }
    isTickDue = true
    schedule(after: milliseconds, .tick)
  }

  private func scheduleFlush() {
    guard let next = process?.nextFlush, next < flushDue else { return }
    flushDue = next
    events.add(max(next, clock.now), .flush)
  }

  /// The process ends here and now; another one begins soon.
  private func die() {
    process = nil
    isRoundDue = false
    isAsked = []
    for client in clients.indices {
      guard let id = clients[client].connection else { continue }
      events.add(network.cut(id), .lost(client: client, id))
    }
    schedule(after: Int64(20 + dice.below(2000)), .restart)
  }

  private var isBusy: Bool {
    stepsLeft > 0 || clients.contains { !$0.isQuiet } || process?.handedOver.isEmpty == false
  }

  /// What time alone brings. Ticks go on while anything does, and while something is due.
  private func tick() {
    isTickDue = false
    let deadline = (try? disk.nextDeadline(Simulation.storefront)) ?? nil
    let isDue = deadline.map { $0 <= clock.wall } ?? false
    let goesOn = isBusy || isDue || !isAllSettled || process?.hasWork == true
    guard process != nil else { return }
    let isTickDue = goesOn
    self.isTickDue = true
    round()
    self.isTickDue = false
    if isTickDue, process != nil { scheduleTick(after: 1000) }
  }

  /// What still waits, for whoever looks into a run that does not end.
  private var restlessness: String {
    let waiting = clients.indices.filter { !clients[$0].isQuiet }
      .map { "\(clients[$0].caller.person) (\(clients[$0].intents.count))" }
    let deadline = disk.memory.nextDeadline(Simulation.storefront)?.description ?? "none"
    return "clients \(waiting), deadline \(deadline) at \(clock.wall), all settled \(isAllSettled)"
      + ", handed over \(process?.handedOver.count ?? -1), steps \(stepsLeft)"
  }

  /// Whether no order waits for its service, now or later.
  private var isAllSettled: Bool {
    guard swarm.has(.remoteSettlement) else { return true }
    let far = Timestamp(milliseconds: .max)
    return disk.memory.ordersToSettle(Simulation.storefront, at: far, limit: 1).isEmpty
  }

  // MARK: The commission service

  /// Does as the settlement desk does: asks about what waits, unless it was asked and not decided.
  private func askService() {
    guard swarm.has(.remoteSettlement), let process, !disk.isDead else { return }
    let ids = disk.memory.ordersToSettle(Simulation.storefront, at: clock.wall, limit: 16)
    for id in ids {
      guard
        case .order(let order)? = disk.memory.records[.order(Simulation.storefront, id)],
        let delegation = order.delegation, !delegation.isSettled
      else { continue }
      let asked = DelegatedOrder(
        storefront: Simulation.storefront, order: id, revision: delegation.revision, desk: 0)
      guard !process.handedOver.contains(asked), !isAsked.contains(asked) else { continue }
      isAsked.insert(asked)
      let answer = ServiceAnswer(
        answer(about: order), retryAt: clock.wall.advanced(byMilliseconds: 1500))
      let isFaulty = isFaulty && swarm.has(.serviceFaults)
      let delay = isFaulty ? Int64(serviceDice.below(3000)) : 5
      schedule(after: delay, .serviceAnswer(asked, answer))
      if isFaulty, serviceDice.percent(20) {
        schedule(after: delay + Int64(serviceDice.below(500)), .serviceAnswer(asked, answer))
      }
    }
  }
  private var isAsked: Set<DelegatedOrder> = []

  private func answer(about order: Order) -> ServiceAnswer.Content {
    let failure = ServiceAnswer.Content.failure(
      Delegation.Failure(code: "service_unavailable", message: "It is not there."))
    let isFaulty = isFaulty && swarm.has(.serviceFaults)
    if isFaulty, serviceDice.percent(30) { return failure }
    guard
      case .planVersion(let version)? =
        disk.memory.records[.planVersion(Simulation.storefront, order.planVersion)],
      let settlement = try? version.plan.settle(order.sale(currency: .cny), order.snapshot)
    else { return failure }
    guard isFaulty, serviceDice.percent(25), let first = settlement.lines.first else {
      return .settlement(settlement)
    }
    // A fen is lost on the first line: this must never be booked.
    let wrong = LineSettlement(
      net: first.net, pool: first.pool, supplier: first.supplier + Amount(1),
      shares: first.shares)
    return .settlement(
      Settlement(
        plan: settlement.plan, currency: .cny, lines: [wrong] + settlement.lines.dropFirst()))
  }

  // MARK: Steps

  private func step() {
    guard stepsLeft > 0 else { return }
    stepsLeft -= 1
    workload.step(self)
    disturb()
    if stepsLeft > 0 { schedule(after: Int64(dice.below(300)), .step) }
  }

  /// What happens to clocks and connections of itself.
  private func disturb() {
    if swarm.has(.longTime), dice.percent(8) {
      clock.moveWall(byMilliseconds: Int64(dice.below(4 * 86_400_000)))
    }
    if swarm.has(.clockSetBack), dice.percent(5) {
      clock.moveWall(byMilliseconds: -Int64(dice.below(5_000)))
    }
    if swarm.has(.brokenConnections), dice.percent(15) {
      if let id = clients[dice.below(clients.count)].connection { breakLine(id) }
    }
    if swarm.has(.slowReaders), dice.percent(10),
      let id = clients[dice.below(clients.count)].connection
    {
      network.setLagging(id, true)
      schedule(after: Int64(dice.below(3000)), .caughtUp(id))
    }
  }

  // MARK: Clients

  func addClient(_ client: SimulatedClient) {
    clients.append(client)
    schedule(after: Int64(dice.below(50)), .connect(client: clients.count - 1))
  }

  /// A client wants something.
  @discardableResult
  func want(
    _ client: Int, _ call: Call, fact: String? = nil, repeats: Int64? = nil,
    conflicts: Bool = false
  ) -> Int64 {
    nextIntent += 1
    clients[client].intents.append(
      Intent(number: nextIntent, call: call, fact: fact, repeats: repeats, conflicts: conflicts))
    send(client)
    return nextIntent
  }

  private func connect(_ client: Int) {
    guard clients[client].connection == nil else { return }
    guard let process else { return schedule(after: 300, .connect(client: client)) }
    let id = network.connect(client)
    clients[client].connection = id
    process.open(id, clients[client].caller)
    for room in clients[client].rooms { join(client, room) }
    for ticker in clients[client].tickers { subscribe(client, ticker) }
    send(client)
  }

  func join(_ client: Int, _ room: RoomKey) {
    let place = clients[client].places[room]
    let wish = JoinWish(
      room: room.room, link: clients[client].link, since: place.map { ($0.epoch, $0.offset) })
    call(client, .join(wish), .join(room, since: place))
  }

  func subscribe(_ client: Int, _ ticker: Ticker) {
    call(client, .subscribe(ticker), .watch(ticker))
  }

  func leave(_ client: Int, _ room: RoomKey) {
    clients[client].rooms.removeAll { $0 == room }
    call(client, .leave(room.room), .leave(room))
  }

  /// Sends intents that are not on their way, in their order, as far as the window goes.
  private func send(_ client: Int) {
    guard clients[client].connection != nil else { return }
    for intent in clients[client].intents.prefix(SimulatedClient.windowMax)
    where !clients[client].isUnderWay(intent.number) {
      call(client, intent.call, .intent(intent.number))
    }
  }

  private func call(_ client: Int, _ call: Call, _ purpose: SimulatedClient.Purpose) {
    guard let id = clients[client].connection, let at = network.sendToServer(id) else { return }
    nextCall += 1
    clients[client].calls[nextCall] = purpose
    events.add(at, .arrival(id, call, number: nextCall))
    schedule(after: 9000, .impatience(client: client, id, number: nextCall))
  }

  private func breakLine(_ id: ConnectionID) {
    guard let line = network.lines[id], !line.isBroken else { return }
    events.add(network.cut(id), .lost(client: line.client, id))
    schedule(after: Int64(dice.below(400)), .closed(id))
  }

  /// The client knows that its connection is gone.
  private func drop(_ client: Int) {
    clients[client].connection = nil
    clients[client].calls = [:]
    clients[client].joined = []
    schedule(after: Int64(10 + dice.below(500)), .connect(client: client))
  }

  private func receive(_ bytes: [UInt8], _ client: Int, _ id: ConnectionID) {
    guard clients[client].connection == id else { return }
    guard let json = try? JSON.read(Array(textOfFrame(bytes))) else {
      return auditor.find(.stream, "a frame is no JSON", elapsed: clock.now)
    }
    for message in json.elements ?? [json] {
      if let method = message["method"]?.text {
        auditor.pushed(
          method, message["params"] ?? .null, to: &clients[client], elapsed: clock.now)
      } else {
        answered(message, client)
      }
    }
  }

  private func answered(_ message: JSON, _ client: Int) {
    guard let number = message["id"]?.integer,
      let purpose = clients[client].calls.removeValue(forKey: number)
    else {
      return auditor.find(.stream, "an answer to no call", elapsed: clock.now)
    }
    let fault = message["error"]?["data"]
    let isTemporary = fault?["temporary"]?.bool == true
    let body = message["result"] ?? .null
    switch purpose {
    case .intent(let number):
      guard let index = clients[client].intents.firstIndex(where: { $0.number == number })
      else { return }
      if isTemporary { return schedule(after: 200, .retry(client: client)) }
      let intent = clients[client].intents.remove(at: index)
      let code = fault.map { $0["code"]?.text ?? "" }
      auditor.answered(intent, body, refusal: code, elapsed: clock.now)
      workload.answered(intent, body, refusal: code)
      send(client)
    case .join(let room, let since):
      if isTemporary {
        if clients[client].rooms.contains(room) { join(client, room) }
      } else if fault != nil {
        clients[client].rooms.removeAll { $0 == room }
      } else {
        auditor.joined(room, body, since: since, &clients[client], elapsed: clock.now)
      }
    case .leave(let room):
      if isTemporary {
        call(client, .leave(room.room), .leave(room))
      } else if !clients[client].rooms.contains(room) {
        clients[client].joined.remove(room)
      }
    case .watch(let ticker):
      if isTemporary {
        call(client, .subscribe(ticker), .watch(ticker))
      } else if fault != nil {
        clients[client].tickers.removeAll { $0 == ticker }
      } else {
        auditor.figures(ticker, body, to: &clients[client], elapsed: clock.now)
      }
    }
  }
}

/// What came of one run.
package struct SimulationReport: Sendable {
  /// The run.
  package let swarm: Swarm
  /// What it did not keep; empty in an honest run.
  package let findings: [SimulationFinding]
  /// Of everything that was stored and that clients received.
  package let digest: UInt64
  /// Transactions booked.
  package let transactions: Int
  /// Room events stored.
  package let events: Int
  /// Times that the process died.
  package let deaths: Int
  /// Times that the disk refused.
  package let failures: Int
  /// Simulated milliseconds.
  package let milliseconds: Int64
}
