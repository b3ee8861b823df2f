// One-tap listing: a SKU id is all the host gives. Source: domain.md, section 1.

import Commerce
import Commission
import Notation

extension Draft {
  /// How many listings a room may have.
  static let listingsMax: Int64 = 10_000
  /// How many listings one event tells of, so that it stays well below the largest message.
  static let listingsPerEvent = 50

  /// Lists products; those that stand already stay where they are.
  mutating func addListings(
    _ id: RoomID, _ selection: Selection, by actor: Actor
  ) throws(Stop) -> JSON {
    var room = try ownRoom(id, by: actor)
    guard room.state != .ended else {
      throw .refuse(.roomState, "Room \(id) has ended.", field: "room")
    }
    let skus = try skus(of: selection)
    let storefront = try storefront()
    var added: [JSON] = []
    for (index, skuID) in skus.enumerated() {
      guard let sku = try sku(skuID) else {
        throw .refuse(.unknownSKU, "There is no SKU \(skuID).", field: "skus[\(index)]")
      }
      guard sku.currency == storefront.currency else {
        throw .refuse(
          .currencyMismatch, "SKU \(skuID) is priced in \(sku.currency).", field: "skus[\(index)]")
      }
      if let until = sku.saleUntil, now >= until {
        throw .refuse(
          .outsideSaleWindow, "The sale of \(skuID) ended at \(until).", field: "skus[\(index)]")
      }
      var listing =
        try listing(id, skuID) ?? Listing(sku: skuID, place: 0, addedAt: now, removedAt: now)
      guard listing.removedAt != nil else { continue }
      guard room.listings < Draft.listingsMax else {
        throw .refuse(.tooManyListings, "A room has at most \(Draft.listingsMax) listings.")
      }
      listing.place = room.nextPlace
      listing.addedAt = now
      listing.removedAt = nil
      room.nextPlace += 1
      room.listings += 1
      write(.listing(storefrontID, id, skuID), .listing(listing))
      added.append(listingView(listing, sku, try stock(skuID)))
    }
    write(.room(storefrontID, id), .room(room))
    var rest = added[...]
    while !rest.isEmpty {
      let part = rest.prefix(Draft.listingsPerEvent)
      try publish("listing.added", in: id, ["listings": .array(Array(part))])
      rest = rest.dropFirst(part.count)
    }
    return [
      "room": .string(id.text), "added": .integer(Int64(added.count)),
      "listings": .integer(room.listings), "earnings": .array(try earningsPerUnit(skus, in: room)),
    ]
  }

  private func skus(of selection: Selection) throws(Stop) -> [SKUID] {
    switch selection {
    case .skus(let skus): return skus
    case .set(let id):
      guard case .productSet(let set)? = try read(.productSet(storefrontID, id)) else {
        throw .refuse(.unknownSet, "There is no product set \(id).", field: "set")
      }
      return set.skus
    }
  }

  /// What the host would earn on one unit of each SKU; at most fifty are told.
  private func earningsPerUnit(_ skus: [SKUID], in room: Room) throws(Stop) -> [JSON] {
    var told: [JSON] = []
    for skuID in skus.prefix(Draft.listingsPerEvent) {
      guard let sku = try sku(skuID) else { continue }
      told.append(try earningPerUnit(of: sku, host: room.host, pact: room.pacts.last?.rate))
    }
    return told
  }

  /// What a host earns on one unit, exactly, under the plan in force and the room's pact.
  ///
  /// Both with and without a promoter behind the viewer. Source: domain.md, section 1 (你能赚到多少钱).
  package func earningPerUnit(of sku: SKU, host: MemberID, pact: Rate?) throws(Stop) -> JSON {
    let plan = try plan(version: try storefront().planVersion)
    let draft = self
    let quoted = try plan.quote(price: sku.price, rate: sku.rate, pact: pact, host: host) {
      (id) throws(Stop) -> Standing? in try draft.standing(id, under: plan)
    }
    let quote: Quote
    switch quoted {
    case .success(let found): quote = found
    case .failure(let refusal):
      throw .refuse(.planRefused, "The plan refuses \(sku.id): \(refusal.code).")
    }
    return [
      "sku": .string(sku.id.text), "price": .integer(sku.price.minorUnits),
      "ratePpm": .integer(Int64(sku.rate.partsPerMillion)),
      "withoutPromoter": .integer(quote.alone.minorUnits),
      "withPromoter": .integer(quote.withPromoter.minorUnits),
      "promoter": .integer(quote.promoter.minorUnits),
    ]
  }

  /// Takes a listing down; what was bought stays bought. Taking it down again is a repeat.
  mutating func removeListing(
    _ id: RoomID, _ sku: SKUID, by actor: Actor
  ) throws(Stop) -> (JSON, isRepeat: Bool) {
    var room = try ownRoom(id, by: actor)
    guard var listing = try listing(id, sku) else {
      throw .refuse(.notListed, "SKU \(sku) is not listed in \(id).", field: "sku")
    }
    let isRepeat = listing.removedAt != nil
    if !isRepeat {
      listing.removedAt = now
      room.listings -= 1
      if room.pinned == sku { room.pinned = nil }
      write(.listing(storefrontID, id, sku), .listing(listing))
      write(.room(storefrontID, id), .room(room))
      try publish("listing.removed", in: id, ["sku": .string(sku.text)])
    }
    return (
      ["room": .string(id.text), "sku": .string(sku.text), "listings": .integer(room.listings)],
      isRepeat
    )
  }

  /// Pins one listing, or none.
  mutating func pinListing(
    _ id: RoomID, _ sku: SKUID?, by actor: Actor
  ) throws(Stop) -> (JSON, isRepeat: Bool) {
    var room = try ownRoom(id, by: actor)
    if let sku { try requireListed(sku, in: id) }
    let isRepeat = room.pinned == sku
    let pinned: JSON = sku.map { .string($0.text) } ?? .null
    if !isRepeat {
      room.pinned = sku
      write(.room(storefrontID, id), .room(room))
      try publish("listing.pinned", in: id, ["sku": pinned])
    }
    return (["room": .string(id.text), "pinned": pinned], isRepeat)
  }

  /// Moves listings to the front in the order given; the others keep theirs behind them.
  mutating func reorderListings(
    _ id: RoomID, _ skus: [SKUID], by actor: Actor
  ) throws(Stop) -> JSON {
    var room = try ownRoom(id, by: actor)
    room.firstPlace -= Int64(skus.count)
    for (index, sku) in skus.enumerated() {
      var listing = try requireListed(sku, in: id)
      listing.place = room.firstPlace + Int64(index)
      write(.listing(storefrontID, id, sku), .listing(listing))
    }
    write(.room(storefrontID, id), .room(room))
    let order = JSON.array(skus.map { .string($0.text) })
    try publish("listing.reordered", in: id, ["skus": order])
    return ["room": .string(id.text), "skus": order]
  }

  /// A listing that stands now.
  @discardableResult
  func requireListed(_ sku: SKUID, in room: RoomID) throws(Stop) -> Listing {
    guard let listing = try listing(room, sku), listing.removedAt == nil else {
      throw .refuse(.notListed, "SKU \(sku) is not listed in \(room).", field: "sku")
    }
    return listing
  }
}

/// A listing as viewers see it, in the form of Protocol/schemas.
package func listingView(_ listing: Listing, _ sku: SKU, _ stock: Stock) -> JSON {
  [
    "sku": .string(sku.id.text), "title": .string(sku.title), "picture": .string(sku.picture),
    "price": .integer(sku.price.minorUnits), "left": stock.left.map { .integer($0) } ?? .null,
    "sold": .integer(listing.sold), "place": .integer(listing.place),
  ]
}
