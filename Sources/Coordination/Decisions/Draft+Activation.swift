// Activating a plan: it becomes the storefront's next version, if nothing about it is unlawful by
// the letter or everything that is has been accepted by name.

import Commerce
import Commission
import Notation

extension Draft {
  /// The version that a storefront has once it is told a plan: the present one where the plan is the
  /// same, with its acceptance as it was; else the next.
  mutating func activation(
    of plan: Plan, after number: Int64, _ risks: RiskAcceptance
  ) throws(Stop) -> PlanVersion {
    let present = try planVersion(number)
    guard present.plan.document == plan.document else {
      return PlanVersion(
        number: number + 1, plan: plan, activatedAt: now,
        accepted: try acceptance(of: plan, risks))
    }
    // In force already: nothing is activated, so nothing has to be accepted again.
    guard present.accepted == nil, case .named(let names, _) = risks, !names.isEmpty else {
      return present
    }
    return PlanVersion(
      number: number, plan: plan, activatedAt: present.activatedAt,
      accepted: try acceptance(of: plan, risks), worstCasePayoutPpm: present.worstCasePayoutPpm)
  }

  /// What of a plan's findings is accepted, where something has to be.
  func acceptance(
    of plan: Plan, _ risks: RiskAcceptance
  ) throws(Stop) -> AcceptedRisks? {
    let names: [String]
    switch risks {
    case .trial: return nil
    case .nothing: names = []
    case .named(let given, _): names = given
    }
    let errors = plan.lint().filter { $0.severity == .error }
    for (index, name) in names.enumerated()
    where !errors.contains(where: { $0.code.rawValue == name }) {
      throw .refuse(
        .invalidField, "The plan \(plan.name) has no error-level finding \(name) to accept.",
        field: "acceptedRisks[\(index)]")
    }
    let open = errors.filter { !names.contains($0.code.rawValue) }
    guard open.isEmpty else {
      let codes = open.map(\.code.rawValue).joined(separator: ", ")
      throw .rejected(
        Rejection(
          .planFindings,
          "The plan \(plan.name) has findings that nobody has accepted: \(codes)."
            + " \(Finding.disclaimer.english)",
          field: "acceptedRisks",
          details: [JSON.Member("findings", .array(open.map(findingView)))]))
    }
    guard case .named(_, let person) = risks, !errors.isEmpty else { return nil }
    return AcceptedRisks(by: person, at: now, risks: errors.map(\.code))
  }
}

/// A finding of lint, in the form of Protocol/schemas/finding.json.
package func findingView(_ finding: Finding) -> JSON {
  [
    "code": .string(finding.code.rawValue), "severity": .string(finding.severity.rawValue),
    "limb": finding.limb.map { .integer(Int64($0.rawValue)) } ?? .null,
    "rules": .array(finding.rules.map { .string($0) }),
    "text": [
      "en": .string(finding.text.english), "zh": .string(finding.text.chinese),
    ],
    "citation": finding.limb.map {
      ["en": .string($0.citation.english), "zh": .string($0.citation.chinese)]
    } ?? .null,
  ]
}

/// An acceptance, in the form of Protocol/schemas/storefront.json.
package func acceptanceView(_ accepted: AcceptedRisks) -> JSON {
  [
    "by": .string(accepted.by.text), "at": .string(accepted.at.description),
    "risks": .array(accepted.risks.map { .string($0.rawValue) }),
  ]
}
