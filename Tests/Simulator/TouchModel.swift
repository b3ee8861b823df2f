// The auditor's own model of who brought whom: locks, visits, links with an end and a limit. By the words
// of domain.md, section 2. Values; any thread.

import Commerce
import Coordination

/// What the auditor knows of links, locks and visits.
struct TouchModel {
  /// A viewer in a room.
  struct Place: Hashable {
    let viewer: ViewerID
    let room: RoomID
  }

  /// Somebody opens a link, or is said to have.
  struct Opening {
    let viewer: ViewerID
    let promoter: MemberID
    let room: RoomID?
    let link: LinkID?
    let at: Timestamp
    var maximumUses: Int64?
    var expiresAt: Timestamp?
  }

  /// What was bought, as it was asked for.
  struct Purchase {
    let order: OrderID
    let buyer: ViewerID
    let room: RoomID?
    let code: MemberID?
    let at: Timestamp
    /// How many steps of the round came before.
    let steps: Int
  }

  /// Something that changes who is brought by whom.
  enum Step {
    case open(Opening)
    case revoke(LinkID, at: Timestamp)
  }

  /// Who brought a buyer, and what decided it.
  struct Decision: Equatable {
    let source: AttributionSource?
    let promoter: MemberID?

    var text: String { "\(promoter?.text ?? "nobody") by \(source?.rawValue ?? "nothing")" }
  }

  /// The bindings of everybody.
  var locks: [ViewerID: Opening] = [:]
  var visits: [Place: [Opening]] = [:]
  /// How many people each link has brought.
  var uses: [LinkID: Int64] = [:]
  /// Orders that were stored since the round began.
  var placed: [OrderID] = []
  /// Visits as they are stored.
  var storedVisits: [Place: [Touch]] = [:]
  /// Links as they are stored.
  var storedLinks: [LinkID: Link] = [:]
  /// The calls of the round.
  var steps: [Step] = []
  var purchases: [Purchase] = []
  /// When links were taken back.
  var revoked: [LinkID: Timestamp] = [:]

  /// So many touches of one viewer and room are kept as evidence; what was forgotten counts no more.
  static let keptMax = 8

  /// Takes one step.
  mutating func take(_ step: Step, hosts: [RoomID: MemberID]) {
    switch step {
    case .open(let opening): open(opening, hosts: hosts)
    case .revoke(let link, let at): revoked[link] = revoked[link] ?? at
    }
  }

  /// Whether some of the touches that a step or a purchase depends on may be forgotten.
  func hasForgotten(_ viewer: ViewerID, _ room: RoomID?) -> Bool {
    guard let room else { return false }
    return visits[Place(viewer: viewer, room: room), default: []].count > TouchModel.keptMax
  }

  /// A viewer opens a link: whether it counts, and what it does. Source: domain.md, section 2.
  private mutating func open(_ opening: Opening, hosts: [RoomID: MemberID]) {
    if let expires = opening.expiresAt, opening.at >= expires { return }
    if let link = opening.link, let revoked = revoked[link], revoked <= opening.at { return }
    if let room = opening.room {
      // A host is nobody's promoter in their own room.
      if hosts[room] == opening.promoter { return }
    } else if opening.viewer == opening.promoter {
      return
    }
    let place = opening.room.map { Place(viewer: opening.viewer, room: $0) }
    let before = place.flatMap { visits[$0] } ?? []
    if let link = opening.link, let maximum = opening.maximumUses, uses[link, default: 0] >= maximum
    {
      let isOld =
        locks[opening.viewer]?.link == link || before.contains { $0.link == link }
      if !isOld { return }
    }
    let binds = locks[opening.viewer] == nil && opening.viewer != opening.promoter
    if binds { locks[opening.viewer] = opening }
    let isNew = place != nil && !before.contains { $0.promoter == opening.promoter }
    if let place { visits[place, default: []].append(opening) }
    if let link = opening.link, binds || isNew { uses[link, default: 0] += 1 }
  }

  /// The touch of a room that counts at a moment: the last one before it.
  func visit(_ viewer: ViewerID, _ room: RoomID, at moment: Timestamp) -> Opening? {
    var last: Opening?
    for opening in visits[Place(viewer: viewer, room: room)] ?? [] where opening.at <= moment {
      if last.map({ $0.at <= opening.at }) ?? true { last = opening }
    }
    return last
  }

  /// Who brought the buyer of a purchase, by a storefront's order of precedence.
  func decision(
    of purchase: Purchase, precedence: [AttributionSource], host: MemberID?, ended: Timestamp?
  ) -> Decision {
    for source in precedence {
      var promoter: MemberID?
      switch source {
      case .code: promoter = purchase.code
      case .visit:
        guard let room = purchase.room,
          let visit = visit(purchase.buyer, room, at: purchase.at)
        else { continue }
        let age = purchase.at.milliseconds - visit.at.milliseconds
        // While the room is open, and then up to a day from the touch.
        if let ended, purchase.at >= ended, age > 86_400_000 { continue }
        promoter = visit.promoter
      case .lock:
        guard let lock = locks[purchase.buyer], lock.at <= purchase.at else { continue }
        promoter = lock.promoter
      }
      if let promoter, promoter != host { return Decision(source: source, promoter: promoter) }
    }
    return Decision(source: nil, promoter: nil)
  }

  // MARK: What is stored

  /// How a stored lock differs from the model's.
  func difference(ofLock viewer: ViewerID, _ stored: Touch?) -> String? {
    let own = locks[viewer]
    let isSame =
      own?.promoter == stored?.promoter && own?.link == stored?.link && own?.at == stored?.at
    guard !isSame else { return nil }
    return "\(viewer) is bound to \(TouchModel.text(stored?.promoter, stored?.at)), by the calls to"
      + " \(TouchModel.text(own?.promoter, own?.at))"
  }

  /// How stored visits differ from the model's.
  func difference(ofVisit place: Place, _ stored: [Touch]) -> String? {
    let own = visits[place] ?? []
    let last = visit(place.viewer, place.room, at: Timestamp(milliseconds: .max))
    let isSame =
      stored.count == min(own.count, TouchModel.keptMax) && stored.last?.promoter == last?.promoter
      && stored.last?.link == last?.link && stored.last?.at == last?.at
    guard !isSame else { return nil }
    return "\(place.viewer) has \(stored.count) visits of \(place.room), the last by"
      + " \(TouchModel.text(stored.last?.promoter, stored.last?.at)), by the calls \(own.count), by"
      + " \(TouchModel.text(last?.promoter, last?.at))"
  }

  /// How a stored link differs from the model's.
  func difference(ofLink link: LinkID, _ stored: Link?) -> String? {
    guard let stored else { return "\(link) is not stored" }
    if stored.revokedAt != revoked[link] { return "\(link) is revoked otherwise" }
    // What a viewer was brought by and has forgotten may count again.
    let isSure = visits.values.allSatisfy { $0.count <= TouchModel.keptMax }
    guard isSure, stored.uses != uses[link, default: 0] else { return nil }
    return "\(link) has \(stored.uses) uses, by the calls \(uses[link, default: 0])"
  }

  private static func text(_ promoter: MemberID?, _ at: Timestamp?) -> String {
    promoter.map { "\($0) at \(at?.description ?? "")" } ?? "nobody"
  }
}
