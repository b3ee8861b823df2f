// What a loop tells its owner. One delegate belongs to one loop, is made on that loop's thread,
// called only there and released there; so it needs no locks and need not be `Sendable`.

import Wire

/// Serves the connections of one loop.
package protocol LoopDelegate: AnyObject, SendableMetatype {
  /// What other threads post to this loop.
  associatedtype Message: Sendable

  /// A connection has been accepted.
  ///
  /// - Returns: false to close it at once; `connectionClosed` is not called for it then.
  func connectionOpened(_ id: ConnectionID, address: InternetAddress) -> Bool

  /// The header of a request has come, and its body has not: whether to read it.
  ///
  /// Called at most once for a request, and not where the body came along with the header.
  /// - Parameters:
  ///   - head: the request without its body.
  ///   - id: on this connection.
  /// - Returns: what to do.
  func headReceived(_ head: HTTPRequest, on id: ConnectionID) -> BodyDecision

  /// A whole request has come; answer now or later, once, with `Connections.respond`.
  func requestReceived(_ request: HTTPRequest, on id: ConnectionID)

  /// A client wants to speak WebSocket.
  func upgradeRequested(_ request: HTTPRequest, on id: ConnectionID) -> UpgradeDecision

  /// The 101 has been sent: from here on frames may be sent.
  func webSocketOpened(_ id: ConnectionID)

  /// A whole text message has come; it is valid UTF-8.
  func messageReceived(_ text: [UInt8], on id: ConnectionID)

  /// A whole binary message has come; only where the configuration takes them.
  func binaryMessageReceived(_ bytes: [UInt8], on id: ConnectionID)

  /// All that had come before this turn has been handed over: the moment to pass on what was gathered.
  func inboundServed()

  /// Nothing more will come from this connection, and nothing more is sent to it.
  ///
  /// Called once for each connection that was opened, soon after the decision, not within the call
  /// that caused it; the socket may stay open a little longer to say good-bye.
  func connectionClosed(_ id: ConnectionID, cause: CloseCause)

  /// Another thread has posted this; in the order of posting for each poster.
  func messagePosted(_ message: Message)

  /// The moment that the delegate asked for has come; also called once at the start.
  ///
  /// - Parameter now: monotonic milliseconds.
  /// - Returns: when to call again, or nil for not until `Connections.requestDeadline`.
  func deadlineReached(at now: Int64) -> Int64?

  /// A queue that was long has become short: see `LoopConfiguration.queueLowWaterBytes`.
  func writable(_ id: ConnectionID)

  /// All that was ready in this turn has been handled: the moment to send what was gathered.
  func turnEnded(at now: Int64)
}

extension LoopDelegate {
  /// Reads every body that the configuration allows.
  package func headReceived(_ head: HTTPRequest, on id: ConnectionID) -> BodyDecision {
    .read(bytesMax: .max)
  }
  /// Does nothing.
  package func webSocketOpened(_ id: ConnectionID) {}
  /// Does nothing.
  package func binaryMessageReceived(_ bytes: [UInt8], on id: ConnectionID) {}
  /// Does nothing.
  package func inboundServed() {}
  /// Asks for no further call.
  package func deadlineReached(at now: Int64) -> Int64? { nil }
  /// Does nothing.
  package func writable(_ id: ConnectionID) {}
  /// Does nothing.
  package func turnEnded(at now: Int64) {}
}

/// What to do with a body that is still to come.
package enum BodyDecision: Sendable {
  /// Read it, where it is no longer than this and than the configuration allows.
  case read(bytesMax: Int)
  /// Refuse the request now; the response is sent and the connection closed.
  case refuse(HTTPResponse)
}

/// The answer to a client that wants to speak WebSocket.
package enum UpgradeDecision: Sendable {
  /// Yes, with one of the subprotocols that the client offered, or none.
  case accept(subprotocol: String?)
  /// No; the response is sent and the connection stays HTTP.
  case refuse(HTTPResponse)
}

/// Why a connection was closed; for counting, not for the client.
package enum CloseCause: String, Hashable, Sendable, CaseIterable {
  /// The client closed, with or without a close frame.
  case peer = "peer"
  /// The delegate closed, or answered the last request.
  case local = "local"
  /// The client broke HTTP or the WebSocket protocol, or sent too much.
  case violation = "violation"
  /// The client read too slowly.
  case slowConsumer = "slow_consumer"
  /// The client was silent or slow for too long.
  case timeout = "timeout"
  /// The network failed.
  case broken = "broken"
  /// The server stops.
  case drain = "drain"
}
