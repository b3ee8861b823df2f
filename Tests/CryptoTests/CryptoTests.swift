// Digests, codes, comparison and random bytes against published vectors.

import Crypto
import Testing

@Suite("Digests")
struct DigestTests {
  // FIPS 180-4 examples.
  static let vectors: [(message: String, digest: String)] = [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      String(repeating: "a", count: 1_000_000),
      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    ),
  ]

  @Test("SHA-256 gives the digests of FIPS 180-4", arguments: vectors)
  func oneCall(message: String, digest: String) {
    #expect(SHA256.digest(of: Array(message.utf8)) == bytes(digest))
  }

  @Test("Cutting a message into pieces of any size does not change its digest")
  func pieces() {
    let message = (0..<300).map { UInt8(truncatingIfNeeded: $0) }
    var context = SHA256()
    for size in [1, 7, 63, 64, 65, 299, 300] {
      for start in stride(from: 0, to: message.count, by: size) {
        context.update(Array(message[start..<min(start + size, message.count)]))
      }
      context.update([])
      #expect(context.finish() == SHA256.digest(of: message), "size \(size)")
    }
  }

  @Test("SHA-1 answers the sample handshake of RFC 6455, section 1.3")
  func handshake() {
    let text = "dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    #expect(
      SHA1.digest(of: Array(text.utf8)) == bytes("b37a4f2cc0624f1690f64606cf385945b2bec4ea"))
  }
}

@Suite("Message authentication codes")
struct HMACTests {
  // RFC 4231, test cases 1–4, 6 and 7 (5 is truncated).
  static let vectors: [(key: [UInt8], message: [UInt8], code: String)] = [
    (
      [UInt8](repeating: 0x0b, count: 20), Array("Hi There".utf8),
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    ),
    (
      Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    ),
    (
      [UInt8](repeating: 0xaa, count: 20), [UInt8](repeating: 0xdd, count: 50),
      "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
    ),
    (
      Array(1...25), [UInt8](repeating: 0xcd, count: 50),
      "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
    ),
    (
      [UInt8](repeating: 0xaa, count: 131),
      Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    ),
    (
      [UInt8](repeating: 0xaa, count: 131),
      Array(
        ("This is a test using a larger than block-size key and a larger than block-size data. "
          + "The key needs to be hashed before being used by the HMAC algorithm.").utf8),
      "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
    ),
    // The empty key and message, as RFC 2104 allows.
    ([], [], "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"),
  ]

  @Test("HMAC-SHA-256 gives the codes of RFC 4231", arguments: vectors)
  func codes(key: [UInt8], message: [UInt8], code: String) {
    #expect(HMACSHA256.code(for: message, key: key) == bytes(code))
  }

  @Test("One context serves any number of messages, whole or in pieces", arguments: vectors)
  func reuse(key: [UInt8], message: [UInt8], code: String) {
    var context = HMACSHA256(key: key)
    #expect(context.code(for: Array("another message".utf8)) != bytes(code))
    #expect(context.code(for: message) == bytes(code))
    for byte in message { context.update([byte]) }
    #expect(context.finish() == bytes(code))
  }

  @Test("Only the same bytes compare as equal, at every place where one may differ")
  func comparison() {
    let secret = bytes("00 01 7f 80 ff")
    #expect(isEqualInConstantTime(secret, secret))
    #expect(isEqualInConstantTime([], []))
    #expect(!isEqualInConstantTime(secret, []))
    #expect(!isEqualInConstantTime(secret, Array(secret.dropLast())))
    #expect(!isEqualInConstantTime(secret, secret + [0]))
    for place in secret.indices {
      for bit in 0..<8 {
        var other = secret
        other[place] ^= 1 << bit
        #expect(!isEqualInConstantTime(secret, other))
      }
    }
  }

  @Test("Random bytes come in the number asked for and do not repeat")
  func random() throws {
    #expect(try randomBytes(0).isEmpty)
    #expect(try randomBytes(1).count == 1)
    #expect(try randomBytes(32).count == 32)
    #expect(try randomBytes(32) != randomBytes(32))
  }
}
