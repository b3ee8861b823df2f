// What a keyring says about tokens.

import Commerce
import Crypto
import Notation
import Testing
import Wire

@testable import Server

private let now = Sample.now
private let secret = [UInt8](repeating: 7, count: 32)

/// A public key of RSA with 2048 bits.
private let rsaPEM = """
  -----BEGIN PUBLIC KEY-----
  MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAgzWfdyxw51sFaN8uIWcU
  KZ405EvOToJa+MoDj4LVNvjvW2jJl73GGGxqSVf0rtVexVc4NRsm4P9woJqOSZWS
  wSEsNGTF74tbs8yfincojDSQg7qEtyn7T7h3E2xlr5EQtD/rboYcOkXCaufouZOB
  souJUtg15IxJC49NOH1ktoFHSAMGe4F5dSjA33u7my1tmYhVqw0Ks6BnfhS6SAnc
  i+Dh2WZqpHpabpFFohcOTMm1dkKL18DaAxTlPUkpydKf35SjYYI6OMrNs5lyPf0Q
  5ivnnYGvN8CpVLKTQUD8YUNgHG7Nwn3ie5EP/SZDi9kezJYkxCTCscrk3jlUkAEA
  hQIDAQAB
  -----END PUBLIC KEY-----
  """

@Suite("Tokens at the door")
struct AccessTokenTests {
  private let signer: SigningKey
  private let keyring: Keyring

  init() throws {
    signer = try SigningKey(ed25519Seed: [UInt8](repeating: 9, count: 32))
    keyring = Keyring(
      tokenSecrets: [
        Keyring.TokenSecret(
          key: TokenKey(
            id: "tenant", algorithm: .hs256, storefront: StorefrontID(trusted: "tenant")),
          material: .secret([UInt8](repeating: 8, count: 32))),
        Keyring.TokenSecret(
          key: TokenKey(id: "ed", algorithm: .eddsa),
          material: .verification(signer.verificationKey)),
        Keyring.TokenSecret(
          key: TokenKey(id: "rsa", algorithm: .rs256),
          material: .verification(try VerificationKey(pem: rsaPEM))),
        Keyring.TokenSecret(
          key: TokenKey(id: "own", algorithm: .hs256), material: .secret(secret)),
      ], linkSecrets: [Keyring.LinkSecret(id: 3, secret: secret)])
  }

  private func issue(_ scopes: Token.Scopes = .viewer, lifetime: Int64 = 1000) throws -> String {
    try keyring.issue(
      person: PersonID(trusted: "ann"), storefront: Sample.storefront, scopes: scopes,
      lifetimeMilliseconds: lifetime, now: now)
  }

  private func raw(header: String, claims: String, sign: ([UInt8]) throws -> [UInt8]) rethrows
    -> String
  {
    let input = Base64.encode(Array(header.utf8)) + "." + Base64.encode(Array(claims.utf8))
    return input + "." + Base64.encode(try sign(Array(input.utf8)))
  }

  private func code(_ text: String, at: Timestamp = now) -> String? {
    do throws(Fault) {
      _ = try keyring.caller(from: text, now: at)
      return nil
    } catch {
      #expect(error.status == 401)
      return error.code
    }
  }

  @Test("What the server issues opens its door, for as long as it says and not a second more")
  func issued() throws {
    // The clock stands at a half second, and a token ends with a whole one.
    let text = try issue([.host, .promoter], lifetime: 1000)
    let caller = try keyring.caller(from: text, now: now)
    #expect(caller.person.text == "ann" && caller.storefront == Sample.storefront)
    #expect(caller.scopes == [.host, .promoter])
    #expect(caller.expiry.milliseconds == now.milliseconds + 1500)
    #expect(code(text, at: caller.expiry.advanced(byMilliseconds: -1)) == nil)
    #expect(code(text, at: caller.expiry) == "token_expired")
  }

  @Test("A key of one storefront does not sign for the server")
  func ownKey() throws {
    let header = try #require(try issue().split(separator: ".").first)
    let bytes = try #require(Base64.decode(String(header)))
    #expect(try JSON.read(bytes)["kid"] == "own")
    let none = Keyring(
      tokenSecrets: [keyring.tokenSecrets[0], keyring.tokenSecrets[1]],
      linkSecrets: keyring.linkSecrets)
    #expect(throws: Fault.self) {
      try none.issue(
        person: PersonID(trusted: "a"), storefront: Sample.storefront, scopes: .viewer,
        lifetimeMilliseconds: 1, now: now)
    }
  }

  static let claims = #"{"sub":"u","sf":"shop","scope":"viewer","exp":1772359201}"#

  /// Header, claims, signed by which key, and what is said.
  static let refusals: [(String, String, String, String?)] = [
    (#"{"alg":"HS256","kid":"own"}"#, claims, "own", nil),
    (#"{"alg":"EdDSA","kid":"ed"}"#, claims, "ed", nil),
    (#"{"alg":"none","kid":"own"}"#, claims, "own", "token_algorithm_mismatch"),
    (#"{"alg":"HS256","kid":"ed"}"#, claims, "own", "token_algorithm_mismatch"),
    (#"{"alg":"HS256","kid":"rsa"}"#, claims, "pem", "token_algorithm_mismatch"),
    (#"{"alg":"RS256","kid":"rsa"}"#, claims, "pem", "token_bad_signature"),
    (#"{"alg":"EdDSA","kid":"ed"}"#, claims, "own", "token_bad_signature"),
    (#"{"alg":"HS256","kid":"own"}"#, claims, "pem", "token_bad_signature"),
    (#"{"alg":"HS256","kid":"tenant"}"#, claims, "own", "token_bad_signature"),
    (#"{"alg":"HS256","kid":"tenant"}"#, claims, "tenant", "token_foreign_storefront"),
    (
      #"{"alg":"HS256","kid":"tenant"}"#, claims.replacing("shop", with: "tenant"), "tenant", nil
    ), (#"{"alg":"HS256","kid":"other"}"#, claims, "own", "token_unknown_key"),
    (#"{"alg":"HS256"}"#, claims, "own", "token_unknown_key"),
    (
      #"{"alg":"HS256","kid":"own"}"#, claims.replacing("9201", with: "9200"), "own",
      "token_expired"
    ),
    (
      #"{"alg":"HS256","kid":"own"}"#, claims.replacing("}", with: #","nbf":1772359201}"#), "own",
      "token_not_yet_valid"
    ),
    (
      #"{"alg":"HS256","kid":"own"}"#, claims.replacing("}", with: #","nbf":1772359200}"#), "own",
      nil
    ),
    (
      #"{"alg":"HS256","kid":"own"}"#, claims.replacing(#""sf":"shop","#, with: ""), "own",
      "token_missing_claim"
    ),
    (
      #"{"alg":"HS256","kid":"own"}"#, claims.replacing("viewer", with: "root"), "own",
      "token_malformed"
    ),
    (
      #"{"alg":"HS256","kid":"own"}"#, claims.replacing("viewer", with: "admin viewer"), "own",
      "token_malformed"
    ), (#"{"alg":"HS256","kid":"own"}"#, "[]", "own", "token_malformed"),
  ]

  @Test("A token is believed only where its key, algorithm, signature, claims and time are right")
  func refused() throws {
    for (header, claims, key, wanted) in Self.refusals {
      let text = try raw(header: header, claims: claims) { input in
        switch key {
        case "ed": try signer.signature(for: input)
        case "tenant": HMACSHA256.code(for: input, key: [UInt8](repeating: 8, count: 32))
        // The old trick: a public key, which everybody has, taken for a shared secret.
        case "pem": HMACSHA256.code(for: input, key: Array(rsaPEM.utf8))
        default: HMACSHA256.code(for: input, key: secret)
        }
      }
      #expect(code(text) == wanted, "\(header) \(claims) by \(key)")
    }
  }

  @Test("Text that is no token is malformed", arguments: ["", "a.b.c", "Bearer", "..", "🐝"])
  func malformed(text: String) {
    #expect(code(text) == "token_malformed")
  }

  @Test("Cutting a signature short does not help")
  func shortSignature() throws {
    let parts = try issue().split(separator: ".").map(String.init)
    let signature = try #require(Base64.decode(parts[2]))
    for count in [1, 16, 31] {
      let short = Base64.encode(Array(signature.prefix(count)))
      #expect(code(parts[0] + "." + parts[1] + "." + short) == "token_bad_signature")
    }
    #expect(code(parts[0] + "." + parts[1] + ".") == "token_malformed")
  }

  @Test("Guests are viewers with names of their own")
  func guests() throws {
    let (first, text) = try keyring.issueGuest(
      storefront: Sample.storefront, lifetimeMilliseconds: 60_000, now: now)
    let (second, _) = try keyring.issueGuest(
      storefront: Sample.storefront, lifetimeMilliseconds: 60_000, now: now)
    #expect(first.scopes == .viewer && first.person.text.hasPrefix("guest-"))
    #expect(first.person != second.person)
    #expect(try keyring.caller(from: text, now: now) == first)
    // The id goes into order ids, and has to leave room there.
    #expect(first.person.text.utf8.count == 22)
    _ = try PersonID(first.person.text)
  }

  @Test("Link keys are found by their number")
  func linkKeys() {
    #expect(keyring.mac(3, [1]) == HMACSHA256.code(for: [1], key: secret))
    #expect(keyring.mac(4, [1]) == nil)
    let environment = keyring.environment(now: now) { _ in .utc }
    #expect(environment.linkKeyID == 3 && environment.now == now)
    #expect(environment.mac(3, [1]) == keyring.mac(3, [1]))
  }

  @Test("A keyring that is printed tells no secret")
  func printing() {
    var dumped = ""
    dump(keyring, to: &dumped)
    for text in [dumped, "\(keyring)", String(reflecting: keyring)] {
      #expect(!text.contains("7, 7"), "\(text)")
      #expect(text.contains("4 token keys, 1 link keys"))
    }
  }

  private static func request(_ headers: [(String, String)]) throws -> HTTPRequest {
    HTTPRequest(
      method: .get, target: try HTTPTarget(Array("/".utf8)[...]), headers: HTTPHeaders(headers))
  }

  @Test(
    "A bearer token is taken from exactly one header of that scheme",
    arguments: [
      (["Bearer abc"], "abc"), (["bearer abc"], "abc"), (["BEARER  abc"], "abc"),
      (["Bearer"], nil), (["Bearer "], nil), (["Basic abc"], nil), (["Bearerabc"], nil),
      (["abc"], nil), ([], nil), (["Bearer a", "Bearer b"], nil),
    ] as [([String], String?)])
  func bearer(values: [String], wanted: String?) throws {
    let request = try Self.request(values.map { ("Authorization", $0) })
    #expect(Access.bearerToken(request) == wanted)
  }

  @Test(
    "A session is taken from its own cookie, and from none where two differ",
    arguments: [
      (["waggle_session=abc"], "abc"), (["a=1; waggle_session=abc; b=2"], "abc"),
      (["a=1", "waggle_session=abc"], "abc"), (["waggle_session=a=b"], "a=b"),
      (["waggle_session=a; waggle_session=a"], "a"), (["waggle_session=a; waggle_session=b"], nil),
      (["waggle_session="], nil), (["waggle_session"], nil), (["xwaggle_session=a"], nil),
      (["waggle_sessions=a"], nil), ([], nil),
    ] as [([String], String?)])
  func cookie(values: [String], wanted: String?) throws {
    #expect(Access.cookieToken(try Self.request(values.map { ("Cookie", $0) })) == wanted)
  }
}
