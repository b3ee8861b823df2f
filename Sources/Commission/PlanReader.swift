// Reads a plan document: head, parameters and the parts beside the rules. The rules themselves are
// read in PlanReader+People.swift and PlanReader+Rules.swift. Used at load only, on any thread.
import Commerce
import Notation

/// The state of reading one document.
struct PlanReader {
  static let peopleMax = 16
  static let rulesMax = 16
  /// Levels that one person or share may be written for.
  static let levelsMax = 60
  /// People, and shares, once levels are written out: a set of shares is 64 bits.
  static let writtenOutMax = 64
  /// Payees and conditions in all shares together, and in all awards.
  static let stepsMax = 1_000
  static let ranksMax = 32
  static let parametersMax = 32

  /// A parameter's kind, as far as its values are concerned.
  enum Kind {
    case integer(ClosedRange<Int64>)
    case choice([String])
    case ranks
  }

  struct Bound {
    let name: String
    let kind: Kind
    let value: PlanValue
    let isOurs: Bool
  }

  var ranks: [Rank] = []
  var parameters: [Bound] = []

  static func read(
    _ json: JSON, binding overrides: [String: PlanValue]
  ) throws(PlanError) -> Plan {
    let root = try Place(json).object(
      [
        "format", "name", "version", "title", "ranks", "lineRatePpm", "selfPurchase",
        "parameters", "sale", "joining",
      ], optional: ["organisations", "personalSales", "quotas", "promotions"])
    var reader = PlanReader()
    _ = try root["format"].integer(in: 1...1)
    let reference = PlanReference(
      name: try root["name"].name(), version: try root["version"].integer(in: 1...1_000_000))
    let title = try root["title"].wording()
    reader.ranks = try readRanks(root["ranks"])
    let lineRates = try readLineRates(root["lineRatePpm"])
    let allowsSelfPurchase =
      try reader.choice(root["selfPurchase"], of: ["allowed", "denied"]) == "allowed"
    reader.parameters = try reader.readParameters(root["parameters"], overrides)

    let sale = try root["sale"].object(["people", "shares"])
    let people = try reader.people(sale["people"], given: GivenPeople.sale)
    let shares = try reader.shares(sale["shares"], people: people)
    let joining = try root["joining"].object(["people", "awards"], optional: ["requirement"])
    let joiners = try reader.people(joining["people"], given: GivenPeople.joining)
    let awards = try reader.awards(joining["awards"], people: joiners)
    let personalSeller = try root.optional("personalSales").map {
      (place) throws(PlanError) in try reader.person(place, people)
    }
    return Plan(
      reference: reference, title: title, ranks: reader.ranks, lineRates: lineRates,
      allowsSelfPurchase: allowsSelfPurchase,
      parameters: reader.parameters.map {
        Plan.Parameter(name: $0.name, value: $0.value, isOurs: $0.isOurs)
      },
      quotas: try reader.quotas(root.optional("quotas"), countsSales: personalSeller != nil),
      promotions: try reader.promotions(
        root.optional("promotions"), countsSales: personalSeller != nil),
      organisations: try reader.organisations(root.optional("organisations")),
      joiningRequirement: try reader.requirement(joining.optional("requirement")),
      document: reader.rebound(json).bytes, personalSeller: personalSeller, salePeople: people,
      shares: shares,
      joiningPeople: joiners, awards: awards)
  }

  private static func readRanks(_ place: Place) throws(PlanError) -> [Rank] {
    var ranks: [Rank] = []
    for element in try place.list(1...ranksMax) {
      let name = try element.name()
      guard !ranks.contains(where: { $0.name == name }) else {
        throw element.fault("stands twice")
      }
      ranks.append(Rank(index: UInt8(ranks.count), name: name))
    }
    return ranks
  }

  private static func readLineRates(_ place: Place) throws(PlanError) -> ClosedRange<Rate> {
    let fields = try place.object(["from", "to"])
    let from = try fields["from"].rate()
    let to = try fields["to"].rate()
    guard from <= to else { throw place.fault("from must not exceed to") }
    return from...to
  }

  /// The document with the bound values in the place of the defaults.
  private func rebound(_ json: JSON) -> JSON {
    func replaced(_ json: JSON, _ key: String, _ change: (JSON) -> JSON) -> JSON {
      .object(
        (json.members ?? []).map {
          $0.key == key ? JSON.Member(key, change($0.value)) : $0
        })
    }
    return replaced(json, "parameters") { all in
      parameters.reduce(all) { all, parameter in
        replaced(all, parameter.name) { replaced($0, "default") { _ in parameter.value.json } }
      }
    }
  }

  private func readParameters(
    _ place: Place, _ overrides: [String: PlanValue]
  ) throws(PlanError) -> [Bound] {
    guard let members = place.value.members else {
      throw place.fault("must be an object, is \(place.value.kind)")
    }
    guard members.count <= Self.parametersMax else {
      throw place.fault("must have 0…\(Self.parametersMax) members")
    }
    var bound: [Bound] = []
    for member in members {
      let declared = Place(member.value, path: place.path + "." + member.key)
      guard Place.isName(member.key, bytesMax: 40) else {
        throw declared.fault("must be called by 1…40 letters and digits, a letter first")
      }
      bound.append(try readParameter(member.key, declared))
    }
    // Sorted, so that the first refusal does not depend on the order of a dictionary.
    for (name, value) in overrides.sorted(by: { $0.key < $1.key }) {
      guard let index = bound.firstIndex(where: { $0.name == name }) else {
        throw .unknownParameter(name)
      }
      if let reason = refusal(of: value, bound[index].kind) {
        throw .parameterRefused(name: name, reason: reason)
      }
      bound[index] = Bound(
        name: name, kind: bound[index].kind, value: value, isOurs: bound[index].isOurs)
    }
    return bound
  }

  private func readParameter(_ name: String, _ place: Place) throws(PlanError) -> Bound {
    let fields = try place.object(
      ["kind", "default", "origin"], optional: ["options", "from", "to"])
    let kindName = try choice(fields["kind"], of: ["amount", "ppm", "count", "choice", "ranks"])
    let isOurs = try choice(fields["origin"], of: ["source", "ours"]) == "ours"
    let kind: Kind
    switch kindName {
    case "choice":
      kind = .choice(try distinctNames(fields["options"]))
    case "ranks": kind = .ranks
    default:
      let range: ClosedRange<Int64> =
        switch kindName {
        case "amount": 0...Amount.limit.minorUnits
        case "ppm": 0...1_000_000
        default: 1...1_000_000
        }
      let from = try fields.optional("from")?.integer(in: range) ?? range.lowerBound
      let to = try fields.optional("to")?.integer(in: range) ?? range.upperBound
      guard from <= to else { throw place.fault("from must not exceed to") }
      kind = .integer(from...to)
    }
    for (key, wanted) in [("options", "choice"), ("from", "number"), ("to", "number")] {
      let isNumber = kindName != "choice" && kindName != "ranks"
      if let extra = fields.optional(key), !(wanted == kindName || wanted == "number" && isNumber) {
        throw extra.fault("is unknown for a parameter of the kind \"\(kindName)\"")
      }
    }
    let standard = fields["default"]
    guard let value = PlanValue(json: standard.value) else {
      throw standard.fault("must be a whole number, a string or an array of strings")
    }
    if let reason = refusal(of: value, kind) { throw standard.fault(reason) }
    return Bound(name: name, kind: kind, value: value, isOurs: isOurs)
  }

  /// Why a parameter of this kind cannot have this value, or nothing where it can.
  private func refusal(of value: PlanValue, _ kind: Kind) -> String? {
    switch (kind, value) {
    case (.integer(let range), .integer(let integer)):
      range.contains(integer)
        ? nil : "must be \(range.lowerBound)…\(range.upperBound), is \(integer)"
    case (.integer, _): "must be a whole number"
    case (.choice(let options), .text(let text)):
      options.contains(text) ? nil : "must be one of \(listed(options))"
    case (.choice(let options), _): "must be one of \(listed(options))"
    case (.ranks, .texts(let names)):
      names.allSatisfy { name in ranks.contains { $0.name == name } }
        && Set(names).count == names.count
        ? nil : "must be different ones out of \(listed(ranks.map(\.name)))"
    case (.ranks, _): "must be an array of ranks"
    }
  }

  private func listed(_ words: [String]) -> String {
    words.map { "\"\($0)\"" }.joined(separator: ", ")
  }

  private func distinctNames(_ place: Place) throws(PlanError) -> [String] {
    var names: [String] = []
    for element in try place.list(1...16) {
      let name = try element.name()
      guard !names.contains(name) else { throw element.fault("stands twice") }
      names.append(name)
    }
    return names
  }

  /// A text that is one of a closed set.
  func choice(_ place: Place, of options: [String]) throws(PlanError) -> String {
    let text = try place.text()
    guard options.contains(text) else { throw place.fault("must be one of \(listed(options))") }
    return text
  }

  /// The parameter that `{"parameter": name}` means.
  func parameter(_ place: Place) throws(PlanError) -> Bound {
    let name = try place.text()
    guard let bound = parameters.first(where: { $0.name == name }) else {
      throw place.fault("is no parameter of this plan")
    }
    return bound
  }

  /// A whole number that stands in the document, or the value of a parameter.
  func integer(_ place: Place, in range: ClosedRange<Int64>) throws(PlanError) -> Int64 {
    guard place.value.members != nil else { return try place.integer(in: range) }
    let field = try place.object(["parameter"])["parameter"]
    guard case .integer(let value) = try parameter(field).value else {
      throw field.fault("is not a parameter with a whole number")
    }
    guard range.contains(value) else {
      throw field.fault("must be \(range.lowerBound)…\(range.upperBound), is \(value)")
    }
    return value
  }

  func rank(_ place: Place) throws(PlanError) -> Rank {
    let name = try place.text()
    guard let rank = ranks.first(where: { $0.name == name }) else {
      throw place.fault("is no rank of this plan")
    }
    return rank
  }
}
