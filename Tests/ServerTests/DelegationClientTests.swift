// The client against the shipped service, and against services that are down, slow, wrong or false.

import Commerce
import Commission
import Crypto
import Notation
import Synchronization
import Testing
import Transport
import Wire

@testable import Server

@Suite("A sale settled elsewhere", .serialized)
struct DelegationClientTests {
  private func client(
    _ address: CommissionAddress, _ secret: SigningSecret? = nil, timeout: Int64 = 5_000
  ) throws -> CommissionClient {
    CommissionClient(
      address: address, key: try secret ?? DelegationSample.secret(), timeout: timeout)
  }

  private func service(
    _ secrets: String = DelegationSample.secretText, port: UInt16 = 0
  ) throws -> (CommissionService.Running, CommissionAddress) {
    let wanted = try #require(InternetAddress(host: "127.0.0.1", port: port))
    let running = try CommissionService(keys: try DelegationSample.keys(secrets)).start(on: wanted)
    let address = CommissionAddress(host: "127.0.0.1", port: running.address.port)
    return (running, try #require(address))
  }

  private func fault(_ client: CommissionClient) throws -> DelegationFault? {
    let request = try DelegationSample.request()
    return #expect(throws: DelegationFault.self) { try client.settle(request) }
  }

  /// What a service would answer that signs with the key of the tests.
  private static func signed(
    _ status: Int, _ body: [UInt8], id: String = "shop/o1/0", at moment: Timestamp = wallClock(),
    by secret: SigningSecret
  ) -> HTTPResponse {
    HTTPResponse(
      status: status,
      headers: MessageSignature.headers(id: id, at: moment, body: body, secret: secret), body: body)
  }

  @Test("A service gives what the plan gives, for random sales of every plan, on one connection")
  func likeLocal() throws {
    let (running, address) = try service()
    defer { running.stop() }
    let client = try client(address)
    var dice = Dice(11)
    for plan in try DelegationSample.plans() {
      for _ in 0..<20 {
        let request = DelegationSample.request(plan, &dice)
        let settlement = try client.settle(request)
        let local = try plan.settle(request.sale, request.snapshot)
        #expect(settlement == local)
        #expect(try client.settle(request) == settlement)
      }
    }
  }

  @Test("A service that is away is unreachable, and is found again by the same client")
  func comesBack() throws {
    let (running, address) = try service()
    let client = try client(address)
    let request = try DelegationSample.request()
    let settlement = try client.settle(request)
    running.stop()
    guard case .unreachable? = try fault(client) else {
      Issue.record("a stopped service was reached")
      return
    }
    let (again, _) = try service(port: address.port)
    #expect(try client.settle(request) == settlement)
    again.stop()
    // The kept connection is closed; the client must notice and connect anew within one call.
    let (third, _) = try service(port: address.port)
    defer { third.stop() }
    #expect(try client.settle(request) == settlement)
  }

  @Test("A service that does not answer costs no more than the time-out")
  func hangs() throws {
    let service = try ScriptedService { _ in nil }
    let started = monotonicMilliseconds()
    #expect(try fault(try client(service.address, timeout: 60)) == .timedOut)
    #expect(monotonicMilliseconds() - started >= 60)
  }

  @Test("A refusal is told with its code, and only a signed one is believed")
  func refused() throws {
    let (running, address) = try service()
    defer { running.stop() }
    let client = try client(address)
    let request = try DelegationSample.request(rate: 999_999)
    #expect(
      throws: DelegationFault.refused(
        code: "rate_out_of_range",
        message: "The rate of line 0 is outside 50000…400000 ppm.")
    ) { try client.settle(request) }
    let liar = try ScriptedService { _ in
      HTTPResponse(status: 422, body: ServiceError("no", "No.").json.bytes)
    }
    #expect(
      try fault(try self.client(liar.address)) == .badSignature(.headerMissing("webhook-id")))
  }

  @Test("A service without the client's key refuses, and so does the client without the service's")
  func foreignKeys() throws {
    let (running, address) = try service(DelegationSample.otherSecretText)
    defer { running.stop() }
    guard case .badStatus(401, let body)? = try fault(try client(address)) else {
      Issue.record("a foreign key was taken")
      return
    }
    #expect(body.contains("signature_mismatch"))
    let other = try DelegationSample.otherSecret()
    let forger = try ScriptedService { _ in Self.signed(200, Array("{}".utf8), by: other) }
    #expect(try fault(try client(forger.address)) == .badSignature(.noMatch))
  }

  @Test("An answer to another request, an old one, and the request itself are not taken")
  func replayed() throws {
    let secret = try DelegationSample.secret()
    let request = try DelegationSample.request()
    let settlement = try Plan.shipped("wanwu").settle(request.sale, request.snapshot)
    let later = SettlementCodec.json(settlement, id: "shop/o1/1").bytes
    let right = SettlementCodec.json(settlement, id: request.id).bytes
    let other = try ScriptedService { _ in
      Self.signed(200, later, id: "shop/o1/1", by: secret)
    }
    #expect(try fault(try client(other.address)) == .badSignature(.foreignID("shop/o1/1")))
    let inside = try ScriptedService { _ in Self.signed(200, later, by: secret) }
    #expect(
      try fault(try client(inside.address))
        == .malformed(place: "id", reason: "It answers another request."))
    let old = try ScriptedService { _ in
      Self.signed(200, right, at: wallClock().advanced(byMilliseconds: -400_000), by: secret)
    }
    guard case .badSignature(.timestampOutsideTolerance)? = try fault(try client(old.address))
    else {
      Issue.record("an old answer was taken")
      return
    }
    let mirror = try ScriptedService { request in
      HTTPResponse(status: 200, headers: request.headers.signature, body: request.body)
    }
    guard case .malformed? = try fault(try client(mirror.address)) else {
      Issue.record("the request itself was taken for an answer")
      return
    }
  }

  @Test("A settlement under another plan or in another currency is not taken")
  func anotherPlan() throws {
    let secret = try DelegationSample.secret()
    let request = try DelegationSample.request()
    let settlement = try Plan.shipped("wanwu").settle(request.sale, request.snapshot)
    let text = SettlementCodec.json(settlement, id: request.id).description
    for (part, replacement, place) in [
      (#""name":"wanwu""#, #""name":"youpin""#, "plan"),
      (#""version":1},"#, #""version":2},"#, "plan"),
      ("CNY", "EUR", "currency"),
    ] {
      let body = Array(text.replacing(part, with: replacement).utf8)
      let service = try ScriptedService { _ in Self.signed(200, body, by: secret) }
      guard case .malformed(place, _)? = try fault(try client(service.address)) else {
        Issue.record("\(replacement) was taken")
        continue
      }
    }
  }

  @Test(
    "Another status is told with the beginning of its body, on one line", arguments: [404, 503])
  func statuses(status: Int) throws {
    let service = try ScriptedService { _ in
      HTTPResponse(
        status: status, body: Array("a\nb\u{1B}".utf8) + [UInt8](repeating: 0x78, count: 300))
    }
    let fault = try #require(try fault(try client(service.address)))
    #expect(
      fault == .badStatus(status, body: "a?b?" + String(repeating: "x", count: 196) + "…"))
    #expect(fault.isOfTransport == (status == 503))
  }

  @Test("An answer may have a mebibyte and no byte more", arguments: [-1, 0, 1])
  func longAnswer(more: Int) throws {
    let secret = try DelegationSample.secret()
    let frame = Array(#"{"x":""}"#.utf8).count
    let filling = String(
      repeating: "x", count: CommissionClient.answerBytesMax + more - frame)
    let body = Array(#"{"x":"\#(filling)"}"#.utf8)
    let service = try ScriptedService { _ in Self.signed(200, body, by: secret) }
    guard case .malformed(let place, let reason)? = try fault(try client(service.address)) else {
      Issue.record("nonsense was taken")
      return
    }
    #expect((place == "" && reason == "The answer is too long.") == (more > 0))
  }

  @Test("What speaks no HTTP and what is no address are unreachable")
  func nobody() throws {
    #expect(CommissionAddress(url: "http://127.0.0.1:8090")?.port == 8090)
    #expect(CommissionAddress(url: "http://[::1]:8090")?.host == "::1")
    #expect(CommissionAddress(url: "http://localhost:1")?.description == "http://localhost:1")
    for wrong in [
      "127.0.0.1:1", "https://127.0.0.1:1", "http://127.0.0.1", "http://127.0.0.1:0",
      "http://127.0.0.1:65536", "http://127.0.0.1:1/", "http://127.0.0.1:+1", "http://a.example:1",
      "http://::1:1", "http://[127.0.0.1]:1", "http://u@127.0.0.1:1", "",
    ] { #expect(CommissionAddress(url: wrong) == nil, "\(wrong)") }
  }
}

@Suite("The commission service")
struct CommissionServiceTests {
  private static let now = Timestamp(milliseconds: 1_700_000_000_000)

  private func service() throws -> CommissionService {
    CommissionService(
      keys: try DelegationSample.keys(
        DelegationSample.otherSecretText, DelegationSample.secretText), clock: { Self.now })
  }

  private func post(
    _ body: [UInt8], id: String = "shop/o1/0", _ method: HTTPMethod = .post,
    path: String = CommissionClient.path
  ) throws -> HTTPRequest {
    HTTPRequest(
      method: method, target: try HTTPTarget(Array(path.utf8)[...]),
      headers: MessageSignature.headers(
        id: id, at: Self.now, body: body, secret: try DelegationSample.secret()), body: body)
  }

  private func code(_ response: HTTPResponse) throws -> String? {
    try JSON.read(response.body)["error"]?["code"]?.text
  }

  @Test("The same request has the same answer, signed with the key that signed the request")
  func pure() throws {
    let request = try post(SettlementCodec.bytes(try DelegationSample.request()))
    let response = try service().response(to: request)
    #expect(response.status == 200)
    #expect(try service().response(to: request) == response)
    let signed = try MessageSignature.verify(
      response.headers, body: response.body, secrets: [DelegationSample.secret()], now: Self.now)
    #expect(signed.id == "shop/o1/0")
  }

  @Test("What cannot be settled is refused with its status and code, signed")
  func refusals() throws {
    let good = String(
      decoding: SettlementCodec.bytes(try DelegationSample.request()), as: UTF8.self)
    for (part, replacement, status, expected) in [
      (#"{"version":1,"id""#, #"{"version":1,,"id""#, 400, "malformed_request"),
      (#""currency":"CNY","#, "", 400, "malformed_request"),
      (#""id":"shop/o1/0""#, #""id":"shop/o1/1""#, 400, "foreign_id"),
      (#""planDocument":{"format":1"#, #""planDocument":{"format":2"#, 422, "plan_refused"),
      (
        #""plan":{"name":"wanwu","version":1},"planDocument""#,
        #""plan":{"name":"wanwu","version":2},"planDocument""#, 422, "foreign_plan"
      ),
      (#""paid":20000"#, #""paid":-1"#, 422, "amount_out_of_range"),
      (#""refunded":0"#, #""refunded":20001"#, 422, "refund_exceeds_paid"),
      (#""ratePpm":200000}"#, #""ratePpm":400001}"#, 422, "rate_out_of_range"),
      (#""snapshot":{"plan":"wanwu""#, #""snapshot":{"plan":"shuai""#, 422, "foreign_snapshot"),
    ] {
      #expect(good.contains(part), "\(part)")
      let body = Array(good.replacing(part, with: replacement).utf8)
      let response = try service().response(to: try post(body))
      #expect(response.status == status, "\(replacement)")
      #expect(try code(response) == expected, "\(replacement)")
      _ = try MessageSignature.verify(
        response.headers, body: response.body, secrets: [DelegationSample.secret()], now: Self.now)
    }
  }

  @Test("No lines and a thousand and one are refused; a settlement too long to send is too")
  func lineCounts() throws {
    let request = try DelegationSample.request()
    for (count, status, expected) in [
      (0, 422, "line_count_out_of_range"), (1, 200, nil), (1000, 200, nil),
      (1001, 422, "line_count_out_of_range"),
    ] as [(Int, Int, String?)] {
      var sale = request.sale
      sale.lines = Array(repeating: request.sale.lines[0], count: count)
      let many = SettlementRequest(
        id: request.id, planDocument: request.planDocument, plan: request.plan, sale: sale,
        snapshot: request.snapshot)
      let response = try service().response(to: try post(SettlementCodec.bytes(many)))
      #expect(response.status == status)
      #expect(try code(response) == expected)
    }
  }

  @Test("A stranger, another path and another method get unsigned refusals")
  func strangers() throws {
    let body = SettlementCodec.bytes(try DelegationSample.request())
    var request = try post(body)
    let spoilt = HTTPRequest(
      method: .post, target: request.target, headers: request.headers, body: body + [0x20])
    let unsigned = HTTPRequest(
      method: .post, target: request.target, headers: HTTPHeaders(), body: body)
    #expect(try code(service().response(to: spoilt)) == "signature_mismatch")
    #expect(try service().response(to: spoilt).status == 401)
    #expect(try code(service().response(to: unsigned)) == "signature_missing")
    request = try post(body, .get)
    #expect(try service().response(to: request).status == 405)
    request = try post(body, path: "/v1/other")
    #expect(try service().response(to: request).status == 404)
    request = try post(body, .get, path: "/livez")
    #expect(try service().response(to: request).status == 200)
  }
}

extension HTTPHeaders {
  /// The headers of a signature alone.
  fileprivate var signature: HTTPHeaders {
    HTTPHeaders(fields.filter { $0.name.hasPrefix("webhook-") }.map { ($0.name, $0.value) })
  }
}
