// Keys as the tables of the state want them. A decision looks some two hundred keys up: here the hash of
// a key is reckoned once for all its tables, and two keys are compared by a few words.

import Commerce
import Ledger

/// A key, flat and with its hash.
struct Place {
  /// What kind of record stands there.
  enum Kind: UInt8 {
    case product, sku, stock, storefront, storefrontProgress, planVersion, productSet, member,
      grants
    case viewer, visits, attendance, link, linkRefusals, room, roomProgress, listing, order, fact
    case bonus, statement, statementLine, balance, earnings, memberProgress, rankChange, quota
    case quotaEntry, invite, webhookProgress, deadLetter, revocation
  }

  let hash: UInt64
  let kind: Kind
  /// A number in the key, or which of several forms it has.
  let number: Int64
  /// The texts of the ids in the key; empty where it has fewer.
  let first: String
  let second: String
  let third: String

  private init(
    _ kind: Kind, _ first: Name, _ second: Name = .none, _ third: Name = .none, number: Int64 = 0
  ) {
    self.kind = kind
    self.number = number
    self.first = first.text
    self.second = second.text
    self.third = third.text
    var hash = UInt64(kind.rawValue) | UInt64(bitPattern: number) << 8
    hash = TableHash.folded(hash, first.hash)
    hash = TableHash.folded(hash, second.hash)
    self.hash = TableHash.folded(hash, third.hash)
  }
}

/// A part of a key: an id of any kind, or a text.
private struct Name {
  let text: String
  let hash: UInt64

  static let none = Name(text: "", hash: 0)

  init(text: String, hash: UInt64) {
    self.text = text
    self.hash = hash
  }

  init<Tag>(_ id: Identifier<Tag>) { self.init(text: id.text, hash: id.hash) }

  init(_ text: String) { self.init(text: text, hash: TableHash.of(text)) }
}

extension Place {
  /// The place of a key.
  init(_ key: Key) {
    switch key {
    case .product(let id): self.init(.product, Name(id))
    case .sku(let id): self.init(.sku, Name(id))
    case .stock(let id): self.init(.stock, Name(id))
    case .storefront(let id): self.init(.storefront, Name(id))
    case .storefrontProgress(let id): self.init(.storefrontProgress, Name(id))
    case .planVersion(let storefront, let number):
      self.init(.planVersion, Name(storefront), number: number)
    case .productSet(let storefront, let id): self.init(.productSet, Name(storefront), Name(id))
    case .member(let storefront, let id): self.init(.member, Name(storefront), Name(id))
    case .grants(let storefront, let id): self.init(.grants, Name(storefront), Name(id))
    case .viewer(let storefront, let id): self.init(.viewer, Name(storefront), Name(id))
    case .visits(let storefront, let viewer, let room):
      self.init(.visits, Name(storefront), Name(viewer), Name(room))
    case .attendance(let storefront, let room, let viewer):
      self.init(.attendance, Name(storefront), Name(room), Name(viewer))
    case .link(let storefront, let id): self.init(.link, Name(storefront), Name(id))
    case .linkRefusals(let storefront, let id):
      self.init(.linkRefusals, Name(storefront), Name(id))
    case .room(let storefront, let id): self.init(.room, Name(storefront), Name(id))
    case .roomProgress(let storefront, let id):
      self.init(.roomProgress, Name(storefront), Name(id))
    case .listing(let storefront, let room, let sku):
      self.init(.listing, Name(storefront), Name(room), Name(sku))
    case .order(let storefront, let id): self.init(.order, Name(storefront), Name(id))
    case .fact(let storefront, let id): self.init(.fact, Name(storefront), Name(id))
    case .bonus(let storefront, let id): self.init(.bonus, Name(storefront), Name(id))
    case .statement(let storefront, let id): self.init(.statement, Name(storefront), Name(id))
    case .statementLine(let storefront, let statement, let member):
      self.init(.statementLine, Name(storefront), Name(statement), Name(member))
    case .balance(let storefront, let account): self.init(storefront, account)
    case .earnings(let storefront, let member, nil):
      self.init(.earnings, Name(storefront), Name(member))
    case .earnings(let storefront, let member, let room?):
      self.init(.earnings, Name(storefront), Name(member), Name(room))
    case .memberProgress(let storefront, let id):
      self.init(.memberProgress, Name(storefront), Name(id))
    case .rankChange(let storefront, let id, let number):
      self.init(.rankChange, Name(storefront), Name(id), number: number)
    case .quota(let storefront, let id): self.init(.quota, Name(storefront), Name(id))
    case .quotaEntry(let storefront, let id, let number):
      self.init(.quotaEntry, Name(storefront), Name(id), number: number)
    case .invite(let storefront, let id): self.init(.invite, Name(storefront), Name(id))
    case .webhookProgress(let storefront, let id):
      self.init(.webhookProgress, Name(storefront), Name(id))
    case .deadLetter(let storefront, let id, let sequence):
      self.init(.deadLetter, Name(storefront), Name(id), number: sequence)
    case .revocation(let storefront, let id): self.init(.revocation, Name(storefront), Name(id))
    }
  }

  /// The place of a balance: the number is the kind of account.
  private init(_ storefront: StorefrontID, _ account: Account) {
    let owner = Name(storefront)
    switch account {
    case .buyers: self.init(.balance, owner)
    case .supplier(let id): self.init(.balance, owner, Name(id), number: 1)
    case .platform: self.init(.balance, owner, number: 2)
    case .unsettled: self.init(.balance, owner, number: 3)
    case .pending(let id): self.init(.balance, owner, Name(id), number: 4)
    case .available(let id): self.init(.balance, owner, Name(id), number: 5)
    case .paid(let id): self.init(.balance, owner, Name(id), number: 6)
    case .debt(let id): self.init(.balance, owner, Name(id), number: 7)
    }
  }
}

/// A set of places, numbered from 0 in the order in which they first came; none is ever taken out alone.
///
/// What belongs to a place stands beside this in an array, under the place's number. A table of its own and
/// not a dictionary: a dictionary copies the key out of its storage to compare it, which for a key of
/// several texts costs more than finding it.
struct Places {
  /// In the order in which they first came.
  private(set) var all: [Place] = []
  /// A place stands in the slot that the lowest bits of its hash name, or in the first free one behind it.
  /// Their number is a power of two; half of them at least are free.
  private var slots: [Slot] = []

  private struct Slot {
    /// The highest bits of the place's hash, so that another place is seldom looked at.
    var mark: UInt32
    /// One more than the number of the place; 0 is free.
    var next: UInt32
  }

  /// How many places there are.
  var count: Int { all.count }

  /// Makes room for so many.
  mutating func reserve(_ count: Int) {
    all.reserveCapacity(count)
    grow(for: count)
  }

  /// Takes everything out.
  mutating func removeAll(keepingCapacity: Bool = false) {
    guard keepingCapacity else { return self = Places() }
    all.removeAll(keepingCapacity: true)
    for slot in slots.indices { slots[slot].next = 0 }
  }

  /// The number of a place; none where it is not here.
  func number(of place: Place) -> Int? {
    guard !all.isEmpty else { return nil }
    let number = Int(slots[slot(of: place)].next) - 1
    return number < 0 ? nil : number
  }

  /// The number of a place, which is put in where it is not here yet: then it is the last one.
  mutating func numberPuttingIn(_ place: Place) -> Int {
    if (all.count + 1) * 2 > slots.count { grow(for: all.count + 1) }
    let slot = slot(of: place)
    if slots[slot].next > 0 { return Int(slots[slot].next) - 1 }
    all.append(place)
    slots[slot] = Slot(mark: Places.mark(place), next: UInt32(all.count))
    return all.count - 1
  }

  /// Where a place stands, or would stand.
  private func slot(of place: Place) -> Int {
    let mark = Places.mark(place)
    var slot = Int(truncatingIfNeeded: place.hash) & (slots.count - 1)
    while slots[slot].next > 0 {
      if slots[slot].mark == mark, isSame(Int(slots[slot].next) - 1, place) { break }
      slot = (slot + 1) & (slots.count - 1)
    }
    return slot
  }

  /// Whether a place here is that of the same key; field by field, so that nothing is copied.
  private func isSame(_ number: Int, _ place: Place) -> Bool {
    all[number].hash == place.hash && all[number].kind == place.kind
      && all[number].number == place.number && all[number].second == place.second
      && all[number].third == place.third && all[number].first == place.first
  }

  /// Doubles the slots until half of them stay free.
  private mutating func grow(for count: Int) {
    var size = max(16, slots.count)
    while size < count * 2 { size *= 2 }
    guard size > slots.count else { return }
    slots = [Slot](repeating: Slot(mark: 0, next: 0), count: size)
    for (number, place) in all.enumerated() {
      var slot = Int(truncatingIfNeeded: place.hash) & (size - 1)
      while slots[slot].next > 0 { slot = (slot + 1) & (size - 1) }
      slots[slot] = Slot(mark: Places.mark(place), next: UInt32(number + 1))
    }
  }

  private static func mark(_ place: Place) -> UInt32 {
    UInt32(truncatingIfNeeded: place.hash >> 32)
  }
}
