/// Makes WebSocket frames: one allocation each, so that a frame is encoded once and shared.
///
/// Source: RFC 6455 section 5.2.
package enum WebSocketEncoder {
  /// One whole frame.
  ///
  /// - Parameters:
  ///   - opcode: what it is; a control frame takes ≤ 125 bytes and cannot be a fragment.
  ///   - payload: the bytes; for text, valid UTF-8.
  ///   - isFinal: false for a fragment that others follow.
  ///   - mask: nothing as a server; as a client four unpredictable bytes, most significant first.
  /// - Returns: the bytes to send.
  /// - Complexity: O(n), one allocation.
  package static func frame(
    _ opcode: WebSocketOpcode, _ payload: [UInt8], isFinal: Bool = true, mask: UInt32? = nil
  ) -> [UInt8] {
    precondition(
      !opcode.isControl || (payload.count <= 125 && isFinal), "a control frame is short and whole")
    let count = payload.count
    let lengthBytes = count <= 125 ? 0 : (count <= 0xFFFF ? 2 : 8)
    let headerBytes = 2 + lengthBytes + (mask == nil ? 0 : 4)
    return [UInt8](unsafeUninitializedCapacity: headerBytes + count) { buffer, initialized in
      let raw = UnsafeMutableRawBufferPointer(buffer)
      let maskBit: UInt8 = mask == nil ? 0 : 0x80
      raw[0] = (isFinal ? 0x80 : 0) | opcode.rawValue
      switch lengthBytes {
      case 0: raw[1] = maskBit | UInt8(count)
      case 2:
        raw[1] = maskBit | 126
        raw.storeBytes(of: UInt16(count).bigEndian, toByteOffset: 2, as: UInt16.self)
      default:
        raw[1] = maskBit | 127
        raw.storeBytes(of: UInt64(count).bigEndian, toByteOffset: 2, as: UInt64.self)
      }
      if let mask {
        raw.storeBytes(of: mask.bigEndian, toByteOffset: 2 + lengthBytes, as: UInt32.self)
      }
      let body = UnsafeMutableRawBufferPointer(rebasing: raw[headerBytes...])
      payload.withUnsafeBytes { body.copyMemory(from: $0) }
      if let mask {
        let key = UInt64(mask.bigEndian)
        applyMask(key << 32 | key, to: body)
      }
      initialized = headerBytes + count
    }
  }

  /// A whole text message.
  ///
  /// - Parameters:
  ///   - payload: valid UTF-8.
  ///   - mask: see `frame`.
  /// - Returns: the bytes to send.
  package static func text(_ payload: [UInt8], mask: UInt32? = nil) -> [UInt8] {
    frame(.text, payload, mask: mask)
  }

  /// A close frame.
  ///
  /// - Parameters:
  ///   - code: one that may be sent, or nothing for an empty frame.
  ///   - reason: cut at a character so that it fits in 123 bytes; dropped without a code.
  ///   - mask: see `frame`.
  /// - Returns: the bytes to send.
  package static func close(
    _ code: UInt16?, reason: String = "", mask: UInt32? = nil
  ) -> [UInt8] {
    guard let code else { return frame(.close, [], mask: mask) }
    precondition(CloseCode.isSendable(code), "this close code must not be sent")
    var payload = [UInt8(code >> 8), UInt8(code & 0xFF)]
    for scalar in reason.unicodeScalars {
      guard payload.count + UTF8.width(scalar) <= 125 else { break }
      payload.append(contentsOf: Array(String(scalar).utf8))
    }
    return frame(.close, payload, mask: mask)
  }
}
