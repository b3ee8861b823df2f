// From an HTTP request to a call. Pure; any thread.
//
// Precedence of faults: `not_found`, `method_not_allowed`, `forbidden`, `unsupported_media_type`,
// `parse_error`, `invalid_field`, `idempotency_key_mismatch`.

import Notation
import Wire

/// The HTTP API.
package enum HTTPCalls {
  /// Reads one request.
  ///
  /// - Parameters:
  ///   - request: under `/v1/`.
  ///   - caller: who calls.
  ///   - environment: what the reading depends on.
  /// - Returns: the wish, checked for scope and form.
  /// - Throws: see the precedence above; `method_not_allowed` tells what is allowed.
  package static func call(
    request: HTTPRequest, caller: Caller, environment: CallEnvironment
  ) throws(Fault) -> Call {
    let (route, inPath) = try route(request)
    guard !route.scopes.isDisjoint(with: caller.scopes) else {
      throw .forbidden("\(route.method.rawValue) \(route.path)")
    }
    var fields: Fields
    var file: (type: CatalogueFileType, bytes: [UInt8])?
    switch route.body {
    case .none: fields = try Fields(query: request.target.query)
    case .json:
      fields = try Fields(body: request)
      try refuseQuery(request)
    case .catalogue:
      fields = Fields(texts: [])
      try refuseQuery(request)
      file = (try catalogueType(request), request.body)
    }
    for field in inPath { try fields.add(field.name, field.text) }
    var wish = CallRequest(fields: fields, caller: caller, environment: environment, file: file)
    let call = try route.read(&wish)
    try wish.fields.finish()
    if route.method != .get { try checkKey(request, route, wish.fields) }
    return call
  }

  /// How long the body of a request may be, judged by its header.
  ///
  /// - Parameters:
  ///   - head: a request under `/v1/`, with its body or without.
  ///   - caller: who calls.
  /// - Returns: bytes.
  /// - Throws: `not_found`, `method_not_allowed`, `forbidden`.
  package static func bodyBytesMax(
    _ head: HTTPRequest, caller: Caller
  ) throws(Fault) -> Int {
    let route = try route(head).0
    guard !route.scopes.isDisjoint(with: caller.scopes) else {
      throw .forbidden("\(route.method.rawValue) \(route.path)")
    }
    return longBodies.contains(route.path) ? longBodyBytesMax : shortBodyBytesMax
  }

  /// The largest body of all: a part of a catalogue file, or of a file of reports.
  package static let longBodyBytesMax = 1_048_576
  /// The largest body elsewhere; an order of 1,000 lines fits.
  package static let shortBodyBytesMax = 262_144
  private static let longBodies: Set<String> = ["/v1/catalogue/import", "/v1/reports"]

  private static func route(
    _ request: HTTPRequest
  ) throws(Fault) -> (HTTPRoute, inPath: [(name: String, text: String)]) {
    let segments = request.target.segments
    let method = request.method == .head ? .get : request.method
    var allowed: [HTTPMethod] = []
    for route in HTTPRoute.all {
      guard let inPath = route.match(segments) else { continue }
      if route.method == method { return (route, inPath) }
      allowed += route.method == .get ? [.get, .head] : [route.method]
    }
    guard !allowed.isEmpty else { throw .notFound }
    let names = allowed.map(\.rawValue).joined(separator: ", ")
    throw Fault(
      "method_not_allowed", "This path takes \(names).", status: 405, allow: names)
  }

  private static func refuseQuery(_ request: HTTPRequest) throws(Fault) {
    try Fields(query: request.target.query).finish()
  }

  private static func catalogueType(_ request: HTTPRequest) throws(Fault) -> CatalogueFileType {
    switch mediaType(request) {
    case "text/csv": .csv
    case "application/x-ndjson": .jsonLines
    default: throw .unsupportedMediaType("text/csv or application/x-ndjson")
    }
  }

  /// A report is repeatable by its own id; a key beside it may say the same, and nothing else.
  private static func checkKey(
    _ request: HTTPRequest, _ route: HTTPRoute, _ fields: Fields
  ) throws(Fault) {
    let keys = request.headers.values("idempotency-key").map(unquoted)
    guard !keys.isEmpty else { return }
    guard let name = route.reportID, let id = fields.textPresent(name) else {
      throw Fault(
        "idempotency_key_mismatch", "This request has no id that an Idempotency-Key could repeat.",
        status: 422)
    }
    guard keys.allSatisfy({ $0.utf8.elementsEqual(id.utf8) }) else {
      throw Fault(
        "idempotency_key_mismatch", "The Idempotency-Key must equal the field \(name).",
        status: 422, field: name)
    }
  }

  /// The key is written as a string with quotes, or plainly.
  /// Source: draft-ietf-httpapi-idempotency-key-header, section 2.1.
  private static func unquoted(_ key: String) -> String {
    key.utf8.count >= 2 && key.hasPrefix("\"") && key.hasSuffix("\"")
      ? String(key.dropFirst().dropLast()) : key
  }
}

/// The media type of a body in lower case, without parameters; nothing where there is no such header,
/// more than one, or another character set than UTF-8.
private func mediaType(_ request: HTTPRequest) -> String? {
  let values = request.headers.values("content-type")
  guard values.count == 1 else { return nil }
  let parts = values[0].lowercased().split(separator: ";").map { part in
    part.split(separator: " ").joined()
  }
  for parameter in parts.dropFirst() where parameter.hasPrefix("charset=") {
    guard ["charset=utf-8", "charset=\"utf-8\""].contains(parameter) else { return nil }
  }
  return parts.first
}

extension Fields {
  /// The fields of a JSON body; no body at all is as good as an empty object.
  ///
  /// - Parameter request: any request.
  /// - Throws: `unsupported_media_type`, `parse_error`, or `invalid_field` where it is no object.
  init(body request: HTTPRequest) throws(Fault) {
    guard !request.body.isEmpty else {
      self.init(.object([]))
      return
    }
    guard mediaType(request) == "application/json" else {
      throw .unsupportedMediaType("application/json")
    }
    let value: JSON
    do throws(JSONError) { value = try JSON.read(request.body) } catch {
      throw Fault("parse_error", "The body is not JSON: \(error).", status: 400)
    }
    guard value.members != nil else {
      throw Fault(
        "invalid_field", "The body must be an object, not \(value.kind).", status: 422)
    }
    self.init(value)
  }
}

extension Fault {
  /// The body is of another kind.
  fileprivate static func unsupportedMediaType(_ wanted: String) -> Fault {
    Fault(
      "unsupported_media_type", "The Content-Type must be \(wanted), in UTF-8.", status: 415)
  }
}
