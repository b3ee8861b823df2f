// Stands for the other systems of the demonstration's storefront, its books and its warehouse: a receiver
// of webhooks as Protocol/webhooks.md wants one, on the loopback address and a thread of its own. It
// checks every signature, that the event is one of this endpoint, and that the postings sum to zero;
// now and then it has no time, so that attempts and their waits are to be seen.

import Commerce
import Coordination
import Crypto
import Ledger
import Notation
import Transport
import Wire

/// The receiver of the demonstration, which is running.
package final class DemoReceiver: Sendable {
  /// Is told of everything.
  static let books = EndpointID(trusted: "books")
  /// Is told of what has to be sent and what comes back.
  static let warehouse = EndpointID(trusted: "warehouse")

  /// Its endpoints, with a secret that was made for this run.
  package let endpoints: [WebhookEndpoint]
  private let loop: Loop<DemoReceiverLoop>

  private init(_ endpoints: [WebhookEndpoint], _ loop: Loop<DemoReceiverLoop>) {
    self.endpoints = endpoints
    self.loop = loop
  }

  /// Starts to receive.
  ///
  /// - Returns: the receiver; `endpoints` say where it is.
  /// - Throws: `SystemError` or `CryptoError`.
  package static func start() throws -> DemoReceiver {
    guard let wanted = InternetAddress(host: "127.0.0.1", port: 0) else {
      preconditionFailure("the loopback address is one")
    }
    let listener = try Listener.open(wanted, count: 1)[0]
    guard let address = CommissionAddress(host: "127.0.0.1", port: listener.address.port),
      let secret = SigningSecret(
        SigningSecret.prefix + Base64.encode(try randomBytes(32), .standard))
    else { preconditionFailure("a port that was chosen and 32 bytes are valid") }
    let kinds: [(EndpointID, [CauseKind]?)] = [(books, nil), (warehouse, [.sale, .refund])]
    let endpoints = kinds.map { id, kinds in
      WebhookEndpoint(
        key: WebhookKey(storefront: Demo.storefront, endpoint: id), address: address,
        path: "/\(id)", secrets: [secret], kinds: kinds, from: nil)
    }
    let loop = try Loop<DemoReceiverLoop>(
      index: 0, configuration: LoopConfiguration(sha1: SHA1.digest(of:)), listener: listener)
    let desk = DemoReceiverDesk(endpoints)
    try loop.start { _, connections in DemoReceiverLoop(connections, desk) }
    return DemoReceiver(endpoints, loop)
  }

  /// Answers what is in flight and ends; blocks until it has.
  package func stop() {
    loop.drain(withinMilliseconds: 1_000)
    loop.join()
  }
}

/// What the receiver makes of each message; it remembers one event for each endpoint. One thread.
struct DemoReceiverDesk {
  /// Every so many events there is no time.
  static let busyEvery: Int64 = 40
  /// How often an event is sent away then, before it is taken.
  static let busyTimes = 4

  private let endpoints: [WebhookEndpoint]
  /// The event that was sent away last, and how often.
  private var busy: [EndpointID: (sequence: Int64, times: Int)] = [:]

  init(_ endpoints: [WebhookEndpoint]) { self.endpoints = endpoints }

  /// Answers one message.
  ///
  /// - Parameters:
  ///   - request: complete.
  ///   - now: the moment.
  /// - Returns: 204 where it is taken.
  mutating func response(to request: HTTPRequest, now: Timestamp) -> HTTPResponse {
    guard let endpoint = endpoints.first(where: { $0.path == request.target.path }) else {
      return .text(404, "nothing is here")
    }
    guard request.method == .post else { return .text(405, "events are posted") }
    let id: String
    do throws(SignatureFault) {
      id = try MessageSignature.verify(
        request.headers, body: request.body, secrets: endpoint.secrets, now: now
      ).id
    } catch {
      return .text(401, error.sentence)
    }
    guard let data = try? JSON.read(request.body)["data"],
      let sequence = data["sequence"]?.integer, let postings = data["postings"]?.elements,
      id == WebhookMessage.id(endpoint.key, sequence)
    else { return .text(422, "this is no event of this endpoint") }
    let amounts = postings.compactMap { $0["amount"]?.integer }
    guard amounts.count == postings.count, amounts.reduce(0, &+) == 0 else {
      return .text(422, "the postings do not sum to zero")
    }
    return hasTime(for: sequence, endpoint.key.endpoint)
      ? HTTPResponse(status: 204) : .text(503, "stock-taking, ask again soon")
  }

  private mutating func hasTime(for sequence: Int64, _ endpoint: EndpointID) -> Bool {
    guard sequence % Self.busyEvery == 0 else { return true }
    var last = busy[endpoint] ?? (sequence, 0)
    if last.sequence != sequence { last = (sequence, 0) }
    guard last.times < Self.busyTimes else { return true }
    last.times += 1
    busy[endpoint] = last
    return false
  }
}

/// The receiver's loop, which answers on its own thread.
private final class DemoReceiverLoop: LoopDelegate {
  typealias Message = Never

  private let connections: Connections
  private var desk: DemoReceiverDesk

  init(_ connections: Connections, _ desk: DemoReceiverDesk) {
    self.connections = connections
    self.desk = desk
  }

  func connectionOpened(_ id: ConnectionID, address: InternetAddress) -> Bool { true }

  func requestReceived(_ request: HTTPRequest, on id: ConnectionID) {
    connections.respond(desk.response(to: request, now: wallClock()), to: id)
  }

  func upgradeRequested(_ request: HTTPRequest, on id: ConnectionID) -> UpgradeDecision {
    .refuse(.text(404, "nothing is here"))
  }

  func messageReceived(_ text: [UInt8], on id: ConnectionID) {}

  func connectionClosed(_ id: ConnectionID, cause: CloseCause) {}

  func messagePosted(_ message: Never) {}
}
