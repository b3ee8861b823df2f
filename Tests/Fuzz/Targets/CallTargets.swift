// Who may call what, whatever the parameters are: every method of the socket by each scope alone, and every
// route of the HTTP API. A scope that a table leaves out is refused as `forbidden` before anything of
// the call is read; one that it names never is for that reason. Pure; any thread.

import Commerce
import Notation
import Server
import Wire

/// Every scope alone, and all of them together.
private let scopes: [Token.Scopes] = [
  .host, .promoter, .viewer, .backend, .operator, .broker,
  [.host, .promoter, .viewer, .backend, .operator, .broker],
]

private func caller(_ scopes: Token.Scopes) -> Caller {
  Caller(
    person: PersonID(trusted: "p"), storefront: shop, scopes: scopes,
    expiry: now.advanced(byMilliseconds: 1000))
}

/// Whether what came of a call is what its table says of the scope.
///
/// - Parameters:
///   - name: as a refusal names the call.
///   - table: who may call it.
///   - scope: who called.
///   - fault: why it was refused; nothing where it was taken.
/// - Returns: what is not as the table says.
private func scopeFault(
  _ name: String, _ table: Token.Scopes, _ scope: Token.Scopes, _ fault: Fault?
) -> String? {
  // What the caller may not do with somebody else's things has another name in it.
  let isRefused = fault?.code == "forbidden" && fault?.message.contains(name) == true
  if table.isDisjoint(with: scope) {
    return isRefused ? nil : "\(scope.text) called \(name): \(fault?.code ?? "taken")"
  }
  if isRefused { return "\(scope.text) may not call \(name), against its table" }
  if scope == scopes.last, fault?.code == "forbidden" {
    return "whoever may do everything may not \(name)"
  }
  return nil
}

/// A message as each scope's call.
func socketFault(_ call: RemoteCall) -> String? {
  let table = SocketCalls.methods.first { $0.name == call.method }?.scopes
  for scope in scopes {
    var fault: Fault?
    do throws(Fault) {
      _ = try SocketCalls.call(
        method: call.method, parameters: call.parameters, caller: caller(scope),
        environment: environment)
    } catch {
      fault = error
      if let told = reread(RemoteReply.failure(id: call.id, error.remote)) { return told }
    }
    if let table {
      if let found = scopeFault(call.method, table, scope, fault) { return found }
    } else if fault?.code != "unknown_method" {
      return "\(call.method) is in no table: \(fault?.code ?? "taken")"
    }
  }
  return nil
}

/// The same parameters as the body or the query of every route, by whoever may do everything and by one
/// scope, another one for every route and input.
func requestFault(_ call: RemoteCall) -> String? {
  let body = call.parameters.bytes
  let turn = Int(fingerprint(body) % 6)
  for (number, route) in HTTPRoute.all.enumerated() {
    let path = filled(route.path, call.parameters)
    let text = route.method == .get ? path + query(call.parameters) : path
    let target: HTTPTarget
    do throws(HTTPError) { target = try HTTPTarget(Array(text.utf8)[...]) } catch {
      // A query may be longer than a target may.
      if error == .targetTooLong { continue }
      return "\(text) is no target: \(error)"
    }
    let isCatalogue = route.path.hasSuffix("/import")
    let request = HTTPRequest(
      method: route.method, target: target, versionMinor: 1,
      headers: HTTPHeaders([
        ("Content-Type", isCatalogue ? "application/x-ndjson" : "application/json")
      ]), body: route.method == .get ? [] : body)
    for scope in [scopes[(turn + number) % 6], scopes[6]] {
      var fault: Fault?
      do throws(Fault) {
        _ = try HTTPCalls.call(
          request: request, caller: caller(scope), environment: environment)
      } catch {
        fault = error
        if let told = reread(error.response.body) { return told }
      }
      let name = "\(route.method.rawValue) \(route.path)"
      if let found = scopeFault(name, route.scopes, scope, fault) { return found }
      if fault?.code == "not_found" || fault?.code == "method_not_allowed" {
        return "\(name) is in the table and \(fault?.code ?? "")"
      }
    }
  }
  return nil
}

/// A path with its fields filled, with what the parameters have under their names where they can stand there.
private func filled(_ path: String, _ parameters: JSON) -> String {
  path.split(separator: "/").reduce("") { text, part in
    guard part.hasPrefix("{") else { return text + "/" + part }
    let field = parameters[String(part.dropFirst().dropLast())]?.text ?? ""
    return text + "/" + (field.isEmpty || [".", ".."].contains(field) ? "o" : encoded(field))
  }
}

private func query(_ parameters: JSON) -> String {
  let items = (parameters.members ?? []).compactMap { member in
    (member.value.text ?? member.value.integer.map(String.init)).map {
      encoded(member.key) + "=" + encoded($0)
    }
  }
  return items.isEmpty ? "" : "?" + items.joined(separator: "&")
}

/// Letters and digits as they are, everything else in percent signs, but for what no path may hold.
private func encoded(_ text: String) -> String {
  text.utf8.reduce("") { told, byte in
    switch byte {
    case 48...57, 65...90, 97...122: told + String(decoding: [byte], as: UTF8.self)
    case 0..<32, 47, 92, 127: told + "_"
    default: told + "%" + String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
    }
  }
}
