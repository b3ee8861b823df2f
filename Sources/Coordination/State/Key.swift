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
///
/// What is longer than a few words is indirect: a record is copied into the changes of its decision, those
/// of the batch and the state, and what is copied then is a reference.
package enum Record: Equatable, Sendable {
  /// See `Key.product`.
  indirect case product(Product)
  /// See `Key.sku`.
  indirect case sku(SKU)
  /// See `Key.stock`.
  case stock(Stock)
  /// See `Key.storefront`.
  indirect case storefront(Storefront)
  /// See `Key.storefrontProgress`.
  indirect case storefrontProgress(StorefrontProgress)
  /// See `Key.planVersion`.
  indirect case planVersion(PlanVersion)
  /// See `Key.productSet`.
  indirect case productSet(ProductSet)
  /// See `Key.member`.
  indirect case member(Member)
  /// See `Key.grants`.
  indirect case grants(Grants)
  /// See `Key.viewer`.
  indirect case viewer(Viewer)
  /// See `Key.visits`.
  indirect case visits(Visits)
  /// See `Key.attendance`: when the viewer first came.
  case attendance(Timestamp)
  /// See `Key.link`.
  indirect case link(Link)
  /// See `Key.linkRefusals`.
  indirect case linkRefusals(LinkRefusals)
  /// See `Key.room`.
  indirect case room(Room)
  /// See `Key.roomProgress`.
  indirect case roomProgress(RoomProgress)
  /// See `Key.listing`.
  indirect case listing(Listing)
  /// See `Key.order`.
  indirect case order(Order)
  /// See `Key.fact`.
  indirect case fact(Fact)
  /// See `Key.bonus`.
  indirect case bonus(JoiningBonus)
  /// See `Key.statement`.
  indirect case statement(Statement)
  /// See `Key.statementLine`.
  indirect case statementLine(StatementLine)
  /// See `Key.balance`.
  case balance(Amount)
  /// See `Key.earnings`.
  indirect case earnings(Earnings)
  /// See `Key.memberProgress`.
  indirect case memberProgress(MemberProgress)
  /// See `Key.rankChange`.
  indirect case rankChange(RankChange)
  /// See `Key.quota`.
  indirect case quota(QuotaAccount)
  /// See `Key.quotaEntry`.
  indirect case quotaEntry(QuotaEntry)
  /// See `Key.invite`.
  indirect case invite(Invite)
  /// See `Key.webhookProgress`.
  indirect case webhookProgress(WebhookProgress)
  /// See `Key.deadLetter`.
  indirect case deadLetter(DeadLetter)
  /// See `Key.revocation`.
  indirect case revocation(Revocation)
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
