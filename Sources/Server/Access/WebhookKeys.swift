// The endpoints of webhooks in the key file of a server, beside the keys:
//
//     "webhooks": [{"id": "…", "storefront": "…", "url": "http://127.0.0.1:9000/hooks",
//                   "secret": "whsec_BASE64 of 24…64 bytes", "previousSecret"?: "whsec_…",
//                   "types"?: ["ledger.sale", …], "from"?: 1…}]
//
// They stand here and not in a storefront's settings because what lies inside the operator's network
// is not a tenant's to choose. While a secret is changed, messages are signed with both: the new one
// goes into `secret` and the old one into `previousSecret`, until every receiver has the new one. Any
// thread.

import Commerce
import Ledger

/// The endpoints that are told what is booked.
package struct WebhookKeys: Sendable, Equatable {
  /// The most endpoints of one file: each has a thread of its own.
  static let countMax = 32
  /// The most bytes of an URL.
  static let urlBytesMax = 2_048

  /// In the order of the file; no two have the same storefront and id.
  let endpoints: [WebhookEndpoint]

  /// No endpoints.
  package static let none = WebhookKeys(endpoints: [])

  /// The endpoints of a storefront.
  ///
  /// - Parameter storefront: whose.
  /// - Returns: endpoints in the order of the file.
  func endpoints(of storefront: StorefrontID) -> [WebhookEndpoint] {
    endpoints.filter { $0.key.storefront == storefront }
  }

  /// These, and others behind them whose names are not taken here.
  func with(_ others: [WebhookEndpoint]) -> WebhookKeys {
    let known = Set(endpoints.map(\.key))
    return WebhookKeys(endpoints: endpoints + others.filter { !known.contains($0.key) })
  }

  /// Reads the endpoints of a file.
  ///
  /// - Parameter fields: of the file.
  /// - Throws: `invalid_field`; never a secret.
  init(_ fields: inout Fields) throws(Fault) {
    guard let field = fields.optional("webhooks") else {
      self = .none
      return
    }
    let endpoints = try field.objects(count: 0...Self.countMax, Self.endpoint)
    guard Set(endpoints.map(\.key)).count == endpoints.count else {
      throw Fault.invalidField("webhooks", "Two webhooks of a storefront have the same id.")
    }
    self.init(endpoints: endpoints)
  }

  private init(endpoints: [WebhookEndpoint]) { self.endpoints = endpoints }

  private static func endpoint(_ fields: inout Fields) throws(Fault) -> WebhookEndpoint {
    let key = WebhookKey(
      storefront: try fields.identifier("storefront"), endpoint: try fields.identifier("id"))
    let url = try fields.required("url")
    guard let text = url.value.text, text.utf8.count <= urlBytesMax,
      let (address, path) = place(text)
    else {
      throw url.refusal("http://, an IP address, a colon, a port and perhaps a path")
    }
    var secrets = [try secret(try fields.required("secret"))]
    if let previous = fields.optional("previousSecret") { secrets.append(try secret(previous)) }
    let kinds = try fields.optional("types")?.distinct(count: 1...CauseKind.allCases.count) {
      (field) throws(Fault) -> CauseKind in
      guard let text = field.value.text, text.hasPrefix(WebhookMessage.typePrefix),
        let kind = CauseKind(rawValue: String(text.dropFirst(WebhookMessage.typePrefix.count)))
      else {
        let all = CauseKind.allCases.map(WebhookMessage.type).joined(separator: ", ")
        throw field.refusal("one of \(all)")
      }
      return kind
    }
    return WebhookEndpoint(
      key: key, address: address, path: path, secrets: secrets, kinds: kinds,
      from: try fields.optionalInteger("from", in: 1...Int64.max))
  }

  private static func secret(_ field: Field) throws(Fault) -> SigningSecret {
    guard let secret = field.value.text.flatMap({ SigningSecret($0) }) else {
      let counts = SigningSecret.byteCounts
      throw field.refusal(
        "whsec_ and \(counts.lowerBound) to \(counts.upperBound) bytes in base64 with padding")
    }
    return secret
  }

  /// Splits an URL; a query is not taken, for secrets have no place in one.
  private static func place(_ url: String) -> (CommissionAddress, path: String)? {
    let scheme = "http://"
    guard url.hasPrefix(scheme),
      url.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "?") }),
      !url.contains("#")
    else { return nil }
    let slash = url.dropFirst(scheme.count).firstIndex(of: "/") ?? url.endIndex
    let path = url[slash...]
    guard let address = CommissionAddress(url: String(url[..<slash])) else { return nil }
    return (address, path.isEmpty ? "/" : String(path))
  }
}

extension WebhookKeys: CustomStringConvertible {
  /// How many there are, and nothing of them.
  package var description: String { "\(endpoints.count) webhooks" }
}
