import Commerce
import Testing

@testable import Wire

private let secrets: [UInt8: [UInt8]] = [1: [1, 2, 3], 2: [4, 5, 6]]

private func mac(_ keyID: UInt8, _ message: [UInt8]) -> [UInt8]? {
  secrets[keyID].map { toyMAC(key: $0, message) }
}

private let uuids = [
  "00112233-4455-6677-8899-aabbccddeeff", "ffffffff-ffff-ffff-ffff-ffffffffffff",
  "00000000-0000-0000-0000-000000000000", "0192f3a4-5b6c-7d8e-9f01-23456789abcd",
]

private func link(
  keyID: UInt8 = 1, storefront: String = "shop", promoter: String = "p1", room: String? = nil,
  sku: String? = nil, channel: String? = nil, issuedSeconds: Int64 = 1_772_359_200,
  lifetimeSeconds: Int64 = 604_800, maximumUses: UInt32? = nil
) throws(ShareLinkError) -> ShareLink {
  try ShareLink(
    keyID: keyID, storefront: StorefrontID(trusted: storefront),
    promoter: MemberID(trusted: promoter), room: room.map { RoomID(trusted: $0) },
    sku: sku.map { SKUID(trusted: $0) }, channel: channel,
    issued: Timestamp(milliseconds: issuedSeconds * 1000),
    expiry: Timestamp(milliseconds: (issuedSeconds + lifetimeSeconds) * 1000),
    maximumUses: maximumUses)
}

@Suite("Share links are signed and read back")
struct ShareLinkTests {
  @Test("Every combination of parts comes back from at most 120 characters", arguments: 0..<64)
  func roundTrip(parts: Int) throws {
    func has(_ bit: Int) -> Bool { parts >> bit & 1 == 1 }
    let made = try link(
      keyID: has(0) ? 1 : 2, storefront: has(0) ? uuids[0] : "shop:1",
      promoter: has(1) ? uuids[1] : "member~7", room: has(2) ? (has(0) ? uuids[2] : "r-1") : nil,
      sku: has(3) ? "sku_1" : nil, channel: has(4) ? "g" : nil,
      maximumUses: has(5) ? UInt32.max : nil)
    let signed = try SignedShareLink(signing: made, mac: mac)
    #expect(signed.text.utf8.count <= 120)
    let read = try SignedShareLink(reading: signed.text, mac: mac)
    #expect(read == signed)
    #expect(read.link == made)
    #expect(read.id.text.utf8.count == 12)
    #expect(try LinkID(read.id.text) == read.id)
  }

  @Test("Four UUIDs fit for 24 days and not for 25")
  func fourUUIDs() throws {
    func made(days: Int64) throws -> ShareLink {
      try link(
        storefront: uuids[0], promoter: uuids[1], room: uuids[2], sku: uuids[3],
        lifetimeSeconds: days * 86_400)
    }
    let signed = try SignedShareLink(signing: try made(days: 24), mac: mac)
    #expect(signed.text.utf8.count == 120)
    #expect(try SignedShareLink(reading: signed.text, mac: mac) == signed)
    let tooLong = try made(days: 25)
    #expect(throws: ShareLinkError.linkTooLong) {
      try SignedShareLink(signing: tooLong, mac: mac)
    }
  }

  @Test("What does not fit is refused at the first byte too many")
  func tooLong() throws {
    func made(_ count: Int) throws -> ShareLink {
      try link(storefront: "s", promoter: String(repeating: "p", count: count))
    }
    // 90 − 16 MAC − 10 head − 2 storefront − 1 length
    let longest = try SignedShareLink(signing: try made(61), mac: mac)
    #expect(longest.text.utf8.count == 120)
    #expect(try SignedShareLink(reading: longest.text, mac: mac) == longest)
    let tooLong = try made(62)
    #expect(throws: ShareLinkError.linkTooLong) { try SignedShareLink(signing: tooLong, mac: mac) }
  }

  @Test("Only a canonical lower-case UUID is packed, and every id comes back as it was")
  func nearUUIDs() throws {
    let near = [
      uuids[0], uuids[0].uppercased(), String(uuids[0].dropLast()) + "g", uuids[0] + "0",
      String(uuids[0].dropLast()), "001122334-455-6677-8899-aabbccddeeff",
    ]
    for id in near {
      let signed = try SignedShareLink(signing: try link(promoter: id), mac: mac)
      #expect(try SignedShareLink(reading: signed.text, mac: mac).link.promoter.text == id)
    }
  }

  @Test("A change of any bit is noticed")
  func anyBit() throws {
    let signed = try SignedShareLink(
      signing: try link(room: "r", sku: "s", channel: "c", maximumUses: 3), mac: mac)
    let bytes = try #require(Base64.decode(signed.text))
    for place in bytes.indices {
      for bit in 0..<8 {
        var changed = bytes
        changed[place] ^= 1 << bit
        do throws(ShareLinkError) {
          let got = try SignedShareLink(reading: Base64.encode(changed), mac: mac)
          Issue.record("read as \(got)")
        } catch {
          switch place {
          case 0: #expect(error == .malformed)
          case 2: #expect(error == (secrets[changed[2]] == nil ? .unknownKey : .altered))
          default: #expect(error == .altered)
          }
        }
      }
    }
  }

  @Test("What is no link is malformed before any key is asked for")
  func malformed() throws {
    let text = try SignedShareLink(signing: try link(), mac: mac).text
    let broken = [
      "", "A", "!", text + "=", text + "\n", String(text.dropLast(30)) + "+",
      String(repeating: "A", count: 120), String(repeating: "A", count: 124),
      Base64.encode([1] + [UInt8](repeating: 0, count: 18)),
    ]
    for text in broken {
      #expect(throws: ShareLinkError.malformed) {
        try SignedShareLink(reading: text) { _, _ in
          Issue.record("asked for a key")
          return nil
        }
      }
    }
  }

  @Test("Signed fields that make no sense are malformed")
  func signedNonsense() throws {
    let good = encodedFields(try link())
    #expect(good.count == 10 + 5 + 3)
    var noLifetime = good
    noLifetime.replaceSubrange(7..<10, with: [0])
    var endless = good
    endless.replaceSubrange(7..<10, with: [0x80, 0x80, 0x80, 0x80, 0x80, 0x80])
    let nonsense = [
      Array(good.dropLast()), good + [0], noLifetime, endless, Array(good.prefix(4)),
      Array(good.prefix(10)) + [0, 2] + Array("p1".utf8),
      Array(good.prefix(10)) + [1, 0x20, 1, 0x61],
    ]
    for fields in nonsense {
      let digest = try #require(mac(1, Array("waggle share link\u{0}".utf8) + fields))
      #expect(throws: ShareLinkError.malformed) {
        try SignedShareLink(reading: Base64.encode(fields + digest.prefix(16)), mac: mac)
      }
    }
    let digest = try #require(mac(1, Array("waggle share link\u{0}".utf8) + good))
    #expect(throws: Never.self) {
      try SignedShareLink(reading: Base64.encode(good + digest.prefix(16)), mac: mac)
    }
  }

  @Test("A link that cannot mean anything is not made")
  func creation() {
    #expect(throws: ShareLinkError.malformedChannel) { try link(channel: "") }
    #expect(throws: ShareLinkError.malformedChannel) { try link(channel: "a b") }
    #expect(throws: ShareLinkError.malformedChannel) {
      try link(channel: String(repeating: "c", count: 17))
    }
    #expect(throws: Never.self) { try link(channel: String(repeating: "c", count: 16)) }
    #expect(throws: ShareLinkError.impossibleTimes) { try link(lifetimeSeconds: 0) }
    #expect(throws: ShareLinkError.impossibleTimes) { try link(lifetimeSeconds: -1) }
    #expect(throws: Never.self) { try link(lifetimeSeconds: 1) }
    #expect(throws: ShareLinkError.impossibleTimes) { try link(issuedSeconds: -1) }
    #expect(throws: ShareLinkError.impossibleTimes) {
      try link(issuedSeconds: Int64(UInt32.max), lifetimeSeconds: 1)
    }
    #expect(throws: ShareLinkError.impossibleUses) { try link(maximumUses: 0) }
    #expect(throws: ShareLinkError.unknownKey) {
      try SignedShareLink(signing: try link(keyID: 9), mac: mac)
    }
  }
}
