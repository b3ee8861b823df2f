// Reads calls about share links, touches and live figures. Pure; any thread.

import Commerce
import Coordination
import Notation
import Wire

/// Calls about share links and touches.
enum LinkCalls {
  /// The same wish within one second is the same link.
  static func create(_ request: inout CallRequest) throws(Fault) -> Call {
    let promoter = try request.member("promoter", orCallerAs: .promoter)
    let room: RoomID? = try request.fields.optionalIdentifier("room")
    let sku: SKUID? = try request.fields.optionalIdentifier("sku")
    let channel = try request.fields.optionalText("channel", bytesMin: 1, bytesMax: 16)
    let seconds =
      try request.fields.optionalInteger("validSeconds", in: CallLimits.linkSeconds)
      ?? CallLimits.linkSecondsDefault
    let uses = try request.fields.optionalInteger("maximumUses", in: 1...CallLimits.linkUsesMax)
    let now = request.environment.now
    do throws(ShareLinkError) {
      let link = try ShareLink(
        keyID: request.environment.linkKeyID, storefront: request.caller.storefront,
        promoter: promoter, room: room, sku: sku, channel: channel, issued: now,
        expiry: now.advanced(byMilliseconds: seconds * 1000),
        maximumUses: uses.map { UInt32($0) })
      let signed = try SignedShareLink(signing: link, mac: request.environment.mac)
      return .command(
        .createLink(
          Link(
            id: signed.id, text: signed.text, promoter: promoter, room: room, sku: sku,
            channel: channel ?? "", expiresAt: link.expiry, maximumUses: uses,
            issuedAt: link.issued)))
    } catch {
      switch error {
      case .malformedChannel:
        throw request.fields.fault(
          "channel", "channel must be 1 to 16 characters out of A–Z a–z 0–9 . _ : ~ -.")
      case .linkTooLong:
        throw Fault(
          "link_too_long",
          "The ids of storefront, promoter, room, SKU and channel do not fit into a link together.",
          status: 422)
      case .impossibleTimes:
        throw request.fields.fault("validSeconds", "Links end before the year 2106.")
      default: preconditionFailure("the server's own link key does not sign: \(error)")
      }
    }
  }

  static func revoke(_ request: inout CallRequest) throws(Fault) -> Call {
    .command(.revokeLink(try request.fields.identifier("link")))
  }

  static func list(_ request: inout CallRequest) throws(Fault) -> Call {
    .query(.links(try request.member("promoter", orCallerAs: .promoter)))
  }

  /// The storefront's own page was where the link was opened, or where somebody named a promoter.
  static func touch(_ request: inout CallRequest) throws(Fault) -> Call {
    let viewer: ViewerID = try request.fields.identifier("viewer")
    let at = try request.fields.timestamp("touchedAt")
    let text = try request.fields.optionalText("link", bytesMax: CallLimits.linkBytesMax)
    let promoter: MemberID? = try request.fields.optionalIdentifier("promoter")
    let room: RoomID? = try request.fields.optionalIdentifier("room")
    switch (text, promoter, room) {
    case (let text?, nil, nil):
      let evidence = LinkReading.evidence(of: text, environment: request.environment)
      return .command(.touch(viewer: viewer, evidence, at: at))
    case (nil, let promoter?, let room):
      return .command(.touch(viewer: viewer, .vouched(promoter: promoter, room: room), at: at))
    default:
      throw request.fields.fault("link", "Give either link, or promoter and perhaps room.")
    }
  }
}

/// Calls about live figures. That a room is the host's own is checked where the room is known.
enum TickerCalls {
  private enum Kind: String, CaseIterable { case earnings, room, storefront }

  static func subscribe(_ request: inout CallRequest) throws(Fault) -> Call {
    .subscribe(try ticker(&request))
  }

  static func unsubscribe(_ request: inout CallRequest) throws(Fault) -> Call {
    .unsubscribe(try ticker(&request))
  }

  private static func ticker(_ request: inout CallRequest) throws(Fault) -> Ticker {
    let caller = request.caller
    let kind: Kind = try request.fields.required("ticker").choice()
    switch kind {
    case .earnings:
      return .earnings(
        caller.storefront, try request.member("member", orCallerAs: [.host, .promoter]),
        try request.fields.optionalIdentifier("room"))
    case .room:
      guard caller.isStaff || caller.scopes.contains(.host) else {
        throw .forbidden("watching a room's totals")
      }
      return .room(caller.storefront, try request.fields.identifier("room"))
    case .storefront:
      guard caller.isStaff else { throw .forbidden("watching the storefront's totals") }
      return .storefront(caller.storefront)
    }
  }
}
