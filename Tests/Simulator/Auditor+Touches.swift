// Who brought whom, reckoned a second time from what people did: which calls came to the server, in what
// order, and what the clock showed. Kept by the words of domain.md, section 2; nothing of it is taken
// from what the server says of a viewer, but for calls of which it cannot be seen whether they counted
// (where the store failed in their round).

import Commerce
import Coordination
import Server

extension Auditor {
  /// Everything that was decided is stored; what comes is looked at together once all of that is.
  mutating func roundsBegin() {
    touches.steps = []
    touches.purchases = []
    touches.placed = []
  }

  /// Takes what a round of the server is about to decide, in order.
  ///
  /// - Parameters:
  ///   - calls: with who calls.
  ///   - now: what the server takes for the moment.
  mutating func take(_ calls: [(call: Call, caller: Caller)], at now: Timestamp) {
    for (call, caller) in calls {
      switch call {
      case .join(let wish):
        // Who may not come in is told so, and the link stays closed.
        if let link = wish.link, hosts[wish.room] != nil { open(link, caller.person, now) }
      case .command(.revokeLink(let link)): touches.steps.append(.revoke(link, at: now))
      case .command(.touch(let viewer, let evidence, let at)): open(evidence, viewer, at)
      case .command(.placeOrder(let id, let room, let buyer, _, _, let code, _)):
        purchase(id, buyer, room, code, now)
      case .command(.reportOrder(let report)):
        purchase(report.id, report.buyer, report.room, report.promoter, report.placedAt)
      default: continue
      }
    }
  }

  private mutating func open(_ evidence: LinkEvidence, _ viewer: ViewerID, _ at: Timestamp) {
    switch evidence {
    case .genuine(let link):
      touches.steps.append(
        .open(
          TouchModel.Opening(
            viewer: viewer, promoter: link.promoter, room: link.room, link: link.id, at: at,
            maximumUses: link.maximumUses, expiresAt: link.expiresAt)))
    case .vouched(let promoter, let room):
      touches.steps.append(
        .open(
          TouchModel.Opening(viewer: viewer, promoter: promoter, room: room, link: nil, at: at)))
    case .rejected: return
    }
  }

  private mutating func purchase(
    _ id: OrderID, _ buyer: ViewerID, _ room: RoomID?, _ code: MemberID?, _ at: Timestamp
  ) {
    touches.purchases.append(
      TouchModel.Purchase(
        order: id, buyer: buyer, room: room, code: code, at: at,
        steps: touches.steps.count))
  }

  /// The rounds are over: what was stored in them is held against what people did.
  ///
  /// - Parameters:
  ///   - isWhole: whether everything of them happened; false where the store failed or the process died,
  ///     so that anything may be missing.
  ///   - elapsed: simulated milliseconds since the beginning.
  mutating func roundsEnd(isWhole: Bool, elapsed: Int64) {
    // The model at every moment of the rounds: one where all of it happened, several where some may have.
    var worlds = [touches]
    var possible = decisions(in: worlds, after: 0)
    for (index, step) in touches.steps.enumerated() {
      worlds = worlds.flatMap { followed(after: step, in: $0, isCertain: isWhole) }
      // Of so many that may have failed not all combinations are followed.
      if worlds.count > 64 { worlds.removeLast(worlds.count - 64) }
      possible.merge(decisions(in: worlds, after: index + 1)) { $0 + $1 }
    }
    for id in touches.placed {
      guard let receipt = orders[id]?.receipt else { continue }
      let wanted = possible[id] ?? []
      let decided = TouchModel.Decision(source: receipt.source, promoter: receipt.promoter)
      // None: what was forgotten decides.
      if !wanted.contains(decided), !wanted.contains(nil) {
        let texts = Set(wanted.map { $0?.text ?? "" }).sorted().joined(separator: " or ")
        find(.attribution, "\(id) is of \(decided.text), not \(texts)", elapsed: elapsed)
      }
    }
    settle(worlds, elapsed: elapsed)
  }

  private func followed(
    after step: TouchModel.Step, in world: TouchModel, isCertain: Bool
  ) -> [TouchModel] {
    var taken = world
    taken.take(step, hosts: hosts)
    var worlds = [taken]
    if case .open(var opening) = step, opening.maximumUses != nil,
      world.hasForgotten(opening.viewer, opening.room)
    {
      // Whether they were brought before is forgotten: with the limit, and without.
      var unlimited = world
      opening.maximumUses = nil
      unlimited.take(.open(opening), hosts: hosts)
      worlds.append(unlimited)
    }
    if !isCertain { worlds.append(world) }
    return worlds
  }

  /// Whose each purchase may be that came after so many steps of the round.
  private func decisions(
    in worlds: [TouchModel], after steps: Int
  ) -> [OrderID: [TouchModel.Decision?]] {
    var decisions: [OrderID: [TouchModel.Decision?]] = [:]
    for purchase in touches.purchases where purchase.steps == steps {
      let host = purchase.room.flatMap { hosts[$0] }
      let ended = purchase.room.flatMap { endings[$0] }
      // The moment of the room's end may be this very one, before or after.
      let ends = ended.map { $0 >= purchase.at ? [$0, nil] : [$0] } ?? [nil]
      for world in worlds {
        if world.hasForgotten(purchase.buyer, purchase.room) {
          decisions[purchase.order, default: []].append(nil)
        }
        for end in ends {
          decisions[purchase.order, default: []].append(
            world.decision(of: purchase, precedence: precedence, host: host, ended: end))
        }
      }
    }
    return decisions
  }

  /// Goes on with the one world of several that is stored; none is a finding.
  private mutating func settle(_ worlds: [TouchModel], elapsed: Int64) {
    var viewers: Set<ViewerID> = []
    var places: Set<TouchModel.Place> = []
    var links: Set<LinkID> = []
    for step in touches.steps {
      switch step {
      case .open(let opening):
        viewers.insert(opening.viewer)
        if let room = opening.room { places.insert(.init(viewer: opening.viewer, room: room)) }
        if let link = opening.link { links.insert(link) }
      case .revoke(let link, _): links.insert(link)
      }
    }
    func differences(_ world: TouchModel) -> [String] {
      viewers.sorted().compactMap { world.difference(ofLock: $0, locks[$0]) }
        + places.sorted { ($0.viewer, $0.room) < ($1.viewer, $1.room) }
        .compactMap { world.difference(ofVisit: $0, touches.storedVisits[$0] ?? []) }
        + links.sorted().compactMap { world.difference(ofLink: $0, touches.storedLinks[$0]) }
    }
    guard let world = worlds.first(where: { differences($0).isEmpty }) else {
      let text = differences(worlds[0]).joined(separator: "; ")
      return find(.attribution, text, elapsed: elapsed)
    }
    touches.locks = world.locks
    touches.visits = world.visits
    touches.revoked = world.revoked
    touches.uses = world.uses
    for link in links { touches.uses[link] = touches.storedLinks[link]?.uses }
  }
}
