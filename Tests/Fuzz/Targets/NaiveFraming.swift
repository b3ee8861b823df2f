// A second reading of the same bytes as HTTP requests: over the whole input at once, by searching for
// line ends, and refusing whatever is not plain. It shares nothing with the decoder, so that both have
// to be wrong in the same way for a smuggled request to pass. Slow; only for tests. Pure; any thread.
// Source: RFC 9112, sections 2.2, 3, 5, 6, 7.1.

import Wire

/// One request as the naive reading has it.
struct NaiveRequest {
  let method: String
  let target: [UInt8]
  let versionMinor: Int
  let headers: [(name: String, value: [UInt8])]
  let body: [UInt8]
}

/// Everything that bytes hold, read naively.
struct NaiveFraming {
  /// How the reading ended.
  enum End { case clean, unfinished, refused }

  private(set) var requests: [NaiveRequest] = []
  private(set) var end = End.clean
  private let bytes: [UInt8]
  private let bodyBytesMax: Int
  private var place = 0

  init(_ bytes: [UInt8], bodyBytesMax: Int) {
    self.bytes = bytes
    self.bodyBytesMax = bodyBytesMax
    while end == .clean, place < bytes.count { readRequest() }
  }

  private static let lineEnd: [UInt8] = [13, 10]

  /// Where something stands next, from a place on.
  private func find(_ wanted: [UInt8], from start: Int) -> Int? {
    guard start >= 0, bytes.count - wanted.count >= start else { return nil }
    return (start...bytes.count - wanted.count).first {
      Array(bytes[$0..<$0 + wanted.count]) == wanted
    }
  }

  private mutating func readRequest() {
    if bytes.dropFirst(place).starts(with: Self.lineEnd) { place += 2 }
    guard place < bytes.count else { return }
    guard let close = find(Self.lineEnd + Self.lineEnd, from: place) else {
      end = .unfinished
      return
    }
    var lines = NaiveFraming.lines(Array(bytes[place..<close]))
    let first = lines.removeFirst()
    let words = NaiveFraming.pieces(first, at: 32)
    guard words.count == 3, NaiveFraming.isText(first), NaiveFraming.isToken(words[0]),
      let minor = ["HTTP/1.0", "HTTP/1.1"].firstIndex(
        of: String(decoding: words[2], as: UTF8.self)),
      let headers = NaiveFraming.headers(lines)
    else { return end = .refused }
    place = close + 4
    func values(_ name: String) -> [[UInt8]] { headers.filter { $0.name == name }.map(\.value) }
    let (codings, lengths) = (values("transfer-encoding"), values("content-length"))
    var body: [UInt8] = []
    if let coding = codings.first {
      let isChunked = String(decoding: coding, as: UTF8.self).lowercased() == "chunked"
      guard codings.count == 1, isChunked, lengths.isEmpty, minor == 1 else {
        return end = .refused
      }
      guard let chunks = readChunks() else { return }
      body = chunks
    } else if let length = lengths.first {
      var count = 0
      for digit in length {
        guard digit >= 48, digit <= 57, count <= bodyBytesMax else { return end = .refused }
        count = count * 10 + Int(digit) - 48
      }
      guard lengths.count == 1, !length.isEmpty, count <= bodyBytesMax else {
        return end = .refused
      }
      guard place + count <= bytes.count else { return end = .unfinished }
      body = Array(bytes[place..<place + count])
      place += count
    }
    requests.append(
      NaiveRequest(
        method: String(decoding: words[0], as: UTF8.self), target: words[1], versionMinor: minor,
        headers: headers, body: body))
  }

  /// Reads chunks up to the empty line behind the last; nothing where they do not end or are refused.
  private mutating func readChunks() -> [UInt8]? {
    var body: [UInt8] = []
    while true {
      guard let close = find(Self.lineEnd, from: place) else {
        end = .unfinished
        return nil
      }
      let line = Array(bytes[place..<close])
      let digits = line.prefix { NaiveFraming.hexadecimal.contains($0) }
      let tail = line.dropFirst(digits.count).drop { $0 == 32 || $0 == 9 }
      let isPlain = NaiveFraming.isText(line) && (tail.isEmpty || tail.first == 59)
      // Blanks with nothing behind them are no extension.
      let isBlank = tail.isEmpty && digits.count < line.count
      guard !digits.isEmpty, isPlain, !isBlank,
        let size = Int(String(decoding: digits, as: UTF8.self), radix: 16),
        size <= bodyBytesMax - body.count
      else {
        end = .refused
        return nil
      }
      place = close + 2
      guard size > 0 else { return readTrailers() ? body : nil }
      guard place + size + 2 <= bytes.count else {
        end = .unfinished
        return nil
      }
      body += bytes[place..<place + size]
      place += size
      guard bytes[place..<place + 2].elementsEqual(Self.lineEnd) else {
        end = .refused
        return nil
      }
      place += 2
    }
  }

  private mutating func readTrailers() -> Bool {
    var lines: [[UInt8]] = []
    while true {
      guard let close = find(Self.lineEnd, from: place) else {
        end = .unfinished
        return false
      }
      let line = Array(bytes[place..<close])
      place = close + 2
      if line.isEmpty { break }
      lines.append(line)
    }
    guard NaiveFraming.headers(lines) != nil else {
      end = .refused
      return false
    }
    return true
  }

  // MARK: Bytes

  private static let hexadecimal = Array("0123456789abcdefABCDEF".utf8)
  private static let token = Array(
    "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)

  private static func isToken(_ bytes: [UInt8]) -> Bool {
    !bytes.isEmpty && bytes.allSatisfy(token.contains)
  }

  /// Neither control characters but the tab, nor a line end of any kind.
  private static func isText(_ bytes: [UInt8]) -> Bool {
    bytes.allSatisfy { $0 == 9 || ($0 >= 32 && $0 != 127) }
  }

  private static func pieces(_ bytes: [UInt8], at separator: UInt8) -> [[UInt8]] {
    bytes.split(separator: separator, omittingEmptySubsequences: false).map(Array.init)
  }

  /// Cuts at CR LF and nowhere else: a lone one of the two stays in its line and is refused there.
  private static func lines(_ bytes: [UInt8]) -> [[UInt8]] {
    var lines: [[UInt8]] = [[]]
    var index = 0
    while index < bytes.count {
      if bytes[index...].starts(with: lineEnd) {
        lines.append([])
        index += 2
      } else {
        lines[lines.count - 1].append(bytes[index])
        index += 1
      }
    }
    return lines
  }

  private static func headers(_ lines: [[UInt8]]) -> [(name: String, value: [UInt8])]? {
    var headers: [(name: String, value: [UInt8])] = []
    for line in lines {
      guard let colon = line.firstIndex(of: 58), isToken(Array(line[..<colon])), isText(line)
      else { return nil }
      var value = Array(line[(colon + 1)...])
      while let last = value.last, last == 32 || last == 9 { value.removeLast() }
      while let first = value.first, first == 32 || first == 9 { value.removeFirst() }
      headers.append((String(decoding: line[..<colon], as: UTF8.self).lowercased(), value))
    }
    return headers
  }
}

/// Where the decoder and the naive reading disagree on what the requests are.
func framingFault(
  _ bytes: [UInt8], _ requests: [HTTPRequest], _ failure: HTTPError?, bodyBytesMax: Int
) -> String? {
  let naive = NaiveFraming(bytes, bodyBytesMax: bodyBytesMax)
  guard requests.count <= naive.requests.count else {
    return "\(requests.count) requests were taken, a strict reading has \(naive.requests.count)"
  }
  for (number, (request, other)) in zip(requests, naive.requests).enumerated() {
    let isSame =
      request.method.rawValue == other.method && request.versionMinor == other.versionMinor
      && request.body == other.body
      && request.headers.fields.map(\.name) == other.headers.map(\.name)
      && zip(request.headers.fields, other.headers).allSatisfy { field, header in
        // What is not UTF-8 is told in another coding.
        String(validating: header.value, as: UTF8.self) == nil
          || Array(field.value.utf8) == header.value
      }
      && request.target.path.utf8.elementsEqual(naivePath(other.target))
    if !isSame { return "request \(number) is \(request), by a strict reading \(other)" }
  }
  if requests.count == naive.requests.count {
    switch (failure, naive.end) {
    case (nil, .refused): return "what a strict reading refuses was not refused"
    case (nil, .clean), (nil, .unfinished), (_?, _): return nil
    }
  }
  switch failure {
  case nil: return "a request was passed over"
  case .malformedLine, .malformedHeader, .malformedLength, .contradictoryLength,
    .unsupportedTransferCoding:
    return "\(requests.count) requests, then \(failure?.code ?? ""): a strict reading takes it"
  // Limits, methods, targets and hosts are no matter of framing.
  default: return nil
  }
}

/// The path of a target without its scheme, authority and query, its percent signs resolved.
private func naivePath(_ target: [UInt8]) -> [UInt8] {
  var text = target[...]
  for scheme in ["http://", "https://"] where text.starts(with: scheme.utf8) {
    text = text.dropFirst(scheme.utf8.count).drop { $0 != 47 && $0 != 63 }
  }
  text = text.prefix { $0 != 63 }
  var path: [UInt8] = []
  while let byte = text.popFirst() {
    let pair = String(decoding: text.prefix(2), as: UTF8.self)
    if byte == 37, pair.utf8.count == 2, let value = UInt8(pair, radix: 16) {
      path.append(value)
      text = text.dropFirst(2)
    } else {
      path.append(byte)
    }
  }
  return path
}
