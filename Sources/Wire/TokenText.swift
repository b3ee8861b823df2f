import Commerce
import Notation

/// The compact text of a token: `header.claims.signature`, each in base64url.
extension Token {
  /// Finds the key that a header names, or nothing.
  package typealias KeyLookup = (_ keyID: String) -> TokenKey?
  /// Whether a signature over the input is of this key; compares MACs in constant time.
  package typealias SignatureCheck = (
    _ key: TokenKey, _ input: [UInt8], _ signature: [UInt8]
  ) -> Bool

  /// Reads a token and judges it.
  ///
  /// Nothing in the claims is looked at before the signature held.
  /// - Parameters:
  ///   - text: as it came.
  ///   - at: now; a token holds from the second `nbf` and before the second `exp`, without leeway.
  ///   - key: finds the key.
  ///   - isSigned: checks the signature.
  /// - Throws: in this order: `.malformed` (form, header), `.unknownKey`, `.algorithmMismatch`,
  ///   `.badSignature`, `.malformed` (claims) and `.missingClaim`, `.foreignStorefront`,
  ///   `.expired`, `.notYetValid`.
  package init(
    reading text: String, at: Timestamp, key: KeyLookup, isSigned: SignatureCheck
  ) throws(TokenError) {
    guard text.utf8.count <= Token.textBytesMax else { throw .malformed }
    let bytes = Array(text.utf8)
    let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 3, let signature = Base64.decode(parts[2]), !signature.isEmpty else {
      throw .malformed
    }
    let key = try Self.key(try Self.object(parts[0]), key)
    let input = Array(bytes[..<parts[1].endIndex])
    guard isSigned(key, input, signature) else { throw .badSignature }
    try self.init(claims: try Self.object(parts[1]))
    guard key.storefront == nil || key.storefront == storefront else { throw .foreignStorefront }
    guard at < expiry else { throw .expired(at: expiry) }
    if let notBefore, at < notBefore { throw .notYetValid(until: notBefore) }
  }

  /// The text of this token.
  ///
  /// - Parameters:
  ///   - key: what it is signed with.
  ///   - sign: the signature over some bytes.
  /// - Returns: the compact text.
  package func text(signedWith key: TokenKey, sign: (_ input: [UInt8]) -> [UInt8]) -> String {
    let header = JSON.object([
      .init("alg", .string(key.algorithm.rawValue)), .init("kid", .string(key.id)),
      .init("typ", "JWT"),
    ])
    var claims: [JSON.Member] = [
      .init("sub", .string(person.text)), .init("sf", .string(storefront.text)),
      .init("scope", .string(scopes.text)), .init("exp", .integer(expiry.seconds)),
    ]
    if let notBefore { claims.append(.init("nbf", .integer(notBefore.seconds))) }
    if let issued { claims.append(.init("iat", .integer(issued.seconds))) }
    if let id { claims.append(.init("jti", .string(id))) }
    let input = Base64.encode(header.bytes) + "." + Base64.encode(JSON.object(claims).bytes)
    return input + "." + Base64.encode(sign(Array(input.utf8)))
  }

  private static func object(_ part: ArraySlice<UInt8>) throws(TokenError) -> JSON {
    guard let bytes = Base64.decode(part) else { throw .malformed }
    do throws(JSONError) {
      let value = try JSON.read(bytes)
      if value.members != nil { return value }
    } catch {
      throw .malformed
    }
    throw .malformed
  }

  private static func key(_ header: JSON, _ lookup: KeyLookup) throws(TokenError) -> TokenKey {
    guard let algorithm = header["alg"]?.text, header["crit"] == nil else { throw .malformed }
    if let type = header["typ"] {
      guard let name = type.text, lowercasedASCII(name) == "jwt" else { throw .malformed }
    }
    guard let keyID = header["kid"] else { throw .unknownKey }
    guard let keyID = keyID.text else { throw .malformed }
    guard let key = lookup(keyID) else { throw .unknownKey }
    guard algorithm == key.algorithm.rawValue else { throw .algorithmMismatch }
    return key
  }

  private init(claims: JSON) throws(TokenError) {
    let person = try requiredText(claims, "sub")
    let storefront = try requiredText(claims, "sf")
    guard let scopes = Scopes(try requiredText(claims, "scope")) else { throw .malformed }
    guard let expiry = try moment(claims, "exp") else { throw .missingClaim("exp") }
    let id = try optionalText(claims, "jti")
    guard (id?.utf8.count ?? 0) <= 128 else { throw .malformed }
    do throws(CommerceError) {
      self.person = try PersonID(person)
      self.storefront = try StorefrontID(storefront)
    } catch {
      throw .malformed
    }
    self.scopes = scopes
    self.expiry = expiry
    self.notBefore = try moment(claims, "nbf")
    self.issued = try moment(claims, "iat")
    self.id = id
  }
}

private func optionalText(_ claims: JSON, _ name: String) throws(TokenError) -> String? {
  guard let value = claims[name] else { return nil }
  guard let text = value.text else { throw .malformed }
  return text
}

private func requiredText(_ claims: JSON, _ name: String) throws(TokenError) -> String {
  guard let text = try optionalText(claims, name) else { throw .missingClaim(name) }
  return text
}

/// A claim in whole seconds, before the year 10000.
private func moment(_ claims: JSON, _ name: String) throws(TokenError) -> Timestamp? {
  guard let value = claims[name] else { return nil }
  guard let seconds = value.integer, (0..<253_402_300_800).contains(seconds) else {
    throw .malformed
  }
  return Timestamp(milliseconds: seconds * 1000)
}
