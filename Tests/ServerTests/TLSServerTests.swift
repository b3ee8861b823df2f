// The whole server behind TLS: calls and pushes, headers and cookies, an exchanged certificate.

import Certificates
import Commerce
import Crypto
import Glibc
import Notation
import Synchronization
import Testing
import Transport
import Wire

@testable import Server

@Suite("The server behind TLS", .serialized)
struct TLSServerTests {
  private let certificates: Certificates
  private let trust: TLSClientContext

  init() throws {
    certificates = try Certificates()
    trust = try TLSClientContext(authorities: certificates.authority)
  }

  private func shop(
    log: @escaping @Sendable (String) -> Void = { _ in }
  ) throws -> Shop {
    let paths = try certificates.issue("server")
    return try Shop {
      $0.tlsCertificate = paths.certificate
      $0.tlsKey = paths.key
      $0.allowsGuests = true
      $0.log = log
    }
  }

  private func desk(_ shop: Shop) throws -> Desk {
    Desk(
      try HTTPClient("127.0.0.1", shop.door.port, tls: trust),
      token: try shop.door.token("desk", [.backend, .operator]))
  }

  private func visitor(_ shop: Shop, _ person: String, _ scopes: Token.Scopes) throws -> Visitor {
    let visitor = Visitor(
      try WebSocketClient(
        "127.0.0.1", shop.door.port, "/v1/socket", tls: trust, sha1: SHA1.digest(of:)))
    try visitor.done(
      "session.open", ["token": .string(try shop.door.token(person, scopes))])
    return visitor
  }

  /// The name on the certificate that a new connection is shown.
  private func name(_ shop: Shop) throws -> String? {
    let (_, output) = try run(
      [
        "/usr/bin/timeout", "10", "/usr/bin/openssl", "s_client", "-connect",
        "127.0.0.1:\(shop.door.port)", "-CAfile", certificates.authority, "-verify_return_error",
      ], input: "Q\n")
    return output.split(separator: "\n").first { $0.hasPrefix("subject=CN = ") }
      .map { String($0.dropFirst("subject=CN = ".count)) }
  }

  @Test("A sale goes through https and wss, from the storefront to the promoter's figures")
  func sells() throws {
    let shop = try shop()
    let desk = try desk(shop)
    try desk.put("/v1/storefront", ["name": "Shop", "plan": "fengxiang"])
    try desk.importRows(["tea,10000,6000,200000,"])
    for member in ["lin", "chen"] {
      try desk.done(
        "/v1/members", ["member": .string(member), "joinedAt": "2026-01-01T00:00:00Z"])
    }
    let host = try visitor(shop, "lin", .host)
    try host.done("room.open", ["room": "r1", "title": "Tea", "pactPpm": 300_000])
    try host.done("listing.add", ["room": "r1", "skus": ["tea"]])
    let link = try desk.done("/v1/links", ["room": "r1", "promoter": "chen"])
    let promoter = try visitor(shop, "chen", .promoter)
    try promoter.done("ticker.subscribe", ["ticker": "earnings"])
    let buyer = try visitor(shop, "v1", .viewer)
    let joined = try buyer.done("room.join", ["room": "r1", "link": link["text"] ?? .null])
    #expect(joined["touch"]?["accepted"] == true)
    try buyer.done("order.place", ["key": "k", "room": "r1", "sku": "tea", "units": 1])
    let payment = Report.payment("v1~k")
    try desk.done(payment.path, payment.body)
    try promoter.listen { ($0.latest("ticker.earnings")?["pending"]?.integer ?? 0) > 0 }
    try buyer.listen { $0.events("r1").contains { $0["kind"] == "order.paid" } }
    // Whoever opens the link gets a cookie that never leaves over plain HTTP.
    let path = try #require(link["path"]?.text)
    let landing = try HTTPClient("127.0.0.1", shop.door.port, tls: trust).send(.get, path)
    #expect(landing.status == 302)
    #expect(landing.headers["set-cookie"]?.hasSuffix("; SameSite=Lax; Secure") == true)
    #expect(landing.headers["strict-transport-security"] == "max-age=31536000")
  }

  @Test("A page of the same name without encryption may not connect")
  func origins() throws {
    let shop = try shop()
    let host = "127.0.0.1:\(shop.door.port)"
    func connect(_ origin: String) throws {
      _ = try WebSocketClient(
        "127.0.0.1", shop.door.port, "/v1/socket", headers: HTTPHeaders([("Origin", origin)]),
        tls: trust, sha1: SHA1.digest(of:))
    }
    try connect("https://" + host)
    #expect(throws: ClientError.self) { try connect("http://" + host) }
  }

  @Test("curl trusts it with the authority's certificate and not without")
  func curl() throws {
    let shop = try shop()
    let url = "https://localhost:\(shop.door.port)/livez"
    let (status, output) = try run(["/usr/bin/curl", "-s", "--cacert", certificates.authority, url])
    #expect(status == 0 && output == "alive\n", "\(status) \(output)")
    #expect(try run(["/usr/bin/curl", "-s", url]).status == 60)
  }

  @Test(
    "An exchanged certificate is shown without a restart; one that is wrong is not, and is logged")
  func reloads() throws {
    let lines = Mutex<[String]>([])
    let shop = try shop { line in lines.withLock { $0.append(line) } }
    try desk(shop).put("/v1/storefront", ["name": "Shop", "plan": "fengxiang"])
    let live = try visitor(shop, "v1", .viewer)
    #expect(try name(shop) == "server")
    let next = try certificates.issue("next")
    let (certificate, key) = (
      certificates.directory + "/server.pem", certificates.directory + "/server.key"
    )
    // Half of the pair: the key alone.
    try writeFile(key, try contents(next.key))
    shop.server.reload()
    #expect(try name(shop) == "server")
    #expect(lines.withLock { $0 }.contains { $0.contains("the certificate stays as it is") })
    try writeFile(certificate, try contents(next.certificate))
    shop.server.reload()
    #expect(try name(shop) == "next")
    #expect(try live.done("room.list")["rooms"] != nil)

    // Nobody has to say so: within seconds the change is found.
    let last = try certificates.issue("last")
    try writeFile(key, try contents(last.key))
    try writeFile(certificate, try contents(last.certificate))
    let deadline = monotonicMilliseconds() + 10_000
    while try name(shop) != "last", monotonicMilliseconds() < deadline {}
    #expect(try name(shop) == "last")
    #expect(try live.done("room.list")["rooms"] != nil)
  }

  @Test("The command line speaks https to a server that proves who it is, and to no other")
  func commandLine() throws {
    let shop = try shop()
    try desk(shop).put("/v1/storefront", ["name": "Shop", "plan": "fengxiang"])
    let file = certificates.directory + "/tea.csv"
    try writeFile(
      file,
      Array("sku,product,supplier,title,price,cost,ratePpm\ntea,tea,s,Tea,100,50,100000\n".utf8))
    let token = try shop.door.token("desk", [.backend])
    func importing(_ host: String, _ authorities: String) throws -> Int32 {
      try run([
        "/usr/bin/env", "SSL_CERT_FILE=\(authorities)", "WAGGLE_TOKEN=\(token)",
        try Child.program(), "import", "--url", "https://\(host):\(shop.door.port)", file,
      ]).status
    }
    #expect(try importing("127.0.0.1", certificates.authority) == ExitCode.done.rawValue)
    #expect(try importing("localhost", certificates.authority) == ExitCode.done.rawValue)
    #expect(try importing("127.0.0.1", "/dev/null") == ExitCode.unavailable.rawValue)
  }

  @Test("A key that others may read is refused")
  func exposed() throws {
    let paths = try certificates.issue("open")
    chmod(paths.key, 0o644)
    #expect(throws: KeyringError.self) {
      try Shop {
        $0.tlsCertificate = paths.certificate
        $0.tlsKey = paths.key
      }
    }
    // A group that holds it, such as ssl-cert, is the operator's choice.
    chmod(paths.key, 0o640)
    let shop = try Shop {
      $0.tlsCertificate = paths.certificate
      $0.tlsKey = paths.key
    }
    #expect(try name(shop) == "open")
  }
}
