// A storefront's life by chance: every command of the core in any order, with every id used twice and
// every fact early, late or contradictory. After each step the books are held against the auditor.
// One thread.

import Commerce
import Commission
import Coordination
import Ledger
import Notation
import Testing

/// One walk: the core with a store in memory, and the auditor beside it.
struct AttackWalk {
  static let storefront = StorefrontID(trusted: "s")
  static let rooms = ["r0", "r1", "r2"]
  static let skus = ["k0", "k1", "k2", "k3", "k4"]

  var chance: SplitMix64
  let seed: UInt64
  let store = MemoryStore()
  let coordinator: Coordinator
  var now: Int64 = 1_772_000_000_000
  var counter = 0

  var plan = AuditPlan(kind: .fengxiang)
  /// Earlier plans with the moment at which each ended.
  var earlierPlans: [(plan: AuditPlan, until: Int64)] = []
  var members: [String: AuditMember] = [:]
  var orders: [String: AuditOrder] = [:]
  /// In order of placing.
  var placed: [String] = []
  var bonuses: [AuditBonus] = []
  var pacts: [String: [(from: Int64, rate: Int64)]] = [:]
  var hosts: [String: String] = [:]
  var paidOut: [String: Int64] = [:]
  var gmv: Int64 = 0
  var refunded: Int64 = 0
  /// What every refund so far took from a member.
  var reversed: [String: Int64] = [:]
  /// Accepted facts, to be said again.
  var facts: [Command] = []
  /// How often each kind of command was accepted.
  var accepted: [String: Int] = [:]
  var refusals: [RejectionCode: Int] = [:]

  init(seed: UInt64) {
    self.seed = seed
    chance = SplitMix64(seed: seed)
    coordinator = Coordinator(store: store)
  }

  func fail(_ message: String) { Issue.record("seed \(seed), step \(counter): \(message)") }

  mutating func fresh(_ prefix: String) -> String {
    counter += 1
    return "\(prefix)\(counter)"
  }

  /// Decides and commits; a refusal and a repeat must change nothing.
  @discardableResult
  mutating func say(_ command: Command, by actor: Actor = .system) throws -> Outcome? {
    let result = try coordinator.decide(
      command, by: actor, storefront: AttackWalk.storefront, at: Timestamp(milliseconds: now))
    let changes = try coordinator.commit()
    switch result {
    case .success(let outcome):
      let kind = String("\(command)".prefix { $0 != "(" })
      accepted[outcome.isRepeat ? "repeat" : kind, default: 0] += 1
      if outcome.isRepeat, !changes.isEmpty { fail("a repeat changed something: \(command)") }
      return outcome
    case .failure(let rejection):
      refusals[rejection.code, default: 0] += 1
      if !changes.isEmpty { fail("a refusal changed something: \(command)") }
      return nil
    }
  }

  func amount(_ chance: inout SplitMix64) -> Int64 {
    switch chance.number(0...9) {
    case 0: 0
    case 1: chance.number(1...9)
    case 2: 1_000_000_000_000 - chance.number(0...3)
    default: chance.number(10...50_000)
    }
  }

  func record<Value>(_ key: Key, _ read: (Record) -> Value?) -> Value? {
    store.records[key].flatMap(read)
  }

  // MARK: The beginning

  mutating func begin() throws {
    try changePlan()
    for index in 0..<4 { try join("m\(index)") }
    for (index, sku) in AttackWalk.skus.enumerated() { try importItem(sku, supplier: index % 3) }
    try openRoom("r0")
    try say(
      .addListings(RoomID(trusted: "r0"), .skus(AttackWalk.skus.map(SKUID.init(trusted:)))))
  }

  mutating func changePlan() throws {
    var next = AuditPlan(
      kind: chance.one(of: [.wanwu, .wanwu, .fengxiang, .fengxiang, .youpin, .shuai]))
    var bound: [String: PlanValue] = [:]
    switch next.kind {
    case .wanwu:
      next.sellerFunds = chance.chance(50)
      next.reachesCommunity = chance.chance(30)
      if chance.chance(30) { next.retained = ["gold", "senior"] }
      if chance.chance(20) { next.bonuses = ["gold": 0, "senior": 7] }
      bound = [
        "fundedBy": .text(next.sellerFunds ? "seller" : "platform"),
        "profitDepth": .text(next.reachesCommunity ? "community" : "direct"),
        "retainedBy": .texts(next.retained),
        "goldBonus": .integer(next.bonuses["gold"] ?? 0),
        "seniorBonus": .integer(next.bonuses["senior"] ?? 0),
      ]
    case .fengxiang:
      next.pact = chance.number(0...1_000_000)
      next.override = chance.number(0...1_000_000)
      bound = ["pactPpm": .integer(next.pact), "hostOverridePpm": .integer(next.override)]
    case .youpin:
      next.team = chance.number(0...1_000_000)
      bound = ["teamPpm": .integer(next.team)]
    case .shuai: break
    }
    let name = ["wanwu", "fengxiang", "shuai", "youpin"]
    let place = [AuditPlan.Kind.wanwu, .fengxiang, .shuai, .youpin].firstIndex(of: next.kind) ?? 0
    let storefront = Storefront(
      id: AttackWalk.storefront, name: "S", currency: .cny, zone: .shanghai,
      precedence: chance.one(of: [[.code, .visit, .lock], [.lock, .code], [.visit]]),
      visitHoldMilliseconds: 86_400_000, unpaidHoldMilliseconds: 900_000, planVersion: 1,
      createdAt: Timestamp(milliseconds: now))
    let plan = try Plan.shipped(name[place], parameters: bound)
    if try say(.configureStorefront(storefront, plan: plan, risks: .trial)) != nil {
      if !members.isEmpty { earlierPlans.append((self.plan, now)) }
      self.plan = next
    }
  }

  mutating func importItem(_ sku: String, supplier: Int) throws {
    let product = Product(
      id: ProductID(trusted: "p-" + sku), supplier: SupplierID(trusted: "u\(supplier)"), title: "T",
      category: "", picture: "")
    let price = chance.chance(10) ? 1_000_000_000 : chance.number(0...20_000)
    let item = SKU(
      id: SKUID(trusted: sku), product: product.id, supplier: product.supplier, title: "T",
      picture: "", currency: .cny, price: Amount(price), cost: Amount(amount(&chance) / 1_000_000),
      rate: Rate(trusted: Int32(chance.number(50_000...400_000))), saleFrom: nil, saleUntil: nil)
    let supplied: Int64? = chance.chance(50) ? nil : chance.number(0...40)
    try say(.importItem(CatalogueItem(product: product, sku: item, supplied: supplied)))
  }

  // MARK: People and rooms

  mutating func join(_ id: String? = nil) throws {
    let id = id ?? "m\(chance.number(0...11))"
    let inviter = chance.chance(80) ? members.keys.sorted().randomElement(using: &chance) : nil
    let rank = chance.chance(40) ? chance.one(of: plan.ranks) : nil
    let at = now - chance.number(0...3) * 86_400_000
    let isNew = members[id] == nil
    guard
      let outcome = try say(
        .join(
          member: MemberID(trusted: id), name: "N", inviter: inviter.map(MemberID.init(trusted:)),
          rank: rank, at: Timestamp(milliseconds: at)))
    else { return }
    guard isNew else { return outcome.isRepeat ? () : fail("\(id) joined twice") }
    if plan.kind == .wanwu, let inviter {
      var payee: String? = inviter
      while let candidate = payee, plan.level(members[candidate]?.rank ?? "") == 0 {
        payee = members[candidate]?.inviter
      }
      if let payee, let rank = members[payee]?.rank, let bonus = plan.bonuses[rank], bonus > 0 {
        let day = (at + 28_800_000) / 86_400_000
        bonuses.append(
          AuditBonus(
            id: id + "/joinBonus", payee: payee, amount: bonus,
            due: (day + 8) * 86_400_000 - 28_800_000))
      }
    }
    members[id] = AuditMember(inviter: inviter, rank: rank ?? plan.ranks[0])
  }

  mutating func setRank() throws {
    guard let id = members.keys.sorted().randomElement(using: &chance) else { return }
    let rank = chance.one(of: plan.ranks)
    if try say(.setRank(member: MemberID(trusted: id), rank: rank)) != nil {
      if let before = members[id]?.rank, before != rank {
        members[id]?.earlier.append((before, now))
      }
      members[id]?.rank = rank
    }
  }

  mutating func openRoom(_ room: String) throws {
    guard let host = hosts[room] ?? members.keys.sorted().randomElement(using: &chance) else {
      return
    }
    let pact = chance.chance(50) ? chance.number(0...1_000_000) : nil
    let outcome = try say(
      .openRoom(
        RoomID(trusted: room), host: MemberID(trusted: host), title: nil,
        pact: pact.map { Rate(trusted: Int32($0)) }))
    guard let outcome, !outcome.isRepeat else { return }
    hosts[room] = host
    let standard = plan.kind == .fengxiang ? plan.pact : 0
    pacts[room] = [(now, pact ?? standard)]
  }

  mutating func changeRoom() throws {
    let room = chance.one(of: AttackWalk.rooms)
    let id = RoomID(trusted: room)
    switch chance.number(0...9) {
    case 0, 1: try openRoom(room)
    case 2:
      let rate = chance.number(0...1_000_000)
      let before = pacts[room]?.last?.rate
      if let outcome = try say(.raisePact(id, Rate(trusted: Int32(rate)))), !outcome.isRepeat {
        if let before, rate <= before { fail("a pact was lowered") }
        pacts[room]?.append((now, rate))
      }
    case 3: try say(.moveRoom(id, to: chance.one(of: [.paused, .live])))
    case 4: if chance.chance(20) { try say(.moveRoom(id, to: .ended)) }
    case 5: try say(.removeListing(id, SKUID(trusted: chance.one(of: AttackWalk.skus))))
    case 6: try say(.pinListing(id, SKUID(trusted: chance.one(of: AttackWalk.skus))))
    case 7: try say(.attend(id, ViewerID(trusted: "v\(chance.number(0...3))")))
    default:
      try say(
        .addListings(id, .skus(AttackWalk.skus.map(SKUID.init(trusted:)).shuffled(using: &chance))))
    }
  }

  mutating func touch() throws {
    let promoter = MemberID(trusted: "m\(chance.number(0...11))")
    let room = chance.chance(70) ? RoomID(trusted: chance.one(of: AttackWalk.rooms)) : nil
    try say(
      .touch(
        viewer: buyer(), .vouched(promoter: promoter, room: room),
        at: Timestamp(milliseconds: now - chance.number(0...100) * 1000)))
  }

  mutating func buyer() -> ViewerID {
    ViewerID(trusted: chance.chance(70) ? "v\(chance.number(0...3))" : "m\(chance.number(0...11))")
  }
}
