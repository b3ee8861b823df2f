// One WebSocket of a golden conversation. What comes is sorted by how it is expected: answers by id,
// lossless pushes in order, conflated pushes by method. Blocking; one thread.

import Crypto
import Notation
import Transport
import Wire

/// A connection under the name that the conversation gives it.
final class TranscriptConnection {
  private static let lossless = ["room.event", "session.closing"]

  private let name: String
  private let client: WebSocketClient
  private let patienceMilliseconds: Int64
  private var answers: [String: [JSON]] = [:]
  private var pushes: [JSON] = []
  private var figures: [String: [JSON]] = [:]
  private var closeCode: UInt16?

  init(_ name: String, port: UInt16, patienceMilliseconds: Int64) throws {
    self.name = name
    self.patienceMilliseconds = patienceMilliseconds
    client = try WebSocketClient("127.0.0.1", port, "/v1/socket", sha1: SHA1.digest)
  }

  /// Sends one message. That the server has closed shows in what is expected next.
  func send(_ opcode: WebSocketOpcode, _ payload: [UInt8]) throws {
    do throws(ClientError) { try client.send(opcode, payload) } catch {
      guard error == .closed else { throw error }
    }
  }

  /// The answer with this id, or, without one, the next answer to a batch.
  func answer(to id: JSON?) throws -> JSON {
    let key = id?.description ?? ""
    return try wait(for: id.map { "the answer to \($0.description)" } ?? "the answer to a batch") {
      guard let first = $0.answers[key]?.first else { return nil }
      $0.answers[key]?.removeFirst()
      return first
    }
  }

  /// The first lossless push that was not taken yet.
  func push() throws -> JSON {
    try wait(for: "an event") { $0.pushes.isEmpty ? nil : $0.pushes.removeFirst() }
  }

  /// The first conflated push of a method that fits; those before it are dropped.
  func figures(_ method: String, _ fits: (JSON) throws -> Bool) throws -> JSON {
    var last: JSON?
    do {
      return try wait(for: "a fitting \(method)") { connection in
        while let next = connection.figures[method]?.first {
          connection.figures[method]?.removeFirst()
          last = next
          if try fits(next) { return next }
        }
        return nil
      }
    } catch TranscriptFault.unexpected(let what) {
      throw TranscriptFault.unexpected("\(what); the last was \((last ?? .null).description)")
    }
  }

  /// Waits until the server has closed; gives its code.
  func closed() throws -> UInt16 {
    let deadline = monotonicMilliseconds() + patienceMilliseconds
    while true {
      if let closeCode { return closeCode }
      try take(until: deadline, waitingFor: "the close")
    }
  }

  /// Closes and waits until the server has closed too.
  ///
  /// - Returns: an answer or a lossless push that has come until then and that nobody expected.
  func close() throws -> JSON? {
    if closeCode == nil {
      do throws(ClientError) { try client.close() } catch {
        guard error == .closed else { throw error }
      }
      _ = try closed()
    }
    return pushes.first ?? answers.values.lazy.compactMap(\.first).first
  }

  private func wait<Found>(
    for what: String, _ find: (TranscriptConnection) throws -> Found?
  ) throws -> Found {
    let deadline = monotonicMilliseconds() + patienceMilliseconds
    while true {
      if let found = try find(self) { return found }
      if let closeCode {
        throw TranscriptFault.unexpected("\(name) was closed with \(closeCode) before \(what) came")
      }
      try take(until: deadline, waitingFor: what)
    }
  }

  private func take(until deadline: Int64, waitingFor what: String) throws {
    let left = max(0, deadline - monotonicMilliseconds())
    do throws(ClientError) {
      switch try client.receive(timeoutMilliseconds: left) {
      case .text(let bytes): sort(bytes)
      case .binary: pushes.append("a binary message")
      case .close(let code, _): closeCode = code ?? CloseCode.noStatus
      case .ping, .pong: break
      }
    } catch {
      switch error {
      case .timedOut: throw TranscriptFault.unexpected("\(name): \(what) did not come in time")
      case .closed: closeCode = CloseCode.abnormal
      default: throw error
      }
    }
  }

  private func sort(_ bytes: [UInt8]) {
    do throws(JSONError) { sort(try JSON.read(bytes)) } catch {
      // Nobody expects such a thing, so that it is told as a leftover.
      pushes.append(.string("no JSON: \(String(decoding: bytes, as: UTF8.self))"))
    }
  }

  private func sort(_ message: JSON) {
    if let elements = message.elements {
      if elements.first?["id"] != nil { return answers["", default: []].append(message) }
      for element in elements { sort(element) }
    } else if let id = message["id"] {
      answers[id.description, default: []].append(message)
    } else if let method = message["method"]?.text, !Self.lossless.contains(method) {
      figures[method, default: []].append(message)
    } else {
      pushes.append(message)
    }
  }
}
