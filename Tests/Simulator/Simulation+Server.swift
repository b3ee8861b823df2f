// The server's side of the simulated world: its one process, which dies and begins again on the same
// disk, what time alone brings it, and the commission service that it asks. One thread.

import Commerce
import Commission
import Coordination
import Ledger
import Server

extension Simulation {
  func start() {
    guard process == nil else { return }
    disk.restart()
    // Over a restart a server goes back behind no booking, but behind a rank or a pact it may: decision
    // 0023. So here a clock that was set back has caught up by then.
    let behind = auditor.latestWall.milliseconds - clock.wall.milliseconds
    if behind > 0 { clock.moveWall(byMilliseconds: behind) }
    auditor.checkAcknowledged(disk.memory, elapsed: clock.now)
    // The clock may be set back again before the first round: a new process goes back behind no booking,
    // and remembers nothing else of what the last one took for now.
    auditor.processWall = disk.memory.lastBooking() ?? Timestamp(milliseconds: .min)
    lives += 1
    process = SimulatedProcess(swarm, disk: disk, clock: clock, outlet: network, life: lives)
    scheduleTick(after: 0)
  }

  func scheduleRound() {
    guard !isRoundDue, process != nil else { return }
    isRoundDue = true
    schedule(after: swarm.has(.batches) ? Int64(dice.below(60)) : 0, .round)
  }

  func round() {
    isRoundDue = false
    guard let process else { return }
    auditor.latestWall = max(auditor.latestWall, clock.wall)
    let messagesMax = swarm.has(.batches) ? Int.max : 1
    // Rounds that are decided while something is stored are looked at together, once all of it is.
    if troublesBefore == nil {
      troublesBefore = disk.failures + disk.deaths
      auditor.roundsBegin()
    }
    auditor.processWall = max(auditor.processWall, clock.wall)
    auditor.take(process.upcoming(messagesMax: messagesMax), at: auditor.processWall)
    process.round(messagesMax: messagesMax)
    if process.isSettled || disk.isDead, let troubles = troublesBefore.take() {
      auditor.roundsEnd(isWhole: disk.failures + disk.deaths == troubles, elapsed: clock.now)
    }
    if disk.isDead { return die() }
    if let due = process.commitDueAt { events.add(max(due, clock.now), .round) }
    if process.hasWork { scheduleRound() }
    scheduleFlush()
    askService()
    scheduleTick(after: 1000)
  }

  func scheduleTick(after milliseconds: Int64) {
    guard !isTickDue else { return }
    isTickDue = true
    schedule(after: milliseconds, .tick)
  }

  func scheduleFlush() {
    guard let next = process?.nextFlush, next < flushDue else { return }
    flushDue = next
    events.add(max(next, clock.now), .flush)
  }

  /// The process ends here and now; another one begins soon.
  func die() {
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
  func tick() {
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
  var restlessness: String {
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
}
