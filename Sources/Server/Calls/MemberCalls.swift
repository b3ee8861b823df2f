// Reads calls about ranks and invite codes. Pure; any thread. Source: domain.md sections 5.1 to 5.3.

import Commerce
import Coordination
import Notation
import Wire

/// Calls about members' ranks.
enum RankCalls {
  static func history(_ request: inout CallRequest) throws(Fault) -> Call {
    .query(.ranks(try request.readableMember()))
  }

  static func preview(_ request: inout CallRequest) throws(Fault) -> Call {
    .query(
      .rankPreview(
        try request.fields.identifier("member"),
        rank: try request.fields.text("rank", bytesMax: 64),
        days: try request.fields.optionalInteger("days", in: RankPreview.daysAllowed)
          ?? CallLimits.previewDaysDefault))
  }
}

/// Calls about invite codes.
enum InviteCalls {
  /// The code is made of the member and a key of their own: the same key is the same code, and nobody
  /// who has not the server's key can guess it.
  static func create(_ request: inout CallRequest) throws(Fault) -> Call {
    let promoter = try request.member("promoter", orCallerAs: [.promoter, .host])
    let key = try request.fields.text("key", bytesMax: 64)
    let seconds =
      try request.fields.optionalInteger("validSeconds", in: CallLimits.linkSeconds)
      ?? CallLimits.linkSecondsDefault
    let environment = request.environment
    // What no two wishes have in common: the parts before the last are ids, which have no line feed.
    let content = "invite\n\(request.caller.storefront)\n\(promoter)\n\(key)"
    guard let code = environment.mac(environment.linkKeyID, Array(content.utf8)) else {
      preconditionFailure("the server has the key that signs its links")
    }
    return .command(
      .createInvite(
        Invite(
          id: InviteID(trusted: Base64.encode(Array(code.prefix(CallLimits.inviteBytes)))),
          promoter: promoter, issuedAt: environment.now,
          expiresAt: environment.now.advanced(byMilliseconds: seconds * 1000))))
  }

  static func withdraw(_ request: inout CallRequest) throws(Fault) -> Call {
    .command(.withdrawInvite(try request.fields.identifier("invite")))
  }

  static func list(_ request: inout CallRequest) throws(Fault) -> Call {
    .query(.invites(try request.member("promoter", orCallerAs: [.promoter, .host])))
  }

  static func ofMember(_ request: inout CallRequest) throws(Fault) -> Call {
    .query(.invites(try request.readableMember()))
  }
}

extension CallRequest {
  /// The member in a path, whom staff, brokers and the member may read about.
  mutating func readableMember() throws(Fault) -> MemberID {
    let member: MemberID = try fields.identifier("member")
    guard caller.seesEverything || caller.person == member else {
      throw .forbidden("reading another member")
    }
    return member
  }
}
