import Commerce
import Testing

@testable import Wire

private let keys = [
  TokenKey(id: "own", algorithm: .hs256), TokenKey(id: "shop", algorithm: .eddsa, storefront: shop),
  TokenKey(id: "rsa", algorithm: .rs256),
]
private let shop = StorefrontID(trusted: "shop")
private let now = Timestamp(milliseconds: 1_772_359_200_000)

private func signature(_ key: TokenKey, _ input: [UInt8]) -> [UInt8] {
  toyMAC(key: Array(key.id.utf8), input)
}

private func read(_ text: String, at: Timestamp = now) throws(TokenError) -> Token {
  try Token(
    reading: text, at: at, key: { id in keys.first { $0.id == id } },
    isSigned: { signature($0, $1) == $2 })
}

/// A token out of raw JSON, signed as the named key would.
private func raw(
  header: String = #"{"alg":"HS256","kid":"own","typ":"JWT"}"#,
  claims: String = #"{"sub":"u","sf":"shop","scope":"viewer","exp":1772359201}"#,
  signedBy key: String = "own"
) -> String {
  let input = Base64.encode(Array(header.utf8)) + "." + Base64.encode(Array(claims.utf8))
  let digest = toyMAC(key: Array(key.utf8), Array(input.utf8))
  return input + "." + Base64.encode(digest)
}

@Suite("Tokens are read and judged")
struct TokenTests {
  @Test("What is issued is read back", arguments: keys)
  func roundTrip(key: TokenKey) throws {
    let full = Token(
      person: PersonID(trusted: "u1"), storefront: shop, scopes: [.host, .promoter, .viewer],
      expiry: now.advanced(byMilliseconds: 60_000), notBefore: now, issued: now, id: "j1")
    let bare = Token(
      person: PersonID(trusted: "u1"), storefront: shop, scopes: .backend,
      expiry: now.advanced(byMilliseconds: 1000))
    for token in [full, bare] {
      #expect(try read(token.text(signedWith: key) { signature(key, $0) }) == token)
    }
  }

  @Test("The claims are those of the raw JSON, and unknown ones are passed over")
  func rawClaims() throws {
    let token = try read(
      raw(
        claims: #"{"iss":"x","sub":"u","sf":"s2","scope":"host operator","exp":1772359201,"#
          + #""nbf":1772359200,"iat":1,"jti":"j"}"#))
    #expect(token.person.text == "u" && token.storefront.text == "s2")
    #expect(token.scopes == [.host, .operator])
    #expect(token.expiry.seconds == 1_772_359_201 && token.notBefore == now)
    #expect(token.issued?.seconds == 1 && token.id == "j")
  }

  static let refusals: [(String, TokenError)] = [
    ("", .malformed), ("a.b", .malformed), ("..", .malformed),
    (raw() + ".", .malformed), (raw() + "=", .malformed), (" " + raw(), .malformed),
    (String(raw().prefix { $0 != "." }) + ".e30.", .malformed),
    (String(repeating: "A", count: 4097), .malformed),
    (raw(header: "[]"), .malformed), (raw(header: "{"), .malformed),
    (raw(header: #"{"kid":"own"}"#), .malformed),
    (raw(header: #"{"alg":1,"kid":"own"}"#), .malformed),
    (raw(header: #"{"alg":"HS256","alg":"HS256","kid":"own"}"#), .malformed),
    (raw(header: #"{"alg":"HS256","kid":"own","crit":[]}"#), .malformed),
    (raw(header: #"{"alg":"HS256","kid":"own","typ":"JWE"}"#), .malformed),
    (raw(header: #"{"alg":"HS256","kid":1}"#), .malformed),
    (raw(header: #"{"alg":"HS256"}"#), .unknownKey),
    (raw(header: #"{"alg":"HS256","kid":"other"}"#), .unknownKey),
    (raw(header: #"{"alg":"none","kid":"own"}"#), .algorithmMismatch),
    (raw(header: #"{"alg":"hs256","kid":"own"}"#), .algorithmMismatch),
    (raw(header: #"{"alg":"HS256","kid":"rsa"}"#, signedBy: "rsa"), .algorithmMismatch),
    (raw(header: #"{"alg":"RS256","kid":"own"}"#), .algorithmMismatch),
    (raw(signedBy: "rsa"), .badSignature),
    (raw(claims: "{", signedBy: "rsa"), .badSignature),
    (raw(claims: "{"), .malformed), (raw(claims: "[]"), .malformed),
    (raw(claims: #"{"sf":"shop","scope":"viewer","exp":1772359201}"#), .missingClaim("sub")),
    (raw(claims: #"{"sub":"u","scope":"viewer","exp":1772359201}"#), .missingClaim("sf")),
    (raw(claims: #"{"sub":"u","sf":"shop","exp":1772359201}"#), .missingClaim("scope")),
    (raw(claims: #"{"sub":"u","sf":"shop","scope":"viewer"}"#), .missingClaim("exp")),
    (raw(claims: claims("\"u v\"", "\"viewer\"", "1772359201")), .malformed),
    (raw(claims: claims("1", "\"viewer\"", "1772359201")), .malformed),
    (raw(claims: claims("\"u\"", "\"\"", "1772359201")), .malformed),
    (raw(claims: claims("\"u\"", "\"viewer  host\"", "1772359201")), .malformed),
    (raw(claims: claims("\"u\"", "\"viewer viewer\"", "1772359201")), .malformed),
    (raw(claims: claims("\"u\"", "\"admin\"", "1772359201")), .malformed),
    (raw(claims: claims("\"u\"", "\"viewer\"", "\"1772359201\"")), .malformed),
    (raw(claims: claims("\"u\"", "\"viewer\"", "1772359201.5")), .malformed),
    (raw(claims: claims("\"u\"", "\"viewer\"", "-1")), .malformed),
    (raw(claims: claims("\"u\"", "\"viewer\"", "253402300800")), .malformed),
    (raw(claims: claims("\"u\"", "\"viewer\"", "9223372036854775807")), .malformed),
    (
      raw(
        header: #"{"alg":"EdDSA","kid":"shop"}"#,
        claims: #"{"sub":"u","sf":"shop2","scope":"viewer","exp":1}"#, signedBy: "shop"),
      .foreignStorefront
    ),
    (
      raw(claims: claims("\"u\"", "\"viewer\"", "1772359200")),
      .expired(at: Timestamp(milliseconds: 1_772_359_200_000))
    ),
    (
      raw(claims: claims("\"u\"", "\"viewer\"", "1772359209,\"nbf\":1772359201")),
      .notYetValid(until: Timestamp(milliseconds: 1_772_359_201_000))
    ),
  ]

  private static func claims(_ person: String, _ scope: String, _ expiry: String) -> String {
    #"{"sub":\#(person),"sf":"shop","scope":\#(scope),"exp":\#(expiry)}"#
  }

  @Test("A token that does not hold says why", arguments: refusals)
  func refused(text: String, expected: TokenError) {
    #expect(throws: expected) { try read(text) }
  }

  @Test("A token holds up to the last millisecond before its expiry")
  func expiry() {
    let last = Timestamp(milliseconds: 1_772_359_200_999)
    #expect(throws: Never.self) { try read(raw(), at: last) }
    #expect(throws: TokenError.expired(at: last.advanced(byMilliseconds: 1))) {
      try read(raw(), at: last.advanced(byMilliseconds: 1))
    }
  }

  @Test("A change of any character is noticed")
  func anyCharacter() {
    let good = Array(raw().utf8)
    for place in good.indices {
      var changed = good
      changed[place] = changed[place] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
      #expect(throws: TokenError.self) { try read(String(decoding: changed, as: UTF8.self)) }
    }
  }
}
