// What endpoints were told of the ledger, and what they are told again. Source: Protocol/webhooks.md;
// decision 0028.

import Commerce
import Notation

extension Draft {
  /// Takes what the server reports about an endpoint.
  ///
  /// A report about a state that has passed meanwhile changes nothing: those events are sent again,
  /// with the same ids.
  /// - Parameters:
  ///   - report: what was sent.
  ///   - endpoint: to whom.
  /// - Returns: `{"outcome": "taken" | "stale"}`.
  /// - Throws: `Stop`.
  mutating func take(
    _ report: WebhookReport, of endpoint: EndpointID
  ) throws(Stop) -> JSON {
    let known = try webhookProgress(endpoint)
    switch (report, known) {
    case (.begin(let after), nil):
      write(endpoint, WebhookProgress(delivered: after))
      return ["outcome": "taken"]
    case (.turn(let turn), let progress?):
      return ["outcome": .string(try take(turn, progress, endpoint) ? "taken" : "stale")]
    default: return ["outcome": "stale"]
    }
  }

  private mutating func take(
    _ turn: WebhookTurn, _ before: WebhookProgress, _ endpoint: EndpointID
  ) throws(Stop) -> Bool {
    var progress = before
    guard turn.isReplay == (before.replay != nil) else {
      // A replay was asked for while new events were on their way; they have arrived all the same.
      guard !turn.isReplay, turn.after == before.delivered, turn.through > turn.after else {
        return false
      }
      progress.deliver(through: turn.through)
      write(endpoint, progress)
      return true
    }
    guard turn.after == before.next - 1, turn.through >= turn.after,
      before.replay.map({ turn.through <= $0.through }) ?? true
    else { return false }
    if turn.isReplay { try markDelivered(turn.sent, &progress, endpoint) }
    if turn.through > turn.after { progress.pass(through: turn.through) }
    if let failure = turn.failure {
      progress.fail(failure, at: now, retryAt: turn.retryAt ?? now)
      if progress.stoppedAt == nil, progress.attempts >= failure.kind.attemptsMax {
        try bury(failure, &progress, endpoint)
      }
    }
    write(endpoint, progress)
    return true
  }

  /// Gives the next event up, and goes on behind it.
  private mutating func bury(
    _ failure: WebhookFailure, _ progress: inout WebhookProgress, _ endpoint: EndpointID
  ) throws(Stop) {
    let sequence = progress.next
    let earlier = try deadLetter(endpoint, sequence)
    if earlier.map({ $0.deliveredAt != nil }) ?? true { progress.dead += 1 }
    write(
      .deadLetter(storefrontID, endpoint, sequence),
      .deadLetter(
        DeadLetter(
          sequence: sequence, attempts: progress.attempts, failure: failure, at: now)))
    progress.pass(through: sequence)
  }

  private mutating func markDelivered(
    _ sequences: [Int64], _ progress: inout WebhookProgress, _ endpoint: EndpointID
  ) throws(Stop) {
    try need(sequences.map { .deadLetter(storefrontID, endpoint, $0) })
    for sequence in sequences {
      guard var letter = try deadLetter(endpoint, sequence), letter.deliveredAt == nil else {
        continue
      }
      letter.deliveredAt = now
      progress.dead -= 1
      write(.deadLetter(storefrontID, endpoint, sequence), .deadLetter(letter))
    }
  }

  /// Has an endpoint told a run of events again, before anything new, and has it go on at once.
  ///
  /// - Parameters:
  ///   - endpoint: whom.
  ///   - from: the first sequence, ≥ 1; one above everything it was told sends nothing again.
  ///   - to: the last one, at most what it was told; none is all of that.
  /// - Returns: the endpoint, see `webhookView`.
  /// - Throws: `Stop`: `unknown_endpoint`, `invalid_field`, `replay_running`.
  mutating func replay(
    _ endpoint: EndpointID, from: Int64, to: Int64?
  ) throws(Stop) -> JSON {
    guard var progress = try webhookProgress(endpoint) else {
      throw .refuse(.unknownEndpoint, "There is no endpoint \(endpoint).", field: "endpoint")
    }
    let sequence = try storefrontProgress().sequence
    let last = min(progress.delivered, sequence)
    guard from <= last + 1 else {
      throw .refuse(
        .invalidField, "Only what was sent can be sent again: the last event was \(last).",
        field: "from")
    }
    let run = WebhookProgress.Replay(next: from, through: min(to ?? last, last))
    if let running = progress.replay, from <= last {
      // One that covers the rest of the other loses nothing of it.
      guard run.next <= running.next, run.through >= running.through else {
        throw .refuse(
          .replayRunning,
          "Events \(running.next) to \(running.through) are being sent again; wait, or cover them.")
      }
    }
    progress.resume(from <= last ? run : nil)
    write(endpoint, progress)
    return .object(webhookView(endpoint, progress, sequence: sequence))
  }

  private mutating func write(_ endpoint: EndpointID, _ progress: WebhookProgress) {
    write(.webhookProgress(storefrontID, endpoint), .webhookProgress(progress))
  }

  private func webhookProgress(_ endpoint: EndpointID) throws(Stop) -> WebhookProgress? {
    guard
      case .webhookProgress(let found)? = try read(.webhookProgress(storefrontID, endpoint))
    else { return nil }
    return found
  }

  private func deadLetter(
    _ endpoint: EndpointID, _ sequence: Int64
  ) throws(Stop) -> DeadLetter? {
    guard
      case .deadLetter(let found)? = try read(.deadLetter(storefrontID, endpoint, sequence))
    else { return nil }
    return found
  }
}

/// An endpoint, in the form of Protocol/schemas/webhooks.json, without what the key file says of it.
///
/// - Parameters:
///   - endpoint: whose.
///   - progress: how far it was told.
///   - sequence: of the storefront's last transaction.
/// - Returns: the members of an object.
package func webhookView(
  _ endpoint: EndpointID, _ progress: WebhookProgress, sequence: Int64
) -> [JSON.Member] {
  let state =
    progress.stoppedAt != nil ? "stopped" : progress.nextAttempt != nil ? "waits" : "runs"
  return [
    JSON.Member("endpoint", .string(endpoint.text)), JSON.Member("state", .string(state)),
    JSON.Member("delivered", .integer(progress.delivered)),
    JSON.Member("lag", .integer(max(0, sequence - progress.delivered))),
    JSON.Member("attempts", .integer(progress.attempts)),
    JSON.Member("nextAttempt", timeView(progress.nextAttempt)),
    JSON.Member("failure", progress.failure.map(webhookFailureView) ?? .null),
    JSON.Member("dead", .integer(progress.dead)),
    JSON.Member(
      "replay",
      progress.replay.map { ["next": .integer($0.next), "to": .integer($0.through)] } ?? .null),
    JSON.Member("stoppedAt", timeView(progress.stoppedAt)),
  ]
}

/// A dead letter, in the form of Protocol/schemas/webhooks.json.
///
/// - Parameter letter: any.
/// - Returns: an object.
package func deadLetterView(_ letter: DeadLetter) -> JSON {
  [
    "sequence": .integer(letter.sequence), "attempts": .integer(letter.attempts),
    "failure": webhookFailureView(letter.failure), "at": .string(letter.at.description),
    "deliveredAt": timeView(letter.deliveredAt),
  ]
}

private func webhookFailureView(_ failure: WebhookFailure) -> JSON {
  ["code": .string(failure.kind.rawValue), "message": .string(failure.message)]
}

private func timeView(_ time: Timestamp?) -> JSON {
  time.map { .string($0.description) } ?? .null
}
