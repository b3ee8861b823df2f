// Asks a commission service, over one kept-alive connection, and believes only what it signed.
//
// Blocks its thread, at most for the time-out: connecting, asking and the whole answer together. One
// thread at a time. No retries but one: a connection that was kept may have been closed by the other
// side just now, and the same request on a new one is harmless, since it has the same answer. After
// any fault, a refusal too, the connection is dropped, so that a late answer meets nobody.

import Commerce
import Commission
import Crypto
import Notation
import Transport
import Wire

/// Where a commission service listens: plain HTTP on this machine, or a proxy that adds TLS.
package struct CommissionAddress: Equatable, Sendable, CustomStringConvertible {
  /// An IP address, or `localhost`.
  package let host: String
  /// 1…65535.
  package let port: UInt16

  /// Makes an address.
  ///
  /// - Parameters:
  ///   - host: an IP address, or `localhost`; names are not looked up.
  ///   - port: 1…65535.
  package init?(host: String, port: UInt16) {
    guard port > 0, InternetAddress(host: host, port: port) != nil else { return nil }
    self.host = host
    self.port = port
  }

  /// Reads `http://ADDRESS:PORT`, an IPv6 address in brackets.
  ///
  /// - Parameter url: without path, query or name of a user.
  package init?(url: String) {
    let scheme = "http://"
    guard url.hasPrefix(scheme) else { return nil }
    let authority = url.dropFirst(scheme.count)
    guard let colon = authority.lastIndex(of: ":") else { return nil }
    let digits = authority[authority.index(after: colon)...]
    var host = authority[..<colon]
    guard let port = UInt16(digits), String(port) == digits else { return nil }
    let hasBrackets = host.hasPrefix("[") && host.hasSuffix("]")
    if hasBrackets { host = host.dropFirst().dropLast() }
    guard hasBrackets == host.contains(":") else { return nil }
    self.init(host: String(host), port: port)
  }

  /// The URL, such as `http://127.0.0.1:9000`.
  package var description: String {
    host.contains(":") ? "http://[\(host)]:\(port)" : "http://\(host):\(port)"
  }
}

/// One connection to a commission service, made when it is wanted.
package final class CommissionClient {
  /// The path of settlements.
  package static let path = "/v1/settlements"
  /// The most bytes of an answer: 1,000 lines with 32 shares of some 230 bytes each.
  package static let answerBytesMax = 8_388_608
  /// How long one request may take, milliseconds, where nobody says otherwise.
  package static let timeoutMilliseconds: Int64 = 2_000

  private let address: CommissionAddress
  private let key: SigningSecret
  private let timeoutMilliseconds: Int64
  private let clock: @Sendable () -> Timestamp
  private let connection: KeptConnection

  /// Makes a client; nothing is connected yet.
  ///
  /// - Parameters:
  ///   - address: of the service.
  ///   - key: that both sides sign with.
  ///   - timeoutMilliseconds: for connecting, asking and the whole answer together, > 0.
  ///   - cutoff: ends every wait before its time; nil for never.
  ///   - clock: the moment, for signing and for judging signatures.
  package init(
    address: CommissionAddress, key: SigningSecret,
    timeout timeoutMilliseconds: Int64 = timeoutMilliseconds, cutoff: Cutoff? = nil,
    clock: @escaping @Sendable () -> Timestamp = wallClock
  ) {
    precondition(timeoutMilliseconds > 0, "an answer takes a while")
    self.address = address
    connection = KeptConnection(
      address, answerBytesMax: Self.answerBytesMax, cutoff: cutoff)
    self.key = key
    self.timeoutMilliseconds = timeoutMilliseconds
    self.clock = clock
  }

  /// Has a sale settled.
  ///
  /// - Parameter request: any; the same request may be sent again and again.
  /// - Returns: what the service signed, in the plan and the currency of the request; each line sums
  ///   to its net. Whether these are the nets of the sale, and the payees members of the storefront,
  ///   is not looked at here.
  /// - Throws: `DelegationFault`.
  package func settle(_ request: SettlementRequest) throws(DelegationFault) -> Settlement {
    let response = try send(request)
    do throws(DelegationFault) {
      return try judge(response, request)
    } catch {
      connection.drop()
      throw error
    }
  }

  private func send(_ request: SettlementRequest) throws(DelegationFault) -> HTTPResponse {
    let body = SettlementCodec.bytes(request)
    var headers = MessageSignature.headers(
      id: request.id, at: clock(), body: body, secret: key)
    headers.add("content-type", "application/json")
    let deadline = monotonicMilliseconds() + timeoutMilliseconds
    do throws(ClientError) {
      return try connection.post(Self.path, headers: headers, body: body, until: deadline)
    } catch {
      throw fault(error)
    }
  }

  private func judge(
    _ response: HTTPResponse, _ request: SettlementRequest
  ) throws(DelegationFault) -> Settlement {
    guard response.status == 200 || response.status == 422 else {
      throw .badStatus(response.status, body: DelegationFault.shown(response.body))
    }
    do throws(SignatureFault) {
      let signed = try MessageSignature.verify(
        response.headers, body: response.body, secrets: [key], now: clock())
      guard signed.id == request.id else { throw .foreignID(signed.id) }
    } catch {
      throw .badSignature(error)
    }
    let refusal: ServiceError
    do throws(CodecFault) {
      if response.status == 200 { return try settlement(response.body, request) }
      refusal = try ServiceError(response.body)
    } catch {
      throw .malformed(place: error.place, reason: error.reason)
    }
    throw .refused(code: refusal.code, message: refusal.message)
  }

  private func settlement(
    _ body: [UInt8], _ request: SettlementRequest
  ) throws(CodecFault) -> Settlement {
    let answer = try SettlementCodec.answer(body)
    guard answer.id == request.id else { throw CodecFault("id", "It answers another request.") }
    guard answer.settlement.plan == request.plan else {
      throw CodecFault("plan", "It is settled under another plan.")
    }
    guard answer.settlement.currency == request.sale.currency else {
      throw CodecFault("currency", "It is in another currency.")
    }
    return answer.settlement
  }

  private func fault(_ error: ClientError) -> DelegationFault {
    switch error {
    case .timedOut: .timedOut
    case .malformedHost: .unreachable("\(address.host) is no address")
    case .closed: .unreachable("the connection was closed")
    case .system(let error): .unreachable("\(error)")
    // What a TLS port or another protocol says is not a service that is well.
    case .http(.bodyTooLarge): .malformed(place: "", reason: "The answer is too long.")
    case .http(let error): .unreachable("what answers speaks no HTTP (\(error.code))")
    case .tls(let error): .unreachable("there is no secure connection (\(error))")
    case .webSocket, .refused, .handshake: .unreachable("what answers is no service")
    }
  }
}
