// What only the WebSocket can do: opening rooms and listing products. Calls are sent ahead of their
// answers, a bounded number of them; the first refusal ends the replay. Blocking; one thread.

import Crypto
import Notation
import Transport
import Wire

/// A WebSocket session with the server.
final class ReplaySocket {
  private static let outstandingMax = 8

  private let target: ReplayTarget
  private let client: WebSocketClient
  /// What each call that waits for its answer is about; the id of a call is its place.
  private var subjects: [Int64: String] = [:]
  private var lastID: Int64 = 0

  /// Connects and opens a session.
  init(_ target: ReplayTarget) throws {
    self.target = target
    client = try target.reaching { () throws(ClientError) in
      try WebSocketClient(
        target.host, target.port, "/v1/socket", timeoutMilliseconds: 60_000, sha1: SHA1.digest)
    }
    try call("session.open", ["token": .string(target.token)], subject: "the session")
    try finish()
  }

  /// Sends a call; waits only where too many are on their way.
  func call(_ method: String, _ parameters: JSON, subject: String) throws {
    while subjects.count >= ReplaySocket.outstandingMax { try takeMessage() }
    lastID += 1
    subjects[lastID] = subject
    let message = RemoteReply.call(id: .integer(lastID), method, parameters.bytes)
    try target.reaching { () throws(ClientError) in try client.send(.text, message) }
  }

  /// Waits for every answer.
  func finish() throws {
    while !subjects.isEmpty { try takeMessage() }
  }

  /// Ends the session.
  func close() throws { try target.reaching { () throws(ClientError) in try client.close() } }

  /// Takes one message, which may answer several calls or none.
  private func takeMessage() throws {
    let text = try target.reaching { () throws(ClientError) in
      try client.receiveText(timeoutMilliseconds: 60_000)
    }
    guard let arrivals = RemoteArrival.read(Array(text.utf8)) else {
      throw CommandFailure(
        .failed, "the server sent a message that is none of the protocol: \(text)")
    }
    for arrival in arrivals {
      switch arrival {
      case .result(id: .integer(let id), _): subjects[id] = nil
      case .failure(let id, let fault):
        var subject: String?
        if case .integer(let number)? = id { subject = subjects[number] }
        throw CommandFailure(
          .failed, "\(subject ?? "a call"): \(fault.code): \(fault.message)")
      case .result, .notification: continue
      }
    }
  }
}
