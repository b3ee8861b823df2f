// Reads calls about storefronts, the catalogue and members. Pure; any thread.

import Commerce
import Commission
import Coordination
import Notation
import Wire

/// Calls about a storefront, its catalogue and its people.
enum StorefrontCalls {
  static func configure(_ request: inout CallRequest) throws(Fault) -> Call {
    var wish = StorefrontWish()
    wish.name = try request.fields.text("name", bytesMax: CallLimits.nameBytesMax)
    wish.currency = try request.fields.optional("currency")?.currency()
    if let zone = request.fields.optional("timeZone") {
      let name = try zone.text(bytes: 1...64)
      do { wish.zone = try request.environment.zone(name) } catch {
        throw .invalidField(zone.path, "There is no such time zone: \(error).")
      }
    }
    try PlanCalls.readPlan(&request.fields, into: &wish)
    wish.acceptedRisks =
      try request.fields.optional("acceptedRisks")?
      .distinct(count: 0...Finding.Code.allCases.count) {
        (field) throws(Fault) -> Finding.Code in try field.choice()
      } ?? []
    wish.precedence = try request.fields.optional("precedence")?
      .distinct(count: 1...AttributionSource.allCases.count) {
        (field) throws(Fault) -> AttributionSource in try field.choice()
      }
    wish.visitHoldMilliseconds = try request.fields.optionalInteger(
      "visitHoldSeconds", in: 0...31_536_000
    ).map { $0 * 1000 }
    wish.unpaidHoldMilliseconds = try request.fields.optionalInteger(
      "unpaidHoldSeconds", in: 1...2_592_000
    ).map { $0 * 1000 }
    wish.inviteOnly = try request.fields.optional("inviteOnly")?.flag()
    if let settlement = request.fields.optional("settlement") {
      wish.settlement = try Self.settlement(settlement, request)
    }
    return .configure(wish)
  }

  /// `"local"`, or the name of a commission service of the key file.
  private static func settlement(
    _ field: Field, _ request: CallRequest
  ) throws(Fault) -> SettlementWish {
    if field.value.text == "local" { return .local }
    let name: ServiceID = try field.identifier()
    guard request.environment.isService(name, request.caller.storefront) else {
      throw .invalidField(
        field.path,
        "\(field.path) is local, or a commission service that the server's key file has"
          + " for this storefront.")
    }
    return .service(name)
  }

  static func get(_ request: inout CallRequest) throws(Fault) -> Call {
    .query(.storefront(withTotals: request.caller.seesEverything))
  }

  /// Who the caller's session is: one that a cookie opened has not been told.
  static func session(_ request: inout CallRequest) throws(Fault) -> Call {
    .query(.session(request.caller, isDemo: request.environment.isDemo))
  }

  static func importCatalogue(_ request: inout CallRequest) throws(Fault) -> Call {
    guard let file = request.file else { preconditionFailure("the route asks for a file") }
    return .importCatalogue(try CatalogueImport.rows(of: file.bytes, as: file.type))
  }

  static func search(_ request: inout CallRequest) throws(Fault) -> Call {
    try search(
      for: try request.fields.text("text", bytesMin: 0, bytesMax: CallLimits.searchBytesMax),
      &request)
  }

  /// A query without a text lists the whole catalogue.
  static func browse(_ request: inout CallRequest) throws(Fault) -> Call {
    try search(
      for: try request.fields.optionalText("text", bytesMax: CallLimits.searchBytesMax) ?? "",
      &request)
  }

  private static func search(
    for text: String, _ request: inout CallRequest
  ) throws(Fault) -> Call {
    .query(
      .catalogue(
        text: text, host: request.caller.scopes.contains(.host) ? request.caller.person : nil,
        after: try request.fields.optionalIdentifier("after"),
        limit: try request.fields.limit(max: CallLimits.itemsMax)))
  }

  static func defineSet(_ request: inout CallRequest) throws(Fault) -> Call {
    .command(
      .defineSet(
        ProductSet(
          id: try request.fields.identifier("set"),
          title: try request.fields.text("title", bytesMax: CallLimits.titleBytesMax),
          skus: try request.fields.identifiers("skus", count: 1...CallLimits.skusMax))))
  }

  static func listSets(_ request: inout CallRequest) throws(Fault) -> Call {
    .query(
      .sets(
        after: try request.fields.optionalIdentifier("after"),
        limit: try request.fields.limit(max: CallLimits.pageMax)))
  }

  static func addMember(_ request: inout CallRequest) throws(Fault) -> Call {
    .command(
      .join(
        member: try request.fields.identifier("member"),
        name: try request.fields.optionalText("name", bytesMax: CallLimits.nameBytesMax) ?? "",
        inviter: try request.fields.optionalIdentifier("inviter"),
        rank: try request.fields.optionalText("rank", bytesMin: 1, bytesMax: 64),
        at: try request.fields.timestamp("joinedAt"),
        invite: try request.fields.optionalIdentifier("inviteCode")))
  }

  static func setRank(_ request: inout CallRequest) throws(Fault) -> Call {
    .command(
      .setRank(
        member: try request.fields.identifier("member"),
        rank: try request.fields.text("rank", bytesMax: 64),
        from: try request.fields.optionalTimestamp("from")))
  }

  static func listMembers(_ request: inout CallRequest) throws(Fault) -> Call {
    .query(
      .members(
        after: try request.fields.optionalIdentifier("after"),
        limit: try request.fields.limit(max: CallLimits.pageMax)))
  }

  static func getMember(_ request: inout CallRequest) throws(Fault) -> Call {
    .query(.member(try request.readableMember()))
  }
}
