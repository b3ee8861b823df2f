// The form of calls: what each field may be, and how a bad one is told.

import Commerce
import Notation
import Testing
import Wire

@testable import Server

private let long = String(repeating: "x", count: 65)
private let title = String(repeating: "茶", count: 67)

@Suite("The form of calls")
struct CallsFieldTests {
  /// Parameters, and the field at fault.
  static let roomSchedule: [(String, String)] = [
    (#"{"title":"T"}"#, "room"), (#"{"room":null,"title":"T"}"#, "room"),
    (#"{"room":1,"title":"T"}"#, "room"), (#"{"room":"","title":"T"}"#, "room"),
    (#"{"room":"a b","title":"T"}"#, "room"), (#"{"room":"\#(long)","title":"T"}"#, "room"),
    (#"{"room":"r"}"#, "title"), (#"{"room":"r","title":""}"#, "title"),
    (#"{"room":"r","title":"\#(title)"}"#, "title"),
    (#"{"room":"r","title":"a\nb"}"#, "title"), (#"{"room":"r","title":["T"]}"#, "title"),
    (#"{"room":"r","title":"T","scheduledFor":"tomorrow"}"#, "scheduledFor"),
    (#"{"room":"r","title":"T","scheduledFor":1772359200}"#, "scheduledFor"),
    (#"{"room":"r","title":"T","scheduledFor":"2026-02-29T10:00:00Z"}"#, "scheduledFor"),
    (#"{"room":"r","title":"T","tilte":"T"}"#, "tilte"),
    (#"{"room":"r","title":"T","x":null}"#, "x"),
  ]

  @Test("A room is scheduled with good fields only", arguments: roomSchedule)
  func schedule(parameters: String, field: String) throws {
    try expectInvalid(field) { try socketCall("room.schedule", parameters, .host) }
  }

  static let others: [(String, String, String)] = [
    ("room.open", #"{"room":"r","pactPpm":-1}"#, "pactPpm"),
    ("room.open", #"{"room":"r","pactPpm":1000001}"#, "pactPpm"),
    ("room.open", #"{"room":"r","pactPpm":0.5}"#, "pactPpm"),
    ("room.open", #"{"room":"r","pactPpm":"300000"}"#, "pactPpm"),
    ("room.open", #"{"room":"r","title":""}"#, "title"),
    ("room.raise_pact", #"{"room":"r"}"#, "pactPpm"),
    ("room.list", #"{"states":[]}"#, "states"),
    ("room.list", #"{"states":["open"]}"#, "states[0]"),
    ("room.list", #"{"states":["live","live"]}"#, "states[1]"),
    ("room.list", #"{"states":"live"}"#, "states"),
    ("room.list", #"{"limit":0}"#, "limit"), ("room.list", #"{"limit":101}"#, "limit"),
    ("order.list", #"{"limit":0}"#, "limit"), ("order.list", #"{"limit":101}"#, "limit"),
    ("order.list", #"{"after":"a b"}"#, "after"), ("order.list", #"{"buyer":"v"}"#, "buyer"),
    ("room.join", #"{"room":"r","since":{"epoch":1}}"#, "since.offset"),
    ("room.join", #"{"room":"r","since":{"epoch":1,"offset":-1}}"#, "since.offset"),
    ("room.join", #"{"room":"r","since":{"epoch":1,"offset":2,"x":3}}"#, "since.x"),
    ("room.join", #"{"room":"r","since":7}"#, "since"),
    ("room.join", #"{"room":"r","link":5}"#, "link"),
    ("listing.add", #"{"room":"r"}"#, "sku"),
    ("listing.add", #"{"room":"r","sku":"s","set":"x"}"#, "sku"),
    ("listing.add", #"{"room":"r","skus":["s"],"set":"x"}"#, "sku"),
    ("listing.add", #"{"room":"r","skus":[]}"#, "skus"),
    ("listing.add", #"{"room":"r","skus":["a","b","a"]}"#, "skus[2]"),
    ("listing.add", #"{"room":"r","skus":["a",7]}"#, "skus[1]"),
    ("listing.pin", #"{"room":"r"}"#, "sku"),
    ("listing.list", #"{"room":"r","after":"1"}"#, "after"),
    ("catalogue.search", "{}", "text"),
    ("catalogue.search", #"{"text":"t","limit":51}"#, "limit"),
    ("order.place", #"{"key":"k","room":"r","sku":"s","units":0}"#, "units"),
    ("order.place", #"{"key":"k","room":"r","sku":"s","units":1000001}"#, "units"),
    ("order.place", #"{"key":"k","room":"r","sku":"s","units":1.0}"#, "units"),
    ("order.place", #"{"key":"k","room":"r","sku":"s","units":1e2}"#, "units"),
    ("order.place", #"{"key":"k","room":"r","sku":"s","units":99999999999999999999}"#, "units"),
    ("order.place", #"{"key":"k~1","room":"r","sku":"s","units":1}"#, "key"),
    ("order.place", #"{"key":"k 1","room":"r","sku":"s","units":1}"#, "key"),
    ("order.place", #"{"key":"","room":"r","sku":"s","units":1}"#, "key"),
    ("ticker.subscribe", #"{"ticker":"everything"}"#, "ticker"),
    ("ticker.subscribe", #"{"ticker":"room"}"#, "room"),
    ("ticker.subscribe", #"{"ticker":"storefront","room":"r"}"#, "room"),
    ("ticker.subscribe", #"{"ticker":"room","room":"r","member":"m"}"#, "member"),
    ("link.create", #"{"promoter":"m","channel":"12345678901234567"}"#, "channel"),
    ("link.create", #"{"promoter":"m","channel":"群"}"#, "channel"),
    ("link.create", #"{"promoter":"m","channel":""}"#, "channel"),
    ("link.create", #"{"promoter":"m","validSeconds":59}"#, "validSeconds"),
    ("link.create", #"{"promoter":"m","validSeconds":31536001}"#, "validSeconds"),
    ("link.create", #"{"promoter":"m","maximumUses":0}"#, "maximumUses"),
  ]

  @Test("A bad field is named by its path", arguments: others)
  func other(method: String, parameters: String, field: String) throws {
    try expectInvalid(field) { try socketCall(method, parameters, [.operator, .host]) }
  }

  /// Changes to a valid order, and the field at fault.
  static let orders: [(String, String, String)] = [
    (#""paid":19900"#, #""paid":-1"#, "lines[0].paid"),
    (#""paid":19900"#, #""paid":199.00"#, "lines[0].paid"),
    (#""paid":19900"#, #""paid":1e4"#, "lines[0].paid"),
    (#""paid":19900"#, #""paid":"19900""#, "lines[0].paid"),
    (#""paid":19900"#, #""paid":1000000000001"#, "lines[0].paid"),
    (#""paid":19900"#, #""paid":9223372036854775808"#, "lines[0].paid"),
    (#""paid":19900"#, #""paid":1,"cost":-1"#, "lines[0].cost"),
    (#""paid":19900"#, #""paid":1,"price":1"#, "lines[0].price"),
    (#","paid":19900"#, "", "lines[0].paid"),
    (#""units":2"#, #""units":0"#, "lines[0].units"),
    (#"{"sku":"s1","units":2,"paid":19900}"#, "", "lines"),
    (#"{"sku":"s1","units":2,"paid":19900}"#, "7", "lines[0]"),
    (#""order":"o1""#, #""order":"v~1""#, "order"),
    (#""room":"r1""#, #""room":"r1","seller":"m""#, "seller"),
    (#""buyer":"v","#, "", "buyer"),
    (#""placedAt":"2026-03-01T10:00:00Z""#, #""placedAt":"2026-03-01""#, "placedAt"),
    (
      #""room":"r1""#, #""room":"r1","expiresAt":"2026-03-01T18:00:00+08:00""#, "expiresAt"
    ),
  ]

  @Test("A reported order has good fields only", arguments: orders)
  func order(old: String, new: String, field: String) throws {
    #expect(Sample.order.contains(old))
    let body = Sample.order.replacing(old, with: new)
    try expectInvalid(field) { try httpCall("POST /v1/orders", body, .backend) }
  }

  static let requests: [(String, String, String)] = [
    ("PUT /v1/storefront", "{}", "name"),
    ("PUT /v1/storefront", #"{"name":"S","currency":"yuan"}"#, "currency"),
    ("PUT /v1/storefront", #"{"name":"S","timeZone":"Nowhere"}"#, "timeZone"),
    ("PUT /v1/storefront", #"{"name":"S","parameters":[]}"#, "parameters"),
    ("PUT /v1/storefront", #"{"name":"S","precedence":["lock","lock"]}"#, "precedence[1]"),
    ("PUT /v1/storefront", #"{"name":"S","unpaidHoldSeconds":0}"#, "unpaidHoldSeconds"),
    ("PUT /v1/sets/x", #"{"set":"x","title":"X","skus":["s"]}"#, "set"),
    ("PUT /v1/sets/a%20b", #"{"title":"X","skus":["s"]}"#, "set"),
    ("GET /v1/rooms?states=live,", "", "states[1]"), ("GET /v1/rooms?limit=ten", "", "limit"),
    ("GET /v1/rooms?limit=%2B5", "", "limit"), ("GET /v1/rooms?limit=1&limit=2", "", "limit"),
    ("GET /v1/rooms?page=2", "", "page"), ("GET /v1/rooms/r?room=r", "", "room"),
    ("POST /v1/releases?now=1", "{}", "now"), ("POST /v1/releases", #"{"now":1}"#, "now"),
    ("POST /v1/touches", #"{"viewer":"v","touchedAt":"2026-03-01T10:00:00Z"}"#, "link"),
    (
      "POST /v1/touches",
      #"{"viewer":"v","link":"x","promoter":"m","touchedAt":"2026-03-01T10:00:00Z"}"#, "link"
    ),
    (
      "POST /v1/orders/o/refunds",
      #"{"refund":"f","refundedAt":"2026-03-01T10:00:00Z","lines":[]}"#, "lines"
    ),
    (
      "POST /v1/orders/o/refunds",
      #"{"refund":"f","refundedAt":"2026-03-01T10:00:00Z","#
        + #""lines":[{"line":0,"amount":1},{"line":0,"amount":1}]}"#, "lines[1].line"
    ),
    (
      "POST /v1/orders/o/payment",
      #"{"payment":"p","paidAt":"2026-03-01T10:00:00Z","lines":[{"line":1000,"amount":1}]}"#,
      "lines[0].line"
    ),
    ("GET /v1/ledger/transactions", "", "subject"),
  ]

  @Test("A bad field of a request is named by its path", arguments: requests)
  func request(line: String, body: String, field: String) throws {
    try expectInvalid(field) { try httpCall(line, body, [.operator, .host]) }
  }

  private func expectInvalid(
    _ field: String, _ read: () throws -> Call, at place: SourceLocation = #_sourceLocation
  ) throws {
    let found = try fault(read)
    #expect(found?.code == "invalid_field", sourceLocation: place)
    #expect(found?.field == field, "\(found?.message ?? "taken")", sourceLocation: place)
    #expect(found?.status == 422 && found?.remote.number == -32602, sourceLocation: place)
  }

  @Test("The sentence says what would be right")
  func sentences() throws {
    func message(_ paid: String) throws -> String? {
      try fault {
        try httpCall(
          "POST /v1/orders", Sample.order.replacing("19900", with: paid), .backend)
      }?.message
    }
    let wanted = "lines[0].paid must be a whole number of minor units from 0 to 1000000000000"
    #expect(try message("-1") == wanted + ".")
    #expect(try message("1.5") == wanted + ", without fraction or exponent.")
    #expect(try message("true") == wanted + ", not a boolean.")
  }

  @Test("The limits themselves are allowed")
  func limits() throws {
    for (method, parameters) in [
      ("room.schedule", #"{"room":"\#(long.dropLast())","title":"\#(title.dropLast())xx"}"#),
      ("room.open", #"{"room":"r","pactPpm":1000000,"title":null}"#),
      ("room.open", #"{"room":"r","pactPpm":0}"#), ("room.list", #"{"limit":100}"#),
      ("order.place", #"{"key":"k","room":"r","sku":"s","units":10000}"#),
      ("catalogue.search", #"{"text":"","limit":50}"#),
      ("listing.list", #"{"room":"r","after":-3}"#),
    ] {
      #expect(try fault { try socketCall(method, parameters, .host) } == nil, "\(parameters)")
    }
    let skus = (0..<501).map { #""s\#($0)""# }
    for count in [500, 501] {
      let list = skus.prefix(count).joined(separator: ",")
      let found = try fault {
        try socketCall("listing.reorder", #"{"room":"r","skus":[\#(list)]}"#, .host)
      }
      #expect((found == nil) == (count == 500))
    }
    for paid in ["0", "1000000000000"] {
      #expect(
        try fault {
          try httpCall(
            "POST /v1/orders", Sample.order.replacing("19900", with: paid), .backend)
        } == nil)
    }
  }

  @Test("An unknown field with an endless name is told in a short answer")
  func endlessName() throws {
    let name = String(repeating: "n", count: 10_000)
    let found = try fault { try socketCall("room.list", #"{"\#(name)":1}"#, .viewer) }
    #expect(found?.code == "invalid_field" && (found?.message.utf8.count ?? 0) < 200)
  }
}
