/// One HTTP response with its whole body. Source: RFC 9110 section 15, RFC 9112 section 4.
package struct HTTPResponse: Equatable, Sendable {
  /// The status code, 100…599.
  package let status: Int
  /// The header fields; lengths and the fate of the connection are added when it is encoded.
  package var headers: HTTPHeaders
  /// The plain body.
  package let body: [UInt8]

  /// Makes a response.
  ///
  /// - Parameters:
  ///   - status: 100…599.
  ///   - headers: without `Content-Length` and `Transfer-Encoding`.
  ///   - body: the plain body; a status that has none must come without.
  package init(status: Int, headers: HTTPHeaders = HTTPHeaders(), body: [UInt8] = []) {
    precondition((100...599).contains(status), "a status has three digits")
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// `100 Continue`, to be sent as it is when `HTTPRequestDecoder.takeExpectation` says so.
  package static let continueBytes = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

  /// Whether this status has no body at all. Source: RFC 9110 section 6.4.1.
  package var isBodiless: Bool { status < 200 || status == 204 || status == 304 }

  /// The bytes to send.
  ///
  /// - Parameters:
  ///   - keepsAlive: whether the connection stays open; otherwise `Connection: close` is added.
  ///   - isHead: whether the request was `HEAD`: then the length is told and the body left out.
  /// - Returns: the whole message.
  package func bytes(keepsAlive: Bool, isHead: Bool = false) -> [UInt8] {
    precondition(body.isEmpty || !isBodiless, "this status has no body")
    var fields = headers
    if !isBodiless { fields.add("content-length", String(body.count)) }
    if !keepsAlive, fields["connection"] == nil { fields.add("connection", "close") }
    return messageBytes(
      "HTTP/1.1 \(status) \(Self.reason(status))", fields, isHead ? [] : body)
  }

  /// The customary phrase of a status.
  ///
  /// - Parameter status: any code; an unusual one gets an empty phrase.
  /// - Returns: the phrase.
  package static func reason(_ status: Int) -> String {
    switch status {
    case 100: "Continue"
    case 101: "Switching Protocols"
    case 200: "OK"
    case 201: "Created"
    case 202: "Accepted"
    case 204: "No Content"
    case 302: "Found"
    case 303: "See Other"
    case 304: "Not Modified"
    case 307: "Temporary Redirect"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 408: "Request Timeout"
    case 409: "Conflict"
    case 410: "Gone"
    case 413: "Content Too Large"
    case 414: "URI Too Long"
    case 415: "Unsupported Media Type"
    case 417: "Expectation Failed"
    case 422: "Unprocessable Content"
    case 426: "Upgrade Required"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    case 500: "Internal Server Error"
    case 501: "Not Implemented"
    case 503: "Service Unavailable"
    case 505: "HTTP Version Not Supported"
    default: ""
    }
  }
}

/// First line, header lines, empty line, body.
func messageBytes(_ firstLine: String, _ headers: HTTPHeaders, _ body: [UInt8]) -> [UInt8] {
  var bytes: [UInt8] = []
  bytes.reserveCapacity(256 + body.count)
  bytes.append(contentsOf: firstLine.utf8)
  bytes.append(contentsOf: [0x0D, 0x0A])
  for field in headers.fields {
    bytes.append(contentsOf: field.name.utf8)
    bytes.append(contentsOf: [UInt8(ascii: ":"), 0x20])
    bytes.append(contentsOf: field.value.utf8)
    bytes.append(contentsOf: [0x0D, 0x0A])
  }
  bytes.append(contentsOf: [0x0D, 0x0A])
  bytes.append(contentsOf: body)
  return bytes
}
