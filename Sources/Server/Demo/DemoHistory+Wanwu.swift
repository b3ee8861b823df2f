// A second storefront of the demonstration, with the ranks, the joinings and the separations that the
// first one's plan has not: shop owners who invite each other and sell without any show. Its operator
// sees who would lose and gain by a promotion, and has one to decide: whether Ye Qing becomes gold.

import Commerce
import Commission
import Coordination

/// The storefront with ranks.
enum DemoWanwu {
  /// Its id.
  static let storefront = StorefrontID(trusted: "wanwu")
  /// What it is called.
  static let name = "Wanwu demo 万物心选演示店"
  /// Both.
  static var named: (StorefrontID, String) { (storefront, name) }

  /// One shop owner.
  struct Owner {
    /// Who it is.
    let id: MemberID
    /// In Chinese and in Latin letters.
    let name: String
    /// Who brought them in.
    let inviter: MemberID?
    /// The day on which they joined; today is 0.
    let day: Int
    /// How many of all the sales are theirs, in proportion.
    let weight: Int

    init(_ id: String, _ name: String, by inviter: String?, day: Int, weight: Int) {
      self.id = MemberID(trusted: "owner-" + id)
      self.name = name
      self.inviter = inviter.map { MemberID(trusted: "owner-" + $0) }
      self.day = day
      self.weight = weight
    }
  }

  /// In the order in which they joined; the first is where all of it began.
  static let owners = [
    Owner("qin", "秦岚 Qin Lan", by: nil, day: -60, weight: 3),
    Owner("song", "宋佳 Song Jia", by: "qin", day: -56, weight: 4),
    Owner("lu", "陆遥 Lu Yao", by: "qin", day: -55, weight: 4),
    Owner("fang", "方圆 Fang Yuan", by: "qin", day: -54, weight: 2),
    Owner("ye", "叶青 Ye Qing", by: "lu", day: -48, weight: 9),
    Owner("han", "韩梅 Han Mei", by: "song", day: -47, weight: 5),
    Owner("cai", "蔡琳 Cai Lin", by: "song", day: -45, weight: 2),
    Owner("ma", "马悦 Ma Yue", by: "ye", day: -39, weight: 6),
    Owner("tan", "谭维 Tan Wei", by: "ye", day: -37, weight: 4),
    Owner("xu", "许诺 Xu Nuo", by: "han", day: -36, weight: 3),
    Owner("shi", "石磊 Shi Lei", by: "ma", day: -20, weight: 3),
    Owner("gao", "高翔 Gao Xiang", by: "fang", day: -12, weight: 1),
  ]
}

extension DemoHistory {
  /// Writes down how the storefront began, who joined and rose, and a month of its sales.
  mutating func wanwu() {
    let first = moment(-61, 9)
    do {
      let plan = try Plan.shipped("wanwu")
      // The plan pays for new owners, which the law may call something else: somebody took that risk.
      add(
        first,
        .configureStorefront(
          Demo.configured(storefront, DemoWanwu.name, at: first), plan: plan,
          risks: .named(["headcount_pay"], by: PersonID(trusted: "operator"))))
    } catch {
      preconditionFailure("the shipped plan is valid: \(error)")
    }
    for owner in DemoWanwu.owners {
      join(owner.id, owner.name, owner.inviter, moment(owner.day, 10))
    }
    add(moment(-59, 9), .setRank(member: DemoWanwu.owners[0].id, rank: "senior"))
    for (owner, day) in [(1, -44), (2, -42)] {
      add(moment(day, 9), .setRank(member: DemoWanwu.owners[owner].id, rank: "gold"))
    }
    for day in -34 ... -1 {
      for number in 0..<Int.random(in: 1...3, using: &chance) { sell(day, number) }
    }
    for day in -26...0 { add(moment(day, 0, 5), .release) }
    add(moment(-8, 10), .payOut(StatementID(trusted: "payout-\(date(-8))")))
  }

  /// Somebody sells one product, which arrives two days later; a few come back.
  private mutating func sell(_ day: Int, _ number: Int) {
    let owners = DemoWanwu.owners.filter { $0.day < day }
    var place = Int.random(in: 0..<owners.reduce(0) { $0 + $1.weight }, using: &chance)
    let seller = owners.first { owner in
      place -= owner.weight
      return place < 0
    }
    guard let seller else { return }
    let sku = chance.one(of: items).sku
    let units: Int64 = chance.happens(80) ? 1 : 2
    let order = OrderID(trusted: "\(seller.id)~\(day + 100)-\(number)")
    let at = moment(day, 11 + number * 4, Int.random(in: 0...59, using: &chance))
    let line = ReportedLine(
      sku: sku.id, units: units, paid: Amount(sku.price.minorUnits * units))
    add(
      at,
      .reportOrder(
        ReportedOrder(
          id: order, room: nil, seller: seller.id, promoter: nil,
          buyer: ViewerID(trusted: "guest-\(Int.random(in: 101...160, using: &chance))"),
          lines: [line], placedAt: at)))
    let paid = at.advanced(byMilliseconds: 60_000)
    add(paid, .pay(order, payment: FactID(trusted: "pay-\(order)"), paid: [], at: paid))
    let received = moment(day + 2, 10, number)
    add(received, .deliver(order, delivery: FactID(trusted: "parcel-\(order)"), at: received))
    guard chance.happens(6) else { return }
    let back = moment(day + 4, 15, number)
    add(back, .refund(order, refund: FactID(trusted: "refund-\(order)"), lines: [], at: back))
  }
}
