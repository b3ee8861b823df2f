// A running echo server for one test: loops on a port of their own, a journal, and a clock that
// stands still until the test moves it.
import EchoServer
import Synchronization
import Testing
import Transport
import Wire

/// One after the other, because one of them counts the descriptors of the process.
@Suite("Transport", .serialized)
enum TransportTests {}

/// Monotonic milliseconds that only a test moves.
final class ManualClock: Sendable {
  private let milliseconds = Atomic<Int64>(1_000_000)

  var now: Int64 { milliseconds.load(ordering: .acquiring) }

  func advance(_ by: Int64) { milliseconds.add(by, ordering: .acquiringAndReleasing) }
}

/// An echo server with everything a test needs to watch and disturb it.
final class TestServer {
  let journal = Journal()
  let clock = ManualClock()
  let loops: [Loop<EchoDelegate>]
  let port: UInt16
  /// Whom clients trust, where the server speaks TLS.
  var trust: TLSClientContext?

  init(
    loops count: Int = 1, host: String = "127.0.0.1",
    _ configure: (inout LoopConfiguration) -> Void = { _ in }
  ) throws {
    var configuration = LoopConfiguration(sha1: sha1)
    configuration.clock = { [clock] in clock.now }
    configure(&configuration)
    let address = try #require(InternetAddress(host: host, port: 0))
    let listeners = try Listener.open(address, count: count)
    port = listeners[0].address.port
    var loops: [Loop<EchoDelegate>] = []
    for (index, listener) in listeners.enumerated() {
      let loop = try Loop<EchoDelegate>(
        index: index, configuration: configuration, listener: listener)
      try loop.start { [journal] _, connections in
        EchoDelegate(connections, journal: journal)
      }
      loops.append(loop)
    }
    self.loops = loops
  }

  deinit { stop() }

  /// Cuts everything off and waits for the threads.
  func stop() {
    for loop in loops { loop.drain(withinMilliseconds: 0) }
    for loop in loops { loop.join() }
  }

  /// Waits until every loop has handled what was there when this was called.
  ///
  /// The first mark may be reached in a turn that began before; the second one cannot.
  func settle() {
    for _ in 0..<2 {
      let before = marks
      for loop in loops { loop.post(.mark) }
      #expect(journal.wait { _ in marks == before + loops.count })
    }
  }

  /// Moves the clock when everything before is handled, and returns when its consequences are.
  func advance(_ milliseconds: Int64) {
    settle()
    clock.advance(milliseconds)
    settle()
  }

  private var marks: Int { journal.all.filter { $0 == .marked }.count }

  func http() throws -> HTTPClient { try HTTPClient("127.0.0.1", port, tls: trust) }

  func webSocket(_ target: String = "/echo") throws -> WebSocketClient {
    try WebSocketClient("127.0.0.1", port, target, tls: trust, sha1: sha1)
  }

  /// A WebSocket together with its id on the server.
  func identifiedWebSocket() throws -> (client: WebSocketClient, id: ConnectionID) {
    let before = upgraded.count
    let client = try webSocket()
    #expect(journal.wait { _ in upgraded.count > before })
    return (client, try #require(upgraded.last))
  }

  var upgraded: [ConnectionID] {
    journal.all.compactMap { if case .upgraded(let id) = $0 { id } else { nil } }
  }

  var causes: [CloseCause] {
    journal.all.compactMap { if case .closed(_, let cause) = $0 { cause } else { nil } }
  }

  /// Waits until so many connections are over.
  func waitForClosed(_ count: Int) -> Bool { journal.wait { _ in causes.count >= count } }
}

/// Reads events until the end of the stream, answering a close frame.
///
/// - Returns: the code of the close frame, and whether the stream ended.
func closing(of client: WebSocketClient) -> (code: UInt16?, hasEnded: Bool) {
  var code: UInt16?
  while true {
    do {
      guard case .close(let received, _) = try client.receive() else { continue }
      code = received
      try client.close(code: received)
    } catch {
      return (code, error == .closed)
    }
  }
}
