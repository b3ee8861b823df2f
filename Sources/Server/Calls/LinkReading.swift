// Share links between their text and what the core judges. Pure; any thread.

import Commerce
import Coordination
import Wire

/// Share links as calls carry them.
enum LinkReading {
  /// What a text proves, or why it proves nothing; never an error, since a bad link keeps nobody out.
  ///
  /// - Parameters:
  ///   - text: as it came.
  ///   - environment: knows the keys.
  /// - Returns: evidence for the core. A key that is no longer known counts as an altered link; whom
  ///   such a link names is told without trust, for the count of refusals only.
  static func evidence(of text: String, environment: CallEnvironment) -> LinkEvidence {
    do throws(ShareLinkError) {
      let signed = try SignedShareLink(reading: text, mac: environment.mac)
      let link = signed.link
      return .genuine(
        SignedLink(
          id: signed.id, storefront: link.storefront, promoter: link.promoter, room: link.room,
          channel: link.channel ?? "", expiresAt: link.expiry,
          maximumUses: link.maximumUses.map(Int64.init)))
    } catch {
      switch error {
      case .altered, .unknownKey:
        return .rejected(.linkAltered, claimed: SignedShareLink.claim(of: text)?.promoter)
      default: return .rejected(.linkMalformed, claimed: nil)
      }
    }
  }

  /// The room that a text claims to lead to, genuine or not.
  ///
  /// - Parameter text: as it came.
  /// - Returns: the room, or nothing where there is none or the text is no link.
  static func claimedPlace(of text: String) -> RoomID? {
    SignedShareLink.claim(of: text)?.room
  }
}
