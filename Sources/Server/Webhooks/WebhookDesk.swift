// Tells endpoints what was booked, in the order of the ledger, at least once.
//
// The ledger is the outbox: what is to be sent is read from it, and how far an endpoint was told is a
// record that the writer keeps. Nothing of it is here, so nothing is lost when the server ends at any
// moment; what was sent and not written down is sent again with the same id. One thread, with a
// read-only connection of its own. Each round gives every endpoint one turn: some events, one after
// the other, until one fails, or the turn has taken its time. What came of a turn is given to the
// writer, and the endpoint has no other turn before that is stored. So no commit waits for an
// endpoint, and an endpoint that hangs holds up the others for one time-out a round, and for fewer
// and fewer rounds: it is left alone for as long as the event that is next waits for its next attempt.
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
  case decided(WebhookKey, isStored: Bool)
  /// Time to stop; what is not sent yet is found again at the next start.
  case stop
}

/// Sends webhooks; owns the connections to their endpoints. One thread.
final class WebhookDesk {
  /// How many events one turn looks at.
  static let eventsPerTurn = 64
  /// A turn ends with the event that reaches this, milliseconds.
  static let turnMilliseconds: Int64 = 500
  /// How long to wait before looking again where nobody tells of anything.
  static let pauseMilliseconds: Int64 = 250
  /// Half a second, doubled up to six hours.
  static let backoff = Backoff(baseMilliseconds: 500, limitMilliseconds: 21_600_000)

  private let mailbox: Mailbox<WebhookDeskMessage>
  private let writer: Mailbox<WriterMessage>
  private let reader: SQLiteReader
  private let health: Health
  private let clock: @Sendable () -> Timestamp
  private let windows: [EndpointWindow]

  init(
    mailbox: Mailbox<WebhookDeskMessage>, writer: Mailbox<WriterMessage>, reader: SQLiteReader,
    endpoints: [WebhookEndpoint], timeoutMilliseconds: Int64, health: Health,
    clock: @escaping @Sendable () -> Timestamp
  ) {
    self.mailbox = mailbox
    self.writer = writer
    self.reader = reader
    self.health = health
    self.clock = clock
    windows = endpoints.map {
      EndpointWindow(
        $0, WebhookClient($0, timeoutMilliseconds: timeoutMilliseconds, clock: clock))
    }
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
    while true {
      for message in mailbox.take(waitingMilliseconds: WebhookDesk.pauseMilliseconds) {
        switch message {
        case .changed: break
        case .decided(let key, let isStored):
          windows.first { $0.endpoint.key == key }?.decided(isStored: isStored)
        case .stop: return
        }
      }
      // What is told while nothing can be written down would be told again and again.
      guard !health.isStorageDown else { continue }
      do { try round() } catch { health.readingFailed(error) }
    }
  }

  /// Gives every endpoint a turn.
  private func round() throws {
    var figures = (lag: 0, dead: 0, stopped: 0)
    for window in windows {
      let key = window.endpoint.key
      let found = try reader.load([
        .storefront(key.storefront), .storefrontProgress(key.storefront),
        .webhookProgress(key.storefront, key.endpoint),
      ])
      guard found[0] != nil else { continue }
      guard case .webhookProgress(let progress)? = found[2] else {
        // The storefront came after the server's start: all of its ledger is new.
        if !window.isHandedOver {
          handOver(.begin(after: window.endpoint.beginning(end: 0)), of: window)
        }
        continue
      }
      if case .storefrontProgress(let totals)? = found[1] {
        figures.lag += Int(max(0, totals.sequence - progress.delivered))
      }
      figures.dead += Int(progress.dead)
      if progress.stoppedAt != nil { figures.stopped += 1 }
      if window.isReady, progress.isDue(at: clock()) { try turn(of: window, progress) }
    }
    health.webhookLag.store(figures.lag, ordering: .relaxed)
    health.webhookDeadLetters.store(figures.dead, ordering: .relaxed)
    health.webhooksStopped.store(figures.stopped, ordering: .relaxed)
  }

  /// Sends what is next, in order, until one event fails.
  private func turn(of window: EndpointWindow, _ progress: WebhookProgress) throws {
    let entries = try reader.ledgerEntries(
      window.endpoint.key.storefront, from: progress.next,
      to: progress.replay?.through ?? Int64.max, limit: WebhookDesk.eventsPerTurn,
      postingsMax: Queries.postingsPerPage)
    guard !entries.isEmpty else { return }
    var turn = WebhookTurn(progress)
    let began = monotonicMilliseconds()
    for entry in entries {
      let sequence = entry.transaction.sequence
      if window.endpoint.wants(entry.transaction.cause.kind) {
        if !turn.sent.isEmpty, monotonicMilliseconds() - began >= WebhookDesk.turnMilliseconds {
          break
        }
        if let failure = window.client.send(entry) {
          health.webhookFailures.add(1, ordering: .relaxed)
          let attempts = turn.through == turn.after ? progress.attempts + 1 : 1
          let wait = WebhookDesk.backoff.delayMilliseconds(
            afterFailures: attempts, chance: UInt64.random(in: 0...UInt64.max))
          turn.failure = failure
          turn.retryAt = clock().advanced(byMilliseconds: max(wait, 1))
          break
        }
        turn.sent.append(sequence)
      }
      turn.through = sequence
    }
    health.webhooksDelivered.add(turn.sent.count, ordering: .relaxed)
    handOver(.turn(turn), of: window)
  }

  private func handOver(_ report: WebhookReport, of window: EndpointWindow) {
    window.isHandedOver = true
    writer.post(.webhook(window.endpoint.key, report))
  }
}

/// One endpoint with its connection. Belongs to the desk's thread.
private final class EndpointWindow {
  let endpoint: WebhookEndpoint
  let client: WebhookClient
  /// Whether what came of its last turn is with the writer.
  var isHandedOver = false
  /// How often in a row that could not be stored.
  private var unstored: Int64 = 0
  /// Before this it has no turn, monotonic milliseconds.
  private var heldUntil: Int64 = 0

  init(_ endpoint: WebhookEndpoint, _ client: WebhookClient) {
    self.endpoint = endpoint
    self.client = client
  }

  /// Whether it may have a turn.
  var isReady: Bool { !isHandedOver && monotonicMilliseconds() >= heldUntil }

  /// The writer has decided. Where nothing could be stored, the same events would be sent again at
  /// once, and again.
  func decided(isStored: Bool) {
    isHandedOver = false
    unstored = isStored ? 0 : unstored + 1
    guard !isStored else { return }
    heldUntil =
      monotonicMilliseconds()
      + Backoff.standard.ceilingMilliseconds(afterFailures: unstored)
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
