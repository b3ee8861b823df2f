// The steps between a command and its commit: loading what is missing, rolling back, failing.

import Commerce
import Commission
import Coordination
import Testing

@Suite("The coordinator")
struct CoordinatorTests {
  /// A store that fails to commit when it is told to.
  private final class BrokenStore: Store {
    struct Failure: Error {}

    let memory = MemoryStore()
    var isBroken = false
    private(set) var loads = 0

    func load(_ keys: [Key]) -> [Record?] {
      loads += 1
      return memory.load(keys)
    }

    func commit(_ changes: Changes) throws {
      if isBroken { throw Failure() }
      memory.commit(changes)
    }

    func storefronts() -> [StorefrontID] { memory.storefronts() }
    func dueReleases(_ storefront: StorefrontID, at: Timestamp, limit: Int) -> DueReleases {
      memory.dueReleases(storefront, at: at, limit: limit)
    }
    func expiredOrders(_ storefront: StorefrontID, at: Timestamp, limit: Int) -> [OrderID] {
      memory.expiredOrders(storefront, at: at, limit: limit)
    }
    func nextDeadline(_ storefront: StorefrontID) -> Timestamp? { memory.nextDeadline(storefront) }
    func statementPeriod(_ storefront: StorefrontID, until: Timestamp?) -> StatementPeriod {
      memory.statementPeriod(storefront, until: until)
    }
    func lastBooking() -> Timestamp? { memory.lastBooking() }
    func listings(
      _ storefront: StorefrontID, _ room: RoomID, after place: Int64?, limit: Int
    ) -> [(listing: Listing, sku: SKU, stock: Stock)] {
      memory.listings(storefront, room, after: place, limit: limit)
    }
    func events(
      _ storefront: StorefrontID, _ room: RoomID, after offset: Int64, limit: Int
    ) -> [RoomEvent] {
      memory.events(storefront, room, after: offset, limit: limit)
    }
  }

  private let commands: [Command] = {
    let lines = [line()]
    let order = ReportedOrder(
      id: OrderID(trusted: "o1"), room: nil, seller: person("B"), promoter: nil, buyer: person("v"),
      lines: lines, placedAt: Shop.start)
    return [
      .join(member: person("A"), name: "", inviter: nil, rank: "senior", at: Shop.start),
      .join(member: person("B"), name: "", inviter: person("A"), rank: nil, at: Shop.start),
      .reportOrder(order),
      .pay(order.id, payment: FactID(trusted: "p"), paid: [], at: Shop.start),
      .deliver(order.id, delivery: FactID(trusted: "d"), at: Shop.start),
      .refund(
        order.id, refund: FactID(trusted: "x"),
        lines: [LineAmount(line: 0, amount: Amount(1))], at: Shop.start),
    ]
  }()

  private func configure() throws -> Command {
    .configureStorefront(
      Storefront(
        id: Shop.id, name: "", currency: .cny, zone: .shanghai, precedence: [.lock],
        visitHoldMilliseconds: 1, unpaidHoldMilliseconds: 1, planVersion: 1, createdAt: Shop.start),
      plan: try Plan.shipped("wanwu"), risks: .trial)
  }

  private func decide(_ coordinator: Coordinator, _ commands: [Command]) throws {
    for command in commands {
      _ = try coordinator.decide(command, by: .system, storefront: Shop.id, at: Shop.start).get()
    }
  }

  @Test("Commands decided together see each other and are stored together")
  func groupCommit() throws {
    let together = MemoryStore()
    let coordinator = Coordinator(store: together)
    try decide(coordinator, [try configure()] + commands)
    #expect(together.records.isEmpty)
    _ = try coordinator.commit()
    let apart = MemoryStore()
    let other = Coordinator(store: apart)
    for command in [try configure()] + commands {
      try decide(other, [command])
      _ = try other.commit()
    }
    #expect(together.records == apart.records)
    #expect(together.transactions == apart.transactions)
    #expect(together.events == apart.events)
  }

  @Test("A coordinator that forgets after every commit decides like one that knows everything")
  func coldState() throws {
    let store = BrokenStore()
    let cold = Coordinator(store: store, stateBytesMax: 0)
    let warm = MemoryStore()
    let other = Coordinator(store: warm)
    for command in [try configure()] + commands {
      for coordinator in [cold, other] {
        try decide(coordinator, [command])
        _ = try coordinator.commit()
      }
    }
    #expect(store.loads > commands.count)
    #expect(store.memory.records == warm.records)
    #expect(store.memory.transactions == warm.transactions)
  }

  @Test("Commands that are prepared together are loaded at once, and decided as if alone")
  func prepared() throws {
    let once = BrokenStore()
    let each = BrokenStore()
    let (prepared, other) = (Coordinator(store: once), Coordinator(store: each))
    // What the commands before it leave, and what only one of them asks for, is read all the same.
    let reports =
      Array(commands[2...]) + [
        commands[2],
        .deliver(
          OrderID(trusted: "none"), delivery: FactID(trusted: "d2"), at: Shop.start),
      ]
    for coordinator in [prepared, other] {
      try decide(coordinator, [try configure()] + commands[..<2])
      _ = try coordinator.commit()
    }
    let before = (once.loads, each.loads)
    try prepared.prepare(reports, by: .system, storefront: Shop.id)
    #expect(once.loads == before.0 + 1)
    for command in reports {
      let answers = try [prepared, other].map { coordinator in
        try coordinator.decide(command, by: .system, storefront: Shop.id, at: Shop.start)
          .map { ($0.replyBytes, $0.isRepeat) }
      }
      switch (answers[0], answers[1]) {
      case (.success(let one), .success(let two)): #expect(one == two)
      case (.failure(let one), .failure(let two)): #expect(one == two)
      default: Issue.record("\(answers)")
      }
    }
    _ = try prepared.commit()
    _ = try other.commit()
    #expect(once.memory.records == each.memory.records)
    #expect(once.memory.transactions == each.memory.transactions)
    // Warm again: nothing is left that each would ask for.
    #expect(once.loads - before.0 < each.loads - before.1)
    let warm = once.loads
    try prepared.prepare([commands[0]], by: .system, storefront: Shop.id)
    #expect(once.loads == warm)
  }

  @Test(
    "Calls that are all refused do not fill the memory: what is not looked up again is forgotten")
  func refusedOnly() throws {
    let store = BrokenStore()
    // 160 bytes for a key that is known to be absent: ten of them in each of two generations.
    let coordinator = Coordinator(store: store, stateBytesMax: 3_200)
    let loads = { (names: [String]) throws -> Int in
      let before = store.loads
      for name in names { _ = try coordinator.record(.sku(SKUID(trusted: name))) }
      #expect(try coordinator.commit().isEmpty)
      return store.loads - before
    }
    #expect(try loads(["kept"]) == 1)
    #expect(try loads(["dropped"]) == 1)
    for round in 0..<50 {
      #expect(try loads(["kept"] + (0..<6).map { "unknown-\(round)-\($0)" }) == 6)
    }
    #expect(try loads(["kept"]) == 0)
    #expect(try loads(["dropped"]) == 1)
    // More than all of it at once is not kept at all.
    let many = (0..<21).map { "many-\($0)" }
    #expect(try loads(many) == 21)
    #expect(try loads(many) == 21)
  }

  @Test(
    "Whether a report was made before, and who has never come by a link, is read anew in the next batch"
  )
  func shortLived() throws {
    let store = BrokenStore()
    let coordinator = Coordinator(store: store)
    let shop = StorefrontID(trusted: "s")
    let viewer = ViewerID(trusted: "v")
    let short: [Key] = [
      .fact(shop, "order/o"), .viewer(shop, viewer), .visits(shop, viewer, RoomID(trusted: "r")),
      .attendance(shop, RoomID(trusted: "r"), viewer),
    ]
    let long: [Key] = [.member(shop, viewer), .sku(SKUID(trusted: "a"))]
    for expected in [6, 4, 4] {
      let before = store.loads
      for _ in 0..<2 { for key in short + long { _ = try coordinator.record(key) } }
      #expect(store.loads - before == expected)
      #expect(try coordinator.commit().isEmpty)
    }
  }

  @Test("What is rolled back has not happened, and what was committed before it has")
  func rollBack() throws {
    let store = MemoryStore()
    let coordinator = Coordinator(store: store)
    try decide(coordinator, [try configure(), commands[0]])
    _ = try coordinator.commit()
    let records = store.records
    try decide(coordinator, Array(commands[1...3]))
    coordinator.rollBack()
    #expect(try coordinator.commit().isEmpty)
    #expect(store.records == records)
    #expect(store.transactions.isEmpty)
    #expect(try coordinator.record(.member(Shop.id, person("B"))) == nil)
    #expect(try coordinator.record(.member(Shop.id, person("A"))) != nil)
    try decide(coordinator, Array(commands[1...]))
    #expect(try !coordinator.commit().isEmpty)
  }

  @Test("A failed commit loses the batch and nothing else")
  func failedCommit() throws {
    let store = BrokenStore()
    let coordinator = Coordinator(store: store)
    try decide(coordinator, [try configure()] + commands[0...2])
    _ = try coordinator.commit()
    let records = store.memory.records
    try decide(coordinator, Array(commands[3...]))
    store.isBroken = true
    #expect(throws: BrokenStore.Failure.self) { try coordinator.commit() }
    store.isBroken = false
    #expect(try coordinator.commit().isEmpty)
    #expect(store.memory.records == records)
    try decide(coordinator, Array(commands[3...]))
    _ = try coordinator.commit()
    #expect(store.memory.transactions.count == 3)
  }

  @Test(
    "While a batch is handed over, decisions see it, and what is read comes from beside the store")
  func handedOver() throws {
    let store = BrokenStore()
    let beside = BrokenStore()
    let coordinator = Coordinator(store: store, beside: beside)
    try decide(coordinator, [try configure(), commands[0]])
    let loads = store.loads
    store.memory.commit(coordinator.handOver())
    #expect(!coordinator.hasUncommitted && beside.loads == 0)
    // The second needs the first as its inviter.
    try decide(coordinator, [commands[1]])
    #expect(store.loads == loads && beside.loads > 0)
    #expect(try coordinator.record(.member(Shop.id, person("B"))) != nil)
    #expect(!coordinator.confirm().isEmpty)
    // Stored is the first, decided the second.
    #expect(try coordinator.committed(.member(Shop.id, person("A"))) != nil)
    #expect(try coordinator.committed(.member(Shop.id, person("B"))) == nil)
    #expect(try coordinator.record(.member(Shop.id, person("B"))) != nil)
    _ = try coordinator.commit()
    #expect(try coordinator.committed(.member(Shop.id, person("B"))) != nil)
  }

  @Test("What is decided and not stored is kept, however little may be remembered")
  func keepsUncommitted() throws {
    let store = BrokenStore()
    let coordinator = Coordinator(store: store, stateBytesMax: 0)
    try decide(coordinator, [try configure(), commands[0]])
    store.memory.commit(coordinator.handOver())
    try decide(coordinator, Array(commands[1...3]))
    _ = coordinator.confirm()
    // Nothing of it is in the store: only a repeat that is known is answered as one.
    let again = try coordinator.decide(
      commands[3], by: .system, storefront: Shop.id, at: Shop.start
    ).get()
    #expect(again.isRepeat && store.memory.transactions.isEmpty)
    try decide(coordinator, [commands[4]])
    // What a record was before is read where nobody had looked.
    #expect(try coordinator.committed(.fact(Shop.id, "payment/p")) == nil)
    let progress = Key.storefrontProgress(Shop.id)
    #expect(try coordinator.committed(progress) == store.memory.records[progress])
    _ = try coordinator.commit()
    // The joining and the sale.
    #expect(store.memory.transactions.count == 2)
  }

  @Test("What is dropped leaves what is handed over, and where that fails, all is dropped")
  func dropped() throws {
    let store = BrokenStore()
    let coordinator = Coordinator(store: store)
    try decide(coordinator, [try configure(), commands[0]])
    let first = coordinator.handOver()
    try decide(coordinator, [commands[1]])
    coordinator.rollBack()
    #expect(try coordinator.record(.member(Shop.id, person("B"))) == nil)
    #expect(try coordinator.record(.member(Shop.id, person("A"))) != nil)
    store.memory.commit(first)
    _ = coordinator.confirm()
    try decide(coordinator, [commands[1]])
    _ = coordinator.handOver()
    try decide(coordinator, [commands[2]])
    coordinator.abandon()
    #expect(!coordinator.hasUncommitted)
    #expect(try coordinator.record(.member(Shop.id, person("B"))) == nil)
    #expect(try coordinator.record(.order(Shop.id, OrderID(trusted: "o1"))) == nil)
    try decide(coordinator, Array(commands[1...]))
    _ = try coordinator.commit()
    #expect(store.memory.transactions.count == 3)
  }
}
