// Signed messages over HTTP, as Standard Webhooks 1.0 has them: three headers beside a body.
//
//   webhook-id: shop/o1/3                        names the message; a retry has the same
//   webhook-timestamp: 1700000000                seconds since 1970, of this attempt
//   webhook-signature: v1,BASE64 v1,BASE64 …     one or more, separated by spaces
//
// A signature is HMAC-SHA-256(secret, id "." timestamp "." body). Secrets are written `whsec_BASE64`.
// Several secrets hold at once while one replaces another: any of them may have signed.
//
// The dots bound nothing if an id has dots itself: "a.1" at 2 and "a" at 1 with a body that begins
// "2." are the same bytes. So a body must never begin with a digit; ours are JSON objects, and
// `verify` refuses others. Values only; any thread. Source: Standard Webhooks 1.0, "Signature scheme".

import Commerce
import Crypto
import Wire

/// A secret that two parties sign messages to each other with.
///
/// One that finds its way into a log or a message tells nothing.
package struct SigningSecret: Sendable, Equatable {
  /// What every secret begins with when it is written down.
  package static let prefix = "whsec_"
  /// How long a secret may be. Source: Standard Webhooks 1.0, 24 to 64 bytes.
  package static let byteCounts = 24...64

  fileprivate let bytes: [UInt8]

  /// Reads a secret.
  ///
  /// - Parameter text: `whsec_` and 24 to 64 bytes in base64 with padding; nothing else is taken.
  package init?(_ text: String) {
    guard text.hasPrefix(Self.prefix),
      let bytes = Base64.decode(String(text.dropFirst(Self.prefix.count)), .standard),
      Self.byteCounts.contains(bytes.count)
    else { return nil }
    self.bytes = bytes
  }

  /// Compares in a time that tells nothing of the bytes.
  package static func == (left: SigningSecret, right: SigningSecret) -> Bool {
    isEqualInConstantTime(left.bytes, right.bytes)
  }
}

extension SigningSecret: CustomStringConvertible, CustomReflectable {
  /// Nothing of the secret.
  package var description: String { "a signing secret" }
  /// Nothing to look into.
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// Why a message is not taken for genuine. Checked in the order of the cases.
package enum SignatureFault: Error, Equatable, Sendable {
  /// A header is missing or stands twice, by its name.
  case headerMissing(String)
  /// A header is not what it must be, by its name.
  case headerMalformed(String)
  /// The body does not begin with `{`.
  case bodyMalformed
  /// The message was signed too long ago, or by a clock that is ahead; seconds, positive for old.
  case timestampOutsideTolerance(ageSeconds: Int64)
  /// None of the signatures is of any of the secrets.
  case noMatch
  /// It is genuine, and about something else than was asked.
  case foreignID(String)

  /// A stable word; see Protocol/commission-service.md.
  package var code: String {
    switch self {
    case .headerMissing: "signature_missing"
    case .headerMalformed, .bodyMalformed: "signature_malformed"
    case .timestampOutsideTolerance: "timestamp_outside_tolerance"
    case .noMatch: "signature_mismatch"
    case .foreignID: "signature_of_another"
    }
  }

  /// A sentence for whoever sent it; nothing secret.
  package var sentence: String {
    switch self {
    case .headerMissing(let name): "The header \(name) must stand there once."
    case .headerMalformed(let name): "The header \(name) is not as Standard Webhooks has it."
    case .bodyMalformed: "The body is no JSON object."
    case .timestampOutsideTolerance(let age):
      age >= 0
        ? "The message was signed \(age) seconds ago."
        : "The message was signed \(age.magnitude) seconds in the future."
    case .noMatch: "No signature is of a key that is known here."
    case .foreignID: "The message is about something else."
    }
  }
}

/// Signs and checks messages.
package enum MessageSignature {
  /// How far the clocks may be apart and how long a message may travel, either way, seconds.
  package static let toleranceSeconds: Int64 = 300
  /// The most bytes of an id.
  package static let idBytesMax = 256
  /// The most signatures of one message that are looked at.
  package static let signaturesMax = 16

  private static let idName = "webhook-id"
  private static let timestampName = "webhook-timestamp"
  private static let signatureName = "webhook-signature"

  /// The headers of a message.
  ///
  /// - Parameters:
  ///   - id: 1 to `idBytesMax` printable ASCII characters without spaces.
  ///   - moment: of this attempt; rounded down to whole seconds.
  ///   - body: begins with `{`.
  ///   - secret: the receiver knows it too.
  /// - Returns: `webhook-id`, `webhook-timestamp` and `webhook-signature`.
  package static func headers(
    id: String, at moment: Timestamp, body: [UInt8], secret: SigningSecret
  ) -> HTTPHeaders {
    headers(id: id, at: moment, body: body, secrets: [secret])
  }

  /// The headers of a message that is signed with every one of several secrets.
  ///
  /// - Parameters:
  ///   - id: 1 to `idBytesMax` printable ASCII characters without spaces.
  ///   - moment: of this attempt; rounded down to whole seconds.
  ///   - body: begins with `{`.
  ///   - secrets: 1 to `signaturesMax`; the receiver knows one of them.
  /// - Returns: `webhook-id`, `webhook-timestamp` and `webhook-signature`.
  package static func headers(
    id: String, at moment: Timestamp, body: [UInt8], secrets: [SigningSecret]
  ) -> HTTPHeaders {
    precondition(isID(id), "the id of a message is printable ASCII")
    precondition(body.first == UInt8(ascii: "{"), "the body of a message is a JSON object")
    precondition((1...signaturesMax).contains(secrets.count), "a message is signed")
    let timestamp = String(moment.seconds)
    let signatures = secrets.map {
      "v1," + Base64.encode(code(id, timestamp, body, $0), .standard)
    }
    return HTTPHeaders([
      (idName, id), (timestampName, timestamp),
      (signatureName, signatures.joined(separator: " ")),
    ])
  }

  /// Checks a message.
  ///
  /// Every signature is compared with every secret in constant time, whichever fits.
  /// - Parameters:
  ///   - headers: of the request or response.
  ///   - body: as it came, byte for byte.
  ///   - secrets: those that may have signed.
  ///   - now: the moment.
  /// - Returns: the message's id, and the place of the secret that signed.
  /// - Throws: `SignatureFault`, in the order of its cases.
  package static func verify(
    _ headers: HTTPHeaders, body: [UInt8], secrets: [SigningSecret], now: Timestamp
  ) throws(SignatureFault) -> (id: String, secret: Int) {
    let id = try only(idName, headers)
    let timestamp = try only(timestampName, headers)
    let signatures = try only(signatureName, headers)
    guard isID(id) else { throw .headerMalformed(idName) }
    guard let seconds = Int64(timestamp), seconds >= 0, String(seconds) == timestamp else {
      throw .headerMalformed(timestampName)
    }
    let given = try codes(signatures)
    guard body.first == UInt8(ascii: "{") else { throw .bodyMalformed }
    let age = now.seconds.subtractingReportingOverflow(seconds)
    guard !age.overflow, age.partialValue.magnitude <= toleranceSeconds.magnitude else {
      throw .timestampOutsideTolerance(ageSeconds: age.partialValue)
    }
    var found: Int?
    for (index, secret) in secrets.enumerated() {
      let expected = code(id, timestamp, body, secret)
      for code in given where isEqualInConstantTime(code, expected) { found = found ?? index }
    }
    guard let found else { throw .noMatch }
    return (id, found)
  }

  private static func only(
    _ name: String, _ headers: HTTPHeaders
  ) throws(SignatureFault) -> String {
    let values = headers.values(name)
    guard values.count == 1 else { throw .headerMissing(name) }
    return values[0]
  }

  /// The signatures of version 1; those of other versions are passed over.
  private static func codes(_ text: String) throws(SignatureFault) -> [[UInt8]] {
    let parts = text.split(separator: " ", omittingEmptySubsequences: false)
    guard parts.count <= signaturesMax else { throw .headerMalformed(signatureName) }
    var codes: [[UInt8]] = []
    for part in parts {
      let pieces = part.split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false)
      guard pieces.count == 2, !pieces[0].isEmpty else { throw .headerMalformed(signatureName) }
      guard pieces[0] == "v1" else { continue }
      guard let code = Base64.decode(String(pieces[1]), .standard),
        code.count == HMACSHA256.byteCount
      else { throw .headerMalformed(signatureName) }
      codes.append(code)
    }
    return codes
  }

  private static func code(
    _ id: String, _ timestamp: String, _ body: [UInt8], _ secret: SigningSecret
  ) -> [UInt8] {
    var context = HMACSHA256(key: secret.bytes)
    context.update(Array("\(id).\(timestamp).".utf8))
    context.update(body)
    return context.finish()
  }

  private static func isID(_ text: String) -> Bool {
    (1...idBytesMax).contains(text.utf8.count)
      && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
  }
}
