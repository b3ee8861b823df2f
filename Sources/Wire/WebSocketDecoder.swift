/// Turns the bytes of a WebSocket peer into events, however the bytes were cut.
///
/// A failure is reported as soon as the bytes allow no other outcome: a length at its header, broken
/// UTF-8 inside a fragment that has not ended. Payload is unmasked as it arrives, so no frame is held
/// twice. After a close frame everything is ignored; a failure is final. No I/O; owned by one thread
/// at a time. Source: RFC 6455 sections 5, 7.4, 8.1.
package struct WebSocketDecoder: Sendable {
  /// The frame being read.
  private struct Frame: Sendable {
    let opcode: WebSocketOpcode
    let isFinal: Bool
    /// Payload bytes still to come.
    var remaining: Int
    /// The mask turned so that its lowest byte in memory belongs to the next payload byte.
    var mask: UInt64
  }

  private enum Ending: Sendable {
    case closed
    case failed(WebSocketError)
  }

  private let expectsMask: Bool
  private let messageBytesMax: Int
  private var bytes: [UInt8] = []
  private var start = 0
  private var frame: Frame?
  /// What the fragments so far are part of.
  private var messageOpcode: WebSocketOpcode?
  private var message: [UInt8] = []
  private var control: [UInt8] = []
  private var validator = UTF8Validator()
  private var ending: Ending?

  /// Makes a decoder at the beginning of the frames.
  ///
  /// - Parameters:
  ///   - role: our end; a server demands masks, a client refuses them.
  ///   - messageBytesMax: how long an assembled message may be.
  package init(role: WebSocketRole, messageBytesMax: Int) {
    expectsMask = role == .server
    self.messageBytesMax = messageBytesMax
  }

  /// Takes bytes as they came; call `next` until it returns nothing.
  ///
  /// - Parameter more: copied.
  package mutating func feed(_ more: UnsafeRawBufferPointer) {
    guard ending == nil else { return }
    if start == bytes.count {
      // A burst must not keep its memory for the life of the connection.
      bytes.removeAll(keepingCapacity: bytes.capacity <= 1024)
      start = 0
    } else if start > bytes.count / 2 {
      bytes.removeSubrange(..<start)
      start = 0
    }
    bytes.append(contentsOf: more)
  }

  /// The next event, or nothing while more bytes are wanted and after a close.
  ///
  /// - Throws: why the connection must fail; every later call throws the same.
  package mutating func next() throws(WebSocketError) -> WebSocketEvent? {
    switch ending {
    case .closed: return nil
    case .failed(let error): throw error
    case nil: break
    }
    do throws(WebSocketError) {
      return try advance()
    } catch {
      ending = .failed(error)
      release()
      throw error
    }
  }

  /// Whether a frame or a fragmented message has begun and not ended.
  package var isInsideMessage: Bool {
    frame != nil || messageOpcode != nil || start < bytes.count
  }

  private mutating func advance() throws(WebSocketError) -> WebSocketEvent? {
    while true {
      if frame == nil {
        frame = try takeHeader()
        if frame == nil { return nil }
      }
      guard var current = frame else { return nil }
      let isComplete = try takePayload(&current)
      guard isComplete else {
        frame = current
        return nil
      }
      frame = nil
      if let event = try finish(current) { return event }
    }
  }

  /// The header of the next frame, or nothing while it is not complete.
  private mutating func takeHeader() throws(WebSocketError) -> Frame? {
    let available = bytes.count - start
    guard available >= 2 else { return nil }
    let first = bytes[start]
    let second = bytes[start + 1]
    let (opcode, isFinal) = try checkedKind(first)
    let isMasked = second & 0x80 != 0
    guard isMasked == expectsMask else { throw expectsMask ? .unmaskedFrame : .maskedFrame }
    let shortLength = Int(second & 0x7F)
    guard !opcode.isControl || shortLength <= 125 else { throw .oversizedControl }
    let lengthBytes = shortLength == 126 ? 2 : (shortLength == 127 ? 8 : 0)
    guard available >= 2 + lengthBytes else { return nil }
    let length = try checkedLength(shortLength, lengthBytes)
    guard opcode.isControl || length <= messageBytesMax - message.count else {
      throw .messageTooBig
    }
    let headerBytes = 2 + lengthBytes + (isMasked ? 4 : 0)
    guard available >= headerBytes else { return nil }
    var mask: UInt64 = 0
    if isMasked {
      let key = bytes.withUnsafeBytes {
        $0.loadUnaligned(fromByteOffset: start + 2 + lengthBytes, as: UInt32.self)
      }
      mask = UInt64(key) << 32 | UInt64(key)
    }
    start += headerBytes
    if opcode.isControl {
      control.removeAll(keepingCapacity: true)
    } else if opcode != .continuation {
      messageOpcode = opcode
    }
    return Frame(opcode: opcode, isFinal: isFinal, remaining: length, mask: mask)
  }

  private func checkedKind(
    _ first: UInt8
  ) throws(WebSocketError) -> (opcode: WebSocketOpcode, isFinal: Bool) {
    guard first & 0x70 == 0 else { throw .reservedBit }
    guard let opcode = WebSocketOpcode(rawValue: first & 0x0F) else { throw .reservedOpcode }
    let isFinal = first & 0x80 != 0
    if opcode.isControl {
      guard isFinal else { throw .fragmentedControl }
    } else if opcode == .continuation {
      guard messageOpcode != nil else { throw .unexpectedContinuation }
    } else {
      guard messageOpcode == nil else { throw .interleavedMessage }
    }
    return (opcode, isFinal)
  }

  private func checkedLength(
    _ shortLength: Int, _ lengthBytes: Int
  ) throws(WebSocketError) -> Int {
    guard lengthBytes > 0 else { return shortLength }
    var length: UInt64 = 0
    for place in 0..<lengthBytes { length = length << 8 | UInt64(bytes[start + 2 + place]) }
    guard length >> 63 == 0 else { throw .impossibleLength }
    guard length > (lengthBytes == 2 ? 125 : 65535) else { throw .wastefulLength }
    return Int(length)
  }

  /// Unmasks what has come of the payload: true once it is whole.
  private mutating func takePayload(_ frame: inout Frame) throws(WebSocketError) -> Bool {
    let taken = min(frame.remaining, bytes.count - start)
    if taken > 0 {
      if frame.opcode.isControl {
        append(taken, to: &control, mask: frame.mask)
      } else {
        let before = message.count
        append(taken, to: &message, mask: frame.mask)
        if messageOpcode == .text {
          let isText = message.withUnsafeBytes {
            validator.accepts(UnsafeRawBufferPointer(rebasing: $0[before...]))
          }
          guard isText else { throw .invalidUTF8 }
        }
      }
      start += taken
      frame.remaining -= taken
      let turn = UInt64(taken & 3) * 8
      // In memory the lowest address comes first, which in a number is the lowest byte.
      let little = frame.mask.littleEndian
      frame.mask = UInt64(littleEndian: turn == 0 ? little : little >> turn | little << (64 - turn))
    }
    return frame.remaining == 0
  }

  private func append(_ count: Int, to other: inout [UInt8], mask: UInt64) {
    let before = other.count
    other.append(contentsOf: bytes[start..<start + count])
    guard mask != 0 else { return }
    other.withUnsafeMutableBytes {
      applyMask(mask, to: UnsafeMutableRawBufferPointer(rebasing: $0[before...]))
    }
  }

  /// What a complete frame means; nothing for a fragment that is not the last.
  private mutating func finish(_ frame: Frame) throws(WebSocketError) -> WebSocketEvent? {
    switch frame.opcode {
    case .ping: return .ping(control)
    case .pong: return .pong(control)
    case .close:
      let event = try closeEvent()
      ending = .closed
      release()
      return event
    case .text, .binary, .continuation:
      guard frame.isFinal else { return nil }
      let isText = messageOpcode == .text
      guard !isText || validator.isComplete else { throw .invalidUTF8 }
      let complete = message
      message = []
      messageOpcode = nil
      return isText ? .text(complete) : .binary(complete)
    }
  }

  private func closeEvent() throws(WebSocketError) -> WebSocketEvent {
    guard !control.isEmpty else { return .close(code: nil, reason: "") }
    guard control.count >= 2 else { throw .malformedClose }
    let code = UInt16(control[0]) << 8 | UInt16(control[1])
    guard CloseCode.isSendable(code) else { throw .malformedClose }
    guard let reason = String(validating: control[2...], as: UTF8.self) else {
      throw .invalidUTF8
    }
    return .close(code: code, reason: reason)
  }

  private mutating func release() {
    bytes = []
    start = 0
    message = []
    control = []
    frame = nil
    messageOpcode = nil
  }
}

/// Combines a mask with bytes, eight at a time.
///
/// - Parameters:
///   - mask: the four key bytes twice, in memory order, the first belonging to the first byte.
///   - bytes: changed in place.
/// - Complexity: O(n). Source: RFC 6455 section 5.3.
func applyMask(_ mask: UInt64, to bytes: UnsafeMutableRawBufferPointer) {
  let count = bytes.count
  var place = 0
  while place + 8 <= count {
    let word = bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)
    bytes.storeBytes(of: word ^ mask, toByteOffset: place, as: UInt64.self)
    place += 8
  }
  var rest = mask.littleEndian
  while place < count {
    bytes[place] ^= UInt8(truncatingIfNeeded: rest)
    rest >>= 8
    place += 1
  }
}
