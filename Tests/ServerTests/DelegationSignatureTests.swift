// Signed messages, against the example of Standard Webhooks and against whoever alters one.

import Commerce
import Crypto
import Testing
import Wire

@testable import Server

private let exampleBody = Array(#"{"test": 2432232314}"#.utf8)
private let exampleID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
private let exampleMoment = Timestamp(milliseconds: 1_614_265_330_000)
private let exampleSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

private func exampleSecret() throws -> SigningSecret {
  try #require(SigningSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
}

private func exampleHeaders(_ changes: [String: String?] = [:]) -> HTTPHeaders {
  let pairs = [
    ("webhook-id", exampleID), ("webhook-timestamp", "1614265330"),
    ("webhook-signature", exampleSignature),
  ]
  return HTTPHeaders(
    pairs.compactMap { name, value in
      (changes[name] ?? value).map { (name, $0) }
    })
}

@Suite("Signatures of messages")
struct DelegationSignatureTests {
  @Test("The specification's example gives its signature")
  func example() throws {
    let headers = MessageSignature.headers(
      id: exampleID, at: exampleMoment.advanced(byMilliseconds: 999), body: exampleBody,
      secret: try exampleSecret())
    #expect(headers == exampleHeaders())
    let signed = try MessageSignature.verify(
      headers, body: exampleBody, secrets: [exampleSecret()], now: exampleMoment)
    #expect(signed.id == exampleID)
  }

  @Test(
    "A message holds for five minutes either way",
    arguments: [-301, -300, -299, 0, 299, 300, 301] as [Int64])
  func tolerance(age: Int64) throws {
    let now = exampleMoment.advanced(byMilliseconds: age * 1000)
    let secrets = [try exampleSecret()]
    guard abs(age) > 300 else {
      _ = try MessageSignature.verify(
        exampleHeaders(), body: exampleBody, secrets: secrets, now: now)
      return
    }
    #expect(throws: SignatureFault.timestampOutsideTolerance(ageSeconds: age)) {
      try MessageSignature.verify(exampleHeaders(), body: exampleBody, secrets: secrets, now: now)
    }
  }

  @Test("Any of several signatures may fit, and any of several secrets may have signed")
  func several() throws {
    let wrong = "v1," + Base64.encode([UInt8](repeating: 0, count: 32), .standard)
    let headers = exampleHeaders(["webhook-signature": "\(wrong) v1a,x \(exampleSignature)"])
    let signed = try MessageSignature.verify(
      headers, body: exampleBody, secrets: [DelegationSample.secret(), exampleSecret()],
      now: exampleMoment)
    #expect(signed.secret == 1)
  }

  @Test(
    "What is missing, malformed or altered is refused with its reason",
    arguments: [
      ("webhook-id", nil, .headerMissing("webhook-id")),
      ("webhook-timestamp", nil, .headerMissing("webhook-timestamp")),
      ("webhook-signature", nil, .headerMissing("webhook-signature")),
      ("webhook-id", "", .headerMalformed("webhook-id")),
      ("webhook-id", "a b", .headerMalformed("webhook-id")),
      ("webhook-id", "other", .noMatch),
      ("webhook-timestamp", "1614265331", .noMatch),
      ("webhook-timestamp", "01614265330", .headerMalformed("webhook-timestamp")),
      ("webhook-timestamp", "+1614265330", .headerMalformed("webhook-timestamp")),
      ("webhook-timestamp", "-1", .headerMalformed("webhook-timestamp")),
      ("webhook-timestamp", "1614265330.0", .headerMalformed("webhook-timestamp")),
      ("webhook-timestamp", "9223372036854775808", .headerMalformed("webhook-timestamp")),
      ("webhook-signature", "", .headerMalformed("webhook-signature")),
      ("webhook-signature", "v1", .headerMalformed("webhook-signature")),
      ("webhook-signature", "v1,", .headerMalformed("webhook-signature")),
      ("webhook-signature", "v1,AAAA", .headerMalformed("webhook-signature")),
      ("webhook-signature", exampleSignature + " ", .headerMalformed("webhook-signature")),
      ("webhook-signature", "v2," + exampleSignature.dropFirst(3), .noMatch),
    ] as [(String, String?, SignatureFault)])
  func refused(name: String, value: String?, fault: SignatureFault) {
    #expect(throws: fault) {
      try MessageSignature.verify(
        exampleHeaders([name: value]), body: exampleBody, secrets: [exampleSecret()],
        now: exampleMoment)
    }
  }

  @Test("An altered body, another secret, a doubled header and a body of digits are refused")
  func altered() throws {
    let secret = try exampleSecret()
    func verify(
      _ headers: HTTPHeaders, _ body: [UInt8], _ secret: SigningSecret
    ) throws(SignatureFault) {
      _ = try MessageSignature.verify(headers, body: body, secrets: [secret], now: exampleMoment)
    }
    #expect(throws: SignatureFault.noMatch) {
      try verify(exampleHeaders(), exampleBody + [0x20], secret)
    }
    #expect(throws: SignatureFault.noMatch) {
      try verify(exampleHeaders(), exampleBody, DelegationSample.otherSecret())
    }
    var doubled = exampleHeaders()
    doubled.add("Webhook-Signature", exampleSignature)
    #expect(throws: SignatureFault.headerMissing("webhook-signature")) {
      try verify(doubled, exampleBody, secret)
    }
    #expect(throws: SignatureFault.bodyMalformed) {
      try verify(exampleHeaders(), Array("1.{}".utf8), secret)
    }
  }

  @Test(
    "A secret is whsec_ and 24 to 64 bytes in padded base64",
    arguments: [(23, false), (24, true), (25, true), (64, true), (65, false)])
  func secrets(count: Int, isSecret: Bool) {
    let text = Base64.encode([UInt8](repeating: 1, count: count), .standard)
    #expect((SigningSecret("whsec_" + text) != nil) == isSecret)
    #expect(SigningSecret(text) == nil)
    #expect(SigningSecret("whsec_" + text + "\n") == nil)
  }

  @Test("A secret tells nothing of itself")
  func silence() throws {
    let keys = try DelegationSample.keys(DelegationSample.secretText)
    let ring = Keyring(
      tokenSecrets: [], linkSecrets: [Keyring.LinkSecret(id: 1, secret: [1])], commissionKeys: keys)
    for shown in ["\(keys)", "\(keys.keys)", String(reflecting: keys.secrets), "\(ring)"] {
      #expect(!shown.contains("7, 7") && !shown.contains("BwcH"))
    }
    var dumped = ""
    dump(keys, to: &dumped)
    #expect(!dumped.contains("- 7") && !dumped.contains("7, 7"))
  }

  @Test("The key file takes commission keys, by different ids, and refuses what is no secret")
  func keyFile() throws {
    let link = #""linkKeys":[{"id":1,"secret":"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"}]"#
    func parse(_ keys: String) throws(KeyringError) -> Keyring {
      try Keyring.parse(
        Array(#"{"version":1,"tokenKeys":[],\#(link)\#(keys)}"#.utf8), "keys.json")
    }
    func entry(_ id: String, _ secret: String) -> String {
      #"{"id":"\#(id)","secret":"\#(secret)"}"#
    }
    let one = entry("a", DelegationSample.secretText)
    #expect(try parse("").commissionKeys == .none)
    #expect(try parse(#","commissionKeys":[]"#).commissionKeys == .none)
    let keys = try parse(#","commissionKeys":[\#(one)]"#).commissionKeys
    #expect(try keys["a"] == DelegationSample.secret())
    #expect(keys["b"] == nil)
    let nine = (0..<9).map { entry("k\($0)", DelegationSample.secretText) }.joined(separator: ",")
    for wrong in [
      "[\(one),\(one)]", "[\(entry("a", "whsec_AAAA"))]", "[\(entry("a b", "x"))]", "[\(nine)]",
      "7",
    ] {
      let fault = #expect(throws: KeyringError.self) { try parse(#","commissionKeys":\#(wrong)"#) }
      #expect(fault.map { !"\($0)".contains("BwcH") } ?? false)
    }
  }
}
