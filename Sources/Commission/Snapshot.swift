// What an order pins at placement: who took part, and the members that the plan's rules look at,
// with their ranks then. As small in a tree ten thousand deep as in a shallow one.
// Format as JSON:
//   {"plan":"wanwu","version":1,"sale":{"seller":"B","buyer":"v1","pactPpm":300000},
//    "people":[{"as":"seller","member":"B","rank":"gold","rankIndex":1},{"as":"head"}]}
// Values only; safe on any thread.
import Commerce
import Notation

/// Everything that settling a sale needs to know about people, pinned when the order was placed.
///
/// Later invitations, promotions and separations never change it, so a refund is settled under the
/// tree of the sale. Source: domain.md, sections 2 and 3.
public struct Snapshot: Equatable, Sendable {
  /// The plan it was taken under.
  public let plan: PlanReference
  /// Who took part.
  public let participants: Participants
  /// The plan's people in the plan's order, found or not.
  public let people: [Person]

  /// One of the plan's people, such as the seller or the seller's head.
  public struct Person: Equatable, Sendable {
    /// The plan's word for the place in the sale.
    public let name: String
    /// Who stood there, or nobody.
    public let holder: Holder?
  }

  /// A member with the rank of that moment.
  public struct Holder: Equatable, Sendable {
    /// Who.
    public let member: MemberID
    /// Their rank then.
    public let rank: Rank
  }
}

extension Plan {
  /// Takes the snapshot that an order pins.
  ///
  /// Walks up the invite tree only where a rule names an ancestor; a cycle in bad data ends a walk
  /// with nobody found.
  /// - Parameters:
  ///   - participants: who took part. Somebody without standing is no member and earns nothing.
  ///   - standing: looks a member up; may throw, for instance because they are not loaded yet. A
  ///     rank of another plan counts as the one of the same name, else as the lowest.
  /// - Returns: the members that the plan's rules name, with their ranks.
  /// - Throws: what `standing` throws, unchanged.
  /// - Complexity: one look-up per person and per step of the walk to a named ancestor.
  public func snapshot<Failure: Error>(
    of participants: Participants, standing: (MemberID) throws(Failure) -> Standing?
  ) throws(Failure) -> Snapshot {
    let given = [participants.seller, participants.host, participants.promoter]
    return Snapshot(
      plan: reference, participants: participants,
      people: try resolve(salePeople, given: given, standing: standing))
  }

  /// Finds a plan's people among those that the caller names and their ancestors.
  func resolve<Failure: Error>(
    _ rules: [PersonRule], given: [MemberID?],
    standing: (MemberID) throws(Failure) -> Standing?
  ) throws(Failure) -> [Snapshot.Person] {
    var people: [Snapshot.Person] = []
    people.reserveCapacity(rules.count)
    var inviters: [MemberID?] = []
    // By number: a rule that is taken out of the list is a copy of all its words.
    for number in rules.indices {
      let excluded = rules[number].otherThan.compactMap { $0.member(given, people) }
      var found: (member: MemberID, standing: Standing)?
      switch rules[number].search {
      case .firstOf(let sources):
        for source in sources where found == nil {
          guard let member = source.member(given, people), !excluded.contains(member),
            let place = try standing(member)
          else { continue }
          found = (member, native(place))
        }
      case .inviterOf(let index):
        guard let inviter = inviters[index], inviter != people[index].holder?.member,
          !excluded.contains(inviter), let place = try standing(inviter)
        else { break }
        found = (inviter, native(place))
      case .ancestorOf(let index, let rank):
        guard let start = people[index].holder?.member else { break }
        found = try ancestor(
          of: start, from: inviters[index], rankAtLeast: rank, standing: standing)
        if let member = found?.member, excluded.contains(member) { found = nil }
      }
      inviters.append(found?.standing.inviter)
      people.append(
        Snapshot.Person(
          name: rules[number].name,
          holder: found.map { Snapshot.Holder(member: $0.member, rank: $0.standing.rank) }))
    }
    return people
  }

  /// The standing with a rank of this plan, whatever plan the rank was made by: the one of the same
  /// name, else the lowest. Rules index their tables by rank, so no other may get in.
  private func native(_ standing: Standing) -> Standing {
    if rank(at: Int(standing.rank.index)) == standing.rank { return standing }
    return Standing(
      inviter: standing.inviter, rank: rank(named: standing.rank.name) ?? lowestRank)
  }

  /// The nearest ancestor of `start`, beginning at `first`, with at least that rank.
  ///
  /// Ends on a cycle too: a mark is left behind at steps 1, 2, 4, 8 …, and whoever comes back to
  /// it has gone round (Brent's method, no memory).
  private func ancestor<Failure: Error>(
    of start: MemberID, from first: MemberID?, rankAtLeast rank: Rank,
    standing: (MemberID) throws(Failure) -> Standing?
  ) throws(Failure) -> (member: MemberID, standing: Standing)? {
    var next = first
    var mark = start
    var steps = 0
    var markAt = 1
    while let member = next, member != start, member != mark {
      guard let place = try standing(member).map(native) else { return nil }
      if place.rank >= rank { return (member, place) }
      steps += 1
      if steps == markAt {
        mark = member
        markAt *= 2
      }
      next = place.inviter
    }
    return nil
  }
}

extension PersonSource {
  fileprivate func member(_ given: [MemberID?], _ people: [Snapshot.Person]) -> MemberID? {
    switch self {
    case .given(let index): given[index]
    case .person(let index): people[index].holder?.member
    }
  }
}

extension Snapshot {
  /// The snapshot as JSON, in the form that the header of this file shows.
  package var json: JSON {
    var sale: [JSON.Member] = []
    func add(_ key: String, _ person: PersonID?) {
      if let person { sale.append(JSON.Member(key, .string(person.text))) }
    }
    add("seller", participants.seller)
    add("host", participants.host)
    add("promoter", participants.promoter)
    add("buyer", participants.buyer)
    if let pact = participants.pact {
      sale.append(JSON.Member("pactPpm", .integer(Int64(pact.partsPerMillion))))
    }
    let people = people.map { person in
      var members = [JSON.Member("as", .string(person.name))]
      if let holder = person.holder {
        members.append(JSON.Member("member", .string(holder.member.text)))
        members.append(JSON.Member("rank", .string(holder.rank.name)))
        members.append(JSON.Member("rankIndex", .integer(Int64(holder.rank.index))))
      }
      return JSON.object(members)
    }
    return [
      "plan": .string(plan.name), "version": .integer(plan.version), "sale": .object(sale),
      "people": .array(people),
    ]
  }

  /// Reads what `json` wrote.
  ///
  /// - Parameter json: a snapshot.
  /// - Throws: `PlanError.malformed` with the place and the reason.
  package init(json: JSON) throws(PlanError) {
    let root = try Place(json).object(["plan", "version", "sale", "people"])
    plan = PlanReference(
      name: try root["plan"].name(), version: try root["version"].integer(in: 1...Int64.max))
    let sale = try root["sale"].object(
      [], optional: ["seller", "host", "promoter", "buyer", "pactPpm"])
    var participants = Participants(
      seller: try sale.optional("seller")?.member(), host: try sale.optional("host")?.member(),
      promoter: try sale.optional("promoter")?.member(),
      buyer: try sale.optional("buyer")?.member())
    participants.pact = try sale.optional("pactPpm")?.rate()
    self.participants = participants
    var people: [Person] = []
    for place in try root["people"].list(0...PlanReader.writtenOutMax) {
      let fields = try place.object(["as"], optional: ["member", "rank", "rankIndex"])
      var holder: Holder?
      if let member = fields.optional("member") {
        let index = try fields["rankIndex"].integer(in: 0...31)
        holder = Holder(
          member: try member.member(),
          rank: Rank(index: UInt8(index), name: try fields["rank"].name()))
      }
      people.append(Person(name: try fields["as"].name(), holder: holder))
    }
    self.people = people
  }
}
