// What calls are counted by: few words, none of them from outside, so that the number of samples never
// grows. Names of cases are the words. Pure.

import Coordination

/// What a call is about.
package enum CallFamily: Int, CaseIterable, Sendable {
  /// Storefronts, sets, members, ranks and invites.
  case people
  /// The catalogue.
  case catalogue
  /// Rooms and listings: what hosts do.
  case room
  /// Coming, going and watching figures: what viewers do.
  case presence
  /// Links and touches.
  case link
  /// Orders, payments, deliveries, refunds, disputes.
  case order
  /// Releases and statements.
  case money
  /// Questions, answered from a snapshot.
  case query
  /// What was refused before it was known, or may not be known: no token, no such path, no such field.
  case unread

  /// Sorts a call.
  init(_ call: Call) {
    switch call {
    case .command(let command): self = CallFamily(command)
    case .reports: self = .order
    case .importCatalogue: self = .catalogue
    case .configure: self = .people
    case .join, .leave, .subscribe, .unsubscribe: self = .presence
    case .releaseDue, .payOut: self = .money
    case .query: self = .query
    }
  }

  private init(_ command: Command) {
    switch command {
    case .importItem: self = .catalogue
    case .scheduleRoom, .openRoom, .moveRoom, .raisePact, .addListings, .removeListing,
      .pinListing, .reorderListings:
      self = .room
    case .attend: self = .presence
    case .createLink, .revokeLink, .touch: self = .link
    case .placeOrder, .reportOrder, .pay, .deliver, .refund, .cancel, .expire, .settle, .dispute,
      .resolve:
      self = .order
    case .release, .payOut, .acknowledge: self = .money
    default: self = .people
    }
  }
}

/// What came of a call.
package enum CallOutcome: Int, CaseIterable, Sendable {
  /// Done, or answered.
  case done
  /// The caller's fault.
  case refused
  /// Ours: the same call may succeed later.
  case temporary

  /// Sorts an answer.
  init(_ result: Result<Answer, Fault>) {
    switch result {
    case .success: self = .done
    case .failure(let fault): self = CallOutcome(fault)
    }
  }

  /// Sorts a refusal.
  init(_ fault: Fault) { self = fault.isTemporary || fault.status >= 500 ? .temporary : .refused }
}

/// Limits whose refusals are counted; see Protocol/limits.md.
package enum CountedLimit: String, CaseIterable, Sendable {
  /// Connections of a loop or of an address.
  case connections
  /// Calls that wait for the writer or the reader, or for an answer on one connection.
  case callsWaiting = "calls_waiting"
  /// Bytes of requests whose bodies are still on their way.
  case bodies
  /// Sessions of one person.
  case sessions
  /// Calls of a session or a person, joins or new links of a person, or links opened or connections
  /// made from an address, in a time.
  case rate
  /// Rooms of one connection.
  case rooms
  /// Tickers of one connection.
  case tickers
  /// Bytes that wait for a client who reads too slowly, or their age.
  case queue

  /// The limit that a refusal comes from; none where it comes from something else.
  init?(code: String) {
    switch code {
    case "busy": self = .callsWaiting
    case "rate_limited": self = .rate
    case "too_many_sessions": self = .sessions
    case "too_many_rooms": self = .rooms
    case "too_many_tickers": self = .tickers
    default: return nil
    }
  }
}
