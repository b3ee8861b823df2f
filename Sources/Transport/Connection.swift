// One row of a loop's table of connections. A row is some hundred bytes and owns no memory while
// its connection is idle: decoders exist only while a request or a message is incomplete, queues
// only while the socket is full.
import Wire

/// The state of one connection.
struct Connection {
  /// Where a connection is in its life; it only ever moves downwards, but for a slot's reuse.
  enum Phase: UInt8 {
    /// The slot has no connection.
    case free
    /// Requests and responses.
    case http
    /// Frames.
    case webSocket
    /// A close frame is sent or queued; the peer's is awaited and everything else discarded.
    case closing
    /// What is queued goes out, then our direction ends; input is discarded until the peer ends.
    case lingering
  }

  /// What `deadline` is about.
  enum Timer: UInt8 {
    case handshake, header, body, idle, response, ping, pong, close
  }

  struct Flags: OptionSet {
    let rawValue: UInt8
    /// The kernel may have input for us.
    static let readable = Flags(rawValue: 1)
    /// The kernel has reported that the peer ends or the connection breaks: read to the very end.
    static let ending = Flags(rawValue: 2)
    /// The peer's end has been read.
    static let ended = Flags(rawValue: 4)
    /// A request is with the delegate.
    static let inFlight = Flags(rawValue: 8)
    /// The request in flight is `HEAD`.
    static let isHead = Flags(rawValue: 16)
    /// The request in flight allows another one after it.
    static let keepsAlive = Flags(rawValue: 32)
    /// The queue was above the low-water mark.
    static let congested = Flags(rawValue: 64)
    /// `connectionClosed` has been announced, or never will be.
    static let announced = Flags(rawValue: 128)
  }

  /// A decoder that has begun something; on the heap so that rows without one stay small.
  final class Requests {
    var decoder: HTTPRequestDecoder
    private let held: HeldBytes
    private var counted = 0

    init(_ decoder: HTTPRequestDecoder, _ held: HeldBytes) {
      self.decoder = decoder
      self.held = held
    }

    /// Counts what the decoder keeps now.
    func count() {
      let present = decoder.bytesHeld
      held.bytes += present - counted
      counted = present
    }

    deinit { held.bytes -= counted }
  }

  /// What all incomplete requests of a loop keep. The loop's thread only.
  final class HeldBytes {
    var bytes = 0
  }

  /// A decoder that has begun something; on the heap so that rows without one stay small.
  final class Messages {
    var decoder: WebSocketDecoder
    /// When what is incomplete began, at the earliest.
    var since: Int64
    init(_ decoder: WebSocketDecoder, since: Int64) {
      self.decoder = decoder
      self.since = since
    }
  }

  var channel = ByteChannel(descriptor: -1)
  var generation: UInt32 = 0
  var phase = Phase.free
  var timer = Timer.header
  var flags: Flags = []
  /// Monotonic milliseconds.
  var deadline = Int64.max
  /// When the peer was last heard; only kept for WebSockets.
  var lastHeard: Int64 = 0
  var network: InternetAddress.Network?
  var queue = OutgoingQueue()
  var requests: Requests?
  var messages: Messages?

  /// Whether something still waits for room in the socket.
  @inline(__always)
  var hasOutput: Bool { !queue.isEmpty || channel.holdsBytes }
}

/// Something that a client sent, for the loop to hand to its delegate.
enum Inbound {
  /// A header whose body is still to come.
  case head(HTTPRequest)
  case request(HTTPRequest)
  case upgrade(HTTPRequest)
  case text([UInt8])
  case binary([UInt8])
}

/// Something that a loop tells its delegate when the present call is over.
enum Notice {
  case closed(ConnectionID, CloseCause)
  case writable(ConnectionID)
}

/// What became of a frame that was given to a connection.
package enum SendOutcome: Sendable {
  /// The kernel has all of it.
  case sent
  /// It waits for room.
  case queued
  /// The connection is closed or closing, or just became so; nothing of it will arrive.
  case dropped
}
