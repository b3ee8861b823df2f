// The store on SQLite against the store in memory: the same commands, the same everything.

import Commerce
import Commission
import Coordination
import Ledger
import Notation
import Testing

@testable import Storage

/// Gives `body` an empty store in a directory of its own.
func withStore<Result>(_ body: (SQLiteStore, String) throws -> Result) throws -> Result {
  try withDirectory { directory in
    try body(SQLiteStore.open(directory: directory, zone: zones), directory)
  }
}

/// Checks that two stores answer every question alike.
func expectSame(_ sqlite: some Store, _ memory: MemoryStore) throws {
  let keys = Array(memory.records.keys)
  for (key, record) in zip(keys, try sqlite.load(keys)) {
    #expect(record == memory.records[key], "\(key)")
  }
  #expect(try sqlite.storefronts() == memory.storefronts())
  for storefront in memory.storefronts() {
    for until in [nil, minute(0), minute(11 * day), minute(11 * day + 3), minute(30 * day)] {
      #expect(
        try sqlite.statementPeriod(storefront, until: until)
          == memory.statementPeriod(storefront, until: until))
    }
    #expect(try sqlite.nextDeadline(storefront) == memory.nextDeadline(storefront))
    for days in Int64(0)...20 {
      for limit in [1, 2, 100] {
        let at = minute(days * day)
        #expect(
          try sqlite.dueReleases(storefront, at: at, limit: limit)
            == memory.dueReleases(storefront, at: at, limit: limit))
        #expect(
          try sqlite.expiredOrders(storefront, at: at, limit: limit)
            == memory.expiredOrders(storefront, at: at, limit: limit))
      }
    }
    let room = RoomID(trusted: "r")
    for limit in [1, 3, 1000] {
      for after in Int64(-2)...4 {
        let found = try sqlite.listings(storefront, room, after: after, limit: limit)
        let expected = memory.listings(storefront, room, after: after, limit: limit)
        #expect(found.map(\.listing) == expected.map(\.listing))
        #expect(found.map(\.sku) == expected.map(\.sku))
        #expect(found.map(\.stock) == expected.map(\.stock))
        #expect(
          try sqlite.events(storefront, room, after: after, limit: limit)
            == memory.events(storefront, room, after: after, limit: limit))
      }
    }
    let all = try sqlite.listings(storefront, room, after: nil, limit: 10)
    #expect(
      all.map(\.listing)
        == memory.listings(storefront, room, after: nil, limit: 10).map(\.listing))
  }
}

@Suite("The store on SQLite")
struct SQLiteStoreTests {
  @Test(
    "The same answer is kept once in a commit, is each fact's own, and never one of another commit")
  func answersOnce() throws {
    try withStore { (store, _) throws in
      let long = [UInt8](repeating: UInt8(ascii: "a"), count: 5_000)
      func fact(_ name: String, _ answer: [UInt8]) -> (Key, Record) {
        let fact = Fact(body: Array(name.utf8), answer: answer, at: minute(0))
        return (.fact(Script.storefront, name), .fact(fact))
      }
      let commits = [
        [fact("a", long), fact("b", long), fact("c", long), fact("d", [])], [fact("e", [])],
      ]
      for commit in commits {
        var changes = Changes()
        for (key, record) in commit { changes.set(key, record) }
        try store.commit(changes)
      }
      for (key, record) in commits.joined() { #expect(try store.load([key]) == [record]) }
      #expect(try store.connection.number("SELECT count(answer) FROM facts") == 3)
      #expect(try store.connection.number("SELECT answer_of FROM facts WHERE id = 'b'") == 1)
    }
  }

  @Test(
    "Gives the same replies, records and events as the store in memory, whatever the batches",
    arguments: [1, 2, 7, 1000])
  func same(batch: Int) throws {
    let script = try Script.whole()
    let memory = MemoryStore()
    let expected = World(memory)
    try expected.run(script.steps, batch: 1)
    try withStore { (store, _) throws in
      let world = World(store)
      try world.run(script.steps, batch: batch)
      #expect(world.replies == expected.replies)
      #expect(world.published.events == expected.published.events)
      #expect(world.published.transactions == expected.published.transactions)
      try expectSame(store, memory)
    }
  }

  @Test("The script of these tests makes every kind of record and of transaction")
  func coverage() throws {
    let memory = MemoryStore()
    let world = World(memory)
    try world.run(try Script.whole().steps, batch: 1)
    let kinds = Set(memory.records.keys.map { "\($0)".prefix { $0 != "(" } })
    #expect(kinds.count == 29, "\(kinds.sorted())")
    #expect(Set(memory.transactions.map(\.transaction.cause.kind)) == Set(CauseKind.allCases))
    let refused = world.replies.compactMap { reply -> RejectionCode? in
      if case .failure(let rejection) = reply { rejection.code } else { nil }
    }
    #expect(refused == [.unknownMember, .outOfStock, .idempotencyConflict], "\(refused)")
    let accounts = memory.records.filter {
      if case .balance(_, .debt) = $0.key, case .balance(let amount) = $0.value {
        amount < .zero
      } else {
        false
      }
    }
    #expect(!accounts.isEmpty, "somebody owes something")
    let states = memory.records.values.compactMap { record -> OrderState? in
      if case .order(let order) = record { order.state } else { nil }
    }
    #expect(Set(states).count >= 5, "\(states)")
  }

  @Test("Says the same at every step of the way")
  func steps() throws {
    let script = try Script.whole()
    let memory = MemoryStore()
    let expected = World(memory)
    try withStore { (store, _) throws in
      let world = World(store)
      for step in script.steps {
        try expected.run([step], batch: 1)
        try world.run([step], batch: 1)
        let name = Script.storefront
        #expect(try store.nextDeadline(name) == memory.nextDeadline(name))
        for limit in 1...3 {
          let late = minute(1000 * day)
          #expect(
            try store.dueReleases(name, at: late, limit: limit)
              == memory.dueReleases(name, at: late, limit: limit))
          #expect(
            try store.expiredOrders(name, at: late, limit: limit)
              == memory.expiredOrders(name, at: late, limit: limit))
        }
      }
      try expectSame(store, memory)
    }
  }

  @Test("Opened again at any point, it goes on as if nothing had happened")
  func reopened() throws {
    let script = try Script.whole()
    let memory = MemoryStore()
    let expected = World(memory)
    try expected.run(script.steps, batch: 1)
    try withDirectory { directory in
      var replies: [Result<JSON, Rejection>] = []
      for start in stride(from: 0, to: script.steps.count, by: 5) {
        let world = World(try SQLiteStore.open(directory: directory, zone: zones))
        try world.run(script.steps[start..<min(start + 5, script.steps.count)], batch: 2)
        replies += world.replies
      }
      #expect(replies == expected.replies)
      try expectSame(SQLiteStore.open(directory: directory, zone: zones), memory)
    }
  }

  @Test("A commit that fails leaves nothing, and the coordinator goes on from what was there")
  func failedCommit() throws {
    let script = try Script.whole()
    let half = script.steps.count / 2
    let memory = MemoryStore()
    let expected = World(memory)
    try expected.run(script.steps[..<half], batch: 1)
    // A title that needs more pages than are left.
    let big = Command.scheduleRoom(
      RoomID(trusted: "big"), host: MemberID(trusted: "a"),
      title: String(repeating: "x", count: 100_000), scheduledFor: nil)
    try withStore { (store, _) throws in
      let world = World(store)
      try world.run(script.steps[..<half], batch: 3)
      // What is asked for is raised to the pages that are there.
      try store.connection.execute("PRAGMA max_page_count = 1")
      let error = storageError {
        try world.run(
          script.steps[half...] + [(big, .system, Script.storefront, minute(0))], batch: 1000)
      }
      #expect(error?.code == .full)
      try expectSame(store, memory)
      #expect(try store.load([.room(Script.storefront, RoomID(trusted: "big"))]) == [nil])
      try store.connection.execute("PRAGMA max_page_count = 1000000")
      try world.run(script.steps[half...], batch: 4)
      try expected.run(script.steps[half...], batch: 1)
      try expectSame(store, memory)
      #expect(world.replies.suffix(script.steps.count - half) == expected.replies[half...])
    }
  }

  @Test("After a commit that fails at its very end, the chain goes on from what is stored")
  func failedChain() throws {
    let expected = World(MemoryStore())
    try expected.run(try Script.whole().steps, batch: 1)
    let whole = expected.published
    var broken = whole
    let ghost = SKUID(trusted: "ghost")
    broken.set(
      .listing(Script.storefront, RoomID(trusted: "r"), ghost),
      .listing(Listing(sku: ghost, place: 9, addedAt: minute(0))))
    try withStore { (store, directory) throws in
      #expect(storageError { try store.commit(broken) }?.code == .constraint(.foreignKey))
      #expect(try store.storefronts() == [])
      try store.commit(whole)
      let reader = try SQLiteReader.open(directory: directory, zone: zones)
      #expect(try reader.verify(Script.storefront).fault == nil)
    }
  }

  @Test(
    "Any record of any kind comes back as it went in, also when stored again", arguments: 1...20)
  func roundTrip(seed: UInt64) throws {
    var generator = Generator(seed: seed)
    let records = try generator.records()
    #expect(records.count == 32)
    var changes = Changes()
    for (key, record) in records { changes.set(key, record) }
    try withStore { (store, directory) throws in
      for _ in 1...2 {
        try store.commit(changes)
        for ((key, record), found) in zip(records, try store.load(records.map(\.0))) {
          #expect(found == record, "\(key)")
        }
      }
      let reader = try SQLiteReader.open(directory: directory, zone: zones)
      #expect(try reader.load(records.map(\.0)) == records.map(\.1))
    }
  }

  @Test("A zone that cannot be found is an error of whoever opened the store")
  func unknownZone() throws {
    try withDirectory { directory in
      do {
        let world = World(try SQLiteStore.open(directory: directory, zone: zones))
        try world.run(try Script.whole().steps, batch: 100)
      }
      let store = try SQLiteStore.open(directory: directory) { throw UnknownZone(name: $0) }
      #expect(throws: UnknownZone(name: "Asia/Shanghai")) {
        try store.load([.storefront(Script.storefront)])
      }
    }
  }

  @Test("Keys without a record give nothing, in their places")
  func absent() throws {
    try withStore { (store, _) throws in
      let storefront = Script.storefront
      let member = MemberID(trusted: "m")
      let room = RoomID(trusted: "r")
      let keys: [Key] = [
        .product(ProductID(trusted: "x")), .sku(SKUID(trusted: "x")), .stock(SKUID(trusted: "x")),
        .storefront(storefront), .storefrontProgress(storefront), .planVersion(storefront, 1),
        .productSet(storefront, ProductSetID(trusted: "x")), .member(storefront, member),
        .grants(storefront, member), .viewer(storefront, member),
        .visits(storefront, member, room), .attendance(storefront, room, member),
        .link(storefront, LinkID(trusted: "x")), .linkRefusals(storefront, member),
        .room(storefront, room), .roomProgress(storefront, room),
        .listing(storefront, room, SKUID(trusted: "x")), .order(storefront, OrderID(trusted: "x")),
        .fact(storefront, "x"), .bonus(storefront, "x"),
        .revocation(storefront, FactID(trusted: "x")), .balance(storefront, .buyers),
        .earnings(storefront, member, nil), .earnings(storefront, member, room),
        .webhookProgress(storefront, EndpointID(trusted: "x")),
        .deadLetter(storefront, EndpointID(trusted: "x"), 1),
      ]
      #expect(try store.load(keys) == keys.map { _ in nil })
      #expect(try store.nextDeadline(storefront) == nil)
      #expect(try store.storefronts() == [])
    }
  }
}
