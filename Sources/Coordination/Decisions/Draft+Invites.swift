// Invite codes and their quota. Source: domain.md, section 5.2; Protocol/decisions/0017.
//
// A code that expires unused is returned when its owner's account is next touched: nothing depends on
// the moment, and no clock has to look for it.

import Commerce
import Commission
import Notation

extension Draft {
  /// An invite code, or nothing where there is none.
  func invite(_ id: InviteID) throws(Stop) -> Invite? {
    guard case .invite(let found)? = try read(.invite(storefrontID, id)) else { return nil }
    return found
  }

  /// A member's quota account.
  package func quota(_ member: MemberID) throws(Stop) -> QuotaAccount {
    guard case .quota(let found)? = try read(.quota(storefrontID, member)) else {
      return QuotaAccount()
    }
    return found
  }

  /// A member gives out a code; the same code again is a repeat.
  mutating func createInvite(_ wanted: Invite) throws(Stop) -> (JSON, isRepeat: Bool) {
    let owner = wanted.promoter
    guard try member(owner) != nil else {
      throw .refuse(.unknownMember, "There is no member \(owner).", field: "promoter")
    }
    if let present = try invite(wanted.id) {
      guard present.promoter == owner else {
        throw .refuse(.idempotencyConflict, "The code \(wanted.id) is another member's.")
      }
      return (inviteView(present, at: now), true)
    }
    let isLimited = try plan(version: try storefront().planVersion).inviteQuota != nil
    let made = Invite(
      id: wanted.id, promoter: owner, issuedAt: now, expiresAt: wanted.expiresAt,
      isLimited: isLimited)
    if isLimited {
      var account = try quota(owner)
      try returnExpired(&account, of: owner)
      guard account.left > 0 else {
        throw .refuse(
          .quotaExhausted,
          "\(owner) has earned \(account.earned) invite codes and has given them out.",
          field: "promoter")
      }
      guard account.open.count < QuotaAccount.openMax else {
        throw .refuse(
          .quotaExhausted, "At most \(QuotaAccount.openMax) codes of a member are open at once.",
          field: "promoter")
      }
      account.open.append(QuotaAccount.Open(invite: made.id, expiresAt: made.expiresAt))
      enter(.reserved, -1, &account, of: owner, invite: made.id)
      write(.quota(storefrontID, owner), .quota(account))
    }
    write(.invite(storefrontID, made.id), .invite(made))
    return (inviteView(made, at: now), false)
  }

  /// A member takes a code back that nobody has used. Taking it back again is a repeat.
  mutating func withdrawInvite(
    _ id: InviteID, by actor: Actor
  ) throws(Stop) -> (JSON, isRepeat: Bool) {
    // Whose a code is, and that it is one, is not told to others.
    guard let invite = try invite(id), actor.person.map({ $0 == invite.promoter }) ?? true else {
      throw .refuse(.inviteUnknown, "There is no invite code \(id).", field: "invite")
    }
    if invite.state == .consumed {
      throw .refuse(.inviteUsed, "Somebody has joined with the code \(id).", field: "invite")
    }
    guard invite.state == .open else { return (inviteView(invite, at: now), true) }
    let closed = try close(invite, as: now >= invite.expiresAt ? .expired : .withdrawn)
    return (inviteView(closed, at: now), false)
  }

  /// Checks the code that somebody joins with and says who invited them.
  ///
  /// - Parameters:
  ///   - code: the code, if they gave one.
  ///   - inviter: whom the report names, if anybody.
  ///   - at: when they joined.
  /// - Returns: the code's record, if they gave one.
  /// - Throws: `invite_needed`, `invite_unknown`, `invite_used`, `invite_withdrawn`,
  ///   `invite_expired`, and `invalid_field` where the code is another member's than the inviter's.
  func checkedInvite(
    _ code: InviteID?, inviter: MemberID?, at: Timestamp
  ) throws(Stop) -> Invite? {
    guard let code else {
      if try storefront().inviteOnly {
        throw .refuse(.inviteNeeded, "Joining needs an invite code here.", field: "inviteCode")
      }
      return nil
    }
    let field = "inviteCode"
    guard let invite = try invite(code) else {
      throw .refuse(.inviteUnknown, "There is no invite code \(code).", field: field)
    }
    switch invite.state {
    case .open: break
    case .consumed:
      throw .refuse(.inviteUsed, "Somebody has joined with the code \(code).", field: field)
    case .expired:
      throw .refuse(.inviteExpired, "The code was valid until \(invite.expiresAt).", field: field)
    case .withdrawn, .revoked:
      throw .refuse(.inviteWithdrawn, "The code \(code) was taken back.", field: field)
    }
    guard at < invite.expiresAt else {
      throw .refuse(.inviteExpired, "The code was valid until \(invite.expiresAt).", field: field)
    }
    if let inviter, inviter != invite.promoter {
      throw .refuse(.invalidField, "The code was not given out by \(inviter).", field: "inviter")
    }
    return invite
  }

  /// Somebody joined with a code.
  mutating func consume(_ invite: Invite, by member: MemberID) throws(Stop) {
    var used = invite
    used.state = .consumed
    used.usedBy = member
    used.closedAt = now
    write(.invite(storefrontID, used.id), .invite(used))
    guard invite.isLimited else { return }
    var account = try quota(invite.promoter)
    account.open.removeAll { $0.invite == invite.id }
    account.consumed += 1
    enter(.consumed, 0, &account, of: invite.promoter, invite: invite.id)
    write(.quota(storefrontID, invite.promoter), .quota(account))
  }

  /// An order was released, or a released order was refunded: the settled sales of whoever sold it
  /// move, with what they are counted for.
  ///
  /// - Parameters:
  ///   - order: with the plan and the people pinned on it.
  ///   - amount: minor units; below zero for a refund.
  /// - Throws: `Stop.missing`.
  mutating func settleSale(_ order: Order, _ amount: Amount) throws(Stop) {
    let plan = try plan(version: order.planVersion)
    guard amount != .zero, let seller = plan.personalSeller(in: order.snapshot) else { return }
    try countSettledSale(amount, of: seller)
    guard let per = plan.inviteQuota?.settledSalesPerUnit else { return }
    var account = try quota(seller)
    let units = account.settle(amount, per: per)
    enter(
      amount > .zero ? .earned : .clawedBack, units, &account, of: seller, order: order.id,
      amount: amount, per: per)
    if units < 0 { try coverShortfall(&account, of: seller) }
    write(.quota(storefrontID, seller), .quota(account))
  }

  /// Takes unused codes back, the latest first, until what was earned covers what is out.
  ///
  /// What it cannot take back because it was used stays as a negative figure, which later sales
  /// make good before anything can be given out again.
  private mutating func coverShortfall(
    _ account: inout QuotaAccount, of owner: MemberID
  ) throws(Stop) {
    try returnExpired(&account, of: owner)
    while account.left < 0, let latest = account.open.last {
      try closeOpen(latest.invite, as: .revoked, &account, of: owner)
    }
  }

  /// Gives back the units of codes whose time is over.
  private mutating func returnExpired(
    _ account: inout QuotaAccount, of owner: MemberID
  ) throws(Stop) {
    for entry in account.open where now >= entry.expiresAt {
      try closeOpen(entry.invite, as: .expired, &account, of: owner)
    }
  }

  /// Ends an unused code and gives its unit back.
  private mutating func close(_ invite: Invite, as state: InviteState) throws(Stop) -> Invite {
    if invite.isLimited {
      var account = try quota(invite.promoter)
      try closeOpen(invite.id, as: state, &account, of: invite.promoter)
      write(.quota(storefrontID, invite.promoter), .quota(account))
      return try self.invite(invite.id) ?? invite
    }
    var closed = invite
    closed.state = state
    closed.closedAt = now
    write(.invite(storefrontID, closed.id), .invite(closed))
    return closed
  }

  private mutating func closeOpen(
    _ id: InviteID, as state: InviteState, _ account: inout QuotaAccount, of owner: MemberID
  ) throws(Stop) {
    guard var invite = try invite(id) else {
      preconditionFailure("a code that is open in an account was stored with it")
    }
    invite.state = state
    invite.closedAt = now
    write(.invite(storefrontID, id), .invite(invite))
    account.open.removeAll { $0.invite == id }
    enter(state == .revoked ? .revoked : .returned, 1, &account, of: owner, invite: id)
  }

  /// Adds an entry to an account that was moved already.
  private mutating func enter(
    _ kind: QuotaEntry.Kind, _ units: Int64, _ account: inout QuotaAccount, of owner: MemberID,
    order: OrderID? = nil, amount: Amount = .zero, per: Amount? = nil, invite: InviteID? = nil
  ) {
    account.entries += 1
    let entry = QuotaEntry(
      number: account.entries, at: now, kind: kind, units: units, left: account.left,
      order: order, amount: amount, per: per, invite: invite)
    write(.quotaEntry(storefrontID, owner, entry.number), .quotaEntry(entry))
  }
}

/// An invite code as its owner sees it, in the form of Protocol/schemas.
package func inviteView(_ invite: Invite, at now: Timestamp) -> JSON {
  [
    "invite": .string(invite.id.text), "promoter": .string(invite.promoter.text),
    "state": .string(invite.state(at: now).rawValue), "limited": .bool(invite.isLimited),
    "issuedAt": .string(invite.issuedAt.description),
    "expiresAt": .string(invite.expiresAt.description),
    "usedBy": invite.usedBy.map { .string($0.text) } ?? .null,
    "closedAt": invite.closedAt.map { .string($0.description) } ?? .null,
  ]
}
