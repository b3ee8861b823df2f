// The key file: made once, read strictly, never where others may look.

import Commerce
import Crypto
import Glibc
import Notation
import Testing
import Wire

@testable import Server

/// A directory of its own that goes away with the test.
private struct Folder: ~Copyable {
  let path: String

  init() throws {
    var template = Array("/tmp/waggle-keys-XXXXXX".utf8CString)
    path = try #require(mkdtemp(&template).map { String(cString: $0) })
  }

  var file: String { path + "/" + Keyring.fileName }

  func write(_ text: String, mode: mode_t = 0o600) {
    let file = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    defer { close(file) }
    var bytes = Array(text.utf8)
    #expect(Glibc.write(file, &bytes, bytes.count) == bytes.count && fchmod(file, mode) == 0)
  }

  /// Names in the directory.
  var names: [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names
  }

  deinit {
    for name in names { unlink(path + "/" + name) }
    rmdir(path)
  }
}

private let secret = Base64.encode([UInt8](repeating: 7, count: 32))
private let edPEM = """
  -----BEGIN PUBLIC KEY-----
  MCowBQYDK2VwAyEAczU3T9a5I/W5GxDkwrNcKHp+9hgATM69lOmNBleMBqA=
  -----END PUBLIC KEY-----
  """.split(separator: "\n").joined(separator: "\\n")

@Suite("The key file")
struct AccessKeyFileTests {
  @Test("The first start makes keys that only the owner may read; the next ones read them")
  func creation() throws {
    let folder = try Folder()
    let first = try Keyring.loadOrCreate(directory: folder.path)
    var status = stat()
    #expect(stat(folder.file, &status) == 0 && status.st_mode & 0o777 == 0o600)
    #expect(folder.names == [Keyring.fileName])
    let text = try first.issue(
      person: PersonID(trusted: "a"), storefront: Sample.storefront, scopes: .operator,
      lifetimeMilliseconds: 1000, now: Sample.now)
    let second = try Keyring.loadOrCreate(directory: folder.path)
    #expect(try second.caller(from: text, now: Sample.now).scopes == .operator)
    #expect(second.mac(1, [1]) == first.mac(1, [1]) && first.mac(1, [1]) != nil)
    let other = try Folder()
    let stranger = try Keyring.loadOrCreate(directory: other.path)
    #expect(throws: Fault.self) { try stranger.caller(from: text, now: Sample.now) }
    #expect(stranger.mac(1, [1]) != first.mac(1, [1]))
  }

  @Test(
    "A file that others may read is refused", arguments: [0o640, 0o604, 0o620, 0o601] as [mode_t])
  func exposed(mode: mode_t) throws {
    let folder = try Folder()
    _ = try Keyring.loadOrCreate(directory: folder.path)
    #expect(chmod(folder.file, mode) == 0)
    let path = folder.file
    let directory = folder.path
    #expect(throws: KeyringError.exposed(path: path, mode: String(mode, radix: 8))) {
      try Keyring.loadOrCreate(directory: directory)
    }
  }

  @Test("Where there is no directory, or none to read, the reason is the system's")
  func missing() throws {
    do {
      _ = try Keyring.loadOrCreate(directory: "/nowhere/at/all")
      Issue.record("keys out of nowhere")
    } catch {
      guard case .system(_, ENOENT) = error else {
        Issue.record("\(error)")
        return
      }
    }
    let folder = try Folder()
    #expect(mkfifo(folder.file, 0o600) == 0)
    let path = folder.file
    let directory = folder.path
    #expect(throws: KeyringError.malformed(path: path, reason: "not a regular file")) {
      try Keyring.loadOrCreate(directory: directory)
    }
  }

  static let link = #""linkKeys":[{"id":1,"secret":"\#(secret)"}]"#

  @Test("Keys of every kind are read, and the first of a kind signs")
  func kinds() throws {
    let text =
      #"{"version":1,"tokenKeys":[{"kid":"t","algorithm":"HS256","secret":"\#(secret)","#
      + #""storefront":"x"},{"kid":"e","algorithm":"EdDSA","publicKey":"\#(edPEM)"}],"#
      + #""linkKeys":[{"id":9,"secret":"\#(secret)"},{"id":0,"secret":"\#(secret)"}]}"#
    let folder = try Folder()
    folder.write(text)
    let keyring = try Keyring.loadOrCreate(directory: folder.path)
    #expect(keyring.tokenSecrets.map(\.key.id) == ["t", "e"])
    #expect(keyring.tokenSecrets.map(\.key.storefront?.text) == ["x", nil])
    #expect(keyring.environment(now: Sample.now) { _ in .utc }.linkKeyID == 9)
    #expect(keyring.mac(0, []) != nil && keyring.mac(1, []) == nil)
  }

  static let malformed: [(String, String)] = [
    ("", "not JSON"), ("{", "not JSON"), ("[]", "object"), ("{}", "version"),
    (#"{"version":2,"tokenKeys":[],\#(link)}"#, "version"),
    (#"{"version":1,\#(link)}"#, "tokenKeys"), (#"{"version":1,"tokenKeys":[]}"#, "linkKeys"),
    (#"{"version":1,"tokenKeys":[],"linkKeys":[]}"#, "linkKeys"),
    (#"{"version":1,"tokenKeys":[],"keys":[],\#(link)}"#, "keys"),
    (#"{"version":1,"tokenKeys":[],"linkKeys":[{"id":256,"secret":"\#(secret)"}]}"#, "id"),
    (#"{"version":1,"tokenKeys":[],"linkKeys":[{"id":1,"secret":"c2hvcnQ"}]}"#, "secret"),
    (#"{"version":1,"tokenKeys":[],"linkKeys":[{"id":1,"secret":"\#(secret)="}]}"#, "secret"),
    (
      #"{"version":1,"tokenKeys":[],"linkKeys":[{"id":1,"secret":"\#(secret)"},"#
        + #"{"id":1,"secret":"\#(secret)"}]}"#, "same id"
    ),
    (
      #"{"version":1,"tokenKeys":[{"kid":"a","algorithm":"none","secret":"\#(secret)"}],\#(link)}"#,
      "HS256, EdDSA or RS256"
    ),
    (
      #"{"version":1,"tokenKeys":[{"kid":"a","algorithm":"RS256","publicKey":"\#(edPEM)"}],\#(link)}"#,
      "not of RS256"
    ),
    (
      #"{"version":1,"tokenKeys":[{"kid":"a","algorithm":"EdDSA","publicKey":"PEM"}],\#(link)}"#,
      "cannot be used"
    ),
    (
      #"{"version":1,"tokenKeys":[{"kid":"a","algorithm":"EdDSA","secret":"\#(secret)"}],\#(link)}"#,
      "publicKey"
    ),
    (
      #"{"version":1,"tokenKeys":[{"kid":"a","algorithm":"HS256","secret":"\#(secret)"},"#
        + #"{"kid":"a","algorithm":"HS256","secret":"\#(secret)"}],\#(link)}"#, "same kid"
    ),
  ]

  @Test("A file that is not what it must be stops the start, and says why", arguments: malformed)
  func malformedFile(text: String, reason: String) throws {
    let folder = try Folder()
    folder.write(text)
    do {
      _ = try Keyring.loadOrCreate(directory: folder.path)
      Issue.record("the keys were taken")
    } catch {
      guard case .malformed(folder.file, let found) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(found.contains(reason), "\(found)")
      #expect(!error.description.contains(secret))
    }
  }
}
