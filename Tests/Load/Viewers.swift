// Many WebSockets that watch. Each is described by a line of a file:
//
//     path TAB subprotocol or - TAB watched lane or - TAB message TAB message …
//
// It connects, shakes hands, sends its messages as text frames at once, and is open when it has got
// one answer for each (a text frame that holds an id and no method). From then on what comes is
// counted; pings are answered. A viewer with a watched lane notes when which `sequence` came, for the
// latency from that lane's orders to its figures.

import Glibc

/// One WebSocket that watches.
private struct Viewer {
  var socket: Socket
  var isShakingHands = true
  /// Answers that are missing until it is open.
  var missing: Int
  /// -1 where it watches none.
  let lane: Int
  /// The beginning of a frame that has not come whole.
  var rest: [UInt8] = []
  /// Sent when the hands are shaken.
  var greeting: [UInt8]
}

/// When a figure came that reflects the ledger up to a sequence.
struct Sighting {
  let sequence: Int64
  let at: Int64
}

/// All the WebSockets that watch.
struct Viewers {
  private var all: [Viewer] = []
  private var lines: ArraySlice<String> = []
  private var port: UInt16 = 0
  private(set) var opened = 0
  private(set) var lost = 0
  var tally = Tally()
  /// By lane, in order of time.
  var sightings: [Int: [Sighting]] = [:]
  /// The first thing that was refused.
  private(set) var complaint = ""

  /// How many are on their way at once: enough to keep the server busy, no more than its queue holds.
  private static let openingMax = 200

  var count: Int { all.count }
  /// Whether all that were asked for are open, or lost.
  var isSettled: Bool { lines.isEmpty && opened + lost == all.count }

  /// Begins to open one viewer for each line.
  mutating func open(_ more: [String], port: UInt16) {
    lines = more[...]
    self.port = port
  }

  /// Connects as many as may be on their way.
  mutating func proceed(_ waiter: Waiter, token: (Int) -> UInt64) throws {
    while !lines.isEmpty, all.count - opened - lost < Viewers.openingMax {
      let fields = lines.removeFirst().split(separator: "\t", omittingEmptySubsequences: false)
      guard fields.count >= 3 else {
        throw LoadFailure(description: "a viewer's line is too short")
      }
      var socket = try Socket(port: port)
      let greeting = fields[3...].flatMap { clientFrame(Opcode.text, $0.utf8) }
      let subprotocol = fields[1] == "-" ? "" : "Sec-WebSocket-Protocol: \(fields[1])\r\n"
      let request = """
        GET \(fields[0]) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\(subprotocol)\r\n
        """
      socket.send(Array(request.utf8))
      try waiter.add(socket.descriptor, token: token(all.count))
      all.append(
        Viewer(
          socket: socket, missing: fields.count - 3, lane: Int(fields[2]) ?? -1,
          greeting: greeting))
    }
  }

  /// Takes what came for one viewer.
  mutating func receive(_ index: Int, _ buffer: UnsafeMutableRawBufferPointer, at now: Int64) {
    let kept = all[index].rest.count
    if kept > 0 {
      buffer.copyBytes(from: all[index].rest)
      all[index].rest.removeAll(keepingCapacity: false)
    }
    let count = all[index].socket.receive(into: .init(rebasing: buffer[kept...]))
    guard count > 0 else {
      if count == 0 {
        lose(index)
      } else if kept > 0 {
        all[index].rest = Array(buffer[..<kept])
      }
      return
    }
    var bytes = UnsafeRawBufferPointer(rebasing: buffer[..<(kept + count)])
    if all[index].isShakingHands {
      guard let end = find("\r\n\r\n", in: bytes) else {
        all[index].rest = Array(bytes)
        return
      }
      guard find("HTTP/1.1 101", in: bytes) == 0 else {
        complain(bytes)
        lose(index)
        return
      }
      bytes = .init(rebasing: bytes[(end + 4)...])
      shakeHands(index)
    }
    while let head = FrameHead(bytes), head.frameBytes <= bytes.count {
      take(index, head, .init(rebasing: bytes[head.headBytes..<head.frameBytes]), at: now)
      bytes = .init(rebasing: bytes[head.frameBytes...])
      if !all[index].socket.isOpen { return }
    }
    if !bytes.isEmpty { all[index].rest = Array(bytes) }
  }

  /// Ends all of them without a farewell.
  mutating func close() {
    for index in all.indices { all[index].socket.close() }
    self = Viewers()
  }

  private mutating func shakeHands(_ index: Int) {
    all[index].isShakingHands = false
    let greeting = all[index].greeting
    all[index].greeting = []
    all[index].socket.send(greeting)
    if all[index].missing == 0 { opened += 1 }
  }

  private mutating func take(
    _ index: Int, _ head: FrameHead, _ payload: UnsafeRawBufferPointer, at now: Int64
  ) {
    switch head.opcode {
    case Opcode.ping:
      tally.pings += 1
      all[index].socket.send(clientFrame(Opcode.pong, payload))
    case Opcode.close:
      complain(payload)
      lose(index)
    case Opcode.text:
      if all[index].missing > 0, find(#""method":"#, in: payload) == nil {
        if find(#""error":"#, in: payload) != nil { complain(payload) }
        all[index].missing -= 1
        if all[index].missing == 0 { opened += 1 }
        return
      }
      tally.add(payload, at: now)
      let lane = all[index].lane
      if lane >= 0, let sequence = number(afterLast: #""sequence":"#, in: payload) {
        sightings[lane, default: []].append(Sighting(sequence: sequence, at: now))
      }
    default: break
    }
  }

  private mutating func lose(_ index: Int) {
    guard all[index].socket.isOpen else { return }
    all[index].socket.close()
    if all[index].isShakingHands || all[index].missing > 0 {
      lost += 1
    } else {
      // It was open: those that are open and those that are lost add up to all.
      opened -= 1
      lost += 1
    }
  }

  private mutating func complain(_ bytes: UnsafeRawBufferPointer) {
    guard complaint.isEmpty else { return }
    complaint = String(decoding: bytes.prefix(300), as: UTF8.self)
  }
}
