// What a loop is told once, before it starts: limits, time-outs, and the two things it takes from
// outside (a clock and SHA-1). Plain values; any thread.

/// The limits and time-outs of a loop; the defaults suit a server on the open internet.
///
/// Times are milliseconds, kept with the precision of `sweepMilliseconds`.
package struct LoopConfiguration: Sendable {
  /// Connections of one loop, at most 2^24; one more is closed at once.
  package var connectionsMax = 65_536
  /// Body of a request; more is answered with 413.
  package var requestBodyBytesMax = 262_144
  /// What the incomplete requests of all connections together may keep; whose body is beyond it is
  /// answered with 503.
  package var partialBodiesBytesMax = 67_108_864
  /// An assembled WebSocket message; more is answered with 1009.
  package var messageBytesMax = 65_536
  /// What may wait to be sent to one WebSocket; more is answered with 3008.
  package var queueBytesMax = 1_048_576
  /// How old the oldest waiting frame may become; more is answered with 3008.
  package var queueAgeMilliseconds: Int64 = 10_000
  /// A queue that had more waiting and shrinks to this is reported as writable.
  package var queueLowWaterBytes = 65_536
  /// The certificate to show; nil for plain connections.
  package var tls: TLSIdentity?
  /// From the opening of a connection to the end of its handshake of TLS.
  package var handshakeMilliseconds: Int64 = 5_000
  /// Headers that every answer of the delegate gets.
  package var standingHeaders: [(name: String, value: String)] = []
  /// From the first byte of a request (or from the opening) to the end of its header.
  package var headerMilliseconds: Int64 = 5_000
  /// How long a draining loop waits for the first request of a connection it has just accepted.
  package var firstRequestMilliseconds: Int64 = 500
  /// From the end of the header to the end of the body.
  package var bodyMilliseconds: Int64 = 30_000
  /// From an answer to the first byte of the next request.
  package var keepAliveMilliseconds: Int64 = 60_000
  /// From a request to the delegate's answer.
  package var responseMilliseconds: Int64 = 60_000
  /// From the first byte of a WebSocket message (or fragment, or frame) to its end; more is closed with
  /// 1008.
  package var messageMilliseconds: Int64 = 30_000
  /// How long a WebSocket may be silent before it is pinged.
  package var pingMilliseconds: Int64 = 25_000
  /// How long it may stay silent after that.
  package var pongMilliseconds: Int64 = 8_000
  /// How long a closing connection may take.
  package var closeMilliseconds: Int64 = 5_000
  /// How often deadlines are looked at.
  package var sweepMilliseconds: Int64 = 1_000
  /// Connections accepted in one turn before others are served.
  package var acceptsPerTurnMax = 64
  /// Whether binary messages reach the delegate; otherwise they are answered with 1003.
  package var takesBinaryMessages = false
  /// Counts connections of one address over all loops that share it; nil for no limit.
  package var quota: AddressQuota?
  /// How fast one address may open connections, over all loops that share it; nil for as it likes.
  package var openings: AddressPaces?
  /// Monotonic milliseconds; asked once a turn.
  package var clock: @Sendable () -> Int64 = monotonicMilliseconds
  /// SHA-1 of some bytes, 20 bytes, for the WebSocket handshake (RFC 6455 section 1.3).
  package var sha1: @Sendable ([UInt8]) -> [UInt8]

  /// Makes the default configuration.
  ///
  /// - Parameter sha1: SHA-1 of some bytes, 20 bytes.
  package init(sha1: @escaping @Sendable ([UInt8]) -> [UInt8]) { self.sha1 = sha1 }
}
