// HTTP: the backend's API, landing links, the page, health.

import Commerce
import Coordination
import Notation
import Transport
import Wire

/// Where a landing link leads, once the touch has been judged.
struct Landing {
  /// The room, as far as the link could be read.
  let room: RoomID?
  /// The link's text, for a visitor who has to sign in first.
  let link: String?
  /// A cookie that opens a guest's session.
  let cookie: String?
  /// Why the link was refused, where that is known already.
  let rejected: String?
}

extension LoopServer {
  /// Nobody's body is kept before it is clear that it can be of use: a path, a method and a token that
  /// are good. What no path reads is not read at all.
  func headReceived(_ head: HTTPRequest, on id: ConnectionID) -> BodyDecision {
    do throws(Fault) {
      guard head.target.segments.first == "v1" else {
        guard !isNowhere(head) else { throw .notFound }
        return .read(bytesMax: strangersBodyBytesMax(head))
      }
      guard let token = Access.bearerToken(head) else { throw .unauthenticated }
      let caller = try callers.caller(from: token, context)
      return .read(bytesMax: try HTTPCalls.bodyBytesMax(head, caller: caller))
    } catch {
      context.health.turnedAway(error)
      let note = RequestNote(head, &requestIDs, now: connections.now)
      return .refuse(noted(error.response, note))
    }
  }

  /// How long the body of a request outside of the API may be: of no use but for a demonstration.
  private func strangersBodyBytesMax(_ head: HTTPRequest) -> Int {
    context.options.isDemo && head.target.segments.first == "demo" ? 4_096 : 0
  }

  /// Whether nothing is there that could be asked for, so that no body is worth judging.
  private func isNowhere(_ head: HTTPRequest) -> Bool {
    switch head.target.segments.first {
    case "v1", "l", "livez", "readyz", "metrics": false
    case "demo": !context.options.isDemo
    default: Page.file(path: head.target.path) == nil
    }
  }

  func requestReceived(_ request: HTTPRequest, on id: ConnectionID) {
    defer { if outbox.isLong { outbox.send() } }
    requests[id] = RequestNote(request, &requestIDs, now: connections.now)
    let segments = request.target.segments
    guard !isNowhere(request) else { return reply(Fault.notFound.response, to: id) }
    guard segments.first == "v1" || request.body.count <= strangersBodyBytesMax(request) else {
      return reply(HTTPError.bodyTooLarge.response, to: id)
    }
    switch segments.first {
    case "v1":
      do throws(Fault) { try callBackend(request, on: id) } catch {
        context.health.turnedAway(error)
        reply(error.response, to: id)
      }
    case "l" where segments.count == 2: land(request, segments[1], on: id)
    case "demo" where context.options.isDemo: demonstrate(request, on: id)
    case "livez", "readyz", "metrics": reply(operate(request, on: id), to: id)
    default: serveFile(request, on: id)
    }
  }

  private func callBackend(_ request: HTTPRequest, on id: ConnectionID) throws(Fault) {
    guard let token = Access.bearerToken(request) else { throw .unauthenticated }
    let caller = try callers.caller(from: token, context)
    try pace(.calls, caller)
    let call = try HTTPCalls.call(
      request: request, caller: caller, environment: context.environment)
    if let limit = call.personLimit { try pace(limit, caller) }
    let waiting = Pending.http(createsThing: request.method == .post && call.reportsFact)
    guard submit(call, caller, on: id, waiting) else { throw .busy }
  }

  /// Counts what somebody without a session does for its person; staff are not limited as persons.
  func pace(_ limit: PersonLimit, _ caller: Caller) throws(Fault) {
    guard !caller.isStaff else { return }
    let wait = context.persons.take(limit, of: PersonLimits.Key(caller), at: connections.now)
    guard wait > 0 else { return }
    context.health.refused(limit)
    throw .rateLimited(waitMilliseconds: wait)
  }

  /// Sends the answer to a backend.
  func respond(_ result: Result<Answer, Fault>, createsThing: Bool, to id: ConnectionID) {
    switch result {
    case .failure(let fault): reply(fault.response, to: id)
    case .success(let answer):
      if let name = answer.fileName {
        return reply(.csv(answer.body, name: name), to: id)
      }
      var response = HTTPResponse.json(createsThing && !answer.isRepeat ? 201 : 200, answer.body)
      if answer.isRepeat { response.headers.add("Idempotent-Replayed", "true") }
      reply(response, to: id)
    }
  }

  private func serveFile(_ request: HTTPRequest, on id: ConnectionID) {
    let path = request.target.path
    guard request.method == .get || request.method == .head, let file = Page.file(path: path)
    else { return reply(Fault.notFound.response, to: id) }
    reply(
      .page(file.contentType, file.body, policy: Page.contentSecurityPolicy(path: path)), to: id)
  }

  // MARK: Landing

  /// Records the touch of whoever opens a link, and leads them into the room, whatever the link is worth.
  private func land(_ request: HTTPRequest, _ text: String, on id: ConnectionID) {
    guard request.method == .get || request.method == .head else {
      let fault = Fault(
        "method_not_allowed", "This path takes GET, HEAD.", status: 405, allow: "GET, HEAD")
      return reply(fault.response, to: id)
    }
    let evidence = LinkReading.evidence(of: text, environment: context.environment)
    if let network = network(behind: request, on: id) {
      // Whoever opens junk must not close the door to those behind the same address who do not.
      let paces = evidence.isGenuine ? context.linkPaces : context.junkLinkPaces
      let wait = paces.take(network, at: connections.now)
      guard wait == 0 else {
        let fault = Fault.rateLimited(waitMilliseconds: wait)
        context.health.linksRateLimited.add(1, ordering: .relaxed)
        context.health.turnedAway(fault)
        return reply(fault.response, to: id)
      }
    }
    // A browser that fetches ahead has nobody in front of it yet: refused, it asks again when opened.
    // Source: Fetch standard, section 4.6 (Sec-Purpose).
    guard !request.isPrefetch else {
      return reply(.text(503, "open the link to use it\n"), to: id)
    }
    let place = LinkReading.claimedPlace(of: text)
    let now = context.clock()
    var cookie: String?
    var caller = (Access.bearerToken(request) ?? Access.cookieToken(request)).flatMap {
      try? context.caller(from: $0)
    }
    let isOpened = request.method == .get
    if isOpened, context.options.allowsGuests, case .genuine(let link) = evidence,
      caller.map({ $0.isGuest && $0.storefront != link.storefront }) ?? true
    {
      (caller, cookie) = admitGuest(to: link.storefront, at: now)
    }
    // Somebody who only asks where a link leads, such as a messenger that draws a preview, is no
    // visitor: their request would use the link up.
    guard isOpened, let caller else {
      var reason: String?
      if case .rejected(let code, _) = evidence { reason = code.rawValue }
      let landing = Landing(room: place, link: text, cookie: nil, rejected: reason)
      return reply(landing.response(rejected: reason), to: id)
    }
    do throws(Fault) { try pace(.calls, caller) } catch {
      return reply(error.response, to: id)
    }
    let landing = Landing(room: place, link: nil, cookie: cookie, rejected: nil)
    let touch = Call.command(.touch(viewer: caller.person, evidence, at: now))
    if !submit(touch, caller, on: id, .landing(landing)) {
      reply(Fault.busy.response, to: id)
    }
  }

  private func admitGuest(
    to storefront: StorefrontID, at now: Timestamp
  ) -> (Caller?, cookie: String?) {
    let lifetime: Int64 = 86_400_000
    guard
      let (caller, token) = try? context.keyring.issueGuest(
        storefront: storefront, lifetimeMilliseconds: lifetime, now: now)
    else { return (nil, nil) }
    let cookie =
      "\(Access.cookieName)=\(token); Path=/; Max-Age=\(lifetime / 1000); HttpOnly; SameSite=Lax"
    return (caller, context.options.isEncrypted ? cookie + "; Secure" : cookie)
  }

  /// Leads a visitor whose touch has been judged into the room.
  func respond(_ landing: Landing, _ result: Result<Answer, Fault>, to id: ConnectionID) {
    var rejected = landing.rejected
    switch result {
    case .failure(let fault): rejected = fault.code
    case .success(let answer):
      // The core answers a touch with an object; a refused one tells its reason.
      if let touch = try? JSON.read(answer.body), touch["accepted"]?.bool == false {
        rejected = touch["reason"]?.text
      }
    }
    reply(landing.response(rejected: rejected), to: id)
  }
}

extension Landing {
  /// The redirect into the room.
  func response(rejected: String?) -> HTTPResponse {
    var items: [String] = []
    if let room { items.append("room=" + PercentEncoding.encode(room.text)) }
    if let link, rejected == nil { items.append("link=" + PercentEncoding.encode(link)) }
    if let rejected { items.append("rejected=" + PercentEncoding.encode(rejected)) }
    var headers = HTTPHeaders([
      ("Location", "/?" + items.joined(separator: "&") + "#viewer"), ("Cache-Control", "no-store"),
      ("Referrer-Policy", "no-referrer"),
    ])
    if let cookie { headers.add("Set-Cookie", cookie) }
    return HTTPResponse(status: 302, headers: headers)
  }
}

extension HTTPRequest {
  /// Whether a browser fetches ahead of its user.
  fileprivate var isPrefetch: Bool {
    ["sec-purpose", "purpose"].contains { headers[$0]?.lowercased().hasPrefix("prefetch") == true }
  }
}

extension LinkEvidence {
  /// Whether a key of ours signed the link.
  fileprivate var isGenuine: Bool { if case .genuine = self { true } else { false } }
}

extension Caller {
  /// Whether it is a visitor whom a landing link of one storefront admitted: in another storefront
  /// they are somebody else.
  fileprivate var isGuest: Bool {
    scopes == .viewer && person.text.hasPrefix(Keyring.guestPrefix)
  }
}

extension Call {
  /// Whether the call reports something that happened: answered 201 the first time.
  var reportsFact: Bool {
    switch self {
    case .command, .payOut: true
    default: false
    }
  }
}

extension HTTPResponse {
  /// A plain text.
  static func text(
    _ status: Int, _ text: String, _ type: String = "text/plain; charset=utf-8"
  ) -> HTTPResponse {
    HTTPResponse(
      status: status,
      headers: HTTPHeaders([("Content-Type", type), ("Cache-Control", "no-store")]),
      body: Array(text.utf8))
  }

  /// A CSV file. Source: RFC 4180, section 3; RFC 6266. No identifier contains a quote.
  static func csv(_ body: [UInt8], name: String) -> HTTPResponse {
    HTTPResponse(
      status: 200,
      headers: HTTPHeaders([
        ("Content-Type", "text/csv; charset=utf-8; header=present"),
        ("Content-Disposition", "attachment; filename=\"\(name)\""),
        ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"),
      ]), body: body)
  }

  /// A JSON value.
  static func json(_ status: Int, _ body: [UInt8]) -> HTTPResponse {
    HTTPResponse(
      status: status,
      headers: HTTPHeaders([
        ("Content-Type", "application/json"), ("Cache-Control", "no-store"),
      ]), body: body)
  }

  /// A file of the page, which may run only its own scripts and talk only to this server.
  static func page(_ type: String, _ body: [UInt8], policy: String) -> HTTPResponse {
    HTTPResponse(
      status: 200,
      headers: HTTPHeaders([
        ("Content-Type", type), ("Cache-Control", "no-cache"),
        ("Content-Security-Policy", policy), ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
      ]), body: body)
  }
}
