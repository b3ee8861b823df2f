// Who is behind a connection, for limits by address: whoever is at its other end, or, where that is a
// proxy that the operator trusts, whoever the proxy says. The loop's thread only.

import Transport
import Wire

extension LoopServer {
  func connectionOpened(_ id: ConnectionID, address: InternetAddress) -> Bool {
    if context.options.trustedProxies.contains(address.withoutPort) { proxied.insert(id) }
    return true
  }

  /// For whom a request counts.
  ///
  /// - Parameters:
  ///   - request: as it came.
  ///   - id: on this connection.
  /// - Returns: their network; nothing for a connection that is gone.
  func network(
    behind request: HTTPRequest, on id: ConnectionID
  ) -> InternetAddress.Network? {
    guard proxied.contains(id) else { return connections.network(of: id) }
    return ForwardedFor.client(request.headers, trusted: context.options.trustedProxies)?.network
      ?? connections.network(of: id)
  }
}

/// The header in which each proxy writes, at the end, whom it was asked by.
enum ForwardedFor {
  /// The last address that no trusted proxy has: what stands before it may be anybody's invention.
  ///
  /// - Parameters:
  ///   - headers: of a request that a trusted proxy has handed on.
  ///   - trusted: addresses without ports.
  /// - Returns: the address; nothing where there is none, or something else than an address stands there.
  static func client(
    _ headers: HTTPHeaders, trusted: Set<InternetAddress>
  ) -> InternetAddress? {
    for hop in headers.list("x-forwarded-for").reversed() {
      guard let address = address(hop) else { return nil }
      if !trusted.contains(address) { return address }
    }
    return nil
  }

  /// Reads an address, which some proxies write with a port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`,
  /// `[2001:db8::1]`, `[2001:db8::1]:80`.
  private static func address(_ text: String) -> InternetAddress? {
    var host = text[...]
    if host.hasPrefix("["), let end = host.firstIndex(of: "]") {
      host = host[..<end].dropFirst()
    } else if host.utf8.count(where: { $0 == UInt8(ascii: ":") }) == 1 {
      host = host[..<(host.firstIndex(of: ":") ?? host.endIndex)]
    }
    return InternetAddress(host: String(host), port: 0)
  }
}
