// The simulated world: a queue of things to come, and who waits for them: the one process of the server
// on its disk with the commission service (Simulation+Server), the network and the clients
// (Simulation+Clients), and the auditor who watches all of it. One seed gives one run, byte for byte. One
// thread.

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
  var process: SimulatedProcess?
  var events = EventQueue()
  var dice: Dice
  var serviceDice: Dice
  var nextCall: Int64 = 0
  var nextIntent: Int64 = 0
  var stepsLeft = 0
  var isAsked: Set<DelegatedOrder> = []
  var isRoundDue = false
  /// How much had gone wrong when the rounds began that are not all stored; none while all are.
  var troublesBefore: Int?
  /// How many processes there have been.
  var lives: UInt64 = 0
  var isTickDue = false
  var flushDue = Int64.max
  var isFaulty = false
  private var digest = RunDigest()
  private var eventsHandled = 0

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
