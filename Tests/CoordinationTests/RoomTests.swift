// The life of a room, its pact, and one-tap listing. Source: domain.md, section 1.

import Commerce
import Commission
import Coordination
import Notation
import Testing

@Suite("Rooms")
struct RoomTests {
  private let r1 = RoomID(trusted: "r1")

  /// Every move between states: nothing is a refusal, `repeat` changes nothing.
  enum Move: Equatable { case moves, repeats, refused }
  static let moves: [(from: RoomState, to: RoomState, is: Move)] = [
    (.scheduled, .scheduled, .repeats), (.scheduled, .live, .refused),
    (.scheduled, .paused, .refused), (.scheduled, .ended, .moves),
    (.live, .scheduled, .refused), (.live, .live, .repeats), (.live, .paused, .moves),
    (.live, .ended, .moves), (.paused, .scheduled, .refused), (.paused, .live, .moves),
    (.paused, .paused, .repeats), (.paused, .ended, .moves), (.ended, .scheduled, .refused),
    (.ended, .live, .refused), (.ended, .paused, .refused), (.ended, .ended, .repeats),
  ]

  private func shop(with state: RoomState) throws -> Shop {
    let shop = try Shop()
    try shop.join("H", "G")
    if state == .scheduled {
      try shop.accept(.scheduleRoom(r1, host: person("H"), title: "t", scheduledFor: nil))
    } else {
      try shop.open()
    }
    if state == .paused || state == .ended { try shop.accept(.moveRoom(r1, to: state)) }
    return shop
  }

  @Test(
    "A room goes from scheduled to live, paused and live again, and to its end", arguments: moves)
  func life(_ example: (from: RoomState, to: RoomState, is: Move)) throws {
    let shop = try shop(with: example.from)
    switch try shop.send(.moveRoom(r1, to: example.to)) {
    case .success(let outcome):
      #expect(example.is == (outcome.isRepeat ? .repeats : .moves))
      #expect(try shop.room("r1").state == example.to)
    case .failure(let rejection):
      #expect(example.is == .refused)
      #expect(rejection.code == .roomState)
      #expect(try shop.room("r1").state == example.from)
    }
  }

  @Test("A scheduled room opens, an open one answers the same again, an ended one stays closed")
  func opening() throws {
    let shop = try shop(with: .scheduled)
    #expect(try !shop.accept(.openRoom(r1, host: person("H"), title: nil, pact: nil)).isRepeat)
    #expect(try shop.accept(.openRoom(r1, host: person("H"), title: nil, pact: nil)).isRepeat)
    try shop.end()
    #expect(
      try shop.refusal(.openRoom(r1, host: person("H"), title: nil, pact: nil)) == .roomState)
  }

  @Test("Only its host, or the system, runs a room")
  func ownRoom() throws {
    let shop = try shop(with: .live)
    let commands: [Command] = [
      .moveRoom(r1, to: .paused), .raisePact(r1, .whole), .pinListing(r1, nil),
      .addListings(r1, .skus([])), .reorderListings(r1, []),
    ]
    for command in commands {
      #expect(try shop.refusal(command, by: .person(person("G"))) == .notYourRoom)
    }
    for command in commands { try shop.accept(command, by: .person(person("H"))) }
    #expect(
      try shop.refusal(.openRoom(r1, host: person("G"), title: nil, pact: nil)) == .notYourRoom)
    #expect(
      try shop.refusal(.openRoom(r1, host: person("X"), title: nil, pact: nil)) == .unknownMember)
  }

  @Test("A pact is raised, never lowered, and an order keeps the one it was placed under")
  func pact() throws {
    let shop = try Shop()
    try shop.join("H", "P")
    try shop.open(pact: 300_000)
    try shop.sell("o1", promoter: "P")
    shop.wait(1)
    #expect(try shop.accept(.raisePact(r1, Rate(trusted: 300_000))).isRepeat)
    #expect(try shop.refusal(.raisePact(r1, Rate(trusted: 299_999))) == .pactLowered)
    #expect(try !shop.accept(.raisePact(r1, Rate(trusted: 400_000))).isRepeat)
    #expect(try shop.room("r1").pacts.map(\.version) == [1, 2])
    // Placed before the raise and reported after it.
    try shop.accept(shop.report("o2", promoter: "P", at: Shop.start))
    try shop.accept(shop.pay("o2"))
    #expect(shop.balance(.pending(person("P"))) == 1200)
    try shop.accept(.raisePact(r1, .whole))
    try shop.sell("o3", promoter: "P")
    #expect(shop.balance(.pending(person("P"))) == 3200)
    try shop.accept(shop.refund("o1", "x1"))
    #expect(shop.balance(.pending(person("P"))) == 2600)
  }

  @Test("A viewer counts once among the unique viewers of a room")
  func attendance() throws {
    let shop = try shop(with: .live)
    for viewer in ["v", "w", "v"] { try shop.accept(.attend(r1, person(viewer))) }
    guard case .roomProgress(let progress)? = shop.store.records[.roomProgress(Shop.id, r1)] else {
      throw Shop.Missing(name: "progress")
    }
    #expect(progress.uniqueViewers == 2)
  }
}

@Suite("Listings")
struct ListingTests {
  private let r1 = RoomID(trusted: "r1")

  private func shop() throws -> Shop {
    let shop = try Shop()
    try shop.join("H")
    try shop.open()
    for sku in ["a", "b", "c", "d"] { try shop.importSKU(sku, supplied: nil) }
    return shop
  }

  private func listed(_ shop: Shop) -> [String] {
    shop.store.listings(Shop.id, r1, after: nil, limit: .max).map(\.sku.id.text)
  }

  @Test("Listing, taking down, pinning and moving give the order that the host asked for")
  func order() throws {
    let shop = try shop()
    try shop.accept(.addListings(r1, .skus(skus("a", "b", "c"))))
    #expect(listed(shop) == ["a", "b", "c"])
    try shop.accept(.addListings(r1, .skus(skus("d", "a"))))
    #expect(listed(shop) == ["a", "b", "c", "d"])
    try shop.accept(.reorderListings(r1, skus("c", "a")))
    #expect(listed(shop) == ["c", "a", "b", "d"])
    try shop.accept(.pinListing(r1, SKUID(trusted: "a")))
    #expect(try shop.room("r1").pinned?.text == "a")
    #expect(try shop.accept(.pinListing(r1, SKUID(trusted: "a"))).isRepeat)
    try shop.accept(.removeListing(r1, SKUID(trusted: "a")))
    #expect(try shop.accept(.removeListing(r1, SKUID(trusted: "a"))).isRepeat)
    #expect(listed(shop) == ["c", "b", "d"])
    #expect(try shop.room("r1").pinned == nil)
    #expect(try shop.room("r1").listings == 3)
    try shop.accept(.addListings(r1, .skus(skus("a"))))
    #expect(listed(shop) == ["c", "b", "d", "a"])
  }

  @Test("A named set lists all its products at once, skipping those that stand")
  func sets() throws {
    let shop = try shop()
    let set = ProductSet(id: ProductSetID(trusted: "s"), title: "", skus: skus("b", "a"))
    try shop.accept(.defineSet(set))
    try shop.accept(.addListings(r1, .skus(skus("a"))))
    let answer = try shop.accept(.addListings(r1, .set(set.id))).reply
    #expect(answer["added"] == 1)
    #expect(listed(shop) == ["a", "b"])
    #expect(
      try shop.refusal(.addListings(r1, .set(ProductSetID(trusted: "none")))) == .unknownSet)
  }

  @Test("The host sees what one unit earns, with and without a promoter, to the fen")
  func earnings() throws {
    let shop = try shop()
    try shop.importSKU("odd", supplied: nil, price: 9_999)
    let answer = try shop.accept(.addListings(r1, .skus(skus("odd")))).reply
    let earning = try #require(answer["earnings"]?.elements?.first)
    // The pool is 1999 of 9999 at 20 %; 30 % of it, rounded down, is the promoter's.
    #expect(earning["withoutPromoter"] == 1999)
    #expect(earning["withPromoter"] == 1400)
    #expect(earning["promoter"] == 599)
  }

  @Test("What cannot be listed is refused as a whole")
  func refusals() throws {
    let shop = try shop()
    try shop.importSKU("usd", supplied: nil, currency: try Currency("USD"))
    try shop.importSKU("over", supplied: nil, until: shop.now)
    try shop.importSKU("soon", supplied: nil, until: shop.now.advanced(byMilliseconds: 1))
    func refusal(_ names: String...) throws -> RejectionCode? {
      try shop.refusal(.addListings(r1, .skus(names.map { SKUID(trusted: $0) })))
    }
    #expect(try refusal("a", "none") == .unknownSKU)
    #expect(try refusal("a", "usd") == .currencyMismatch)
    #expect(try refusal("a", "over") == .outsideSaleWindow)
    #expect(listed(shop) == [])
    #expect(try refusal("a", "soon") == nil)
    #expect(try shop.refusal(.pinListing(r1, SKUID(trusted: "b"))) == .notListed)
    #expect(try shop.refusal(.reorderListings(r1, skus("a", "b"))) == .notListed)
    #expect(try shop.refusal(.removeListing(r1, SKUID(trusted: "b"))) == .notListed)
    try shop.end()
    #expect(try refusal("b") == .roomState)
  }

  @Test("Every change of a room is an event, without gaps")
  func events() throws {
    let shop = try shop()
    try shop.accept(.addListings(r1, .skus(skus("a", "b"))))
    try shop.accept(.pinListing(r1, SKUID(trusted: "b")))
    try shop.accept(.reorderListings(r1, skus("b")))
    try shop.accept(.removeListing(r1, SKUID(trusted: "a")))
    try shop.sell("o1")
    try shop.accept(shop.refund("o1", "x1"))
    try shop.end()
    let events = shop.events("r1")
    #expect(
      events.map(\.kind) == [
        "room.opened", "listing.added", "listing.pinned", "listing.reordered", "listing.removed",
        "order.placed", "order.paid", "order.refunded", "room.ended",
      ])
    #expect(events.map(\.offset) == Array(1...9))
  }

  @Test("Many listings are told in events of at most fifty")
  func largeSets() throws {
    let shop = try shop()
    shop.auditsAlways = false
    let names = (1...101).map { "n\($0)" }
    for name in names { try shop.importSKU(name, supplied: nil) }
    try shop.accept(.addListings(r1, .skus(names.map { SKUID(trusted: $0) })))
    let counts = shop.events("r1").compactMap { $0.payload["listings"]?.elements?.count }
    #expect(counts.suffix(3) == [50, 50, 1])
    shop.audit()
  }
}
