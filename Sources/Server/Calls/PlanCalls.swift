// Reads calls that look at plans without changing anything. Pure; any thread. Source: domain.md, sections 5
// and 7.4.

import Commission
import Coordination
import Notation
import Wire

/// Calls about plans.
enum PlanCalls {
  static func list(_ request: inout CallRequest) throws(Fault) -> Call { .query(.plans) }

  /// What a plan would be and would have done. It stands in a body because a document does not fit
  /// a query; nothing is changed by it.
  static func trial(_ request: inout CallRequest) throws(Fault) -> Call {
    var wish = StorefrontWish()
    try readPlan(&request.fields, into: &wish)
    return .query(
      .planTrial(
        wish,
        days: try request.fields.optionalInteger("days", in: RankPreview.daysAllowed)
          ?? CallLimits.previewDaysDefault))
  }

  /// The plan that a call names, and the values of its parameters.
  ///
  /// - Parameters:
  ///   - fields: of the call.
  ///   - wish: gets what was found.
  /// - Throws: `invalid_field`.
  static func readPlan(_ fields: inout Fields, into wish: inout StorefrontWish) throws(Fault) {
    wish.plan = try fields.optionalText("plan", bytesMin: 1, bytesMax: 64)
    if let document = fields.optional("planDocument") {
      guard wish.plan == nil else {
        throw .invalidField("planDocument", "Either plan or planDocument, not both.")
      }
      wish.planDocument = .object(try document.members())
    }
    wish.parameters = try fields.optional("parameters")?.members()
  }
}

extension HTTPRoute {
  /// The paths of this file, in the order of Protocol/README.md.
  static let plans: [HTTPRoute] = [
    HTTPRoute(.get, "/v1/plans", [.backend, .operator, .broker], PlanCalls.list),
    HTTPRoute(.post, "/v1/plans/trial", [.backend, .operator], PlanCalls.trial),
  ]
}
