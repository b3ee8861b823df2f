// Many requests over a few connections: fast, and still in order where order decides.
//
// A server takes one request of a connection after the other, so speed needs several connections
// and order needs one. Requests with the same key take the same lane and so keep their order; a
// replay uses the viewer as the key, since who brought a viewer depends on nothing but that viewer's own
// past. A lane has a bounded number of requests on their way; where it is full, the oldest is awaited.
// The first refusal ends everything. Blocking; one thread.

import Notation
import Transport
import Wire

/// A request and what it is about.
struct ReplayRequest {
  let target: String
  let body: [UInt8]
  /// For messages: `order basket-7`.
  let subject: String
  /// Whether the answer must say `accepted`, too: a touch by a bad link is answered like a good one.
  var mustBeAccepted = false
}

/// Connections with requests on their way.
final class ReplayLanes {
  /// How many requests one lane may have on their way.
  static let depth = 12
  /// A connection that has been quiet for longer may have been closed by the server.
  private static let quietMillisecondsMax: Int64 = 15_000

  private struct Lane {
    var client: HTTPClient
    var waiting: [ReplayRequest] = []
    var usedAt: Int64
  }

  private let target: ReplayTarget
  private let headers: HTTPHeaders
  private var lanes: [Lane] = []
  /// How many requests were answered.
  private(set) var answered: Int64 = 0

  /// Connects.
  init(_ target: ReplayTarget, count: Int) throws {
    self.target = target
    headers = target.headers
    for _ in 0..<count {
      lanes.append(Lane(client: try target.connect(), usedAt: monotonicMilliseconds()))
    }
  }

  /// Sends requests in this order; waits only where the lane is full.
  func post(_ requests: [ReplayRequest], key: String) throws {
    let lane = place(of: key)
    for request in requests {
      while lanes[lane].waiting.count >= ReplayLanes.depth { try takeAnswer(lane) }
      let now = monotonicMilliseconds()
      if lanes[lane].waiting.isEmpty,
        now - lanes[lane].usedAt > ReplayLanes.quietMillisecondsMax
      {
        lanes[lane].client = try target.connect()
      }
      lanes[lane].usedAt = now
      lanes[lane].waiting.append(request)
      try target.reaching { () throws(ClientError) in
        try lanes[lane].client.write(.post, request.target, headers: headers, body: request.body)
      }
    }
  }

  /// Waits for every answer.
  func finish() throws {
    for lane in lanes.indices {
      while !lanes[lane].waiting.isEmpty { try takeAnswer(lane) }
    }
  }

  private func takeAnswer(_ lane: Int) throws {
    let response = try target.reaching { () throws(ClientError) in try lanes[lane].client.read() }
    lanes[lane].usedAt = monotonicMilliseconds()
    let request = lanes[lane].waiting.removeFirst()
    let answer = try target.check(response, request.subject, wantsBody: request.mustBeAccepted)
    if request.mustBeAccepted, answer["accepted"]?.bool != true {
      throw CommandFailure(
        .failed, "\(request.subject): \(answer["message"]?.text ?? answer.description)")
    }
    answered += 1
  }

  /// FNV-1a: the same lane for the same key on every run.
  private func place(of key: String) -> Int {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in key.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return Int(hash % UInt64(lanes.count))
  }
}
