// Exchanged key files: what is taken up, what is tried again, and what stays as it was.

import Commerce
import Glibc
import Notation
import Synchronization
import Testing
import Transport
import Wire

@testable import Server

@Suite("Exchanged key files")
struct KeyRotationTests {
  /// A key file with one key of tokens.
  private func keys(_ kid: String, _ byte: UInt8, webhooks: [JSON]? = nil) -> [UInt8] {
    let secret = JSON.string(Base64.encode([UInt8](repeating: byte, count: 32)))
    var members = [
      JSON.Member("version", 1),
      JSON.Member(
        "tokenKeys", [["kid": .string(kid), "algorithm": "HS256", "secret": secret]]),
      JSON.Member("linkKeys", [["id": 1, "secret": secret]]),
    ]
    if let webhooks { members.append(JSON.Member("webhooks", .array(webhooks))) }
    return JSON.object(members).bytes
  }

  @Test("A key file whose mode is put right is taken up, though nothing in it has changed")
  func modePutRight() throws {
    let told = Mutex<[String]>([])
    let shop = try Shop.open { $0.log = { line in told.withLock { $0.append(line) } } }
    let dropped = try shop.door.visitor("v1")
    let path = shop.directory + "/keys.json"
    let draft = path + ".draft"
    let file = open(draft, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    let bytes = keys("new", 7)
    try #require(fchmod(file, 0o644) == 0 && write(file, bytes, bytes.count) == bytes.count)
    close(file)
    try #require(rename(draft, path) == 0)
    try WebhookSample.wait(for: "a complaint") {
      told.withLock { $0.contains { $0.contains("has mode 644") } }
    }
    try #require(chmod(path, 0o600) == 0)
    #expect(try dropped.readToEnd() == 3502)
  }

  @Test("After an exchange of keys the endpoints are still there, and others wait for a restart")
  func endpointsStay() throws {
    let told = Mutex<[String]>([])
    let receiver = try WebhookReceiver()
    let shop = try WebhookSample.shop([receiver.entry()]) {
      $0.log = { line in told.withLock { $0.append(line) } }
    }
    let path = shop.directory + "/keys.json"
    try writeFile(path, keys("new", 7, webhooks: [receiver.entry()]))
    shop.server.reload()
    #expect(try WebhookSample.webhook(at: try shop.door.desk())["endpoint"] == "books")
    #expect(!told.withLock { $0.contains { $0.contains("webhooks") } })

    try writeFile(path, keys("newer", 8))
    shop.server.reload()
    let desk = try shop.door.desk()
    #expect(try WebhookSample.webhook(at: desk)["endpoint"] == "books")
    #expect(told.withLock { $0.contains { $0.contains("changed webhooks") } })
    // It is told all the same.
    try WebhookSample.sell("o1", at: desk)
    try WebhookSample.wait(for: "the event") { receiver.taken == [1] }
  }

  @Test(
    "A key file that the system does not let us read is read the next time, and that is counted")
  func readFails() throws {
    let path = "keys.json"
    let before = try Keyring.parse(keys("old", 1), path)
    let after = keys("new", 2)
    let failures = Mutex<[KeyringError]>([
      .system(operation: "open", errno: EMFILE), .system(operation: "open", errno: EMFILE),
    ])
    let told = Mutex<[String]>([])
    let directory = try temporaryDirectory()
    defer { removeDirectory(directory) }
    let stamps = WatchedFiles.Stamps(directory: directory, nil)
    let live = LiveKeys(before)
    let health = Health { _ in }
    let watched = WatchedFiles(
      since: stamps, directory: directory, keys: live, certificate: nil, health: health,
      load: {
        if let failure = failures.withLock({ $0.popLast() }) { throw failure }
        return try Keyring.parse(after, path)
      }, log: { line in told.withLock { $0.append(line) } }, keysChanged: {})
    watched.look()
    #expect(live.current.isSame(as: before) && told.withLock { $0.isEmpty })
    try writeFile(directory + "/keys.json", after)
    for _ in 0..<2 {
      watched.look()
      #expect(live.current.isSame(as: before))
      #expect(health.metrics.contains("\nwaggle_keys_stale 1\n"))
    }
    #expect(told.withLock { $0.count } == 1)
    watched.look()
    #expect(live.current.isSame(as: try Keyring.parse(after, path)))
    #expect(health.metrics.contains("\nwaggle_keys_stale 0\n"))

    // What somebody has to change is not read again before that.
    failures.withLock { $0 = [.malformed(path: path, reason: "not JSON")] }
    try writeFile(directory + "/keys.json", keys("newest", 3))
    for _ in 0..<3 { watched.look() }
    #expect(told.withLock { $0.count } == 3 && failures.withLock { $0.isEmpty })
    #expect(health.metrics.contains("\nwaggle_keys_stale 1\n"))
  }
}
