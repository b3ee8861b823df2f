// What every loop shares: the ways to the writer and the readers, keys, options, health. Immutable or
// synchronized inside, so any thread may use it.

import Commerce
import Coordination
import Synchronization
import Transport
import Wire

/// What every loop of a server shares.
struct ServerContext: Sendable {
  /// To the writer.
  let writer: Mailbox<WriterMessage>
  /// To the reader of what is answered from a page of rows or a short list.
  let reader: Mailbox<ReaderMessage>
  /// To the reader of what grows with all that is stored, so that nothing else waits for it.
  let longReader: Mailbox<ReaderMessage>
  /// The keys that verify tokens and links and sign guests' tokens, as long as they hold.
  let keys: LiveKeys
  /// Tokens that hold no more, whoever signed them.
  let revocations: Revocations
  /// What the operator chose.
  let options: ServerOptions
  /// Counters and readiness.
  let health: Health
  /// How often each address opens landing links that are genuine.
  let linkPaces = AddressPaces(CallLimits.linkPace)
  /// How often each address opens landing links that are not.
  let junkLinkPaces = AddressPaces(CallLimits.linkPace)
  /// What each person uses, over all sessions and loops.
  let persons = PersonLimits()
  /// The log.
  let log: Log
  /// The wall clock.
  let clock: @Sendable () -> Timestamp

  /// How many questions that take long may wait; with more, the last would be answered to nobody.
  static let longQuestionsWaitingMax = 200

  /// The keys that hold now.
  var keyring: Keyring { keys.current }

  /// Judges a token.
  ///
  /// - Parameter token: as it came.
  /// - Returns: who it is.
  /// - Throws: as `Keyring.caller`, and `token_revoked`.
  func caller(from token: String) throws(Fault) -> Caller {
    let caller = try keyring.caller(from: token, now: clock())
    guard !revocations.cover(caller) else {
      throw Fault("token_revoked", "The token was revoked.", status: 401)
    }
    return caller
  }

  /// Whether the token of a session would still open one, but for its time.
  func isStillTrusted(_ caller: Caller) -> Bool {
    guard let mark = caller.mark else { return true }
    return keyring.holds(mark) && !revocations.cover(caller)
  }

  /// What decoding a call needs to know.
  var environment: CallEnvironment {
    var environment = keyring.environment(
      now: clock(), moreWebhooks: options.webhooks, zone: options.zone)
    environment.isDemo = options.isDemo
    return environment
  }

  /// Hands a call on to whoever answers it.
  ///
  /// - Parameters:
  ///   - call: what is wanted.
  ///   - caller: by whom.
  ///   - address: where the answer belongs.
  ///   - outbox: takes what is for the writer.
  /// - Returns: false where too many wait; then nothing will happen.
  func submit(
    _ call: Call, _ caller: Caller, _ address: ReplyAddress,
    through outbox: inout Outbox<WriterMessage>
  ) -> Bool {
    let isTaken: Bool
    if case .query(let query) = call {
      let message = ReaderMessage(query: query, caller: caller, address: address)
      isTaken = (query.isLong ? longReader : reader).offer(message)
    } else {
      isTaken = outbox.offer(.call(call, caller, address))
    }
    if isTaken {
      health.callsAccepted.add(1, ordering: .relaxed)
    } else {
      health.callsRefusedBusy.add(1, ordering: .relaxed)
    }
    return isTaken
  }
}
