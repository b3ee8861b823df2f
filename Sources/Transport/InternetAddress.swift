// Addresses of the internet, as values: where to listen, who connected, and whom a quota counts
// together.
import CLinux

/// An IPv4 or IPv6 address with a port.
///
/// An IPv4 address that arrives mapped into IPv6 is the IPv4 address.
package struct InternetAddress: Hashable, Sendable, CustomStringConvertible {
  private let high: UInt64
  private let low: UInt64
  /// The port, 0…65535; 0 asks the system to choose.
  package let port: UInt16
  /// Whether this is IPv4.
  package let isIPv4: Bool

  /// Reads an address without a name lookup; nil where the host is none.
  ///
  /// - Parameters:
  ///   - host: such as `127.0.0.1` or `::1`; `localhost` is taken as `127.0.0.1`.
  ///   - port: 0…65535.
  package init?(host: String, port: UInt16) {
    var address = clinux_address()
    guard clinux_parse_address(host == "localhost" ? "127.0.0.1" : host, port, &address) == 1
    else { return nil }
    self.init(address)
  }

  /// The address alone, for telling whether two are the same machine's.
  package var withoutPort: InternetAddress {
    var address = system
    address.port = 0
    return InternetAddress(address)
  }

  init(_ address: clinux_address) {
    high = address.high
    low = address.low
    port = address.port
    isIPv4 = address.is_ipv4 == 1
  }

  var system: clinux_address {
    clinux_address(high: high, low: low, port: port, is_ipv4: isIPv4 ? 1 : 0)
  }

  /// The address without its port, such as `::1`.
  package var host: String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
      buffer.initialize(repeating: 0)
      guard let base = buffer.baseAddress else { return "" }
      var address = system
      clinux_format_address(&address, base, buffer.count)
      return String(cString: base)
    }
  }

  /// Such as `127.0.0.1:8080` or `[::1]:8080`.
  package var description: String { isIPv4 ? "\(host):\(port)" : "[\(host)]:\(port)" }

  /// Whom a limit for one address counts together: an IPv4 address, or an IPv6 network of 64 bits.
  ///
  /// A site is given at least that much of IPv6, so counting single addresses would limit nobody.
  package var network: Network {
    isIPv4 ? Network(prefix: low, isIPv4: true) : Network(prefix: high, isIPv4: false)
  }

  /// An IPv4 address or an IPv6 network of 64 bits.
  package struct Network: Hashable, Sendable {
    fileprivate let prefix: UInt64
    fileprivate let isIPv4: Bool

    /// Whether only this machine can have such an address: 127.0.0.0/8, or the network of `::1`.
    package var isLoopback: Bool { isIPv4 ? prefix >> 24 == 127 : prefix == 0 }
  }
}
