// What is no backup is not restored, whatever it looks like.

import Glibc
import Notation
import Storage
import Testing

@testable import Server

@Suite("Operations: what may be restored")
struct OperationsRestoreTests {
  private func file(_ path: String, _ bytes: [UInt8], mode: mode_t = 0o600) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode)
    try #require(descriptor >= 0 && fchmod(descriptor, mode) == 0)
    try #require(write(descriptor, bytes, bytes.count) == bytes.count)
    close(descriptor)
  }

  @Test("An empty file, a cut one and one of another program are no backups")
  func foreign() throws {
    let shop = try Shop.open()
    let base = try temporaryDirectory()
    defer { removeDirectory(base) }
    #expect(Heard().run("backup", "--data", shop.directory, "--to", base + "/b") == .done)
    let whole = try SmallFile.read(base + "/b", bytesMax: 1 << 26)
    var other = whole
    other.replaceSubrange(68..<72, with: [0, 0, 0, 0])
    var magic = whole
    magic[3] = UInt8(ascii: "x")
    let cases: [(String, [UInt8])] = [
      ("empty", []), ("header", Array(whole[..<100])), ("short", Array(whole[..<71])),
      ("other", other), ("magic", magic), ("zeros", [UInt8](repeating: 0, count: 8192)),
    ]
    for (name, bytes) in cases {
      try file(base + "/" + name, bytes)
      let heard = Heard()
      #expect(
        heard.run("restore", base + "/" + name, "--data", base + "/r") != .done, "\(name)")
      #expect(heard.notes.joined().contains(name == "header" ? "" : "no backup"), "\(name)")
      unlink(base + "/" + name)
    }
    #expect(SafeFile.names(in: base) == ["b"])
  }

  @Test("A backup without a storefront is not restored: it is that of the wrong directory")
  func nobody() throws {
    let shop = try Shop()
    let base = try temporaryDirectory()
    defer { removeDirectory(base) }
    #expect(Heard().run("backup", "--data", shop.directory, "--to", base + "/b") == .done)
    let heard = Heard()
    #expect(heard.run("restore", base + "/b", "--data", base + "/r") == .malformedInput)
    #expect(SafeFile.names(in: base) == ["b"])
  }

  @Test(
    "A directory may be named with slashes at its end, and keys that others may read are told of")
  func slashes() throws {
    let shop = try Shop.open()
    let base = try temporaryDirectory()
    let file = base + "/b"
    #expect(Heard().run("backup", "--data", shop.directory, "--to", file, "--with-keys") == .done)
    try #require(chmod(file + ".keys.json", 0o644) == 0)
    let heard = Heard()
    #expect(heard.run("restore", file, "--data", base + "/r//", "--with-keys") == .done)
    #expect(heard.notes.contains { $0.contains("mode 644") && $0.contains(".keys.json") })
    #expect(SafeFile.names(in: base) == ["b", "b.keys.json", "r"])
    SafeFile.removeFolder(base + "/r")
    removeDirectory(base)
  }
}
