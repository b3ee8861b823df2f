import Notation

/// JSON-RPC 2.0 as a server writes it. Results and parameters come encoded, so that what many
/// receive is encoded once. Source: JSON-RPC 2.0 specification, sections 4.1, 5 and 6.

/// An error as the client sees it: a number for JSON-RPC, a stable code for programs, a sentence.
package struct RemoteFault: Error, Equatable, Sendable {
  /// The number of JSON-RPC: −32768…−32000 is reserved by the standard, of which −32099…−32000 is
  /// for servers.
  package let number: Int
  /// What went wrong, for people.
  package let message: String
  /// What went wrong, for programs: lower case with underscores, never changed once published.
  package let code: String
  /// Whether the same call may succeed later.
  package let isTemporary: Bool
  /// Further members of `data`, none called `code` or `temporary`.
  package let details: [JSON.Member]

  /// Makes an error.
  ///
  /// - Parameters:
  ///   - number: see `number`; −32000 suits any rejection by the rules of the domain.
  ///   - message: for people.
  ///   - code: for programs.
  ///   - isTemporary: whether the same call may succeed later.
  ///   - details: further members of `data`.
  package init(
    number: Int = -32000, message: String, code: String, isTemporary: Bool = false,
    details: [JSON.Member] = []
  ) {
    self.number = number
    self.message = message
    self.code = code
    self.isTemporary = isTemporary
    self.details = details
  }

  /// The message was not JSON.
  ///
  /// - Parameter message: for people.
  /// - Returns: error −32700.
  package static func parseError(_ message: String) -> RemoteFault {
    RemoteFault(number: -32700, message: message, code: "parse_error")
  }

  /// The message was JSON but no call.
  ///
  /// - Parameter message: for people.
  /// - Returns: error −32600.
  package static func invalidRequest(_ message: String) -> RemoteFault {
    RemoteFault(number: -32600, message: message, code: "invalid_request")
  }

  /// There is no such method.
  ///
  /// - Parameter method: as it was called.
  /// - Returns: error −32601.
  package static func methodNotFound(_ method: String) -> RemoteFault {
    RemoteFault(number: -32601, message: "no method \(method)", code: "unknown_method")
  }

  /// The parameters do not suit the method.
  ///
  /// - Parameter message: for people.
  /// - Returns: error −32602.
  package static func invalidParameters(_ message: String) -> RemoteFault {
    RemoteFault(number: -32602, message: message, code: "invalid_field")
  }

  /// The server failed; nothing was done, or it is not known what.
  package static let internalError = RemoteFault(
    number: -32603, message: "the server failed", code: "internal", isTemporary: true)
}

/// Makes the messages of a server.
package enum RemoteReply {
  /// The answer to a request that succeeded.
  ///
  /// - Parameters:
  ///   - id: of the request.
  ///   - result: one encoded JSON value.
  /// - Returns: one encoded message.
  package static func result(id: RemoteCallID, _ result: [UInt8]) -> [UInt8] {
    var writer = opened(reserving: 64 + result.count)
    writer.key("id")
    writer.value(id.json)
    writer.key("result")
    writer.raw(result)
    writer.endObject()
    return writer.bytes
  }

  /// The answer to a request that failed.
  ///
  /// - Parameters:
  ///   - id: of the request; nothing where it could not be read, which is written as `null`.
  ///   - fault: what went wrong.
  /// - Returns: one encoded message.
  package static func failure(id: RemoteCallID?, _ fault: RemoteFault) -> [UInt8] {
    var writer = opened(reserving: 256)
    writer.key("id")
    writer.value(id?.json ?? .null)
    writer.key("error")
    writer.beginObject()
    writer.key("code")
    writer.integer(Int64(fault.number))
    writer.key("message")
    writer.string(fault.message)
    writer.key("data")
    writer.beginObject()
    writer.key("code")
    writer.string(fault.code)
    writer.key("temporary")
    writer.bool(fault.isTemporary)
    for detail in fault.details {
      writer.key(text: detail.key)
      writer.value(detail.value)
    }
    writer.endObject()
    writer.endObject()
    writer.endObject()
    return writer.bytes
  }

  /// A push.
  ///
  /// - Parameters:
  ///   - method: what happened.
  ///   - parameters: one encoded JSON object.
  /// - Returns: one encoded message.
  package static func notification(_ method: String, _ parameters: [UInt8]) -> [UInt8] {
    call(id: nil, method, parameters)
  }

  /// A request as a client sends it, or a notification where it has no id.
  ///
  /// - Parameters:
  ///   - id: what the answer will repeat.
  ///   - method: what to do.
  ///   - parameters: one encoded JSON object.
  /// - Returns: one encoded message.
  package static func call(
    id: RemoteCallID?, _ method: String, _ parameters: [UInt8]
  ) -> [UInt8] {
    var writer = opened(reserving: 96 + parameters.count)
    if let id {
      writer.key("id")
      writer.value(id.json)
    }
    writer.key("method")
    writer.string(method)
    writer.key("params")
    writer.raw(parameters)
    writer.endObject()
    return writer.bytes
  }

  /// Several encoded messages as one: answers to a batch, or pushes that leave together.
  ///
  /// - Parameter messages: encoded messages, at least one; a single one is not wrapped.
  /// - Returns: one encoded message.
  /// - Complexity: O(n) in bytes, one allocation.
  package static func batch(_ messages: [[UInt8]]) -> [UInt8] {
    precondition(!messages.isEmpty, "a batch has a message")
    if messages.count == 1 { return messages[0] }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(messages.reduce(1) { $0 + $1.count + 1 })
    for (index, message) in messages.enumerated() {
      bytes.append(UInt8(ascii: index == 0 ? "[" : ","))
      bytes.append(contentsOf: message)
    }
    bytes.append(UInt8(ascii: "]"))
    return bytes
  }

  private static func opened(reserving capacity: Int) -> JSONWriter {
    var writer = JSONWriter(reserving: capacity)
    writer.beginObject()
    writer.key("jsonrpc")
    writer.string("2.0")
    return writer
  }
}

/// What a client receives: an answer or a push. For the load tool and tests.
package enum RemoteArrival: Equatable, Sendable {
  /// A request succeeded.
  case result(id: RemoteCallID, JSON)
  /// A request failed, or a message could not be read.
  case failure(id: RemoteCallID?, RemoteFault)
  /// A push.
  case notification(method: String, parameters: JSON)

  /// Reads one message of a server, which may be a batch.
  ///
  /// - Parameter bytes: a whole text message.
  /// - Returns: what it holds, in order; nothing where it is no message of this protocol.
  package static func read(_ bytes: [UInt8]) -> [RemoteArrival]? {
    let value: JSON
    do throws(JSONError) {
      value = try JSON.read(bytes)
    } catch {
      return nil
    }
    let elements = value.elements ?? [value]
    let arrivals = elements.compactMap(arrival)
    return arrivals.count == elements.count ? arrivals : nil
  }

  private static func arrival(_ value: JSON) -> RemoteArrival? {
    guard value["jsonrpc"]?.text == "2.0" else { return nil }
    let id = value["id"].flatMap { RemoteCallID($0) }
    if let error = value["error"] {
      guard let number = error["code"]?.integer, let message = error["message"]?.text else {
        return nil
      }
      let members = error["data"]?.members ?? []
      return .failure(
        id: id,
        RemoteFault(
          number: Int(number), message: message, code: error["data"]?["code"]?.text ?? "",
          isTemporary: error["data"]?["temporary"]?.bool ?? false,
          details: members.filter { $0.key != "code" && $0.key != "temporary" }))
    }
    if let result = value["result"] { return id.map { .result(id: $0, result) } }
    guard let method = value["method"]?.text, id == nil else { return nil }
    return .notification(method: method, parameters: value["params"] ?? .object([]))
  }
}
