// Where paid orders wait for one commission service: asks it, and gives what it says to the writer.
//
// What waits is in the database, not here: an order says itself which revision of it is to be settled
// and from when. So nothing is lost when the server ends at any moment, and an answer that was booked
// in the meantime is found out of date by the core. Every service has a desk of its own, with a thread
// and a read-only connection, so that none holds up the writer or another service; one more desk
// settles what waits in storefronts that have gone back to their own plan. Within a desk the
// storefronts take turns, each with a breaker of its own and a limited time.
// Source: Protocol/commission-service.md; decision 0021.

import Commerce
import Commission
import Coordination
import Storage
import Synchronization
import Transport

/// A revision of an order that a commission service settles, and the desk that has asked about it.
package struct DelegatedOrder: Hashable, Sendable {
  /// Whose.
  package let storefront: StorefrontID
  /// The order.
  package let order: OrderID
  /// Which state of it.
  package let revision: Int64
  /// The desk's place in the list of desks.
  package let desk: Int

  /// Names a revision, as asked about by a desk.
  package init(storefront: StorefrontID, order: OrderID, revision: Int64, desk: Int) {
    self.storefront = storefront
    self.order = order
    self.revision = revision
    self.desk = desk
  }
}

/// What is posted to a desk.
package enum SettlementDeskMessage: Sendable {
  /// An order was stored that waits for a service.
  case orderWaits
  /// The writer has decided on an answer; and whether what came of it is stored.
  case decided(DelegatedOrder, isStored: Bool)
  /// Time to stop; what waits is found again at the next start.
  case stop
}

/// Asks one commission service; owns the connection to it. One thread.
final class SettlementDesk {
  /// What a desk shares with the rest of the server.
  struct Surroundings: Sendable {
    /// Takes what the service says.
    let writer: Mailbox<WriterMessage>
    /// Counts, and knows the writer's time.
    let health: Health
    /// The moment of day.
    let clock: @Sendable () -> Timestamp
    /// Milliseconds that only grow.
    let monotonicClock: @Sendable () -> Int64
    /// Where the process ends itself, for crash tests.
    let failPoint: ArmedFailPoint?
    /// Ends every wait for a service once a stop has taken its time.
    let cutoff: Cutoff
  }

  private let mailbox: Mailbox<SettlementDeskMessage>
  private let index: Int
  private let reader: SQLiteReader
  private let surroundings: Surroundings
  /// The service and how it is asked; none settles with the plan.
  private let service: (name: ServiceID, client: CommissionClient)?
  private let knownServices: Set<ServiceID>
  private var breakers: [StorefrontID: CircuitBreaker] = [:]
  /// Given to the writer and not decided yet.
  private var handedOver: Set<DelegatedOrder> = []
  private var plans = PlanShelf()
  /// Whose turn is first in the next round.
  private var turn = 0
  private var stops = false
  /// No asking before this moment, monotonic milliseconds.
  private var pausesUntil: Int64 = .min

  /// How many orders of one storefront are asked about in one round.
  static let ordersPerRound = 16
  /// How long one storefront has in one round before it is the next one's turn, milliseconds.
  static let turnMilliseconds: Int64 = 100
  /// How many answers may wait for the writer: it is not to be flooded.
  static let handedOverMax = 256
  /// How long to wait before looking again where nobody tells of anything.
  static let pauseMilliseconds: Int64 = 250
  /// How long to wait where the store has refused an answer: it would refuse the next one too.
  static let refusedPauseMilliseconds: Int64 = 1_000

  init(
    mailbox: Mailbox<SettlementDeskMessage>, index: Int, reader: SQLiteReader,
    service: CommissionKeys.Service?, among services: [CommissionKeys.Service],
    _ surroundings: Surroundings
  ) {
    self.mailbox = mailbox
    self.index = index
    self.reader = reader
    self.surroundings = surroundings
    self.service = service.map {
      (
        $0.name,
        CommissionClient(
          address: $0.address, key: $0.secret, cutoff: surroundings.cutoff,
          clock: surroundings.clock)
      )
    }
    knownServices = Set(services.map(\.name))
  }

  /// Works until it is told to stop.
  func run() {
    var hasMore = true
    while !stops {
      // With nothing handed over and more to do there is nobody to wait for.
      hear(waitingMilliseconds: hasMore && handedOver.isEmpty ? 0 : Self.pauseMilliseconds)
      guard !stops else { return }
      do { hasMore = try round() } catch {
        hasMore = false
        surroundings.health.readingFailed(error)
      }
    }
  }

  private func hear(waitingMilliseconds: Int64) {
    for message in mailbox.take(waitingMilliseconds: waitingMilliseconds) {
      switch message {
      case .orderWaits: break
      case .decided(let order, let isStored):
        handedOver.remove(order)
        if !isStored { pausesUntil = surroundings.monotonicClock() + Self.refusedPauseMilliseconds }
      case .stop: stops = true
      }
    }
  }

  /// Asks about some orders of every storefront of the service.
  ///
  /// - Returns: whether more may wait that could be asked about at once.
  private func round() throws -> Bool {
    guard surroundings.monotonicClock() >= pausesUntil else { return false }
    let storefronts = try reader.storefronts()
    var hasMore = false
    var waiting = 0
    for step in storefronts.indices where !stops {
      let id = storefronts[(turn + step) % storefronts.count]
      guard case .storefront(let storefront)?? = try reader.load([.storefront(id)]).first,
        serves(storefront)
      else { continue }
      if try ask(for: storefront) { hasMore = true }
      waiting += try reader.unsettledCount(id)
    }
    turn &+= 1
    if turn >= storefronts.count { turn = 0 }
    surroundings.health.settlements.tell(
      desk: index, waiting: waiting, shut: breakers.values.count { $0.opensUntil != nil })
    return hasMore
  }

  /// A storefront whose service is not in the key file is looked after by the desk of the plan, which
  /// says so on its orders.
  private func serves(_ storefront: Storefront) -> Bool {
    guard let service else {
      return storefront.settlementService.map { !knownServices.contains($0) } ?? true
    }
    return storefront.settlementService == service.name
  }

  /// The moment by which orders are due: the writer may be ahead of a clock that was set back, and
  /// what it has stored is due by its own time.
  private var now: Timestamp { max(surroundings.clock(), surroundings.health.writerTime) }

  /// Asks about some orders of a storefront, as long as its turn lasts.
  private func ask(for storefront: Storefront) throws -> Bool {
    let waitingForWriter = handedOver.count
    guard waitingForWriter < Self.handedOverMax else { return false }
    // Those handed over are still first in the list until they are stored.
    let limit = waitingForWriter + Self.ordersPerRound
    let ids = try reader.ordersToSettle(storefront.id, at: now, limit: limit)
    let end = surroundings.monotonicClock() + Self.turnMilliseconds
    var asked = 0
    for id in ids where asked < Self.ordersPerRound {
      guard case .order(let order)?? = try reader.load([.order(storefront.id, id)]).first,
        let delegation = order.delegation, !delegation.isSettled
      else { continue }
      let revision = DelegatedOrder(
        storefront: storefront.id, order: id, revision: delegation.revision, desk: index)
      guard !handedOver.contains(revision) else { continue }
      guard let reply = try reply(about: order, delegation, storefront) else { break }
      asked += 1
      handedOver.insert(revision)
      if case .settlement = reply.answer.content {
        surroundings.failPoint?.pass(.settlementAnswered)
      }
      surroundings.writer.post(.settled(revision, reply.answer))
      // A service that is not there would keep the next one waiting once for every order.
      if reply.isAway || surroundings.monotonicClock() >= end { break }
      hear(waitingMilliseconds: 0)
      if stops { return false }
    }
    return asked > 0 && ids.count > asked
  }

  private struct Reply {
    let answer: ServiceAnswer
    /// Whether the service was not there.
    var isAway = false
  }

  /// What is said of an order; nothing where the service is not to be asked now.
  private func reply(
    about order: Order, _ delegation: Delegation, _ storefront: Storefront
  ) throws -> Reply? {
    let plan = try plans.plan(order.planVersion, of: storefront.id, reader)
    let sale = order.sale(currency: storefront.currency)
    guard let service else {
      return failed(delegation, from: storefront) ?? settledHere(order, sale, plan, delegation)
    }
    var breaker = breakers[storefront.id] ?? CircuitBreaker()
    let wasShut = breaker.opensUntil != nil
    guard breaker.admits(at: surroundings.monotonicClock()) else { return nil }
    defer {
      breakers[storefront.id] = breaker
      if wasShut != (breaker.opensUntil != nil) {
        surroundings.health.note(
          "commission service \(service.name) of \(storefront.id): "
            + (wasShut ? "answers again" : "not asked for a while, it fails"))
      }
    }
    let request = SettlementRequest(
      id: SettlementRequest.id(
        storefront: storefront.id, order: order.id, revision: delegation.revision),
      planDocument: plan.document, plan: plan.reference, sale: sale, snapshot: order.snapshot)
    do throws(DelegationFault) {
      let settlement = try service.client.settle(request)
      breaker.succeeded()
      return Reply(answer: answer(.settlement(settlement), delegation))
    } catch {
      if error.isOfTransport {
        breaker.failed(at: surroundings.monotonicClock())
      } else {
        breaker.succeeded()
      }
      let failure = Delegation.Failure(code: error.code, message: error.message)
      return Reply(
        answer: answer(.failure(failure), delegation, isPermanent: error.isPermanent),
        isAway: error.isOfTransport)
    }
  }

  /// The failure of a storefront whose service nobody knows; nothing where it has none.
  private func failed(_ delegation: Delegation, from storefront: Storefront) -> Reply? {
    guard let name = storefront.settlementService else { return nil }
    let failure = Delegation.Failure(
      code: "service_unknown", message: "The key file names no commission service \(name).")
    return Reply(answer: answer(.failure(failure), delegation))
  }

  /// What the plan makes of an order of a storefront that has gone back to settling here.
  private func settledHere(
    _ order: Order, _ sale: Sale, _ plan: Plan, _ delegation: Delegation
  ) -> Reply {
    do throws(SettlementRefusal) {
      return Reply(answer: answer(.settlement(try plan.settle(sale, order.snapshot)), delegation))
    } catch {
      let failure = Delegation.Failure(
        code: "plan_refused", message: "The plan refuses: \(error.code).")
      return Reply(answer: answer(.failure(failure), delegation))
    }
  }

  private func answer(
    _ content: ServiceAnswer.Content, _ delegation: Delegation, isPermanent: Bool = false
  ) -> ServiceAnswer {
    let wait =
      isPermanent
      ? Backoff.standard.limitMilliseconds
      : Backoff.standard.delayMilliseconds(
        afterFailures: delegation.attempts + 1, chance: UInt64.random(in: 0...UInt64.max))
    return ServiceAnswer(content, retryAt: now.advanced(byMilliseconds: max(wait, 1)))
  }
}

/// Plan versions that were read; they never change.
private struct PlanShelf {
  private struct Label: Hashable {
    let storefront: StorefrontID
    let version: Int64
  }

  private var plans: [Label: Plan] = [:]
  /// How many are kept; a plan of a few rules has some kilobytes.
  private static let plansMax = 1_000

  mutating func plan(
    _ version: Int64, of storefront: StorefrontID, _ reader: SQLiteReader
  ) throws -> Plan {
    let label = Label(storefront: storefront, version: version)
    if let known = plans[label] { return known }
    guard
      case .planVersion(let found)?? = try reader.load([.planVersion(storefront, version)]).first
    else { preconditionFailure("an order names a plan version that was never stored") }
    if plans.count >= Self.plansMax { plans.removeAll() }
    plans[label] = found.plan
    return found.plan
  }
}

extension Changes {
  /// Whether a stored order is to be asked about at once.
  var wantsSettlement: Bool {
    records.contains { _, record in
      guard case .order(let order) = record, let delegation = order.delegation else {
        return false
      }
      return !delegation.isSettled && delegation.attempts == 0
    }
  }
}
