// Reads the parts of a plan document that are about people: how they are found at placement,
// conditions on them, and who of them is paid. Used at load only, on any thread.
import Commerce
import Notation

extension PlanReader {
  /// The people of a section, each made from the given ones or from those before it.
  func people(_ place: Place, given: [String]) throws(PlanError) -> [PersonRule] {
    var people: [PersonRule] = []
    for element in try place.list(0...Self.peopleMax) {
      let fields = try element.object(
        ["name", "title"],
        optional: ["firstOf", "inviterOf", "ancestorOf", "rankAtLeast", "otherThan", "levels"])
      let name = try fields["name"].name()
      guard name != "nobody", !people.contains(where: { $0.name == name || $0.series == name })
      else { throw fields["name"].fault("is taken") }
      if fields.has("levels") {
        try people += levels(fields, name, after: people)
        continue
      }
      var excluded: [PersonSource] = []
      for source in try fields.optional("otherThan")?.list(1...Self.peopleMax) ?? [] {
        excluded.append(try self.source(source, given, people))
      }
      people.append(
        PersonRule(
          name: name, title: try fields["title"].wording(),
          search: try search(fields, given, people), otherThan: excluded, series: nil))
      try checkWrittenOut(people.count, element)
    }
    return people
  }

  private func search(
    _ fields: Fields, _ given: [String], _ people: [PersonRule]
  ) throws(PlanError) -> PersonRule.Search {
    let ways = ["firstOf", "inviterOf", "ancestorOf"].filter(fields.has)
    guard ways.count == 1 else {
      throw fields.place.fault("must have exactly one of firstOf, inviterOf, ancestorOf")
    }
    guard fields.has("ancestorOf") == fields.has("rankAtLeast") else {
      throw fields.place.fault("must have ancestorOf and rankAtLeast together")
    }
    if let place = fields.optional("firstOf") {
      var sources: [PersonSource] = []
      for element in try place.list(1...Self.peopleMax) {
        sources.append(try source(element, given, people))
      }
      return .firstOf(sources)
    }
    if let place = fields.optional("inviterOf") { return .inviterOf(try person(place, people)) }
    return .ancestorOf(
      try person(fields["ancestorOf"], people), rankAtLeast: try rank(fields["rankAtLeast"]))
  }

  private func source(
    _ place: Place, _ given: [String], _ people: [PersonRule]
  ) throws(PlanError) -> PersonSource {
    if let index = given.firstIndex(of: try place.text()) { return .given(index) }
    return .person(try person(place, people))
  }

  func person(_ place: Place, _ people: [PersonRule]) throws(PlanError) -> Int {
    let name = try place.text()
    guard let index = people.firstIndex(where: { $0.name == name }) else {
      throw place.fault("is nobody that this section names before")
    }
    return index
  }

  /// Who is paid: a person's name, `nobody`, or one of the forms with an object.
  func payee(_ place: Place, _ people: [PersonRule]) throws(PlanError) -> PayeeRule {
    if let text = place.value.text {
      return text == "nobody" ? .nobody : .person(try person(place, people))
    }
    let fields = try place.object(
      [], optional: ["firstOf", "when", "then", "otherwise", "withheldFrom", "because"])
    if let list = fields.optional("firstOf") {
      _ = try place.object(["firstOf"])
      var payees: [PayeeRule] = []
      for element in try list.list(1...Self.peopleMax) {
        payees.append(try payee(element, people))
      }
      return .firstOf(payees)
    }
    if fields.has("withheldFrom") {
      _ = try place.object(["withheldFrom", "because"])
      return .withheld(
        from: try person(fields["withheldFrom"], people),
        because: try fields["because"].wording())
    }
    _ = try place.object(["when", "then", "otherwise"])
    return .when(
      try condition(fields["when"], people), then: try payee(fields["then"], people),
      otherwise: try payee(fields["otherwise"], people))
  }

  private func condition(_ place: Place, _ people: [PersonRule]) throws(PlanError) -> Condition {
    let fields = try place.object(
      [],
      optional: [
        "rankOf", "atLeast", "below", "in", "same", "parameter", "is", "any", "all", "not",
      ])
    if fields.has("rankOf") { return try rankCondition(place, fields, people) }
    if let pair = fields.optional("same") {
      _ = try place.object(["same"])
      let both = try pair.list(2...2)
      return .same(try person(both[0], people), try person(both[1], people))
    }
    if fields.has("parameter") { return try parameterCondition(place, fields) }
    if let inner = fields.optional("not") {
      _ = try place.object(["not"])
      return .not(try condition(inner, people))
    }
    let key = fields.has("any") ? "any" : "all"
    _ = try place.object([key])
    var conditions: [Condition] = []
    for element in try fields[key].list(1...8) {
      conditions.append(try condition(element, people))
    }
    return key == "any" ? .any(conditions) : .all(conditions)
  }

  private func rankCondition(
    _ place: Place, _ fields: Fields, _ people: [PersonRule]
  ) throws(PlanError) -> Condition {
    let tests = ["atLeast", "below", "in"].filter(fields.has)
    guard tests.count == 1 else {
      throw place.fault("must have exactly one of atLeast, below, in")
    }
    _ = try place.object(["rankOf", tests[0]])
    let index = try person(fields["rankOf"], people)
    if tests[0] == "in" { return .rank(of: index, in: try rankSet(fields["in"])) }
    let bound = try rank(fields[tests[0]])
    return .rank(
      of: index, in: bits(ranks.filter { (tests[0] == "below") == ($0 < bound) }))
  }

  /// The bits of a list of ranks, or of a parameter that is one.
  private func rankSet(_ place: Place) throws(PlanError) -> UInt32 {
    if place.value.members != nil {
      let field = try place.object(["parameter"])["parameter"]
      guard case .texts(let names) = try parameter(field).value else {
        throw field.fault("is not a parameter with ranks")
      }
      return bits(ranks.filter { names.contains($0.name) })
    }
    var listed: [Rank] = []
    for element in try place.list(1...Self.ranksMax) { listed.append(try rank(element)) }
    return bits(listed)
  }

  private func bits(_ ranks: [Rank]) -> UInt32 {
    ranks.reduce(0) { $0 | 1 << UInt32($1.index) }
  }

  private func parameterCondition(
    _ place: Place, _ fields: Fields
  ) throws(PlanError) -> Condition {
    _ = try place.object(["parameter", "is"])
    let bound = try parameter(fields["parameter"])
    guard case .choice(let options) = bound.kind else {
      throw fields["parameter"].fault("is not a parameter with options")
    }
    return .constant(bound.value == .text(try choice(fields["is"], of: options)))
  }
}
