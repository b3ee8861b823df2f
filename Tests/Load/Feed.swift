// Requests made beforehand, sent over some connections, and the answers to them.
//
// A feed is a file of records: lane, kind, due time in microseconds, length (u32 each, little endian),
// then the bytes. Each lane is one connection. Kinds: 0 an HTTP request, 1 a WebSocket's frame, 2 bytes
// that nobody answers, 3 something to be answered before the feed begins (a handshake, a sign-in).
// Without a schedule each lane keeps so many requests under way; with one each record is sent when it
// is due, whatever has been answered, and its latency counts from then: a server that stands still
// is charged for everything that had to wait.

import Glibc

/// One request of a feed.
struct FeedRecord {
  let due: Int64
  let range: Range<Int>
}

/// One connection of a feed.
private struct Lane {
  var socket: Socket
  let isWebSocket: Bool
  var opening: [FeedRecord] = []
  var records: [FeedRecord] = []
  var hasShakenHands = false
  var openingsAnswered = 0
  var sent = 0
  /// Requests that will get no answer do not wait for one.
  let isAnswered: Bool
  var answered = 0
  /// From when the latency of what is under way counts, oldest first, from `answered` on.
  var since: [Int64] = []
  var rest: [UInt8] = []
  var wantsOutput = false
}

/// An order's answer, for the latency to the figures of its lane.
struct Answer {
  let lane: Int
  let since: Int64
  let sequence: Int64
}

/// A feed under way.
struct Feed {
  private let bytes: [UInt8]
  private var lanes: [Lane] = []
  private let depth: Int
  private let isScheduled: Bool
  private(set) var begunAt: Int64 = 0
  private(set) var refused = 0
  private(set) var complaint = ""
  private(set) var latencies: [Int64] = []
  /// Kept only where figures are watched.
  private(set) var answers: [Answer] = []
  let keepsAnswers: Bool
  private(set) var endedAt: Int64 = 0

  /// Reads a feed and connects its lanes.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - port: of this machine.
  ///   - depth: how many requests of a lane are under way at once; 0 sends by schedule.
  ///   - keepsAnswers: whether the sequences in answers are kept.
  /// - Throws: `LoadFailure` where there is no such file, or nobody listens.
  init(path: String, port: UInt16, depth: Int, keepsAnswers: Bool) throws {
    bytes = try readFile(path)
    self.depth = depth
    self.keepsAnswers = keepsAnswers
    isScheduled = depth == 0
    var place = 0
    func word(_ index: Int) -> Int {
      (0..<4).reduce(0) { $0 | Int(bytes[place + index * 4 + $1]) << ($1 * 8) }
    }
    while place + 16 <= bytes.count {
      let (lane, kind, due, length) = (word(0), word(1), word(2), word(3))
      let record = FeedRecord(due: Int64(due), range: (place + 16)..<(place + 16 + length))
      while lanes.count <= lane {
        lanes.append(
          Lane(socket: try Socket(port: port), isWebSocket: kind % 2 == 1, isAnswered: kind != 2))
      }
      if kind == 3 {
        lanes[lane].opening.append(record)
      } else {
        lanes[lane].records.append(record)
      }
      place = record.range.upperBound
    }
  }

  var isOpen: Bool { lanes.allSatisfy { $0.openingsAnswered == $0.opening.count } }
  var isDone: Bool {
    lanes.allSatisfy { $0.sent == $0.records.count && (!$0.isAnswered || $0.answered == $0.sent) }
  }
  var answered: Int { lanes.reduce(0) { $0 + $1.answered } }
  var sent: Int { lanes.reduce(0) { $0 + $1.sent } }

  /// Sends what has to be answered before the feed begins.
  mutating func open(_ waiter: Waiter, token: (Int) -> UInt64) throws {
    for index in lanes.indices {
      try waiter.add(lanes[index].socket.descriptor, token: token(index))
      sendOpening(index)
    }
  }

  mutating func begin(at now: Int64) { begunAt = now }

  /// Sends what may be sent now.
  ///
  /// - Returns: in how many microseconds the next is due; nil where only an answer brings it on.
  mutating func proceed(_ waiter: Waiter, at now: Int64, token: (Int) -> UInt64) throws -> Int64? {
    var next: Int64?
    for index in lanes.indices where lanes[index].socket.isOpen {
      while lanes[index].sent < lanes[index].records.count {
        let record = lanes[index].records[lanes[index].sent]
        if isScheduled {
          let wait = begunAt + record.due - now
          if wait > 0 {
            next = min(next ?? wait, wait)
            break
          }
        } else if lanes[index].sent - lanes[index].answered >= depth {
          break
        }
        bytes.withUnsafeBytes { lanes[index].socket.send(.init(rebasing: $0[record.range])) }
        lanes[index].since.append(isScheduled ? begunAt + record.due : now)
        lanes[index].sent += 1
      }
      if lanes[index].socket.isWaiting != lanes[index].wantsOutput {
        lanes[index].wantsOutput.toggle()
        try waiter.change(
          lanes[index].socket.descriptor, token: token(index), output: lanes[index].wantsOutput)
      }
    }
    return next
  }

  /// Takes what came for one lane, and sends what was left.
  mutating func receive(_ index: Int, _ buffer: UnsafeMutableRawBufferPointer, at now: Int64)
    throws
  {
    if lanes[index].socket.isWaiting { lanes[index].socket.flush() }
    let kept = lanes[index].rest.count
    buffer.copyBytes(from: lanes[index].rest)
    let count = lanes[index].socket.receive(into: .init(rebasing: buffer[kept...]))
    if count < 0 { return }
    guard count > 0 else {
      let said = String(decoding: lanes[index].rest.prefix(300), as: UTF8.self)
      throw LoadFailure(
        description: "lane \(index) was closed after \(lanes[index].answered) answers \(said)")
    }
    var rest = UnsafeRawBufferPointer(rebasing: buffer[..<(kept + count)])
    while !rest.isEmpty, let length = takeAnswer(index, rest, at: now) {
      rest = .init(rebasing: rest[length...])
    }
    lanes[index].rest = Array(rest)
  }

  /// Latencies from each kept answer to the first figure of its lane that reflects it.
  func latencies(to sightings: [Int: [Sighting]]) -> (seen: [Int64], missing: Int) {
    var seen: [Int64] = []
    var missing = 0
    for (lane, answers) in Dictionary(grouping: answers, by: \.lane) {
      let sightings = sightings[lane] ?? []
      var place = 0
      for answer in answers {
        while place < sightings.count, sightings[place].sequence < answer.sequence { place += 1 }
        if place < sightings.count {
          seen.append(sightings[place].at - answer.since)
        } else {
          missing += 1
        }
      }
    }
    return (seen, missing)
  }

  mutating func close() {
    for index in lanes.indices { lanes[index].socket.close() }
  }

  private mutating func sendOpening(_ index: Int) {
    let done = lanes[index].openingsAnswered
    guard done < lanes[index].opening.count else { return }
    let range = lanes[index].opening[done].range
    bytes.withUnsafeBytes { lanes[index].socket.send(.init(rebasing: $0[range])) }
  }

  /// The length of the answer that some bytes begin with, or nothing where it is not whole.
  private mutating func takeAnswer(
    _ index: Int, _ bytes: UnsafeRawBufferPointer, at now: Int64
  ) -> Int? {
    let isFrame = lanes[index].isWebSocket && lanes[index].hasShakenHands
    let whole: UnsafeRawBufferPointer
    var isGood: Bool
    if isFrame {
      guard let head = FrameHead(bytes), head.frameBytes <= bytes.count else { return nil }
      whole = .init(rebasing: bytes[..<head.frameBytes])
      if head.opcode == Opcode.ping {
        lanes[index].socket.send(clientFrame(Opcode.pong, whole[head.headBytes...]))
        return whole.count
      }
      // What is told without being asked for is no answer.
      if find(#""id":"#, in: whole) == nil, head.opcode == Opcode.text { return whole.count }
      isGood = head.opcode == Opcode.text && find(#""error":"#, in: whole) == nil
    } else {
      guard let end = find("\r\n\r\n", in: bytes) else { return nil }
      let head = UnsafeRawBufferPointer(rebasing: bytes[..<end])
      let length =
        number(afterLast: "\r\nContent-Length: ", in: head)
        ?? number(afterLast: "\r\ncontent-length: ", in: head) ?? 0
      guard bytes.count >= end + 4 + Int(length) else { return nil }
      whole = .init(rebasing: bytes[..<(end + 4 + Int(length))])
      isGood =
        head.count > 9 && (head[9] == UInt8(ascii: "2") || find("HTTP/1.1 101", in: head) == 0)
      lanes[index].hasShakenHands = lanes[index].isWebSocket
    }
    if !isGood {
      refused += 1
      if complaint.isEmpty { complaint = String(decoding: whole.prefix(600), as: UTF8.self) }
    }
    note(index, whole, at: now)
    return whole.count
  }

  private mutating func note(_ index: Int, _ whole: UnsafeRawBufferPointer, at now: Int64) {
    guard lanes[index].openingsAnswered == lanes[index].opening.count else {
      lanes[index].openingsAnswered += 1
      sendOpening(index)
      return
    }
    let since = lanes[index].since[lanes[index].answered]
    lanes[index].answered += 1
    latencies.append(now - since)
    endedAt = now
    if keepsAnswers, let sequence = number(afterLast: #""sequence":"#, in: whole) {
      answers.append(Answer(lane: index, since: since, sequence: sequence))
    }
  }
}

/// A whole file.
func readFile(_ path: String) throws -> [UInt8] {
  let file = open(path, O_RDONLY | O_CLOEXEC)
  guard file >= 0 else { throw LoadFailure.system("open \(path)") }
  defer { close(file) }
  let size = Int(lseek(file, 0, SEEK_END))
  lseek(file, 0, SEEK_SET)
  var done = 0
  let bytes = [UInt8](unsafeUninitializedCapacity: max(0, size)) { room, initialized in
    while done < size, let base = room.baseAddress {
      let count = read(file, base + done, size - done)
      if count <= 0 { break }
      done += count
    }
    initialized = done
  }
  guard done == size else { throw LoadFailure.system("read \(path)") }
  return bytes
}
