// What people do in a run: hosts list and move rooms, promoters make links, viewers come, go and buy,
// the backend reports what became of the orders. Draws from dice of its own, so that the same things
// are wanted whatever the network does. The simulation's thread only.

import Commerce
import Commission
import Coordination
import Histories
import Notation
import Server
import Wire

/// What people want in one run.
final class Workload {
  let swarm: Swarm
  var dice: Dice
  private(set) var members: [MemberID] = []
  private(set) var rooms: [RoomID] = []
  private(set) var links: [Link] = []
  /// Orders that may be there, in order of their being wanted.
  private(set) var orders: [OrderID] = []
  private var statements: [StatementID] = []
  private var disputes: [(order: OrderID, dispute: FactID)] = []
  /// Facts that were accepted, with who reported them.
  private var facts: [(client: Int, intent: Intent)] = []
  private var reporters: [Int64: Int] = [:]
  private var isRemote = false
  private var count = 0

  /// The backend's client.
  static let desk = 0
  static let skus = ["tea", "rare", "odd"].map { SKUID(trusted: $0) }
  private static let service = ServiceID(trusted: "settler")

  init(_ swarm: Swarm) {
    self.swarm = swarm
    dice = swarm.dice(5)
  }

  // MARK: The beginning

  /// A storefront with its catalogue and its people.
  func prepare(_ simulation: Simulation) {
    simulation.addClient(SimulatedClient(caller("desk", [.backend, .operator])))
    isRemote = swarm.has(.remoteSettlement)
    configure(simulation)
    let prices: [(Int64, Int64, Int32)] = [
      (10_000, 6_000, 200_000), (5_003, 2_999, 123_457), (333, 101, 333_333),
    ]
    for (sku, (price, cost, rate)) in zip(Workload.skus, prices) {
      let product = ProductID(trusted: sku.text)
      let supplier = SupplierID(trusted: "s-\(sku)")
      let item = CatalogueItem(
        product: Product(
          id: product, supplier: supplier, title: sku.text, category: "", picture: ""),
        sku: SKU(
          id: sku, product: product, supplier: supplier, title: sku.text, picture: "",
          currency: .cny, price: Amount(price), cost: Amount(cost), rate: Rate(trusted: rate),
          saleFrom: nil, saleUntil: nil),
        supplied: sku.text == "rare" ? swarm.rare : nil)
      desk(simulation, .importItem(item))
    }
    for index in 0..<7 {
      let member = MemberID(trusted: "m\(index)")
      let inviter = members.isEmpty || dice.percent(20) ? nil : dice.pick(members)
      let command = Command.join(
        member: member, name: "", inviter: inviter, rank: nil, at: simulation.clock.wall)
      desk(simulation, command)
      members.append(member)
    }
    for index in 0..<swarm.rooms {
      let room = RoomID(trusted: "r\(index)")
      let command = Command.openRoom(
        room, host: members[index], title: "Room", pact: Rate(trusted: 200_000))
      desk(simulation, command)
      desk(simulation, .addListings(room, .skus(Array(Workload.skus.prefix(2)))))
      rooms.append(room)
    }
    links = makeLinks(simulation)
  }

  /// Those who watch: hosts, promoters, viewers.
  func populate(_ simulation: Simulation) {
    let storefront = Simulation.storefront
    simulation.clients[Workload.desk].tickers = [.storefront(storefront)]
    // Connections are there already: the next one asks for the figures.
    var people: [SimulatedClient] = []
    for (index, room) in rooms.enumerated() {
      var host = SimulatedClient(caller(members[index].text, [.host, .viewer]))
      host.rooms = [RoomKey(storefront, room)]
      host.tickers = [
        .room(storefront, room), .earnings(storefront, members[index], nil),
        .earnings(storefront, members[index], room),
      ]
      people.append(host)
    }
    for index in 2..<5 {
      var promoter = SimulatedClient(caller(members[index].text, [.promoter, .viewer]))
      promoter.tickers = [
        .earnings(storefront, members[index], nil),
        .earnings(storefront, members[index], dice.pick(rooms)),
      ]
      people.append(promoter)
    }
    for index in 0..<swarm.viewers {
      var viewer = SimulatedClient(caller("v\(index)", [.viewer]))
      viewer.link = dice.percent(60) ? evidence() : nil
      viewer.rooms = [RoomKey(storefront, dice.pick(rooms))]
      people.append(viewer)
    }
    for person in people { simulation.addClient(person) }
    simulation.subscribe(Workload.desk, .storefront(storefront))
  }

  private func caller(_ person: String, _ scopes: Token.Scopes) -> Caller {
    Caller(
      person: PersonID(trusted: person), storefront: Simulation.storefront, scopes: scopes,
      expiry: Timestamp(milliseconds: .max))
  }

  private func configure(_ simulation: Simulation) {
    guard let plan = try? Plan.shipped(swarm.plan.rawValue) else {
      preconditionFailure("the plan is shipped")
    }
    let storefront = Storefront(
      id: Simulation.storefront, name: "Simulated", currency: .cny, zone: .shanghai,
      precedence: swarm.precedence,
      visitHoldMilliseconds: Storefront.visitHoldDefault,
      unpaidHoldMilliseconds: Storefront.unpaidHoldDefault, planVersion: 1,
      createdAt: simulation.clock.wall, settlementService: isRemote ? Workload.service : nil)
    desk(simulation, .configureStorefront(storefront, plan: plan, risks: .trial))
  }

  func desk(_ simulation: Simulation, _ command: Command) {
    simulation.want(Workload.desk, .command(command))
  }

  // MARK: One step

  /// Somebody wants something.
  func step(_ simulation: Simulation) {
    switch dice.below(40) {
    case 0..<7: report(simulation)
    case 7..<11: buy(simulation)
    case 11..<18: pay(simulation)
    case 18..<23: deliver(simulation)
    case 23..<26: if swarm.has(.refunds) { refund(simulation) }
    case 26, 27: if swarm.has(.disputes) { dispute(simulation) }
    case 28, 29: if swarm.has(.promotions) { promote(simulation) }
    case 30: if swarm.has(.statements) { payOut(simulation) }
    case 31, 32: if swarm.has(.repeats) { again(simulation) }
    case 33, 34: list(simulation)
    case 35, 36: visit(simulation)
    case 37: if dice.percent(50) { visit(simulation) } else { vouch(simulation) }
    case 38:
      guard let order = order else { return }
      desk(simulation, .cancel(order, at: simulation.clock.wall))
    default:
      if swarm.has(.remoteSettlement), dice.percent(40) {
        isRemote.toggle()
        configure(simulation)
      } else {
        simulation.want(Workload.desk, .releaseDue)
      }
    }
  }

  /// Learns what became of an intent.
  func answered(_ intent: Intent, _ body: JSON, refusal: String?) {
    guard refusal == nil, intent.fact != nil, intent.repeats == nil, !intent.conflicts else {
      return
    }
    facts.append((reporters[intent.number] ?? Workload.desk, intent))
  }

  /// Gives all of every order back that was paid.
  func refundEverything(_ simulation: Simulation) {
    for order in orders {
      fact(simulation, "refund") { .refund(order, refund: $0, lines: [], at: $1) }
    }
  }

  private func report(_ simulation: Simulation) {
    let id = OrderID(trusted: name("o"))
    let room = dice.percent(70) ? dice.pick(rooms) : nil
    let lines = (0...dice.below(3)).map { _ -> ReportedLine in
      let sku = dice.pick(Array(Workload.skus.prefix(2)))
      let units = Int64(1 + dice.below(3))
      let paid = Amount(Int64(1 + dice.below(30_000)))
      guard dice.percent(30) else { return ReportedLine(sku: sku, units: units, paid: paid) }
      return ReportedLine(
        sku: sku, units: units, paid: paid, cost: Amount(Int64(dice.below(20_000))),
        terms: StatedTerms(
          supplier: SupplierID(trusted: "s-\(dice.below(2))"),
          rate: Rate(trusted: Int32(50_000 + dice.below(350_001)))))
    }
    let isLate = swarm.has(.lateReports) && dice.percent(40)
    let placedAt = simulation.clock.wall.advanced(
      byMilliseconds: isLate ? -Int64(dice.below(200_000_000)) : 0)
    let report = ReportedOrder(
      id: id, room: room, seller: room == nil ? dice.pick(members) : nil,
      promoter: dice.percent(25) ? dice.pick(members) : nil, buyer: viewer, lines: lines,
      placedAt: placedAt,
      expiresAt: dice.percent(20)
        ? placedAt.advanced(byMilliseconds: Int64(dice.below(10_000))) : nil)
    orders.append(id)
    want(simulation, Workload.desk, .reportOrder(report), fact: "order/\(id)")
  }

  private func buy(_ simulation: Simulation) {
    let buyers = simulation.clients.indices.filter { !simulation.clients[$0].rooms.isEmpty }
    guard !buyers.isEmpty else { return }
    let client = dice.pick(buyers)
    let id = OrderID(trusted: name("o"))
    let command = Command.placeOrder(
      id, simulation.clients[client].rooms[0].room,
      buyer: simulation.clients[client].caller.person, sku: dice.pick(Workload.skus),
      units: Int64(1 + dice.below(2)), promoter: nil)
    orders.append(id)
    want(simulation, client, command, fact: "order/\(id)")
  }

  private func pay(_ simulation: Simulation) {
    guard let order else { return }
    fact(simulation, "payment") { .pay(order, payment: $0, paid: [], at: $1) }
  }

  private func deliver(_ simulation: Simulation) {
    guard let order else { return }
    fact(simulation, "delivery") { .deliver(order, delivery: $0, at: $1) }
  }

  private func refund(_ simulation: Simulation) {
    guard let order else { return }
    let isWhole = dice.percent(30)
    let part = LineAmount(
      line: Int64(dice.below(2)), amount: Amount(Int64(1 + dice.below(4_000))))
    fact(simulation, "refund") {
      .refund(order, refund: $0, lines: isWhole ? [] : [part], at: $1)
    }
  }

  private func dispute(_ simulation: Simulation) {
    if !disputes.isEmpty, dice.percent(60) {
      let (order, dispute) = disputes.remove(at: dice.below(disputes.count))
      want(
        simulation, Workload.desk,
        .resolve(order, dispute: dispute, at: simulation.clock.wall),
        fact: "resolution/\(dispute)")
      return
    }
    guard let order else { return }
    let dispute = FactID(trusted: name("dispute"))
    disputes.append((order, dispute))
    want(
      simulation, Workload.desk, .dispute(order, dispute: dispute, at: simulation.clock.wall),
      fact: "dispute/\(dispute)")
  }

  private func promote(_ simulation: Simulation) {
    if swarm.plan == .wanwu {
      let rank = dice.pick(["ordinary", "gold", "senior"])
      desk(simulation, .setRank(member: dice.pick(members), rank: rank))
    } else {
      desk(
        simulation,
        .raisePact(dice.pick(rooms), Rate(trusted: Int32(200_000 + dice.below(800_001)))))
    }
  }

  private func payOut(_ simulation: Simulation) {
    if let statement = statements.last, dice.percent(40) {
      statements.removeLast()
      fact(simulation, "acknowledgement") {
        .acknowledge(statement, acknowledgement: $0, failed: [], at: $1)
      }
      return
    }
    let statement = StatementID(trusted: name("statement"))
    statements.append(statement)
    let number = simulation.want(
      Workload.desk, .payOut(statement, until: nil), fact: "statement/\(statement)")
    reporters[number] = Workload.desk
  }

  /// Reports something again that was accepted, as it was or with another content.
  private func again(_ simulation: Simulation) {
    guard !facts.isEmpty else { return }
    let (client, intent) = dice.pick(facts)
    if dice.percent(30), case .command(.deliver(let order, let delivery, let at)) = intent.call {
      let other = Command.deliver(
        order, delivery: delivery, at: at.advanced(byMilliseconds: 1))
      simulation.want(client, .command(other), fact: intent.fact, conflicts: true)
    } else {
      simulation.want(client, intent.call, fact: intent.fact, repeats: intent.number)
    }
  }

  private func list(_ simulation: Simulation) {
    let room = dice.pick(rooms)
    let sku = dice.pick(Workload.skus)
    switch dice.below(5) {
    case 0: desk(simulation, .addListings(room, .skus([sku])))
    case 1: desk(simulation, .removeListing(room, sku))
    case 2: desk(simulation, .pinListing(room, sku))
    case 3: desk(simulation, .moveRoom(room, to: dice.percent(10) ? .ended : .paused))
    default: desk(simulation, .moveRoom(room, to: .live))
    }
  }

  /// A viewer comes, goes, or opens a link.
  private func visit(_ simulation: Simulation) {
    let client = simulation.clients.count - 1 - dice.below(swarm.viewers)
    let room = RoomKey(Simulation.storefront, dice.pick(rooms))
    if simulation.clients[client].rooms.contains(room) {
      if dice.percent(50) { simulation.leave(client, room) }
    } else {
      simulation.clients[client].link = evidence()
      simulation.clients[client].rooms.append(room)
      simulation.join(client, room)
    }
  }

  // MARK: Names and choices

  private var order: OrderID? {
    // The latest ones mostly, so that orders live whole lives.
    guard !orders.isEmpty else { return nil }
    return dice.percent(70) ? dice.pick(orders.suffix(6)) : dice.pick(orders)
  }

  var viewer: ViewerID {
    dice.percent(15) ? dice.pick(members) : ViewerID(trusted: "v\(dice.below(swarm.viewers))")
  }

  private func name(_ kind: String) -> String {
    count += 1
    return "\(kind)\(count)"
  }

  private func fact(
    _ simulation: Simulation, _ kind: String, _ command: (FactID, Timestamp) -> Command
  ) {
    let id = FactID(trusted: name(kind))
    want(
      simulation, Workload.desk, command(id, simulation.clock.wall), fact: "\(kind)/\(id)")
  }

  private func want(
    _ simulation: Simulation, _ client: Int, _ command: Command, fact: String
  ) {
    reporters[simulation.want(client, .command(command), fact: fact)] = client
  }
}
