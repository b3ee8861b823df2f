// Hashes for tables in memory. An id is looked up far more often than it is made, so it keeps its hash;
// Swift's own way reckons it anew at every look-up, in every table.
//
// Folded multiplication, eight bytes at a time. Seeded as Swift seeds its tables, differently in every
// process, so that nobody can choose ids that all fall on one place: never store, send or order by it.

/// Reckons the hashes of ids and of keys made of them.
package enum TableHash {
  /// Secret: `hashValue` is the standard library's own source of it.
  private static let seed = UInt64(bitPattern: Int64(0x5EED.hashValue))

  /// The hash of a text's bytes.
  ///
  /// - Parameter text: any text.
  /// - Returns: the same for the same text in this process.
  /// - Complexity: O(n) in its bytes.
  package static func of(_ text: String) -> UInt64 {
    var text = text
    return text.withUTF8 { bytes in
      let bytes = UnsafeRawBufferPointer(bytes)
      var hash = seed ^ UInt64(truncatingIfNeeded: bytes.count)
      var start = 0
      while bytes.count - start >= 8 {
        hash = folded(hash, bytes.loadUnaligned(fromByteOffset: start, as: UInt64.self))
        start += 8
      }
      guard start < bytes.count else { return hash }
      var rest: UInt64 = 0
      while start < bytes.count {
        rest = rest << 8 | UInt64(bytes[start])
        start += 1
      }
      return folded(hash, rest)
    }
  }

  /// The hash of something that has several parts, made of that of the parts before and the next part's.
  ///
  /// - Parameters:
  ///   - hash: of the parts before.
  ///   - part: the hash of the next part, or a number.
  /// - Returns: the hash of all of them.
  @inlinable
  package static func folded(_ hash: UInt64, _ part: UInt64) -> UInt64 {
    // The golden ratio: odd, and its bits follow no rule.
    let product = (hash ^ part).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
    return product.high ^ product.low
  }
}
