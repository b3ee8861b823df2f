// What operators see of a server on one loop: health and figures over HTTP, the id of each request, and
// the advice that clients get before a stop. The loop's thread only.

import Commerce
import Coordination
import Notation
import Transport
import Wire

extension LoopServer {
  // MARK: Requests

  /// Answers the request in flight, with its id, and says in the log what is worth saying.
  func reply(_ response: HTTPResponse, to id: ConnectionID) {
    guard let note = requests.removeValue(forKey: id) else {
      return connections.respond(response, to: id)
    }
    // Whoever reads the answer can read in the log what it was.
    connections.respond(noted(response, note), to: id)
  }

  /// An answer with the id of its request; says in the log what is worth saying.
  func noted(_ response: HTTPResponse, _ note: RequestNote) -> HTTPResponse {
    var response = response
    response.headers.add("X-Request-Id", note.id)
    let isOurFault = response.status >= 500 && !["/readyz", "/livez"].contains(note.path)
    guard isOurFault || context.options.logsRequests else { return response }
    context.log.write(
      isOurFault ? .warning : .info, isOurFault ? "request_failed" : "request", request: note.id,
      [
        ("method", .string(note.method)), ("path", .string(note.path)),
        ("status", .integer(Int64(response.status))),
        ("milliseconds", .integer(connections.now - note.since)),
      ])
    return response
  }

  // MARK: Health

  /// The answer to `/livez`, `/readyz` or `/metrics`.
  func operate(_ request: HTTPRequest, on id: ConnectionID) -> HTTPResponse {
    guard request.method == .get || request.method == .head else {
      return Fault(
        "method_not_allowed", "This path takes GET, HEAD.", status: 405, allow: "GET, HEAD"
      ).response
    }
    // One spelling each, so that a proxy's rule for it cannot be got round.
    guard request.target.isLiteral else { return Fault.notFound.response }
    switch request.target.path {
    case "/livez":
      let stuck = context.health.pulse.stuck
      let words = JSON.array(stuck.map { .string($0) })
      let body: JSON = ["alive": .bool(stuck.isEmpty), "stuck": words]
      return .json(stuck.isEmpty ? 200 : 503, body.bytes)
    case "/readyz":
      let reasons = context.health.reasons
      let words = JSON.array(reasons.map { .string($0.rawValue) })
      let body: JSON = ["ready": .bool(reasons.isEmpty), "reasons": words]
      return .json(reasons.isEmpty ? 200 : 503, body.bytes)
    case "/metrics":
      do throws(Fault) { try admitToFigures(request, id) } catch { return error.response }
      return .text(200, context.health.metrics, "text/plain; version=0.0.4; charset=utf-8")
    default: return Fault.notFound.response
    }
  }

  /// Figures are for this machine, and for whoever has a token of scope `operator`. A request that a
  /// proxy on this machine hands on is not of this machine, as far as it can be told from it.
  private func admitToFigures(_ request: HTTPRequest, _ id: ConnectionID) throws(Fault) {
    if connections.isLocal(id), !proxied.contains(id), !request.isHandedOn { return }
    guard let token = Access.bearerToken(request) else { throw .unauthenticated }
    let caller = try context.caller(from: token)
    guard caller.scopes.contains(.operator) else {
      throw .forbidden("reading the server's figures")
    }
  }

  // MARK: Stopping

  /// Tells everybody when to come back and where to go on.
  ///
  /// Each gets a delay of their own, drawn so that about `reconnectsPerSecond` come back in a second.
  /// - Parameters:
  ///   - milliseconds: the least delay.
  ///   - sentOffset: up to which event of a room a connection has been sent everything.
  func adviseClosing(
    _ milliseconds: Int64, _ sentOffset: (RoomKey, ConnectionID) -> Int64?
  ) {
    let options = context.options
    let window = ClosingAdvice.windowMilliseconds(
      connections: context.health.connectionsOpen.load(ordering: .relaxed),
      perSecond: options.reconnectsPerSecond)
    for (id, session) in sessions {
      let resume: [JSON] = session.rooms.compactMap { key in
        guard let epoch = epochs[key], let offset = sentOffset(key, id) else { return nil }
        return [
          "room": .string(key.room.text), "epoch": .integer(epoch), "offset": .integer(offset),
        ]
      }
      let delay = milliseconds + Int64.random(in: 0...window)
      let advice: JSON = [
        "reason": "restart", "reconnectAfterMilliseconds": .integer(delay),
        "resume": .array(resume),
      ]
      connections.sendText(RemoteReply.notification("session.closing", advice.bytes), to: id)
    }
  }
}

extension HTTPRequest {
  /// Headers by which proxies say for whom they ask, beside all that begin with `x-forwarded-`.
  private static let proxyHeaders: Set<String> = [
    "forwarded", "via", "x-real-ip", "cf-connecting-ip", "true-client-ip", "x-client-ip",
    "x-cluster-client-ip", "fastly-client-ip",
  ]

  /// Whether somebody asks through a proxy, by what proxies add, by the old version that they speak
  /// where nobody told them otherwise, or by a host that is not this machine. A proxy that takes pains
  /// to look like a client cannot be told from one.
  fileprivate var isHandedOn: Bool {
    guard versionMinor > 0, let host = headers["host"], HTTPRequest.isThisMachine(host) else {
      return true
    }
    return headers.fields.contains {
      $0.name.hasPrefix("x-forwarded-") || HTTPRequest.proxyHeaders.contains($0.name)
    }
  }

  /// Whether a `Host` names the machine that it reaches: `localhost` or an address of loopback.
  private static func isThisMachine(_ host: String) -> Bool {
    var name = host.lowercased()[...]
    if name.hasPrefix("["), let end = name.firstIndex(of: "]") {
      name = name[..<end].dropFirst()
    } else if let colon = name.firstIndex(of: ":") {
      name = name[..<colon]
    }
    return InternetAddress(host: String(name), port: 0)?.network.isLoopback ?? false
  }
}

/// How clients are spread over the time after a stop.
enum ClosingAdvice {
  /// The window at the least and at the most.
  static let milliseconds: ClosedRange<Int64> = 1_000...60_000

  /// How long the delays are spread over, so that a server that comes back is not run over.
  ///
  /// - Parameters:
  ///   - connections: how many are open.
  ///   - perSecond: how many are to come back in a second, at least 1.
  /// - Returns: milliseconds.
  static func windowMilliseconds(connections: Int, perSecond: Int) -> Int64 {
    let wanted = Int64(max(0, connections)) * 1000 / Int64(max(1, perSecond))
    return min(max(wanted, milliseconds.lowerBound), milliseconds.upperBound)
  }
}
