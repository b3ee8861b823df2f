// Reads the shares of a sale and the awards for joining, and proves what settling relies on: that
// no base is given away more than once over, and that nothing is deducted below zero.
// Used at load only, on any thread.
import Commerce
import Notation

extension PlanReader {
  /// The shares of every line, in the order in which they are reckoned.
  func shares(_ place: Place, people: [PersonRule]) throws(PlanError) -> [ShareRule] {
    var shares: [ShareRule] = []
    for element in try place.list(1...Self.rulesMax) {
      let fields = try element.object(
        ["id", "title", "payee", "base", "fundedBy"], optional: ["ratePpm", "take"])
      let series = try seriesPaid(fields["payee"], people)
      let ids = try numbered(fields["id"], series?.count)
      let title = try fields["title"].wording()
      for (level, id) in ids.enumerated() {
        guard id != "platform", !shares.contains(where: { $0.id == id }) else {
          throw fields["id"].fault("is taken")
        }
        let (base, baseName) = try base(fields["base"], shares)
        let source = try funding(fields["fundedBy"], base, shares)
        let payee: PayeeRule =
          if let series { .person(series[level]) } else { try payee(fields["payee"], people) }
        let share = ShareRule(
          id: id, title: series == nil ? title : title.atLevel(level + 1), payee: payee,
          base: base, rate: try rate(fields, level: level, of: series?.count),
          deductedFrom: source, baseName: baseName,
          funding: source.map { .share(shares[$0].id) } ?? .platform)
        try check(share, after: shares, fields)
        shares.append(share)
      }
      try checkWrittenOut(shares.count, element)
      try checkSteps(shares.map(\.payee), fields)
    }
    return shares
  }

  private func base(
    _ place: Place, _ shares: [ShareRule]
  ) throws(PlanError) -> (ShareBaseRule, ShareBase) {
    guard place.value.members != nil else {
      return try choice(place, of: ["net", "pool"]) == "net" ? (.net, .net) : (.pool, .pool)
    }
    let field = try place.object(["share"])["share"]
    let index = try share(field, shares)
    return (.share(index), .share(shares[index].id))
  }

  private func share(_ place: Place, _ shares: [ShareRule]) throws(PlanError) -> Int {
    let id = try place.text()
    guard let index = shares.firstIndex(where: { $0.id == id }) else {
      throw place.fault("is no share that stands before")
    }
    return index
  }

  private func rate(
    _ fields: Fields, level: Int, of levels: Int?
  ) throws(PlanError) -> ShareRate {
    guard fields.has("ratePpm") != fields.has("take") else {
      throw fields.place.fault("must have exactly one of ratePpm, take")
    }
    if let take = fields.optional("take") {
      _ = try choice(take, of: ["rest"])
      return .rest
    }
    let place = fields["ratePpm"]
    if let levels, place.value.elements != nil {
      return .fixed(try ratePpm(try place.list(levels...levels)[level]))
    }
    if place.value["pactOr"] != nil {
      let standard = try place.object(["pactOr"])["pactOr"]
      return .pact(otherwise: try ratePpm(standard))
    }
    return .fixed(try ratePpm(place))
  }

  private func ratePpm(_ place: Place) throws(PlanError) -> Rate {
    Rate(trusted: Int32(try integer(place, in: 0...1_000_000)))
  }

  /// Who pays: nothing for the platform, or the share that it is deducted from, which must be the
  /// base. Every option of a parameter must be possible, not only the one that it is bound to.
  private func funding(
    _ place: Place, _ base: ShareBaseRule, _ shares: [ShareRule]
  ) throws(PlanError) -> Int? {
    func source(_ text: String, _ place: Place) throws(PlanError) -> Int? {
      if text == "platform" { return nil }
      guard let index = shares.firstIndex(where: { $0.id == text }) else {
        throw place.fault("names neither platform nor a share that stands before: \"\(text)\"")
      }
      guard base == .share(index) else {
        throw place.fault("must name the share that is also the base")
      }
      return index
    }
    guard place.value.members != nil else { return try source(try place.text(), place) }
    let field = try place.object(["parameter"])["parameter"]
    let bound = try parameter(field)
    guard case .choice(let options) = bound.kind, case .text(let chosen) = bound.value else {
      throw field.fault("is not a parameter with options")
    }
    for option in options { _ = try source(option, field) }
    return try source(chosen, field)
  }

  /// Refuses a share that could take more than there is.
  private func check(
    _ share: ShareRule, after shares: [ShareRule], _ fields: Fields
  ) throws(PlanError) {
    let sharing = shares.filter { $0.base == share.base } + [share]
    guard !sharing.dropLast().contains(where: { $0.rate == .rest }) else {
      throw fields.place.fault("follows a share that took the rest of the same base")
    }
    // A pact may go up to the whole.
    let sum = sharing.reduce(into: Int64(0)) { sum, other in
      switch other.rate {
      case .fixed(let rate): sum += Int64(rate.partsPerMillion)
      case .pact: sum += 1_000_000
      case .rest: break
      }
    }
    guard sum <= 1_000_000 else {
      throw fields.place.fault("gives away more than the whole of its base: \(sum) ppm")
    }
  }

  /// What is awarded when a member joins.
  func awards(_ place: Place, people: [PersonRule]) throws(PlanError) -> [AwardRule] {
    var awards: [AwardRule] = []
    for element in try place.list(0...Self.rulesMax) {
      let fields = try element.object(
        ["id", "title", "payee"], optional: ["amountByRank", "grant", "faceValue"])
      let id = try fields["id"].name()
      guard !awards.contains(where: { $0.id == id }) else {
        throw fields["id"].fault("is taken")
      }
      awards.append(
        AwardRule(
          id: id, title: try fields["title"].wording(),
          payee: try payee(fields["payee"], people), gift: try gift(element, fields)))
      try checkSteps(awards.map(\.payee), fields)
    }
    return awards
  }

  /// Refuses payees and conditions that are more than a sale can wait for: each of them may be looked at
  /// for every sale, and for every tree when the plan's bounds are measured.
  private func checkSteps(_ payees: [PayeeRule], _ fields: Fields) throws(PlanError) {
    guard payees.reduce(0, { $0 + $1.steps }) <= Self.stepsMax else {
      throw fields["payee"].fault(
        "makes more than \(Self.stepsMax) payees and conditions in this section")
    }
  }

  private func gift(_ place: Place, _ fields: Fields) throws(PlanError) -> AwardRule.Gift {
    let amounts: ClosedRange<Int64> = 0...Amount.limit.minorUnits
    guard let table = fields.optional("amountByRank") else {
      _ = try place.object(["id", "title", "payee", "grant", "faceValue"])
      return .grant(
        kind: try fields["grant"].name(),
        faceValue: Amount(try integer(fields["faceValue"], in: amounts)))
    }
    _ = try place.object(["id", "title", "payee", "amountByRank"])
    guard let members = table.value.members, !members.isEmpty else {
      throw table.fault("must be an object with an amount for each rank that gets one")
    }
    var byRank = [Amount?](repeating: nil, count: ranks.count)
    for member in members {
      let entry = Place(member.value, path: table.path + "." + member.key)
      guard let rank = ranks.first(where: { $0.name == member.key }) else {
        throw entry.fault("is no rank of this plan")
      }
      byRank[Int(rank.index)] = Amount(try integer(entry, in: amounts))
    }
    return .bonus(byRank)
  }
}

extension PayeeRule {
  /// How many payees and conditions it is made of.
  fileprivate var steps: Int {
    switch self {
    case .nobody, .person, .withheld: 1
    case .firstOf(let payees): payees.reduce(1) { $0 + $1.steps }
    case .when(let condition, let then, let otherwise):
      1 + condition.steps + then.steps + otherwise.steps
    }
  }
}

extension Condition {
  fileprivate var steps: Int {
    switch self {
    case .constant, .rank, .same: 1
    case .any(let conditions), .all(let conditions): conditions.reduce(1) { $0 + $1.steps }
    case .not(let condition): 1 + condition.steps
    }
  }
}
