// Who is in which room right now. Derived and in memory only: after a restart everybody joins anew.
// Kept by the writer, so that every count is exact and needs no lock.

import Commerce

/// The people in the rooms of this process.
struct Presence {
  /// The people in one room.
  private struct Room {
    var viewers: [ViewerID: (connections: Int, promoter: MemberID?)] = [:]
    var byPromoter: [MemberID: Int] = [:]
    var connections = 0
  }

  private var rooms: [RoomKey: Room] = [:]

  /// Somebody came; the promoter is the one whose visit it is.
  mutating func enter(_ key: RoomKey, _ viewer: ViewerID, promoter: MemberID?) {
    var room = rooms.removeValue(forKey: key) ?? Room()
    room.connections += 1
    if var present = room.viewers[viewer] {
      present.connections += 1
      if present.promoter != promoter {
        move(&room, from: present.promoter, to: promoter)
        present.promoter = promoter
      }
      room.viewers[viewer] = present
    } else {
      room.viewers[viewer] = (1, promoter)
      move(&room, from: nil, to: promoter)
    }
    rooms[key] = room
  }

  /// One of somebody's connections is gone.
  ///
  /// - Returns: the promoter whose visit it was.
  mutating func leave(_ key: RoomKey, _ viewer: ViewerID) -> MemberID? {
    guard var room = rooms.removeValue(forKey: key), var present = room.viewers[viewer] else {
      return nil
    }
    room.connections -= 1
    present.connections -= 1
    if present.connections == 0 {
      room.viewers[viewer] = nil
      move(&room, from: present.promoter, to: nil)
    } else {
      room.viewers[viewer] = present
    }
    if room.connections > 0 { rooms[key] = room }
    return present.promoter
  }

  /// How many different people are in a room.
  func watching(_ key: RoomKey) -> Int { rooms[key]?.viewers.count ?? 0 }

  /// How many of them a promoter brought.
  func watching(_ key: RoomKey, broughtBy promoter: MemberID) -> Int {
    rooms[key]?.byPromoter[promoter] ?? 0
  }

  /// How many rooms somebody is in.
  var roomsWatched: Int { rooms.count }

  /// Whether anybody is in a room.
  func isWatched(_ key: RoomKey) -> Bool { rooms[key] != nil }

  private func move(_ room: inout Room, from old: MemberID?, to new: MemberID?) {
    if let old {
      let count = (room.byPromoter[old] ?? 0) - 1
      room.byPromoter[old] = count > 0 ? count : nil
    }
    if let new { room.byPromoter[new, default: 0] += 1 }
  }
}
