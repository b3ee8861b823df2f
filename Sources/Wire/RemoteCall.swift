import Notation

/// JSON-RPC 2.0 as a server reads it: one message becomes a call, or a batch of calls.
///
/// Parameters are named only; a call without an id is a notification and is never answered. Reading
/// is separate from acting: a fault carries the id it must be answered with.
/// Source: JSON-RPC 2.0 specification, sections 4 to 6.

/// One request, or a notification where it has no id.
package struct RemoteCall: Equatable, Sendable {
  /// What the answer must repeat; nothing for a notification.
  package let id: RemoteCallID?
  /// What to do, 1…64 bytes.
  package let method: String
  /// The named parameters, always an object; empty where none were sent.
  package let parameters: JSON

  /// Makes a call.
  ///
  /// - Parameters:
  ///   - id: nothing for a notification.
  ///   - method: what to do.
  ///   - parameters: an object.
  package init(id: RemoteCallID?, method: String, parameters: JSON = .object([])) {
    self.id = id
    self.method = method
    self.parameters = parameters
  }
}

/// The name of one request within its connection.
package enum RemoteCallID: Hashable, Sendable {
  /// A whole number.
  case integer(Int64)
  /// A text of at most 64 bytes.
  case string(String)
}

/// A call that could not be read, with the id to answer to.
package struct RemoteCallError: Error, Equatable, Sendable {
  /// The id, where it could be read; `null` is answered otherwise.
  package let id: RemoteCallID?
  /// What is wrong.
  package let fault: RemoteFault
}

/// One message of a client.
package enum RemoteMessage: Equatable, Sendable {
  /// A call by itself.
  case single(RemoteCall)
  /// A batch, in order; what could not be read is answered in its place.
  case batch([Entry])

  /// One place of a batch.
  package enum Entry: Equatable, Sendable {
    /// A call.
    case call(RemoteCall)
    /// Something to be answered with an error.
    case unreadable(RemoteCallError)
  }

  /// How many entries a batch may have.
  package static let batchCountMax = 32

  /// Reads one message.
  ///
  /// - Parameter bytes: a whole text message.
  /// - Returns: the call or the batch.
  /// - Throws: the error to answer with: parse error, or invalid request (also for an empty or too
  ///   long batch), or invalid parameters where they are not named.
  package static func read(_ bytes: [UInt8]) throws(RemoteCallError) -> RemoteMessage {
    let value: JSON
    do throws(JSONError) {
      value = try JSON.read(bytes)
    } catch {
      throw RemoteCallError(id: nil, fault: .parseError("not JSON: \(error)"))
    }
    guard let elements = value.elements else { return .single(try call(value)) }
    guard !elements.isEmpty else {
      throw RemoteCallError(id: nil, fault: .invalidRequest("an empty batch"))
    }
    guard elements.count <= batchCountMax else {
      throw RemoteCallError(
        id: nil, fault: .invalidRequest("a batch of more than \(batchCountMax) entries"))
    }
    return .batch(
      elements.map { element in
        do throws(RemoteCallError) {
          return .call(try call(element))
        } catch {
          return .unreadable(error)
        }
      })
  }

  private static func call(_ value: JSON) throws(RemoteCallError) -> RemoteCall {
    guard value.members != nil else {
      throw RemoteCallError(
        id: nil, fault: .invalidRequest("a call is an object, not \(value.kind)"))
    }
    var id: RemoteCallID?
    if let given = value["id"] {
      guard let known = RemoteCallID(given) else {
        throw RemoteCallError(
          id: nil, fault: .invalidRequest("an id is a whole number or a text of at most 64 bytes"))
      }
      id = known
    }
    guard value["jsonrpc"]?.text == "2.0" else {
      throw RemoteCallError(id: id, fault: .invalidRequest("\"jsonrpc\" must be \"2.0\""))
    }
    guard let method = value["method"]?.text, (1...64).contains(method.utf8.count) else {
      throw RemoteCallError(
        id: id, fault: .invalidRequest("\"method\" must be a text of 1 to 64 bytes"))
    }
    let parameters = value["params"] ?? .object([])
    guard parameters.members != nil else {
      throw RemoteCallError(id: id, fault: .invalidParameters("parameters must be named"))
    }
    return RemoteCall(id: id, method: method, parameters: parameters)
  }
}

extension RemoteCallID {
  init?(_ value: JSON) {
    switch value {
    case .integer(let number): self = .integer(number)
    case .string(let text) where text.utf8.count <= 64: self = .string(text)
    default: return nil
    }
  }

  /// This id as JSON.
  package var json: JSON {
    switch self {
    case .integer(let number): .integer(number)
    case .string(let text): .string(text)
    }
  }
}
