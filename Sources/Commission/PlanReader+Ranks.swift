// Reads what a plan says about counts: quotas earned and ranks reached by them. Used at load only, on
// any thread.
import Commerce
import Notation

extension PlanReader {
  /// Quotas; `countsSales` says whether the plan names whose own sale an order is.
  func quotas(_ place: Place?, countsSales: Bool) throws(PlanError) -> [Plan.Quota] {
    var quotas: [Plan.Quota] = []
    for element in try place?.list(0...Self.rulesMax) ?? [] {
      let fields = try element.object(["id", "title", "of", "per"])
      _ = try choice(fields["of"], of: ["settledPersonalSales"])
      guard countsSales else { throw fields["of"].fault(Self.salesReason) }
      let id = try fields["id"].name()
      guard !quotas.contains(where: { $0.id == id }) else { throw fields["id"].fault("is taken") }
      quotas.append(
        Plan.Quota(
          id: id, title: try fields["title"].wording(),
          settledSalesPerUnit: Amount(
            try integer(fields["per"], in: 1...Amount.limit.minorUnits))))
    }
    return quotas
  }

  /// Promotions; a threshold of settled sales that is zero is off.
  func promotions(_ place: Place?, countsSales: Bool) throws(PlanError) -> [Plan.Promotion] {
    var promotions: [Plan.Promotion] = []
    for element in try place?.list(0...Self.ranksMax) ?? [] {
      let fields = try element.object(["rank", "count", "atLeast"], optional: ["ofRank"])
      let reached = try rank(fields["rank"])
      if try choice(fields["count"], of: ["lockedFans", "settledSales"]) == "settledSales" {
        guard countsSales else { throw fields["count"].fault(Self.salesReason) }
        if let place = fields.optional("ofRank") { throw place.fault("is for lockedFans only") }
        let amount = try integer(fields["atLeast"], in: 0...Amount.limit.minorUnits)
        if amount > 0 {
          promotions.append(Plan.Promotion(rank: reached, count: .settledSales, atLeast: amount))
        }
        continue
      }
      let count: Plan.Promotion.Count =
        if let place = fields.optional("ofRank") {
          .lockedFansOfRank(try rank(place))
        } else {
          .lockedFans
        }
      promotions.append(
        Plan.Promotion(
          rank: reached, count: count, atLeast: try integer(fields["atLeast"], in: 1...1_000_000)))
    }
    return promotions
  }

  private static let salesReason = "needs personalSales, which says whose own sale an order is"
}
