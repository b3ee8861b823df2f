import Commerce
import Commission
import Coordination
import Notation

extension StorefrontWish {
  /// Fills what was left out from the present storefront, or from the defaults for a new one.
  ///
  /// - Parameters:
  ///   - id: the storefront.
  ///   - present: as it is; none for a new one.
  ///   - plan: the plan in force; none for a new one.
  ///   - now: the moment.
  /// - Returns: the storefront and the plan as wanted.
  /// - Throws: `invalid_field` for a plan or parameters that do not exist.
  func completed(
    id: StorefrontID, present: Storefront?, plan: Plan?, at now: Timestamp
  ) throws(Fault) -> (Storefront, Plan) {
    let storefront = Storefront(
      id: id, name: name ?? present?.name ?? id.text,
      currency: currency ?? present?.currency ?? .cny,
      zone: zone ?? present?.zone ?? .shanghai,
      precedence: precedence ?? present?.precedence ?? [.code, .visit, .lock],
      visitHoldMilliseconds: visitHoldMilliseconds ?? present?.visitHoldMilliseconds
        ?? Storefront.visitHoldDefault,
      unpaidHoldMilliseconds: unpaidHoldMilliseconds ?? present?.unpaidHoldMilliseconds
        ?? Storefront.unpaidHoldDefault,
      planVersion: present?.planVersion ?? 1, createdAt: present?.createdAt ?? now,
      inviteOnly: inviteOnly ?? present?.inviteOnly ?? false)
    return (storefront, try wantedPlan(plan))
  }

  private func wantedPlan(_ present: Plan?) throws(Fault) -> Plan {
    let name = self.plan ?? present?.name ?? "fengxiang"
    if let present, self.plan == nil, parameters == nil { return present }
    var bound: [String: PlanValue] = [:]
    for member in parameters ?? [] {
      guard let value = PlanValue(json: member.value) else {
        throw .invalidField("parameters.\(member.key)", "A parameter is a number, a text or texts.")
      }
      bound[member.key] = value
    }
    do { return try Plan.shipped(name, parameters: bound) } catch {
      throw .invalidField("plan", error.description)
    }
  }
}
