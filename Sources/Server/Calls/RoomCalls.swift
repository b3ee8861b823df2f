// Reads calls about rooms and what is listed in them. Pure; any thread.

import Commerce
import Coordination
import Notation

/// Calls about rooms.
enum RoomCalls {
  static func schedule(_ request: inout CallRequest) throws(Fault) -> Call {
    .command(
      .scheduleRoom(
        try request.fields.identifier("room"),
        host: try request.member("host", orCallerAs: .host),
        title: try request.fields.text("title", bytesMax: CallLimits.titleBytesMax),
        scheduledFor: try request.fields.optionalTimestamp("scheduledFor")))
  }

  static func open(_ request: inout CallRequest) throws(Fault) -> Call {
    .command(
      .openRoom(
        try request.fields.identifier("room"),
        host: try request.member("host", orCallerAs: .host),
        title: try request.fields.optionalText(
          "title", bytesMin: 1, bytesMax: CallLimits.titleBytesMax),
        pact: try request.fields.optional("pactPpm")?.rate()))
  }

  static func pause(_ request: inout CallRequest) throws(Fault) -> Call {
    .command(.moveRoom(try request.fields.identifier("room"), to: .paused))
  }

  static func resume(_ request: inout CallRequest) throws(Fault) -> Call {
    .command(.moveRoom(try request.fields.identifier("room"), to: .live))
  }

  static func end(_ request: inout CallRequest) throws(Fault) -> Call {
    .command(.moveRoom(try request.fields.identifier("room"), to: .ended))
  }

  static func raisePact(_ request: inout CallRequest) throws(Fault) -> Call {
    .command(
      .raisePact(
        try request.fields.identifier("room"), try request.fields.required("pactPpm").rate()))
  }

  static func list(_ request: inout CallRequest) throws(Fault) -> Call {
    let states = try request.fields.optional("states")?
      .distinct(count: 1...RoomState.allCases.count) { (field) throws(Fault) -> RoomState in
        try field.choice()
      }
    return .query(
      .rooms(
        states: states ?? [.scheduled, .live, .paused],
        host: try request.fields.optionalIdentifier("host"),
        after: try request.fields.optionalIdentifier("after"),
        limit: try request.fields.limit(max: CallLimits.pageMax)))
  }

  static func get(_ request: inout CallRequest) throws(Fault) -> Call {
    .query(.room(try request.fields.identifier("room"), for: request.caller))
  }

  static func timeline(_ request: inout CallRequest) throws(Fault) -> Call {
    .query(
      .timeline(
        try request.fields.identifier("room"),
        by: request.caller.seesEverything ? nil : request.caller.person))
  }

  static func join(_ request: inout CallRequest) throws(Fault) -> Call {
    let room: RoomID = try request.fields.identifier("room")
    let text = try request.fields.optionalText("link", bytesMax: CallLimits.linkBytesMax)
    var since: (epoch: Int64, offset: Int64)?
    if let field = request.fields.optional("since") {
      var place = try field.fields()
      since = (
        try place.integer("epoch", in: 0...Int64.max),
        try place.integer("offset", in: 0...Int64.max)
      )
      try place.finish()
    }
    let environment = request.environment
    return .join(
      JoinWish(
        room: room, link: text.map { LinkReading.evidence(of: $0, environment: environment) },
        since: since))
  }

  static func leave(_ request: inout CallRequest) throws(Fault) -> Call {
    .leave(try request.fields.identifier("room"))
  }
}

/// Calls about what is listed in a room.
enum ListingCalls {
  static func add(_ request: inout CallRequest) throws(Fault) -> Call {
    let room: RoomID = try request.fields.identifier("room")
    let sku: SKUID? = try request.fields.optionalIdentifier("sku")
    let skus: [SKUID]? = try request.fields.optional("skus")?
      .identifiers(count: 1...CallLimits.skusMax)
    let set: ProductSetID? = try request.fields.optionalIdentifier("set")
    switch (sku, skus, set) {
    case (let sku?, nil, nil): return .command(.addListings(room, .skus([sku])))
    case (nil, let skus?, nil): return .command(.addListings(room, .skus(skus)))
    case (nil, nil, let set?): return .command(.addListings(room, .set(set)))
    default: throw request.fields.fault("sku", "Give exactly one of sku, skus and set.")
    }
  }

  static func remove(_ request: inout CallRequest) throws(Fault) -> Call {
    .command(
      .removeListing(
        try request.fields.identifier("room"), try request.fields.identifier("sku")))
  }

  static func pin(_ request: inout CallRequest) throws(Fault) -> Call {
    .command(
      .pinListing(
        try request.fields.identifier("room"), try request.fields.nullable("sku")?.identifier()))
  }

  static func reorder(_ request: inout CallRequest) throws(Fault) -> Call {
    .command(
      .reorderListings(
        try request.fields.identifier("room"),
        try request.fields.identifiers("skus", count: 1...CallLimits.skusMax)))
  }

  static func list(_ request: inout CallRequest) throws(Fault) -> Call {
    .query(
      .listings(
        try request.fields.identifier("room"),
        after: try request.fields.optionalInteger("after", in: Int64.min...Int64.max),
        limit: try request.fields.limit(max: CallLimits.pageMax)))
  }

  /// Promoters ask about a room, whoever its host is: the pact is theirs as much as the host's.
  static func quote(_ request: inout CallRequest) throws(Fault) -> Call {
    let skus: [SKUID] = try request.fields.identifiers("skus", count: 1...CallLimits.quotedMax)
    let room: RoomID? = try request.fields.optionalIdentifier("room")
    let caller = request.caller
    if caller.scopes.contains(.promoter), !caller.isStaff {
      if room != nil { return .query(.quote(skus, host: nil, room: room)) }
      guard caller.scopes.contains(.host) else {
        throw request.fields.fault("room", "room is missing: a promoter asks about a room.")
      }
    }
    return .query(
      .quote(skus, host: try request.member("host", orCallerAs: .host), room: room))
  }
}
