import Commerce
import Notation

/// Why a command was refused; the caller's fault, and it changed nothing.
///
/// The raw value is the stable wire code of Protocol/errors.md. Where several would fit, the first in the
/// order of that document is given.
package enum RejectionCode: String, Error, Sendable, CaseIterable {
  // Form.
  /// A field is missing, mistyped or out of range.
  case invalidField = "invalid_field"
  // Identity of the event.
  /// The same id was used before with another body.
  case idempotencyConflict = "idempotency_conflict"
  // Unknown things.
  /// No such storefront.
  case unknownStorefront = "unknown_storefront"
  /// No such member.
  case unknownMember = "unknown_member"
  /// No such room.
  case unknownRoom = "unknown_room"
  /// No such SKU in the catalogue.
  case unknownSKU = "unknown_sku"
  /// No such product set.
  case unknownSet = "unknown_set"
  /// No such order.
  case unknownOrder = "unknown_order"
  /// No such line in the order.
  case unknownLine = "unknown_line"
  /// No such payout statement.
  case unknownStatement = "unknown_statement"
  /// No such link.
  case unknownLink = "unknown_link"
  /// The storefront has no such endpoint of webhooks.
  case unknownEndpoint = "unknown_endpoint"
  /// The plan has no such rank.
  case unknownRank = "unknown_rank"
  // Rights.
  /// The room belongs to another host.
  case notYourRoom = "not_your_room"
  /// The link belongs to another promoter.
  case notYourLink = "not_your_link"
  /// The order belongs to another buyer.
  case notYourOrder = "not_your_order"
  /// The product was imported by another storefront.
  case notYourProduct = "not_your_product"
  // People.
  /// The member is there already, with other data.
  case memberExists = "member_exists"
  /// The inviter is the member or somebody below.
  case inviteCycle = "invite_cycle"
  /// Joining needs an invite code, and none was given.
  case inviteNeeded = "invite_needed"
  /// No such invite code.
  case inviteUnknown = "invite_unknown"
  /// Somebody has joined with the invite code.
  case inviteUsed = "invite_used"
  /// The invite code was withdrawn by its owner or taken back after refunds.
  case inviteWithdrawn = "invite_withdrawn"
  /// The invite code's time is over.
  case inviteExpired = "invite_expired"
  /// The member has given out as many invite codes as they have earned.
  case quotaExhausted = "quota_exhausted"
  // Rooms and listings.
  /// The room's state does not allow this.
  case roomState = "room_state"
  /// A pact can be raised, never lowered.
  case pactLowered = "pact_lowered"
  /// The SKU is not listed in this room.
  case notListed = "not_listed"
  /// The room has as many listings as it may have.
  case tooManyListings = "too_many_listings"
  /// The SKU's sale window is not open.
  case outsideSaleWindow = "outside_sale_window"
  /// The SKU's price is in another currency than the storefront's.
  case currencyMismatch = "currency_mismatch"
  // Attribution.
  /// A member cannot lock themselves.
  case selfLock = "self_lock"
  /// A host cannot be the promoter of their own room.
  case ownRoom = "own_room"
  /// The link is not a share link at all.
  case linkMalformed = "link_malformed"
  /// The link's signature does not fit its content.
  case linkAltered = "link_altered"
  /// The link belongs to another storefront.
  case linkForeign = "link_foreign"
  /// The link's time is over.
  case linkExpired = "link_expired"
  /// The link was revoked.
  case linkRevoked = "link_revoked"
  /// The link has brought as many viewers as it may.
  case linkExhausted = "link_exhausted"
  // Orders.
  /// The price is not the one that the buyer was shown.
  case priceChanged = "price_changed"
  /// Not enough stock is left.
  case outOfStock = "out_of_stock"
  /// The order was cancelled.
  case orderCancelled = "order_cancelled"
  /// The order was paid already.
  case alreadyPaid = "already_paid"
  /// The order was delivered already.
  case alreadyDelivered = "already_delivered"
  /// The shares of the order were released already.
  case alreadyReleased = "already_released"
  /// The order is disputed already; only where disputes have no ids, as in scenarios.
  case alreadyDisputed = "already_disputed"
  /// There is no such dispute of the order, and there cannot be.
  case notDisputed = "not_disputed"
  /// More than was placed.
  case paymentExceedsPlaced = "payment_exceeds_placed"
  /// More than is left of what was paid.
  case refundExceedsPaid = "refund_exceeds_paid"
  /// The plan does not allow the sale, such as a commission rate outside its range.
  case planRefused = "plan_refused"
  /// The plan has error-level findings that nobody has accepted.
  case planFindings = "plan_findings"
  // Statements.
  /// The statement was acknowledged already, and nothing is told that failed since.
  case alreadyAcknowledged = "already_acknowledged"
  /// The statement pays this member nothing.
  case notOnStatement = "not_on_statement"
  // Webhooks.
  /// Another replay of the endpoint has not come to its end.
  case replayRunning = "replay_running"
  // Catalogue.
  /// The product belongs to another supplier.
  case supplierMismatch = "supplier_mismatch"
  /// The total stock is lower than what was sold and reserved.
  case stockBelowCommitted = "stock_below_committed"
}

/// A refusal with what a person needs to mend it.
package struct Rejection: Error, Equatable, Sendable {
  /// The stable code.
  package let code: RejectionCode
  /// An English sentence about this very case.
  package let message: String
  /// The field at fault, as a path such as `lines[2].paid`, where one is.
  package let field: String?
  /// What a program needs beside the code, in the form of Protocol/errors.md; mostly nothing.
  package let details: [JSON.Member]

  /// Makes a rejection.
  ///
  /// - Parameters:
  ///   - code: the stable code.
  ///   - message: an English sentence about this very case.
  ///   - field: the field at fault.
  ///   - details: what a program needs beside the code.
  package init(
    _ code: RejectionCode, _ message: String, field: String? = nil, details: [JSON.Member] = []
  ) {
    self.code = code
    self.message = message
    self.field = field
    self.details = details
  }
}

/// Why a decision did not come about.
package enum Stop: Error, Equatable, Sendable {
  /// The state lacks these keys; load them and decide again.
  case missing([Key])
  /// The command is refused.
  case rejected(Rejection)

  /// Refuses.
  static func refuse(_ code: RejectionCode, _ message: String, field: String? = nil) -> Stop {
    .rejected(Rejection(code, message, field: field))
  }
}
