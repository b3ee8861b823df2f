// A storefront to try everything with: only where the operator starts the server with --demo, or with
// `waggle demo`, which also sends people into it (DemoCrowd.swift).
//
// Its past is no invention of the pages: five weeks are played through the core, at their own moments,
// before the server starts. Every figure, release, statement and explanation follows from that.

import Commerce
import Commission
import Coordination

/// The demonstration's storefront, people and products.
enum Demo {
  /// The storefront's id.
  static let storefront = StorefrontID(trusted: "demo")
  /// What it is called.
  static let name = "Waggle demo 蜂舞演示店"
  /// Signs the demonstration's people in for half a day.
  static let lifetimeMilliseconds: Int64 = 43_200_000

  /// One host of the demonstration.
  struct Host {
    /// Who it is.
    let id: MemberID
    /// In Chinese and in Latin letters.
    let name: String
    /// Who brought them in.
    let inviter: MemberID?
    /// The product set that their shows sell.
    let set: ProductSetID
    /// What their shows are called.
    let title: String
    /// The promoter's share of the pool in their rooms.
    let pact: Rate
  }

  /// One promoter of the demonstration.
  struct Promoter {
    /// Who it is.
    let id: MemberID
    /// In Chinese and in Latin letters.
    let name: String
    /// Who brought them in.
    let inviter: MemberID?
    /// A mark on their links, such as the group that they post to.
    let channel: String
    /// How many of a hundred visitors they bring.
    let weight: Int
  }

  /// Whoever tries the demonstration as a host is the first one; the others are played.
  static let hosts = [
    Host(
      id: MemberID(trusted: "host-lin"), name: "林晓 Lin Xiao", inviter: nil,
      set: ProductSetID(trusted: "set-tea"), title: "林晓的晚间茶席", pact: Rate(trusted: 300_000)),
    Host(
      id: MemberID(trusted: "host-zhao"), name: "赵雨 Zhao Yu", inviter: hostLin,
      set: ProductSetID(trusted: "set-beauty"), title: "赵雨 · 今晚护肤清单",
      pact: Rate(trusted: 350_000)),
    Host(
      id: MemberID(trusted: "host-wu"), name: "吴桐 Wu Tong", inviter: hostLin,
      set: ProductSetID(trusted: "set-home"), title: "吴桐的好物小家", pact: Rate(trusted: 250_000)),
    Host(
      id: MemberID(trusted: "host-sun"), name: "孙楠 Sun Nan", inviter: nil,
      set: ProductSetID(trusted: "set-sport"), title: "孙楠带你上山去", pact: Rate(trusted: 300_000)),
  ]

  /// Whoever tries the demonstration as a promoter is the first one.
  static let promoters = [
    Promoter(
      id: MemberID(trusted: "promoter-chen"), name: "陈晨 Chen Chen", inviter: hostLin,
      channel: "wechat-group", weight: 55),
    Promoter(
      id: MemberID(trusted: "promoter-he"), name: "何静 He Jing",
      inviter: MemberID(trusted: "promoter-chen"), channel: "moments", weight: 30),
    Promoter(
      id: MemberID(trusted: "promoter-luo"), name: "罗敏 Luo Min", inviter: hostLin,
      channel: "rednote", weight: 15),
  ]

  /// The id of the host whom a visitor plays.
  static let hostLin = MemberID(trusted: "host-lin")
  /// The id of the promoter whom a visitor plays.
  static let promoterChen = MemberID(trusted: "promoter-chen")

  /// Fills a store with both storefronts, their people, their catalogue and their past.
  ///
  /// - Parameters:
  ///   - store: where; nothing happens to a storefront that is there.
  ///   - environment: signs the promoters' links; its moment is now.
  /// - Throws: what the store throws.
  static func prepare(store: any Store, _ environment: CallEnvironment) throws {
    try prepare(storefront, store, environment) { $0.shows() }
    try prepare(DemoWanwu.storefront, store, environment) { $0.wanwu() }
  }

  private static func prepare(
    _ storefront: StorefrontID, _ store: any Store, _ environment: CallEnvironment,
    _ script: (inout DemoHistory) -> Void
  ) throws {
    let coordinator = Coordinator(store: store)
    guard try coordinator.record(.storefront(storefront)) == nil else { return }
    var history = DemoHistory(storefront, store, coordinator, environment)
    script(&history)
    try history.play()
  }

  /// A storefront as it is configured from its first day on.
  static func configured(
    _ storefront: StorefrontID, _ name: String, at moment: Timestamp
  ) -> Storefront {
    Storefront(
      id: storefront, name: name, currency: .cny, zone: .shanghai,
      precedence: [.code, .visit, .lock], visitHoldMilliseconds: Storefront.visitHoldDefault,
      unpaidHoldMilliseconds: Storefront.unpaidHoldDefault, planVersion: 1, createdAt: moment)
  }
}

/// Chance that comes out the same for the same seed.
///
/// SplitMix64. Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
struct DemoChance: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// Whether something happens that happens that many times in a hundred.
  mutating func happens(_ percent: Int) -> Bool {
    Int.random(in: 0..<100, using: &self) < percent
  }

  /// One of several, which are not none.
  mutating func one<Element>(of all: [Element]) -> Element {
    all[Int.random(in: 0..<all.count, using: &self)]
  }
}
