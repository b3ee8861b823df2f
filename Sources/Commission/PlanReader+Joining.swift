// Reads what a plan says of joining and of levels: the requirement, ranks that are organisations,
// and people and shares that are written once for many levels. Used at load only, on any thread.
//
// Levels are written out while reading, as if the document had named each by itself: a person
// `upline` with three levels becomes `upline1`, `upline2`, `upline3`, each the inviter of the one
// before, and a share for each of them becomes three shares. Settling knows nothing of levels.
import Commerce

extension PlanReader {
  /// The fee or purchase that joining depends on, where the document has one.
  func requirement(_ place: Place?) throws(PlanError) -> Plan.JoiningRequirement? {
    guard let fields = try place?.object(["kind", "title", "amount"]) else { return nil }
    let words = Plan.JoiningRequirement.Kind.allCases.map(\.rawValue)
    let word = try choice(fields["kind"], of: words)
    guard let kind = Plan.JoiningRequirement.Kind(rawValue: word) else {
      preconditionFailure("the word is one of the kinds")
    }
    return Plan.JoiningRequirement(
      kind: kind, title: try fields["title"].wording(),
      amount: Amount(try integer(fields["amount"], in: 0...Amount.limit.minorUnits)))
  }

  /// The ranks that are no people.
  func organisations(_ place: Place?) throws(PlanError) -> [Rank] {
    var found: [Rank] = []
    for element in try place?.list(1...Self.ranksMax) ?? [] {
      let rank = try rank(element)
      guard !found.contains(rank) else { throw element.fault("stands twice") }
      found.append(rank)
    }
    return found
  }

  /// A person written for so many levels: each is the inviter of the one before.
  func levels(
    _ fields: Fields, _ name: String, after people: [PersonRule]
  ) throws(PlanError) -> [PersonRule] {
    for key in ["firstOf", "ancestorOf", "rankAtLeast", "otherThan"] {
      if let extra = fields.optional(key) { throw extra.fault("does not go with levels") }
    }
    guard fields.has("inviterOf") else {
      throw fields.place.fault("must have inviterOf where it has levels")
    }
    let count = Int(try fields["levels"].integer(in: 2...Int64(Self.levelsMax)))
    let title = try fields["title"].wording()
    var below = try person(fields["inviterOf"], people)
    var written: [PersonRule] = []
    for (index, name) in try numbered(fields["name"], count).enumerated() {
      guard !people.contains(where: { $0.name == name }) else {
        throw fields["name"].fault("makes the name \(name), which is taken")
      }
      written.append(
        PersonRule(
          name: name, title: title.atLevel(index + 1), search: .inviterOf(below), otherThan: [],
          series: try fields["name"].text()))
      below = people.count + index
    }
    try checkWrittenOut(people.count + count, fields.place)
    return written
  }

  /// The people of a payee `{"eachOf": name}`, or nothing where the payee is of another form.
  func seriesPaid(_ place: Place, _ people: [PersonRule]) throws(PlanError) -> [Int]? {
    guard place.value["eachOf"] != nil else { return nil }
    let field = try place.object(["eachOf"])["eachOf"]
    let name = try field.text()
    let found = people.indices.filter { people[$0].series == name }
    guard !found.isEmpty else { throw field.fault("is nobody with levels in this section") }
    return found
  }

  /// A name, or where it stands for a number of levels, that many names.
  func numbered(_ place: Place, _ count: Int?) throws(PlanError) -> [String] {
    let name = try place.name()
    guard let count else { return [name] }
    guard name.utf8.count <= 13 else {
      throw place.fault("must have at most 13 letters and digits, because it will be numbered")
    }
    return (1...count).map { "\(name)\($0)" }
  }

  /// Refuses what has grown too long once its levels are written out.
  func checkWrittenOut(_ count: Int, _ place: Place) throws(PlanError) {
    guard count <= Self.writtenOutMax else {
      throw place.fault("makes more than \(Self.writtenOutMax) with all levels written out")
    }
  }
}

extension Wording {
  /// The wording for one of several levels, counted from 1.
  func atLevel(_ level: Int) -> Wording {
    Wording(english: "\(english), level \(level)", chinese: "\(chinese)（第\(level)级）")
  }
}
