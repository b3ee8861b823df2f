// The keys that a storefront and its commission service sign messages with. In the key file of a
// server, beside the others, and in the file of a service, alone:
//
//     {"version": 1,
//      "commissionKeys": [{"id": "…", "secret": "whsec_BASE64 of 24…64 bytes",
//                          "url": "http://127.0.0.1:9000"?, "storefronts": ["…"]?}]}
//
// In a server's file a key with a url is a commission service, for the storefronts that it names. A
// storefront's settings name it by its id and hold neither the secret nor the address: what lies inside
// the operator's network is not a tenant's to choose. A message does not name its key: a service tries each of its own. So a key is
// replaced by a second entry on the service's side first, and then in the server's. Any thread.

import Commerce

/// Secrets for signed messages, by their names.
package struct CommissionKeys: Sendable, Equatable {
  /// The most keys of one file; every unsigned message costs one digest for each.
  static let countMax = 8

  /// The most storefronts of one service.
  static let storefrontsMax = 1_000

  /// One secret with its name.
  struct Key: Sendable, Equatable {
    /// 1…64 characters of the alphabet of ids.
    let id: String
    /// What signs and checks.
    let secret: SigningSecret
    /// Where the service listens; none in the service's own file.
    let address: CommissionAddress?
    /// Which storefronts it settles for; none in the service's own file.
    let storefronts: [StorefrontID]
  }

  /// A commission service that may be asked.
  struct Service: Sendable, Equatable {
    /// The name that storefronts know it by.
    let name: ServiceID
    /// Where it listens.
    let address: CommissionAddress
    /// What both sides sign with.
    let secret: SigningSecret
  }

  /// Whether a storefront may have its sales settled by this service.
  ///
  /// - Parameters:
  ///   - name: as the storefront's settings are to have it.
  ///   - storefront: which.
  /// - Returns: whether there is such a service for it; others' are as unknown as those that are not.
  func isService(_ name: ServiceID, of storefront: StorefrontID) -> Bool {
    keys.contains {
      $0.id.utf8.elementsEqual(name.text.utf8) && $0.address != nil
        && $0.storefronts.contains(storefront)
    }
  }

  /// The services, in the order of the file.
  var services: [Service] {
    keys.compactMap { key in
      key.address.map {
        Service(name: ServiceID(trusted: key.id), address: $0, secret: key.secret)
      }
    }
  }

  /// In the order of the file.
  let keys: [Key]

  /// No keys.
  package static let none = CommissionKeys(keys: [])

  /// All secrets, in the order of the file.
  package var secrets: [SigningSecret] { keys.map(\.secret) }

  /// A secret by its name, or nothing where there is none.
  ///
  /// - Parameter id: as a storefront's settings have it.
  package subscript(id: String) -> SigningSecret? {
    keys.first { $0.id.utf8.elementsEqual(id.utf8) }?.secret
  }

  /// Reads the keys of an object.
  ///
  /// - Parameters:
  ///   - fields: of the file.
  ///   - isRequired: whether at least one must be there.
  /// - Throws: `invalid_field`; never a secret.
  init(_ fields: inout Fields, isRequired: Bool) throws(Fault) {
    guard
      let field = isRequired
        ? try fields.required("commissionKeys")
        : fields.optional("commissionKeys")
    else {
      self = .none
      return
    }
    let keys = try field.objects(count: (isRequired ? 1 : 0)...Self.countMax) {
      (fields) throws(Fault) in
      let id: OrderID = try fields.identifier("id")
      let secret = try fields.required("secret")
      guard let value = secret.value.text.flatMap({ SigningSecret($0) }) else {
        let counts = SigningSecret.byteCounts
        throw secret.refusal(
          "whsec_ and \(counts.lowerBound) to \(counts.upperBound) bytes in base64 with padding")
      }
      var address: CommissionAddress?
      if let url = fields.optional("url") {
        address = url.value.text.flatMap { CommissionAddress(url: $0) }
        if address == nil { throw url.refusal("http://, an IP address, a colon and a port") }
      }
      let storefronts: [StorefrontID] =
        address == nil ? [] : try fields.identifiers("storefronts", count: 1...Self.storefrontsMax)
      return Key(id: id.text, secret: value, address: address, storefronts: storefronts)
    }
    guard Set(keys.map(\.id)).count == keys.count else {
      throw Fault.invalidField("commissionKeys", "Two commission keys have the same id.")
    }
    self.init(keys: keys)
  }

  private init(keys: [Key]) { self.keys = keys }

  /// Reads the file of a commission service, which holds nothing else.
  ///
  /// - Parameter path: readable by its owner only.
  /// - Returns: at least one key.
  /// - Throws: `KeyringError`.
  package static func load(_ path: String) throws(KeyringError) -> CommissionKeys {
    guard let bytes = try Keyring.ownersFile(path) else {
      throw .malformed(path: path, reason: "there is no such file")
    }
    return try Keyring.reading(bytes, path) { (fields) throws(Fault) in
      try CommissionKeys(&fields, isRequired: true)
    }
  }
}

extension CommissionKeys: CustomStringConvertible {
  /// How many there are, and nothing of them.
  package var description: String { "\(keys.count) commission keys" }
}
