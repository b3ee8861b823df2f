// What the demonstration's crowd does, one step after the other: a step looks at the clock, does what is
// due, and never waits for a person. One thread.

import Commerce
import Notation
import Transport
import Wire

/// The crowd at work.
final class DemoShow {
  private struct RoomNow {
    let room: String
    let host: String
    let pinned: String?
    var links: [String]
  }

  private enum Deed {
    case pay(order: String)
    case deliver(order: String)
    case refund(order: String, part: Int64?)
    case dispute(order: String)
    case cancel(order: String, by: ObjectIdentifier)
  }

  private static let deedsMax = 1_000
  private static let lookMilliseconds: Int64 = 2_000
  private static let retryMilliseconds: Int64 = 1_000

  private let venue: DemoVenue
  private let options: DemoCrowd.Options
  private var chance: DemoChance
  private var staff: DemoPerson?
  private var backend: HTTPClient?
  private var viewers: [DemoPerson] = []
  private var rooms: [RoomNow] = []
  private var deeds: [(at: Int64, deed: Deed)] = []
  private var lookAt: Int64 = 0
  private var comeAt: Int64 = 0
  private var buyAt: Int64 = 0
  private var pinAt: Int64 = 0
  private var count: Int64 = 0
  /// Tells this run's orders from those of one before, in the same data.
  private let run = String(wallClock().milliseconds % 1_000_000_000_000, radix: 36)
  /// What this crowd has bought; for tests.
  private(set) var ordersPlaced = 0
  private(set) var ordersPaid = 0

  init(_ venue: DemoVenue, _ options: DemoCrowd.Options) {
    self.venue = venue
    self.options = options
    chance = DemoChance(seed: options.seed)
  }

  /// Does what is due.
  ///
  /// - Parameter now: milliseconds of a clock that only grows.
  func step(at now: Int64) {
    for viewer in viewers where !viewer.takePushes() { viewer.leavesAt = 0 }
    for viewer in viewers where viewer.leavesAt <= now { viewer.leave() }
    viewers.removeAll { $0.leavesAt <= now }
    if staff?.takePushes() == false { staff = nil }
    do throws(DemoPerson.Failure) {
      if now >= lookAt { try lookAround(at: now) }
      try carryOutDeeds(at: now)
      if now >= comeAt, viewers.count < options.viewers { try come(at: now) }
      if now >= pinAt { try pin(at: now) }
    } catch {
      if case .gone = error { startOver(at: now) }
    }
    if now >= buyAt, options.ordersPerMinute > 0 { buy(at: now) }
  }

  /// The server was away, or still is: everybody comes back later.
  private func startOver(at now: Int64) {
    staff = nil
    backend = nil
    lookAt = now + Self.retryMilliseconds
    comeAt = now + Self.retryMilliseconds
  }

  // MARK: Looking around

  private func lookAround(at now: Int64) throws(DemoPerson.Failure) {
    lookAt = now + Self.lookMilliseconds
    let staff = try present()
    let answer = try staff.call(
      "room.list", ["states": ["scheduled", "live"], "limit": 100])
    var found: [RoomNow] = []
    for view in answer["rooms"]?.elements ?? [] {
      guard let room = view["room"]?.text, let host = view["host"]?.text else { continue }
      if view["state"]?.text == "scheduled" {
        try openIfDue(view, room, host, staff)
        continue
      }
      found.append(RoomNow(room: room, host: host, pinned: view["pinned"]?.text, links: []))
    }
    for promoter in Demo.promoters {
      let answer = try staff.call("link.list", ["promoter": .string(promoter.id.text)])
      for link in answer["links"]?.elements ?? [] {
        guard link["revoked"]?.bool != true, let room = link["room"]?.text,
          let text = link["text"]?.text,
          let place = found.firstIndex(where: { $0.room == room })
        else { continue }
        found[place].links.append(text)
      }
    }
    rooms = found
  }

  /// The session of the staff, made anew where it was lost.
  private func present() throws(DemoPerson.Failure) -> DemoPerson {
    if let staff { return staff }
    let made = try DemoPerson(PersonID(trusted: "operator"), [.operator, .backend], venue)
    staff = made
    return made
  }

  /// A played host begins the show that was announced for now; the visitor's own shows wait for them.
  private func openIfDue(
    _ view: JSON, _ room: String, _ host: String, _ staff: DemoPerson
  ) throws(DemoPerson.Failure) {
    guard host != Demo.hostLin.text, let played = Demo.hosts.first(where: { $0.id.text == host }),
      let text = view["scheduledFor"]?.text, let due = try? Timestamp(text), due <= wallClock()
    else { return }
    try attempt(staff, "room.open", ["room": .string(room), "host": .string(host)])
    try attempt(
      staff, "listing.add", ["room": .string(room), "set": .string(played.set.text)])
  }

  /// Calls; a refusal is passed over, such as where somebody else was faster.
  @discardableResult
  private func attempt(
    _ person: DemoPerson, _ method: String, _ parameters: JSON
  ) throws(DemoPerson.Failure) -> JSON? {
    do throws(DemoPerson.Failure) {
      return try person.call(method, parameters)
    } catch {
      if case .refused = error { return nil }
      throw error
    }
  }

  // MARK: Viewers and hosts

  /// One more viewer comes: where nobody is first, and often by a link.
  private func come(at now: Int64) throws(DemoPerson.Failure) {
    // Many at the beginning, then one now and then.
    comeAt = now + (viewers.count * 2 < options.viewers ? 100 : chance.pause(about: 1_200))
    guard !rooms.isEmpty else { return }
    let empty = rooms.first { room in !viewers.contains { $0.room == room.room } }
    let room = empty ?? chance.one(of: rooms)
    count += 1
    let number = Int.random(in: 1_000...9_999, using: &chance)
    let viewer = try DemoPerson(PersonID(trusted: "fan-\(number)"), [.viewer], venue)
    var link = JSON.null
    if !room.links.isEmpty, chance.happens(60) { link = .string(chance.one(of: room.links)) }
    guard
      try attempt(viewer, "room.join", ["room": .string(room.room), "link": link]) != nil
    else { return viewer.leave() }
    viewer.room = room.room
    viewer.leavesAt = now + chance.pause(about: 90_000)
    viewers.append(viewer)
  }

  /// A played host shows another product.
  private func pin(at now: Int64) throws(DemoPerson.Failure) {
    pinAt = now + chance.pause(about: 15_000)
    let played = rooms.filter { $0.host != Demo.hostLin.text }
    guard let staff, !played.isEmpty else { return }
    let room = chance.one(of: played)
    let answer = try attempt(staff, "listing.list", ["room": .string(room.room), "limit": 100])
    let skus = (answer?["listings"]?.elements ?? []).compactMap { $0["sku"]?.text }
    guard !skus.isEmpty else { return }
    try attempt(
      staff, "listing.pin",
      ["room": .string(room.room), "sku": .string(chance.one(of: skus))])
  }

  /// Somebody buys: what is pinned every other time, else anything that there is.
  private func buy(at now: Int64) {
    buyAt = now + chance.pause(about: 60_000 / options.ordersPerMinute)
    guard !viewers.isEmpty, deeds.count < Self.deedsMax else { return }
    let viewer = chance.one(of: viewers)
    guard let place = viewer.room, let room = rooms.first(where: { $0.room == place }) else {
      return
    }
    do throws(DemoPerson.Failure) {
      let answer = try attempt(viewer, "listing.list", ["room": .string(place), "limit": 100])
      let there = (answer?["listings"]?.elements ?? []).filter {
        ($0["left"]?.integer ?? .max) > 0
      }.compactMap { $0["sku"]?.text }
      guard !there.isEmpty else { return }
      var sku = chance.one(of: there)
      if let pinned = room.pinned, there.contains(pinned), chance.happens(50) { sku = pinned }
      count += 1
      let placed = try attempt(
        viewer, "order.place",
        [
          "key": .string("\(run)-\(count)"), "room": .string(place), "sku": .string(sku),
          "units": .integer(chance.happens(85) ? 1 : 2),
        ])
      guard let placed, let order = placed["order"]?.text else { return }
      ordersPlaced += 1
      plan(order, placed["lines"]?.elements?.first?["paid"]?.integer ?? 0, viewer, now)
    } catch {
      viewer.leavesAt = 0
    }
  }

  /// What becomes of an order.
  private func plan(_ order: String, _ paid: Int64, _ viewer: DemoPerson, _ now: Int64) {
    let fate = Int.random(in: 0..<100, using: &chance)
    if fate < 5 { return }
    if fate < 9 {
      deeds.append(
        (now + chance.pause(about: 6_000), .cancel(order: order, by: ObjectIdentifier(viewer))))
      return
    }
    let payment = now + 600 + chance.pause(about: 2_500)
    deeds.append((payment, .pay(order: order)))
    let delivery = payment + 2_000 + chance.pause(about: 30_000)
    if fate < 88 { deeds.append((delivery, .deliver(order: order))) }
    let later = delivery + chance.pause(about: 25_000)
    if fate < 13 {
      deeds.append((later, .refund(order: order, part: nil)))
    } else if fate < 17, paid > 2 {
      deeds.append((later, .refund(order: order, part: paid / 3)))
    } else if fate < 19 {
      deeds.append((later, .dispute(order: order)))
    }
  }

  // MARK: The storefront's backend

  private func carryOutDeeds(at now: Int64) throws(DemoPerson.Failure) {
    let due = deeds.filter { $0.at <= now }.sorted { $0.at < $1.at }
    deeds.removeAll { $0.at <= now }
    for (_, deed) in due { try carryOut(deed) }
  }

  private func carryOut(_ deed: Deed) throws(DemoPerson.Failure) {
    let now = JSON.string(wallClock().description)
    switch deed {
    case .cancel(let order, let buyer):
      guard let viewer = viewers.first(where: { ObjectIdentifier($0) == buyer }) else { return }
      try attempt(viewer, "order.cancel", ["order": .string(order)])
    case .pay(let order):
      let isPaid = try report(
        order, "payment", ["payment": .string("pay-" + order), "paidAt": now])
      if isPaid { ordersPaid += 1 }
    case .deliver(let order):
      try report(
        order, "delivery", ["delivery": .string("parcel-" + order), "deliveredAt": now])
    case .refund(let order, let part):
      // Null counts as absent, and without lines all of it comes back.
      let lines = part.map { JSON.array([["line": 0, "amount": .integer($0)]]) } ?? .null
      try report(
        order, "refunds",
        ["refund": .string("refund-" + order), "refundedAt": now, "lines": lines])
    case .dispute(let order):
      try report(
        order, "dispute", ["dispute": .string("dispute-" + order), "disputedAt": now])
    }
  }

  /// Reports a fact over HTTP, as a storefront's backend does.
  ///
  /// - Returns: whether the server took it.
  @discardableResult
  private func report(
    _ order: String, _ what: String, _ body: JSON
  ) throws(DemoPerson.Failure) -> Bool {
    do {
      let token = try venue.token(PersonID(trusted: "shop"), [.backend])
      let client = try backend ?? HTTPClient(venue.host, venue.port, timeoutMilliseconds: 5_000)
      backend = client
      let answer = try client.send(
        .post, "/v1/orders/\(PercentEncoding.encode(order))/\(what)",
        headers: HTTPHeaders([
          ("authorization", "Bearer \(token)"), ("content-type", "application/json"),
        ]), body: body.bytes)
      return answer.status == 200 || answer.status == 201
    } catch {
      backend = nil
      throw .gone
    }
  }
}

extension DemoChance {
  /// Milliseconds around a mean: half of it up to one and a half.
  mutating func pause(about mean: Int64) -> Int64 {
    mean / 2 + Int64.random(in: 0...max(1, mean), using: &self)
  }
}
