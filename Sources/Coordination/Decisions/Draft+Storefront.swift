// Storefronts, the shared catalogue and the people.

import Commerce
import Commission
import Ledger
import Notation

extension Draft {
  /// Creates a storefront or changes what may be changed of it; a changed plan becomes its next version.
  mutating func configure(
    _ wanted: Storefront, _ plan: Plan, _ risks: RiskAcceptance
  ) throws(Stop) -> JSON {
    var storefront = wanted
    let version: PlanVersion
    if case .storefront(let present)? = try read(.storefront(storefrontID)) {
      guard present.currency == wanted.currency, present.zone.name == wanted.zone.name else {
        throw .refuse(
          .invalidField, "A storefront's currency and time zone cannot change.", field: "currency")
      }
      storefront = Storefront(
        id: present.id, name: wanted.name, currency: present.currency, zone: present.zone,
        precedence: wanted.precedence, visitHoldMilliseconds: wanted.visitHoldMilliseconds,
        unpaidHoldMilliseconds: wanted.unpaidHoldMilliseconds, planVersion: present.planVersion,
        createdAt: present.createdAt, inviteOnly: wanted.inviteOnly,
        settlementService: wanted.settlementService)
      version = try activation(of: plan, after: present.planVersion, risks)
    } else {
      version = PlanVersion(
        number: 1, plan: plan, activatedAt: now, accepted: try acceptance(of: plan, risks))
    }
    storefront.planVersion = version.number
    write(.planVersion(storefrontID, version.number), .planVersion(version))
    write(.storefront(storefrontID), .storefront(storefront))
    return [
      "storefront": .string(storefrontID.text), "plan": .string(plan.name),
      "planVersion": .integer(storefront.planVersion),
    ]
  }

  /// Takes one catalogue item; the same item again changes nothing.
  mutating func importItem(_ item: CatalogueItem) throws(Stop) -> JSON {
    let sku = item.sku
    var product = item.product
    product.keeper = storefrontID
    let before = try self.product(product.id)
    if let keeper = before?.keeper, keeper != storefrontID {
      throw .refuse(
        .notYourProduct, "Product \(product.id) was imported by another storefront.",
        field: "product")
    }
    if let present = before, present.supplier != item.product.supplier {
      throw .refuse(
        .supplierMismatch, "Product \(present.id) belongs to supplier \(present.supplier).",
        field: "supplier")
    }
    let known = try self.sku(sku.id)
    if let known, known.product != sku.product {
      throw .refuse(
        .invalidField, "SKU \(sku.id) belongs to product \(known.product).", field: "product")
    }
    if let known, known.currency != sku.currency {
      throw .refuse(.currencyMismatch, "SKU \(sku.id) is priced in \(known.currency).")
    }
    var stock = known == nil ? Stock(supplied: item.supplied) : try stock(sku.id)
    if let supplied = item.supplied, supplied < stock.reserved + stock.sold {
      throw .refuse(
        .stockBelowCommitted,
        "\(stock.reserved + stock.sold) units of \(sku.id) are sold or reserved already.",
        field: "stock")
    }
    stock.supplied = item.supplied
    let isNew = known == nil
    let recordsBefore = changes.records.count
    try writeIfChanged(.product(item.product.id), .product(product))
    try writeIfChanged(.sku(sku.id), .sku(sku))
    try writeIfChanged(.stock(sku.id), .stock(stock))
    let changed = changes.records.count > recordsBefore
    return [
      "sku": .string(sku.id.text),
      "outcome": .string(isNew ? "added" : (changed ? "changed" : "unchanged")),
    ]
  }

  private mutating func writeIfChanged(_ key: Key, _ record: Record) throws(Stop) {
    if try read(key) != record { write(key, record) }
  }

  /// Defines a product set, or defines it anew.
  mutating func define(_ set: ProductSet) throws(Stop) -> JSON {
    for (index, id) in set.skus.enumerated() where try sku(id) == nil {
      throw .refuse(.unknownSKU, "There is no SKU \(id).", field: "skus[\(index)]")
    }
    write(.productSet(storefrontID, set.id), .productSet(set))
    return ["set": .string(set.id.text), "skus": .integer(Int64(set.skus.count))]
  }

  /// A member joins; the plan's bonuses and grants follow. The same member again is a repeat.
  mutating func join(
    _ id: MemberID, name: String, inviter named: MemberID?, rank: String?, at: Timestamp,
    code: InviteID?
  ) throws(Stop) -> (JSON, isRepeat: Bool) {
    let storefront = try storefront()
    let said = Command.join(
      member: id, name: name, inviter: named, rank: rank, at: at, invite: code)
    let fact = Key.fact(storefrontID, "member/\(id)")
    if let present = try member(id) {
      guard case .fact(let first)? = try read(fact), first.body == said.canonicalBody else {
        throw .refuse(.memberExists, "Member \(id) joined at \(present.joinedAt) with other data.")
      }
      return (memberView(present), true)
    }
    let plan = try plan(version: storefront.planVersion)
    let rank = rank ?? plan.lowestRank.name
    guard plan.rank(named: rank) != nil else {
      throw .refuse(.unknownRank, "The plan \(plan.name) has no rank \(rank).", field: "rank")
    }
    let invite = try checkedInvite(code, inviter: named, at: at)
    let inviter = invite?.promoter ?? named
    guard inviter != id else {
      throw .refuse(.inviteCycle, "A member cannot invite themselves.", field: "inviter")
    }
    // Somebody who joins is new, so the inviter cannot be below them: no cycle can arise.
    if let inviter, try member(inviter) == nil {
      throw .refuse(.unknownMember, "There is no member \(inviter).", field: "inviter")
    }
    let member = Member(id: id, name: name, inviter: inviter, rank: rank, joinedAt: at)
    write(.member(storefrontID, id), .member(member))
    // The rank may change later; what was said at first decides whether a report is a repeat.
    write(
      fact, .fact(Fact(body: said.canonicalBody, answer: memberView(member).bytes, at: now)))
    var progress = try storefrontProgress()
    progress.members += 1
    write(.storefrontProgress(storefrontID), .storefrontProgress(progress))
    try award(member, plan, due: ReleaseCalendar.due(from: at, disputes: [], zone: storefront.zone))
    if let invite { try consume(invite, by: id) }
    try begin(member)
    return (memberView(member), false)
  }

  /// Books the bonuses and grants that the plan gives for somebody's joining.
  private mutating func award(_ member: Member, _ plan: Plan, due: Timestamp) throws(Stop) {
    let draft = self
    let awards = try plan.joiningAwards(newMember: member.id, inviter: member.inviter) {
      (id) throws(Stop) -> Standing? in try draft.standing(id, under: plan)
    }
    for award in awards {
      switch award.gift {
      case .bonus(let amount):
        let bonus = JoiningBonus(
          id: "\(member.id)/\(award.rule)", payee: award.payee, joined: member.id,
          rule: award.rule, amount: amount, due: due)
        write(.bonus(storefrontID, bonus.id), .bonus(bonus))
        var postings = Postings()
        postings.add(.platform, -amount)
        postings.add(.pending(award.payee), amount)
        try book(Cause(kind: .award, subject: bonus.subject, fact: bonus.id), postings)
        try changeEarnings(of: award.payee, in: nil) { $0.pending += amount }
      case .grant(let kind, let faceValue):
        var grants = Grants()
        if case .grants(let present)? = try read(.grants(storefrontID, award.payee)) {
          grants = present
        }
        grants.add(kind: kind, faceValue: faceValue)
        write(.grants(storefrontID, award.payee), .grants(grants))
      }
    }
  }

  /// Changes a member's earnings in a room, or in total.
  mutating func changeEarnings(
    of member: MemberID, in room: RoomID?, _ change: (inout Earnings) -> Void
  ) throws(Stop) {
    var earnings = try earnings(member, room)
    change(&earnings)
    write(.earnings(storefrontID, member, room), .earnings(earnings))
  }
}

/// A member as staff and the member see it, in the form of Protocol/schemas.
package func memberView(_ member: Member) -> JSON {
  [
    "member": .string(member.id.text), "name": .string(member.name),
    "inviter": member.inviter.map { .string($0.text) } ?? .null, "rank": .string(member.rank),
    "joinedAt": .string(member.joinedAt.description),
  ]
}
