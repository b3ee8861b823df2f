// The key file `keys.json` in the data directory, readable by its owner only.
//
//     {"version": 1,
//      "tokenKeys": [{"kid": "…", "algorithm": "HS256", "secret": "base64url, 32…256 bytes",
//                     "storefront": "…"?},
//                    {"kid": "…", "algorithm": "EdDSA" | "RS256", "publicKey": "PEM",
//                     "storefront": "…"?}],
//      "linkKeys": [{"id": 0…255, "secret": "base64url, 32…256 bytes"}],
//      "commissionKeys"?: see CommissionKeys.swift, "webhooks"?: see WebhookKeys.swift}
//
// The first HS256 key without a storefront and the first link key sign; all others only check. So a key
// is changed by putting a new one in front, and dropped when nothing signed with it matters any more.
//
// Created with random keys at the first start: written under another name, synced, and then linked to
// its name, which fails if the name is there. So the name never stands for half a file, and of two
// servers that start at once both take the same keys. Any thread; blocks on the disk.

import Commerce
import Crypto
import Glibc
import Notation
import Wire

/// Why there are no keys; an operator has to look.
package enum KeyringError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The operating system said no.
  case system(operation: String, errno: Int32)
  /// Others than the owner may read or change the file; the mode is in octal digits.
  case exposed(path: String, mode: String)
  /// The file is not what it must be.
  case malformed(path: String, reason: String)
  /// No random bytes for new keys.
  case noRandomness

  /// One line for a log; never a key.
  package var description: String {
    switch self {
    case .system(let operation, let errno):
      "\(operation): \(SmallFile.meaning(ofErrno: errno))"
    case .exposed(let path, let mode):
      "\(path) has mode \(mode); only its owner may read it (chmod 600 \(path))"
    case .malformed(let path, let reason): "\(path): \(reason)"
    case .noRandomness: "the system has no random bytes for new keys"
    }
  }
}

extension Keyring {
  /// The name of the key file within the data directory.
  package static let fileName = "keys.json"

  private static let fileBytesMax = 262_144
  private static let secretBytes = 32...256
  private static let keysMax = 64

  /// Reads the keys of a data directory, or makes them on the first start.
  ///
  /// - Parameter directory: there already.
  /// - Returns: the keys.
  /// - Throws: `KeyringError`.
  package static func loadOrCreate(directory: String) throws(KeyringError) -> Keyring {
    let path = directory + "/" + fileName
    if let keyring = try load(path) { return keyring }
    try create(path, in: directory)
    guard let keyring = try load(path) else {
      throw .system(operation: "open \(path)", errno: ENOENT)
    }
    return keyring
  }

  /// Reads the keys of a data directory again.
  ///
  /// - Parameter directory: of a server.
  /// - Returns: the keys, or nothing where the file is gone.
  /// - Throws: `KeyringError`.
  static func load(directory: String) throws(KeyringError) -> Keyring? {
    try load(directory + "/" + fileName)
  }

  private static func load(_ path: String) throws(KeyringError) -> Keyring? {
    guard let bytes = try ownersFile(path) else { return nil }
    return try parse(bytes, path)
  }

  /// What a file holds that only its owner may read, or nothing where it is not there.
  ///
  /// - Parameters:
  ///   - path: of a file with keys.
  ///   - isGroupTrusted: whether its group may read it, as is usual for keys of certificates.
  /// - Returns: its bytes.
  /// - Throws: `KeyringError`.
  static func ownersFile(
    _ path: String, isGroupTrusted: Bool = false
  ) throws(KeyringError) -> [UInt8]? {
    // Not to wait for ever where somebody has put a pipe in its place.
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else {
      let number = errno
      if number == ENOENT { return nil }
      throw .system(operation: "open \(path)", errno: number)
    }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw .system(operation: "stat \(path)", errno: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .malformed(path: path, reason: "not a regular file")
    }
    guard status.st_mode & (isGroupTrusted ? 0o037 : 0o077) == 0 else {
      throw .exposed(path: path, mode: String(status.st_mode & 0o777, radix: 8))
    }
    guard status.st_size <= fileBytesMax else {
      throw .malformed(path: path, reason: "longer than \(fileBytesMax) bytes")
    }
    return try contents(file, path)
  }

  private static func contents(_ file: Int32, _ path: String) throws(KeyringError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: fileBytesMax)
    var count = 0
    while count < bytes.count {
      let more = bytes.withUnsafeMutableBytes { buffer in
        read(file, buffer.baseAddress?.advanced(by: count), buffer.count - count)
      }
      if more < 0, errno == EINTR { continue }
      guard more >= 0 else { throw .system(operation: "read \(path)", errno: errno) }
      if more == 0 { break }
      count += more
    }
    return Array(bytes[..<count])
  }
}

// Reading.
extension Keyring {
  /// The keys of a file's text.
  ///
  /// - Parameters:
  ///   - bytes: the text.
  ///   - path: for messages.
  /// - Returns: the keys.
  /// - Throws: `.malformed`.
  static func parse(_ bytes: [UInt8], _ path: String) throws(KeyringError) -> Keyring {
    try reading(bytes, path) { (fields) throws(Fault) in
      let tokens = try fields.objects("tokenKeys", count: 0...keysMax, tokenSecret)
      let links = try fields.objects("linkKeys", count: 1...keysMax, linkSecret)
      let commissions = try CommissionKeys(&fields, isRequired: false)
      let webhooks = try WebhookKeys(&fields)
      guard Set(tokens.map(\.key.id)).count == tokens.count else {
        throw Fault.invalidField("tokenKeys", "Two token keys have the same kid.")
      }
      guard Set(links.map(\.id)).count == links.count else {
        throw Fault.invalidField("linkKeys", "Two link keys have the same id.")
      }
      return Keyring(
        tokenSecrets: tokens, linkSecrets: links, commissionKeys: commissions, webhooks: webhooks)
    }
  }

  /// Reads a file of keys to its end.
  static func reading<Keys>(
    _ bytes: [UInt8], _ path: String, _ read: (inout Fields) throws(Fault) -> Keys
  ) throws(KeyringError) -> Keys {
    do {
      let text = try JSON.read(bytes)
      guard text.members != nil else {
        throw Fault.invalidField("", "the file must hold an object")
      }
      var fields = Fields(text)
      _ = try fields.integer("version", in: 1...1)
      let keys = try read(&fields)
      try fields.finish()
      return keys
    } catch let error as Fault {
      throw .malformed(path: path, reason: error.message)
    } catch {
      throw .malformed(path: path, reason: "not JSON: \(error)")
    }
  }

  private static func tokenSecret(_ fields: inout Fields) throws(Fault) -> TokenSecret {
    let id = try fields.text("kid", bytesMax: 64)
    let name = try fields.text("algorithm", bytesMax: 16)
    let storefront: StorefrontID? = try fields.optionalIdentifier("storefront")
    guard let algorithm = TokenKey.Algorithm(rawValue: name) else {
      throw fields.fault("algorithm", "The key \(id) must be of HS256, EdDSA or RS256.")
    }
    let key = TokenKey(id: id, algorithm: algorithm, storefront: storefront)
    if algorithm == .hs256 {
      return TokenSecret(key: key, material: .secret(try secret(&fields)))
    }
    let (verification, text) = try publicKey(&fields, key)
    return TokenSecret(
      key: key, material: .verification(verification), publicText: Array(text.utf8))
  }

  private static func publicKey(
    _ fields: inout Fields, _ key: TokenKey
  ) throws(Fault) -> (VerificationKey, text: String) {
    let field = try fields.required("publicKey")
    guard let pem = field.value.text else { throw field.refusal("a PEM text") }
    let verification: VerificationKey
    do throws(CryptoError) { verification = try VerificationKey(pem: pem) } catch {
      throw .invalidField(field.path, "The public key of \(key.id) cannot be used: \(error).")
    }
    guard verification.algorithm == (key.algorithm == .eddsa ? .ed25519 : .rs256) else {
      throw .invalidField(
        field.path, "The public key of \(key.id) is not of \(key.algorithm.rawValue).")
    }
    return (verification, pem)
  }

  private static func linkSecret(_ fields: inout Fields) throws(Fault) -> LinkSecret {
    LinkSecret(
      id: UInt8(try fields.integer("id", in: 0...255)), secret: try secret(&fields))
  }

  private static func secret(_ fields: inout Fields) throws(Fault) -> [UInt8] {
    let field = try fields.required("secret")
    guard let text = field.value.text, let bytes = Base64.decode(text),
      secretBytes.contains(bytes.count)
    else {
      throw field.refusal(
        "\(secretBytes.lowerBound) to \(secretBytes.upperBound) bytes in base64url without padding")
    }
    return bytes
  }
}

// Creating.
extension Keyring {
  private static func create(_ path: String, in directory: String) throws(KeyringError) {
    let bytes = try freshFile()
    let draft = path + "." + Base64.encode(try random(9))
    try write(bytes, to: draft)
    defer { unlink(draft) }
    if link(draft, path) != 0, errno != EEXIST {
      throw .system(operation: "link \(path)", errno: errno)
    }
    let folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { throw .system(operation: "open \(directory)", errno: errno) }
    defer { close(folder) }
    guard fsync(folder) == 0 else { throw .system(operation: "fsync \(directory)", errno: errno) }
  }

  /// A key of tokens and a key of links.
  private static func freshFile() throws(KeyringError) -> [UInt8] {
    let file: JSON = [
      "version": 1,
      "tokenKeys": [
        [
          "kid": .string("own-" + Base64.encode(try random(6))), "algorithm": "HS256",
          "secret": .string(Base64.encode(try random(32))),
        ]
      ],
      "linkKeys": [["id": 1, "secret": .string(Base64.encode(try random(32)))]],
    ]
    return file.bytes + [0x0A]
  }

  private static func random(_ count: Int) throws(KeyringError) -> [UInt8] {
    do throws(CryptoError) { return try randomBytes(count) } catch { throw .noRandomness }
  }

  private static func write(_ bytes: [UInt8], to path: String) throws(KeyringError) {
    let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw .system(operation: "create \(path)", errno: errno) }
    defer { close(file) }
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw failure("write \(path)", removing: path) }
      rest = rest.dropFirst(count)
    }
    guard fsync(file) == 0 else { throw failure("fsync \(path)", removing: path) }
  }

  private static func failure(_ operation: String, removing path: String) -> KeyringError {
    let number = errno
    unlink(path)
    return .system(operation: operation, errno: number)
  }
}
