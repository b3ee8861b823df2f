// What a caller wants, after decoding, authentication and the check of scopes and form, and before
// anything is decided. HTTP and WebSocket meet here: the same wish is the same call.

import Commerce
import Commission
import Coordination
import Notation
import Wire

/// Who calls, as the token says.
package struct Caller: Equatable, Sendable {
  /// The person.
  package let person: PersonID
  /// The storefront; everything the caller can see or do is in this one.
  package let storefront: StorefrontID
  /// What the caller may do.
  package let scopes: Token.Scopes
  /// When the token ends.
  package let expiry: Timestamp
  /// What else is remembered of the token; none where the server itself acts.
  package let mark: TokenMark?

  /// Makes a caller.
  package init(
    person: PersonID, storefront: StorefrontID, scopes: Token.Scopes, expiry: Timestamp,
    mark: TokenMark? = nil
  ) {
    self.person = person
    self.storefront = storefront
    self.scopes = scopes
    self.expiry = expiry
    self.mark = mark
  }

  /// Backends, operators: those who act for the storefront and not for themselves.
  package var isStaff: Bool { !scopes.isDisjoint(with: [.backend, .operator]) }
  /// Staff and brokers see everything of the storefront.
  package var seesEverything: Bool { isStaff || scopes.contains(.broker) }
  /// How the core sees the caller.
  package var actor: Actor { isStaff ? .system : .person(person) }
}

/// One decoded, authorized wish.
package enum Call: Sendable {
  /// Changes the state through the core; answered after the commit.
  case command(Command)
  /// Reports of the backend, each decided on its own; those that could not be read are refused already.
  case reports([Result<Command, Fault>])
  /// Imports catalogue rows; the bad ones were found already.
  case importCatalogue([ImportedRow])
  /// Changes a storefront's configuration; completed by the writer from what is there.
  case configure(StorefrontWish)
  /// Comes into a room: touch, attendance, snapshot and subscription in one step.
  case join(JoinWish)
  /// Leaves a room.
  case leave(RoomID)
  /// Wants to be told figures as they move.
  case subscribe(Ticker)
  /// Wants that no more.
  case unsubscribe(Ticker)
  /// Releases what is due now.
  case releaseDue
  /// Closes a statement and pays out what is available of it.
  case payOut(StatementID, until: Timestamp?)
  /// Only reads.
  case query(Query)
}

/// A catalogue row of an import, or why it is none.
package struct ImportedRow: Sendable {
  /// The line of the file, from 1.
  package let line: Int
  /// The item, or what is wrong with the line.
  package let item: Result<CatalogueItem, Fault>

  /// Makes a row.
  package init(line: Int, item: Result<CatalogueItem, Fault>) {
    self.line = line
    self.item = item
  }
}

/// What an operator wants of a storefront; what is left out stays as it is, or gets its default.
package struct StorefrontWish: Sendable {
  /// What it is called.
  package var name: String?
  /// Its currency; cannot change later.
  package var currency: Currency?
  /// Its time zone; cannot change later.
  package var zone: TimeZoneTable?
  /// The name of a shipped plan.
  package var plan: String?
  /// A plan document instead of a shipped plan.
  package var planDocument: JSON?
  /// Error-level findings of the plan that the caller takes upon themselves.
  package var acceptedRisks: [Finding.Code] = []
  /// The plan's parameters by name; replace all earlier ones.
  package var parameters: [JSON.Member]?
  /// The order of attribution.
  package var precedence: [AttributionSource]?
  /// Milliseconds.
  package var visitHoldMilliseconds: Int64?
  /// Milliseconds.
  package var unpaidHoldMilliseconds: Int64?
  /// Whether joining needs an invite code.
  package var inviteOnly: Bool?
  /// Who settles orders placed from now on.
  package var settlement: SettlementWish?

  /// Wants nothing yet.
  package init() {}
}

/// Who settles a storefront's orders.
package enum SettlementWish: Equatable, Sendable {
  /// The storefront's plan, at once.
  case local
  /// A commission service of the key file.
  case service(ServiceID)
}

/// How somebody wants to come into a room.
package struct JoinWish: Sendable {
  /// The room.
  package let room: RoomID
  /// The link that brought them, read but not judged.
  package let link: LinkEvidence?
  /// The last event they have.
  package let since: (epoch: Int64, offset: Int64)?

  /// Makes a wish.
  package init(room: RoomID, link: LinkEvidence?, since: (epoch: Int64, offset: Int64)?) {
    self.room = room
    self.link = link
    self.since = since
  }
}

/// Live figures that can be watched.
package enum Ticker: Hashable, Sendable {
  /// A member's earnings in a room, or in total where the room is none.
  case earnings(StorefrontID, MemberID, RoomID?)
  /// A room's totals, for its host and staff.
  case room(StorefrontID, RoomID)
  /// A storefront's totals, for staff.
  case storefront(StorefrontID)
}

/// Questions that change nothing; answered from a read-only snapshot of the database.
package enum Query: Sendable {
  /// Rooms in these states, in order of id; with a host, only theirs.
  case rooms(states: [RoomState], host: MemberID?, after: RoomID?, limit: Int)
  /// One room with its totals; money only for staff and its host.
  case room(RoomID, for: Caller)
  /// What was paid in a room over time; a host sees only their own rooms.
  case timeline(RoomID, by: PersonID?)
  /// The standing listings of a room.
  case listings(RoomID, after: Int64?, limit: Int)
  /// What a host would earn on one unit of each SKU; without one, the host of the room.
  case quote([SKUID], host: MemberID?, room: RoomID?)
  /// The catalogue by text; with earnings for a host.
  case catalogue(text: String, host: MemberID?, after: SKUID?, limit: Int)
  /// The product sets of the storefront, in order of id.
  case sets(after: ProductSetID?, limit: Int)
  /// A promoter's links and refusals.
  case links(MemberID)
  /// One order; a buyer sees only their own.
  case order(OrderID, by: PersonID?)
  /// Orders by time of placing.
  case orders(
    room: RoomID?, buyer: ViewerID?, direction: ListDirection, after: OrderID?, limit: Int)
  /// What one person bought, newest first.
  case ownOrders(ViewerID, after: OrderID?, limit: Int)
  /// Orders that a member earns on, brought the buyer of, or could have; newest first.
  case earningOrders(MemberID, room: RoomID?, after: OrderID?, limit: Int)
  /// Why an order's money went where it went; a member sees only what is theirs.
  case explanation(OrderID, by: PersonID?)
  /// The plan in force and those that come with the program, with what lint says of each.
  case plans
  /// Another plan with what lint says of it, and what the last days would have come to under it.
  case planTrial(StorefrontWish, days: Int64)
  /// Members in order of id.
  case members(after: MemberID?, limit: Int)
  /// A member with balances, grants and earnings.
  case member(MemberID)
  /// Every rank of a member, and what is counted towards the next.
  case ranks(MemberID)
  /// What another rank of a member would have changed of the last days.
  case rankPreview(MemberID, rank: String, days: Int64)
  /// A member's invite codes and the quota that they draw on.
  case invites(MemberID)
  /// The storefront; with its totals where they may be seen.
  case storefront(withTotals: Bool)
  /// What a session is told when it opens, and whether this is a demonstration.
  case session(Caller, isDemo: Bool)
  /// Sequence, sum and digest of the ledger.
  case ledger
  /// Statements, exports, certificates, the calendar, transactions.
  case books(BooksQuery)

  /// Whether the answer may take as long as there is much stored: whoever asks for a page of
  /// something must not wait for it.
  var isLong: Bool {
    switch self {
    case .ledger, .planTrial, .rankPreview, .timeline, .books: true
    // A room's orders are looked through for the member's; their own are found at once.
    case .earningOrders(_, let room, _, _): room != nil
    // Only by a room or a buyer are orders found without looking at all of them.
    case .orders(let room, let buyer, _, _, _): room == nil && buyer == nil
    case .rooms, .room, .listings, .quote, .catalogue, .sets, .links, .order, .ownOrders,
      .explanation, .plans, .members, .member, .ranks, .invites, .storefront,
      .session:
      false
    }
  }
}

/// Which end of a list comes first.
package enum ListDirection: String, CaseIterable, Sendable {
  /// From the beginning.
  case oldest
  /// From the end.
  case newest
}
