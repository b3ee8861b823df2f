// Tells one endpoint what was booked, in the order of the ledger, at least once.
//
// The ledger is the outbox: what is to be sent is read from it, and how far the endpoint was told is a
// record that the writer keeps. Nothing of it is here, so nothing is lost when the server ends at any
// moment; what was sent and not written down is sent again with the same id. One thread for each
// endpoint, with a read-only connection of its own: some events are sent, one after the other, until
// one fails or the turn has taken its time. What came of it is given to the writer, and there is no
// other turn before that is stored. So no commit waits for an endpoint, no endpoint for another, and an
// endpoint that fails is left alone for as long as the event that is next waits for its next attempt.
// Source: Protocol/webhooks.md; decision 0028.

import Commerce
import Coordination
import Storage
import Synchronization
import Transport

/// What is posted to the desk.
enum WebhookDeskMessage: Sendable {
  /// Something was booked, or somebody wants an endpoint to go on.
  case changed
  /// The writer has decided on what came of a turn; whether that is stored.
  case decided(isStored: Bool)
  /// Time to stop; what is not sent yet is found again at the next start.
  case stop
}

/// Sends the webhooks of one endpoint; owns the connection to it. One thread.
final class WebhookDesk {
  /// How many events one turn looks at.
  static let eventsPerTurn = 64
  /// A turn ends with the event that reaches this, milliseconds.
  static let turnMilliseconds: Int64 = 500
  /// How long to wait before looking again where nobody tells of anything.
  static let pauseMilliseconds: Int64 = 1_000
  /// The same while something waits for its moment.
  static let waitingPauseMilliseconds: Int64 = 250
  /// Half a second, doubled up to six hours.
  static let backoff = Backoff(baseMilliseconds: 500, limitMilliseconds: 21_600_000)

  private let mailbox: Mailbox<WebhookDeskMessage>
  private let writer: Mailbox<WriterMessage>
  private let reader: SQLiteReader
  private let health: Health
  private let clock: @Sendable () -> Timestamp
  private let endpoint: WebhookEndpoint
  private let client: WebhookClient
  private let cutoff: Cutoff
  private let failPoint: ArmedFailPoint?
  /// Whether what came of the last turn is with the writer.
  private var isHandedOver = false
  /// How often in a row that could not be stored.
  private var unstored: Int64 = 0
  /// Before this there is no turn, monotonic milliseconds.
  private var heldUntil: Int64 = 0

  init(
    mailbox: Mailbox<WebhookDeskMessage>, writer: Mailbox<WriterMessage>, reader: SQLiteReader,
    endpoint: WebhookEndpoint, timeoutMilliseconds: Int64, cutoff: Cutoff, health: Health,
    clock: @escaping @Sendable () -> Timestamp, failPoint: ArmedFailPoint? = nil
  ) {
    self.failPoint = failPoint
    self.mailbox = mailbox
    self.writer = writer
    self.reader = reader
    self.endpoint = endpoint
    self.health = health
    self.clock = clock
    self.cutoff = cutoff
    client = WebhookClient(
      endpoint, timeoutMilliseconds: timeoutMilliseconds, cutoff: cutoff, clock: clock)
  }

  /// Writes down where new endpoints begin, before anything can be booked.
  ///
  /// - Parameters:
  ///   - endpoints: of the key file; those whose storefront does not exist begin with its ledger.
  ///   - store: of a server that has not started yet.
  ///   - now: the moment.
  /// - Throws: what the store throws.
  static func begin(
    _ endpoints: [WebhookEndpoint], in store: any Store, at now: Timestamp
  ) throws {
    let coordinator = Coordinator(store: store)
    for endpoint in endpoints {
      let (storefront, id) = (endpoint.key.storefront, endpoint.key.endpoint)
      guard try coordinator.record(.storefront(storefront)) != nil,
        try coordinator.record(.webhookProgress(storefront, id)) == nil
      else { continue }
      var end: Int64 = 0
      if case .storefrontProgress(let found)? = try coordinator.record(
        .storefrontProgress(storefront))
      {
        end = found.sequence
      }
      _ = try coordinator.decide(
        .reportWebhook(id, .begin(after: endpoint.beginning(end: end))), by: .system,
        storefront: storefront, at: now)
    }
    _ = try coordinator.commit()
  }

  /// Works until it is told to stop.
  func run() {
    var pause: Int64 = 0
    while true {
      for message in mailbox.take(waitingMilliseconds: pause) {
        switch message {
        case .changed: break
        case .decided(let isStored): decided(isStored: isStored)
        case .stop: return
        }
      }
      pause = WebhookDesk.waitingPauseMilliseconds
      // What is told while nothing can be written down would be told again and again.
      guard !health.isStorageDown, !isHandedOver, monotonicMilliseconds() >= heldUntil else {
        continue
      }
      do {
        if try !look() { pause = WebhookDesk.pauseMilliseconds }
      } catch {
        health.readingFailed(error)
      }
    }
  }

  /// The writer has decided. Where nothing could be stored, the same events would be sent again at
  /// once, and again.
  private func decided(isStored: Bool) {
    isHandedOver = false
    unstored = isStored ? 0 : unstored + 1
    guard !isStored else { return }
    heldUntil =
      monotonicMilliseconds() + Backoff.standard.ceilingMilliseconds(afterFailures: unstored)
  }

  /// Looks at what is to be sent, and sends some of it.
  ///
  /// - Returns: whether something waits for its moment.
  private func look() throws -> Bool {
    let key = endpoint.key
    let found = try reader.moment {
      try reader.load([
        .storefront(key.storefront), .storefrontProgress(key.storefront),
        .webhookProgress(key.storefront, key.endpoint),
      ])
    }
    guard found[0] != nil else { return false }
    guard case .webhookProgress(let progress)? = found[2] else {
      // The storefront came after the server's start: all of its ledger is new.
      handOver(.begin(after: endpoint.beginning(end: 0)))
      return false
    }
    var sequence: Int64 = 0
    if case .storefrontProgress(let totals)? = found[1] { sequence = totals.sequence }
    health.webhooks.sees(progress, sequence: sequence, at: key)
    guard progress.isDue(at: clock()) else { return progress.stoppedAt == nil }
    try turn(progress)
    return false
  }

  /// Sends what is next, in order, until one event fails.
  private func turn(_ progress: WebhookProgress) throws {
    let entries = try reader.ledgerEntries(
      endpoint.key.storefront, from: progress.next, to: progress.replay?.through ?? Int64.max,
      limit: WebhookDesk.eventsPerTurn, postingsMax: Queries.postingsPerPage)
    guard !entries.isEmpty else { return }
    var turn = WebhookTurn(progress)
    let began = monotonicMilliseconds()
    for entry in entries {
      let sequence = entry.transaction.sequence
      if endpoint.wants(entry.transaction.cause.kind) {
        if !turn.sent.isEmpty, monotonicMilliseconds() - began >= WebhookDesk.turnMilliseconds {
          break
        }
        if let failure = client.send(entry) {
          // Cut off by a stop, which is not the endpoint's fault: sent again at the next start.
          if cutoff.hasPassed { break }
          let attempts = turn.through == turn.after ? progress.attempts + 1 : 1
          let wait = WebhookDesk.backoff.delayMilliseconds(
            afterFailures: attempts, chance: UInt64.random(in: 0...UInt64.max))
          turn.failure = failure
          turn.retryAt = clock().advanced(byMilliseconds: max(wait, 1))
          break
        }
        failPoint?.pass(.webhookSent)
        turn.sent.append(sequence)
      }
      turn.through = sequence
    }
    if cutoff.hasPassed, turn.sent.isEmpty { return }
    health.webhooks.sent(turn)
    handOver(.turn(turn))
  }

  private func handOver(_ report: WebhookReport) {
    isHandedOver = true
    writer.post(.webhook(endpoint.key, report))
  }
}

extension Changes {
  /// Whether there is something that endpoints are to be told of, or to be sent again.
  var wakesWebhooks: Bool {
    !transactions.isEmpty
      || records.contains { _, record in
        guard case .webhookProgress(let progress) = record else { return false }
        return progress.replay != nil
      }
  }
}
