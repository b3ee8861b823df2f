// A WebSocket that says what it has to say and then reads nothing, with a small receive buffer: the
// slow consumer. Used by one thread at a time.

import Glibc
import Notation
import Testing
import Wire

@testable import Server

/// A viewer who does not read.
final class SilentViewer {
  private let descriptor: Int32

  init(_ door: Door) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    try #require(descriptor >= 0)
    var size: Int32 = 65_536
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = door.port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    try #require(result == 0)
    let request = WebSocketHandshake.requestBytes(
      "/v1/socket", host: "127.0.0.1:\(door.port)", nonce: Array(0..<16),
      subprotocols: [WebSocketHandshake.subprotocol], headers: HTTPHeaders())
    try write(request)
  }

  deinit { close(descriptor) }

  /// Sends a call; whatever the answer is, it is not read.
  func say(_ id: Int64, _ method: String, _ parameters: JSON) throws {
    let call = Visitor.request(id, method, parameters)
    try write(WebSocketEncoder.text(call.bytes, mask: 0x0a0b_0c0d))
  }

  /// Reads everything at last.
  ///
  /// - Returns: the texts, and the code of the close frame behind them.
  func readAll() throws -> (texts: [[UInt8]], closeCode: UInt16?) {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    var decoder = WebSocketDecoder(role: .client, messageBytesMax: 67_108_864)
    var texts: [[UInt8]] = []
    var isUpgraded = false
    while true {
      let count = read(descriptor, &chunk, chunk.count)
      guard count > 0 else { return (texts, nil) }
      if !isUpgraded {
        bytes += chunk[..<count]
        let end = Array("\r\n\r\n".utf8)
        guard let mark = bytes.firstRange(of: end)?.upperBound else { continue }
        isUpgraded = true
        bytes[mark...].withUnsafeBytes { decoder.feed($0) }
      } else {
        chunk[..<count].withUnsafeBytes { decoder.feed($0) }
      }
      while let event = try decoder.next() {
        switch event {
        case .text(let text): texts.append(text)
        case .close(let code, _):
          // Behind a close frame, once it is answered, there is nothing but the end of the stream.
          try write(WebSocketEncoder.close(code, reason: "", mask: 0x0102_0304))
          try #require(read(descriptor, &chunk, chunk.count) == 0)
          return (texts, code)
        case .binary, .ping, .pong: break
        }
      }
    }
  }

  private func write(_ bytes: [UInt8]) throws {
    try #require(Glibc.write(descriptor, bytes, bytes.count) == bytes.count)
  }
}
