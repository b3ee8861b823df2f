// The address of a running server, as a user writes it.

import Transport

/// Where a running server listens.
struct ServerAddress {
  /// An IP address.
  let host: String
  /// The port.
  let port: UInt16

  /// Reads `http://ADDRESS:PORT`.
  ///
  /// - Parameter url: an address without a path; plain HTTP, for servers on this machine or behind a
  ///   proxy that adds TLS.
  /// - Throws: `CommandFailure` for anything else.
  init(_ url: String) throws {
    let wrong = CommandFailure(
      .usage, "\(url) is not the address of a server; write http://127.0.0.1:8080")
    guard url.hasPrefix("http://") else { throw wrong }
    let rest = url.dropFirst("http://".count).split(separator: "/").first ?? ""
    let parts = rest.split(separator: ":")
    guard parts.count == 2, let port = UInt16(parts[1]) else { throw wrong }
    host = parts[0] == "localhost" ? "127.0.0.1" : String(parts[0])
    self.port = port
    guard InternetAddress(host: host, port: port) != nil else { throw wrong }
  }

  /// A client connected to it.
  ///
  /// - Throws: `CommandFailure` where nobody listens.
  func client() throws -> HTTPClient {
    do {
      return try HTTPClient(host, port)
    } catch {
      throw CommandFailure(.unavailable, "cannot reach http://\(host):\(port): \(error)")
    }
  }
}
