// The shipped commission module behind the wire form of Protocol/commission-service.md: what a
// storefront's server asks when its sales are settled elsewhere.
//
// It remembers nothing: the same request has the same answer by purity, so nothing here needs a
// database, and any number of services may stand behind one address. Checked in this order: path and
// method (404, 405), signature and time (401, the only answer here that is not signed), form (400),
// that it can be settled (422), that the answer is short enough (422). A body that is too long is
// refused by the transport (413) before it is all here. A value; any thread.

import Commerce
import Commission
import Crypto
import Transport
import Wire

/// Answers requests for settlements.
package struct CommissionService: Sendable {
  /// The most bytes of a request.
  package static let requestBytesMax = 8_388_608

  private let keys: CommissionKeys
  private let clock: @Sendable () -> Timestamp

  /// Makes a service.
  ///
  /// - Parameters:
  ///   - keys: at least one; whoever signs with one of them is served, and answered with the same.
  ///   - clock: the moment, for judging and signing.
  package init(keys: CommissionKeys, clock: @escaping @Sendable () -> Timestamp = wallClock) {
    precondition(!keys.secrets.isEmpty, "a service without keys serves nobody")
    self.keys = keys
    self.clock = clock
  }

  /// Answers one request.
  ///
  /// - Parameter request: complete.
  /// - Returns: the response; every one to a genuine request is signed.
  package func response(to request: HTTPRequest) -> HTTPResponse {
    switch request.target.path {
    case "/livez" where request.method == .get || request.method == .head:
      return .text(200, "alive\n")
    case CommissionClient.path where request.method == .post: return settlement(request)
    case CommissionClient.path, "/livez":
      var response = unsigned(405, ServiceError("method_not_allowed", "Not with this method."))
      response.headers.add("Allow", request.target.path == "/livez" ? "GET, HEAD" : "POST")
      return response
    default: return unsigned(404, ServiceError("not_found", "There is nothing at this path."))
    }
  }

  private func settlement(_ request: HTTPRequest) -> HTTPResponse {
    let secrets = keys.secrets
    let signed: (id: String, secret: Int)
    do throws(SignatureFault) {
      signed = try MessageSignature.verify(
        request.headers, body: request.body, secrets: secrets, now: clock())
    } catch {
      return unsigned(401, ServiceError(error.code, error.sentence))
    }
    var (status, body) = outcome(of: request.body, id: signed.id)
    if body.count > CommissionClient.answerBytesMax {
      let error = ServiceError("answer_too_long", "The settlement would be too long to send.")
      (status, body) = (422, error.json.bytes)
    }
    var headers = MessageSignature.headers(
      id: signed.id, at: clock(), body: body, secret: secrets[signed.secret])
    headers.add("Content-Type", "application/json")
    headers.add("Cache-Control", "no-store")
    return HTTPResponse(status: status, headers: headers, body: body)
  }

  private func outcome(of body: [UInt8], id: String) -> (status: Int, body: [UInt8]) {
    func refusal(_ status: Int, _ code: String, _ message: String) -> (Int, [UInt8]) {
      (status, ServiceError(code, message).json.bytes)
    }
    let request: SettlementRequest
    do throws(CodecFault) { request = try SettlementCodec.request(body) } catch {
      return refusal(400, "malformed_request", error.reason)
    }
    guard request.id == id else {
      return refusal(400, "foreign_id", "The id in the body is not that in the header.")
    }
    let plan: Plan
    do throws(PlanError) { plan = try Plan(document: request.planDocument) } catch {
      return refusal(422, "plan_refused", error.description)
    }
    guard plan.reference == request.plan else {
      return refusal(422, "foreign_plan", "The document describes \(plan.reference).")
    }
    do throws(SettlementRefusal) {
      let settlement = try plan.settle(request.sale, request.snapshot)
      return (200, SettlementCodec.json(settlement, id: id).bytes)
    } catch {
      return refusal(422, error.code, error.sentence)
    }
  }

  private func unsigned(_ status: Int, _ error: ServiceError) -> HTTPResponse {
    HTTPResponse(
      status: status,
      headers: HTTPHeaders([
        ("Content-Type", "application/json"), ("Cache-Control", "no-store"),
      ]), body: error.json.bytes)
  }
}

extension SettlementRefusal {
  /// Says what is wrong to whoever sent the sale; lines are counted from 0, as in the request.
  fileprivate var sentence: String {
    switch self {
    case .lineCountOutOfRange(let count): "A sale has 1 to \(Sale.linesMax) lines, not \(count)."
    case .amountOutOfRange(let line): "An amount of line \(line) is out of range."
    case .refundExceedsPaid(let line): "Line \(line) gives back more than was paid."
    case .rateOutOfRange(let line, let allowed):
      "The rate of line \(line) is outside \(allowed.lowerBound)…\(allowed.upperBound) ppm."
    case .foreignSnapshot(let plan): "The snapshot was taken under \(plan), or by another ladder."
    }
  }
}

/// Serves a commission service on one loop; it settles on the loop's own thread.
final class CommissionServiceLoop: LoopDelegate {
  typealias Message = Never

  private let connections: Connections
  private let service: CommissionService

  init(_ connections: Connections, _ service: CommissionService) {
    self.connections = connections
    self.service = service
  }

  func connectionOpened(_ id: ConnectionID, address: InternetAddress) -> Bool { true }

  func requestReceived(_ request: HTTPRequest, on id: ConnectionID) {
    connections.respond(service.response(to: request), to: id)
  }

  func upgradeRequested(_ request: HTTPRequest, on id: ConnectionID) -> UpgradeDecision {
    .refuse(service.response(to: request))
  }

  func messageReceived(_ text: [UInt8], on id: ConnectionID) {}

  func connectionClosed(_ id: ConnectionID, cause: CloseCause) {}

  func messagePosted(_ message: Never) {}
}

extension CommissionService {
  /// A service that accepts connections.
  package final class Running: Sendable {
    /// Where it listens, with the port that the system chose.
    package let address: InternetAddress
    private let loop: Loop<CommissionServiceLoop>

    fileprivate init(address: InternetAddress, loop: Loop<CommissionServiceLoop>) {
      self.address = address
      self.loop = loop
    }

    /// Answers what is in flight and ends; blocks until it has.
    ///
    /// - Parameter milliseconds: how long that may take.
    package func stop(withinMilliseconds milliseconds: Int64 = 5_000) {
      loop.drain(withinMilliseconds: milliseconds)
      loop.join()
    }
  }

  /// Starts to serve on a thread of its own.
  ///
  /// - Parameter address: port 0 takes any free one.
  /// - Returns: the running service.
  /// - Throws: the system's reason, such as an address in use.
  package func start(on address: InternetAddress) throws(SystemError) -> Running {
    let listener = try Listener.open(address, count: 1)[0]
    var configuration = LoopConfiguration(sha1: SHA1.digest(of:))
    configuration.requestBodyBytesMax = Self.requestBytesMax
    let loop = try Loop<CommissionServiceLoop>(
      index: 0, configuration: configuration, listener: listener)
    try loop.start { _, connections in CommissionServiceLoop(connections, self) }
    return Running(address: listener.address, loop: loop)
  }
}
