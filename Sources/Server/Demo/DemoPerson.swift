// One played person: a WebSocket session, called and answered one thing after the other. What is pushed
// in between is taken off the socket, as a page would take it, and forgotten. One thread.

import Commerce
import Crypto
import Notation
import Transport
import Wire

/// A session of the demonstration's crowd.
final class DemoPerson {
  /// Why a call has no result.
  enum Failure: Error {
    /// The server said no; its code.
    case refused(String)
    /// There is no connection, or what came was none of the protocol.
    case gone
  }

  /// Who it is.
  let id: PersonID
  /// The room that they are in.
  var room: String?
  /// Milliseconds of the monotonic clock at which they go home.
  var leavesAt: Int64 = .max
  private let client: WebSocketClient
  private var lastCall: Int64 = 0
  private static let patienceMilliseconds: Int64 = 5_000

  /// Comes in.
  ///
  /// - Throws: `Failure`.
  init(_ id: PersonID, _ scopes: Token.Scopes, _ venue: DemoVenue) throws(Failure) {
    self.id = id
    guard let token = try? venue.token(id, scopes),
      let client = try? WebSocketClient(
        venue.host, venue.port, "/v1/socket", timeoutMilliseconds: Self.patienceMilliseconds,
        sha1: SHA1.digest)
    else { throw .gone }
    self.client = client
    _ = try call("session.open", ["token": .string(token)])
  }

  /// Calls a method and waits for its result.
  ///
  /// - Throws: `Failure`.
  func call(_ method: String, _ parameters: JSON) throws(Failure) -> JSON {
    lastCall += 1
    let message = RemoteReply.call(id: .integer(lastCall), method, parameters.bytes)
    let end = monotonicMilliseconds() + Self.patienceMilliseconds
    guard (try? client.send(.text, message)) != nil else { throw .gone }
    while monotonicMilliseconds() < end {
      guard let text = try? client.receiveText(timeoutMilliseconds: Self.patienceMilliseconds),
        let arrivals = RemoteArrival.read(Array(text.utf8))
      else { throw .gone }
      for arrival in arrivals {
        switch arrival {
        case .result(id: .integer(lastCall), let result): return result
        case .failure(id: .integer(lastCall)?, let fault): throw .refused(fault.code)
        default: continue
        }
      }
    }
    throw .gone
  }

  /// Takes what was pushed off the socket.
  ///
  /// - Returns: false where the connection has ended.
  func takePushes() -> Bool {
    do throws(ClientError) {
      while true {
        if case .close = try client.receive(timeoutMilliseconds: 0) { return false }
      }
    } catch {
      return error == .timedOut
    }
  }

  /// Goes, as a browser does whose page is closed.
  func leave() { try? client.close() }
}
