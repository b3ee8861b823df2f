// Where paid orders wait for a commission service: asks it, and gives what it says to the writer.
//
// What waits is in the database, not here: an order says itself which revision of it is to be settled
// and from when. So nothing is lost when the server ends at any moment, and an answer that was booked
// in the meantime is found out of date by the core. One thread, with a read-only connection of its
// own; it never holds up the writer, and a service that hangs holds up only other services, for at
// most one time-out a round. Source: Protocol/commission-service.md; decision 0021.

import Commerce
import Commission
import Coordination
import Crypto
import Storage
import Synchronization

/// A revision of an order that a commission service settles.
package struct DelegatedOrder: Hashable, Sendable {
  /// Whose.
  package let storefront: StorefrontID
  /// The order.
  package let order: OrderID
  /// Which state of it.
  package let revision: Int64

  /// Names a revision.
  package init(storefront: StorefrontID, order: OrderID, revision: Int64) {
    self.storefront = storefront
    self.order = order
    self.revision = revision
  }
}

/// What is posted to the desk.
package enum SettlementDeskMessage: Sendable {
  /// An order was stored that waits for a service.
  case orderWaits
  /// The writer has decided on an answer, and stored what came of it if the store let it.
  case booked(DelegatedOrder)
  /// Time to stop; what waits is found again at the next start.
  case stop
}

/// Asks commission services; owns the connections to them. One thread.
final class SettlementDesk {
  private let mailbox: Mailbox<SettlementDeskMessage>
  private let writer: Mailbox<WriterMessage>
  private let reader: SQLiteReader
  private let services: CommissionKeys
  private let health: Health
  private let clock: @Sendable () -> Timestamp
  private let monotonicClock: @Sendable () -> Int64
  private var windows: [ServiceID: ServiceWindow] = [:]
  /// Given to the writer and not decided yet.
  private var handedOver: Set<DelegatedOrder> = []
  private var plans: [PlanKey: Plan] = [:]

  private struct PlanKey: Hashable {
    let storefront: StorefrontID
    let version: Int64
  }

  /// How many orders of one storefront are asked about in one round.
  static let ordersPerRound = 16
  /// How many answers may wait for the writer: it is not to be flooded.
  static let handedOverMax = 256
  /// How long to wait before looking again where nobody tells of anything.
  static let pauseMilliseconds: Int64 = 250

  init(
    mailbox: Mailbox<SettlementDeskMessage>, writer: Mailbox<WriterMessage>, reader: SQLiteReader,
    services: CommissionKeys, health: Health, clock: @escaping @Sendable () -> Timestamp,
    monotonicClock: @escaping @Sendable () -> Int64
  ) {
    self.mailbox = mailbox
    self.writer = writer
    self.reader = reader
    self.services = services
    self.health = health
    self.clock = clock
    self.monotonicClock = monotonicClock
  }

  /// Works until it is told to stop.
  func run() {
    var hasMore = true
    while true {
      // With nothing handed over and more to do there is nobody to wait for.
      let pause = hasMore && handedOver.isEmpty ? 0 : SettlementDesk.pauseMilliseconds
      for message in mailbox.take(waitingMilliseconds: pause) {
        switch message {
        case .orderWaits: break
        case .booked(let order): handedOver.remove(order)
        case .stop: return
        }
      }
      do { hasMore = try round() } catch {
        hasMore = false
        health.readingFailed(error)
      }
    }
  }

  /// Asks about some orders of every storefront.
  ///
  /// - Returns: whether more may wait.
  private func round() throws -> Bool {
    var hasMore = false
    var waiting = 0
    for storefront in try reader.storefronts() {
      guard handedOver.count < SettlementDesk.handedOverMax else { return true }
      // Those handed over are still first in the list until they are stored.
      let limit = handedOver.count + SettlementDesk.ordersPerRound
      let ids = try reader.ordersToSettle(storefront, at: clock(), limit: limit)
      let before = handedOver.count
      if !ids.isEmpty { try ask(about: ids, of: storefront) }
      // Where nobody could be asked, asking again at once would find the same.
      if ids.count == limit, handedOver.count > before { hasMore = true }
      waiting += try reader.unsettledCount(storefront)
    }
    health.settlementsWaiting.store(waiting, ordering: .relaxed)
    health.servicesOpen.store(windows.values.count { $0.isShut }, ordering: .relaxed)
    return hasMore
  }

  private func ask(about ids: [OrderID], of id: StorefrontID) throws {
    guard case .storefront(let storefront)?? = try reader.load([.storefront(id)]).first else {
      return
    }
    for order in ids {
      guard case .order(let order)?? = try reader.load([.order(id, order)]).first,
        let delegation = order.delegation, !delegation.isSettled
      else { continue }
      let revision = DelegatedOrder(
        storefront: id, order: order.id, revision: delegation.revision)
      guard !handedOver.contains(revision) else { continue }
      guard let content = try content(for: order, delegation, storefront) else { return }
      let wait = Backoff.standard.delayMilliseconds(
        afterFailures: delegation.attempts + 1, chance: UInt64.random(in: 0...UInt64.max))
      handedOver.insert(revision)
      writer.post(
        .settled(
          revision,
          ServiceAnswer(content, retryAt: clock().advanced(byMilliseconds: max(wait, 1)))))
      // A service that is not there now would keep the others waiting once for every order.
      if let name = storefront.settlementService, windows[name]?.hasFailed == true { return }
    }
  }

  /// What the storefront's service says of an order; nothing where it is not to be asked now.
  private func content(
    for order: Order, _ delegation: Delegation, _ storefront: Storefront
  ) throws -> ServiceAnswer.Content? {
    let plan = try plan(order.planVersion, of: storefront.id)
    let sale = order.sale(currency: storefront.currency)
    guard let name = storefront.settlementService else {
      // The storefront has gone back to settling here: what waits is settled here too.
      do throws(SettlementRefusal) {
        return .settlement(try plan.settle(sale, order.snapshot))
      } catch {
        return .failure(
          Delegation.Failure(code: "plan_refused", message: "The plan refuses: \(error.code)."))
      }
    }
    guard let window = try window(of: name) else {
      return .failure(
        Delegation.Failure(
          code: "service_unknown", message: "The key file names no commission service \(name)."))
    }
    guard window.admits(at: monotonicClock()) else { return nil }
    let request = SettlementRequest(
      id: SettlementRequest.id(
        storefront: storefront.id, order: order.id, revision: delegation.revision),
      planDocument: plan.document, plan: plan.reference, sale: sale, snapshot: order.snapshot)
    return window.ask(request, monotonicClock)
  }

  private func window(of name: ServiceID) throws -> ServiceWindow? {
    if let known = windows[name] { return known }
    guard let service = services.service(name) else { return nil }
    let window = ServiceWindow(
      client: CommissionClient(address: service.address, key: service.secret, clock: clock))
    windows[name] = window
    return window
  }

  private func plan(_ version: Int64, of storefront: StorefrontID) throws -> Plan {
    let key = PlanKey(storefront: storefront, version: version)
    if let known = plans[key] { return known }
    guard
      case .planVersion(let found)?? = try reader.load([.planVersion(storefront, version)]).first
    else { preconditionFailure("an order names a plan version that was never stored") }
    plans[key] = found.plan
    return found.plan
  }
}

/// One commission service with its connection and its circuit breaker.
private final class ServiceWindow {
  private let client: CommissionClient
  private var breaker = CircuitBreaker()

  init(client: CommissionClient) { self.client = client }

  /// Whether it is not asked at present because it has failed.
  var isShut: Bool { breaker.opensUntil != nil }

  /// Whether it was not there when it was asked last.
  private(set) var hasFailed = false

  func admits(at now: Int64) -> Bool { breaker.admits(at: now) }

  /// Asks, and remembers whether the service was there.
  func ask(
    _ request: SettlementRequest, _ monotonicClock: () -> Int64
  ) -> ServiceAnswer.Content {
    do throws(DelegationFault) {
      let settlement = try client.settle(request)
      breaker.succeeded()
      hasFailed = false
      return .settlement(settlement)
    } catch {
      hasFailed = error.isOfTransport
      if hasFailed {
        breaker.failed(at: monotonicClock())
      } else {
        breaker.succeeded()
      }
      return .failure(Delegation.Failure(code: error.code, message: error.message))
    }
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
