// Plans for people who choose one: the one in force, the shipped ones, and a trial of another on what
// was really sold. Reads only.

import Commerce
import Commission
import Coordination
import Notation
import Storage

extension Queries {
  /// How many members a trial tells of, those whose money differs most first.
  static let trialMembersMax = 200

  /// The plan in force and those that come with the program.
  func plans() throws -> JSON {
    let (number, present) = try planInForce()
    return [
      "planVersion": .integer(number), "inForce": planView(present),
      "shipped": .array(
        try Plan.shippedNames.map { name in
          let plan = try Plan.shipped(name)
          return [
            "plan": .string(plan.name), "version": .integer(plan.version),
            "title": ["en": .string(plan.title.english), "zh": .string(plan.title.chinese)],
            "parameters": .array(
              plan.parameters.map {
                ["name": .string($0.name), "value": $0.value.json, "ours": .bool($0.isOurs)]
              }),
          ]
        }),
    ]
  }

  /// Another plan, and what the days before now would have come to under it.
  ///
  /// - Parameters:
  ///   - wish: the plan and its parameters as for a storefront; nothing is the plan in force.
  ///   - days: how many days of the storefront's calendar, today among them.
  /// - Returns: the plan and the what-if.
  /// - Throws: `Fault` for a plan that cannot be, `StorageError`.
  func planTrial(_ wish: StorefrontWish, days: Int64) throws -> JSON {
    try reader.moment {
      let plan = try wish.wantedPlan(try planInForce().plan)
      let history = StoredHistory(reader, storefront)
      let today = try history.storefront().zone.day(at: now)
      let from = today.advanced(byDays: -(days - 1))
      let result = try WhatIf.run(history, under: plan, days: (from: from, until: today)) {
        _, _ in
      }
      return [
        "plan": planView(plan),
        "whatIf": WhatIfReport(result).json(membersMax: Queries.trialMembersMax),
      ]
    }
  }

  private func planInForce() throws -> (number: Int64, plan: Plan) {
    try inspected { draft throws(Stop) in
      let number = try draft.storefront().planVersion
      return (number, try draft.plan(version: number))
    }
  }
}
