// Ed25519 and RS256 against RFC 8032 and RFC 7515, and the keys that are refused.

import Crypto
import Testing

@Suite("Signatures")
struct SignatureTests {
  // RFC 8032, section 7.1, tests 1–3.
  static let ed25519: [(seed: String, key: String, message: String, signature: String)] = [
    (
      "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
      "",
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        + "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    ),
    (
      "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
      "72",
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    ),
    (
      "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
      "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
      "af82",
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        + "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
    ),
  ]

  @Test("Ed25519 signs as in RFC 8032, and its public key agrees", arguments: ed25519)
  func edwards(seed: String, key: String, message: String, signature: String) throws {
    let signing = try SigningKey(ed25519Seed: bytes(seed))
    #expect(signing.algorithm == .ed25519)
    #expect(try signing.signature(for: bytes(message)) == bytes(signature))
    for verification in [try VerificationKey(ed25519: bytes(key)), signing.verificationKey] {
      #expect(verification.algorithm == .ed25519)
      #expect(verification.isValid(bytes(signature), for: bytes(message)))
      #expect(!verification.isValid(bytes(signature), for: bytes(message) + [0]))
    }
  }

  @Test("RS256 signs as in RFC 7515, appendix A.2")
  func rsa() throws {
    let message = Array(Vectors.jwsInput.utf8)
    let signing = try SigningKey(pem: Vectors.rsaPrivate)
    #expect(signing.algorithm == .rs256)
    #expect(try signing.signature(for: message) == bytes(Vectors.jwsSignature))
    let verification = try VerificationKey(pem: Vectors.rsaPublic)
    #expect(verification.algorithm == .rs256)
    #expect(verification.isValid(bytes(Vectors.jwsSignature), for: message))
    #expect(!verification.isValid(bytes(Vectors.jwsSignature), for: message + [0]))
  }

  @Test("A signature with one bit changed, cut short or made longer is not valid")
  func altered() throws {
    let message = Array("a sale".utf8)
    for signing in [
      try SigningKey(ed25519Seed: bytes(Self.ed25519[0].seed)),
      try SigningKey(pem: Vectors.rsaPrivate),
    ] {
      let signature = try signing.signature(for: message)
      let key = signing.verificationKey
      #expect(key.isValid(signature, for: message))
      for place in signature.indices {
        var altered = signature
        altered[place] ^= 1
        #expect(!key.isValid(altered, for: message), "byte \(place)")
      }
      #expect(!key.isValid([], for: message))
      #expect(!key.isValid(Array(signature.dropLast()), for: message))
      #expect(!key.isValid(signature + [0], for: message))
    }
  }

  @Test("Another key's signature is not valid")
  func otherKey() throws {
    let signature = try SigningKey(ed25519Seed: bytes(Self.ed25519[0].seed)).signature(for: [1])
    let other = try VerificationKey(ed25519: bytes(Self.ed25519[1].key))
    #expect(!other.isValid(signature, for: [1]))
  }

  @Test("Ed25519 keys are read from PEM")
  func edwardsPEM() throws {
    let vector = Self.ed25519[0]
    #expect(
      try SigningKey(pem: Vectors.ed25519Private).signature(for: []) == bytes(vector.signature))
    #expect(
      try VerificationKey(pem: Vectors.ed25519Public).isValid(bytes(vector.signature), for: []))
  }

  @Test(
    "Keys that are damaged, encrypted, weak or of another kind are refused with the reason",
    arguments: [
      ("", .malformedKey),
      ("not a key", .malformedKey),
      (String(Vectors.rsaPublic.dropLast(60)), .malformedKey),
      (Vectors.rsaPrivate, .malformedKey),
      (Vectors.rsa1024Public, .weakKey),
      (Vectors.ellipticPublic, .unsupportedKey),
    ] as [(String, CryptoError.Code)])
  func refused(pem: String, code: CryptoError.Code) {
    let error = #expect(throws: CryptoError.self) { try VerificationKey(pem: pem) }
    #expect(error?.code == code)
  }

  @Test("An encrypted private key is refused without asking anybody for its passphrase")
  func encrypted() {
    let error = #expect(throws: CryptoError.self) { try SigningKey(pem: Vectors.encryptedPrivate) }
    #expect(error?.code == .malformedKey)
  }

  @Test("Raw Ed25519 keys have 32 bytes, neither 31 nor 33", arguments: [0, 31, 33])
  func lengths(count: Int) {
    let raw = [UInt8](repeating: 7, count: count)
    #expect(throws: CryptoError.self) { try SigningKey(ed25519Seed: raw) }
    #expect(throws: CryptoError.self) { try VerificationKey(ed25519: raw) }
  }
}
