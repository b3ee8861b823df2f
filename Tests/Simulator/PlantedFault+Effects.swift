// Planted bugs of what is acknowledged and not done, of what time forgets, and of who is said to have
// brought whom. The simulation's thread only.

import Commerce
import Coordination

extension PlantedFault {
  /// A commit whose one report is of a kind stores the report alone: its answer is there for ever, and
  /// nothing has happened.
  func effectless(_ changes: Changes, _ kind: String) -> Changes {
    let facts = changes.records.filter { if case .fact = $0.key { true } else { false } }
    guard facts.count == 1, case .fact(_, let id) = facts[0].key, id.hasPrefix(kind) else {
      return changes
    }
    var edited = Changes()
    for (key, record) in changes.records {
      switch record {
      case .fact, .roomProgress: edited.set(key, record)
      default: continue
      }
    }
    edited.events = changes.events
    return edited
  }

  /// New bindings are stored with the next promoter instead of the one who has earned it.
  func rebinding(_ changes: Changes, over memory: MemoryStore) -> Changes {
    editing(changes) { key, record in
      switch (self, record) {
      case (.wrongLock, .viewer(let viewer)) where memory.records[key] == nil:
        .viewer(Viewer(id: viewer.id, lock: viewer.lock.map(PlantedFault.misplaced)))
      case (.wrongVisit, .visits(let visits)):
        .visits(
          Visits(
            touches: visits.touches.dropLast()
              + visits.touches.suffix(1).map(PlantedFault.misplaced))
        )
      default: record
      }
    }
  }

  private static func misplaced(_ touch: Touch) -> Touch {
    let other = touch.promoter.text == "m3" ? "m4" : "m3"
    return Touch(
      promoter: MemberID(trusted: other), link: touch.link, channel: touch.channel, at: touch.at)
  }

  /// Whether what is due of an order is forgotten: of every second one.
  func forgets(_ id: OrderID) -> Bool { id.text.utf8.last.map { $0.isMultiple(of: 2) } ?? false }

  /// What this bug makes of a storefront that is read.
  func loaded(_ storefront: Storefront) -> Storefront {
    guard self == .wrongPrecedence else { return storefront }
    var turned = storefront
    turned.precedence = storefront.precedence.reversed()
    return turned
  }
}
