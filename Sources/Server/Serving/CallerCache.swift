// Tokens of HTTP requests that were judged already: a backend sends the same one thousands of times a
// second, and reading and checking a signature costs more than the rest of the request. The loop's thread
// only.

import Commerce

/// Who the last tokens are.
struct CallerCache {
  /// By their bytes: two texts may be equal to a reader of Unicode and not be the same token.
  private var callers: [[UInt8]: Caller] = [:]

  /// So many tokens are remembered; then all are forgotten, which costs one check for each.
  static let tokensMax = 256

  /// Who a token is, judged now as far as a judgement can change: its end, its key, a revocation.
  ///
  /// - Parameters:
  ///   - token: as it came.
  ///   - context: judges it where it is new, or holds no more.
  /// - Returns: who it is.
  /// - Throws: as `ServerContext.caller`.
  mutating func caller(from token: String, _ context: ServerContext) throws(Fault) -> Caller {
    let bytes = Array(token.utf8)
    if let known = callers[bytes] {
      if known.expiry > context.clock(), context.isStillTrusted(known) { return known }
      callers[bytes] = nil
    }
    let caller = try context.caller(from: token)
    if callers.count >= CallerCache.tokensMax { callers.removeAll(keepingCapacity: true) }
    callers[bytes] = caller
    return caller
  }
}
