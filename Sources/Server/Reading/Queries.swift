// Answers to questions, as JSON in the form of Protocol/schemas. Every answer is of one moment.

import Commerce
import Commission
import Coordination
import Ledger
import Notation
import Storage

/// Answers the questions of one caller at one moment.
struct Queries {
  let reader: SQLiteReader
  let storefront: StorefrontID
  let now: Timestamp

  /// How many links of a promoter are told.
  static let linksMax = 1000

  /// Answers.
  ///
  /// - Throws: `Fault` for what is not there or not the caller's, `StorageError`.
  func answer(_ query: Query) throws -> JSON {
    switch query {
    case .rooms(let states, let host, let after, let limit):
      let rooms = try reader.rooms(
        storefront, states: states, host: host, after: after, limit: limit)
      // Before the storefront is configured it has no currency, and no rooms that would need one.
      guard !rooms.isEmpty else { return ["rooms": []] }
      let currency = try inspected { draft throws(Stop) in try draft.storefront().currency }
      return ["rooms": .array(rooms.map { roomView($0.room, currency: currency) })]
    case .room(let id, let caller): return try room(id, for: caller)
    case .timeline(let room, let person): return try timeline(of: room, by: person)
    case .listings(let room, let after, let limit):
      let listings = try reader.listings(storefront, room, after: after, limit: limit)
      return ["listings": .array(listings.map { listingView($0.listing, $0.sku, $0.stock) })]
    case .quote(let skus, let host, let room): return try quote(skus, host: host, room: room)
    case .catalogue(let text, let host, let after, let limit):
      return try catalogue(text, host: host, after: after, limit: limit)
    case .sets(let after, let limit): return try sets(after: after, limit: limit)
    case .links(let promoter): return try links(promoter)
    case .order(let id, let person): return try order(id, by: person)
    case .orders(let room, let buyer, let direction, let after, let limit):
      return try orders(
        room: room, buyer: buyer, direction, after: after, limit: limit)
    case .ownOrders(let buyer, let after, let limit):
      return try ownOrders(of: buyer, after: after, limit: limit)
    case .earningOrders(let member, let room, let after, let limit):
      return try earningOrders(of: member, room: room, after: after, limit: limit)
    case .explanation(let id, let person): return try explanation(id, by: person)
    case .plans: return try plans()
    case .planTrial(let wish, let days): return try planTrial(wish, days: days)
    case .members(let after, let limit):
      let members = try reader.members(storefront, after: after, limit: limit)
      let next = members.count == limit ? members.last?.id : nil
      return [
        "members": .array(members.map(memberView)),
        "after": next.map { .string($0.text) } ?? .null,
      ]
    case .member(let id): return try member(id)
    case .ranks(let id): return try ranks(id)
    case .rankPreview(let member, let rank, let days):
      return try rankPreview(member, rank: rank, days: days)
    case .invites(let id): return try invites(id)
    case .storefront(let withTotals): return try storefrontAnswer(withTotals: withTotals)
    case .session(let caller, let isDemo): return try session(caller, isDemo: isDemo)
    case .ledger: return try ledger()
    case .books(let query): return try books(query)
    }
  }

  /// Asks the core's own rules about committed records.
  func inspected<Value>(_ body: (borrowing Draft) throws(Stop) -> Value) throws -> Value {
    do {
      return try inspect(storefront: storefront, at: now, load: reader.load, body)
    } catch let rejection as Rejection {
      throw Fault(rejection)
    }
  }

  // MARK: Rooms and catalogue

  private func room(_ id: RoomID, for caller: Caller) throws -> JSON {
    let (room, progress, currency) = try inspected { draft throws(Stop) in
      (try draft.room(id), try draft.roomProgress(id), try draft.storefront().currency)
    }
    var totals: [JSON.Member] = [
      JSON.Member("epoch", .integer(progress.epoch)),
      JSON.Member("offset", .integer(progress.offset)),
      JSON.Member("orders", .integer(progress.orders)),
      JSON.Member("units", .integer(progress.units)),
      JSON.Member("unique", .integer(progress.uniqueViewers)),
    ]
    // Money is for those whom the tickers and the timeline tell of it.
    if caller.seesEverything || room.host == caller.person {
      totals += [
        JSON.Member("gmv", .integer(progress.gmv.minorUnits)),
        JSON.Member("refunded", .integer(progress.refunded.minorUnits)),
      ]
    }
    return .object((roomView(room, currency: currency).members ?? []) + totals)
  }

  private func quote(_ skus: [SKUID], host: MemberID?, room: RoomID?) throws -> JSON {
    try inspected { draft throws(Stop) in
      let found = try room.map { (id) throws(Stop) in try draft.room(id) }
      guard let host = host ?? found?.host else {
        preconditionFailure("a quote without a host names a room")
      }
      let pact = found?.pacts.last?.rate
      var earnings: [JSON] = []
      for (index, id) in skus.enumerated() {
        guard let sku = try draft.sku(id) else {
          throw .rejected(
            Rejection(.unknownSKU, "There is no SKU \(id).", field: "skus[\(index)]"))
        }
        guard sku.currency == (try draft.storefront()).currency else {
          throw .rejected(
            Rejection(
              .currencyMismatch, "SKU \(id) is priced in \(sku.currency).",
              field: "skus[\(index)]"))
        }
        earnings.append(try draft.earningPerUnit(of: sku, host: host, pact: pact))
      }
      return ["earnings": .array(earnings)]
    }
  }

  private func catalogue(
    _ text: String, host: MemberID?, after: SKUID?, limit: Int
  ) throws -> JSON {
    let found = try reader.searchCatalogue(text: text, limit: limit, after: after)
    let items = try inspected { draft throws(Stop) in
      var items: [JSON] = []
      for (sku, category, stock) in found {
        var members = itemView(sku, category, stock)
        if let host, sku.currency == (try draft.storefront()).currency {
          members.append(
            JSON.Member("earning", try draft.earningPerUnit(of: sku, host: host, pact: nil)))
        }
        items.append(.object(members))
      }
      return items
    }
    let next = found.count == limit ? found.last?.sku.id : nil
    return ["items": .array(items), "after": next.map { .string($0.text) } ?? .null]
  }

  private func itemView(_ sku: SKU, _ category: String, _ stock: Stock) -> [JSON.Member] {
    func time(_ at: Timestamp?) -> JSON { at.map { .string($0.description) } ?? .null }
    return [
      JSON.Member("sku", .string(sku.id.text)), JSON.Member("product", .string(sku.product.text)),
      JSON.Member("supplier", .string(sku.supplier.text)),
      JSON.Member("title", .string(sku.title)), JSON.Member("category", .string(category)),
      JSON.Member("picture", .string(sku.picture)),
      JSON.Member("price", .integer(sku.price.minorUnits)),
      JSON.Member("currency", .string(sku.currency.code)),
      JSON.Member("ratePpm", .integer(Int64(sku.rate.partsPerMillion))),
      JSON.Member("left", stock.left.map { .integer($0) } ?? .null),
      JSON.Member("saleFrom", time(sku.saleFrom)), JSON.Member("saleUntil", time(sku.saleUntil)),
    ]
  }

  private func sets(after: ProductSetID?, limit: Int) throws -> JSON {
    let found = try reader.productSets(storefront, after: after, limit: limit)
    let sets = found.map { set -> JSON in
      ["set": .string(set.id.text), "title": .string(set.title), "skus": .integer(set.skuCount)]
    }
    let next = found.count == limit ? found.last?.id : nil
    return ["sets": .array(sets), "after": next.map { .string($0.text) } ?? .null]
  }

  private func links(_ promoter: MemberID) throws -> JSON {
    let (links, refusals) = try reader.links(
      storefront, promoter: promoter, limit: Queries.linksMax)
    return [
      "links": .array(links.map(linkView)),
      "refused": .array(
        refusals.counts.map {
          ["reason": .string($0.code.rawValue), "count": .integer($0.count)]
        }),
    ]
  }

  // MARK: People and the storefront

  private func member(_ id: MemberID) throws -> JSON {
    try reader.moment {
      let (member, grants, sequence) = try inspected { draft throws(Stop) in
        guard let member = try draft.member(id) else {
          throw .rejected(
            Rejection(.unknownMember, "There is no member \(id).", field: "member"))
        }
        var grants = Grants()
        if case .grants(let found)? = try draft.read(.grants(storefront, id)) { grants = found }
        return (member, grants, try draft.storefrontProgress().sequence)
      }
      let balances = try inspected { draft throws(Stop) -> JSON in
        [
          "pending": .integer(try draft.balance(.pending(id)).minorUnits),
          "available": .integer(try draft.balance(.available(id)).minorUnits),
          "paid": .integer(try draft.balance(.paid(id)).minorUnits),
          "debt": .integer(-(try draft.balance(.debt(id)).minorUnits)),
        ]
      }
      let earnings = try reader.earnings(storefront, id)
      return .object(
        (memberView(member).members ?? []) + [
          JSON.Member("balances", balances),
          JSON.Member(
            "grants",
            .array(
              grants.entries.map {
                [
                  "kind": .string($0.kind), "count": .integer($0.count),
                  "faceValue": .integer($0.faceValue.minorUnits),
                ]
              })),
          JSON.Member("earnings", .array(earnings.map { earningsView($0.room, $0.earnings) })),
          JSON.Member("sequence", .integer(sequence)),
        ])
    }
  }

  private func earningsView(_ room: RoomID?, _ earnings: Earnings) -> JSON {
    [
      "room": room.map { .string($0.text) } ?? .null,
      "pending": .integer(earnings.pending.minorUnits),
      "released": .integer(earnings.released.minorUnits),
      "reversed": .integer(earnings.reversed.minorUnits), "orders": .integer(earnings.orders),
      "viewersBrought": .integer(earnings.viewersBrought),
    ]
  }

  private func storefrontAnswer(withTotals: Bool) throws -> JSON {
    try inspected { draft throws(Stop) in
      let found = try draft.storefront()
      let version = try draft.planVersion(found.planVersion)
      let totals = try draft.storefrontProgress()
      let settings: JSON = [
        "storefront": .string(found.id.text), "name": .string(found.name),
        "currency": .string(found.currency.code), "timeZone": .string(found.zone.name),
        "precedence": .array(found.precedence.map { .string($0.rawValue) }),
        "visitHoldSeconds": .integer(found.visitHoldMilliseconds / 1000),
        "unpaidHoldSeconds": .integer(found.unpaidHoldMilliseconds / 1000),
        "inviteOnly": .bool(found.inviteOnly),
        "settlement": .string(found.settlementService?.text ?? "local"),
        "plan": .string(version.plan.name), "planVersion": .integer(found.planVersion),
        "acceptedRisks": version.accepted.map(acceptanceView) ?? .null,
      ]
      guard withTotals else { return settings }
      return .object(
        (settings.members ?? []) + [
          JSON.Member("orders", .integer(totals.orders)),
          JSON.Member("units", .integer(totals.units)),
          JSON.Member("gmv", .integer(totals.gmv.minorUnits)),
          JSON.Member("refunded", .integer(totals.refunded.minorUnits)),
          JSON.Member("members", .integer(totals.members)),
          JSON.Member("sequence", .integer(totals.sequence)),
        ])
    }
  }

  /// A session can open before its storefront is configured; then there is no currency yet.
  private func session(_ caller: Caller, isDemo: Bool) throws -> JSON {
    var currency = JSON.null
    var zone = JSON.null
    var plan = JSON.null
    if case .storefront(let found)?? = try reader.load([.storefront(storefront)]).first {
      currency = .string(found.currency.code)
      zone = .string(found.zone.name)
      plan = .string(
        try inspected { draft throws(Stop) in try draft.plan(version: found.planVersion).name })
    }
    return [
      "person": .string(caller.person.text), "storefront": .string(caller.storefront.text),
      "scopes": .array(
        caller.scopes.text.split(separator: " ").map { .string(String($0)) }),
      "expiresAt": .string(caller.expiry.description), "currency": currency, "timeZone": zone,
      "plan": plan, "demo": .bool(isDemo),
    ]
  }
}
