// Live rooms and what is listed in them. Source: domain.md, section 1.

import Commerce

/// The life of a room: scheduled → live → paused ↔ live → ended.
package enum RoomState: String, Sendable, CaseIterable {
  /// Announced; touches count already.
  case scheduled
  /// Open: viewers can buy.
  case live
  /// Open, but nothing can be bought for the moment.
  case paused
  /// Over for good.
  case ended
}

/// The promoter's share of the commission pool from a moment on.
package struct Pact: Equatable, Sendable {
  /// Counts from 1 when the room opens.
  package let version: Int64
  /// The promoter's part of the pool.
  package let rate: Rate
  /// From when it holds.
  package let from: Timestamp

  /// Makes a pact.
  package init(version: Int64, rate: Rate, from: Timestamp) {
    self.version = version
    self.rate = rate
    self.from = from
  }
}

/// A live room.
package struct Room: Equatable, Sendable {
  /// The room's id, chosen by whoever creates it.
  package let id: RoomID
  /// Who streams and lists.
  package let host: MemberID
  /// What it is called.
  package var title: String
  /// Where it is in its life.
  package var state: RoomState
  /// When the show is announced for.
  package var scheduledFor: Timestamp?
  /// When it first opened.
  package var openedAt: Timestamp?
  /// When it ended.
  package var endedAt: Timestamp?
  /// Versions of the pact, oldest first; empty until the room opens. Rates only rise.
  package var pacts: [Pact]
  /// The listing shown first.
  package var pinned: SKUID?
  /// The first and the next free place in the order of listings; places only order, gaps are fine.
  package var firstPlace: Int64
  /// See `firstPlace`.
  package var nextPlace: Int64
  /// How many listings stand now.
  package var listings: Int64

  /// Makes a room.
  package init(
    id: RoomID, host: MemberID, title: String, state: RoomState, scheduledFor: Timestamp? = nil,
    openedAt: Timestamp? = nil, endedAt: Timestamp? = nil, pacts: [Pact] = [], pinned: SKUID? = nil,
    firstPlace: Int64 = 0, nextPlace: Int64 = 0, listings: Int64 = 0
  ) {
    self.id = id
    self.host = host
    self.title = title
    self.state = state
    self.scheduledFor = scheduledFor
    self.openedAt = openedAt
    self.endedAt = endedAt
    self.pacts = pacts
    self.pinned = pinned
    self.firstPlace = firstPlace
    self.nextPlace = nextPlace
    self.listings = listings
  }

  /// The pact that holds at a moment: the latest that had begun, else the first.
  package func pact(at: Timestamp) -> Pact? { pacts.last { $0.from <= at } ?? pacts.first }
}

/// What moves with every event of a room; apart from `Room` because it is written far more often.
package struct RoomProgress: Equatable, Sendable {
  /// Names the life of the event sequence; a client that knows another one cannot resume.
  package let epoch: Int64
  /// The offset of the last event; the sequence has no gaps.
  package var offset: Int64
  /// Orders paid.
  package var orders: Int64
  /// Units paid.
  package var units: Int64
  /// Everything paid, refunds not subtracted.
  package var gmv: Amount
  /// Everything refunded.
  package var refunded: Amount
  /// Viewers who were ever in the room.
  package var uniqueViewers: Int64

  /// Makes the progress of a new room.
  package init(
    epoch: Int64, offset: Int64 = 0, orders: Int64 = 0, units: Int64 = 0, gmv: Amount = .zero,
    refunded: Amount = .zero, uniqueViewers: Int64 = 0
  ) {
    self.epoch = epoch
    self.offset = offset
    self.orders = orders
    self.units = units
    self.gmv = gmv
    self.refunded = refunded
    self.uniqueViewers = uniqueViewers
  }
}

/// A SKU listed in a room.
package struct Listing: Equatable, Sendable {
  /// The SKU.
  package let sku: SKUID
  /// Orders the listings of a room, lowest first.
  package var place: Int64
  /// When it was listed last.
  package var addedAt: Timestamp
  /// When it was taken down; none while it stands.
  package var removedAt: Timestamp?
  /// Units paid in this room.
  package var sold: Int64

  /// Makes a listing.
  package init(
    sku: SKUID, place: Int64, addedAt: Timestamp, removedAt: Timestamp? = nil, sold: Int64 = 0
  ) {
    self.sku = sku
    self.place = place
    self.addedAt = addedAt
    self.removedAt = removedAt
    self.sold = sold
  }
}
