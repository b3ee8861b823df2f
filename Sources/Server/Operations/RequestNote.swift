// What is remembered of a request from its coming to its answer: its id, for the log of this server and
// of whoever asked, and what may be told of it. Values; one loop's thread makes them.

import Crypto
import Notation
import Wire

/// One HTTP request on its way.
struct RequestNote {
  /// Given back as `X-Request-Id`.
  let id: String
  /// As it came.
  let method: String
  /// What was asked for, without what may be secret: no query, and of a link only that it was one.
  let path: String
  /// Monotonic milliseconds when it came.
  let since: Int64

  /// How many characters an id may have that the caller chose.
  static let idBytesMax = 64
  /// How long a path may be to be told.
  static let pathBytesMax = 256

  /// Notes a request.
  ///
  /// - Parameters:
  ///   - request: as it came.
  ///   - ids: where an id comes from if the caller gave none that can be used.
  ///   - now: monotonic milliseconds.
  init(_ request: HTTPRequest, _ ids: inout RequestIDs, now: Int64) {
    let given = request.headers["x-request-id"]
    id = given.flatMap { RequestNote.isID($0) ? $0 : nil } ?? ids.next()
    method = request.method.rawValue
    let whole = request.target.segments.first == "l" ? "/l/…" : request.target.path
    path = whole.utf8.count <= RequestNote.pathBytesMax ? whole : "(long)"
    since = now
  }

  /// Whether a text can stand in a header and in a log as it is: 1…64 of `A–Z a–z 0–9 . _ : ~ - + / =`.
  static func isID(_ text: String) -> Bool {
    (1...idBytesMax).contains(text.utf8.count) && text.utf8.allSatisfy(isIDByte)
  }

  private static func isIDByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: ".-_:~+/=".utf8.contains(byte)
    }
  }
}

/// Makes ids that no other loop and no other run of the program makes.
struct RequestIDs {
  private let prefix: String
  private var count: UInt64 = 0

  /// Begins a series of its own.
  init(loop: Int) {
    // Without randomness the ids are still unique within this run.
    let bytes = (try? randomBytes(6)) ?? []
    prefix = Base64.encode(bytes) + "." + String(loop) + "."
  }

  /// The next id.
  mutating func next() -> String {
    count += 1
    return prefix + String(count, radix: 36)
  }
}
