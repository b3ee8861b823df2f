// How calls about webhooks, entries of the key file, and answers of endpoints are read.

import Commerce
import Coordination
import Ledger
import Notation
import Testing
import Transport
import Wire

@testable import Server

extension Sample {
  /// A valid request to every path about webhooks.
  static let webhookRequests: [(route: String, target: String, body: String)] = [
    ("GET /v1/webhooks", "/v1/webhooks", ""),
    (
      "GET /v1/webhooks/{endpoint}/dead-letters",
      "/v1/webhooks/books/dead-letters?after=7&limit=10",
      ""
    ),
    ("POST /v1/webhooks/{endpoint}/replay", "/v1/webhooks/books/replay", #"{"from":1,"to":2}"#),
  ]
}

@Suite("Calls about webhooks")
struct WebhookCallsTests {
  static let malformed: [(line: String, body: String, field: String)] = [
    ("POST /v1/webhooks/b/replay", "{}", "from"),
    ("POST /v1/webhooks/b/replay", #"{"from":0}"#, "from"),
    ("POST /v1/webhooks/b/replay", #"{"from":9223372036854775807}"#, "from"),
    ("POST /v1/webhooks/b/replay", #"{"from":5,"to":4}"#, "to"),
    ("POST /v1/webhooks/b/replay", #"{"from":5,"url":"http://127.0.0.1:1"}"#, "url"),
    ("POST /v1/webhooks/b%20/replay", #"{"from":5}"#, "endpoint"),
    ("GET /v1/webhooks/b/dead-letters?after=-1", "", "after"),
    ("GET /v1/webhooks/b/dead-letters?limit=101", "", "limit"),
    ("GET /v1/webhooks?storefront=other", "", "storefront"),
  ]

  @Test("What is malformed is refused by its field", arguments: malformed)
  func refused(line: String, body: String, field: String) throws {
    let found = try fault { try httpCall(line, body, .operator) }
    #expect(found?.code == "invalid_field" && found?.field == field, "\(String(describing: found))")
  }

  private static let secret = DelegationSample.secretText

  private func parse(_ webhooks: String) throws(KeyringError) -> WebhookKeys {
    let link = #""linkKeys":[{"id":1,"secret":"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"}]"#
    return try Keyring.parse(
      Array(#"{"version":1,"tokenKeys":[],\#(link),"webhooks":\#(webhooks)}"#.utf8), "keys.json"
    ).webhooks
  }

  private func entry(_ id: String, _ url: String, _ more: String = "") -> String {
    #"{"id":"\#(id)","storefront":"shop","url":"\#(url)","secret":"\#(Self.secret)"\#(more)}"#
  }

  @Test("The key file takes endpoints with paths, types and a beginning")
  func keyFile() throws {
    #expect(try parse("[]") == .none)
    let url = "http://127.0.0.1:9000/a/b%20c"
    let more = #","types":["ledger.payout_returned","ledger.sale"],"from":7"#
    let first = entry("x", url, more)
    let second = entry("y", "http://[::1]:80", #","previousSecret":"\#(Self.secret)""#)
    let keys = try parse("[\(first),\(second)]")
    let (x, y) = (keys.endpoints[0], keys.endpoints[1])
    #expect(x.url == url && x.path == "/a/b%20c" && x.kinds == [.payoutReturned, .sale])
    #expect(x.beginning(end: 99) == 6 && y.beginning(end: 99) == 99)
    #expect(y.url == "http://[::1]:80/" && y.kinds == nil && y.secrets.count == 2)
    #expect(x.wants(.sale) && !x.wants(.refund) && y.wants(.refund))
    #expect(keys.endpoints(of: StorefrontID(trusted: "shop")).count == 2)
    #expect(keys.endpoints(of: StorefrontID(trusted: "other")).isEmpty)
    // The same id in two storefronts is two endpoints.
    let other = first.replacing(#""shop""#, with: #""other""#)
    #expect(try parse("[\(first),\(other)]").endpoints.count == 2)
    for shown in ["\(keys)", "\(x)", String(reflecting: keys)] { #expect(!shown.contains("BwcH")) }
  }

  @Test("What is no endpoint stops the start, and no secret is told")
  func malformedKeys() throws {
    let good = "http://127.0.0.1:9000/"
    let many = (0...WebhookKeys.countMax).map { entry("e\($0)", good) }.joined(separator: ",")
    let wrong =
      [
        "https://127.0.0.1:9000/", "http://example.com:80/", "http://127.0.0.1/", "http://:80/",
        "http://127.0.0.1:9000/?token=x", "http://127.0.0.1:9000/#x", "http://127.0.0.1:9000/a b",
        "http://u@127.0.0.1:9000/", "http://127.0.0.1:0/", "ftp://127.0.0.1:1/", "",
        "http://127.0.0.1:9000/" + String(repeating: "a", count: 2_048),
      ].map { "[\(entry("e", $0))]" } + [
        "[\(entry("e", good)),\(entry("e", good))]", "[\(many)]", "7",
        "[\(entry("e e", good))]", "[\(entry("e", good, #","types":[]"#))]",
        "[\(entry("e", good, #","types":["sale"]"#))]",
        "[\(entry("e", good, #","types":["ledger.sale","ledger.sale"]"#))]",
        "[\(entry("e", good, #","from":0"#))]", "[\(entry("e", good, #","more":1"#))]",
        "[\(entry("e", good, #","previousSecret":"whsec_AAAA""#))]",
        "[\(entry("e", good).replacing("whsec_", with: "secret_"))]",
      ]
    for text in wrong {
      let fault = #expect(throws: KeyringError.self, "\(text)") { try parse(text) }
      #expect(fault.map { !"\($0)".contains("BwcH") } ?? false)
    }
  }

  @Test(
    "2xx is taken, 410 ends it, 408, 425, 429 and 5xx are an endpoint's trouble, the rest a refusal",
    arguments: [
      (199, .refused), (200, nil), (204, nil), (299, nil), (300, .refused), (301, .refused),
      (400, .refused), (401, .refused), (404, .refused), (408, .unwell), (409, .refused),
      (410, .gone), (411, .refused), (425, .unwell), (429, .unwell), (499, .refused),
      (500, .unwell), (503, .unwell), (599, .unwell),
    ] as [(Int, WebhookFailure.Kind?)])
  func answers(_ status: Int, _ kind: WebhookFailure.Kind?) {
    let body = Array((String(repeating: "x", count: 999) + "\u{1}").utf8)
    let failure = WebhookClient.judge(HTTPResponse(status: status, body: body))
    #expect(failure?.kind == kind)
    #expect((failure?.message.utf8.count ?? 0) < 300)
  }

  @Test("Waits double from half a second to six hours")
  func waits() {
    let ceilings = [1, 2, 15, 16, 17, 20].map {
      WebhookDesk.backoff.ceilingMilliseconds(afterFailures: $0)
    }
    #expect(
      ceilings == [500, 1_000, 8_192_000, 16_384_000, 21_600_000, 21_600_000])
  }

  @Test("A message that several secrets sign is taken by whoever has one of them")
  func severalSecrets() throws {
    let secrets = [try DelegationSample.secret(), try DelegationSample.otherSecret()]
    let body = Array("{}".utf8)
    let headers = MessageSignature.headers(
      id: "a/b/1", at: Sample.now, body: body, secrets: secrets)
    #expect(headers.values("webhook-signature")[0].split(separator: " ").count == 2)
    for secret in secrets {
      let signed = try MessageSignature.verify(
        headers, body: body, secrets: [secret], now: Sample.now)
      #expect(signed.id == "a/b/1")
    }
  }
}
