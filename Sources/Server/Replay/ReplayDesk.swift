// Single calls over HTTP, one after the other: what needs an answer before the next thing can be done.
// Blocking; one thread.

import Notation
import Transport
import Wire

/// One HTTP connection on which every call is answered before the next.
final class ReplayDesk {
  private let target: ReplayTarget
  private let client: HTTPClient

  /// Connects.
  init(_ target: ReplayTarget) throws {
    self.target = target
    client = try target.connect()
  }

  /// Sends a JSON body.
  ///
  /// - Returns: the server's answer.
  func send(
    _ method: HTTPMethod, _ path: String, _ body: JSON, subject: String
  ) throws -> JSON {
    try exchange(method, path, target.headers, body.bytes, subject)
  }

  /// Reads.
  ///
  /// - Returns: the server's answer.
  func get(_ path: String, subject: String) throws -> JSON {
    let headers = HTTPHeaders([("authorization", "Bearer \(target.token)")])
    return try exchange(.get, path, headers, [], subject)
  }

  /// Imports a catalogue file.
  ///
  /// - Returns: the server's answer, which tells the rows it rejects.
  func importCatalogue(_ file: [UInt8]) throws -> JSON {
    let headers = HTTPHeaders([
      ("authorization", "Bearer \(target.token)"), ("content-type", "text/csv"),
    ])
    return try exchange(.post, "/v1/catalogue/import", headers, file, "the catalogue")
  }

  private func exchange(
    _ method: HTTPMethod, _ path: String, _ headers: HTTPHeaders, _ body: [UInt8], _ subject: String
  ) throws -> JSON {
    let response = try target.reaching { () throws(ClientError) in
      try client.send(method, path, headers: headers, body: body)
    }
    return try target.check(response, subject)
  }
}
