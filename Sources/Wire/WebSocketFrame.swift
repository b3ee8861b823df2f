/// The vocabulary of WebSocket: roles, opcodes, events, close codes, failures. Source: RFC 6455.

/// Which end of a connection one is: clients mask what they send, servers never do.
package enum WebSocketRole: Sendable {
  /// Receives masked frames only.
  case server
  /// Receives unmasked frames only.
  case client
}

/// What a frame is. Source: RFC 6455 section 5.2.
package enum WebSocketOpcode: UInt8, Sendable {
  /// A further fragment of a message.
  case continuation = 0x0
  /// UTF-8 text.
  case text = 0x1
  /// Bytes.
  case binary = 0x2
  /// The last frame of one direction.
  case close = 0x8
  /// Asks for a pong with the same bytes.
  case ping = 0x9
  /// Answers a ping, or comes unasked.
  case pong = 0xA

  /// Whether frames of this kind may stand between the fragments of a message.
  var isControl: Bool { rawValue & 0x8 != 0 }
}

/// Something complete that the peer sent.
package enum WebSocketEvent: Equatable, Sendable {
  /// A text message; the bytes are valid UTF-8.
  case text([UInt8])
  /// A message of bytes.
  case binary([UInt8])
  /// A ping, to be answered with a pong of the same ≤ 125 bytes.
  case ping([UInt8])
  /// A pong.
  case pong([UInt8])
  /// The peer closes; nothing comes after it. No code means that the frame had none (1005).
  case close(code: UInt16?, reason: String)
}

/// Why a connection ends, as a number. Source: RFC 6455 section 7.4, domain codes in the protocol.
package enum CloseCode {
  /// The purpose is fulfilled.
  package static let normal: UInt16 = 1000
  /// The server goes down or the page is left.
  package static let goingAway: UInt16 = 1001
  /// A frame broke the protocol.
  package static let protocolError: UInt16 = 1002
  /// A kind of data that is not taken.
  package static let unsupportedData: UInt16 = 1003
  /// Stands for a close frame without a code; never sent.
  package static let noStatus: UInt16 = 1005
  /// Stands for a lost connection; never sent.
  package static let abnormal: UInt16 = 1006
  /// Text that is not UTF-8.
  package static let invalidPayload: UInt16 = 1007
  /// A message against the rules of the server.
  package static let policyViolation: UInt16 = 1008
  /// A message too long.
  package static let messageTooBig: UInt16 = 1009
  /// An extension that the client needs was not agreed.
  package static let mandatoryExtension: UInt16 = 1010
  /// The server failed.
  package static let internalError: UInt16 = 1011
  /// The server restarts: connect again.
  package static let serviceRestart: UInt16 = 1012
  /// The server is overloaded: connect again later.
  package static let tryAgainLater: UInt16 = 1013

  /// Whether a close frame may carry this code.
  ///
  /// - Parameter code: 1000–1003, 1007–1014 (registered) and 3000–4999 (libraries, applications)
  ///   may.
  /// - Returns: whether it may.
  package static func isSendable(_ code: UInt16) -> Bool {
    switch code {
    case 1000...1003, 1007...1014, 3000...4999: true
    default: false
    }
  }
}

/// Why the bytes of a peer are no WebSocket frames that we take; the connection must fail.
package enum WebSocketError: Error, Equatable, Sendable {
  /// A reserved bit is set though no extension was agreed.
  case reservedBit
  /// An opcode that means nothing.
  case reservedOpcode
  /// A control frame in pieces.
  case fragmentedControl
  /// A control frame of more than 125 bytes.
  case oversizedControl
  /// A client's frame without a mask.
  case unmaskedFrame
  /// A server's frame with a mask.
  case maskedFrame
  /// A length written longer than needed.
  case wastefulLength
  /// A length of 2⁶³ or more.
  case impossibleLength
  /// A fragment of no message.
  case unexpectedContinuation
  /// A new message inside a fragmented one.
  case interleavedMessage
  /// A close frame of one byte, or with a code that must not be sent.
  case malformedClose
  /// Text, or the reason of a close frame, that is not UTF-8.
  case invalidUTF8
  /// A message, or the fragments of one so far, longer than the caller allows.
  case messageTooBig

  /// The code to close with.
  package var closeCode: UInt16 {
    switch self {
    case .invalidUTF8: CloseCode.invalidPayload
    case .messageTooBig: CloseCode.messageTooBig
    default: CloseCode.protocolError
    }
  }
}
