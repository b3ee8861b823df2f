// A server that echoes, for the tests of the transport and for conformance suites.
//
// HTTP: `/hello` greets, `/echo` returns the body, `/late` is answered when the test says so,
// `/bytes?count=N` returns N bytes, anything else is 404. WebSocket: `/closed` is refused,
// everything else echoes. What happens is written to a journal that a test can wait on.
import Dispatch
import Synchronization
import Transport
import Wire

/// What happened on a loop, in order; any thread may read it and wait for more.
package final class Journal: Sendable {
  /// One thing that happened.
  package enum Entry: Equatable, Sendable {
    /// A connection was accepted.
    case opened(ConnectionID)
    /// A connection became a WebSocket.
    case upgraded(ConnectionID)
    /// A request came; its path.
    case request(String)
    /// A connection is over.
    case closed(ConnectionID, CloseCause)
    /// A long queue became short.
    case writable(ConnectionID)
    /// What became of a frame that the test had sent, and how much waits.
    case sent(String, queuedBytes: Int)
    /// The test's mark was reached.
    case marked
    /// The delegate was released.
    case ended
  }

  private let entries = Mutex<[Entry]>([])
  private let changed = DispatchSemaphore(value: 0)

  /// Makes an empty journal.
  package init() {}

  /// Everything so far.
  package var all: [Entry] { entries.withLock { $0 } }

  func write(_ entry: Entry) {
    entries.withLock { $0.append(entry) }
    changed.signal()
  }

  /// Waits until something is true of the journal; one thread at a time.
  ///
  /// - Parameter isDone: asked again after each entry.
  /// - Returns: false where ten seconds were not enough.
  package func wait(until isDone: ([Entry]) -> Bool) -> Bool {
    let deadline = DispatchTime.now() + .seconds(10)
    while !isDone(all) {
      if changed.wait(timeout: deadline) == .timedOut { return isDone(all) }
    }
    return true
  }
}

/// What a test tells the server.
package enum EchoOrder: Sendable {
  /// Send a frame to one connection, open or not.
  case send(Frame, ConnectionID)
  /// Send a frame to every WebSocket.
  case broadcast(Frame)
  /// Answer every request for `/late`.
  case answerLate
  /// Write a mark into the journal.
  case mark
  /// Close one connection.
  case close(ConnectionID, code: UInt16, reason: String)
}

/// Echoes.
package final class EchoDelegate: LoopDelegate {
  private let connections: Connections
  private let journal: Journal?
  private var webSockets: Set<ConnectionID> = []
  private var late: [ConnectionID] = []

  /// Makes a delegate.
  ///
  /// - Parameters:
  ///   - connections: of its loop.
  ///   - journal: where to write what happens; nil for nowhere.
  package init(_ connections: Connections, journal: Journal?) {
    self.connections = connections
    self.journal = journal
  }

  deinit { journal?.write(.ended) }

  /// Takes everybody.
  package func connectionOpened(_ id: ConnectionID, address: InternetAddress) -> Bool {
    journal?.write(.opened(id))
    return true
  }

  /// Answers by the path.
  package func requestReceived(_ request: HTTPRequest, on id: ConnectionID) {
    journal?.write(.request(request.target.path))
    switch request.target.path {
    case "/hello":
      connections.respond(HTTPResponse(status: 200, body: Array("hello".utf8)), to: id)
    case "/echo": connections.respond(HTTPResponse(status: 200, body: request.body), to: id)
    case "/late": late.append(id)
    case "/bytes":
      let count = request.target["count"].flatMap { Int($0) } ?? 0
      let body = [UInt8](repeating: UInt8(ascii: "x"), count: count)
      connections.respond(HTTPResponse(status: 200, body: body), to: id)
    default: connections.respond(HTTPResponse(status: 404), to: id)
    }
  }

  /// Takes everything but `/closed`.
  package func upgradeRequested(
    _ request: HTTPRequest, on id: ConnectionID
  ) -> UpgradeDecision {
    request.target.path == "/closed"
      ? .refuse(HTTPResponse(status: 403)) : .accept(subprotocol: WebSocketHandshake.subprotocol)
  }

  /// Remembers it for broadcasts.
  package func webSocketOpened(_ id: ConnectionID) {
    webSockets.insert(id)
    journal?.write(.upgraded(id))
  }

  /// Sends it back.
  package func messageReceived(_ text: [UInt8], on id: ConnectionID) {
    connections.sendText(text, to: id)
  }

  /// Sends it back.
  package func binaryMessageReceived(_ bytes: [UInt8], on id: ConnectionID) {
    connections.send(Frame(binary: bytes), to: id)
  }

  /// Notes it.
  package func connectionClosed(_ id: ConnectionID, cause: CloseCause) {
    webSockets.remove(id)
    journal?.write(.closed(id, cause))
  }

  /// Obeys.
  package func messagePosted(_ message: EchoOrder) {
    switch message {
    case .send(let frame, let id):
      let outcome = connections.send(frame, to: id)
      journal?.write(.sent("\(outcome)", queuedBytes: connections.queuedBytes(id)))
    case .broadcast(let frame):
      for id in webSockets { connections.send(frame, to: id) }
    case .mark: journal?.write(.marked)
    case .answerLate:
      let ids = late
      late = []
      for id in ids {
        connections.respond(HTTPResponse(status: 200, body: Array("late".utf8)), to: id)
      }
    case .close(let id, let code, let reason):
      connections.close(id, code: code, reason: reason)
    }
  }

  /// Notes it.
  package func writable(_ id: ConnectionID) { journal?.write(.writable(id)) }
}
