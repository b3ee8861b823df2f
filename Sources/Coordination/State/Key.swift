import Commerce
import Ledger

/// Names one record of the state.
package enum Key: Hashable, Sendable {
  /// A product of the shared catalogue.
  case product(ProductID)
  /// A SKU of the shared catalogue.
  case sku(SKUID)
  /// The stock of a SKU.
  case stock(SKUID)
  /// A storefront.
  case storefront(StorefrontID)
  /// A storefront's totals and ledger head.
  case storefrontProgress(StorefrontID)
  /// A version of a storefront's plan.
  case planVersion(StorefrontID, Int64)
  /// A product set.
  case productSet(StorefrontID, ProductSetID)
  /// A member.
  case member(StorefrontID, MemberID)
  /// What a member was granted.
  case grants(StorefrontID, MemberID)
  /// A viewer.
  case viewer(StorefrontID, ViewerID)
  /// The touches that brought a viewer into a room.
  case visits(StorefrontID, ViewerID, RoomID)
  /// Whether a viewer was ever in a room.
  case attendance(StorefrontID, RoomID, ViewerID)
  /// A share link.
  case link(StorefrontID, LinkID)
  /// The refusals of a promoter's links.
  case linkRefusals(StorefrontID, MemberID)
  /// A room.
  case room(StorefrontID, RoomID)
  /// A room's counters and event offset.
  case roomProgress(StorefrontID, RoomID)
  /// A SKU listed in a room.
  case listing(StorefrontID, RoomID, SKUID)
  /// An order.
  case order(StorefrontID, OrderID)
  /// A reported event and its first answer.
  case fact(StorefrontID, String)
  /// A joining bonus.
  case bonus(StorefrontID, String)
  /// A payout statement.
  case statement(StorefrontID, StatementID)
  /// A member's line of a statement.
  case statementLine(StorefrontID, StatementID, MemberID)
  /// The balance of an account.
  case balance(StorefrontID, Account)
  /// A member's earnings in a room, or in total where the room is none.
  case earnings(StorefrontID, MemberID, RoomID?)
  /// What is counted about a member.
  case memberProgress(StorefrontID, MemberID)
  /// A change of a member's rank, by its number from 1.
  case rankChange(StorefrontID, MemberID, Int64)
  /// A member's quota of invite codes.
  case quota(StorefrontID, MemberID)
  /// An entry of a quota, by its number from 1.
  case quotaEntry(StorefrontID, MemberID, Int64)
  /// An invite code.
  case invite(StorefrontID, InviteID)
  /// How far an endpoint was told of the ledger.
  case webhookProgress(StorefrontID, EndpointID)
  /// An event that an endpoint did not take, by its sequence.
  case deadLetter(StorefrontID, EndpointID, Int64)
  /// Tokens that were revoked.
  case revocation(StorefrontID, FactID)
}

/// One record of the state; each case belongs to the key of the same name.
package enum Record: Equatable, Sendable {
  /// See `Key.product`.
  case product(Product)
  /// See `Key.sku`.
  case sku(SKU)
  /// See `Key.stock`.
  case stock(Stock)
  /// See `Key.storefront`.
  case storefront(Storefront)
  /// See `Key.storefrontProgress`.
  case storefrontProgress(StorefrontProgress)
  /// See `Key.planVersion`.
  case planVersion(PlanVersion)
  /// See `Key.productSet`.
  case productSet(ProductSet)
  /// See `Key.member`.
  case member(Member)
  /// See `Key.grants`.
  case grants(Grants)
  /// See `Key.viewer`.
  case viewer(Viewer)
  /// See `Key.visits`.
  case visits(Visits)
  /// See `Key.attendance`: when the viewer first came.
  case attendance(Timestamp)
  /// See `Key.link`.
  case link(Link)
  /// See `Key.linkRefusals`.
  case linkRefusals(LinkRefusals)
  /// See `Key.room`.
  case room(Room)
  /// See `Key.roomProgress`.
  case roomProgress(RoomProgress)
  /// See `Key.listing`.
  case listing(Listing)
  /// See `Key.order`.
  case order(Order)
  /// See `Key.fact`.
  case fact(Fact)
  /// See `Key.bonus`.
  case bonus(JoiningBonus)
  /// See `Key.statement`.
  case statement(Statement)
  /// See `Key.statementLine`.
  case statementLine(StatementLine)
  /// See `Key.balance`.
  case balance(Amount)
  /// See `Key.earnings`.
  case earnings(Earnings)
  /// See `Key.memberProgress`.
  case memberProgress(MemberProgress)
  /// See `Key.rankChange`.
  case rankChange(RankChange)
  /// See `Key.quota`.
  case quota(QuotaAccount)
  /// See `Key.quotaEntry`.
  case quotaEntry(QuotaEntry)
  /// See `Key.invite`.
  case invite(Invite)
  /// See `Key.webhookProgress`.
  case webhookProgress(WebhookProgress)
  /// See `Key.deadLetter`.
  case deadLetter(DeadLetter)
  /// See `Key.revocation`.
  case revocation(Revocation)
}

/// A reported event, so that it is answered the same for ever.
package struct Fact: Equatable, Sendable {
  /// The event's body in a canonical form; another body under the same id is a conflict.
  package let body: [UInt8]
  /// The first answer, as JSON text.
  package let answer: [UInt8]
  /// When it was accepted.
  package let at: Timestamp

  /// Makes a fact.
  package init(body: [UInt8], answer: [UInt8], at: Timestamp) {
    self.body = body
    self.answer = answer
    self.at = at
  }
}
