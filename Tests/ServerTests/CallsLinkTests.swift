// Share links on their way through calls: made, opened, spoilt.

import Commerce
import Coordination
import Crypto
import Notation
import Testing
import Wire

@testable import Server

@Suite("Share links in calls")
struct CallsLinkTests {
  private func make(_ parameters: String) throws -> (Link, text: String)? {
    guard
      case .command(.createLink(let link)) = try socketCall("link.create", parameters, .promoter)
    else { return nil }
    return (link, link.text)
  }

  private func evidence(_ text: String) -> LinkEvidence {
    LinkReading.evidence(of: text, environment: Sample.environment)
  }

  @Test("A link that was made here is genuine here, and says what was wished")
  func genuine() throws {
    let (link, text) = try #require(
      try make(#"{"room":"r","sku":"s","channel":"wx","validSeconds":60,"maximumUses":5}"#))
    #expect(link.promoter.text == "ann" && link.room?.text == "r" && link.sku?.text == "s")
    #expect(link.channel == "wx" && link.maximumUses == 5 && link.uses == 0)
    // Links count in whole seconds.
    #expect(link.issuedAt.milliseconds == 1_772_359_200_000)
    #expect(link.expiresAt.milliseconds == 1_772_359_260_000)
    #expect(
      evidence(text)
        == .genuine(
          SignedLink(
            id: link.id, storefront: Sample.storefront, promoter: link.promoter, room: link.room,
            channel: "wx", expiresAt: link.expiresAt, maximumUses: 5)))
  }

  @Test("A link holds for thirty days and any number of viewers unless told otherwise")
  func defaults() throws {
    let (link, _) = try #require(try make("{}"))
    #expect(link.expiresAt.seconds - link.issuedAt.seconds == 2_592_000)
    #expect(link.maximumUses == nil && link.room == nil && link.channel.isEmpty)
  }

  @Test("Any changed character makes a link that proves nothing, for whom it claims to be of")
  func altered() throws {
    let (_, text) = try #require(try make(#"{"room":"r"}"#))
    #expect(LinkReading.claimedPlace(of: text)?.text == "r")
    var bytes = try #require(Base64.decode(text))
    bytes[bytes.count - 1] ^= 1
    let spoilt = Base64.encode(bytes)
    #expect(evidence(spoilt) == .rejected(.linkAltered, claimed: MemberID(trusted: "ann")))
    #expect(LinkReading.claimedPlace(of: spoilt)?.text == "r")
    for index in text.indices {
      var characters = Array(text)
      let offset = text.distance(from: text.startIndex, to: index)
      characters[offset] = characters[offset] == "A" ? "B" : "A"
      guard case .rejected = evidence(String(characters)) else {
        Issue.record("character \(offset) can be changed")
        continue
      }
    }
  }

  @Test("A key that is no longer known makes an altered link")
  func unknownKey() throws {
    let link = try ShareLink(
      keyID: 8, storefront: Sample.storefront, promoter: MemberID(trusted: "bob"),
      issued: Sample.now, expiry: Sample.now.advanced(byMilliseconds: 60_000))
    let signed = try SignedShareLink(signing: link) { _, message in
      HMACSHA256.code(for: message, key: Array("a link key".utf8))
    }
    #expect(evidence(signed.text) == .rejected(.linkAltered, claimed: MemberID(trusted: "bob")))
  }

  @Test(
    "What is no link at all keeps nobody out of a room",
    arguments: ["", "x", "===", "AQAB", String(repeating: "A", count: 1024), "链接"])
  func malformed(text: String) throws {
    let parameters = JSON.object([.init("room", "r"), .init("link", .string(text))])
    guard
      case .join(let wish) = try SocketCalls.call(
        method: "room.join", parameters: parameters, caller: Sample.caller(.viewer),
        environment: Sample.environment)
    else {
      Issue.record("no wish")
      return
    }
    #expect(wish.room.text == "r")
    #expect(wish.link == .rejected(.linkMalformed, claimed: nil))
    #expect(LinkReading.claimedPlace(of: text) == nil)
  }

  @Test("A viewer who was there before says so")
  func since() throws {
    guard
      case .join(let wish) = try socketCall(
        "room.join", #"{"room":"r","since":{"epoch":3,"offset":9}}"#, .viewer)
    else {
      Issue.record("no wish")
      return
    }
    #expect(wish.link == nil && wish.since?.epoch == 3 && wish.since?.offset == 9)
  }

  @Test("Ids that do not fit into a link together are refused")
  func tooLong() throws {
    let id = String(repeating: "r", count: 64)
    let found = try fault {
      try socketCall("link.create", #"{"room":"\#(id)","sku":"\#(id)"}"#, .promoter)
    }
    #expect(found?.code == "link_too_long" && found?.status == 422)
  }

  @Test("A link that the storefront's page saw opened is judged the same way")
  func touch() throws {
    let (_, text) = try #require(try make(#"{"room":"r"}"#))
    let body = #"{"viewer":"v","link":"\#(text)","touchedAt":"2026-03-01T10:00:00Z"}"#
    guard
      case .command(.touch(let viewer, .genuine(let link), let at)) = try httpCall(
        "POST /v1/touches", body, .backend)
    else {
      Issue.record("no touch")
      return
    }
    #expect(viewer.text == "v" && link.promoter.text == "ann" && at.seconds == 1_772_359_200)
  }
}
