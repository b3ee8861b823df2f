// Bytes ready to be sent, shared by reference: a frame is encoded once, and every connection and
// loop that sends it holds the same array. Immutable, so any thread may hold it.
import Wire

/// An immutable run of bytes that goes to a connection whole or, where it closes, not at all.
package struct Frame: Sendable {
  /// What is sent, framing included.
  package let bytes: [UInt8]

  /// Takes bytes that are already framed.
  ///
  /// - Parameter bytes: a whole WebSocket frame, or a whole HTTP message.
  package init(encoded bytes: [UInt8]) { self.bytes = bytes }

  /// Frames a text message as a server does: whole and unmasked. Source: RFC 6455 section 5.6.
  ///
  /// - Parameter text: valid UTF-8.
  package init(text: [UInt8]) { bytes = WebSocketEncoder.text(text) }

  /// Frames a binary message as a server does.
  ///
  /// - Parameter binary: any bytes.
  package init(binary: [UInt8]) { bytes = WebSocketEncoder.frame(.binary, binary) }
}
