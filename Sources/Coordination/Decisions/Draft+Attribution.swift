// Who brought a viewer, and who brought the buyer of an order. Source: domain.md, section 2.

import Commerce
import Commission
import Notation

extension Draft {
  /// A promoter makes a link; the same content again is the same link.
  mutating func createLink(_ link: Link) throws(Stop) -> (JSON, isRepeat: Bool) {
    guard try member(link.promoter) != nil else {
      throw .refuse(.unknownMember, "There is no member \(link.promoter).", field: "promoter")
    }
    if let id = link.room {
      let room = try room(id)
      guard room.host != link.promoter else {
        throw .refuse(.ownRoom, "A host cannot be the promoter of their own room.", field: "room")
      }
      guard room.state != .ended else {
        throw .refuse(.roomState, "Room \(id) has ended.", field: "room")
      }
    }
    if let sku = link.sku, try self.sku(sku) == nil {
      throw .refuse(.unknownSKU, "There is no SKU \(sku).", field: "sku")
    }
    if let present = try self.link(link.id) { return (linkView(present), true) }
    write(.link(storefrontID, link.id), .link(link))
    return (linkView(link), false)
  }

  /// A promoter takes a link back; what it brought so far stays.
  mutating func revokeLink(_ id: LinkID, by actor: Actor) throws(Stop) -> (JSON, isRepeat: Bool) {
    guard var link = try link(id) else {
      throw .refuse(.unknownLink, "There is no link \(id).", field: "link")
    }
    if let person = actor.person, person != link.promoter {
      throw .refuse(.notYourLink, "Link \(id) belongs to another promoter.", field: "link")
    }
    let isRepeat = link.revokedAt != nil
    if !isRepeat {
      link.revokedAt = now
      write(.link(storefrontID, id), .link(link))
    }
    return (linkView(link), isRepeat)
  }

  /// A viewer opens a link. A bad link is not an error of the viewer's: the reason is part of the
  /// answer, counted for the link's owner, and nothing else changes.
  mutating func touch(
    _ viewer: ViewerID, _ evidence: LinkEvidence, at: Timestamp
  ) throws(Stop) -> JSON {
    do {
      return try accept(viewer, evidence, at: at)
    } catch {
      guard case .rejected(let rejection) = error else { throw error }
      if case .vouched = evidence { throw error }
      if let owner = try owner(of: evidence) {
        var refusals = LinkRefusals()
        if case .linkRefusals(let present)? = try read(.linkRefusals(storefrontID, owner)) {
          refusals = present
        }
        refusals.count(rejection.code)
        write(.linkRefusals(storefrontID, owner), .linkRefusals(refusals))
      }
      return [
        "accepted": false, "reason": .string(rejection.code.rawValue),
        "message": .string(rejection.message),
      ]
    }
  }

  /// The member to whom a refused link is shown; a claim counts only if there is such a member.
  private func owner(of evidence: LinkEvidence) throws(Stop) -> MemberID? {
    let claimed: MemberID?
    switch evidence {
    case .genuine(let link): claimed = link.storefront == storefrontID ? link.promoter : nil
    case .rejected(_, let member): claimed = member
    case .vouched(let promoter, _): claimed = promoter
    }
    guard let claimed, try member(claimed) != nil else { return nil }
    return claimed
  }

  private mutating func accept(
    _ id: ViewerID, _ evidence: LinkEvidence, at: Timestamp
  ) throws(Stop) -> JSON {
    let (touch, room, link) = try judge(evidence, opening: id, at: at)
    if let room, try self.room(room).host == touch.promoter {
      throw .refuse(.ownRoom, "A host cannot be the promoter of their own room.")
    }
    if id == touch.promoter, room == nil {
      throw .refuse(.selfLock, "A member cannot lock themselves.")
    }
    var viewer = try viewer(id)
    let locks = viewer.lock == nil && id != touch.promoter
    if locks {
      viewer.lock = touch
      write(.viewer(storefrontID, id), .viewer(viewer))
      try changeEarnings(of: touch.promoter, in: nil) { $0.viewersBrought += 1 }
      try countFan(id, of: touch.promoter)
    }
    var isNewVisit = false
    if let room {
      var visits = try visits(id, room)
      isNewVisit = !visits.touches.contains { $0.promoter == touch.promoter }
      visits.add(touch)
      write(.visits(storefrontID, id, room), .visits(visits))
      if isNewVisit { try changeEarnings(of: touch.promoter, in: room) { $0.viewersBrought += 1 } }
    }
    if var link, locks || isNewVisit {
      link.uses += 1
      write(.link(storefrontID, link.id), .link(link))
    }
    return [
      "accepted": true, "promoter": .string(touch.promoter.text),
      "lock": .string(locks ? "won" : (viewer.lock?.promoter == touch.promoter ? "held" : "kept")),
      "lockedTo": viewer.lock.map { .string($0.promoter.text) } ?? .null,
      "room": room.map { .string($0.text) } ?? .null,
    ]
  }

  /// Whether the link is valid at the moment of the touch, and what it says.
  private func judge(
    _ evidence: LinkEvidence, opening viewer: ViewerID, at: Timestamp
  ) throws(Stop) -> (Touch, RoomID?, Link?) {
    switch evidence {
    case .rejected(let code, _): throw .refuse(code, "The link cannot be used: \(code.rawValue).")
    case .vouched(let promoter, let room):
      guard try member(promoter) != nil else {
        throw .refuse(.unknownMember, "There is no member \(promoter).", field: "promoter")
      }
      return (Touch(promoter: promoter, link: nil, channel: "", at: at), room, nil)
    case .genuine(let signed):
      guard signed.storefront == storefrontID else {
        throw .refuse(.linkForeign, "The link belongs to another storefront.")
      }
      guard at < signed.expiresAt else {
        throw .refuse(.linkExpired, "The link was valid until \(signed.expiresAt).")
      }
      guard try member(signed.promoter) != nil else {
        throw .refuse(.unknownMember, "There is no member \(signed.promoter).")
      }
      let link = try link(signed.id)
      if let revoked = link?.revokedAt, revoked <= at {
        throw .refuse(.linkRevoked, "The link was revoked at \(revoked).")
      }
      if let maximum = signed.maximumUses, (link?.uses ?? 0) >= maximum,
        try !hasUsed(signed, viewer)
      {
        throw .refuse(.linkExhausted, "The link has brought its \(maximum) viewers.")
      }
      return (
        Touch(promoter: signed.promoter, link: signed.id, channel: signed.channel, at: at),
        signed.room, link
      )
    }
  }

  /// Whether this viewer is one of those whom the link has brought: they may open it again.
  private func hasUsed(_ link: SignedLink, _ viewer: ViewerID) throws(Stop) -> Bool {
    if try self.viewer(viewer).lock?.link == link.id { return true }
    guard let room = link.room else { return false }
    return try visits(viewer, room).touches.contains { $0.link == link.id }
  }

  /// Decides who brought the buyer of an order placed at `at`, with everything that was considered.
  func attribute(
    buyer: ViewerID, room: Room?, code: MemberID?, plan: Plan, at: Timestamp
  ) throws(Stop) -> AttributionReceipt {
    let storefront = try storefront()
    var candidates: [Candidate] = []
    if let code {
      candidates.append(
        Candidate(source: .code, promoter: code, link: nil, at: at, loss: nil))
    }
    if let room {
      candidates += try visitCandidates(buyer, room, storefront.visitHoldMilliseconds, at: at)
    }
    if let lock = try viewer(buyer).lock {
      candidates.append(
        Candidate(
          source: .lock, promoter: lock.promoter, link: lock.link, at: lock.at,
          loss: lock.at > at ? .afterPlacement : nil))
    }
    var winner: Candidate?
    var considered: [Candidate] = []
    let unused = AttributionSource.allCases.filter { !storefront.precedence.contains($0) }
    for source in storefront.precedence + unused {
      for candidate in candidates where candidate.source == source {
        var loss = candidate.loss
        if loss == nil {
          if unused.contains(source) {
            loss = .notUsed
          } else if candidate.promoter == room?.host {
            loss = .host
          } else if candidate.promoter == buyer, !plan.allowsSelfPurchase {
            loss = .selfPurchase
          } else if winner != nil {
            loss = .precedence
          }
        }
        let judged = Candidate(
          source: source, promoter: candidate.promoter, link: candidate.link, at: candidate.at,
          loss: loss)
        if loss == nil { winner = judged }
        considered.append(judged)
      }
    }
    return AttributionReceipt(
      promoter: winner?.promoter, source: winner?.source, selfPurchase: winner?.promoter == buyer,
      candidates: considered)
  }

  /// The visits of this room, latest first; only the last one before the placement can win.
  private func visitCandidates(
    _ buyer: ViewerID, _ room: Room, _ hold: Int64, at: Timestamp
  ) throws(Stop) -> [Candidate] {
    // Stable by time: touches reported late stand where they belong.
    let touches = try visits(buyer, room.id).touches.enumerated().sorted {
      ($0.element.at, $0.offset) > ($1.element.at, $1.offset)
    }
    var candidates: [Candidate] = []
    var decided = false
    for (_, touch) in touches {
      var loss: Candidate.Loss?
      if touch.at > at {
        loss = .afterPlacement
      } else if decided {
        loss = .replaced
      } else {
        decided = true
        // While the room is open a visit holds; after it has ended, up to the hold from the touch.
        if let ended = room.endedAt, at >= ended,
          at.milliseconds - touch.at.milliseconds > hold
        {
          loss = .tooOld
        }
      }
      candidates.append(
        Candidate(
          source: .visit, promoter: touch.promoter, link: touch.link, at: touch.at, loss: loss))
    }
    return candidates
  }
}

/// A link as its owner sees it, in the form of Protocol/schemas.
package func linkView(_ link: Link) -> JSON {
  [
    "link": .string(link.id.text), "text": .string(link.text),
    "path": .string("/l/" + link.text), "promoter": .string(link.promoter.text),
    "room": link.room.map { .string($0.text) } ?? .null,
    "sku": link.sku.map { .string($0.text) } ?? .null, "channel": .string(link.channel),
    "expiresAt": .string(link.expiresAt.description),
    "maximumUses": link.maximumUses.map { .integer($0) } ?? .null, "uses": .integer(link.uses),
    "revoked": .bool(link.revokedAt != nil),
  ]
}
