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

  /// Nothing, with room for what one decision mostly changes: a table that grows step by step is copied
  /// at each.
  package init(forDecision: Void) {
    records.reserveCapacity(Changes.decisionRecords)
    places.reserveCapacity(Changes.decisionRecords)
  }

  private static let decisionRecords = 24

  /// Nothing.
  package init() {}

  /// Whether there is nothing to store.
  package var isEmpty: Bool { records.isEmpty && transactions.isEmpty && events.isEmpty }

  /// The value this set of changes gives a record, if it does.
  package subscript(key: Key) -> Record? { places[key].map { records[$0].record } }

  /// Where a record is among `records`, if it is changed.
  func place(of key: Key) -> Int? { places[key] }

  /// Sets a record.
  ///
  /// - Returns: whether it had not been changed before.
  @discardableResult
  package mutating func set(_ key: Key, _ record: Record) -> Bool {
    if let place = places[key] {
      records[place].record = record
      return false
    }
    places[key] = records.count
    records.append((key, record))
    return true
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
/// is applied at once, so that the next decision sees it, whether it is committed by then or not. What held
/// before is kept by the batch that changed it (`UncommittedBatch`). When a commit fails, the shell makes it
/// forget everything and loads again. One thread owns it; a class, because a copy held by a decision would
/// make every change copy the whole table.
///
/// Bounded by weight, in two generations: what is looked up moves to the younger one, and once that weighs
/// half of what is allowed, after a commit, the older one is dropped and the younger one becomes it. What
/// will hardly be asked for again (`Key.isShortLived`) is dropped after every commit. What is not committed
/// is nowhere else, so it stays.
package final class State {
  private var younger: [Key: Record?] = [:]
  private var older: [Key: Record?] = [:]
  private var shortLived: [Key: Record?] = [:]
  private var youngerWeight = 0
  private let weightMax: Int

  /// Knows nothing.
  ///
  /// - Parameter weightMax: what may be remembered beyond a commit, in `Record.weight`, some bytes each.
  package init(weightMax: Int = .max) { self.weightMax = weightMax }

  /// How many keys are known.
  package var count: Int { younger.count + older.count + shortLived.count }

  /// What is known of a key: outer nothing is unknown, inner nothing is absent.
  package func lookUp(_ key: Key) -> Record?? {
    if key.isShortLived { return shortLived[key] }
    if let found = younger[key] { return found }
    guard let found = older[key] else { return shortLived[key] }
    remember(key, found)
    return found
  }

  /// Tells what the store holds for a key.
  ///
  /// - Parameters:
  ///   - key: the key.
  ///   - record: its record, or nothing where the store has none.
  package func learn(_ key: Key, _ record: Record?) { remember(key, record) }

  /// Applies what decisions changed.
  package func apply(_ changes: Changes) {
    for (key, record) in changes.records { remember(key, record) }
  }

  /// Applies one change.
  ///
  /// - Returns: what was known of the key before.
  func replace(_ key: Key, _ record: Record) -> Record?? {
    if key.isShortLived { return shortLived.updateValue(record, forKey: key) }
    youngerWeight += Record?.some(record).weight
    // Where it was read before it is written, as mostly, it is in the younger generation.
    return younger.updateValue(record, forKey: key) ?? older[key] ?? shortLived[key]
  }

  /// Forgets everything; whoever calls this applies again what is being committed.
  package func forget() {
    younger.removeAll()
    older.removeAll()
    shortLived.removeAll()
    youngerWeight = 0
  }

  /// Forgets what is not worth its memory, after a commit.
  ///
  /// - Parameter uncommitted: what was decided since, and stays.
  package func settle(keeping uncommitted: Changes = Changes()) {
    if shortLived.count > State.shortLivedKept {
      shortLived.removeAll()
    } else {
      shortLived.removeAll(keepingCapacity: true)
    }
    // What weighs more than everything together may is not kept at all.
    let dropsAll = youngerWeight > weightMax
    if youngerWeight > weightMax / 2 {
      older = dropsAll ? [:] : younger
      younger = [:]
      youngerWeight = 0
    }
    for (key, record) in uncommitted.records where dropsAll || key.isShortLived {
      remember(key, record)
    }
  }

  /// For so many the table is kept from commit to commit.
  private static let shortLivedKept = 4_096

  private func remember(_ key: Key, _ record: Record?) {
    if key.isShortLived || record == nil && key.isOfOneViewer {
      shortLived.updateValue(record, forKey: key)
    } else {
      // A record that grows under its key counts anew each time: too early a drop costs a read, no more.
      youngerWeight += record.weight
      younger.updateValue(record, forKey: key)
    }
  }
}

extension Key {
  /// Whether it is hardly asked for twice: a report's id, unless it is repeated; somebody's first coming;
  /// an entry of a list that is only ever added to.
  fileprivate var isShortLived: Bool {
    switch self {
    case .fact, .attendance, .rankChange, .quotaEntry, .statement, .statementLine, .deadLetter,
      .revocation:
      true
    default: false
    }
  }

  /// Whether it is about somebody who watches: there are many of them, most without a lock or a visit,
  /// and that nothing is known of them is not worth remembering.
  fileprivate var isOfOneViewer: Bool {
    switch self {
    case .viewer, .visits: true
    default: false
    }
  }
}

extension Record? {
  /// About how many bytes it takes in memory, its key and its places in tables included.
  fileprivate var weight: Int {
    switch self {
    case .order(let order): 1_024 + order.lines.count * 160
    case .productSet(let set): 512 + set.skus.count * 64
    case .planVersion: 16_384
    case .visits(let visits): 512 + visits.touches.count * 160
    case .none, .balance, .stock: 160
    default: 512
    }
  }
}
