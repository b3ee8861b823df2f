// What every loop shares: the ways to the writer and the reader, keys, options, health. Immutable or
// synchronized inside, so any thread may use it.

import Commerce
import Coordination
import Synchronization
import Wire

/// What every loop of a server shares.
struct ServerContext: Sendable {
  /// To the writer.
  let writer: Mailbox<WriterMessage>
  /// To the reader.
  let reader: Mailbox<ReaderMessage>
  /// Verifies tokens and links, issues guest tokens.
  let keyring: Keyring
  /// What the operator chose.
  let options: ServerOptions
  /// Counters and readiness.
  let health: Health
  /// The log.
  let log: Log
  /// The wall clock.
  let clock: @Sendable () -> Timestamp

  /// What decoding a call needs to know.
  var environment: CallEnvironment { keyring.environment(now: clock(), zone: options.zone) }

  /// Hands a call on to whoever answers it.
  ///
  /// - Returns: false where too many wait; then nothing will happen.
  func submit(_ call: Call, _ caller: Caller, _ address: ReplyAddress) -> Bool {
    let isTaken: Bool
    if case .query(let query) = call {
      isTaken = reader.offer(ReaderMessage(query: query, caller: caller, address: address))
    } else {
      isTaken = writer.offer(.call(call, caller, address))
    }
    if isTaken {
      health.callsAccepted.add(1, ordering: .relaxed)
    } else {
      health.callsRefusedBusy.add(1, ordering: .relaxed)
    }
    return isTaken
  }
}
