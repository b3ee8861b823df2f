// The reader's queries on the small world, each against what the records say.

import Commerce
import Coordination
import Ledger
import Testing

@testable import Storage

/// Gives `body` a reader of the whole small world, the same in memory, and the directory.
func withWorld<Result>(
  _ body: (SQLiteReader, MemoryStore, String) throws -> Result
) throws -> Result {
  try withStore { store, directory in
    let memory = MemoryStore()
    let steps = try Script.whole().steps
    try World(memory).run(steps, batch: 1)
    try World(store).run(steps, batch: 1000)
    return try body(SQLiteReader.open(directory: directory, zone: zones), memory, directory)
  }
}

@Suite("The reader")
struct SQLiteReaderTests {
  let storefront = Script.storefront

  static let searches: [(text: String, found: [String])] = [
    ("", ["hive", "honey", "wax"]),
    ("  ", ["hive", "honey", "wax"]),
    ("honey", ["honey"]),
    ("WILD", ["honey"]),
    ("蜂", ["honey"]),
    ("红", ["hive", "honey", "wax"]),
    ("蜂蜜 wild food", ["honey"]),
    ("蜂蜜 home", []),
    ("home", ["hive", "wax"]),
    ("home\thiv", ["hive"]),
    ("100%", ["wax"]),
    ("%", ["wax"]),
    ("_", ["hive"]),
    ("\\", []),
    ("'", ["wax"]),
    ("h_ve", []),
    ("a b c d e f g h zzz", []),
  ]

  @Test(
    "Records are found beside a transaction that writes, as they were before it until it is over")
  func beside() throws {
    try withStore { store, directory in
      let reader = try SQLiteReader.open(directory: directory, zone: zones)
      func stock() throws -> Record? { try reader.load([.stock(SKUID(trusted: "tea"))])[0] }
      for supplied in Int64(1)...3 {
        let before = try stock()
        try store.connection.transaction {
          try store.connection.execute("REPLACE INTO stocks VALUES ('tea', \(supplied), 0, 0)")
          #expect(try stock() == before)
        }
        #expect(try stock() == .stock(Stock(supplied: supplied)))
      }
    }
  }

  @Test("A search finds SKUs in which every word occurs, taken literally", arguments: searches)
  func search(text: String, found: [String]) throws {
    try withWorld { (reader, _, _) throws in
      let result = try reader.searchCatalogue(text: text, limit: 100)
      #expect(result.map(\.sku.id.text) == found)
    }
  }

  @Test("A search goes on where the page before ended, and brings category and stock")
  func searchPages() throws {
    try withWorld { (reader, memory, _) throws in
      let first = try reader.searchCatalogue(text: "红", limit: 2)
      #expect(first.map(\.sku.id.text) == ["hive", "honey"])
      let second = try reader.searchCatalogue(text: "红", limit: 2, after: first.last?.sku.id)
      #expect(second.map(\.sku.id.text) == ["wax"])
      for (sku, category, stock) in first + second {
        #expect(memory.records[.sku(sku.id)] == .sku(sku))
        #expect(memory.records[.stock(sku.id)] == .stock(stock))
        guard case .product(let product)? = memory.records[.product(sku.product)] else { continue }
        #expect(product.category == category)
      }
    }
  }

  @Test("Rooms come in order of id, with counters, in the states that are asked for")
  func rooms() throws {
    try withWorld { (reader, memory, _) throws in
      let found = try reader.rooms(storefront, limit: 10)
      #expect(found.map(\.room.id.text) == ["r"])
      #expect(
        memory.records[.room(storefront, RoomID(trusted: "r"))]
          == found.first.map { .room($0.room) })
      #expect(
        memory.records[.roomProgress(storefront, RoomID(trusted: "r"))]
          == found.first?.progress.map { .roomProgress($0) })
      #expect(try reader.rooms(storefront, states: [.ended], limit: 10).count == 1)
      #expect(try reader.rooms(storefront, states: [.live, .paused], limit: 10).isEmpty)
      #expect(try reader.rooms(storefront, states: [], limit: 10).isEmpty)
      #expect(try reader.rooms(storefront, after: RoomID(trusted: "r"), limit: 10).isEmpty)
      #expect(try reader.rooms(Script.other, states: [.live], limit: 10).map(\.room.title) == ["同"])
    }
  }

  @Test("Orders come by placement, either way, by room, promoter and buyer, in pages of any size")
  func orders() throws {
    try withWorld { (reader, memory, _) throws in
      let all = memory.records.compactMap { key, record -> Order? in
        guard case .order(storefront, _) = key, case .order(let order) = record else { return nil }
        return order
      }.sorted { ($0.placedAt, $0.id) < ($1.placedAt, $1.id) }
      let room = RoomID(trusted: "r")
      let promoter = MemberID(trusted: "p")
      let buyer = ViewerID(trusted: "v3")
      let filters: [(OrderFilter, [Order])] = [
        (.all, all), (.room(room), all.filter { $0.room == room }),
        (.promoter(promoter), all.filter { $0.receipt.promoter == promoter }),
        (.buyer(buyer), all.filter { $0.buyer == buyer }),
        (.buyer(ViewerID(trusted: "nobody")), []),
      ]
      #expect(filters.dropLast().allSatisfy { !$0.1.isEmpty })
      let directions = [OrderDirection.oldestFirst, .newestFirst]
      for ((filter, ordered), direction) in filters.flatMap({ filter in
        directions.map { (filter, $0) }
      }) {
        let expected = direction == .oldestFirst ? ordered : ordered.reversed()
        for limit in [1, 2, 100] {
          var found: [Order] = []
          var after: OrderCursor?
          while found.count <= expected.count {
            let page = try reader.orders(
              storefront, filter, direction, after: after, limit: limit)
            guard let last = page.last else { break }
            #expect(page.count <= limit)
            found += page
            after = OrderCursor(placedAt: last.placedAt, id: last.id)
          }
          #expect(found == expected, "\(filter) \(direction) by \(limit)")
        }
      }
      #expect(
        try reader.order(storefront, OrderID(trusted: "o1")) == all.first { $0.id.text == "o1" })
      #expect(try reader.order(storefront, OrderID(trusted: "o9")) == nil)
      #expect(try reader.order(Script.other, OrderID(trusted: "o9")) != nil)
    }
  }

  @Test("A promoter sees their links, newest first, and how often they were refused")
  func links() throws {
    try withWorld { (reader, memory, _) throws in
      let promoter = MemberID(trusted: "p")
      let found = try reader.links(storefront, promoter: promoter, limit: 10)
      #expect(found.links.map(\.id.text) == ["l2", "l1"])
      for link in found.links {
        #expect(memory.records[.link(storefront, link.id)] == .link(link))
      }
      #expect(memory.records[.linkRefusals(storefront, promoter)] == .linkRefusals(found.refusals))
      #expect(found.refusals.counts.map(\.code) == [.linkAltered, .linkExhausted, .linkRevoked])
      #expect(try reader.links(storefront, promoter: promoter, limit: 1).links.count == 1)
      #expect(try reader.links(Script.other, promoter: promoter, limit: 9).links.isEmpty)
    }
  }

  @Test("Transactions of a subject come whole and in order")
  func transactions() throws {
    try withWorld { (reader, memory, _) throws in
      let subjects = Set(memory.transactions.map(\.transaction.cause.subject))
      for name in [storefront, Script.other] {
        for subject in subjects {
          let expected = memory.transactions.filter {
            $0.storefront == name && $0.transaction.cause.subject == subject
          }.map(\.transaction)
          #expect(try reader.ledgerEntries(name, subject: subject).map(\.transaction) == expected)
        }
      }
      #expect(try reader.ledgerEntries(storefront, subject: "nothing").isEmpty)
    }
  }

  @Test("Questions asked inside a moment are of that moment, whatever they consist of")
  func moment() throws {
    try withStore { (store, directory) throws in
      let steps = try Script.whole().steps
      let world = World(store)
      try world.run(steps.prefix(steps.count - 35), batch: 100)
      let reader = try SQLiteReader.open(directory: directory, zone: zones)
      let member = MemberID(trusted: "p")
      try reader.moment {
        let before = try reader.balance(storefront, member)
        try world.run(steps.suffix(35), batch: 100)
        #expect(try reader.balance(storefront, member) == before)
        #expect(try reader.rooms(storefront, states: [.live], limit: 1).count == 1)
        #expect(try reader.links(storefront, promoter: member, limit: 9).links.count == 2)
      }
      #expect(try reader.rooms(storefront, states: [.live], limit: 1).isEmpty)
    }
  }

  @Test("Balances, party totals and earnings are those of the records")
  func balances() throws {
    try withWorld { (reader, memory, _) throws in
      var expected: [String: Amount] = [:]
      for case (.balance(storefront, let account), .balance(let amount)) in memory.records {
        expected[account.name] = amount
      }
      let found = try reader.balances(storefront)
      #expect(
        Dictionary(uniqueKeysWithValues: found.map { ($0.account.name, $0.amount) }) == expected)
      #expect(found.map(\.account.name) == expected.keys.sorted())
      #expect(found.reduce(Amount.zero) { $0 + $1.amount } == .zero)
      for member in ["a", "b", "c", "d", "p", "nobody"].map({ MemberID(trusted: $0) }) {
        let (balance, sequence) = try reader.balance(storefront, member)
        #expect(balance.pending == expected["pending/\(member)"] ?? .zero)
        #expect(balance.available == expected["available/\(member)"] ?? .zero)
        #expect(balance.paid == expected["paid/\(member)"] ?? .zero)
        #expect(balance.debt == expected["debt/\(member)"] ?? .zero)
        #expect(
          sequence == memory.transactions.last { $0.storefront == storefront }?.transaction.sequence
        )
        let total = balance.pending + balance.available + balance.paid + balance.debt
        let parties = try reader.partyTotals(storefront)
        #expect(parties.first { $0.party == "member/\(member)" }?.amount ?? .zero == total)
        for (room, earnings) in try reader.earnings(storefront, member) {
          #expect(
            memory.records[.earnings(storefront, member, room)] == .earnings(earnings))
        }
      }
      #expect(
        try reader.earnings(storefront, MemberID(trusted: "p")).map(\.room?.text) == [nil, "r"])
    }
  }
}
