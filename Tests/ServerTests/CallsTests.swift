// What calls come to: the wish that the core, the writer and the reader get.

import Commerce
import Coordination
import Notation
import Testing
import Wire

@testable import Server

private func command(_ call: Call) -> Command? {
  if case .command(let command) = call { command } else { nil }
}

private let ten = Timestamp(milliseconds: 1_772_359_200_000)

@Suite("What calls come to")
struct CallsTests {
  static let commands: [(String, String, Token.Scopes, Command)] = [
    (
      "room.schedule", #"{"room":"r","title":"T","scheduledFor":"2026-03-01T18:00:00+08:00"}"#,
      .host,
      .scheduleRoom(
        RoomID(trusted: "r"), host: MemberID(trusted: "ann"), title: "T", scheduledFor: ten)
    ),
    (
      "room.open", #"{"room":"r","host":"bob","pactPpm":5}"#, .operator,
      .openRoom(
        RoomID(trusted: "r"), host: MemberID(trusted: "bob"), title: nil, pact: Rate(trusted: 5))
    ), ("room.pause", #"{"room":"r"}"#, .host, .moveRoom(RoomID(trusted: "r"), to: .paused)),
    ("room.resume", #"{"room":"r"}"#, .host, .moveRoom(RoomID(trusted: "r"), to: .live)),
    ("room.end", #"{"room":"r"}"#, .host, .moveRoom(RoomID(trusted: "r"), to: .ended)),
    (
      "listing.add", #"{"room":"r","sku":"s"}"#, .host,
      .addListings(RoomID(trusted: "r"), .skus([SKUID(trusted: "s")]))
    ),
    (
      "listing.add", #"{"room":"r","set":"x"}"#, .host,
      .addListings(RoomID(trusted: "r"), .set(ProductSetID(trusted: "x")))
    ),
    (
      "listing.pin", #"{"room":"r","sku":null}"#, .host, .pinListing(RoomID(trusted: "r"), nil)
    ),
    (
      "listing.pin", #"{"room":"r","sku":"s"}"#, .host,
      .pinListing(RoomID(trusted: "r"), SKUID(trusted: "s"))
    ),
    (
      "order.place", #"{"key":"k","room":"r","sku":"s","units":3,"promoter":"p"}"#, .viewer,
      .placeOrder(
        OrderID(trusted: "ann~k"), RoomID(trusted: "r"), buyer: ViewerID(trusted: "ann"),
        sku: SKUID(trusted: "s"), units: 3, promoter: MemberID(trusted: "p"))
    ),
    (
      "order.cancel", #"{"order":"ann~k"}"#, .viewer,
      .cancel(OrderID(trusted: "ann~k"), at: Sample.now)
    ), ("link.revoke", #"{"link":"l"}"#, .promoter, .revokeLink(LinkID(trusted: "l"))),
  ]

  @Test("A call of the socket is the command that it says", arguments: commands)
  func socket(method: String, parameters: String, scopes: Token.Scopes, wanted: Command) throws {
    #expect(command(try socketCall(method, parameters, scopes)) == wanted)
  }

  static let reports: [(String, String, Command)] = [
    (
      "POST /v1/orders", Sample.order,
      .reportOrder(
        ReportedOrder(
          id: OrderID(trusted: "o1"), room: RoomID(trusted: "r1"), seller: nil, promoter: nil,
          buyer: ViewerID(trusted: "v"),
          lines: [ReportedLine(sku: SKUID(trusted: "s1"), units: 2, paid: Amount(19_900))],
          placedAt: ten))
    ),
    (
      "POST /v1/orders/v~1/payment",
      #"{"payment":"p","paidAt":"2026-03-01T10:00:00Z","lines":[{"line":1,"amount":0}]}"#,
      .pay(
        OrderID(trusted: "v~1"), payment: FactID(trusted: "p"),
        paid: [LineAmount(line: 1, amount: .zero)], at: ten)
    ),
    (
      "POST /v1/orders/o/refunds", #"{"refund":"f","refundedAt":"2026-03-01T10:00:00Z"}"#,
      .refund(OrderID(trusted: "o"), refund: FactID(trusted: "f"), lines: [], at: ten)
    ),
    (
      "POST /v1/orders/o/resolution", #"{"dispute":"d","resolvedAt":"2026-03-01T10:00:00Z"}"#,
      .resolve(OrderID(trusted: "o"), dispute: FactID(trusted: "d"), at: ten)
    ),
    (
      "POST /v1/touches",
      #"{"viewer":"v","promoter":"m","room":"r","touchedAt":"2026-03-01T10:00:00Z"}"#,
      .touch(
        viewer: ViewerID(trusted: "v"),
        .vouched(promoter: MemberID(trusted: "m"), room: RoomID(trusted: "r")), at: ten)
    ),
    (
      "PUT /v1/sets/x", #"{"title":"X","skus":["b","a"]}"#,
      .defineSet(
        ProductSet(
          id: ProductSetID(trusted: "x"), title: "X",
          skus: [SKUID(trusted: "b"), SKUID(trusted: "a")]))
    ),
    (
      "POST /v1/members", #"{"member":"m","inviter":"i","joinedAt":"2026-03-01T10:00:00Z"}"#,
      .join(
        member: MemberID(trusted: "m"), name: "", inviter: MemberID(trusted: "i"), rank: nil,
        at: ten)
    ),
  ]

  @Test("A report is the command that it says", arguments: reports)
  func report(line: String, body: String, wanted: Command) throws {
    #expect(command(try httpCall(line, body, .backend)) == wanted)
  }

  @Test("The same wish is the same call over the socket and over HTTP")
  func bothWays() throws {
    let parameters = #"{"promoter":"m","room":"r","validSeconds":60}"#
    let socket = try socketCall("link.create", parameters, .backend)
    let http = try httpCall("POST /v1/links", parameters, .backend)
    #expect("\(socket)" == "\(http)")
  }

  @Test("Two viewers can never place the same order")
  func orderIDs() throws {
    // Were `~` allowed in keys, `a` with the key `b~k` and `a~b` with the key `k` would collide.
    let sample = #"{"key":"k","room":"r","sku":"s","units":1}"#
    guard
      case .placeOrder(let order, _, let buyer, _, _, _, _)? = command(
        try socketCall("order.place", sample, .viewer, person: "a~b"))
    else {
      Issue.record("no order")
      return
    }
    #expect(order.text == "a~b~k" && buyer.text == "a~b")
    let long = String(repeating: "p", count: 62)
    #expect(try fault { try socketCall("order.place", sample, .viewer, person: long) } == nil)
    let longer = long + "p"
    let found = try fault { try socketCall("order.place", sample, .viewer, person: longer) }
    #expect(found?.field == "key")
  }

  @Test("Members and viewers ask for their own view of an order, staff and brokers for everything")
  func orderViews() throws {
    for scope in Sample.allScopes {
      let isOwn = !scope.isDisjoint(with: [.viewer, .host, .promoter])
      let wanted = isOwn ? PersonID(trusted: "ann") : nil
      guard case .query(.order(_, let by)) = try socketCall("order.get", #"{"order":"o"}"#, scope)
      else {
        Issue.record("no query")
        return
      }
      #expect(by == wanted, "\(scope.text)")
      guard scope != .viewer else { continue }
      guard
        case .query(.explanation(_, let reader)) = try socketCall(
          "order.explain", #"{"order":"o"}"#, scope)
      else {
        Issue.record("no query")
        return
      }
      #expect(reader == wanted, "\(scope.text)")
    }
  }

  @Test("A list of rooms has what is going on, up to a hundred, unless told otherwise")
  func rooms() throws {
    func read(_ line: String) throws -> String { "\(try httpCall(line, "", .viewer))" }
    let open = try socketCall("room.list", "{}", .viewer)
    #expect(try read("GET /v1/rooms") == "\(open)")
    guard case .query(.rooms(let states, nil, nil, 100)) = open else {
      Issue.record("\(open)")
      return
    }
    #expect(states == [.scheduled, .live, .paused])
    #expect(
      try read("HEAD /v1/rooms?states=ended,live&after=r1&limit=7")
        == "\(try socketCall("room.list", #"{"states":["ended","live"],"after":"r1","limit":7}"#, .viewer))"
    )
  }

  @Test("What a catalogue earns is told to hosts")
  func search() throws {
    for (scopes, host) in [
      (Token.Scopes.host, PersonID(trusted: "ann")), (.backend, nil), (.broker, nil),
    ] {
      guard
        case .query(.catalogue("", let found, nil, 50)) = try httpCall(
          "GET /v1/catalogue?text=", "", scopes)
      else {
        Issue.record("no query")
        return
      }
      #expect(found == host)
    }
  }

  @Test("A storefront's configuration is taken in the units of the core")
  func configure() throws {
    let body =
      #"{"name":"S","currency":"USD","timeZone":"UTC","plan":"wanwu","parameters":{"a":[1]},"#
      + #""precedence":["lock","code"],"visitHoldSeconds":1,"unpaidHoldSeconds":900}"#
    guard case .configure(let wish) = try httpCall("PUT /v1/storefront", body, .operator) else {
      Issue.record("no wish")
      return
    }
    #expect(wish.name == "S" && wish.currency?.code == "USD" && wish.zone == .utc)
    #expect(wish.plan == "wanwu" && wish.parameters == [JSON.Member("a", [1])])
    #expect(wish.precedence == [.lock, .code])
    #expect(wish.visitHoldMilliseconds == 1000 && wish.unpaidHoldMilliseconds == 900_000)
  }

  @Test("Live figures are one's own, a room's or the storefront's")
  func tickers() throws {
    let shop = Sample.storefront
    let room = RoomID(trusted: "r")
    let cases: [(String, Token.Scopes, Ticker)] = [
      (#"{"ticker":"earnings"}"#, .promoter, .earnings(shop, MemberID(trusted: "ann"), nil)),
      (
        #"{"ticker":"earnings","member":"bob","room":"r"}"#, .operator,
        .earnings(shop, MemberID(trusted: "bob"), room)
      ), (#"{"ticker":"room","room":"r"}"#, .host, .room(shop, room)),
      (#"{"ticker":"storefront"}"#, .backend, .storefront(shop)),
    ]
    for (parameters, scopes, wanted) in cases {
      guard case .subscribe(let on) = try socketCall("ticker.subscribe", parameters, scopes),
        case .unsubscribe(let off) = try socketCall("ticker.unsubscribe", parameters, scopes)
      else {
        Issue.record("no ticker")
        return
      }
      #expect(on == wanted && off == wanted)
    }
  }
}
