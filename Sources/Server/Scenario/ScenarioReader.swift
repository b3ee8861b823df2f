// From the bytes of a scenario file to a scenario. Nothing is guessed: what the format does not
// have is a fault with its place. Format: shared scenarios, README. Any thread; reads plan
// documents and time zones through the closures it is given.

import Commerce
import Commission
import Notation

/// Reads scenarios.
struct ScenarioReader {
  /// Gives the bytes of a plan document by the path in the scenario; throws what to tell the user.
  let planDocument: (String) throws(ScenarioReader.Unreadable) -> [UInt8]
  /// Gives a time zone by its name.
  let zone: (String) throws(TimeZoneError) -> TimeZoneTable

  /// Why a plan document could not be read, as a clause.
  struct Unreadable: Error { let reason: String }

  /// Reads a scenario.
  ///
  /// - Parameter bytes: of the file.
  /// - Returns: the scenario.
  /// - Throws: the first fault of form.
  func read(_ bytes: [UInt8]) throws(ScenarioFault) -> Scenario {
    let json: JSON
    do { json = try JSON.read(bytes) } catch {
      throw ScenarioFault(place: "", reason: error.description)
    }
    let root = ScenarioPlace(json)
    try root.object(
      ["title", "plan", "steps"], optional: ["parameters", "currency", "timeZone"])
    let title = try root["title"].text()
    let plan = try plan(root)
    var currency = Currency.cny
    if let place = root.optional("currency") {
      let code = try place.text()
      do { currency = try Currency(code) } catch {
        throw place.fault("\"\(code)\" is no currency such as CNY")
      }
    }
    var table = TimeZoneTable.shanghai
    if let place = root.optional("timeZone") {
      let name = try place.text()
      do { table = try zone(name) } catch { throw place.fault(error.description) }
    }
    return Scenario(
      title: title, plan: plan, currency: currency, zone: table, steps: try steps(root["steps"]))
  }

  private func plan(_ root: ScenarioPlace) throws(ScenarioFault) -> Plan {
    var parameters: [String: PlanValue] = [:]
    if let place = root.optional("parameters") {
      for (name, field) in try place.members() {
        guard let value = PlanValue(json: field.value) else {
          throw field.fault("must be a whole number, a string or an array of strings")
        }
        parameters[name] = value
      }
    }
    let place = root["plan"]
    let name = try place.text()
    let document: [UInt8]?
    if Plan.shippedNames.contains(name) {
      document = nil
    } else {
      do { document = try planDocument(name) } catch {
        throw place.fault("\"\(name)\" is no shipped plan, and as a file it \(error.reason)")
      }
    }
    do throws(PlanError) {
      guard let document else { return try Plan.shipped(name, parameters: parameters) }
      return try Plan(document: document, parameters: parameters)
    } catch {
      switch error {
      case .unknownParameter(let parameter):
        throw root["parameters"][parameter].fault("is no parameter of the plan \(name)")
      case .parameterRefused(let parameter, let reason):
        throw root["parameters"][parameter].fault(reason)
      case .unknownPlan, .notJSON, .malformed: throw place.fault(error.description)
      }
    }
  }

  private func steps(_ place: ScenarioPlace) throws(ScenarioFault) -> [Scenario.Step] {
    var steps: [Scenario.Step] = []
    for step in try place.list() {
      guard step.value.members != nil else {
        throw step.fault("must be an object, is \(step.value.kind)")
      }
      let at: Timestamp
      if let given = step.optional("at") {
        at = try given.time()
      } else {
        guard let before = steps.last?.at else {
          throw step["at"].fault("is missing: the first step needs a time")
        }
        at = before
      }
      steps.append(Scenario.Step(at: at, action: try action(step)))
    }
    return steps
  }

  private func action(_ step: ScenarioPlace) throws(ScenarioFault) -> Scenario.Action {
    func fields(_ required: [String], optional: [String] = []) throws(ScenarioFault) {
      try step.object(["do"] + required, optional: ["at"] + optional)
    }
    guard step.value["do"] != nil else { throw step["do"].fault("is missing") }
    let name = try step["do"].text()
    switch name {
    case "join":
      try fields(["member"], optional: ["inviter", "rank"])
      return .join(
        member: try step["member"].id(), inviter: try step.optional("inviter")?.id(),
        rank: try step.optional("rank")?.text())
    case "promote":
      try fields(["member", "rank"])
      return .promote(member: try step["member"].id(), rank: try step["rank"].text())
    case "open":
      try fields(["room", "host"], optional: ["pactPpm"])
      return .open(
        room: try step["room"].id(), host: try step["host"].id(),
        pactPpm: try step.optional("pactPpm")?.integer())
    case "touch":
      try fields(["viewer", "promoter"], optional: ["room"])
      return .touch(
        viewer: try step["viewer"].id(), promoter: try step["promoter"].id(),
        room: try step.optional("room")?.id())
    case "sale":
      try fields(["order", "lines"], optional: ["seller", "room", "promoter", "buyer"])
      return .sale(try sale(step))
    case "refund":
      try fields(["order", "refund"], optional: ["lines"])
      return .refund(
        order: try step["order"].id(), refund: try step["refund"].id(),
        lines: try step.optional("lines").map(refunds))
    case "deliver", "dispute", "resolve":
      try fields(["order"])
      let order: OrderID = try step["order"].id()
      return name == "deliver"
        ? .deliver(order: order)
        : name == "dispute" ? .dispute(order: order) : .resolve(order: order)
    case "release":
      try fields([])
      return .release
    case "payout":
      try fields(["statement"])
      return .payout(statement: try step["statement"].id())
    case "expect":
      try fields(
        [], optional: ["balances", "grants", "supplier", "platform", "shares", "rejected"])
      return .expect(try expectation(step))
    default:
      throw step["do"].fault("\"\(name)\" is nothing that a step can do")
    }
  }

  private func sale(_ step: ScenarioPlace) throws(ScenarioFault) -> ScenarioSale {
    let place: ScenarioSale.Place
    if let seller = step.optional("seller") {
      guard step.value["room"] == nil else {
        throw step["room"].fault("stands beside seller; a sale has one of them")
      }
      place = .seller(try seller.id())
    } else {
      guard let room = step.optional("room") else {
        throw step["seller"].fault("is missing: a sale has a seller or a room")
      }
      place = .room(try room.id())
    }
    var lines: [ScenarioSale.Line] = []
    for line in try step["lines"].list() {
      try line.object(["sku", "units", "paid", "cost", "ratePpm"])
      lines.append(
        ScenarioSale.Line(
          sku: try line["sku"].id(), units: try line["units"].integer(),
          paid: try line["paid"].integer(), cost: try line["cost"].integer(),
          ratePpm: try line["ratePpm"].integer()))
    }
    return ScenarioSale(
      order: try step["order"].id(), place: place, promoter: try step.optional("promoter")?.id(),
      buyer: try step.optional("buyer")?.id(), lines: lines)
  }

  private func refunds(_ place: ScenarioPlace) throws(ScenarioFault) -> [Scenario.LineRefund] {
    var lines: [Scenario.LineRefund] = []
    for line in try place.list() {
      try line.object(["line", "amount"])
      lines.append(
        Scenario.LineRefund(
          line: try line["line"].integer(), amount: try line["amount"].integer()))
    }
    return lines
  }
}

extension ScenarioReader {
  private func expectation(_ step: ScenarioPlace) throws(ScenarioFault) -> ScenarioExpectation {
    var expectation = ScenarioExpectation()
    if let place = step.optional("balances") { expectation.balances = try balances(place) }
    if let place = step.optional("grants") { expectation.grants = try grants(place) }
    expectation.supplier = try step.optional("supplier")?.integer()
    expectation.platform = try step.optional("platform")?.integer()
    if let place = step.optional("shares") { expectation.shares = try shares(place) }
    if let place = step.optional("rejected") {
      switch place.value {
      case .bool(true): expectation.rejected = .any
      case .string(let code): expectation.rejected = .code(code)
      default: throw place.fault("must be true or a code, is \(place.value.kind)")
      }
    }
    return expectation
  }

  private func balances(
    _ place: ScenarioPlace
  ) throws(ScenarioFault) -> [ScenarioExpectation.Balance] {
    var balances: [ScenarioExpectation.Balance] = []
    for (member, figures) in try place.members() {
      try figures.object([], optional: ScenarioExpectation.BalanceState.allCases.map(\.rawValue))
      var known: [(state: ScenarioExpectation.BalanceState, amount: Int64)] = []
      for state in ScenarioExpectation.BalanceState.allCases {
        guard let figure = figures.optional(state.rawValue) else { continue }
        known.append((state, try figure.integer()))
      }
      balances.append(ScenarioExpectation.Balance(member: try key(member, figures), figures: known))
    }
    return balances
  }

  /// Grants by member: the face value of all, or the face value by kind.
  private func grants(_ place: ScenarioPlace) throws(ScenarioFault) -> [ScenarioExpectation.Grant] {
    var grants: [ScenarioExpectation.Grant] = []
    for (name, granted) in try place.members() {
      let member: MemberID = try key(name, granted)
      guard granted.value.members != nil else {
        grants.append(.init(member: member, kind: nil, faceValue: try granted.integer()))
        continue
      }
      for (kind, value) in try granted.members() {
        grants.append(.init(member: member, kind: kind, faceValue: try value.integer()))
      }
    }
    return grants
  }

  private func shares(_ place: ScenarioPlace) throws(ScenarioFault) -> [ScenarioExpectation.Share] {
    var shares: [ScenarioExpectation.Share] = []
    for (order, payees) in try place.members() {
      let order: OrderID = try key(order, payees)
      for (member, amount) in try payees.members() {
        shares.append(
          .init(order: order, member: try key(member, amount), amount: try amount.integer()))
      }
    }
    return shares
  }

  /// A key that is an id.
  private func key<Tag>(
    _ text: String, _ place: ScenarioPlace
  ) throws(ScenarioFault) -> Identifier<Tag> {
    try ScenarioPlace(.string(text), path: place.path).id()
  }
}
