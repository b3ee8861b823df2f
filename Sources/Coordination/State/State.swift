import Commerce
import Ledger
import Notation

/// One event of a room, part of a sequence without gaps.
package struct RoomEvent: Equatable, Sendable {
  /// Whose room.
  package let storefront: StorefrontID
  /// The room.
  package let room: RoomID
  /// Names the sequence.
  package let epoch: Int64
  /// The place in the sequence, from 1.
  package let offset: Int64
  /// When it happened.
  package let at: Timestamp
  /// What happened, such as `listing.added`.
  package let kind: String
  /// The rest of the event, as the members of a JSON object.
  package let payload: JSON

  /// Makes an event.
  package init(
    storefront: StorefrontID, room: RoomID, epoch: Int64, offset: Int64, at: Timestamp,
    kind: String,
    payload: JSON
  ) {
    self.storefront = storefront
    self.room = room
    self.epoch = epoch
    self.offset = offset
    self.at = at
    self.kind = kind
    self.payload = payload
  }
}

/// A transaction with the storefront whose ledger it belongs to.
package struct BookedTransaction: Equatable, Sendable {
  /// Whose ledger.
  package let storefront: StorefrontID
  /// The transaction.
  package let transaction: Transaction

  /// Makes a booked transaction.
  package init(storefront: StorefrontID, transaction: Transaction) {
    self.storefront = storefront
    self.transaction = transaction
  }
}

/// Everything that accepted decisions changed and that must be stored in one commit.
package struct Changes: Sendable {
  /// The last value of every record that changed, in the order in which each first changed.
  package private(set) var records: [(key: Key, record: Record)] = []
  /// In order of booking.
  package var transactions: [BookedTransaction] = []
  /// In order.
  package var events: [RoomEvent] = []
  private var places: [Key: Int] = [:]

  /// Nothing.
  package init() {}

  /// Whether there is nothing to store.
  package var isEmpty: Bool { records.isEmpty && transactions.isEmpty && events.isEmpty }

  /// The value this set of changes gives a record, if it does.
  package subscript(key: Key) -> Record? { places[key].map { records[$0].record } }

  /// Sets a record.
  package mutating func set(_ key: Key, _ record: Record) {
    if let place = places[key] {
      records[place].record = record
    } else {
      places[key] = records.count
      records.append((key, record))
    }
  }

  /// Adds what a later decision changed.
  package mutating func merge(_ later: Changes) {
    for (key, record) in later.records { set(key, record) }
    transactions.append(contentsOf: later.transactions)
    events.append(contentsOf: later.events)
  }
}

/// The part of the state that is in memory: each key is a record, known to be absent, or unknown.
///
/// It has no clock and no disk. The shell loads what is unknown, decisions read it, and what they change
/// is applied at once, so that the next decision of the same batch sees it. When a commit fails, the shell
/// makes it forget everything and loads again. One thread owns it; a class, because a copy held by a
/// decision would make every change copy the whole table.
package final class State {
  private var known: [Key: Record?] = [:]

  /// Knows nothing.
  package init() {}

  /// How many keys are known.
  package var count: Int { known.count }

  /// What is known of a key: outer nothing is unknown, inner nothing is absent.
  package func lookUp(_ key: Key) -> Record?? { known[key] }

  /// Tells what the store holds for a key.
  ///
  /// - Parameters:
  ///   - key: the key.
  ///   - record: its record, or nothing where the store has none.
  package func learn(_ key: Key, _ record: Record?) {
    known.updateValue(record, forKey: key)
  }

  /// Applies what a decision changed.
  package func apply(_ changes: Changes) {
    for (key, record) in changes.records { known.updateValue(record, forKey: key) }
  }

  /// Forgets everything; only right when nothing is uncommitted.
  package func forget() { known.removeAll(keepingCapacity: true) }
}
