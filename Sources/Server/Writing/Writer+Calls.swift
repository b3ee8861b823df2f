// Calls that are more than one command, and what time alone brings. Runs on the writer's thread.

import Commerce
import Commission
import Coordination
import Notation

extension Writer {
  func importRows(_ rows: [ImportedRow], _ caller: Caller) throws -> JSON {
    var report = ImportReport()
    for row in rows {
      switch row.item {
      case .failure(let fault): report.reject(line: row.line, fault)
      case .success(let item):
        let outcome = try coordinator.decide(
          .importItem(item), by: .system, storefront: caller.storefront, at: now)
        switch outcome {
        case .success(let outcome): report.count(outcome.reply["outcome"]?.text ?? "")
        case .failure(let rejection): report.reject(line: row.line, Fault(rejection))
        }
      }
    }
    return report.json
  }

  func configure(_ wish: StorefrontWish, _ caller: Caller) throws -> Result<Answer, Fault> {
    var present: Storefront?
    var plan: Plan?
    if case .storefront(let found)? = try coordinator.record(.storefront(caller.storefront)) {
      present = found
      if case .planVersion(let version)? = try coordinator.record(
        .planVersion(caller.storefront, found.planVersion))
      {
        plan = version.plan
      }
    }
    do throws(Fault) {
      let (storefront, wanted) = try wish.completed(
        id: caller.storefront, present: present, plan: plan, at: now)
      let risks = RiskAcceptance.named(wish.acceptedRisks.map(\.rawValue), by: caller.person)
      return try decideFault(
        .configureStorefront(storefront, plan: wanted, risks: risks), caller)
    } catch {
      return .failure(error)
    }
  }

  /// `decide`, with a store that fails told apart as a fault.
  private func decideFault(
    _ command: Command, _ caller: Caller
  ) throws(Fault) -> Result<Answer, Fault> {
    do { return try decide(command, caller) } catch {
      health.storageFailed(error)
      throw .storageUnavailable
    }
  }

  /// Commits what waits, so that a question to the store sees it, then decides on its answer.
  func releaseDue(_ caller: Caller, _ address: ReplyAddress) throws {
    drain()
    let due = try store.dueReleases(caller.storefront, at: now, limit: Writer.sweepLimit)
    answer(
      address, try decide(.release(orders: due.orders, bonuses: due.bonuses), caller))
  }

  func payOut(
    _ statement: StatementID, until: Timestamp?, _ caller: Caller, _ address: ReplyAddress
  ) throws {
    drain()
    let known = try coordinator.record(.statement(caller.storefront, statement)) != nil
    // A repeat is answered with the first answer, whatever there would be to pay by now.
    let period = known ? .empty : try store.statementPeriod(caller.storefront, until: until)
    answer(address, try decide(.payOut(statement, until: until, period), caller))
  }

  /// Books what a commission service says of an order, or that it could not be asked.
  func settle(_ order: DelegatedOrder, _ answer: ServiceAnswer) {
    func decide(_ answer: ServiceAnswer) throws -> Result<Outcome, Rejection> {
      try coordinator.decide(
        .settle(order.order, revision: order.revision, answer), by: .system,
        storefront: order.storefront, at: now)
    }
    waiting.append(.settled(order))
    do {
      var outcome = try decide(answer)
      if case .failure(let rejection) = outcome {
        // The books cannot take it, such as where a total is full: that is a failure like others.
        let failure = Delegation.Failure(
          code: rejection.code.rawValue, message: rejection.message)
        outcome = try decide(ServiceAnswer(.failure(failure), retryAt: answer.retryAt))
      }
      if case .success(let outcome) = outcome, let word = outcome.reply["outcome"]?.text {
        health.settlements.decided(word)
      }
    } catch {
      failBatch(error)
    }
  }

  /// Writes down what an endpoint was told.
  func take(_ report: WebhookReport, of key: WebhookKey) {
    do {
      _ = try coordinator.decide(
        .reportWebhook(key.endpoint, report), by: .system, storefront: key.storefront, at: now)
      waiting.append(.webhook(key))
    } catch {
      waiting.append(.webhook(key))
      failBatch(error)
    }
  }

  /// Wakes whoever tells endpoints. A wake that waits already is as good as this one.
  func tellWebhooks(_ changes: Changes) {
    guard !webhooks.isEmpty, changes.wakesWebhooks else { return }
    for desk in webhooks.values { _ = desk.offer(.changed) }
  }

  /// What time alone brings: releases and expiries. Only between two batches, when the store is the writer's.
  /// It knows nothing then of what is decided and not stored: an order that is due only by that is found the
  /// next time, and one that no longer is, is passed over by the decision. What would make the batch too long
  /// is left to the next time, too; storefronts take turns at being the first.
  func sweep() {
    nextSweep = now.advanced(byMilliseconds: Writer.sweepMilliseconds)
    do {
      if health.isStorageDown {
        // A server that is not ready is given nothing to write: it has to find out by itself.
        try store.probe()
        health.storageAnswered()
      }
      let storefronts = try store.storefronts()
      let first = storefronts.firstIndex { $0.text > sweptLast } ?? 0
      for storefront in storefronts[first...] + storefronts[..<first] where !isBatchLong {
        sweptLast = storefront.text
        attempt { try sweep(storefront) }
      }
    } catch {
      health.storageFailed(error)
    }
  }

  /// Sweeps into a batch that holds nothing else and that nothing is decided on top of.
  func sweepAlone() {
    drain()
    sweepsAlone = false
    sweep()
    drain()
  }

  /// A decision that cannot be made changes nothing; those before it go with the batch.
  private func sweep(_ storefront: StorefrontID) throws {
    func decide(_ command: Command) throws {
      _ = try coordinator.decide(command, by: .system, storefront: storefront, at: now)
      hasSwept = true
    }
    let due = try store.dueReleases(storefront, at: now, limit: Writer.sweepLimit)
    if !due.isEmpty { try decide(.release(orders: due.orders, bonuses: due.bonuses)) }
    let expired = try store.expiredOrders(storefront, at: now, limit: Writer.sweepLimit)
    if !expired.isEmpty { try decide(.expire(expired)) }
  }
}
