// Every way into a running server, tried with everything that does not open it. The tables of methods and
// paths are the server's own: what is added there is attacked here from then on.

import Commerce
import Crypto
import Notation
import Synchronization
import Testing
import Transport
import Wire

@testable import Server

@Suite("Every door, as whoever may not come in tries it")
struct AttackDoorTests {
  private func code(_ answer: Result<JSON, Visitor.Refusal>) -> String? {
    if case .failure(let refusal) = answer { refusal.code } else { nil }
  }

  private func parameters(_ method: String) throws -> JSON {
    try JSON.read(try #require(Sample.socketParameters.first { $0.method == method }).parameters)
  }

  /// A request of the table, as a client sends it.
  private func send(
    _ client: HTTPClient, _ route: HTTPRoute, _ headers: HTTPHeaders
  ) throws -> (status: Int, code: String?) {
    let sample = try #require(
      Sample.requests.first { $0.route == "\(route.method.rawValue) \(route.path)" })
    var headers = headers
    headers.add("Content-Type", route.body == .catalogue ? "text/csv" : "application/json")
    let body = route.method == .get ? [] : Array(sample.body.utf8)
    let answer = try client.send(route.method, sample.target, headers: headers, body: body)
    return (answer.status, (try? JSON.read(answer.body))?["code"]?.text)
  }

  private func bearer(_ token: String) -> HTTPHeaders {
    HTTPHeaders([("Authorization", "Bearer " + token)])
  }

  @Test("Of a running server, too, a scope is refused every method and path that is not its own")
  func scopes() throws {
    let shop = try Shop.open()
    let staff = try shop.door.desk()
    let before = try staff.get("/v1/ledger")
    let client = try HTTPClient("127.0.0.1", shop.door.port)
    var refused = 0
    for scope in Sample.allScopes {
      let visitor = try shop.door.visitor("ann", scope)
      for method in SocketCalls.methods where !method.scopes.contains(scope) {
        let answer = try visitor.call(method.name, try parameters(method.name))
        #expect(code(answer) == "forbidden", "\(method.name) as \(scope.text)")
        refused += 1
      }
      let token = try shop.door.token("ann", scope)
      for route in HTTPRoute.all where !route.scopes.contains(scope) {
        let answer = try send(client, route, bearer(token))
        #expect(
          answer == (403, "forbidden"), "\(route.method.rawValue) \(route.path) as \(scope.text)")
        refused += 1
      }
    }
    let all = (SocketCalls.methods.map(\.scopes) + HTTPRoute.all.map(\.scopes))
    #expect(
      refused == all.reduce(0) { sum, own in sum + Sample.allScopes.count { !own.contains($0) } })
    #expect(try staff.get("/v1/ledger") == before)
    #expect(try staff.get("/v1/rooms")["rooms"]?.elements?.count == 1)
  }

  @Test("Without a token no method and no path is opened, nor is it said which there are")
  func strangers() throws {
    let shop = try Shop.open()
    let client = try HTTPClient("127.0.0.1", shop.door.port)
    let cookie = HTTPHeaders([
      ("Cookie", "\(Access.cookieName)=\(try shop.door.token("ann", .operator))")
    ])
    // A browser sends its cookie wherever a foreign page wants: the API takes none.
    for headers in [HTTPHeaders(), cookie] {
      for route in HTTPRoute.all {
        #expect(try send(client, route, headers) == (401, "unauthenticated"), "\(route.path)")
      }
    }
    #expect(try client.send(.get, "/v1/no/such").status == 401)
    let stranger = try shop.door.stranger()
    for method in SocketCalls.methods {
      let answer = try stranger.call(method.name, try parameters(method.name))
      #expect(code(answer) == "unauthenticated", "\(method.name)")
    }
  }

  /// A way in that a token could open.
  enum Door: CaseIterable { case request, figures, opening, refreshing, cookie, landing }

  /// Tries a token at a door: what was said against it, nothing where it came in.
  private func tries(
    _ door: Door, _ token: String, _ shop: Shop, at now: Timestamp
  ) throws -> String? {
    let client = try HTTPClient("127.0.0.1", shop.door.port)
    switch door {
    case .request:
      let answer = try client.send(.get, "/v1/rooms", headers: bearer(token))
      return answer.status == 200 ? nil : try JSON.read(answer.body)["code"]?.text
    case .figures:
      // As through a proxy; on this machine itself nobody is asked.
      var headers = bearer(token)
      headers.add("Via", "1.1 proxy")
      let answer = try client.send(.get, "/metrics", headers: headers)
      return answer.status == 200 ? nil : try JSON.read(answer.body)["code"]?.text
    case .opening:
      return code(try shop.door.stranger().call("session.open", ["token": .string(token)]))
    case .refreshing:
      let visitor = try shop.door.stranger()
      let good = try shop.door.token("ann", .viewer, now: now)
      try visitor.done("session.open", ["token": .string(good)])
      return code(try visitor.call("session.refresh", ["token": .string(token)]))
    case .cookie:
      let headers = HTTPHeaders([("Cookie", "\(Access.cookieName)=\(token)")])
      let visitor = Visitor(
        try WebSocketClient(
          "127.0.0.1", shop.door.port, "/v1/socket", headers: headers, sha1: SHA1.digest(of:)))
      return code(try visitor.call("room.list"))
    case .landing:
      // Whoever is let in as themselves has no need of a guest's session, and is not led to sign in.
      let path = "/l/" + (try #require(try shop.door.link("chen").text))
      let answer = try client.send(.get, path, headers: bearer(token))
      let place = try #require(answer.headers["location"])
      return place.contains("link=") ? "unauthenticated" : nil
    }
  }

  @Test("No door takes a forged, altered, expired, early, revoked or alg-confused token")
  func tokens() throws {
    let clocks = ManualClocks()
    let shop = try Shop.open(clocks.set)
    let now = clocks.wall
    func token(_ person: String, seconds: Int64 = 3600, at moment: Timestamp = now) throws -> String
    {
      try shop.door.token(person, .operator, seconds: seconds, now: moment)
    }
    let good = try token("ann")
    let parts = good.split(separator: ".").map(String.init)
    let header = try JSON.read(try #require(Base64.decode(parts[0]))).members ?? []
    func headed(_ changes: [(String, JSON)]) -> String {
      let kept = header.filter { member in
        !changes.contains { $0.0 == member.key }
      }
      let head = JSON.object(kept + changes.map { JSON.Member($0.0, $0.1) })
      return Base64.encode(head.bytes) + "." + parts[1]
    }
    func signed(_ input: String, _ key: [UInt8]) -> String {
      input + "." + Base64.encode(HMACSHA256.code(for: Array(input.utf8), key: key))
    }
    let guess = [UInt8](repeating: 7, count: 32)
    let claims = String(decoding: try #require(Base64.decode(parts[1])), as: UTF8.self)
    let raised = Base64.encode(Array(claims.replacing("ann", with: "bob").utf8))
    let revoked = try token("rex", at: now.advanced(byMilliseconds: -5_000))
    try shop.door.desk().done("/v1/revocations", ["revocation": "r1", "person": "rex"])
    let keys = try JSON.read(try SmallFile.read(shop.directory + "/keys.json", bytesMax: 65_536))
    let own = try #require(
      Base64.decode(keys["tokenKeys"]?.elements?.first?["secret"]?.text ?? ""))
    let tomorrow = now.milliseconds / 1000 + 86_400
    func claiming(_ more: String) -> String {
      let claims = claims.replacing("}", with: more + "}")
      return signed(parts[0] + "." + Base64.encode(Array(claims.utf8)), own)
    }
    // Signed with the right key, so that it is the claim that is refused.
    try #require(try tries(.request, claiming(""), shop, at: now) == nil)
    let bad: [(String, String)] = [
      ("early", claiming(",\"nbf\":\(tomorrow)")),
      ("forged", signed(headed([]), guess)),
      ("claims altered", "\(parts[0]).\(raised).\(parts[2])"),
      ("without a signature", "\(parts[0]).\(parts[1])."),
      ("signature cut short", String(good.dropLast(4))),
      ("alg none", headed([("alg", "none")]) + "."),
      ("alg none, signature kept", headed([("alg", "none")]) + "." + parts[2]),
      ("alg of a public key", headed([("alg", "RS256")]) + "." + parts[2]),
      ("another alg", signed(headed([("alg", "EdDSA")]), guess)),
      ("unknown key", signed(headed([("kid", "mine")]), guess)),
      ("no key named", signed(headed([("kid", .null)]), guess)),
      ("a key of its own", signed(headed([("jwk", ["kty": "oct", "k": "AAAA"])]), guess)),
      ("critical extension", headed([("crit", ["b64"])]) + "." + parts[2]),
      ("expired", try token("ann", seconds: 60, at: now.advanced(byMilliseconds: -60_000_000))),
      ("revoked", revoked), ("nothing", "x"), ("two tokens", good + good),
    ]
    for door in Door.allCases {
      #expect(try tries(door, good, shop, at: now) == nil, "\(door): a good token")
      for (name, token) in bad {
        #expect(try tries(door, token, shop, at: now) != nil, "\(door): \(name)")
      }
    }
  }

  @Test("Whatever is asked, and however it ends, no secret is written to the log or the metrics")
  func secrets() throws {
    let told = Mutex<[String]>([])
    // Of lines of one kind, the log tells ten in ten seconds.
    let clocks = ManualClocks()
    let shop = try Shop.open { options in
      clocks.set(&options)
      options.allowsGuests = true
      options.logsRequests = true
      options.log = { line in told.withLock { $0.append(line) } }
    }
    let token = try shop.door.token("ann", [.operator, .backend, .host, .promoter, .viewer])
    let signature = String(try #require(token.split(separator: ".").last))
    let client = try HTTPClient("127.0.0.1", shop.door.port)
    var secret = bearer(token)
    secret.add("Cookie", "\(Access.cookieName)=\(token)")
    secret.add("Idempotency-Key", "hunter2")
    for fails in [true, false] {
      shop.faults.failsCommits.store(fails, ordering: .relaxed)
      for route in HTTPRoute.all {
        clocks.advance(2_000)
        _ = try send(client, route, secret)
        let target =
          "\(route.path.replacing("{", with: "").replacing("}", with: ""))?token=\(token)"
        _ = try client.send(route.method, target, headers: secret, body: Array("hunter2".utf8))
      }
      let visitor = try shop.door.stranger()
      _ = try visitor.call("session.open", ["token": .string(token)])
      for method in SocketCalls.methods {
        _ = try visitor.call(method.name, try parameters(method.name))
        _ = try visitor.call(method.name, ["hunter2": "hunter2", "token": .string(token)])
      }
    }
    shop.faults.failsCommits.store(false, ordering: .relaxed)
    let written = told.withLock { $0 }.joined(separator: "\n") + shop.server.health.metrics
    // Every path was logged, and a failure of the store.
    #expect(written.contains("/v1/webhooks") && written.contains("storage_failed"))
    let keys = try SmallFile.read(shop.directory + "/keys.json", bytesMax: 65_536)
    let kept = secretTexts(try JSON.read(keys))
    #expect(!kept.isEmpty)
    for text in kept + [signature, "hunter2"] { #expect(!written.contains(text)) }
  }

  /// Every text of a key file that is a secret.
  private func secretTexts(_ json: JSON) -> [String] {
    if let elements = json.elements { return elements.flatMap(secretTexts) }
    return (json.members ?? []).flatMap { member in
      if member.key == "secret", let text = member.value.text { return [text] }
      return secretTexts(member.value)
    }
  }
}
