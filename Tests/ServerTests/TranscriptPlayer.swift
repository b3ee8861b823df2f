// Plays one golden conversation of Protocol/transcripts against a running server. Blocking; one thread.

import Commerce
import Crypto
import Notation
import Transport
import Wire

@testable import Server

/// Where a conversation ended otherwise than it is written.
struct TranscriptFailure: Error, CustomStringConvertible {
  /// The line of the file, from 1.
  let line: Int
  let fault: any Error

  var description: String { "line \(line): \(fault)" }
}

/// Says and hears what the lines of a conversation tell.
final class TranscriptPlayer {
  private let port: UInt16
  private let secret: Keyring.TokenSecret
  private let patienceMilliseconds: Int64
  private var names = TranscriptNames([:])
  private var connections: [String: TranscriptConnection] = [:]

  /// Makes a player.
  ///
  /// - Parameters:
  ///   - server: runs in this process.
  ///   - patienceMilliseconds: how long an expected message is waited for. More than the contract's
  ///     5 s by default: machines that compile meanwhile stand still for longer.
  /// - Throws: `TranscriptFault` where the server could not have signed the tokens.
  init(_ server: Server, patienceMilliseconds: Int64 = 20_000) throws {
    port = server.address.port
    guard let secret = server.keyring.tokenSecrets.first(where: { $0.key.algorithm == .hs256 })
    else { throw TranscriptFault.unreadable("the server has no key that signs") }
    self.secret = secret
    self.patienceMilliseconds = patienceMilliseconds
  }

  /// Plays a conversation from its first line to its last.
  ///
  /// - Parameter text: the lines.
  /// - Throws: `TranscriptFailure`.
  func play(_ text: String) throws(TranscriptFailure) {
    let lines = text.split(separator: "\n")
    for (index, line) in lines.enumerated() {
      do {
        let step = try JSON.read(String(line))
        if index == 0 { try begin(step) } else { try play(step) }
      } catch { throw TranscriptFailure(line: index + 1, fault: error) }
    }
    do { try end() } catch { throw TranscriptFailure(line: lines.count, fault: error) }
  }

  private func begin(_ header: JSON) throws {
    let now = Timestamp(milliseconds: wallClock().seconds * 1000)
    let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789")
    let run = String((0..<8).map { _ in letters[Int.random(in: letters.indices)] })
    names = TranscriptNames([
      "run": .string(run), "storefront": .string("t-" + run), "now": .string(now.description),
    ])
    guard header["title"]?.text != nil, let tokens = header["tokens"]?.members else {
      throw TranscriptFault.unreadable("the first line has a title and tokens")
    }
    for token in tokens {
      names.bind("token.\(token.key)", .string(try tokenText(token.value, now)))
    }
  }

  private func play(_ step: JSON) throws {
    if let request = step["http"] {
      return try send(request, expecting: step["expect"] ?? .null)
    }
    guard let name = step["on"]?.text else { throw notAStep(step) }
    let connection =
      try connections[name]
      ?? TranscriptConnection(name, port: port, patienceMilliseconds: patienceMilliseconds)
    connections[name] = connection
    if let message = step["send"] {
      try connection.send(.text, names.filled(message).bytes)
    } else if let text = step["sendText"]?.text {
      try connection.send(.text, Array(names.text(text).utf8))
    } else if let bytes = step["sendBase64"]?.text.flatMap({ Base64.decode($0, .standard) }) {
      try connection.send(.text, bytes)
    } else if let bytes = step["sendBinaryBase64"]?.text.flatMap({ Base64.decode($0, .standard) }) {
      try connection.send(.binary, bytes)
    } else if let count = step["sendSpaces"]?.integer {
      try connection.send(.text, Array(repeating: UInt8(ascii: " "), count: Int(count)))
    } else if let code = step["expectClose"]?.integer {
      connections[name] = nil
      let found = try connection.closed()
      guard Int64(found) == code else {
        throw TranscriptFault.unexpected("\(name) was closed with \(found), not \(code)")
      }
    } else if step["close"]?.bool == true {
      connections[name] = nil
      // What comes meanwhile is nobody's: only connections that are still open at the end count.
      _ = try connection.close()
    } else if let wanted = step["expect"] {
      try expect(wanted, on: connection)
    } else {
      throw notAStep(step)
    }
  }

  private func notAStep(_ step: JSON) -> TranscriptFault {
    .unreadable("no step: \(step.description)")
  }

  private func expect(_ wanted: JSON, on connection: TranscriptConnection) throws {
    let found: JSON
    if wanted.elements != nil {
      found = try connection.answer(to: nil)
    } else if let id = wanted["id"] {
      found = try connection.answer(to: id)
    } else if let method = wanted["method"]?.text, method != "room.event",
      method != "session.closing"
    {
      found = try connection.figures(method) { push in
        var tried = names
        return try tried.difference(wanted, push) == nil
      }
    } else {
      found = try connection.push()
    }
    try require(wanted, found)
  }

  private func require(_ wanted: JSON, _ found: JSON) throws {
    guard let difference = try names.difference(wanted, found) else { return }
    throw TranscriptFault.unexpected("\(difference)\n    got \(found.description)")
  }

  private func send(_ request: JSON, expecting wanted: JSON) throws {
    let token = request["token"]?.text
    let request = try names.filled(
      .object((request.members ?? []).filter { $0.key != "token" }))
    guard let method = request["method"]?.text.flatMap(HTTPMethod.init),
      let path = request["path"]?.text
    else { throw TranscriptFault.unreadable("no request: \(request.description)") }
    var headers = HTTPHeaders(
      (request["headers"]?.members ?? []).map { ($0.key, $0.value.text ?? "") })
    if let token { headers.add("Authorization", "Bearer " + (try names.text("${token.\(token)}"))) }
    var body: [UInt8] = []
    if let value = request["body"] {
      headers.add("Content-Type", "application/json")
      body = value.bytes
    } else if let text = request["text"]?.text {
      headers.add("Content-Type", request["type"]?.text ?? "application/json")
      body = Array(text.utf8)
    }
    let response = try HTTPClient("127.0.0.1", port).send(
      method, path, headers: headers, body: body)
    let answer = String(decoding: response.body, as: UTF8.self)
    guard wanted["status"] == .integer(Int64(response.status)) else {
      throw TranscriptFault.unexpected(
        "status \(response.status), not \((wanted["status"] ?? .null).description)\n    got \(answer)"
      )
    }
    for header in wanted["headers"]?.members ?? [] {
      try require(header.value, response.headers[header.key].map { .string($0) } ?? .null)
    }
    if let wantedBody = wanted["body"] { try require(wantedBody, try JSON.read(answer)) }
  }

  private func end() throws {
    for (name, connection) in connections.sorted(by: { $0.key < $1.key }) {
      if let leftover = try connection.close() {
        throw TranscriptFault.unexpected("\(name): nobody expected \(leftover.description)")
      }
    }
  }
}

extension TranscriptPlayer {
  /// What may be wrong with a token on purpose.
  private enum TokenFault: String {
    case malformed
    case unknownKey = "unknown_key"
    case algorithmMismatch = "algorithm_mismatch"
    case badSignature = "bad_signature"
    case missingClaim = "missing_claim"
    case expired
    case notYetValid = "not_yet_valid"
  }

  /// A token for an hour, by hand: what the server issues is never wrong.
  private func tokenText(_ wish: JSON, _ now: Timestamp) throws -> String {
    guard let person = wish["sub"], let scope = wish["scope"],
      case .secret(let key) = secret.material
    else { throw TranscriptFault.unreadable("no token: \(wish.description)") }
    var fault: TokenFault?
    if let name = wish["fault"]?.text {
      guard let known = TokenFault(rawValue: name) else {
        throw TranscriptFault.unreadable("\(name) is no fault of tokens")
      }
      fault = known
    }
    if fault == .malformed { return "not.a token" }
    let header: JSON = [
      "alg": fault == .algorithmMismatch ? "none" : "HS256",
      "kid": fault == .unknownKey ? "nobody" : .string(secret.key.id), "typ": "JWT",
    ]
    var claims: [JSON.Member] = [
      .init("sub", person),
      .init("sf", try names.filled(wish["sf"] ?? "$storefront")),
      .init("iat", .integer(now.seconds)),
    ]
    if fault != .missingClaim { claims.append(.init("scope", scope)) }
    if fault == .notYetValid { claims.append(.init("nbf", .integer(now.seconds + 3600))) }
    let lifetime: Int64 =
      switch fault {
      case .expired: -60
      case .notYetValid: 7200
      default: 3600
      }
    claims.append(.init("exp", .integer(now.seconds + lifetime)))
    let input = Base64.encode(header.bytes) + "." + Base64.encode(JSON.object(claims).bytes)
    var mac = HMACSHA256.code(for: Array(input.utf8), key: key)
    if fault == .badSignature { mac[0] ^= 1 }
    return input + "." + Base64.encode(mac)
  }
}
