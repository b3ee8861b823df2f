import Commerce
import Commission
import Ledger
import Notation

/// Who wants something, as far as the core has to know. Scopes are checked before, by the shell.
package enum Actor: Equatable, Sendable {
  /// A person of the storefront, who may touch only what is theirs.
  case person(PersonID)
  /// The storefront's backend, an operator, or the server's own clock.
  case system

  /// The person, where it is one.
  var person: PersonID? { if case .person(let id) = self { id } else { nil } }
}

/// One row of a catalogue import, checked for form.
package struct CatalogueItem: Equatable, Sendable {
  /// The product.
  package let product: Product
  /// The SKU.
  package let sku: SKU
  /// Units ever supplied; none is unlimited.
  package let supplied: Int64?

  /// Makes an item.
  package init(product: Product, sku: SKU, supplied: Int64?) {
    self.product = product
    self.sku = sku
    self.supplied = supplied
  }
}

/// What a share link says, or why it could not be read.
package enum LinkEvidence: Equatable, Sendable {
  /// The signature holds.
  case genuine(SignedLink)
  /// It does not; whom it claims to be of, where that can be read.
  case rejected(RejectionCode, claimed: MemberID?)
  /// The storefront's backend vouches for the touch; there is no link.
  case vouched(promoter: MemberID, room: RoomID?)
}

/// The signed content of a share link.
package struct SignedLink: Equatable, Sendable {
  /// Derived from the signature.
  package let id: LinkID
  /// Where it is valid.
  package let storefront: StorefrontID
  /// Whose it is.
  package let promoter: MemberID
  /// Where it leads.
  package let room: RoomID?
  /// The owner's tag; may be empty.
  package let channel: String
  /// From then on it is invalid.
  package let expiresAt: Timestamp
  /// How many viewers it may bring; none is unlimited.
  package let maximumUses: Int64?

  /// Makes the content.
  package init(
    id: LinkID, storefront: StorefrontID, promoter: MemberID, room: RoomID?, channel: String,
    expiresAt: Timestamp, maximumUses: Int64?
  ) {
    self.id = id
    self.storefront = storefront
    self.promoter = promoter
    self.room = room
    self.channel = channel
    self.expiresAt = expiresAt
    self.maximumUses = maximumUses
  }
}

/// What is to be listed with one tap.
package enum Selection: Equatable, Sendable {
  /// SKUs by id, 1…500.
  case skus([SKUID])
  /// A named set.
  case set(ProductSetID)
}

/// Terms of a line that stand in the report itself, where there is no catalogue: scenarios, simulation.
package struct StatedTerms: Equatable, Sendable {
  /// Who ships it.
  package let supplier: SupplierID
  /// The commission rate.
  package let rate: Rate

  /// Makes terms.
  package init(supplier: SupplierID, rate: Rate) {
    self.supplier = supplier
    self.rate = rate
  }
}

/// One line of a reported order.
package struct ReportedLine: Equatable, Sendable {
  /// What was bought.
  package let sku: SKUID
  /// How many; 1…1 000 000: some goods are counted in grams.
  package let units: Int64
  /// What is paid for the whole line.
  package let paid: Amount
  /// What the supplier is owed for the whole line; none takes the catalogue's cost.
  package let cost: Amount?
  /// Terms without a catalogue; none takes the catalogue's.
  package let terms: StatedTerms?

  /// Makes a line.
  package init(
    sku: SKUID, units: Int64, paid: Amount, cost: Amount? = nil, terms: StatedTerms? = nil
  ) {
    self.sku = sku
    self.units = units
    self.paid = paid
    self.cost = cost
    self.terms = terms
  }
}

/// A payment that is reported together with its order.
package struct ReportedPayment: Equatable, Sendable {
  /// The payment's own id, as it would be in a report of its own.
  package let id: FactID
  /// When the order was paid, all lines as they were placed.
  package let at: Timestamp

  /// Makes a payment.
  package init(id: FactID, at: Timestamp) {
    self.id = id
    self.at = at
  }
}

/// An order as the settlement backend reports it.
package struct ReportedOrder: Equatable, Sendable {
  /// The backend's id.
  package let id: OrderID
  /// The room it was placed in, if one.
  package let room: RoomID?
  /// Who sold it, for a sale outside a room.
  package let seller: MemberID?
  /// A promoter named on the order, if one.
  package let promoter: MemberID?
  /// Who bought.
  package let buyer: ViewerID
  /// 1…1000 lines.
  package let lines: [ReportedLine]
  /// When it was placed.
  package let placedAt: Timestamp
  /// When it gives its stock back unpaid; none keeps it.
  package let expiresAt: Timestamp?
  /// Its payment, where it is paid already when it is reported.
  package let payment: ReportedPayment?

  /// Makes a report.
  package init(
    id: OrderID, room: RoomID?, seller: MemberID?, promoter: MemberID?, buyer: ViewerID,
    lines: [ReportedLine], placedAt: Timestamp, expiresAt: Timestamp? = nil,
    payment: ReportedPayment? = nil
  ) {
    self.id = id
    self.room = room
    self.seller = seller
    self.promoter = promoter
    self.buyer = buyer
    self.lines = lines
    self.placedAt = placedAt
    self.expiresAt = expiresAt
    self.payment = payment
  }
}

/// A part of an order's line, by its index from 0.
package struct LineAmount: Equatable, Sendable {
  /// The line's index.
  package let line: Int64
  /// Minor units.
  package let amount: Amount

  /// Makes a part.
  package init(line: Int64, amount: Amount) {
    self.line = line
    self.amount = amount
  }
}

/// What is said about the error-level findings of a plan that is to be activated.
package enum RiskAcceptance: Equatable, Sendable {
  /// These are accepted by this operator; codes as in `Finding.Code`.
  case named([String], by: PersonID)
  /// Nothing is accepted.
  case nothing
  /// The plan is only tried, in a scenario or simulation: its findings do not matter.
  case trial
}

/// Everything that can change the state. Amounts, ids and texts are checked for form by the shell.
package enum Command: Equatable, Sendable {
  /// Creates a storefront, or changes its name and parameters. A changed plan is activated if it has
  /// no error-level findings but those that are accepted.
  case configureStorefront(Storefront, plan: Plan, risks: RiskAcceptance = .nothing)
  /// Imports one catalogue item.
  case importItem(CatalogueItem)
  /// Defines a product set.
  case defineSet(ProductSet)
  /// A member joins, perhaps with an invite code.
  case join(
    member: MemberID, name: String, inviter: MemberID?, rank: String?, at: Timestamp,
    invite: InviteID? = nil)
  /// An operator sets a member's rank, from now on unless another moment is said.
  case setRank(member: MemberID, rank: String, from: Timestamp? = nil)
  /// A member gives out an invite code.
  case createInvite(Invite)
  /// A member takes an unused invite code back.
  case withdrawInvite(InviteID)
  /// Announces a room.
  case scheduleRoom(RoomID, host: MemberID, title: String, scheduledFor: Timestamp?)
  /// Opens a room, creating it where it was not announced.
  case openRoom(RoomID, host: MemberID, title: String?, pact: Rate?)
  /// Pauses, resumes or ends a room.
  case moveRoom(RoomID, to: RoomState)
  /// Raises the promoter's share.
  case raisePact(RoomID, Rate)
  /// Lists products with one tap.
  case addListings(RoomID, Selection)
  /// Takes a listing down.
  case removeListing(RoomID, SKUID)
  /// Pins a listing, or none.
  case pinListing(RoomID, SKUID?)
  /// Moves these listings to the front, in this order.
  case reorderListings(RoomID, [SKUID])
  /// A viewer comes into a room.
  case attend(RoomID, ViewerID)
  /// A promoter makes a link.
  case createLink(Link)
  /// A promoter takes a link back.
  case revokeLink(LinkID)
  /// A viewer opens a link.
  case touch(viewer: ViewerID, LinkEvidence, at: Timestamp)
  /// A viewer buys in a room at the catalogue's price, which is the one they expect if they say so.
  case placeOrder(
    OrderID, RoomID, buyer: ViewerID, sku: SKUID, units: Int64, promoter: MemberID?,
    price: Amount? = nil)
  /// The backend reports an order, perhaps together with its payment.
  case reportOrder(ReportedOrder)
  /// An order was paid; lines left out were paid as placed.
  case pay(OrderID, payment: FactID, paid: [LineAmount], at: Timestamp)
  /// An order was received.
  case deliver(OrderID, delivery: FactID, at: Timestamp)
  /// Part of an order was given back; no lines is all that is left.
  case refund(OrderID, refund: FactID, lines: [LineAmount], at: Timestamp)
  /// An unpaid order is called off.
  case cancel(OrderID, at: Timestamp)
  /// Unpaid orders whose time is over give their stock back.
  case expire([OrderID])
  /// A commission service has answered for a revision of an order, or could not.
  case settle(OrderID, revision: Int64, ServiceAnswer)
  /// A dispute begins; its id says which resolution ends it.
  case dispute(OrderID, dispute: FactID, at: Timestamp)
  /// The dispute with that id ends; may be reported before its beginning.
  case resolve(OrderID, dispute: FactID, at: Timestamp)
  /// Releases what is due; candidates that are not due are passed over.
  case release(orders: [OrderID], bonuses: [String])
  /// Closes the period since the last statement and pays out what is available of it.
  case payOut(StatementID, until: Timestamp?, StatementPeriod)
  /// The backend has made the payments of a statement, but for those that failed.
  case acknowledge(
    StatementID, acknowledgement: FactID, failed: [FailedPayment], at: Timestamp)
  /// The server has told an endpoint something, or could not.
  case reportWebhook(EndpointID, WebhookReport)
  /// An endpoint is told a run of sequences again, or only goes on; no end is all that it was told.
  case replayWebhook(EndpointID, from: Int64, to: Int64?)
  /// An operator takes tokens back.
  case revoke(FactID, RevocationWish, by: PersonID)
}

/// What came of an accepted command.
package struct Outcome: Sendable {
  let answer: Answer
  /// What to store; empty for a repeat of something accepted before.
  package let changes: Changes
  /// Whether this is the first answer again.
  package let isRepeat: Bool

  /// The answer, a JSON object.
  package var reply: JSON { answer.value }
  /// The answer's text.
  package var replyBytes: [UInt8] { answer.text }
}

/// An answer as it was made: most are written at once, and nobody looks into them again.
enum Answer: Sendable {
  case value(JSON)
  case text([UInt8])

  var value: JSON {
    switch self {
    case .value(let value): return value
    case .text(let text):
      guard let value = try? JSON.read(text) else {
        preconditionFailure("an answer is the text of a JSON object")
      }
      return value
    }
  }

  var text: [UInt8] {
    switch self {
    case .value(let value): value.bytes
    case .text(let text): text
    }
  }
}
