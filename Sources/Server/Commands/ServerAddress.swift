// The address of a running server, as a user writes it.

import Transport

/// Where a running server listens.
struct ServerAddress {
  /// An IP address.
  let host: String
  /// The port.
  let port: UInt16
  /// Whether the server has to prove who it is.
  let isEncrypted: Bool

  /// Reads `http://ADDRESS:PORT` or `https://ADDRESS:PORT`.
  ///
  /// - Parameter url: an address without a path. With https the certificate must be of this address,
  ///   and of an authority that the system trusts or that the file `SSL_CERT_FILE` holds.
  /// - Throws: `CommandFailure` for anything else.
  init(_ url: String) throws {
    let wrong = CommandFailure(
      .usage, "\(url) is not the address of a server; write http://127.0.0.1:8080")
    guard let scheme = ["http://", "https://"].first(where: url.hasPrefix) else { throw wrong }
    isEncrypted = scheme == "https://"
    let rest = url.dropFirst(scheme.count).split(separator: "/").first ?? ""
    let parts = rest.split(separator: ":")
    guard parts.count == 2, let port = UInt16(parts[1]) else { throw wrong }
    host = String(parts[0])
    self.port = port
    guard InternetAddress(host: host, port: port) != nil else { throw wrong }
  }

  /// A client connected to it.
  ///
  /// - Throws: `CommandFailure` where nobody listens.
  func client() throws -> HTTPClient {
    do {
      return try HTTPClient(host, port, tls: isEncrypted ? TLSClientContext() : nil)
    } catch {
      let scheme = isEncrypted ? "https" : "http"
      throw CommandFailure(.unavailable, "cannot reach \(scheme)://\(host):\(port): \(error)")
    }
  }
}
