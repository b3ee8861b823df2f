// The client's one thread: it takes an order from standard input, does it, and answers with a line.
//
//     viewers PORT FILE            open a viewer for each line of the file; answered when all are open
//     feed PORT FILE DEPTH [watch] play a feed, 0 by its schedule; answered when all is answered
//     quiet MILLISECONDS LIMIT     wait until nothing has come to a viewer for so long
//     tally, reset                 what has come to the viewers; from zero
//     close                        end the viewers
//
// An answer is one line of JSON; {"error": …} where it did not work. Viewers are served meanwhile.

import CLinux
import Glibc

/// What waits for what on standard input.
private enum Work {
  case idle
  case opening(since: Int64)
  case feeding
  case quiet(milliseconds: Int64, until: Int64)
}

/// The client.
struct LoadClient {
  private let waiter: Waiter
  private var viewers = Viewers()
  private var feed: Feed?
  private var work = Work.idle
  private var input: [UInt8] = []
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)

  private static let inputToken = UInt64.max
  private static let viewerToken: @Sendable (Int) -> UInt64 = { UInt64($0) }
  private static let laneToken: @Sendable (Int) -> UInt64 = { UInt64($0) | 1 << 32 }
  /// So much later than the last order its figures may come: they are merged for a quarter of a second.
  private static let figuresDelay: Int64 = 600_000
  /// So long a feed's connections may take to open and its answers to come.
  private static let patience: Int64 = 120_000_000

  init() throws {
    waiter = try Waiter()
    try waiter.add(STDIN_FILENO, token: LoadClient.inputToken)
  }

  /// Serves until standard input ends.
  mutating func run() throws {
    while true {
      let wait = try proceed()
      for event in waiter.wait(microseconds: wait) {
        let token = event.data.u64
        if token == LoadClient.inputToken {
          guard try readInput() else { return }
        } else if token >> 32 == 0 {
          viewers.receive(Int(token), buffer, at: microseconds())
        } else {
          try attempt { client in
            try client.feed?.receive(Int(token & 0xffff_ffff), client.buffer, at: microseconds())
          }
        }
      }
    }
  }

  /// Goes on with what is under way, and says how long nothing will have to be done.
  private mutating func proceed() throws -> Int64 {
    let now = microseconds()
    switch work {
    case .idle: return 1_000_000
    case .opening(let since):
      try attempt { try $0.viewers.proceed($0.waiter, token: LoadClient.viewerToken) }
      if viewers.isSettled || now - since > LoadClient.patience {
        work = .idle
        answer(
          """
          "opened":\(viewers.opened),"lost":\(viewers.lost),"milliseconds":\((now - since) / 1000),\
          "complaint":\(quoted(viewers.complaint))
          """)
      }
      return 100_000
    case .feeding: return try proceedWithFeed(at: now)
    case .quiet(let milliseconds, let until):
      let since = now - viewers.tally.lastAt
      if since >= milliseconds * 1000 || now >= until {
        work = .idle
        answer("\"quiet\":\(since >= milliseconds * 1000),\(tallied)")
        return 0
      }
      return max(1000, milliseconds * 1000 - since)
    }
  }

  private mutating func proceedWithFeed(at now: Int64) throws -> Int64 {
    var wait: Int64?
    try attempt { client in
      guard client.feed?.isOpen == true else { return }
      if client.feed?.begunAt == 0 { client.feed?.begin(at: now) }
      wait = try client.feed?.proceed(client.waiter, at: now, token: LoadClient.laneToken)
    }
    guard let feed else { return 0 }
    if feed.isDone, feed.keepsAnswers, now - feed.endedAt < LoadClient.figuresDelay {
      return 50_000
    }
    if feed.isDone || (feed.begunAt > 0 && now - feed.begunAt > LoadClient.patience) {
      finish(feed, at: now)
      return 0
    }
    return min(wait ?? 100_000, 100_000)
  }

  private mutating func finish(_ feed: Feed, at now: Int64) {
    let toFigures = feed.latencies(to: viewers.sightings)
    answer(
      """
      "sent":\(feed.sent),"answered":\(feed.answered),"refused":\(feed.refused),\
      "microseconds":\(max(feed.endedAt, feed.begunAt) - feed.begunAt),\
      "latency":\(summary(feed.latencies)),"figures":\(summary(toFigures.seen)),\
      "figuresMissing":\(toFigures.missing),"complaint":\(quoted(feed.complaint))
      """)
    self.feed?.close()
    self.feed = nil
    work = .idle
  }

  /// Does something whose failure is told to the driver instead of ending the client.
  private mutating func attempt(_ action: (inout LoadClient) throws -> Void) throws {
    do { try action(&self) } catch let failure as LoadFailure {
      feed?.close()
      feed = nil
      work = .idle
      tell("{\"error\":\(quoted(failure.description))}")
    }
  }

  private mutating func readInput() throws -> Bool {
    let count = read(STDIN_FILENO, buffer.baseAddress, buffer.count)
    guard count > 0 else { return false }
    input += buffer[..<count]
    while let end = input.firstIndex(of: UInt8(ascii: "\n")) {
      let line = String(decoding: input[..<end], as: UTF8.self)
      input.removeSubrange(...end)
      try attempt { try $0.perform(line.split(separator: " ").map(String.init)) }
    }
    return true
  }

  private mutating func perform(_ words: [String]) throws {
    switch (words.first, words.count) {
    case ("viewers", 3):
      let text = String(decoding: try readFile(words[2]), as: UTF8.self)
      viewers.open(text.split(separator: "\n").map(String.init), port: UInt16(words[1]) ?? 0)
      work = .opening(since: microseconds())
    case ("feed", 4...5):
      viewers.sightings = [:]
      var feed = try Feed(
        path: words[2], port: UInt16(words[1]) ?? 0, depth: Int(words[3]) ?? 1,
        keepsAnswers: words.count == 5)
      try feed.open(waiter, token: LoadClient.laneToken)
      self.feed = feed
      work = .feeding
    case ("quiet", 3):
      let limit = microseconds() + (Int64(words[2]) ?? 1000) * 1000
      work = .quiet(milliseconds: Int64(words[1]) ?? 100, until: limit)
    case ("tally", 1): answer(tallied)
    case ("reset", 1):
      viewers.tally.reset()
      answer("\"reset\":true")
    case ("close", 1):
      viewers.close()
      answer("\"closed\":true")
    default: throw LoadFailure(description: "no such order: \(words.joined(separator: " "))")
    }
  }

  private var tallied: String {
    let tally = viewers.tally
    return """
      "frames":\(tally.frames),"bytes":\(tally.payloadBytes),"messages":\(tally.messages),\
      "events":\(tally.events),"pings":\(tally.pings),"open":\(viewers.opened),"lost":\(viewers.lost)
      """
  }

  private func answer(_ fields: String) {
    tell("{\(fields)}")
  }
}

/// Writes one line on standard output.
func tell(_ line: String) {
  let bytes = Array((line + "\n").utf8)
  _ = write(STDOUT_FILENO, bytes, bytes.count)
}

/// Count, median, 99th of a hundred, and the longest, in microseconds.
private func summary(_ latencies: [Int64]) -> String {
  let sorted = latencies.sorted()
  func part(_ percent: Int) -> Int64 {
    sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, sorted.count * percent / 100)]
  }
  return """
    {"count":\(sorted.count),"p50":\(part(50)),"p99":\(part(99)),"max":\(sorted.last ?? 0)}
    """
}

/// A text as JSON writes it.
private func quoted(_ text: String) -> String {
  var out = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"", "\\": out += "\\\(scalar)"
    case _ where scalar.value < 32: out += " "
    default: out.unicodeScalars.append(scalar)
    }
  }
  return out + "\""
}
