import Notation

/// Why the bytes of a peer are no HTTP message that we take.
///
/// After any of these the place where the next message begins is unknown: answer with `status`,
/// then close. Source: RFC 9112, RFC 9110 section 15.
package enum HTTPError: Error, Equatable, Sendable {
  /// A line does not end in CR LF, or holds a byte that it must not hold.
  case malformedLine
  /// The first line is not `method target version`.
  case malformedRequestLine
  /// The first line is not `version status reason`.
  case malformedStatusLine
  /// The method is not one that any resource here has.
  case unknownMethod
  /// The target is no path, holds a forbidden byte, or a broken or dangerous percent-encoding.
  case malformedTarget
  /// The target is longer than `HTTPLimits.targetBytesMax`.
  case targetTooLong
  /// The version is neither HTTP/1.1 nor HTTP/1.0.
  case unsupportedVersion
  /// A header line has no colon, a bad name, space before the colon, or is folded.
  case malformedHeader
  /// The header block is longer than `HTTPLimits.headerBytesMax`.
  case headersTooLarge
  /// There are more fields than `HTTPLimits.headerCountMax`.
  case tooManyHeaders
  /// `Host` is missing, stands twice, is malformed, or differs from an absolute target.
  case malformedHost
  /// `Content-Length` is not one run of digits, or stands twice.
  case malformedLength
  /// Both `Content-Length` and `Transfer-Encoding`, or the latter in HTTP/1.0: an attempt to
  /// smuggle a request past somebody.
  case contradictoryLength
  /// A transfer coding other than exactly `chunked`.
  case unsupportedTransferCoding
  /// A chunk size or the end of a chunk is malformed.
  case malformedChunk
  /// The body is longer than the caller allows.
  case bodyTooLarge
  /// An expectation other than `100-continue`.
  case unknownExpectation
  /// The peer closed in the middle of a message.
  case truncated

  /// The status to answer with.
  package var status: Int {
    switch self {
    case .malformedLine, .malformedRequestLine, .malformedStatusLine, .malformedTarget,
      .malformedHeader, .malformedHost, .malformedLength, .contradictoryLength, .malformedChunk,
      .truncated:
      400
    case .bodyTooLarge: 413
    case .targetTooLong: 414
    case .unknownExpectation: 417
    case .headersTooLarge, .tooManyHeaders: 431
    case .unknownMethod, .unsupportedTransferCoding: 501
    case .unsupportedVersion: 505
    }
  }
}

/// How large the parts of an HTTP message may be.
package enum HTTPLimits {
  /// Bytes of a request target.
  package static let targetBytesMax = 8192
  /// Bytes of the first line, with its line end.
  package static let firstLineBytesMax = targetBytesMax + 64
  /// Bytes of all header lines together, with their line ends and the empty line.
  package static let headerBytesMax = 16384
  /// Number of header fields.
  package static let headerCountMax = 100
  /// Bytes of one chunk-size line, with its line end.
  package static let chunkLineBytesMax = 256
  /// Bytes of all chunk extensions of one body together.
  package static let chunkExtensionBytesMax = 4096
}

extension HTTPError {
  /// The stable code; see Protocol/errors.md.
  package var code: String {
    switch self {
    case .bodyTooLarge: "body_too_large"
    case .targetTooLong, .headersTooLarge, .tooManyHeaders: "headers_too_large"
    case .unknownMethod, .unsupportedTransferCoding, .unsupportedVersion, .unknownExpectation:
      "unsupported_request"
    default: "malformed_request"
    }
  }

  /// The answer, in the form of every other error. Source: RFC 9457.
  package var response: HTTPResponse {
    let problem: JSON = [
      "type": .string("urn:waggle:error:" + code), "title": .string(code),
      "status": .integer(Int64(status)), "detail": .string("The request is refused: \(self)."),
      "code": .string(code), "temporary": false,
    ]
    return HTTPResponse(
      status: status, headers: HTTPHeaders([("Content-Type", "application/problem+json")]),
      body: problem.bytes)
  }
}
