/// One HTTP request, complete with its body. Source: RFC 9110, RFC 9112 section 3.
package struct HTTPRequest: Equatable, Sendable {
  /// What is asked.
  package let method: HTTPMethod
  /// Of what.
  package let target: HTTPTarget
  /// 1 for HTTP/1.1, 0 for HTTP/1.0.
  package let versionMinor: Int
  /// The header fields.
  package let headers: HTTPHeaders
  /// The body with all transfer coding taken off.
  package let body: [UInt8]

  /// Makes a request.
  ///
  /// - Parameters:
  ///   - method: what is asked.
  ///   - target: of what.
  ///   - versionMinor: 1 or 0.
  ///   - headers: the header fields.
  ///   - body: the plain body.
  package init(
    method: HTTPMethod, target: HTTPTarget, versionMinor: Int = 1, headers: HTTPHeaders,
    body: [UInt8] = []
  ) {
    self.method = method
    self.target = target
    self.versionMinor = versionMinor
    self.headers = headers
    self.body = body
  }

  /// Whether the connection may carry another request after this one.
  ///
  /// HTTP/1.0 is never kept alive. Source: RFC 9112 section 9.3.
  package var keepsAlive: Bool {
    versionMinor == 1 && !headers.contains("connection", token: "close")
  }

  /// Whether the client asks to leave HTTP for the protocol that `Upgrade` names.
  package var asksForUpgrade: Bool { headers.contains("connection", token: "upgrade") }

  /// The bytes of a request as a client sends it; `Host` and `Content-Length` are added.
  ///
  /// - Parameters:
  ///   - method: what is asked.
  ///   - target: origin form, already percent-encoded.
  ///   - host: authority of the target.
  ///   - headers: further fields.
  ///   - body: the plain body; without one, only the methods that define a body get a length.
  /// - Returns: the whole message.
  package static func bytes(
    _ method: HTTPMethod, _ target: String, host: String, headers: HTTPHeaders = HTTPHeaders(),
    body: [UInt8] = []
  ) -> [UInt8] {
    var fields = HTTPHeaders([("host", host)])
    for field in headers.fields { fields.add(field.name, field.value) }
    if !body.isEmpty || method == .post || method == .put || method == .patch {
      fields.add("content-length", String(body.count))
    }
    return messageBytes("\(method.rawValue) \(target) HTTP/1.1", fields, body)
  }
}

/// The methods that some resource here may have; any other is answered with 501.
package enum HTTPMethod: String, Sendable {
  /// Reads.
  case get = "GET"
  /// Reads without the body.
  case head = "HEAD"
  /// Acts.
  case post = "POST"
  /// Replaces.
  case put = "PUT"
  /// Changes a part.
  case patch = "PATCH"
  /// Removes.
  case delete = "DELETE"
  /// Asks what is allowed.
  case options = "OPTIONS"
}

/// Where a request points: a decoded path and decoded query items.
///
/// The path begins with `/` and has no `.` or `..` segment, no encoded slash or backslash and no
/// control character, so that splitting it at `/` means the same here as to every proxy before us.
/// The target `*` of `OPTIONS` has the path `*`.
package struct HTTPTarget: Equatable, Sendable {
  /// One `name=value` of the query.
  package struct QueryItem: Equatable, Sendable {
    /// The name, decoded.
    package let name: String
    /// The value, decoded; empty where there is no `=`.
    package let value: String
  }

  /// The path, decoded.
  package let path: String
  /// The query items in order.
  package let query: [QueryItem]
  /// Whether the path came as it stands here, with nothing percent-encoded.
  package let isLiteral: Bool

  /// Reads the origin form, or the asterisk form.
  ///
  /// - Parameter bytes: the target as received.
  /// - Throws: `HTTPError.malformedTarget` or `.targetTooLong`.
  package init(_ bytes: ArraySlice<UInt8>) throws(HTTPError) {
    guard bytes.count <= HTTPLimits.targetBytesMax else { throw .targetTooLong }
    if bytes.elementsEqual([UInt8(ascii: "*")]) {
      path = "*"
      query = []
      isLiteral = true
      return
    }
    guard bytes.first == UInt8(ascii: "/"), bytes.allSatisfy(isTargetByte) else {
      throw .malformedTarget
    }
    let mark = bytes.firstIndex(of: UInt8(ascii: "?")) ?? bytes.endIndex
    path = try decodedPath(bytes[..<mark])
    isLiteral = !bytes[..<mark].contains(UInt8(ascii: "%"))
    query = mark == bytes.endIndex ? [] : try decodedQuery(bytes[(mark + 1)...])
  }

  /// The segments between the slashes of the path; an empty last one is left out.
  package var segments: [String] {
    path.utf8.split(separator: UInt8(ascii: "/")).map { String(decoding: $0, as: UTF8.self) }
  }

  /// The first value under a name in the query.
  ///
  /// - Parameter name: decoded, exact.
  package subscript(name: String) -> String? { query.first { $0.name == name }?.value }
}

/// Whether a byte may stand in a path or query. Source: RFC 3986 section 3.3 and 3.4.
private func isTargetByte(_ byte: UInt8) -> Bool {
  guard byte > 0x20, byte < 0x7F else { return false }
  switch byte {
  case UInt8(ascii: "\""), UInt8(ascii: "#"), UInt8(ascii: "<"), UInt8(ascii: ">"),
    UInt8(ascii: "["), UInt8(ascii: "\\"), UInt8(ascii: "]"), UInt8(ascii: "^"),
    UInt8(ascii: "`"), UInt8(ascii: "{"), UInt8(ascii: "|"), UInt8(ascii: "}"):
    return false
  default: return true
  }
}

private func decodedPath(_ bytes: ArraySlice<UInt8>) throws(HTTPError) -> String {
  var path = ""
  for segment in bytes.dropFirst().split(
    separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
  {
    guard let text = PercentEncoding.decode(segment), text != ".", text != "..",
      text.utf8.allSatisfy({
        $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "\\")
      })
    else { throw .malformedTarget }
    path += "/" + text
  }
  return path
}

private func decodedQuery(_ bytes: ArraySlice<UInt8>) throws(HTTPError) -> [HTTPTarget.QueryItem] {
  var items: [HTTPTarget.QueryItem] = []
  for piece in bytes.split(separator: UInt8(ascii: "&")) {
    let mark = piece.firstIndex(of: UInt8(ascii: "=")) ?? piece.endIndex
    guard let name = PercentEncoding.decode(piece[..<mark], plusIsSpace: true),
      let value = PercentEncoding.decode(piece[mark...].dropFirst(), plusIsSpace: true)
    else { throw .malformedTarget }
    items.append(HTTPTarget.QueryItem(name: name, value: value))
  }
  return items
}
