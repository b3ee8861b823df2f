// Bugs of the kinds that other systems have, planted between the real core and the real world: in what
// the store is given, in what it gives back, and in what is published. They show that the checkers would
// see them. Nothing of this is in the product. The simulation's thread only.

import Commerce
import Commission
import Coordination
import Ledger
import Notation
import Server

/// A bug planted on purpose.
package enum PlantedFault: String, CaseIterable, Sendable {
  /// What rounding leaves is credited to nobody, nor taken from the buyers.
  case droppedRemainder
  /// A paid order is settled twice.
  case doubleSettlement
  /// An event is stored and never pushed.
  case lostEvent
  /// An event is pushed twice.
  case repeatedEvent
  /// A viewer's lock is read from an old copy.
  case staleLock
  /// One unit more than there is can be sold.
  case oversellByOne
  /// An order pins ranks and pact of another moment.
  case wrongSnapshot
  /// What an order pins is looked up again when it is refunded.
  case thawedSnapshot
  /// The disk says that a commit is safe and forgets it with the process.
  case forgottenCommit
  /// The half of a commit survives the process.
  case tornCommit
  /// The last figures of a ticker are never pushed.
  case staleTicker
  /// The fact behind an answer is not kept, so that a repeat is decided anew.
  case forgottenFact
  /// A report and its answer are kept, and the payment that it reports is not.
  case paymentWithoutEffect
  /// The same of a delivery.
  case deliveryWithoutEffect
  /// The same of a dispute.
  case disputeWithoutEffect
  /// The same of a cancellation.
  case cancellationWithoutEffect
  /// Some orders are never due for release.
  case forgottenRelease
  /// Some unpaid orders never expire.
  case forgottenExpiry
  /// A new lock is stored with another promoter.
  case wrongLock
  /// A new visit is stored with another promoter.
  case wrongVisit
  /// The lock decides before the visit.
  case wrongPrecedence

  /// What has to be on for the bug to show at all.
  var needs: [Feature] {
    switch self {
    case .staleLock, .oversellByOne: [.coldCache]
    case .wrongSnapshot: [.coldCache, .promotions, .lateReports]
    case .thawedSnapshot: [.coldCache, .refunds]
    case .forgottenCommit: [.deathWhilePublishing]
    case .tornCommit: [.deathBeforeCommit, .batches]
    case .forgottenFact: [.coldCache, .repeats]
    case .droppedRemainder, .doubleSettlement: [.coldCache]
    case .disputeWithoutEffect: [.coldCache, .disputes]
    case .paymentWithoutEffect, .deliveryWithoutEffect, .cancellationWithoutEffect: [.coldCache]
    case .wrongLock, .wrongVisit, .wrongPrecedence: [.coldCache]
    case .forgottenRelease, .forgottenExpiry: []
    case .lostEvent, .repeatedEvent, .staleTicker: []
    }
  }
}

extension PlantedFault {
  /// The rules of which one has to find it, whatever else does.
  var rules: Set<SimulationRule> {
    switch self {
    case .droppedRemainder, .wrongSnapshot: [.shares]
    case .doubleSettlement: [.once]
    case .lostEvent, .repeatedEvent: [.stream]
    case .staleLock: [.lock]
    case .oversellByOne: [.oversell]
    case .thawedSnapshot: [.frozen]
    // What is gone shows wherever it is missed first.
    case .forgottenCommit: [.acknowledged, .stream, .books]
    case .tornCommit: [.books, .shares, .stream, .ticker, .frozen]
    case .staleTicker: [.ticker]
    case .forgottenFact: [.acknowledged]
    case .paymentWithoutEffect, .deliveryWithoutEffect, .disputeWithoutEffect,
      .cancellationWithoutEffect:
      [.acknowledged]
    case .forgottenRelease, .forgottenExpiry: [.release]
    case .wrongLock, .wrongVisit, .wrongPrecedence: [.attribution]
    }
  }

  /// What this bug makes of the changes that are to be stored.
  func stored(_ changes: Changes, over memory: MemoryStore) -> Changes {
    switch self {
    case .droppedRemainder: droppingRemainders(changes)
    case .doubleSettlement: settlingTwice(changes)
    case .wrongSnapshot:
      repinning(changes) { order in
        memory.records[.order(Simulation.storefront, order.id)] == nil
      }
    case .thawedSnapshot:
      repinning(changes) { order in
        guard
          case .order(let before)? = memory.records[.order(Simulation.storefront, order.id)]
        else { return false }
        return before.net != order.net
      }
    case .oversellByOne:
      editing(changes) { _, record in
        // What was read was one too many; it is stored as it came in.
        guard case .stock(var stock) = record, let supplied = stock.supplied else { return record }
        stock.supplied = supplied - 1
        return .stock(stock)
      }
    case .forgottenFact:
      editing(changes) { key, record in
        guard case .fact(_, let id) = key, id.hasPrefix("refund/") else { return record }
        return nil
      }
    case .paymentWithoutEffect: effectless(changes, "payment/")
    case .deliveryWithoutEffect: effectless(changes, "delivery/")
    case .disputeWithoutEffect: effectless(changes, "dispute/")
    case .cancellationWithoutEffect: effectless(changes, "cancellation/")
    case .wrongLock, .wrongVisit: rebinding(changes, over: memory)
    default: changes
    }
  }

  /// What this bug makes of a record that is read.
  func loaded(_ record: Record?, number: Int) -> Record? {
    switch (self, record) {
    case (.staleLock, .viewer(let viewer)?) where number.isMultiple(of: 3):
      .viewer(Viewer(id: viewer.id, lock: nil))
    case (.oversellByOne, .stock(var stock)?):
      { () -> Record in
        stock.supplied = stock.supplied.map { $0 + 1 }
        return .stock(stock)
      }()
    case (_, .storefront(let storefront)?): .storefront(loaded(storefront))
    default: record
    }
  }

  // MARK: Rewriting changes

  func editing(
    _ changes: Changes, _ edit: (Key, Record) -> Record?
  ) -> Changes {
    var edited = Changes()
    for (key, record) in changes.records {
      if let record = edit(key, record) { edited.set(key, record) }
    }
    edited.transactions = changes.transactions
    edited.events = changes.events
    return edited
  }

  private func droppingRemainders(_ changes: Changes) -> Changes {
    var edited = changes
    var dropped: Int64 = 0
    edited.transactions = changes.transactions.map { booked in
      let transaction = booked.transaction
      let shares = transaction.postings.filter { $0.account.member != nil }
      guard transaction.cause.kind == .sale,
        shares.contains(where: { $0.amount.minorUnits % 2 == 1 })
      else { return booked }
      dropped += 1
      return replacing(booked) { posting in
        switch posting.account {
        case .buyers: Posting(.buyers, posting.amount + Amount(1))
        case .platform: Posting(.platform, posting.amount - Amount(1))
        default: posting
        }
      }
    }
    guard dropped > 0 else { return changes }
    move(.buyers, by: dropped, in: &edited)
    move(.platform, by: -dropped, in: &edited)
    return edited
  }

  private func replacing(
    _ booked: BookedTransaction, _ edit: (Posting) -> Posting
  ) -> BookedTransaction {
    let old = booked.transaction
    let postings = old.postings.map(edit)
    let sum = postings.reduce(Amount.zero) { $0 + $1.amount }
    // A sale that the platform has no part in is left as it is.
    guard sum == .zero else { return booked }
    return BookedTransaction(
      storefront: booked.storefront,
      transaction: Transaction(
        sequence: old.sequence, at: old.at, cause: old.cause, currency: old.currency,
        postings: postings.filter { $0.amount != .zero }))
  }

  private func settlingTwice(_ changes: Changes) -> Changes {
    guard let last = changes.transactions.last,
      [.sale, .settlement].contains(last.transaction.cause.kind),
      case .storefrontProgress(var progress)? = changes[.storefrontProgress(last.storefront)]
    else { return changes }
    var edited = changes
    let sale = last.transaction
    progress.sequence += 1
    edited.set(.storefrontProgress(last.storefront), .storefrontProgress(progress))
    edited.transactions.append(
      BookedTransaction(
        storefront: last.storefront,
        transaction: Transaction(
          sequence: sale.sequence + 1, at: sale.at, cause: sale.cause, currency: sale.currency,
          postings: sale.postings)))
    for posting in sale.postings {
      move(posting.account, by: posting.amount.minorUnits, in: &edited)
    }
    return edited
  }

  private func move(_ account: Account, by amount: Int64, in changes: inout Changes) {
    let key = Key.balance(Simulation.storefront, account)
    guard case .balance(let balance)? = changes[key] else { return }
    changes.set(key, .balance(balance + Amount(amount)))
  }

  /// Orders that a condition holds for are pinned to other ranks and another pact.
  private func repinning(_ changes: Changes, where isMeant: (Order) -> Bool) -> Changes {
    editing(changes) { _, record in
      guard case .order(let order) = record, isMeant(order),
        let snapshot = repinned(order.snapshot)
      else { return record }
      return .order(order.pinned(to: snapshot))
    }
  }

  private func repinned(_ snapshot: Snapshot) -> Snapshot? {
    func edit(_ json: JSON) -> JSON {
      guard let members = json.members else {
        return json.elements.map { .array($0.map(edit)) } ?? json
      }
      return .object(
        members.map { member in
          switch (member.key, member.value) {
          case ("pactPpm", .integer(let ppm)):
            JSON.Member("pactPpm", .integer(ppm > 100_000 ? ppm - 100_000 : ppm + 100_000))
          case ("rank", .string("gold")): JSON.Member("rank", "ordinary")
          case ("rank", .string("senior")): JSON.Member("rank", "ordinary")
          case ("rankIndex", _) where json["rank"]?.text != "member": JSON.Member("rankIndex", 0)
          default: JSON.Member(member.key, edit(member.value))
          }
        })
    }
    return try? Snapshot(json: edit(snapshot.json))
  }
}

extension Order {
  /// The same order with another snapshot.
  fileprivate func pinned(to snapshot: Snapshot) -> Order {
    Order(
      id: id, room: room, buyer: buyer, lines: lines, placedAt: placedAt, expiresAt: expiresAt,
      receipt: receipt, snapshot: snapshot, planVersion: planVersion, paidAt: paidAt,
      deliveredAt: deliveredAt, cancelledAt: cancelledAt, hasExpired: hasExpired,
      disputes: disputes, releasedAt: releasedAt, delegation: delegation)
  }
}
