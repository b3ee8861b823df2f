// Faults of the kinds that other systems have, planted in a history between the core and the checker:
// they show that the checker would see them. Each rewrites entries as a program with that fault would
// have booked them. Values only; any thread.

import Commerce
import Commission
import Coordination
import Ledger

/// A kind of fault.
package enum HistoryFault: String, CaseIterable, Sendable {
  /// What rounding leaves is credited to nobody (33 + 33 + 33 of 100).
  case droppedRemainder
  /// A payment reported again is settled again.
  case doubleSettlement
  /// A refund looks the tree up as it is today.
  case todaysTree
  /// The promoter, the ranks and the relations are looked up again when the order is paid.
  case resolvedAtPayment
  /// A refund multiplies the stored share instead of settling what is left.
  case multipliedStoredAmount
  /// A clawback is cut to what is available; the platform swallows the rest.
  case truncatedClawback
  /// A refund after release takes from the frozen balance.
  case frozenBalanceDebited
  /// A refund after release is skipped.
  case skippedAfterRelease
  /// The return period is counted from payment.
  case freezeFromPayment
  /// A running total is credited once per line of the loop.
  case runningTotal
  /// A partial refund voids the whole commission.
  case partialRefundVoids
  /// A difference of rates goes below zero.
  case negativeDifference
  /// Every payee gets the whole of what was paid, out of the platform's pocket.
  case paysTheWholeToEach
  /// A debt is kept beside what is available instead of being offset.
  case debtBeside
  /// A bonus is booked a fen short.
  case shortBonus

  /// The rule that has to catch it, whatever else does.
  package var rule: HistoryRule {
    switch self {
    case .droppedRemainder: .conservation
    case .doubleSettlement: .once
    case .todaysTree, .resolvedAtPayment, .multipliedStoredAmount, .truncatedClawback,
      .runningTotal, .partialRefundVoids, .skippedAfterRelease:
      .share
    case .frozenBalanceDebited, .debtBeside: .state
    case .freezeFromPayment: .release
    case .negativeDifference: .negative
    case .paysTheWholeToEach: .bound
    case .shortBonus: .award
    }
  }

  /// The history as a program with this fault would have booked it; the same where it does not show.
  ///
  /// - Parameters:
  ///   - history: sound, from the beginning.
  ///   - plan: of the storefront.
  /// - Returns: the history with the fault in it.
  package func planted(in history: [HistoryStep], plan: Plan) -> [HistoryStep] {
    var planting = Planting(fault: self, book: HistoryBook(plan: plan))
    return history.map { planting.rewrite($0) }
  }
}

/// Rewrites a history step by step.
private struct Planting {
  let fault: HistoryFault
  var book: HistoryBook
  private var sales: [FactID: HistoryEntry] = [:]
  private var released: Set<OrderID> = []

  init(fault: HistoryFault, book: HistoryBook) {
    self.fault = fault
    self.book = book
  }

  mutating func rewrite(_ step: HistoryStep) -> HistoryStep {
    let before = book.orders
    book.take(step)
    var step = step
    if case .pay(_, let payment, _, _) = step.command {
      if let first = step.entries.first { sales[payment] = first }
      if fault == .doubleSettlement, step.isRepeat, let sale = sales[payment] {
        step.entries.append(sale)
      }
    }
    step.entries = step.entries.map { entry in
      var entry = entry
      let id = OrderID(trusted: entry.cause.subject)
      if let life = book.orders[id] {
        switch entry.cause.kind {
        case .sale: rewriteSale(&entry, life)
        case .refund: if let earlier = before[id] { rewriteRefund(&entry, id, life, earlier) }
        case .release: rewriteRelease(&entry, life)
        case .payout, .payoutReturned, .award, .settlement: break
        }
        if entry.cause.kind == .release { released.insert(id) }
      } else if fault == .shortBonus, entry.cause.kind == .award {
        entry.postings = entry.postings.map {
          Posting($0.account, $0.amount - Amount($0.amount.minorUnits.signum()))
        }
      }
      if fault == .debtBeside { keepDebt(&entry) }
      return entry
    }
    return step
  }

  // MARK: Sales

  private func rewriteSale(_ entry: inout HistoryEntry, _ life: ReportedLife) {
    guard let settled = book.settlement(of: life) else { return }
    switch fault {
    case .droppedRemainder:
      let isRounded = settled.lines.lazy.flatMap(\.shares).contains { share in
        guard let rate = share.rate else { return false }
        return share.base.minorUnits % 1_000_000 * Int64(rate.partsPerMillion) % 1_000_000 != 0
      }
      if isRounded { entry.add(.platform, -1) }
    case .resolvedAtPayment: replace(&entry, by: settledToday(life), instead: settled, false)
    case .runningTotal:
      var total: [MemberID: Int64] = [:]
      for line in settled.lines {
        for share in line.shares {
          // What stood in the total before this line is credited again.
          give(share.payee, total[share.payee, default: 0], &entry)
        }
        for share in line.shares { total[share.payee, default: 0] += share.amount.minorUnits }
      }
    case .negativeDifference:
      guard let first = settled.payees.first else { return }
      give(first.payee, -first.amount.minorUnits - 1, &entry)
    case .paysTheWholeToEach:
      for payee in settled.payees { give(payee.payee, life.net, &entry) }
    default: return
    }
  }

  private func settledToday(_ life: ReportedLife) -> Settlement? {
    book.settlement(of: life, under: book.snapshot(of: life.snapshot.participants))
  }

  /// Moves money from the platform to a member.
  private func give(
    _ member: MemberID, _ amount: Int64, _ entry: inout HistoryEntry, isReleased: Bool = false
  ) {
    entry.add(isReleased ? .available(member) : .pending(member), amount)
    entry.add(.platform, -amount)
  }

  /// Books what one settlement gives the members instead of what another one does.
  private func replace(
    _ entry: inout HistoryEntry, by new: Settlement?, instead old: Settlement, _ isReleased: Bool
  ) {
    guard let new else { return }
    for payee in old.payees {
      give(payee.payee, -payee.amount.minorUnits, &entry, isReleased: isReleased)
    }
    for payee in new.payees {
      give(payee.payee, payee.amount.minorUnits, &entry, isReleased: isReleased)
    }
  }

  // MARK: Refunds

  private func rewriteRefund(
    _ entry: inout HistoryEntry, _ id: OrderID, _ life: ReportedLife, _ earlier: ReportedLife
  ) {
    guard let before = book.settlement(of: earlier), let now = book.settlement(of: life) else {
      return
    }
    let isReleased = released.contains(id)
    switch fault {
    case .todaysTree:
      // What is due now as of today's tree, less what was due before as of today's tree.
      replace(&entry, by: settledToday(life), instead: now, isReleased)
      if let old = settledToday(earlier) { replace(&entry, by: before, instead: old, isReleased) }
    case .multipliedStoredAmount:
      let given = earlier.net - life.net
      for payee in before.payees {
        let wrong = payee.amount.multiplied(by: given, dividedBy: max(1, earlier.net)).minorUnits
        let right = payee.amount.minorUnits - now.total(of: payee.payee).minorUnits
        give(payee.payee, right - wrong, &entry, isReleased: isReleased)
      }
    case .truncatedClawback:
      for posting in entry.postings {
        guard case .debt = posting.account else { continue }
        entry.add(posting.account, -posting.amount.minorUnits)
        entry.add(.platform, posting.amount.minorUnits)
      }
    case .frozenBalanceDebited where isReleased:
      for posting in entry.postings {
        switch posting.account {
        case .available(let member), .debt(let member):
          entry.add(posting.account, -posting.amount.minorUnits)
          entry.add(.pending(member), posting.amount.minorUnits)
        default: continue
        }
      }
    case .skippedAfterRelease where isReleased: entry.postings = []
    case .partialRefundVoids where life.net > 0:
      for payee in now.payees {
        give(payee.payee, -payee.amount.minorUnits, &entry, isReleased: isReleased)
      }
    default: return
    }
  }

  // MARK: Releases and debt

  private func rewriteRelease(_ entry: inout HistoryEntry, _ life: ReportedLife) {
    guard fault == .freezeFromPayment, let paidAt = life.paidAt, let delivered = life.deliveredAt,
      // Paid and received on one day it is free on the same day either way.
      ReportedLife.day(paidAt) < ReportedLife.day(delivered)
    else { return }
    entry.at = ReportedLife.start(ofDay: ReportedLife.day(paidAt) + 8)
  }

  /// Books what would offset a debt as available.
  private mutating func keepDebt(_ entry: inout HistoryEntry) {
    for posting in entry.postings {
      guard case .debt(let member) = posting.account, posting.amount > .zero else { continue }
      entry.add(posting.account, -posting.amount.minorUnits)
      entry.add(.available(member), posting.amount.minorUnits)
    }
  }
}
