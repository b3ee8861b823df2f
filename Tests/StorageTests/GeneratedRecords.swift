// Records of every kind out of a seed, with the texts and figures that break naive code.

import Commerce
import Commission
import Coordination
import Ledger

/// SplitMix64: the same seed gives the same records.
struct Generator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
  mutating func flip() -> Bool { next() & 1 == 0 }
  mutating func one<Element>(of elements: [Element]) -> Element { elements[below(elements.count)] }

  mutating func maybe<Value>(_ make: (inout Generator) -> Value) -> Value? {
    flip() ? make(&self) : nil
  }

  mutating func list<Value>(_ most: Int, _ make: (inout Generator) -> Value) -> [Value] {
    (0..<below(most + 1)).map { _ in make(&self) }
  }

  mutating func id<Tag>() -> Identifier<Tag> {
    let letters = Array("abzAZ019._:~-")
    return Identifier(trusted: String((0...below(64)).map { _ in one(of: letters) }))
  }

  mutating func text() -> String {
    one(of: [
      "", "a", "蜂蜜 🐝", "\"quoted\" \\ back", "line\nfeed\ttab\r", "nul\0inside", "\u{1}\u{1f}",
      "'; DROP TABLE orders; --", String(repeating: "长", count: 5000), "e\u{301}", "é", " ",
    ])
  }

  mutating func integer() -> Int64 {
    one(of: [0, 1, -1, .max, .min, 4096, Int64(bitPattern: next())])
  }

  mutating func amount() -> Amount { Amount(integer()) }
  mutating func time() -> Timestamp {
    Timestamp(milliseconds: Int64(next() % 4_000_000_000_000))
  }
  mutating func rate() -> Rate { Rate(trusted: one(of: [0, 1, 50_000, 333_333, 1_000_000])) }
}

// Every record under a key of its own; parents come with their children.
extension Generator {
  mutating func records() throws -> [(Key, Record)] {
    let zone = one(of: [TimeZoneTable.utc, .shanghai])
    let plan = try Plan.shipped(one(of: Plan.shippedNames))
    let storefront = Storefront(
      id: id(), name: text(), currency: one(of: [.cny, try Currency("USD")]), zone: zone,
      precedence: one(of: [[], [.lock], [.code, .visit, .lock], [.lock, .visit]]),
      visitHoldMilliseconds: integer(), unpaidHoldMilliseconds: integer(),
      planVersion: integer(), createdAt: time(), inviteOnly: flip(),
      settlementService: maybe { $0.id() })
    let version = PlanVersion(
      number: Int64(1 + below(99)), plan: plan, activatedAt: time(),
      accepted: one(of: [
        nil, AcceptedRisks(by: id(), at: time(), risks: [.headcountPay]),
        AcceptedRisks(by: id(), at: time(), risks: [.joiningFee, .multilevelPay]),
      ]), worstCasePayoutPpm: maybe { $0.integer() })
    var records: [(Key, Record)] = [
      (.storefront(storefront.id), .storefront(storefront)),
      (.planVersion(storefront.id, version.number), .planVersion(version)),
      (.storefrontProgress(storefront.id), .storefrontProgress(progress())),
    ]
    records += catalogue(storefront.id)
    records += people(storefront.id)
    records += orders(storefront.id, plan)
    records += ranks(storefront.id)
    records += statements(storefront.id)
    records += webhooks(storefront.id)
    return records
  }

  private mutating func progress() -> StorefrontProgress {
    StorefrontProgress(
      sequence: integer(), orders: integer(), units: integer(), gmv: amount(), refunded: amount(),
      members: integer())
  }

  private mutating func catalogue(_ storefront: StorefrontID) -> [(Key, Record)] {
    let product = Product(
      id: id(), supplier: id(), title: text(), category: text(), picture: text())
    let sku = SKU(
      id: id(), product: product.id, supplier: id(), title: text(), picture: text(),
      currency: .cny, price: amount(), cost: amount(), rate: rate(),
      saleFrom: maybe { $0.time() }, saleUntil: maybe { $0.time() })
    let stock =
      flip()
      ? Stock(supplied: nil, reserved: 7, sold: 1 << 40)
      : Stock(supplied: 9, reserved: Int64(below(5)), sold: Int64(below(5)))
    let set = ProductSet(id: id(), title: text(), skus: list(500) { $0.id() })
    let room = Room(
      id: id(), host: id(), title: text(), state: one(of: RoomState.allCases),
      scheduledFor: maybe { $0.time() }, openedAt: maybe { $0.time() },
      endedAt: maybe { $0.time() },
      pacts: list(3) { Pact(version: $0.integer(), rate: $0.rate(), from: $0.time()) },
      pinned: maybe { $0.id() }, firstPlace: integer(), nextPlace: integer(),
      listings: integer())
    let counters = RoomProgress(
      epoch: integer(), offset: integer(), orders: integer(), units: integer(), gmv: amount(),
      refunded: amount(), uniqueViewers: integer())
    let listing = Listing(
      sku: sku.id, place: integer(), addedAt: time(), removedAt: maybe { $0.time() },
      sold: integer())
    return [
      (.product(product.id), .product(product)), (.sku(sku.id), .sku(sku)),
      (.stock(sku.id), .stock(stock)), (.productSet(storefront, set.id), .productSet(set)),
      (.room(storefront, room.id), .room(room)),
      (.roomProgress(storefront, room.id), .roomProgress(counters)),
      (.listing(storefront, room.id, sku.id), .listing(listing)),
    ]
  }

  private mutating func touch() -> Touch {
    Touch(promoter: id(), link: maybe { $0.id() }, channel: text(), at: time())
  }

  private mutating func people(_ storefront: StorefrontID) -> [(Key, Record)] {
    let member = Member(
      id: id(), name: text(), inviter: maybe { $0.id() }, rank: text(), joinedAt: time())
    let viewer = Viewer(id: id(), lock: maybe { $0.touch() })
    let link = Link(
      id: id(), text: text(), promoter: member.id, room: maybe { $0.id() },
      sku: maybe { $0.id() }, channel: text(), expiresAt: time(),
      maximumUses: maybe { $0.integer() }, issuedAt: time(),
      uses: integer(), revokedAt: maybe { $0.time() })
    let refusals = LinkRefusals(
      counts: Array(RejectionCode.allCases.shuffledPrefix(3, &self)).map { ($0, integer()) })
    let revocation = Revocation(
      id: id(), subject: flip() ? .token(text()) : .person(id(), before: time()), by: id(),
      at: time())
    let grants = Grants(
      entries: list(3) {
        Grants.Entry(kind: $0.text(), count: $0.integer(), faceValue: $0.amount())
      })
    return [
      (.member(storefront, member.id), .member(member)),
      (.grants(storefront, member.id), .grants(grants)),
      (.viewer(storefront, viewer.id), .viewer(viewer)),
      (.visits(storefront, viewer.id, id()), .visits(Visits(touches: list(8) { $0.touch() }))),
      (.attendance(storefront, id(), viewer.id), .attendance(time())),
      (.link(storefront, link.id), .link(link)),
      (.linkRefusals(storefront, member.id), .linkRefusals(refusals)),
      (.revocation(storefront, revocation.id), .revocation(revocation)),
    ]
  }

  private mutating func ranks(_ storefront: StorefrontID) -> [(Key, Record)] {
    let member: MemberID = id()
    let progress = MemberProgress(
      lockedFans: integer(),
      fansByRank: list(3) { MemberProgress.Fans(rank: $0.text(), count: $0.integer()) },
      settledSales: amount(), rankChanges: integer(), isHeld: flip())
    let evidence = RankEvidence(
      kind: one(of: RankEvidence.Kind.allCases), ofRank: maybe { $0.text() }, counted: integer(),
      needed: integer(), planVersion: integer())
    let change = RankChange(
      number: integer(), from: maybe { $0.text() }, to: text(), at: time(),
      cause: one(of: [.joining, .operator, .threshold(evidence)]))
    let account = QuotaAccount(
      sums: list(3) { QuotaAccount.Earned(per: $0.amount(), settled: $0.amount()) },
      open: list(4) { QuotaAccount.Open(invite: $0.id(), expiresAt: $0.time()) },
      consumed: integer(), entries: integer())
    let entry = QuotaEntry(
      number: integer(), at: time(), kind: one(of: QuotaEntry.Kind.allCases), units: integer(),
      left: integer(), order: maybe { $0.id() }, amount: amount(), per: maybe { $0.amount() },
      invite: maybe { $0.id() })
    let invite = Invite(
      id: id(), promoter: member, issuedAt: time(), expiresAt: time(), isLimited: flip(),
      state: one(of: InviteState.allCases), usedBy: maybe { $0.id() },
      closedAt: maybe { $0.time() })
    return [
      (.memberProgress(storefront, member), .memberProgress(progress)),
      (.rankChange(storefront, member, change.number), .rankChange(change)),
      (.quota(storefront, member), .quota(account)),
      (.quotaEntry(storefront, member, entry.number), .quotaEntry(entry)),
      (.invite(storefront, invite.id), .invite(invite)),
    ]
  }

  private mutating func line() -> OrderLine {
    OrderLine(
      sku: id(), supplier: id(), units: 1 + Int64(below(10_000)), placed: Amount(1_000_000),
      paid: Amount(Int64(below(1_000_000))), refunded: Amount(Int64(below(9))), cost: amount(),
      rate: rate(), usesStock: flip())
  }

  private mutating func candidate() -> Candidate {
    Candidate(
      source: one(of: AttributionSource.allCases), promoter: id(), link: maybe { $0.id() },
      at: time(), loss: maybe { $0.one(of: Candidate.Loss.allCases) })
  }

  private mutating func snapshot(_ plan: Plan) -> Snapshot {
    let participants = Participants(
      seller: maybe { $0.id() }, host: maybe { $0.id() }, promoter: maybe { $0.id() },
      buyer: maybe { $0.id() }, pact: maybe { $0.rate() })
    return plan.snapshot(of: participants) { _ in
      Standing(inviter: self.maybe { $0.id() }, rank: self.one(of: plan.ranks))
    }
  }

  private mutating func delegation(_ plan: Plan) -> Delegation {
    let sale = Sale(
      currency: .cny,
      lines: [
        Sale.Line(
          paid: Amount(1 + Int64(below(90_000))), cost: Amount(Int64(below(9_000))),
          rate: plan.lineRates.lowerBound)
      ])
    let people = snapshot(plan)
    return Delegation(
      revision: integer(), settledRevision: integer(),
      settlement: maybe { _ in try? plan.settle(sale, people) } ?? nil,
      waitsSince: maybe { $0.time() }, nextAttempt: maybe { $0.time() },
      attempts: Int64(below(9)),
      failure: maybe { Delegation.Failure(code: $0.text(), message: $0.text()) })
  }

  private mutating func orders(_ storefront: StorefrontID, _ plan: Plan) -> [(Key, Record)] {
    let order = Order(
      id: id(), room: maybe { $0.id() }, buyer: id(), lines: [line()] + list(5) { $0.line() },
      placedAt: time(), expiresAt: maybe { $0.time() },
      receipt: AttributionReceipt(
        promoter: maybe { $0.id() }, source: maybe { $0.one(of: AttributionSource.allCases) },
        selfPurchase: flip(), candidates: list(9) { $0.candidate() }),
      snapshot: snapshot(plan), planVersion: integer(), paidAt: maybe { $0.time() },
      deliveredAt: maybe { $0.time() }, cancelledAt: maybe { $0.time() }, hasExpired: flip(),
      disputes: list(3) {
        Dispute(id: $0.id(), from: $0.maybe { $0.time() }, until: $0.maybe { $0.time() })
      },
      releasedAt: maybe { $0.time() }, delegation: maybe { $0.delegation(plan) })
    let fact = Fact(
      body: list(300) { UInt8(truncatingIfNeeded: $0.next()) }, answer: Array(text().utf8),
      at: time())
    let bonus = JoiningBonus(
      id: text(), payee: id(), joined: id(), rule: text(), amount: amount(), due: time(),
      releasedAt: maybe { $0.time() })
    let earnings = Earnings(
      pending: amount(), released: amount(), reversed: amount(), orders: integer(),
      viewersBrought: integer())
    let account = one(of: [
      Account.buyers, .platform, .unsettled, .supplier(id()), .pending(id()), .available(id()),
      .paid(id()),
      .debt(id()),
    ])
    return [
      (.order(storefront, order.id), .order(order)), (.fact(storefront, text()), .fact(fact)),
      (.bonus(storefront, bonus.id), .bonus(bonus)),
      (.balance(storefront, account), .balance(amount())),
      (.earnings(storefront, id(), maybe { $0.id() }), .earnings(earnings)),
    ]
  }
}

extension [RejectionCode] {
  /// A few of them in the order of their codes, as `LinkRefusals` keeps them.
  fileprivate func shuffledPrefix(_ most: Int, _ generator: inout Generator) -> [RejectionCode] {
    Set((0..<most).map { _ in generator.one(of: self) }).sorted { $0.rawValue < $1.rawValue }
  }
}
