// Plans and what lint found of them, as JSON in the form of Protocol/schemas. Pure; any thread.

import Commerce
import Commission
import Coordination
import Notation

/// A plan for people who look at it: its words, parameters and rules, with what lint says of it, in the form of
/// Protocol/schemas/planView.json.
func planView(_ plan: Plan) -> JSON {
  let requirement = plan.joiningRequirement
  return [
    "plan": .string(plan.name), "version": .integer(plan.version), "title": wordingView(plan.title),
    "ranks": .array(plan.ranks.map { .string($0.name) }),
    "lineRatesPpm": [
      .integer(Int64(plan.lineRates.lowerBound.partsPerMillion)),
      .integer(Int64(plan.lineRates.upperBound.partsPerMillion)),
    ],
    "parameters": .array(
      plan.parameters.map {
        ["name": .string($0.name), "value": $0.value.json, "ours": .bool($0.isOurs)]
      }),
    "rules": .array(
      plan.rules.map { ["rule": .string($0.id), "title": wordingView($0.title)] }),
    "joining": requirement.map {
      [
        "kind": .string($0.kind.rawValue), "title": wordingView($0.title),
        "amount": .integer($0.amount.minorUnits),
      ]
    } ?? .null, "lint": lintView(plan, plan.lint()),
  ]
}

/// What lint found, with the bounds, as one JSON object.
func lintView(_ plan: Plan, _ findings: [Finding]) -> JSON {
  let bounds = plan.bounds()
  return [
    "plan": .string(plan.name), "version": .integer(plan.version),
    "errors": .integer(Int64(findings.count { $0.severity == .error })),
    "findings": .array(findings.map(findingView)),
    "bounds": [
      "worstCasePayoutPpm": .integer(bounds.worstCasePayoutPpm), "exact": .bool(bounds.isExact),
      "structuralDepth": bounds.structuralDepth.map { .integer(Int64($0)) } ?? .null,
      "paidDepth": .integer(Int64(bounds.paidDepth)),
      "awardsPerHead": .array(
        bounds.awardsPerHead.map {
          ["rule": .string($0.rule), "most": .integer($0.most.minorUnits)]
        }),
    ],
    "disclaimer": wordingView(Finding.disclaimer),
  ]
}

/// A text in both languages.
private func wordingView(_ wording: Wording) -> JSON {
  ["en": .string(wording.english), "zh": .string(wording.chinese)]
}
