// Random bytes for keys, nonces, masks and identifiers that nobody may guess.

import COpenSSL

/// Bytes from OpenSSL's generator, which the system seeds.
///
/// - Parameter count: 0…2^31−1.
/// - Returns: `count` bytes.
/// - Throws: `CryptoError.failed` if the system has no entropy to give.
package func randomBytes(_ count: Int) throws(CryptoError) -> [UInt8] {
  precondition((0...Int(Int32.max)).contains(count), "a count of random bytes out of range")
  ERR_clear_error()
  var result: Int32 = 1
  let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
    if count > 0 { result = RAND_bytes(buffer.baseAddress, Int32(count)) }
    initialized = result == 1 ? count : 0
  }
  guard result == 1 else { throw CryptoError("RAND_bytes", .failed) }
  return bytes
}
