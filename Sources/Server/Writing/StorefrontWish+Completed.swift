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
  /// - Throws: `invalid_field` for a plan or parameters that do not exist or cannot be.
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
      inviteOnly: inviteOnly ?? present?.inviteOnly ?? false,
      settlementService: service(present))
    return (storefront, try wantedPlan(plan))
  }

  private func service(_ present: Storefront?) -> ServiceID? {
    switch settlement {
    case nil: present?.settlementService
    case .local: nil
    case .service(let name): name
    }
  }

  /// The plan that is wanted.
  ///
  /// - Parameter present: the plan in force; none for a new storefront.
  /// - Returns: the plan with its parameters bound.
  /// - Throws: `invalid_field` for a plan or parameters that do not exist or cannot be.
  func wantedPlan(_ present: Plan?) throws(Fault) -> Plan {
    if let present, plan == nil, planDocument == nil, parameters == nil { return present }
    var bound: [String: PlanValue] = [:]
    for member in parameters ?? [] {
      guard let value = PlanValue(json: member.value) else {
        throw .invalidField("parameters.\(member.key)", "A parameter is a number, a text or texts.")
      }
      bound[member.key] = value
    }
    do {
      if let planDocument { return try Plan(document: planDocument.bytes, parameters: bound) }
      if let plan { return try Plan.shipped(plan, parameters: bound) }
      guard let present else { return try Plan.shipped("fengxiang", parameters: bound) }
      return try rebound(present, bound)
    } catch {
      throw .invalidField(field(of: error), error.description)
    }
  }

  /// The plan in force with other parameters: those left out go back to the defaults of a shipped
  /// plan, and stay as they are bound in any other document.
  private func rebound(_ present: Plan, _ bound: [String: PlanValue]) throws(PlanError) -> Plan {
    var inForce: [String: PlanValue] = [:]
    for parameter in present.parameters { inForce[parameter.name] = parameter.value }
    if Plan.shippedNames.contains(present.name),
      let shipped = try? Plan.shipped(present.name, parameters: inForce), shipped == present
    {
      return try Plan.shipped(present.name, parameters: bound)
    }
    return try Plan(document: present.document, parameters: bound)
  }

  private func field(of error: PlanError) -> String {
    switch error {
    case .unknownParameter(let name), .parameterRefused(let name, _): "parameters.\(name)"
    case .unknownPlan, .notJSON, .malformed: planDocument == nil ? "plan" : "planDocument"
    }
  }
}
