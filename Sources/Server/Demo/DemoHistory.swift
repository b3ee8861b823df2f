// The past of a storefront of the demonstration: what is written down is decided by the core, one after
// the other, at the moments at which it is said to have happened. Here and in DemoHistory+Shows.swift are
// five weeks of shows every other evening, their orders, and what became of them.
//
// Moments hang on the last midnight in Shanghai and chance on a fixed seed, so that every day begins
// with the same past; only tonight's rooms hang on the moment itself. One thread, before the server starts.

import Commerce
import Commission
import Coordination
import Wire

/// Plays the past of a storefront of the demonstration.
struct DemoHistory {
  enum Step {
    case decide(Command)
    /// Everything whose return period is over.
    case release
    case payOut(StatementID)
    /// An endpoint of webhooks is told of everything that was booked by then.
    case tell(EndpointID, DemoTelling)
  }

  let storefront: StorefrontID

  let now: Timestamp
  var chance = DemoChance(seed: 20_231_111)
  let items: [CatalogueItem]
  let sets: [ProductSet]
  private let store: any Store
  let coordinator: Coordinator
  private let environment: CallEnvironment
  private let midnight: Timestamp
  private var steps: [(at: Timestamp, step: Step)] = []

  init(
    _ storefront: StorefrontID, _ store: any Store, _ coordinator: Coordinator,
    _ environment: CallEnvironment
  ) {
    self.storefront = storefront
    self.store = store
    self.coordinator = coordinator
    self.environment = environment
    now = environment.now
    items = DemoCatalogue.items
    sets = DemoCatalogue.sets(of: items)
    let shift = DemoHistory.shanghaiMilliseconds
    let day = DemoHistory.dayMilliseconds
    midnight = Timestamp(milliseconds: (now.milliseconds + shift) / day * day - shift)
  }

  /// Writes down five weeks of shows.
  mutating func shows() {
    settle()
    for (index, day) in stride(from: -34, through: -1, by: 2).enumerated() {
      evening(day, of: Demo.hosts[index % 3])
    }
    money()
    tonight()
    otherSystems()
  }

  /// Plays everything that was written down, and stores it.
  ///
  /// - Throws: what the store throws.
  mutating func play() throws {
    // What has not happened yet, such as a parcel that is under way, is left out. Stable, because the
    // order of equal moments matters.
    let past = steps.enumerated().filter { $0.element.at <= now }
      .sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }
    for (_, (at, step)) in past { try carryOut(step, at) }
    _ = try coordinator.commit()
  }

  private func carryOut(_ step: Step, _ at: Timestamp) throws {
    switch step {
    case .decide(let command): try decide(command, at)
    case .release:
      _ = try coordinator.commit()
      let due = try store.dueReleases(storefront, at: at, limit: 1_000)
      try decide(.release(orders: due.orders, bonuses: due.bonuses), at)
    case .payOut(let statement):
      _ = try coordinator.commit()
      let period = try store.statementPeriod(storefront, until: nil)
      try decide(.payOut(statement, until: nil, period), at)
    case .tell(let endpoint, let telling): try tell(endpoint, telling, at)
    }
  }

  func decide(_ command: Command, _ at: Timestamp) throws {
    let outcome = try coordinator.decide(
      command, by: .system, storefront: storefront, at: at)
    if case .failure(let rejection) = outcome {
      preconditionFailure("the demonstration's own past is possible: \(rejection.message)")
    }
  }

  // MARK: Moments

  private static let dayMilliseconds: Int64 = 86_400_000
  /// Shanghai is eight hours ahead of UTC, all year round.
  private static let shanghaiMilliseconds: Int64 = 28_800_000

  /// A moment of a day in Shanghai; today is 0.
  func moment(_ day: Int, _ hour: Int, _ minute: Int = 0, second: Int = 0) -> Timestamp {
    let seconds = Int64(((day * 24 + hour) * 60 + minute) * 60 + second)
    return midnight.advanced(byMilliseconds: seconds * 1000)
  }

  /// A moment so many minutes ago.
  func ago(minutes: Int, second: Int = 0) -> Timestamp {
    now.advanced(byMilliseconds: Int64(second - minutes * 60) * 1000)
  }

  /// Such as 2026-03-01.
  func date(_ day: Int) -> Substring {
    moment(day, 0).advanced(byMilliseconds: DemoHistory.shanghaiMilliseconds).description.prefix(10)
  }

  mutating func add(_ at: Timestamp, _ command: Command) { steps.append((at, .decide(command))) }

  mutating func add(_ at: Timestamp, _ step: Step) { steps.append((at, step)) }

  // MARK: What was there first

  private mutating func settle() {
    let first = moment(-60, 9)
    do {
      let plan = try Plan.shipped("fengxiang")
      let demo = Demo.configured(storefront, Demo.name, at: first)
      add(first, .configureStorefront(demo, plan: plan))
    } catch {
      preconditionFailure("the shipped plan is valid: \(error)")
    }
    for (index, host) in Demo.hosts.enumerated() {
      join(host.id, host.name, host.inviter, moment(-59, 10, index))
    }
    for (index, promoter) in Demo.promoters.enumerated() {
      join(promoter.id, promoter.name, promoter.inviter, moment(-50, 10, index))
    }
    for item in items { add(moment(-40, 8), .importItem(item)) }
    for set in sets { add(moment(-40, 9), .defineSet(set)) }
  }

  mutating func join(
    _ member: MemberID, _ name: String, _ inviter: MemberID?, _ at: Timestamp,
    rank: String? = nil, invite: InviteID? = nil
  ) {
    add(
      at,
      .join(member: member, name: name, inviter: inviter, rank: rank, at: at, invite: invite))
  }

  // MARK: Money

  /// Daily releases, two payouts, a refund that comes after one, and codes that were earned.
  private mutating func money() {
    for day in -26...0 { add(moment(day, 0, 5), .release) }
    let first = StatementID(trusted: "payout-\(date(-13))")
    add(moment(-13, 10), .payOut(first))
    let told = moment(-12, 15)
    let failed = FailedPayment(member: Demo.promoters[1].id, reason: "收款账户信息有误")
    add(
      told,
      .acknowledge(
        first, acknowledgement: FactID(trusted: "bank-\(date(-12))"), failed: [failed], at: told))
    add(moment(-6, 10), .payOut(StatementID(trusted: "payout-\(date(-6))")))
    for number in 1...3 {
      let at = moment(-5, 11, number)
      add(
        at,
        .createInvite(
          Invite(
            id: code(number), promoter: Demo.promoterChen, issuedAt: at,
            expiresAt: moment(25, 11, number))))
    }
    add(moment(-4, 12), .withdrawInvite(code(2)))
    join(
      MemberID(trusted: "promoter-tang"), "唐悦 Tang Yue", nil, moment(-4, 16), invite: code(1))
    // A coat that was worn twice and came back after everybody had been paid.
    let at = moment(-3, 14)
    add(at, .refund(coat, refund: FactID(trusted: "refund-coat"), lines: [], at: at))
  }

  /// The order that is refunded after its shares were paid out.
  var coat: OrderID { OrderID(trusted: "fan-coat~1") }

  private func code(_ number: Int) -> InviteID { InviteID(trusted: "demo-code-\(number)") }

  // MARK: Links

  /// A promoter makes a link; what opening it proves is given back.
  mutating func link(
    _ promoter: Demo.Promoter, _ room: RoomID, sku: SKUID? = nil, at: Timestamp
  ) -> SignedLink {
    do throws(ShareLinkError) {
      let link = try ShareLink(
        keyID: environment.linkKeyID, storefront: storefront, promoter: promoter.id,
        room: room, sku: sku, channel: promoter.channel, issued: at,
        expiry: at.advanced(byMilliseconds: 30 * DemoHistory.dayMilliseconds))
      let signed = try SignedShareLink(signing: link, mac: environment.mac)
      add(
        at,
        .createLink(
          Link(
            id: signed.id, text: signed.text, promoter: promoter.id, room: room, sku: sku,
            channel: promoter.channel, expiresAt: link.expiry, maximumUses: nil,
            issuedAt: link.issued)))
      return SignedLink(
        id: signed.id, storefront: storefront, promoter: promoter.id, room: room,
        channel: promoter.channel, expiresAt: link.expiry, maximumUses: nil)
    } catch {
      preconditionFailure("the demonstration's links fit: \(error)")
    }
  }
}
