// A second reading of tokens, with the toolchain's own JSON and a Base64 of three lines: what a token says,
// and why it may not be taken. It shares nothing with `Token`. Pure; any thread.
// Source: RFC 7515, section 3; RFC 7519, section 4.1.

import Commerce
import FoundationEssentials
import Wire

/// A token's header and claims, as anybody reads them who does not know our code.
struct NaiveToken {
  private struct Header: Decodable {
    let alg: String
    let kid: String
    let crit: [String]?
  }

  private struct Claims: Decodable {
    let sub: String
    let sf: String
    let scope: String
    let exp: Int64
    let nbf: Int64?
    let iat: Int64?
    let jti: String?
  }

  private let header: Header
  private let claims: Claims

  /// Reads the two parts; nothing where they cannot be read.
  init?(_ text: String) {
    let parts = text.utf8.split(separator: 46, omittingEmptySubsequences: false)
    guard parts.count == 3,
      let header = NaiveToken.object(parts[0], Header.self),
      let claims = NaiveToken.object(parts[1], Claims.self)
    else { return nil }
    self.header = header
    self.claims = claims
  }

  private static func object<Value: Decodable>(
    _ part: Substring.UTF8View, _ type: Value.Type
  ) -> Value? {
    let alphabet = Array(
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    var (bits, count, bytes) = (0, 0, [UInt8]())
    for character in part {
      guard let value = alphabet.firstIndex(of: character) else { return nil }
      (bits, count) = ((bits << 6 | value) & 0xFFFF, count + 6)
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(bits >> count & 0xFF))
      }
    }
    return try? JSONDecoder().decode(type, from: Data(bytes))
  }

  /// Why a token that was taken should not have been, or what it is said to say and does not.
  func fault(of token: Token, by key: TokenKey, at now: Timestamp) -> String? {
    let moment = now.milliseconds
    if header.kid != key.id { return "\(header.kid) is the key, \(key.id) was used" }
    if header.alg != key.algorithm.rawValue {
      return "a token of \(header.alg) was taken with a key of \(key.algorithm.rawValue)"
    }
    if header.crit != nil { return "a token was taken that wants something critical" }
    if claims.exp * 1000 <= moment { return "a token was taken that ended at \(claims.exp)" }
    if let nbf = claims.nbf, nbf * 1000 > moment {
      return "a token was taken that begins at \(nbf)"
    }
    let isSame =
      token.person.text == claims.sub && token.storefront.text == claims.sf
      && token.expiry.milliseconds == claims.exp * 1000
      && token.notBefore?.milliseconds == claims.nbf.map { $0 * 1000 }
      && token.issued?.milliseconds == claims.iat.map { $0 * 1000 } && token.id == claims.jti
      && Set(token.scopes.text.split(separator: " "))
        == Set(claims.scope.split(separator: " "))
    return isSame ? nil : "\(token) was read of \(claims)"
  }

  /// Why a token that was signed and refused should not have been for that reason.
  func fault(of error: TokenError, keys: [TokenKey], at now: Timestamp) -> String? {
    let key = keys.first { $0.id == header.kid }
    let isTrue =
      switch error {
      case .unknownKey: key == nil
      case .algorithmMismatch: key?.algorithm.rawValue != header.alg
      case .badSignature: false
      case .foreignStorefront: key?.storefront != nil && key?.storefront?.text != claims.sf
      case .expired: claims.exp * 1000 <= now.milliseconds
      case .notYetValid: (claims.nbf ?? 0) * 1000 > now.milliseconds
      case .missingClaim: false
      // This reading is not as strict about the form.
      case .malformed: true
      }
    return isTrue ? nil : "refused as \(error.code): \(header), \(claims)"
  }
}
