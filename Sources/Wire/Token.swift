import Commerce
import Notation

/// Access tokens: JSON Web Tokens in the compact form, read strictly.
///
/// The key decides the algorithm: the header only names a key, and must then agree with it, so that
/// no header can turn a public key into a shared secret. `none`, `crit` and padding are refused.
/// Cryptography is passed in; whoever passes it compares MACs in constant time.
/// Source: RFC 7515, RFC 7519, RFC 8725.
package struct Token: Equatable, Sendable {
  /// Who acts: claim `sub`.
  package let person: PersonID
  /// In which storefront: claim `sf`.
  package let storefront: StorefrontID
  /// As what: claim `scope`, at least one.
  package let scopes: Scopes
  /// The first second at which the token no longer holds: claim `exp`.
  package let expiry: Timestamp
  /// The first second at which it holds: claim `nbf`.
  package let notBefore: Timestamp?
  /// When it was issued: claim `iat`.
  package let issued: Timestamp?
  /// Its own name, for revocation: claim `jti`, at most 128 bytes.
  package let id: String?

  /// Bytes of a token, at most.
  package static let textBytesMax = 4096

  /// Makes a token to be issued.
  ///
  /// - Parameters:
  ///   - person: who acts.
  ///   - storefront: in which storefront.
  ///   - scopes: as what, at least one.
  ///   - expiry: rounded down to a whole second.
  ///   - notBefore: likewise.
  ///   - issued: likewise.
  ///   - id: at most 128 bytes.
  package init(
    person: PersonID, storefront: StorefrontID, scopes: Scopes, expiry: Timestamp,
    notBefore: Timestamp? = nil, issued: Timestamp? = nil, id: String? = nil
  ) {
    precondition(!scopes.isEmpty, "a token allows something")
    func whole(_ moment: Timestamp) -> Timestamp {
      Timestamp(milliseconds: moment.seconds * 1000)
    }
    self.person = person
    self.storefront = storefront
    self.scopes = scopes
    self.expiry = whole(expiry)
    self.notBefore = notBefore.map(whole)
    self.issued = issued.map(whole)
    self.id = id
  }

  /// What a token allows its bearer to be. Source: domain.md, "People and systems".
  package struct Scopes: OptionSet, Hashable, Sendable {
    /// One bit each.
    package let rawValue: UInt8

    /// Makes a set from bits.
    ///
    /// - Parameter rawValue: one bit each.
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Opens rooms.
    package static let host = Scopes(rawValue: 1 << 0)
    /// Makes share links.
    package static let promoter = Scopes(rawValue: 1 << 1)
    /// Watches and buys.
    package static let viewer = Scopes(rawValue: 1 << 2)
    /// Reports payments, deliveries, refunds; reads statements.
    package static let backend = Scopes(rawValue: 1 << 3)
    /// Administers the storefront.
    package static let `operator` = Scopes(rawValue: 1 << 4)
    /// Assists a team, read only.
    package static let broker = Scopes(rawValue: 1 << 5)

    /// The names on the wire, in the order in which they are written.
    private static let names: [(String, Scopes)] = [
      ("host", .host), ("promoter", .promoter), ("viewer", .viewer), ("backend", .backend),
      ("operator", .operator), ("broker", .broker),
    ]

    /// Reads names with single spaces between them.
    ///
    /// - Parameter text: the claim; nothing is made of an unknown or repeated name or of none.
    package init?(_ text: String) {
      var scopes: Scopes = []
      for name in text.utf8.split(separator: 0x20, omittingEmptySubsequences: false) {
        guard let scope = Self.names.first(where: { $0.0.utf8.elementsEqual(name) })?.1,
          scopes.insert(scope).inserted
        else { return nil }
      }
      self = scopes
    }

    /// The names with single spaces between them.
    package var text: String {
      Self.names.filter { contains($0.1) }.map(\.0).joined(separator: " ")
    }
  }
}

/// A key that may have signed a token; the secret itself stays with the cryptography.
package struct TokenKey: Hashable, Sendable {
  /// How a key signs. Source: RFC 7518 section 3.1, RFC 8037 section 3.1.
  package enum Algorithm: String, Hashable, Sendable {
    /// HMAC with SHA-256.
    case hs256 = "HS256"
    /// Ed25519.
    case eddsa = "EdDSA"
    /// RSA, PKCS #1 v1.5, with SHA-256.
    case rs256 = "RS256"
  }

  /// The name of the key: claim `kid` of the header.
  package let id: String
  /// The only algorithm that this key is good for.
  package let algorithm: Algorithm
  /// The only storefront that this key may speak for, or nothing for the server's own keys.
  package let storefront: StorefrontID?

  /// Makes a key.
  ///
  /// - Parameters:
  ///   - id: its name.
  ///   - algorithm: the only one that it is good for.
  ///   - storefront: the only storefront that it may speak for.
  package init(id: String, algorithm: Algorithm, storefront: StorefrontID? = nil) {
    self.id = id
    self.algorithm = algorithm
    self.storefront = storefront
  }
}

/// Why a token does not open the door.
package enum TokenError: Error, Equatable, Sendable {
  /// Not a compact token, not strict base64url or JSON, or a claim of the wrong kind.
  case malformed
  /// The header names no key, or one that is not known.
  case unknownKey
  /// The header names another algorithm than the key's.
  case algorithmMismatch
  /// The signature does not belong to the text.
  case badSignature
  /// The key may not speak for this storefront.
  case foreignStorefront
  /// A claim that every token must have is missing.
  case missingClaim(String)
  /// It held until this moment.
  case expired(at: Timestamp)
  /// It will hold from this moment.
  case notYetValid(until: Timestamp)

  /// The stable code on the wire.
  package var code: String {
    switch self {
    case .malformed: "malformed"
    case .unknownKey: "unknown_key"
    case .algorithmMismatch: "algorithm_mismatch"
    case .badSignature: "bad_signature"
    case .foreignStorefront: "foreign_storefront"
    case .missingClaim: "missing_claim"
    case .expired: "expired"
    case .notYetValid: "not_yet_valid"
    }
  }
}
