import Testing

@testable import Wire

private struct Reading: Equatable {
  var events: [WebSocketEvent] = []
  var failure: WebSocketError?
}

private func reading(
  _ chunks: [[UInt8]], role: WebSocketRole = .client, messageBytesMax: Int = 1 << 20
) -> Reading {
  var decoder = WebSocketDecoder(role: role, messageBytesMax: messageBytesMax)
  var reading = Reading()
  for chunk in chunks {
    chunk.withUnsafeBytes { decoder.feed($0) }
    do throws(WebSocketError) {
      while let event = try decoder.next() { reading.events.append(event) }
    } catch {
      reading.failure = error
      break
    }
  }
  return reading
}

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

@Suite("WebSocket frames are decoded and encoded")
struct WebSocketTests {
  // Made anew each time: see Tests/Sanitizers/leaks.txt.
  static var examples: [(WebSocketRole, [UInt8], WebSocketEvent)] {
    [
      (.client, [0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F], .text(bytes("Hello"))),
      (
        .server, [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58],
        .text(bytes("Hello"))
      ),
      (
        .client, [0x01, 0x03, 0x48, 0x65, 0x6C, 0x80, 0x02, 0x6C, 0x6F], .text(bytes("Hello"))
      ),
      (.client, [0x89, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F], .ping(bytes("Hello"))),
      (
        .server, [0x8A, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58],
        .pong(bytes("Hello"))
      ),
      (.client, [0x82, 0x00], .binary([])),
      (.client, [0x81, 0x00], .text([])),
      (.client, [0x88, 0x00], .close(code: nil, reason: "")),
      (.client, [0x88, 0x02, 0x03, 0xE8], .close(code: 1000, reason: "")),
      (.client, [0x88, 0x05, 0x0F, 0xA0, 0xE4, 0xB8, 0xAD], .close(code: 4000, reason: "中")),
    ]
  }

  @Test("The examples of RFC 6455 section 5.7 and their like are read", arguments: examples)
  func rfcExamples(role: WebSocketRole, stream: [UInt8], expected: WebSocketEvent) {
    for chunks in chunkings(of: stream, seed: 1) {
      #expect(reading(chunks, role: role) == Reading(events: [expected]))
    }
  }

  @Test(
    "Every length form is read back, masked or not",
    arguments: [0, 1, 3, 4, 7, 8, 9, 125, 126, 127, 65535, 65536, 65537])
  func lengths(count: Int) {
    let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let plain = WebSocketEncoder.frame(.binary, payload)
    #expect(plain.count == count + (count <= 125 ? 2 : (count <= 65535 ? 4 : 10)))
    #expect(reading([plain]) == Reading(events: [.binary(payload)]))
    let masked = WebSocketEncoder.frame(.binary, payload, mask: 0x37FA_213D)
    #expect(masked.count == plain.count + 4)
    let header = plain.count - count
    #expect(Array(masked[header..<header + 4]) == [0x37, 0xFA, 0x21, 0x3D])
    #expect(reading([masked], role: .server) == Reading(events: [.binary(payload)]))
  }

  @Test("The encoder gives the bytes of RFC 6455 section 5.7")
  func encoding() {
    #expect(
      WebSocketEncoder.text(bytes("Hello")) == [0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F])
    #expect(
      WebSocketEncoder.text(bytes("Hello"), mask: 0x37FA_213D)
        == [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58])
    #expect(
      WebSocketEncoder.frame(.text, bytes("Hel"), isFinal: false) == [0x01, 0x03, 0x48, 0x65, 0x6C])
    #expect(WebSocketEncoder.close(nil) == [0x88, 0x00])
    #expect(WebSocketEncoder.close(1000) == [0x88, 0x02, 0x03, 0xE8])
  }

  @Test("A close reason is cut at a character so that the frame fits")
  func longReason() {
    let frame = WebSocketEncoder.close(1011, reason: String(repeating: "中", count: 50))
    #expect(frame.count == 2 + 125)
    #expect(
      reading([frame]).events == [.close(code: 1011, reason: String(repeating: "中", count: 41))])
  }

  @Test("Control frames stand between fragments and do not disturb them")
  func interleavedControl() {
    let stream =
      WebSocketEncoder.frame(.text, Array(bytes("a€").dropLast()), isFinal: false)
      + WebSocketEncoder.frame(.ping, [1, 2])
      + WebSocketEncoder.frame(.continuation, [], isFinal: false)
      + WebSocketEncoder.frame(.pong, []) + WebSocketEncoder.frame(.continuation, [0xAC])
      + WebSocketEncoder.frame(.binary, [9])
    let expected: [WebSocketEvent] = [.ping([1, 2]), .pong([]), .text(bytes("a€")), .binary([9])]
    for chunks in chunkings(of: stream, seed: 2) {
      #expect(reading(chunks) == Reading(events: expected))
    }
  }

  @Test("Nothing after a close is read, however wrong it is")
  func afterClose() throws {
    let stream = WebSocketEncoder.close(1000) + [0xFF, 0xFF, 0xFF] + WebSocketEncoder.text([0x61])
    for chunks in chunkings(of: stream, seed: 4) {
      #expect(reading(chunks) == Reading(events: [.close(code: 1000, reason: "")]))
    }
  }

  static let failures: [(WebSocketRole, [UInt8], WebSocketError, UInt16)] = [
    (.client, [0xC1, 0x00], .reservedBit, 1002),
    (.client, [0xA1, 0x00], .reservedBit, 1002),
    (.client, [0x91, 0x00], .reservedBit, 1002),
    (.client, [0x83, 0x00], .reservedOpcode, 1002),
    (.client, [0x87, 0x00], .reservedOpcode, 1002),
    (.client, [0x8B, 0x00], .reservedOpcode, 1002),
    (.client, [0x8F, 0x00], .reservedOpcode, 1002),
    (.client, [0x09, 0x00], .fragmentedControl, 1002),
    (.client, [0x08, 0x00], .fragmentedControl, 1002),
    (.client, [0x89, 0x7E], .oversizedControl, 1002),
    (.client, [0x88, 0x7F], .oversizedControl, 1002),
    (.client, [0x81, 0x80, 0, 0, 0, 0], .maskedFrame, 1002),
    (.server, [0x81, 0x00], .unmaskedFrame, 1002),
    (.client, [0x82, 0x7E, 0x00, 0x7D], .wastefulLength, 1002),
    (.client, [0x82, 0x7F, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF], .wastefulLength, 1002),
    (.client, [0x82, 0x7F, 0x80, 0, 0, 0, 0, 1, 0, 0], .impossibleLength, 1002),
    (.client, [0x82, 0x7F, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], .messageTooBig, 1009),
    (.client, [0x80, 0x00], .unexpectedContinuation, 1002),
    (.client, [0x00, 0x00], .unexpectedContinuation, 1002),
    (.client, [0x01, 0x00, 0x81, 0x00], .interleavedMessage, 1002),
    (.client, [0x02, 0x00, 0x01, 0x00], .interleavedMessage, 1002),
    (.client, [0x81, 0x00, 0x80, 0x00], .unexpectedContinuation, 1002),
    (.client, [0x88, 0x01, 0x03], .malformedClose, 1002),
    (.client, [0x88, 0x03, 0x03, 0xE8, 0xFF], .invalidUTF8, 1007),
    (.client, [0x81, 0x01, 0xFF], .invalidUTF8, 1007),
    (.client, [0x81, 0x02, 0xC3, 0x28], .invalidUTF8, 1007),
    (.client, [0x81, 0x01, 0xC3], .invalidUTF8, 1007),
    (.client, [0x01, 0x01, 0xC3, 0x80, 0x00], .invalidUTF8, 1007),
  ]

  @Test("A broken frame fails alike in any chunking", arguments: failures)
  func brokenFrames(
    role: WebSocketRole, stream: [UInt8], expected: WebSocketError, closeCode: UInt16
  ) {
    #expect(expected.closeCode == closeCode)
    for chunks in chunkings(of: stream + [0x81, 0x00], seed: 5) {
      #expect(reading(chunks, role: role).failure == expected)
    }
  }

  @Test(
    "Only the codes that may be sent are taken",
    arguments: [
      (0, false), (999, false), (1000, true), (1003, true), (1004, false), (1005, false),
      (1006, false), (1007, true), (1014, true), (1015, false), (2999, false), (3000, true),
      (4999, true), (5000, false), (65535, false),
    ] as [(UInt16, Bool)])
  func closeCodes(code: UInt16, isTaken: Bool) {
    let result = reading([[0x88, 0x02, UInt8(code >> 8), UInt8(code & 0xFF)]])
    #expect(
      result
        == (isTaken
          ? Reading(events: [.close(code: code, reason: "")])
          : Reading(failure: .malformedClose)))
  }

  @Test("Broken UTF-8 fails before the fragment that holds it has ended")
  func failsEarly() {
    let head: [UInt8] = [0x01, 0x7E, 0x01, 0x00]
    #expect(reading([head + bytes("κόσμε") + [0xF4, 0x90]]).failure == .invalidUTF8)
    #expect(reading([head + bytes("κόσμε") + [0xF4, 0x8F]]).failure == nil)
  }

  @Test("A message may have its greatest length in one frame or many, and no byte more")
  func messageLimit() {
    func result(_ pieces: [Int]) -> Reading {
      var stream: [UInt8] = []
      for (index, count) in pieces.enumerated() {
        stream += WebSocketEncoder.frame(
          index == 0 ? .binary : .continuation, [UInt8](repeating: 1, count: count),
          isFinal: index == pieces.count - 1)
      }
      return reading([stream], messageBytesMax: 300)
    }
    #expect(result([300]).events.count == 1)
    #expect(result([301]).failure == .messageTooBig)
    #expect(result([100, 200]).events.count == 1)
    #expect(result([100, 201]).failure == .messageTooBig)
    #expect(reading([[0x82, 0x7E, 0x01, 0x2D]], messageBytesMax: 300).failure == .messageTooBig)
    #expect(reading([[0x89, 0x01, 0x00]], messageBytesMax: 0).events == [.ping([0])])
  }

  @Test("Random conversations are read back alike in any chunking", arguments: UInt64(1)...10)
  func conversations(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    var stream: [UInt8] = []
    var expected: [WebSocketEvent] = []
    for _ in 0..<20 {
      let isText = Bool.random(using: &generator)
      let scalars = (0..<Int.random(in: 0...60, using: &generator)).map { _ in
        Unicode.Scalar(UInt32.random(in: 0...0xD7FF, using: &generator)) ?? "?"
      }
      let payload = scalars.flatMap { Array(String($0).utf8) }
      var pieces: [[UInt8]] = []
      var place = 0
      while place < payload.count {
        let end = min(payload.count, place + Int.random(in: 1...200, using: &generator))
        pieces.append(Array(payload[place..<end]))
        place = end
      }
      if pieces.isEmpty { pieces = [[]] }
      for (index, piece) in pieces.enumerated() {
        let mask = UInt32.random(in: 0...UInt32.max, using: &generator)
        if index > 0, Bool.random(using: &generator) {
          stream += WebSocketEncoder.frame(.ping, [UInt8(index)], mask: mask)
          expected.append(.ping([UInt8(index)]))
        }
        stream += WebSocketEncoder.frame(
          index == 0 ? (isText ? .text : .binary) : .continuation, piece,
          isFinal: index == pieces.count - 1, mask: mask)
      }
      expected.append(isText ? .text(payload) : .binary(payload))
    }
    for chunks in chunkings(of: stream, seed: seed) {
      #expect(reading(chunks, role: .server) == Reading(events: expected))
    }
  }

  @Test("Noise never traps and fails alike in any chunking", arguments: UInt64(1)...50)
  func noise(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    let start: [UInt8] = [0x81, 0x01, 0x82, 0x80, 0x89, 0x88]
    var stream: [UInt8] = []
    for _ in 0..<30 {
      stream.append(start.randomElement(using: &generator) ?? 0)
      stream += (0..<Int.random(in: 0...9, using: &generator)).map { _ in
        UInt8.random(in: 0...130, using: &generator)
      }
    }
    let whole = reading([stream])
    for chunks in chunkings(of: stream, seed: seed, count: 3) { #expect(reading(chunks) == whole) }
  }
}

@Suite("UTF-8 is validated piece by piece")
struct UTF8ValidatorTests {
  private func isValid(_ chunks: [[UInt8]]) -> Bool {
    var validator = UTF8Validator()
    for chunk in chunks where !chunk.withUnsafeBytes({ validator.accepts($0) }) { return false }
    return validator.isComplete
  }

  @Test("It agrees with the standard library on every sequence of up to three edge bytes")
  func agreement() {
    let edges: [UInt8] = [
      0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1,
      0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
    ]
    for tail in [[], [0x80], [0xBF]] as [[UInt8]] {
      for first in edges {
        for second in edges {
          for third in edges {
            let sequence = [first, second, third] + tail
            let expected = String(validating: sequence, as: UTF8.self) != nil
            #expect(isValid([sequence]) == expected)
            #expect(isValid(sequence.map { [$0] }) == expected)
          }
        }
      }
    }
  }

  @Test("A fault behind a long run of ASCII is found", arguments: 0...20)
  func behindASCII(count: Int) {
    let run = [UInt8](repeating: 0x61, count: count)
    #expect(isValid([run]))
    #expect(!isValid([run + [0xFF] + run]))
    #expect(isValid([run + Array("中".utf8) + run]))
  }
}
