// One WebSocket of a test: calls, and what is pushed meanwhile. Used by one thread at a time.

import Notation
import Testing
import Transport
import Wire

@testable import Server

/// One WebSocket that speaks JSON-RPC and keeps everything it is told.
final class Visitor {
  /// What was pushed.
  struct Push: Equatable, Sendable {
    let method: String
    let parameters: JSON

    subscript(key: String) -> JSON? { parameters[key] }
  }

  /// Why a call was refused.
  struct Refusal: Error, Equatable, CustomStringConvertible {
    let code: String
    let isTemporary: Bool
    let description: String
  }

  let socket: WebSocketClient
  /// Everything pushed so far, in order.
  private(set) var pushes: [Push] = []
  /// Answers that nobody has asked for yet, by their ids.
  private(set) var answers: [Int64: JSON] = [:]
  /// Batches of answers, whole.
  private(set) var batches: [[JSON]] = []
  /// How many messages with events of rooms came.
  private(set) var eventMessages = 0
  /// Messages that were refused as a whole.
  private(set) var refusedMessages = 0
  /// The code of the server's close frame.
  private(set) var closeCode: UInt16?
  private var nextID: Int64 = 0

  init(_ socket: WebSocketClient) { self.socket = socket }

  /// Calls and waits for the result.
  @discardableResult
  func done(_ method: String, _ parameters: JSON = .object([])) throws -> JSON {
    switch try call(method, parameters) {
    case .success(let result): return result
    case .failure(let refusal):
      Issue.record("\(method): \(refusal)")
      throw refusal
    }
  }

  /// Calls and waits for the answer.
  func call(_ method: String, _ parameters: JSON = .object([])) throws -> Result<JSON, Refusal> {
    try answer(try begin(method, parameters))
  }

  /// Calls without waiting.
  func begin(_ method: String, _ parameters: JSON = .object([])) throws -> Int64 {
    nextID += 1
    try socket.send(text: Visitor.request(nextID, method, parameters).description)
    return nextID
  }

  /// Several calls in one message, each alone.
  static func request(_ id: Int64?, _ method: String, _ parameters: JSON) -> JSON {
    var members: [JSON.Member] = [JSON.Member("jsonrpc", "2.0")]
    if let id { members.append(JSON.Member("id", .integer(id))) }
    members += [JSON.Member("method", .string(method)), JSON.Member("params", parameters)]
    return .object(members)
  }

  /// Waits for the answer to a call.
  func answer(_ id: Int64) throws -> Result<JSON, Refusal> {
    try listen { $0.answers[id] != nil }
    guard let answer = answers.removeValue(forKey: id) else { throw ClientError.closed }
    if let result = answer["result"] { return .success(result) }
    let data = answer["error"]?["data"]
    return .failure(
      Refusal(
        code: data?["code"]?.text ?? "", isTemporary: data?["temporary"]?.bool ?? false,
        description: answer.description))
  }

  /// Reads until something is so.
  ///
  /// - Throws: `ClientError.timedOut`, or `.closed` where the server closed before.
  func listen(
    milliseconds: Int64 = 20_000, until isEnough: (Visitor) throws -> Bool
  ) throws {
    let deadline = monotonicMilliseconds() + milliseconds
    while try !isEnough(self) {
      try take(try socket.receive(timeoutMilliseconds: max(0, deadline - monotonicMilliseconds())))
    }
  }

  /// Reads to the end of the connection.
  ///
  /// - Returns: the code of the server's close frame, or nothing where there was none.
  @discardableResult
  func readToEnd() throws -> UInt16? {
    do { try listen { _ in false } } catch ClientError.closed {}
    return closeCode
  }

  private func take(_ event: WebSocketEvent) throws {
    switch event {
    case .text(let text): try take(try JSON.read(text))
    case .close(let code, _):
      closeCode = code
      // Answered as RFC 6455 section 5.5.1 wants it; the server may be gone already.
      do { try socket.close(code: nil) } catch {}
      throw ClientError.closed
    case .binary, .ping, .pong: break
    }
  }

  private func take(_ message: JSON) throws {
    if (message.elements ?? [message]).contains(where: { $0["method"] == "room.event" }) {
      eventMessages += 1
    }
    guard let elements = message.elements else { return take(single: message) }
    if elements.contains(where: { $0["method"] == nil }) { batches.append(elements) }
    for element in elements { take(single: element) }
  }

  private func take(single message: JSON) {
    if let method = message["method"]?.text {
      pushes.append(Push(method: method, parameters: message["params"] ?? .null))
    } else if let id = message["id"]?.integer {
      answers[id] = message
    } else if message["id"] == .null {
      refusedMessages += 1
    }
  }
}

extension Visitor {
  /// The room events pushed so far.
  func events(_ room: String) -> [JSON] {
    pushes.filter { $0.method == "room.event" && $0["room"]?.text == room }.map(\.parameters)
  }

  /// The latest of the figures pushed under a method.
  func latest(_ method: String) -> JSON? { pushes.last { $0.method == method }?.parameters }
}

extension [JSON] {
  /// The offsets of room events.
  var offsets: [Int64] { compactMap { $0["offset"]?.integer } }
}
