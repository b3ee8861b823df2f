// The shows of the past and of tonight, and what became of each order.

import Commerce
import Coordination

extension DemoHistory {
  /// A show that is over: announced the day before, open from eight to ten, delivered two days later.
  mutating func evening(_ day: Int, of host: Demo.Host) {
    let room = RoomID(trusted: "\(host.id.text.dropFirst(5))-\(date(day))")
    let opening = moment(day, 20)
    add(
      moment(day - 1, 18),
      .scheduleRoom(room, host: host.id, title: host.title, scheduledFor: opening))
    let links = promoters(of: day).enumerated().map { index, promoter in
      (promoter, link(promoter, room, at: moment(day, 12, index)))
    }
    open(room, of: host, at: opening)
    let skus = skus(of: host)
    for minute in stride(from: 5, to: 110, by: 35) {
      add(moment(day, 20, minute), .pinListing(room, chance.one(of: skus)))
    }
    for visit in 0..<Int.random(in: 16...26, using: &chance) {
      let minute = Int.random(in: 1...95, using: &chance)
      let fan = ViewerID(trusted: "fan-\(Int.random(in: 101...280, using: &chance))")
      let at = moment(day, 20, minute, second: visit)
      come(fan, into: room, by: brought(by: links), at: at)
      guard chance.happens(62) else { continue }
      let bought = at.advanced(byMilliseconds: Int64.random(in: 40...600, using: &chance) * 1000)
      buy(
        OrderID(trusted: "\(fan)~\(day + 100)-\(visit)"), fan, chance.one(of: skus), in: room,
        at: bought, day: day)
    }
    if day == DemoHistory.coatDay { sellCoat(in: room, links: links) }
    add(moment(day, 22), .moveRoom(room, to: .ended))
  }

  /// What is on now and what is announced. Shows that are on began a while ago, so that there is
  /// something to look at, and others go on selling in them.
  mutating func tonight() {
    for (index, host) in Demo.hosts.prefix(3).enumerated() {
      let room = RoomID(trusted: "\(host.id.text.dropFirst(5))-live")
      add(
        ago(minutes: 60),
        .scheduleRoom(room, host: host.id, title: host.title, scheduledFor: ago(minutes: 56)))
      let links = Demo.promoters.prefix(2).enumerated().map { place, promoter in
        (promoter, link(promoter, room, at: ago(minutes: 59, second: place)))
      }
      open(room, of: host, at: ago(minutes: 56 - index))
      let skus = skus(of: host)
      add(ago(minutes: 50), .pinListing(room, skus[index]))
      for visit in 0..<24 {
        let at = ago(minutes: Int.random(in: 3...50, using: &chance), second: visit)
        let fan = ViewerID(trusted: "fan-\(Int.random(in: 101...280, using: &chance))")
        come(fan, into: room, by: brought(by: links), at: at)
        guard chance.happens(70) else { continue }
        let order = OrderID(trusted: "\(fan)~live-\(index)-\(visit)")
        buy(
          order, fan, chance.one(of: skus), in: room, at: at.advanced(byMilliseconds: 60_000),
          day: 0)
      }
    }
    let lin = RoomID(trusted: "lin-live")
    _ = link(Demo.promoters[0], lin, sku: SKUID(trusted: "tea-longjing"), at: ago(minutes: 40))
    let old = link(Demo.promoters[0], lin, sku: SKUID(trusted: "tea-puer"), at: ago(minutes: 39))
    add(ago(minutes: 30), .revokeLink(old.id))
    for minute in [26, 19, 11] {
      refuse(.genuine(old), at: ago(minutes: minute))
      refuse(
        .rejected(.linkAltered, claimed: Demo.promoterChen), at: ago(minutes: minute, second: 20))
    }
    let wu = RoomID(trusted: "wu-live")
    add(ago(minutes: 20), .raisePact(wu, Rate(trusted: 300_000)))
    announce(0, "孙楠带你上山去", at: ago(minutes: -8), of: Demo.hosts[3])
    announce(1, "林晓的周末茶会", at: moment(1, 20), of: Demo.hosts[0])
    announce(2, "赵雨 · 换季护肤专场", at: moment(2, 20), of: Demo.hosts[1])
  }

  /// The day of the coat, which is refunded after the payout.
  private static let coatDay = -26

  private mutating func announce(
    _ day: Int, _ title: String, at: Timestamp, of host: Demo.Host
  ) {
    let room = RoomID(trusted: "\(host.id.text.dropFirst(5))-next-\(day)")
    add(
      ago(minutes: 58), .scheduleRoom(room, host: host.id, title: title, scheduledFor: at))
    _ = link(Demo.promoters[0], room, at: ago(minutes: 57, second: day))
  }

  private mutating func open(_ room: RoomID, of host: Demo.Host, at: Timestamp) {
    add(at, .openRoom(room, host: host.id, title: host.title, pact: host.pact))
    add(at, .addListings(room, .set(host.set)))
  }

  /// The third promoter was there for one week only.
  private func promoters(of day: Int) -> ArraySlice<Demo.Promoter> {
    (-28 ... -22).contains(day) ? Demo.promoters[...] : Demo.promoters.prefix(2)
  }

  private func skus(of host: Demo.Host) -> [SKUID] {
    sets.first { $0.id == host.set }?.skus ?? []
  }

  /// Every other visitor comes by somebody's link.
  private mutating func brought(
    by links: [(Demo.Promoter, SignedLink)]
  ) -> SignedLink? {
    guard chance.happens(55) else { return nil }
    var place = Int.random(in: 0..<links.reduce(0) { $0 + $1.0.weight }, using: &chance)
    for (promoter, link) in links {
      place -= promoter.weight
      if place < 0 { return link }
    }
    return nil
  }

  private mutating func come(
    _ fan: ViewerID, into room: RoomID, by link: SignedLink?, at: Timestamp
  ) {
    if let link { add(at, .touch(viewer: fan, .genuine(link), at: at)) }
    add(at, .attend(room, fan))
  }

  private mutating func refuse(_ evidence: LinkEvidence, at: Timestamp) {
    let fan = ViewerID(trusted: "fan-\(Int.random(in: 300...400, using: &chance))")
    add(at, .touch(viewer: fan, evidence, at: at))
  }

  /// An order and what becomes of it: most are paid and delivered, some are not paid in time or called
  /// off, some come back in part or whole, and over a few there is a dispute.
  private mutating func buy(
    _ order: OrderID, _ fan: ViewerID, _ sku: SKUID, in room: RoomID, at: Timestamp, day: Int
  ) {
    let units: Int64 = chance.happens(82) ? 1 : 2
    add(at, .placeOrder(order, room, buyer: fan, sku: sku, units: units, promoter: nil))
    let fate = Int.random(in: 0..<100, using: &chance)
    if fate < 4 {
      return add(at.advanced(byMilliseconds: 960_000), .expire([order]))
    }
    if fate < 7 {
      let moment = at.advanced(byMilliseconds: 90_000)
      return add(moment, .cancel(order, at: moment))
    }
    pay(order, at: at.advanced(byMilliseconds: 45_000))
    // Tonight's parcels are not on their way yet.
    guard day < 0 else {
      if fate < 12 { refund(order, part(of: sku), at: ago(minutes: 1)) }
      return
    }
    let received = moment(day + 2, 9 + fate % 9, fate % 60)
    add(
      received, .deliver(order, delivery: FactID(trusted: "parcel-\(order)"), at: received))
    let days = Int.random(in: 3...6, using: &chance)
    if fate < 11 {
      refund(order, part(of: sku), at: moment(day + days, 15, fate))
    } else if fate < 15 {
      refund(order, [], at: moment(day + days, 16, fate))
    } else if fate < 20 {
      let dispute = FactID(trusted: "dispute-\(order)")
      let begun = moment(day + 4, 13, fate)
      add(begun, .dispute(order, dispute: dispute, at: begun))
      let ended = moment(day + 9, 13, fate)
      if day < -12 { add(ended, .resolve(order, dispute: dispute, at: ended)) }
    }
  }

  private mutating func pay(_ order: OrderID, at: Timestamp) {
    add(at, .pay(order, payment: FactID(trusted: "pay-\(order)"), paid: [], at: at))
  }

  private mutating func refund(
    _ order: OrderID, _ lines: [LineAmount], at: Timestamp
  ) {
    let id = FactID(trusted: "refund-\(order)")
    add(at, .refund(order, refund: id, lines: lines, at: at))
  }

  /// A third of one unit's price.
  private func part(of sku: SKUID) -> [LineAmount] {
    guard let item = items.first(where: { $0.sku.id == sku }) else { return [] }
    return [LineAmount(line: 0, amount: Amount(item.sku.price.minorUnits / 3))]
  }

  private mutating func sellCoat(in room: RoomID, links: [(Demo.Promoter, SignedLink)]) {
    guard let link = links.last?.1 else { return }
    let day = DemoHistory.coatDay
    let fan = ViewerID(trusted: "fan-coat")
    let sku = SKUID(trusted: "fashion-coat")
    add(moment(day, 21), .addListings(room, .skus([sku])))
    come(fan, into: room, by: link, at: moment(day, 21, 1))
    add(
      moment(day, 21, 2),
      .placeOrder(coat, room, buyer: fan, sku: sku, units: 2, promoter: nil))
    pay(coat, at: moment(day, 21, 3))
    let received = moment(day + 2, 11)
    add(received, .deliver(coat, delivery: FactID(trusted: "parcel-coat"), at: received))
  }
}
