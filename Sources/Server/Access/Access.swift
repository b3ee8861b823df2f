// Where a request carries its token. Source: RFC 6750 section 2.1, RFC 6265 section 4.2. Any thread.

import Wire

/// The token of a request, as it came and unjudged.
enum Access {
  /// The cookie of a session that a landing link opened.
  static let cookieName = "waggle_session"

  /// The token of `Authorization: Bearer …`.
  ///
  /// - Parameter request: any request.
  /// - Returns: the token, or nothing where there is no such header, another scheme, or several.
  static func bearerToken(_ request: HTTPRequest) -> String? {
    let values = request.headers.values("authorization")
    guard values.count == 1, let value = values.first else { return nil }
    let parts = value.utf8.split(separator: UInt8(ascii: " "), maxSplits: 1)
    guard parts.count == 2, text(parts[0]).lowercased() == "bearer" else { return nil }
    let token = text(parts[1]).utf8.drop { $0 == UInt8(ascii: " ") }
    return token.isEmpty ? nil : text(token)
  }

  /// The token of the session cookie.
  ///
  /// - Parameter request: any request.
  /// - Returns: the token, or nothing where there is no such cookie, or several that differ: another
  ///   site of the same domain may have planted one.
  static func cookieToken(_ request: HTTPRequest) -> String? {
    var found: String?
    for value in request.headers.values("cookie") {
      for pair in value.utf8.split(separator: UInt8(ascii: ";")) {
        let pair = pair.drop { $0 == UInt8(ascii: " ") }
        guard let mark = pair.firstIndex(of: UInt8(ascii: "=")),
          pair[..<mark].elementsEqual(cookieName.utf8)
        else { continue }
        let token = text(pair[mark...].dropFirst())
        guard found == nil || found == token else { return nil }
        found = token
      }
    }
    return found?.isEmpty == true ? nil : found
  }

  private static func text(_ bytes: some Collection<UInt8>) -> String {
    String(decoding: bytes, as: UTF8.self)
  }
}
