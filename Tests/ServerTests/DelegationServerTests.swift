// A running server whose orders a commission service settles: the shipped service, and services that
// are down, hang, lie, or come back. Time is the real one; every wait asks until it is so.

import Commerce
import Commission
import Coordination
import Crypto
import Glibc
import Notation
import Storage
import Synchronization
import Testing
import Transport
import Wire

@testable import Server

@Suite("A server with a commission service")
struct DelegationServerTests {
  /// What a service does, until the test changes it.
  private final class Mood: Sendable {
    enum Kind: Sendable { case honest, hangs, broken, forges, overpays, unknownPayee }
    private let kind = Mutex(Kind.honest)
    let asked = Atomic<Int>(0)

    func become(_ other: Kind) { kind.withLock { $0 = other } }
    var present: Kind { kind.withLock { $0 } }
  }

  /// A shop whose key file names the service, and which delegates to it.
  private static func shop(
    _ address: CommissionAddress, _ change: @escaping (inout ServerOptions) -> Void = { _ in }
  ) throws -> Shop {
    let shop = try Shop { options in
      change(&options)
      // A shop that cannot write its keys makes some of its own, and knows no service.
      try? DelegationSample.writeKeys(options.directory, address)
    }
    try shop.door.furnish()
    try shop.door.desk().put("/v1/storefront", ["name": "Shop", "settlement": "books"])
    return shop
  }

  /// The shipped service, in whatever mood.
  private static func service(_ mood: Mood) throws -> ScriptedService {
    let honest = CommissionService(keys: try DelegationSample.keys(DelegationSample.secretText))
    let secret = try DelegationSample.secret()
    return try ScriptedService { request in
      mood.asked.add(1, ordering: .relaxed)
      let response = honest.response(to: request)
      switch mood.present {
      case .honest: return response
      case .hangs: return nil
      case .broken: return HTTPResponse(status: 503)
      case .forges:
        var forged = HTTPResponse(status: response.status, body: response.body + [0x20])
        forged.headers = response.headers
        return forged
      case .overpays: return rewritten(response, secret) { $0.paying(Self.all(of: $0)) }
      case .unknownPayee:
        return rewritten(response, secret) { $0.paying(Amount(1), to: MemberID(trusted: "eve")) }
      }
    }
  }

  private static func all(of settlement: Settlement) -> Amount { settlement.lines[0].net }

  /// The answer with another settlement in it, signed as it should be.
  private static func rewritten(
    _ response: HTTPResponse, _ secret: SigningSecret, _ change: (Settlement) -> Settlement
  ) -> HTTPResponse {
    do {
      let answer = try SettlementCodec.answer(response.body)
      let body = SettlementCodec.json(change(answer.settlement), id: answer.id).bytes
      var other = HTTPResponse(status: 200, body: body)
      other.headers = MessageSignature.headers(
        id: answer.id, at: wallClock(), body: body, secret: secret)
      return other
    } catch { return response }
  }

  private func sell(_ id: String, at desk: Desk, units: Int64 = 1) throws {
    try desk.done("/v1/orders", Report.order(id, units: units))
    let payment = Report.payment(id)
    try desk.done(payment.path, payment.body)
  }

  /// Asks until what waits is as it should be, for ten seconds at the most.
  private func waiting(
    at desk: Desk, is expected: @escaping (JSON) -> Bool, _ place: SourceLocation = #_sourceLocation
  ) throws {
    let end = monotonicMilliseconds() + 10_000
    var last = JSON.null
    repeat {
      last = try desk.get("/v1/unsettled")
      if expected(last) { return }
      usleep(2_000)
    } while monotonicMilliseconds() < end
    Issue.record("still \(last)", sourceLocation: place)
  }

  private func nothingWaits(at desk: Desk, _ place: SourceLocation = #_sourceLocation) throws {
    try waiting(at: desk, is: { $0["count"] == 0 && $0["unsettled"] == 0 }, place)
  }

  private func verify(_ shop: Shop) throws -> Verification {
    let reader = try SQLiteReader.open(
      directory: shop.directory, zone: { try TimeZones.table(named: $0) })
    return try reader.verify(shop.door.storefront)
  }

  @Test("Orders are settled by the service, and come to what the plan here gives")
  func settled() throws {
    let mood = Mood()
    let service = try Self.service(mood)
    let shop = try Self.shop(service.address)
    let desk = try shop.door.desk()
    for index in 1...20 as ClosedRange<Int64> { try sell("o\(index)", at: desk, units: index) }
    try desk.done(
      "/v1/orders/o3/refunds",
      ["refund": "x3", "refundedAt": .string(wallClock().description)])
    try nothingWaits(at: desk)
    let order = try desk.get("/v1/orders/o2")
    #expect(order["settlement"]?["settled"] == true)
    // 20 % of 20 000 is 4 000; the plan fengxiang gives the host what the pact leaves of it.
    #expect(order["shares"]?.elements?.isEmpty == false)
    #expect(order["platform"]?.integer.map { $0 + 12_000 } == 20_000 - sum(order["shares"]))
    let result = try verify(shop)
    #expect(result.fault == nil)
    #expect(result.delegated == 20)
    #expect(result.unsettled == 0)
    #expect(result.disagreeing == 0)
    let certificate = try desk.get("/v1/orders/o3/certificate")
    #expect(certificate["holds"] == true)
    let explanation = try desk.get("/v1/orders/o2/explanation")
    #expect(explanation["shares"]?.elements?.isEmpty == false)
  }

  private func sum(_ shares: JSON?) -> Int64 {
    (shares?.elements ?? []).reduce(0) { $0 + ($1["amount"]?.integer ?? 0) }
  }

  /// What a service may do wrong, and what is written down about it.
  private static let wrongs: [(Mood.Kind, code: String)] = [
    (.broken, "service_bad_status"), (.forges, "service_bad_signature"),
    (.overpays, "settlement_out_of_bounds"), (.unknownPayee, "settlement_unknown_payee"),
    (.hangs, "service_timed_out"),
  ]

  @Test(
    "Orders are taken while the service fails, wait in sight with the reason, and are settled after",
    arguments: wrongs.indices)
  func recovers(_ index: Int) throws {
    let (kind, code) = Self.wrongs[index]
    let mood = Mood()
    mood.become(kind)
    let service = try Self.service(mood)
    let shop = try Self.shop(service.address)
    let desk = try shop.door.desk()
    try sell("o1", at: desk)
    try waiting(at: desk) {
      $0["orders"]?.elements?.first?["settlement"]?["failure"]?["code"]?.text == code
        && $0["unsettled"] == 10_000
    }
    #expect(try desk.get("/v1/ledger")["sum"] == 0)
    mood.become(.honest)
    try sell("o2", at: desk)
    try nothingWaits(at: desk)
    #expect(try verify(shop).fault == nil)
  }

  @Test("A service that is away is left alone after a few failures, and asked again by itself")
  func breaker() throws {
    let mood = Mood()
    mood.become(.broken)
    let service = try Self.service(mood)
    let shop = try Self.shop(service.address)
    let desk = try shop.door.desk()
    for index in 1...30 { try sell("o\(index)", at: desk) }
    let end = monotonicMilliseconds() + 10_000
    while shop.server.health.settlements.shut == 0 {
      try #require(monotonicMilliseconds() < end, "the breaker has opened")
      usleep(2_000)
    }
    // Thirty orders wait; without the breaker each would have been asked about by now.
    #expect(mood.asked.load(ordering: .relaxed) < 12)
    #expect(try desk.get("/v1/unsettled")["count"] == 30)
    mood.become(.honest)
    try nothingWaits(at: desk)
    #expect(shop.server.health.settlements.shut == 0)
    #expect(try verify(shop).fault == nil)
  }

  @Test(
    "What waits outlives the server, and a storefront that goes back to its plan is settled here")
  func restart() throws {
    let mood = Mood()
    mood.become(.hangs)
    let service = try Self.service(mood)
    let shop = try Self.shop(service.address)
    for index in 1...5 { try sell("o\(index)", at: try shop.door.desk()) }
    shop.server.stop()
    try shop.resume()
    let desk = try shop.door.desk()
    #expect(try desk.get("/v1/unsettled")["count"] == 5)
    try desk.put("/v1/storefront", ["name": "Shop", "settlement": "local"])
    try nothingWaits(at: desk)
    let result = try verify(shop)
    #expect(result.fault == nil)
    #expect(result.delegated == 5)
  }

  @Test("A storefront can name only services of the key file, never an address")
  func foreignService() throws {
    let mood = Mood()
    let shop = try Self.shop(try Self.service(mood).address)
    var other = shop.door
    other.storefront = StorefrontID(trusted: "other")
    try other.desk().put("/v1/storefront", ["name": "Other"])
    for name in ["books", "nothing", "http://127.0.0.1:1", "127.0.0.1"] as [String] {
      let reply = try other.desk().send(
        .put, "/v1/storefront", ["name": "Shop", "settlement": .string(name)])
      #expect(reply.code == "invalid_field")
    }
    #expect(try other.desk().get("/v1/storefront")["settlement"] == "local")
  }
}

extension Settlement {
  /// The first line pays this and nothing else.
  fileprivate func paying(
    _ amount: Amount, to payee: MemberID = MemberID(trusted: "lin")
  ) -> Settlement {
    let line = lines[0]
    let share = Share(
      payee: payee, rule: "any", taking: nil, of: .net, base: amount, deducted: .zero,
      amount: amount, funding: .platform)
    return Settlement(
      plan: plan, currency: currency,
      lines: [
        LineSettlement(
          net: line.net, pool: line.pool, supplier: line.supplier, shares: [share])
      ] + lines.dropFirst())
  }
}
