// Storefronts, their totals, the versions of their plans, and their product sets.

import Commerce
import Commission
import Coordination
import Notation

/// The tables of storefronts.
final class StorefrontTables {
  private let storefronts: RecordTable
  private let progress: RecordTable
  private let planVersions: RecordTable
  private let productSets: RecordTable

  init(_ connection: SQLiteConnection) throws {
    storefronts = try RecordTable(
      "storefronts", keys: ["id"], frozen: ["currency", "zone", "created_at"],
      columns: [
        "name", "precedence", "visit_hold", "unpaid_hold", "plan_version", "invite_only",
        "settlement_service",
      ],
      on: connection)
    progress = try RecordTable(
      "storefront_progress", keys: ["storefront"],
      columns: ["sequence", "orders", "units", "gmv", "refunded", "members"], isAlone: true,
      on: connection)
    planVersions = try RecordTable(
      "plan_versions", keys: ["storefront", "number"],
      columns: ["document", "activated_at", "accepted", "worst_case_ppm"], on: connection)
    productSets = try RecordTable(
      "product_sets", keys: ["storefront", "id"], columns: ["title", "skus"], on: connection)
  }

  func storefront(_ id: StorefrontID, _ zone: ZoneSource) throws -> Storefront? {
    try storefronts.find({ $0.id(id) }) { row in
      let currency = try row.currency()
      let table = try zone(try row.text())
      let createdAt = try row.time()
      let name = try row.text()
      let words = try row.text().split(separator: ",")
      let precedence = try words.map { word in
        guard let source = AttributionSource(rawValue: String(word)) else {
          throw row.corrupt("\(word) is no source of attribution")
        }
        return source
      }
      return Storefront(
        id: id, name: name, currency: currency, zone: table, precedence: precedence,
        visitHoldMilliseconds: try row.integer(), unpaidHoldMilliseconds: try row.integer(),
        planVersion: try row.integer(), createdAt: createdAt, inviteOnly: try row.integer() != 0,
        settlementService: try row.optionalID())
    }
  }

  func save(_ storefront: Storefront) throws {
    try storefronts.save { row in
      row.id(storefront.id)
      row.text(storefront.currency.code)
      row.text(storefront.zone.name)
      row.time(storefront.createdAt)
      row.text(storefront.name)
      row.text(storefront.precedence.map(\.rawValue).joined(separator: ","))
      row.integer(storefront.visitHoldMilliseconds)
      row.integer(storefront.unpaidHoldMilliseconds)
      row.integer(storefront.planVersion)
      row.integer(storefront.inviteOnly ? 1 : 0)
      row.id(storefront.settlementService)
    }
  }

  func progress(_ storefront: StorefrontID) throws -> StorefrontProgress? {
    try progress.find({ $0.id(storefront) }) { row in
      StorefrontProgress(
        sequence: try row.integer(), orders: try row.integer(), units: try row.integer(),
        gmv: try row.amount(), refunded: try row.amount(), members: try row.integer())
    }
  }

  func save(_ storefront: StorefrontID, _ totals: StorefrontProgress) throws {
    try progress.save { row in
      row.id(storefront)
      row.integer(totals.sequence)
      row.integer(totals.orders)
      row.integer(totals.units)
      row.amount(totals.gmv)
      row.amount(totals.refunded)
      row.integer(totals.members)
    }
  }

  func planVersion(_ storefront: StorefrontID, _ number: Int64) throws -> PlanVersion? {
    try planVersions.find({
      $0.id(storefront)
      $0.integer(number)
    }) { row in
      let plan: Plan
      do { plan = try Plan(document: try row.utf8()) } catch let error as PlanError {
        throw row.corrupt("the plan cannot be read: \(error)")
      }
      return PlanVersion(
        number: number, plan: plan, activatedAt: try row.time(),
        accepted: try row.optionalJSON().map { body throws(StorageError) in
          AcceptedRisks(
            by: try body["by"].id(), at: try body["at"].time(),
            risks: try body["risks"].list().map { risk throws(StorageError) in try risk.word() })
        },
        worstCasePayoutPpm: try row.optionalInteger())
    }
  }

  func save(_ storefront: StorefrontID, _ version: PlanVersion) throws {
    try planVersions.save { row in
      row.id(storefront)
      row.integer(version.number)
      row.utf8(version.plan.document)
      row.time(version.activatedAt)
      row.text(version.accepted.map { String(decoding: $0.body, as: UTF8.self) })
      row.integer(version.worstCasePayoutPpm)
    }
  }

  func productSet(_ storefront: StorefrontID, _ id: ProductSetID) throws -> ProductSet? {
    try productSets.find({
      $0.id(storefront)
      $0.id(id)
    }) { row in
      ProductSet(
        id: id, title: try row.text(),
        skus: try row.json().list().map { sku throws(StorageError) in try sku.id() })
    }
  }

  func save(_ storefront: StorefrontID, _ set: ProductSet) throws {
    var body = JSONWriter(reserving: set.skus.count * 40)
    body.beginArray()
    for sku in set.skus { body.string(sku.text) }
    body.endArray()
    try productSets.save { row in
      row.id(storefront)
      row.id(set.id)
      row.text(set.title)
      row.utf8(body.bytes)
    }
  }
}

extension AcceptedRisks {
  fileprivate var body: [UInt8] {
    var body = JSONWriter(reserving: 160)
    body.beginObject()
    body.field("by", by.text)
    body.field("at", at.milliseconds)
    body.key("risks")
    body.beginArray()
    for risk in risks { body.string(risk.rawValue) }
    body.endArray()
    body.endObject()
    return body.bytes
  }
}
