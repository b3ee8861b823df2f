/// What request and response decoding share: lines, header blocks, body framing.
///
/// Every rule here depends on the bytes alone, never on how they were cut into reads, so that any
/// chunking gives the same messages and the same error. Source: RFC 9112 sections 2, 5, 6, 7.

/// Bytes received and not used yet.
struct ByteQueue {
  private(set) var bytes: [UInt8] = []
  private var start = 0
  /// No line feed stands between `start` and here.
  private var scanned = 0

  var count: Int { bytes.count - start }
  var isEmpty: Bool { count == 0 }

  mutating func append(_ more: UnsafeRawBufferPointer) {
    if start == bytes.count {
      // A burst must not keep its memory for the life of the connection.
      bytes.removeAll(keepingCapacity: bytes.capacity <= 4096)
      start = 0
      scanned = 0
    } else if start > bytes.count / 2 {
      bytes.removeSubrange(..<start)
      scanned = max(0, scanned - start)
      start = 0
    }
    bytes.append(contentsOf: more)
  }

  /// The place of the next line in `bytes` without its CR LF, which is used up; nothing where the
  /// line has not ended yet. The place holds until the next `append`.
  ///
  /// - Parameters:
  ///   - bytesMax: how long the line with its end may be.
  ///   - overflow: what to throw when it is longer.
  /// - Returns: the place, or nothing.
  /// - Throws: `overflow`, or `.malformedLine` for a bare line feed.
  mutating func takeLine(bytesMax: Int, else overflow: HTTPError) throws(HTTPError) -> Range<Int>? {
    var place = max(scanned, start)
    while place < bytes.count, bytes[place] != 0x0A { place += 1 }
    scanned = place
    guard place < bytes.count else {
      if count > bytesMax { throw overflow }
      return nil
    }
    guard place + 1 - start <= bytesMax else { throw overflow }
    guard place > start, bytes[place - 1] == 0x0D else { throw .malformedLine }
    let line = start..<(place - 1)
    start = place + 1
    return line
  }

  /// Moves up to `countMax` bytes to the end of another buffer and tells how many it moved.
  mutating func move(_ countMax: Int, to other: inout [UInt8]) -> Int {
    let moved = min(countMax, count)
    other.append(contentsOf: bytes[start..<start + moved])
    start += moved
    if start == bytes.count {
      // What has been moved must not be kept twice while the rest is waited for.
      bytes.removeAll(keepingCapacity: bytes.capacity <= 4096)
      start = 0
      scanned = 0
    }
    return moved
  }

  /// Uses up CR LF: true when it was there, false when it cannot be, nothing while undecided.
  mutating func takeLineEnd() -> Bool? {
    guard count >= 1 else { return nil }
    guard bytes[start] == 0x0D else { return false }
    guard count >= 2 else { return nil }
    guard bytes[start + 1] == 0x0A else { return false }
    start += 2
    return true
  }

  mutating func takeAll() -> [UInt8] {
    let rest = Array(bytes[start...])
    self = ByteQueue()
    return rest
  }
}

/// Reads header lines up to the empty one.
struct HTTPHeaderReader {
  private(set) var headers = HTTPHeaders()
  private var bytesUsed = 0

  /// Reads on: true once the empty line has come.
  mutating func read(_ queue: inout ByteQueue) throws(HTTPError) -> Bool {
    while let line = try queue.takeLine(
      bytesMax: HTTPLimits.headerBytesMax - bytesUsed, else: .headersTooLarge)
    {
      bytesUsed += line.count + 2
      if line.isEmpty { return true }
      guard headers.fields.count < HTTPLimits.headerCountMax else { throw .tooManyHeaders }
      try add(queue.bytes, line)
    }
    return false
  }

  private mutating func add(_ bytes: [UInt8], _ line: Range<Int>) throws(HTTPError) {
    // A line that begins with space continues the one before: obsolete folding, RFC 9112 5.2.
    // `isTokenByte` refuses that, and space before the colon, without a case of their own.
    guard let colon = bytes[line].firstIndex(of: UInt8(ascii: ":")), colon > line.lowerBound,
      bytes[line.lowerBound..<colon].allSatisfy(isTokenByte)
    else { throw .malformedHeader }
    let value = trimmed(bytes[(colon + 1)..<line.upperBound])
    guard value.allSatisfy({ ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x09 }) else {
      throw .malformedHeader
    }
    headers.add(
      String(decoding: bytes[line.lowerBound..<colon], as: UTF8.self),
      String(validating: value, as: UTF8.self) ?? latin(value))
  }

  /// Bytes above ASCII that are not UTF-8 keep their values, as in ISO 8859-1.
  private func latin(_ bytes: ArraySlice<UInt8>) -> String {
    var text = ""
    for byte in bytes { text.unicodeScalars.append(Unicode.Scalar(byte)) }
    return text
  }
}

/// Reads a body as its headers framed it.
struct HTTPBodyReader {
  /// What comes next.
  private enum Step {
    case bytes(remaining: Int)
    case chunkSize
    case chunk(remaining: Int)
    case chunkEnd
    case trailers(HTTPHeaderReader)
    case untilClose
    case done
  }

  private(set) var body: [UInt8] = []
  private var bytesMax: Int
  private var extensionBytes = 0
  private var step: Step

  /// How the headers say the body ends; nothing where they say nothing.
  static func framing(_ headers: HTTPHeaders) throws(HTTPError) -> HTTPBodyFraming? {
    let codings = headers.values("transfer-encoding")
    let lengths = headers.values("content-length")
    if !codings.isEmpty {
      guard lengths.isEmpty else { throw .contradictoryLength }
      guard codings.count == 1, lowercasedASCII(codings[0]) == "chunked" else {
        throw .unsupportedTransferCoding
      }
      return .chunked
    }
    guard let length = lengths.first else { return nil }
    let digits = length.utf8
    guard lengths.count == 1, !digits.isEmpty,
      digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else { throw .malformedLength }
    return .length(Int(length) ?? .max)
  }

  init(_ framing: HTTPBodyFraming, bytesMax: Int) throws(HTTPError) {
    self.bytesMax = bytesMax
    switch framing {
    case .length(let length):
      guard length <= bytesMax else { throw .bodyTooLarge }
      step = length == 0 ? .done : .bytes(remaining: length)
    case .chunked: step = .chunkSize
    case .untilClose: step = .untilClose
    }
  }

  /// Makes the limit a smaller one.
  mutating func limit(to bytesMax: Int) throws(HTTPError) {
    self.bytesMax = min(self.bytesMax, bytesMax)
    let remaining =
      switch step {
      case .bytes(let remaining), .chunk(let remaining): remaining
      default: 0
      }
    guard remaining <= self.bytesMax - body.count else { throw .bodyTooLarge }
  }

  /// Whether the end of the stream is the end of this body.
  var endsAtClose: Bool { if case .untilClose = step { true } else { false } }

  /// Reads on: true once the body is complete.
  mutating func read(_ queue: inout ByteQueue) throws(HTTPError) -> Bool {
    while true {
      switch step {
      case .done: return true
      case .bytes(let remaining):
        let left = remaining - queue.move(remaining, to: &body)
        step = left == 0 ? .done : .bytes(remaining: left)
        if left > 0 { return false }
      case .chunkSize:
        guard
          let line = try queue.takeLine(
            bytesMax: HTTPLimits.chunkLineBytesMax, else: .malformedChunk)
        else { return false }
        let size = try chunkSize(queue.bytes, line)
        guard size <= bytesMax - body.count else { throw .bodyTooLarge }
        step = size == 0 ? .trailers(HTTPHeaderReader()) : .chunk(remaining: size)
      case .chunk(let remaining):
        let left = remaining - queue.move(remaining, to: &body)
        step = left == 0 ? .chunkEnd : .chunk(remaining: left)
        if left > 0 { return false }
      case .chunkEnd:
        guard let isThere = queue.takeLineEnd() else { return false }
        guard isThere else { throw .malformedChunk }
        step = .chunkSize
      case .trailers(var trailers):
        // Checked like headers and then dropped: nothing here reads trailers.
        let isComplete = try trailers.read(&queue)
        step = isComplete ? .done : .trailers(trailers)
        if !isComplete { return false }
      case .untilClose:
        guard queue.count <= bytesMax - body.count else { throw .bodyTooLarge }
        _ = queue.move(queue.count, to: &body)
        return false
      }
    }
  }

  /// The number at the front of a chunk line; an extension is checked for form and ignored.
  private mutating func chunkSize(
    _ bytes: [UInt8], _ line: Range<Int>
  ) throws(HTTPError) -> Int {
    var size = 0
    var place = line.lowerBound
    while place < line.upperBound, let digit = hexadecimalDigit(bytes[place]) {
      // Fifteen digits cannot overflow 64 bits; no body is near that long.
      guard place - line.lowerBound < 15 else { throw .malformedChunk }
      size = size << 4 | Int(digit)
      place += 1
    }
    guard place > line.lowerBound else { throw .malformedChunk }
    let tail = bytes[place..<line.upperBound]
    guard tail.isEmpty || trimmed(tail).first == UInt8(ascii: ";"),
      tail.allSatisfy({ ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x09 })
    else { throw .malformedChunk }
    extensionBytes += tail.count
    guard extensionBytes <= HTTPLimits.chunkExtensionBytesMax else { throw .malformedChunk }
    return size
  }
}

/// How a body ends.
enum HTTPBodyFraming: Equatable {
  case length(Int)
  case chunked
  case untilClose
}
