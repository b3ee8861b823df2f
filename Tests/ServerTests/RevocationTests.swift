// Tokens that hold no more: keys that are removed from the file, and revocations. Live sessions end.

import Commerce
import Glibc
import Notation
import Synchronization
import Testing
import Transport
import Wire

@testable import Server

/// A key file in the making.
private struct Keys {
  var tokens: [(kid: String, secret: UInt8)]

  /// Exchanges the key file as an operator does: written beside it, then renamed.
  func write(_ directory: String) throws {
    func secret(_ byte: UInt8) -> JSON {
      .string(Base64.encode([UInt8](repeating: byte, count: 32)))
    }
    let file: JSON = [
      "version": 1,
      "tokenKeys": .array(
        tokens.map {
          ["kid": .string($0.kid), "algorithm": "HS256", "secret": secret($0.secret)]
        }), "linkKeys": [["id": 1, "secret": secret(1)]],
    ]
    try writeFile(directory + "/keys.json", file.bytes)
  }
}

/// Puts a file in the place of another at once, readable by its owner only.
func writeFile(_ path: String, _ bytes: [UInt8]) throws {
  let draft = path + ".draft"
  let file = open(draft, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
  try #require(file >= 0)
  try #require(write(file, bytes, bytes.count) == bytes.count)
  close(file)
  try #require(rename(draft, path) == 0)
}

@Suite("Tokens that hold no more")
struct RevocationTests {
  @Test("A key that is removed ends the sessions opened with it, and only those")
  func removedKey() throws {
    let shop = try Shop.open()
    try Keys(tokens: [("new", 7), ("old", 8)]).write(shop.directory)
    shop.server.reload()
    let kept = try shop.door.visitor("v1")
    let token = try shop.door.token("v1", .viewer)
    try Keys(tokens: [("old", 8), ("new", 7)]).write(shop.directory)
    shop.server.reload()
    let dropped = try shop.door.visitor("v2")
    let old = try shop.door.desk()
    _ = try old.get("/v1/storefront")

    try Keys(tokens: [("new", 7)]).write(shop.directory)
    shop.server.reload()
    #expect(try dropped.readToEnd() == 3502)
    #expect(try old.post("/v1/releases", .object([])).code == "token_unknown_key")
    #expect(try shop.door.desk().post("/v1/releases", .object([])).isAccepted)
    #expect(try kept.done("room.list")["rooms"] != nil)
    // A token of before the exchange still opens, since its key has stayed.
    let again = try shop.door.stranger()
    try again.done("session.open", ["token": .string(token)])
  }

  @Test("A key of the same name with another secret is another key")
  func sameName() throws {
    let shop = try Shop.open()
    try Keys(tokens: [("k", 7)]).write(shop.directory)
    shop.server.reload()
    let dropped = try shop.door.visitor("v1")
    try Keys(tokens: [("k", 8)]).write(shop.directory)
    shop.server.reload()
    #expect(try dropped.readToEnd() == 3502)
    #expect(try shop.door.visitor("v1").done("room.list")["rooms"] != nil)
  }

  @Test("A key file that cannot be used changes nothing")
  func badFile() throws {
    let shop = try Shop.open()
    let visitor = try shop.door.visitor("v1")
    try writeFile(shop.directory + "/keys.json", Array("{".utf8))
    shop.server.reload()
    unlink(shop.directory + "/keys.json")
    shop.server.reload()
    #expect(try visitor.done("room.list")["rooms"] != nil)
    #expect(try shop.door.desk().post("/v1/releases", .object([])).isAccepted)
  }

  @Test("A changed key file is found without being told")
  func found() throws {
    let shop = try Shop.open()
    let dropped = try shop.door.visitor("v1")
    try Keys(tokens: [("new", 7)]).write(shop.directory)
    #expect(try dropped.readToEnd() == 3502)
  }

  @Test("Revoking a person ends their sessions at once and refuses their tokens issued before")
  func person() throws {
    let clocks = ManualClocks()
    let shop = try Shop.open(clocks.set)
    let now = clocks.wall
    let token = try shop.door.token("v1", .viewer, now: now)
    let live = try shop.door.stranger()
    try live.done("session.open", ["token": .string(token)])
    let other = try shop.door.stranger()
    try other.done(
      "session.open", ["token": .string(try shop.door.token("v2", .viewer, now: now))])
    clocks.advance(2_000)
    let desk = try shop.door.desk()
    let made = try desk.done("/v1/revocations", ["revocation": "r1", "person": "v1"])
    #expect(made["person"] == "v1")
    #expect(made["before"] == made["revokedAt"])
    #expect(try live.readToEnd() == 3502)
    #expect(try other.done("room.list")["rooms"] != nil)

    let late = try shop.door.stranger()
    #expect(try refusal(late, token) == "token_revoked")
    let http = Desk(try HTTPClient("127.0.0.1", shop.door.port), token: token)
    #expect(try http.send(.get, "/v1/rooms", nil).code == "token_revoked")

    // A token that is issued afterwards opens, and so does one of the very moment.
    let moment = try #require(made["before"]?.text)
    let before = try Timestamp(moment)
    let rounded = Timestamp(milliseconds: (before.seconds + 1) * 1000)
    let fresh = try shop.door.stranger()
    try fresh.done(
      "session.open", ["token": .string(try shop.door.token("v1", .viewer, now: rounded))])

    // It outlives the server.
    shop.server.stop()
    try shop.resume()
    #expect(try refusal(try shop.door.stranger(), token) == "token_revoked")
  }

  @Test("Revoking one token by its jti leaves the person's others")
  func token() throws {
    let shop = try Shop.open()
    func token(_ id: String) throws -> String {
      try shop.server.keyring.issue(
        person: PersonID(trusted: "v1"), storefront: shop.door.storefront, scopes: .viewer,
        lifetimeMilliseconds: 3_600_000, now: wallClock(), id: id)
    }
    let (one, two) = (try token("one"), try token("two"))
    let (first, second) = (try shop.door.stranger(), try shop.door.stranger())
    try first.done("session.open", ["token": .string(one)])
    try second.done("session.open", ["token": .string(two)])
    let desk = try shop.door.desk()
    try desk.done("/v1/revocations", ["revocation": "r1", "token": "one"])
    #expect(try first.readToEnd() == 3502)
    #expect(try second.done("room.list")["rooms"] != nil)
    // Nor can a live session go on with a revoked one.
    #expect(
      try second.call("session.refresh", ["token": .string(one)]).code == "token_revoked")
  }

  @Test("A revocation is repeatable, and says what it cannot be")
  func form() throws {
    let shop = try Shop.open()
    let desk = try shop.door.desk()
    let wish: JSON = ["revocation": "r1", "person": "v1", "before": "2026-01-01T00:00:00Z"]
    #expect(try desk.post("/v1/revocations", wish).status == 201)
    let again = try desk.post("/v1/revocations", wish)
    #expect(again.status == 200 && again.isRepeat)
    let conflict = try desk.post("/v1/revocations", ["revocation": "r1", "person": "v2"])
    #expect(conflict.code == "idempotency_conflict")
    let refused: [JSON] = [
      ["revocation": "r2"], ["revocation": "r2", "person": "v1", "token": "t"],
      ["revocation": "r2", "token": "t", "before": "2026-01-01T00:00:00Z"],
      ["revocation": "r2", "token": ""], ["person": "v1"],
      ["revocation": "r2", "token": .string(String(repeating: "x", count: 129))],
      ["revocation": "r2", "person": "v1", "before": "2999-01-01T00:00:00Z"],
    ]
    for wish in refused {
      #expect(try desk.post("/v1/revocations", wish).code == "invalid_field", "\(wish)")
    }
    #expect(
      try shop.door.desk([.backend]).post("/v1/revocations", wish).code == "forbidden")
  }

  @Test("A revocation in one storefront means nothing in another")
  func apart() throws {
    let shop = try Shop.open()
    var other = shop.door
    other.storefront = StorefrontID(trusted: "other")
    try other.desk().put("/v1/storefront", ["name": "Other", "plan": "fengxiang"])
    let there = try other.visitor("v1")
    try shop.door.desk().done("/v1/revocations", ["revocation": "r1", "person": "v1"])
    #expect(try there.done("room.list")["rooms"] != nil)
  }

  private func refusal(_ visitor: Visitor, _ token: String) throws -> String? {
    try visitor.call("session.open", ["token": .string(token)]).code
  }
}

extension Result where Success == JSON, Failure == Visitor.Refusal {
  /// The stable code of a refusal.
  fileprivate var code: String? {
    if case .failure(let refusal) = self { refusal.code } else { nil }
  }
}
