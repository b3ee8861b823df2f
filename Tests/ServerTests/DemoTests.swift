// The demonstration: its catalogue, its past at every hour of a day, its crowd on a simulated clock.

import Commerce
import Coordination
import Crypto
import Notation
import Storage
import Testing
import Transport
import Wire

@testable import Server

@Suite("The demonstration")
struct DemoTests {
  @Test("The catalogue has over 200 products in eight categories, and loses on none of them")
  func catalogue() {
    let items = DemoCatalogue.items
    #expect(items.count >= 200)
    #expect(Set(items.map(\.sku.id)).count == items.count)
    #expect(Set(items.map(\.product.category)).count == 8)
    #expect(DemoCatalogue.sets(of: items).map(\.skus.count) == [Int](repeating: 26, count: 8))
    for item in items {
      let pool = item.sku.price.minorUnits * Int64(item.sku.rate.partsPerMillion) / 1_000_000
      // A host's inviter earns a tenth of the host's part on top.
      let left = item.sku.price.minorUnits - item.sku.cost.minorUnits - pool - pool / 10
      #expect(left > 0, "\(item.sku.id)")
    }
  }

  @Test("Every product has a picture, and what is no picture is none")
  func pictures() throws {
    let prefix = "/demo/pictures/"
    for item in DemoCatalogue.items {
      #expect(item.product.picture.hasPrefix(prefix))
      let name = String(item.product.picture.dropFirst(prefix.count))
      let picture = try #require(DemoPictures.picture(named: name), "\(name)")
      #expect(String(decoding: picture, as: UTF8.self).hasSuffix("</g></svg>"))
    }
    for name in [
      "tea-12.svg", "tea--1.svg", "tea-01.svg", "tea.svg", "tea-1", "x-1.svg", ".svg", "",
    ] {
      #expect(DemoPictures.picture(named: name) == nil, "\(name)")
    }
  }

  @Test(
    "The past is possible, and has something of everything, at every hour of a day",
    arguments: [
      "2026-11-27T16:00:00Z", "2026-11-27T16:04:59Z", "2026-11-27T16:45:00Z",
      "2026-11-28T04:00:00Z", "2026-11-28T15:59:59.999Z", "2028-02-28T16:00:00Z",
    ])
  func past(_ text: String) throws {
    let store = MemoryStore()
    try Demo.prepare(store: store, Self.environment(at: try Timestamp(text)))
    var orders: [OrderState: Int] = [:]
    for (key, record) in store.records {
      guard case .order(Demo.storefront, _) = key, case .order(let order) = record else { continue }
      orders[order.state, default: 0] += 1
    }
    for state in [OrderState.placed, .paid, .delivered, .released, .refunded, .disputed] {
      #expect(orders[state, default: 0] > 0, "\(state)")
    }
    #expect(orders.values.reduce(0, +) > 200)
    var rooms: [RoomState: Int] = [:]
    for case .room(let room) in store.records.values { rooms[room.state, default: 0] += 1 }
    #expect(rooms == [.live: 3, .scheduled: 3, .ended: 17])
    let coordinator = Coordinator(store: store)
    let debt = try coordinator.record(
      .balance(Demo.storefront, .debt(Demo.promoters[2].id)))
    guard case .balance(let owed)? = debt else {
      Issue.record("the coat came back after the payout")
      return
    }
    #expect(owed != .zero)
  }

  @Test("A second preparation of the same store changes nothing")
  func preparesOnce() throws {
    let store = MemoryStore()
    let environment = Self.environment(at: try Timestamp("2026-11-28T04:00:00Z"))
    try Demo.prepare(store: store, environment)
    let (records, transactions) = (store.records.count, store.transactions.count)
    try Demo.prepare(store: store, Self.environment(at: try Timestamp("2026-12-28T04:00:00Z")))
    #expect(store.records.count == records)
    #expect(store.transactions.count == transactions)
  }

  @Test("The crowd comes, buys, pays and sends back in every room, also in a visitor's own")
  func crowd() throws {
    let shop = try Shop { $0.isDemo = true }
    let show = DemoShow(
      Self.venue(of: shop), .init(viewers: 16, ordersPerMinute: 120, seed: 7))
    let host = try Self.door(of: shop).visitor("host-lin", .host)
    try host.done("room.open", ["room": "mine", "title": "Mine"])
    try host.done("listing.add", ["room": "mine", "sku": "tea-puer"])
    let before = try Self.totals(of: shop)
    // Two minutes of the crowd's own time.
    for step in 0..<1200 { show.step(at: Int64(step) * 100) }
    let after = try Self.totals(of: shop)
    #expect(show.ordersPlaced > 150)
    #expect(show.ordersPaid > 100)
    #expect(after.orders - before.orders == show.ordersPaid)
    #expect(after.refunded > before.refunded)
    let rooms = try host.done("room.list", ["states": ["live"]])
    #expect(rooms["rooms"]?.elements?.count == 4)
    let mine = try host.done("room.join", ["room": "mine"])
    #expect(mine["unique"]?.integer ?? 0 > 5)
    #expect(mine["listings"]?.elements?.first?["sold"]?.integer ?? 0 > 0)
    let reader = try SQLiteReader.open(directory: shop.directory) {
      try TimeZones.table(named: $0)
    }
    #expect(try reader.verify(Demo.storefront).fault == nil)
  }

  @Test("The crowd comes back after the server was away, and goes when it is told to")
  func comesBack() throws {
    var port: UInt16 = 0
    let shop = try Shop {
      $0.isDemo = true
      $0.port = port
    }
    port = shop.server.address.port
    let show = DemoShow(Self.venue(of: shop), .init(viewers: 4, ordersPerMinute: 120, seed: 7))
    for step in 0..<100 { show.step(at: Int64(step) * 100) }
    let placed = show.ordersPlaced
    #expect(placed > 0)
    shop.server.stop()
    for step in 100..<120 { show.step(at: Int64(step) * 100) }
    #expect(show.ordersPlaced == placed)
    try shop.resume()
    for step in 120..<300 { show.step(at: Int64(step) * 100) }
    #expect(show.ordersPlaced > placed + 10)
    let crowd = try DemoCrowd.start(
      in: shop.server, .init(viewers: 4, ordersPerMinute: 60, seed: 1))
    crowd.stop()
    crowd.stop()
  }

  private static func environment(at now: Timestamp) -> CallEnvironment {
    CallEnvironment(
      now: now, linkKeyID: 1, mac: { _, message in HMACSHA256.code(for: message, key: [1, 2]) },
      zone: { try TimeZones.table(named: $0) })
  }

  private static func venue(of shop: Shop) -> DemoVenue {
    let server = shop.server
    return DemoVenue(host: "127.0.0.1", port: server.address.port) { person, scopes in
      try server.keyring.issue(
        person: person, storefront: Demo.storefront, scopes: scopes,
        lifetimeMilliseconds: 3_600_000, now: wallClock())
    }
  }

  private static func door(of shop: Shop) -> Door {
    Door(
      port: shop.server.address.port, keyring: shop.server.keyring, storefront: Demo.storefront)
  }

  private static func totals(of shop: Shop) throws -> (orders: Int, refunded: Int64) {
    let answer = try door(of: shop).desk().get("/v1/storefront")
    return (
      Int(try #require(answer["orders"]?.integer)), try #require(answer["refunded"]?.integer)
    )
  }
}
