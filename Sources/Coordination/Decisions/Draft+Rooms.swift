// The life of a room. Source: domain.md, section 1.

import Commerce
import Commission
import Notation

extension Draft {
  /// The room, if this actor may run it.
  func ownRoom(_ id: RoomID, by actor: Actor) throws(Stop) -> Room {
    let room = try room(id)
    if let person = actor.person, person != room.host {
      throw .refuse(.notYourRoom, "Room \(id) belongs to another host.", field: "room")
    }
    return room
  }

  /// The room as everybody may see it.
  func view(_ room: Room) throws(Stop) -> JSON {
    roomView(room, currency: try storefront().currency)
  }

  private func present(_ id: RoomID) throws(Stop) -> Room? {
    guard case .room(let found)? = try read(.room(storefrontID, id)) else { return nil }
    return found
  }

  private func requireHost(_ host: MemberID) throws(Stop) {
    guard try member(host) != nil else {
      throw .refuse(.unknownMember, "There is no member \(host).", field: "host")
    }
  }

  private mutating func save(_ room: Room) { write(.room(storefrontID, room.id), .room(room)) }

  /// Announces a room; its links count from then on (预约). The same announcement again is a repeat.
  mutating func schedule(
    _ id: RoomID, host: MemberID, title: String, scheduledFor: Timestamp?
  ) throws(Stop) -> (JSON, isRepeat: Bool) {
    try requireHost(host)
    if var room = try present(id) {
      guard room.host == host else {
        throw .refuse(.notYourRoom, "Room \(id) belongs to another host.", field: "room")
      }
      guard room.title != title || room.scheduledFor != scheduledFor else {
        return (try view(room), true)
      }
      guard room.state == .scheduled else {
        throw .refuse(.roomState, "Room \(id) is \(room.state.rawValue).", field: "room")
      }
      room.title = title
      room.scheduledFor = scheduledFor
      save(room)
      try publish("room.scheduled", in: id, view(room))
      return (try view(room), false)
    }
    let room = Room(id: id, host: host, title: title, state: .scheduled, scheduledFor: scheduledFor)
    save(room)
    try publish("room.scheduled", in: id, view(room))
    return (try view(room), false)
  }

  /// Opens a room and fixes its pact. Opening a live room again is a repeat.
  mutating func open(
    _ id: RoomID, host: MemberID, title: String?, pact: Rate?
  ) throws(Stop) -> (JSON, isRepeat: Bool) {
    try requireHost(host)
    var room =
      try present(id) ?? Room(id: id, host: host, title: title ?? id.text, state: .scheduled)
    guard room.host == host else {
      throw .refuse(.notYourRoom, "Room \(id) belongs to another host.", field: "room")
    }
    if room.state == .live || room.state == .paused {
      guard pact == nil || pact == room.pacts.first?.rate else {
        throw .refuse(
          .roomState, "Room \(id) is open already; its pact can be raised.", field: "pactPpm")
      }
      return (try view(room), true)
    }
    guard room.state == .scheduled else {
      throw .refuse(.roomState, "Room \(id) has ended.", field: "room")
    }
    let plan = try plan(version: try storefront().planVersion)
    if let title { room.title = title }
    room.state = .live
    room.openedAt = now
    room.pacts = [Pact(version: 1, rate: pact ?? plan.pactDefault, from: now)]
    save(room)
    try publish("room.opened", in: id, view(room))
    return (try view(room), false)
  }

  /// Pauses, resumes or ends a room. Asking for the state it is in is a repeat.
  mutating func move(
    _ id: RoomID, to target: RoomState, by actor: Actor
  ) throws(Stop) -> (JSON, isRepeat: Bool) {
    var room = try ownRoom(id, by: actor)
    if room.state == target { return (try view(room), true) }
    let kind: String
    switch (room.state, target) {
    case (.live, .paused): kind = "room.paused"
    case (.paused, .live): kind = "room.resumed"
    case (.scheduled, .ended), (.live, .ended), (.paused, .ended): kind = "room.ended"
    default:
      throw .refuse(
        .roomState, "Room \(id) is \(room.state.rawValue); it cannot become \(target.rawValue).",
        field: "room")
    }
    room.state = target
    if target == .ended { room.endedAt = now }
    save(room)
    try publish(kind, in: id, view(room))
    return (try view(room), false)
  }

  /// Raises the promoter's share from now on; orders placed before keep theirs.
  mutating func raisePact(
    _ id: RoomID, _ rate: Rate, by actor: Actor
  ) throws(Stop) -> (JSON, isRepeat: Bool) {
    var room = try ownRoom(id, by: actor)
    guard let present = room.pacts.last, room.state != .ended else {
      throw .refuse(.roomState, "Room \(id) is not open.", field: "room")
    }
    if present.rate == rate { return (try view(room), true) }
    guard rate > present.rate else {
      throw .refuse(
        .pactLowered, "The pact is \(present.rate) ppm; it can be raised, never lowered.",
        field: "pactPpm")
    }
    room.pacts.append(Pact(version: present.version + 1, rate: rate, from: now))
    save(room)
    try publish("room.pact_raised", in: id, view(room))
    return (try view(room), false)
  }

  /// A viewer comes into a room; counted once among the unique viewers.
  mutating func attend(_ id: RoomID, _ viewer: ViewerID) throws(Stop) -> JSON {
    let room = try room(id)
    if try read(.attendance(storefrontID, id, viewer)) == nil {
      var progress = try roomProgress(id)
      progress.uniqueViewers += 1
      write(.roomProgress(storefrontID, id), .roomProgress(progress))
      write(.attendance(storefrontID, id, viewer), .attendance(now))
    }
    return try view(room)
  }
}

/// A room as everybody may see it, in the form of Protocol/schemas.
package func roomView(_ room: Room, currency: Currency) -> JSON {
  func time(_ at: Timestamp?) -> JSON { at.map { .string($0.description) } ?? .null }
  let pact = room.pacts.last
  return [
    "room": .string(room.id.text), "host": .string(room.host.text), "title": .string(room.title),
    "state": .string(room.state.rawValue), "scheduledFor": time(room.scheduledFor),
    "openedAt": time(room.openedAt), "endedAt": time(room.endedAt),
    "pactPpm": pact.map { .integer(Int64($0.rate.partsPerMillion)) } ?? .null,
    "pactVersion": pact.map { .integer($0.version) } ?? .null,
    "pinned": room.pinned.map { .string($0.text) } ?? .null, "listings": .integer(room.listings),
    "currency": .string(currency.code),
  ]
}

extension Plan {
  /// The promoter's share where a room states none; nothing in a plan without pacts.
  var pactDefault: Rate {
    guard case .integer(let pact)? = value(of: "pactPpm") else { return .zero }
    return (try? Rate(partsPerMillion: pact)) ?? .zero
  }
}
