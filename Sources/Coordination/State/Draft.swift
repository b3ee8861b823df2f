import Commerce
import Commission
import Ledger
import Notation

/// A decision in the making: reads the state, collects changes, and leaves the state as it was.
///
/// Every read of an unknown key throws `Stop.missing`; the shell loads the key and decides again from
/// the start, which is safe because nothing was changed.
package struct Draft {
  /// The storefront on whose behalf it decides.
  package let storefrontID: StorefrontID
  /// The moment of the decision.
  package let now: Timestamp
  /// What the decision changes so far.
  package private(set) var changes = Changes()
  /// What was reckoned last; see `settlement`.
  var settled: Settled?
  /// The storefront, once it was read: every step of a decision asks for it. As a record, which is one
  /// reference: a draft is copied on its way.
  private var known: Record?
  private let state: State

  /// Starts a decision.
  ///
  /// - Parameters:
  ///   - state: what is known.
  ///   - storefront: on whose behalf.
  ///   - now: the moment, stamped by the shell.
  package init(state: State, storefront: StorefrontID, now: Timestamp) {
    self.state = state
    self.storefrontID = storefront
    self.now = now
  }

  /// Reads any record, as this decision has left it.
  package func read(_ key: Key) throws(Stop) -> Record? {
    let place = Place(key)
    if let record = changes[place] { return record }
    guard let found = state.lookUp(place) else { throw .missing([key]) }
    return found
  }

  /// Changes any record.
  mutating func write(_ key: Key, _ record: Record) {
    if case .storefront = key { known = nil }
    changes.set(key, record)
  }

  /// Reads the storefront for all the steps of the decision; refuses where there is none.
  mutating func begin() throws(Stop) { known = .storefront(try storefront()) }

  /// Asks for many keys at once, so that a cold state is loaded in one step.
  func need(_ keys: [Key]) throws(Stop) {
    var unknown: [Key] = []
    unknown.reserveCapacity(keys.count)
    for index in keys.indices {
      let place = Place(keys[index])
      if state.lookUp(place) == nil, changes[place] == nil { unknown.append(keys[index]) }
    }
    if !unknown.isEmpty { throw .missing(unknown) }
  }

  /// Adds the next event of a room.
  mutating func publish(_ kind: String, in room: RoomID, _ payload: JSON) throws(Stop) {
    var progress = try roomProgress(room)
    progress.offset += 1
    write(.roomProgress(storefrontID, room), .roomProgress(progress))
    changes.events.append(
      RoomEvent(
        storefront: storefrontID, room: room, epoch: progress.epoch, offset: progress.offset,
        at: now,
        kind: kind, payload: payload))
  }

  /// Books a transaction as the next of the storefront's ledger and moves the balances.
  ///
  /// - Returns: its sequence; the present one where there is nothing to book.
  @discardableResult
  mutating func book(_ cause: Cause, _ postings: Postings) throws(Stop) -> Int64 {
    var progress = try storefrontProgress()
    let booked = postings.booked
    guard !booked.isEmpty else { return progress.sequence }
    for posting in booked {
      let balance = try Draft.sum(
        try balance(posting.account), posting.amount, posting.account.name)
      write(.balance(storefrontID, posting.account), .balance(balance))
    }
    progress.sequence += 1
    let transaction = Transaction(
      sequence: progress.sequence, at: now, cause: cause, currency: try storefront().currency,
      postings: booked)
    write(.storefrontProgress(storefrontID), .storefrontProgress(progress))
    changes.transactions.append(
      BookedTransaction(storefront: storefrontID, transaction: transaction))
    return progress.sequence
  }
}

extension Draft {
  /// What a balance or a total may come to, either way: far enough from 64 bits that nothing which is
  /// reckoned from a few of them overflows.
  static let totalMax = Amount(4_000_000_000_000_000_000)

  /// Adds to a balance or total that grows over all orders. Each amount from outside is held to
  /// `Amount.limit`, but nobody counts how many there are: books that are full refuse, for all the
  /// storefronts of a server stop with it.
  ///
  /// - Parameters:
  ///   - total: so far.
  ///   - amount: to be added.
  ///   - name: of the total, for the refusal.
  /// - Returns: the sum.
  /// - Throws: `invalid_field`.
  static func sum(
    _ total: Amount, _ amount: Amount, _ name: @autoclosure () -> String
  ) throws(Stop) -> Amount {
    let (sum, overflows) = total.minorUnits.addingReportingOverflow(amount.minorUnits)
    guard !overflows, sum.magnitude <= totalMax.minorUnits.magnitude else {
      throw .refuse(.invalidField, "The books cannot hold more than \(totalMax) in \(name()).")
    }
    return Amount(sum)
  }
}

// MARK: Typed reads

extension Draft {
  /// The storefront; refuses where there is none.
  package func storefront() throws(Stop) -> Storefront {
    if case .storefront(let known)? = known { return known }
    guard case .storefront(let found)? = try read(.storefront(storefrontID)) else {
      throw .refuse(.unknownStorefront, "There is no storefront \(storefrontID).")
    }
    return found
  }

  /// The storefront's totals and ledger head.
  package func storefrontProgress() throws(Stop) -> StorefrontProgress {
    guard case .storefrontProgress(let found)? = try read(.storefrontProgress(storefrontID)) else {
      return StorefrontProgress()
    }
    return found
  }

  /// A version of the plan that an order or the storefront names.
  package func plan(version: Int64) throws(Stop) -> Plan { try planVersion(version).plan }

  /// A version of the storefront's plan with what was accepted for it.
  package func planVersion(_ version: Int64) throws(Stop) -> PlanVersion {
    guard case .planVersion(let found)? = try read(.planVersion(storefrontID, version)) else {
      preconditionFailure("an order or storefront names a plan version that was never stored")
    }
    return found
  }

  /// The version of the plan that held at a moment: the last one that was activated at or before it, the
  /// first one before all of them.
  func planVersion(inForceAt at: Timestamp) throws(Stop) -> PlanVersion {
    var version = try planVersion(try storefront().planVersion)
    while version.number > 1, at < now, version.activatedAt > at {
      version = try planVersion(version.number - 1)
    }
    return version
  }

  func product(_ id: ProductID) throws(Stop) -> Product? {
    guard case .product(let found)? = try read(.product(id)) else { return nil }
    return found
  }

  /// A SKU, or nothing where the catalogue has none.
  package func sku(_ id: SKUID) throws(Stop) -> SKU? {
    guard case .sku(let found)? = try read(.sku(id)) else { return nil }
    return found
  }

  /// The stock of a SKU.
  package func stock(_ id: SKUID) throws(Stop) -> Stock {
    guard case .stock(let found)? = try read(.stock(id)) else { return Stock(supplied: nil) }
    return found
  }

  /// A member, or nothing where there is none.
  package func member(_ id: MemberID) throws(Stop) -> Member? {
    guard case .member(let found)? = try read(.member(storefrontID, id)) else { return nil }
    return found
  }

  func viewer(_ id: ViewerID) throws(Stop) -> Viewer {
    guard case .viewer(let found)? = try read(.viewer(storefrontID, id)) else {
      return Viewer(id: id, lock: nil)
    }
    return found
  }

  func visits(_ viewer: ViewerID, _ room: RoomID) throws(Stop) -> Visits {
    guard case .visits(let found)? = try read(.visits(storefrontID, viewer, room)) else {
      return Visits()
    }
    return found
  }

  func link(_ id: LinkID) throws(Stop) -> Link? {
    guard case .link(let found)? = try read(.link(storefrontID, id)) else { return nil }
    return found
  }

  /// A room; refuses where there is none.
  package func room(_ id: RoomID) throws(Stop) -> Room {
    guard case .room(let found)? = try read(.room(storefrontID, id)) else {
      throw .refuse(.unknownRoom, "There is no room \(id).", field: "room")
    }
    return found
  }

  /// A room's counters and event offset.
  package func roomProgress(_ id: RoomID) throws(Stop) -> RoomProgress {
    guard case .roomProgress(let found)? = try read(.roomProgress(storefrontID, id)) else {
      return RoomProgress(epoch: now.milliseconds)
    }
    return found
  }

  func listing(_ room: RoomID, _ sku: SKUID) throws(Stop) -> Listing? {
    guard case .listing(let found)? = try read(.listing(storefrontID, room, sku)) else {
      return nil
    }
    return found
  }

  /// An order; refuses where there is none.
  package func order(_ id: OrderID) throws(Stop) -> Order {
    guard case .order(let found)? = try read(.order(storefrontID, id)) else {
      throw .refuse(.unknownOrder, "There is no order \(id).", field: "order")
    }
    return found
  }

  /// The balance of an account.
  package func balance(_ account: Account) throws(Stop) -> Amount {
    guard case .balance(let found)? = try read(.balance(storefrontID, account)) else {
      return .zero
    }
    return found
  }

  /// What a member earns in a room, or in total.
  package func earnings(_ member: MemberID, _ room: RoomID?) throws(Stop) -> Earnings {
    guard case .earnings(let found)? = try read(.earnings(storefrontID, member, room)) else {
      return Earnings()
    }
    return found
  }

  /// How the commission module sees the tree of members.
  func standing(_ id: MemberID, under plan: Plan) throws(Stop) -> Standing? {
    guard let member = try member(id) else { return nil }
    // A rank of an earlier plan that this one does not know counts as its lowest.
    let rank = plan.rank(named: member.rank) ?? plan.lowestRank
    return Standing(inviter: member.inviter, rank: rank)
  }
}
