// The keys of a server: which keys sign tokens and links, and what they say about a token.
//
// The key decides the algorithm, never the token. MACs are compared in constant time. Immutable after
// it was read, so any thread may use it; nothing here touches the disk (see KeyFile.swift).

import Commerce
import Coordination
import Crypto
import Wire

/// The keys that sign and check tokens and share links.
package struct Keyring: Sendable {
  /// One key of tokens.
  struct TokenSecret: Sendable {
    /// Its name, algorithm and storefront.
    let key: TokenKey
    /// What signs or checks with it.
    let material: Material
    /// Tells it from every other key, also from a later one of the same name.
    let fingerprint: UInt64

    /// Makes a key.
    ///
    /// - Parameters:
    ///   - key: its name, algorithm and storefront.
    ///   - material: what signs or checks with it.
    ///   - publicText: the public key's text, where it is one.
    init(key: TokenKey, material: Material, publicText: [UInt8] = []) {
      self.key = key
      self.material = material
      let name = [key.id, key.algorithm.rawValue, key.storefront?.text ?? ""]
      var text = Array(name.joined(separator: "\n").utf8) + [0] + publicText
      if case .secret(let secret) = material { text += secret }
      let digest = SHA256.digest(of: text)
      fingerprint = digest.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
  }

  /// What a key is made of.
  enum Material: Sendable {
    /// HS256: signs and checks.
    case secret([UInt8])
    /// EdDSA or RS256: only checks.
    case verification(VerificationKey)
  }

  /// One key of share links.
  struct LinkSecret: Sendable, Equatable {
    /// Its name within links.
    let id: UInt8
    /// The key of the MAC.
    let secret: [UInt8]
  }

  /// In the order of the file; the first HS256 key that may speak for every storefront signs.
  let tokenSecrets: [TokenSecret]
  /// In the order of the file; the first one signs.
  let linkSecrets: [LinkSecret]
  /// What messages to and from commission services are signed with.
  package let commissionKeys: CommissionKeys
  /// Who is told what is booked.
  package let webhooks: WebhookKeys

  /// Makes a keyring.
  ///
  /// - Parameters:
  ///   - tokenSecrets: with different names.
  ///   - linkSecrets: at least one, with different names.
  ///   - commissionKeys: with different names.
  ///   - webhooks: with different names.
  init(
    tokenSecrets: [TokenSecret], linkSecrets: [LinkSecret], commissionKeys: CommissionKeys = .none,
    webhooks: WebhookKeys = .none
  ) {
    precondition(!linkSecrets.isEmpty, "a keyring signs links")
    self.tokenSecrets = tokenSecrets
    self.linkSecrets = linkSecrets
    self.commissionKeys = commissionKeys
    self.webhooks = webhooks
  }

  /// Whether tokens and links are judged and signed the same under other keys.
  func isSame(as other: Keyring) -> Bool {
    tokenSecrets.map(\.fingerprint) == other.tokenSecrets.map(\.fingerprint)
      && linkSecrets == other.linkSecrets
  }

  /// The same keys of tokens and links, beside the commission services and endpoints of another
  /// keyring: those are taken up at the start only.
  func keepingNeighbours(of other: Keyring) -> Keyring {
    Keyring(
      tokenSecrets: tokenSecrets, linkSecrets: linkSecrets, commissionKeys: other.commissionKeys,
      webhooks: other.webhooks)
  }

  /// Judges a token.
  ///
  /// - Parameters:
  ///   - text: as it came.
  ///   - now: the moment.
  /// - Returns: who it is.
  /// - Throws: with status 401: `token_malformed`, `token_unknown_key`, `token_algorithm_mismatch`,
  ///   `token_bad_signature`, `token_missing_claim`, `token_foreign_storefront`, `token_expired`,
  ///   `token_not_yet_valid`.
  package func caller(from text: String, now: Timestamp) throws(Fault) -> Caller {
    let token: Token
    var used: TokenSecret?
    do throws(TokenError) {
      token = try Token(
        reading: text, at: now,
        key: { id in
          used = secret(id)
          return used?.key
        }, isSigned: isSigned)
    } catch {
      throw Fault("token_" + error.code, error.sentence, status: 401)
    }
    return Caller(
      person: token.person, storefront: token.storefront, scopes: token.scopes,
      expiry: token.expiry,
      mark: used.map { TokenMark(key: $0.fingerprint, id: token.id, issued: token.issued) })
  }

  /// Whether the key that signed a token is still there.
  func holds(_ mark: TokenMark) -> Bool {
    tokenSecrets.contains { $0.fingerprint == mark.key }
  }

  /// Makes a token with the server's own key.
  ///
  /// - Parameters:
  ///   - person: who may use it.
  ///   - storefront: in which storefront.
  ///   - scopes: as what; at least one.
  ///   - lifetimeMilliseconds: > 0; its end is rounded up to a whole second.
  ///   - now: the moment.
  ///   - id: its `jti`, 1…128 bytes; none for a random one.
  /// - Returns: the token.
  /// - Throws: `no_randomness`; `token_key_missing` where the key file has no key that could sign it.
  package func issue(
    person: PersonID, storefront: StorefrontID, scopes: Token.Scopes,
    lifetimeMilliseconds: Int64, now: Timestamp, id: String? = nil
  ) throws(Fault) -> String {
    precondition(lifetimeMilliseconds > 0, "a token holds for a while")
    let end = now.advanced(byMilliseconds: lifetimeMilliseconds)
    let token = Token(
      person: person, storefront: storefront, scopes: scopes,
      expiry: end.advanced(byMilliseconds: 999), issued: now, id: try tokenID(id))
    for candidate in tokenSecrets where candidate.key.storefront == nil {
      if case .secret(let secret) = candidate.material {
        return token.text(signedWith: candidate.key) { HMACSHA256.code(for: $0, key: secret) }
      }
    }
    throw Fault("token_key_missing", "The server has no key to sign tokens with.", status: 503)
  }

  private func tokenID(_ wanted: String?) throws(Fault) -> String {
    if let wanted { return wanted }
    return try randomText()
  }

  /// What the ids of guests begin with.
  static let guestPrefix = PersonID.guestPrefix

  /// Admits a viewer whom nobody knows.
  ///
  /// - Parameters:
  ///   - storefront: in which storefront.
  ///   - lifetimeMilliseconds: > 0.
  ///   - now: the moment.
  /// - Returns: the viewer, who is new, and a token.
  /// - Throws: as `issue` and `randomPerson` do.
  package func issueGuest(
    storefront: StorefrontID, lifetimeMilliseconds: Int64, now: Timestamp
  ) throws(Fault) -> (Caller, String) {
    let text = try issue(
      person: try randomPerson(prefix: Keyring.guestPrefix), storefront: storefront,
      scopes: .viewer,
      lifetimeMilliseconds: lifetimeMilliseconds, now: now)
    return (try caller(from: text, now: now), text)
  }

  /// A person's id that nobody can guess: the prefix and 16 characters.
  ///
  /// - Parameter prefix: at most 48 characters of the alphabet of ids.
  /// - Returns: the id.
  /// - Throws: `no_randomness` where the system has none to give.
  package func randomPerson(prefix: String) throws(Fault) -> PersonID {
    PersonID(trusted: prefix + (try randomText()))
  }

  /// 16 characters that nobody can guess, all of them of the alphabet of ids.
  private func randomText() throws(Fault) -> String {
    do throws(CryptoError) { return Base64.encode(try randomBytes(12)) } catch {
      throw Fault("no_randomness", "The system has no randomness.", status: 503, isTemporary: true)
    }
  }

  /// HMAC-SHA-256 of a message under a link key, or nothing where there is no such key.
  ///
  /// - Parameters:
  ///   - keyID: the key's name within links.
  ///   - message: the message.
  /// - Returns: 32 bytes.
  package func mac(_ keyID: UInt8, _ message: [UInt8]) -> [UInt8]? {
    linkSecrets.first { $0.id == keyID }.map { HMACSHA256.code(for: message, key: $0.secret) }
  }

  /// What reading a call depends on, with these keys.
  ///
  /// - Parameters:
  ///   - now: the moment.
  ///   - moreWebhooks: endpoints that the key file does not name.
  ///   - zone: the table of a time zone by its name.
  /// - Returns: the environment; new links are signed with the first link key.
  package func environment(
    now: Timestamp, moreWebhooks: [WebhookEndpoint] = [],
    zone: @escaping @Sendable (String) throws -> TimeZoneTable
  ) -> CallEnvironment {
    CallEnvironment(
      now: now, linkKeyID: linkSecrets[0].id, mac: { mac($0, $1) }, zone: zone,
      isService: { commissionKeys.isService($0, of: $1) },
      webhooks: { webhooks.with(moreWebhooks).endpoints(of: $0) })
  }

  private func secret(_ id: String) -> TokenSecret? {
    tokenSecrets.first { $0.key.id.utf8.elementsEqual(id.utf8) }
  }

  private func isSigned(_ key: TokenKey, _ input: [UInt8], _ signature: [UInt8]) -> Bool {
    switch secret(key.id)?.material {
    case .secret(let secret):
      isEqualInConstantTime(HMACSHA256.code(for: input, key: secret), signature)
    case .verification(let key): key.isValid(signature, for: input)
    case nil: false
    }
  }
}

// A keyring that finds its way into a log or a message tells no secret.
extension Keyring: CustomStringConvertible, CustomReflectable {
  /// How many keys there are, and nothing of them.
  package var description: String {
    "\(tokenSecrets.count) token keys, \(linkSecrets.count) link keys"
  }

  /// Nothing to look into.
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension TokenError {
  /// Says what is wrong to whoever holds the token; nothing of the token is repeated.
  fileprivate var sentence: String {
    switch self {
    case .malformed: "The token is not a JSON Web Token as this server reads them."
    case .unknownKey: "The token names no key that this server knows."
    case .algorithmMismatch: "The token's algorithm is not that of its key."
    case .badSignature: "The token's signature does not fit its content."
    case .foreignStorefront: "The token's key may not speak for its storefront."
    case .missingClaim(let claim): "The token has no claim \"\(claim)\"."
    case .expired(let end): "The token ended at \(end)."
    case .notYetValid(let start): "The token holds only from \(start) on."
    }
  }
}
