// The sessions of a loop by their connections: a dense table indexed by the connection's slot, as the
// transport has one, so that an idle viewer costs no more than the session itself. A stale name finds
// nothing. The loop's thread only.

import Transport

/// The sessions of one loop.
struct SessionTable {
  /// Whose the session of each slot is; nothing where there is none.
  private var owners: [ConnectionID?] = []
  private var sessions: [Session?] = []

  /// The session of a connection.
  ///
  /// - Parameter id: any id.
  /// - Complexity: O(1), amortised.
  subscript(id: ConnectionID) -> Session? {
    get { slot(of: id).flatMap { sessions[$0] } }
    _modify {
      if let slot = slot(of: id) {
        yield &sessions[slot]
        if sessions[slot] == nil { owners[slot] = nil }
      } else {
        var session: Session?
        yield &session
        if let session { insert(session, id) }
      }
    }
  }

  /// Forgets a session.
  ///
  /// - Returns: it; nothing where there is none.
  mutating func removeValue(forKey id: ConnectionID) -> Session? {
    guard let slot = slot(of: id) else { return nil }
    owners[slot] = nil
    return sessions[slot].take()
  }

  private func slot(of id: ConnectionID) -> Int? {
    let slot = id.slot
    return slot < owners.count && owners[slot] == id ? slot : nil
  }

  private mutating func insert(_ session: Session, _ id: ConnectionID) {
    while owners.count <= id.slot {
      owners.append(nil)
      sessions.append(nil)
    }
    owners[id.slot] = id
    sessions[id.slot] = session
  }
}

extension SessionTable: Sequence {
  /// Every session with its connection, in order of their slots.
  func makeIterator() -> AnyIterator<(ConnectionID, Session)> {
    var slot = 0
    return AnyIterator { [owners, sessions] in
      while slot < owners.count {
        defer { slot += 1 }
        if let owner = owners[slot], let session = sessions[slot] { return (owner, session) }
      }
      return nil
    }
  }
}
