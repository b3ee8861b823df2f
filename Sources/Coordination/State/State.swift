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
  package private(set) var records = ChangedRecords()
  /// In order of booking.
  package var transactions: [BookedTransaction] = []
  /// In order.
  package var events: [RoomEvent] = []
  /// Those of `records`, in their order.
  private(set) var places = Places()

  /// What one decision mostly changes.
  private static let decisionRecords = 32

  /// Nothing.
  package init() {}

  /// Whether there is nothing to store.
  package var isEmpty: Bool { records.isEmpty && transactions.isEmpty && events.isEmpty }

  /// The value this set of changes gives a record, if it does.
  package subscript(key: Key) -> Record? { self[Place(key)] }

  /// The same, by the key's place.
  subscript(place: Place) -> Record? { places.number(of: place).map { records.values[$0] } }

  /// The number of a record among `records`, if it is changed.
  func number(of key: Key) -> Int? { places.number(of: Place(key)) }

  /// Sets a record.
  ///
  /// - Returns: whether it had not been changed before.
  @discardableResult
  package mutating func set(_ key: Key, _ record: Record) -> Bool {
    // Only now: most decisions begin twice, and the first time end before they have changed anything. A table
    // that grows step by step is copied at each.
    if records.isEmpty {
      records.reserve(Changes.decisionRecords)
      places.reserve(Changes.decisionRecords)
    }
    let count = records.count
    records.set(places.numberPuttingIn(Place(key)), key, record)
    return records.count > count
  }

  /// Takes one record that a later decision changed, by its number there.
  ///
  /// - Returns: whether it had not been changed before.
  @discardableResult
  mutating func take(_ number: Int, of later: Changes) -> Bool {
    let count = records.count
    records.take(number, of: later.records, as: places.numberPuttingIn(later.places.all[number]))
    return records.count > count
  }

  /// Adds what a later decision changed.
  package mutating func merge(_ later: Changes) {
    for number in later.records.indices { take(number, of: later) }
    transactions.append(contentsOf: later.transactions)
    events.append(contentsOf: later.events)
  }
}

/// Records that changed, by number. Keys and values stand apart: what only wants the one need not copy the
/// other.
package struct ChangedRecords: RandomAccessCollection, Sendable {
  fileprivate private(set) var keys: [Key] = []
  fileprivate private(set) var values: [Record] = []

  /// 0.
  package var startIndex: Int { 0 }
  /// How many there are.
  package var endIndex: Int { keys.count }
  /// A record by its number.
  package subscript(number: Int) -> (key: Key, record: Record) { (keys[number], values[number]) }

  fileprivate mutating func reserve(_ count: Int) {
    keys.reserveCapacity(count)
    values.reserveCapacity(count)
  }

  /// Takes a record of others under a number of its own; see `set`.
  fileprivate mutating func take(_ theirs: Int, of others: ChangedRecords, as number: Int) {
    if number < keys.count { return values[number] = others.values[theirs] }
    keys.append(others.keys[theirs])
    values.append(others.values[theirs])
  }

  /// Sets the record with a number, which is one of those that are here or the next one.
  fileprivate mutating func set(_ number: Int, _ key: Key, _ record: Record) {
    if number < keys.count { return values[number] = record }
    keys.append(key)
    values.append(record)
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
/// will hardly be asked for again (`Place.isShortLived`) is dropped after every commit. What is not committed
/// is nowhere else, so it stays.
package final class State {
  private var generations: Generations

  /// Knows nothing.
  ///
  /// - Parameter weightMax: what may be remembered beyond a commit, in `Record.weight`, some bytes each.
  package init(weightMax: Int = .max) { generations = Generations(weightMax: weightMax) }

  /// How many keys are known.
  package var count: Int { generations.count }

  /// What is known of a key: outer nothing is unknown, inner nothing is absent.
  package func lookUp(_ key: Key) -> Record?? { generations.lookUp(Place(key)) }

  /// The same, by the key's place.
  func lookUp(_ place: Place) -> Record?? { generations.lookUp(place) }

  /// Tells what the store holds for a key.
  ///
  /// - Parameters:
  ///   - key: the key.
  ///   - record: its record, or nothing where the store has none.
  package func learn(_ key: Key, _ record: Record?) { generations.remember(Place(key), record) }

  /// Applies what decisions changed.
  package func apply(_ changes: Changes) { generations.apply(changes) }

  /// Applies one record that decisions changed, by its number there.
  ///
  /// - Returns: what was known of its key before.
  func replace(_ number: Int, of changes: Changes) -> Record?? {
    generations.replace(changes.places.all[number], changes.records.values[number])
  }

  /// Forgets everything; whoever calls this applies again what is being committed.
  package func forget() { generations.forget() }

  /// Forgets what is not worth its memory, after a commit.
  ///
  /// - Parameter uncommitted: what was decided since, and stays.
  package func settle(keeping uncommitted: Changes = Changes()) {
    generations.settle(keeping: uncommitted)
  }
}

/// The tables of a state. One value, so that the class around it is entered once for each look-up and not
/// once for each table.
private struct Generations {
  private var younger = Known()
  private var older = Known()
  private var shortLived = Known()
  private var youngerWeight = 0
  private let weightMax: Int

  init(weightMax: Int) { self.weightMax = weightMax }

  var count: Int { younger.count + older.count + shortLived.count }

  mutating func lookUp(_ place: Place) -> Record?? {
    if place.isShortLived { return shortLived[place] }
    if let found = younger[place] { return found }
    guard let found = older[place] else { return shortLived[place] }
    remember(place, found)
    return found
  }

  mutating func apply(_ changes: Changes) {
    for number in changes.records.indices {
      remember(changes.places.all[number], changes.records.values[number])
    }
  }

  mutating func forget() { self = Generations(weightMax: weightMax) }

  mutating func replace(_ place: Place, _ record: Record) -> Record?? {
    if place.isShortLived { return shortLived.replace(place, record) }
    youngerWeight += Record?.some(record).weight
    // Where it was read before it is written, as mostly, it is in the younger generation.
    return younger.replace(place, record) ?? older[place] ?? shortLived[place]
  }

  mutating func settle(keeping uncommitted: Changes) {
    shortLived.removeAll(keepingCapacity: shortLived.count <= Generations.shortLivedKept)
    // What weighs more than everything together may is not kept at all.
    let dropsAll = youngerWeight > weightMax
    if youngerWeight > weightMax / 2 {
      older = dropsAll ? Known() : younger
      younger = Known()
      youngerWeight = 0
    }
    for number in uncommitted.records.indices {
      let place = uncommitted.places.all[number]
      if dropsAll || place.isShortLived { remember(place, uncommitted.records.values[number]) }
    }
  }

  /// For so many the table is kept from commit to commit.
  private static let shortLivedKept = 4_096

  mutating func remember(_ place: Place, _ record: Record?) {
    if place.isShortLived || record == nil && place.isOfOneViewer {
      shortLived.set(place, record)
    } else {
      // A record that grows under its key counts anew each time: too early a drop costs a read, no more.
      youngerWeight += record.weight
      younger.set(place, record)
    }
  }
}

/// What is known of some keys: a record, or that there is none.
private struct Known {
  private var places = Places()
  private var records: [Record?] = []

  var count: Int { places.count }

  subscript(place: Place) -> Record?? { places.number(of: place).map { records[$0] } }

  mutating func set(_ place: Place, _ record: Record?) { _ = replace(place, record) }

  /// Sets a record, and gives what was known before.
  mutating func replace(_ place: Place, _ record: Record?) -> Record?? {
    let number = places.numberPuttingIn(place)
    guard number < records.count else {
      records.append(record)
      return nil
    }
    defer { records[number] = record }
    return .some(records[number])
  }

  mutating func removeAll(keepingCapacity: Bool) {
    places.removeAll(keepingCapacity: keepingCapacity)
    records.removeAll(keepingCapacity: keepingCapacity)
  }
}

extension Place {
  /// Whether it is hardly asked for twice: a report's id, unless it is repeated; somebody's first coming;
  /// an entry of a list that is only ever added to.
  fileprivate var isShortLived: Bool {
    switch kind {
    case .fact, .attendance, .rankChange, .quotaEntry, .statement, .statementLine, .deadLetter,
      .revocation:
      true
    default: false
    }
  }

  /// Whether it is about somebody who watches: there are many of them, most without a lock or a visit,
  /// and that nothing is known of them is not worth remembering.
  fileprivate var isOfOneViewer: Bool {
    switch kind {
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
    case .none, .balance, .stock: 320
    default: 512
    }
  }
}
