// What a loop knows of one WebSocket connection.

import Commerce
import Transport

/// One WebSocket connection and what it has asked for.
struct Session {
  /// Who it is; none until `session.open` or the landing cookie told.
  var caller: Caller?
  /// Whether the landing cookie told: a token given later may say otherwise, while nothing depends on it.
  var isFromCookie = false
  /// Whether the landing cookie told of somebody who has as many sessions as they may.
  var isCrowded = false
  /// Monotonic milliseconds: when it has to have said who it is.
  let openDeadline: Int64
  /// The rooms it is in; few.
  var rooms: [RoomKey] = []
  /// What it watches; few.
  var tickers: [Ticker] = []
  /// Tokens that were refused since one was good.
  var tokensRefused: Int32 = 0
  /// Joins and subscriptions that wait for an answer: each may become a room, a ticker.
  var joinsInFlight: Int32 = 0
  var subscriptionsInFlight: Int32 = 0
  /// Calls that wait for an answer.
  var callsInFlight: Int32 = 0

  /// What its person uses, together with whose that is; none while nobody has said who they are, and
  /// for staff, who are not limited as persons.
  var person: (key: PersonLimits.Key, use: PersonUse)?
  /// How often it calls.
  var pace = PaceMeter()
  /// Messages in a row that were no calls.
  var rubbishInRow: Int32 = 0
  /// Calls in a row that were refused because they came too fast.
  var rateLimitedInRow: Int32 = 0

  /// How many messages in a row may be no calls; see Protocol/close-codes.md.
  static let rubbishMax = 100
  /// How many calls in a row may be refused for coming too fast.
  static let rateLimitedMax = 1_000
  /// How many rooms one connection may be in.
  static let roomsMax = 32
  /// How many figures one connection may watch.
  static let tickersMax = 64
  /// How many refused tokens end a connection; see Protocol/close-codes.md.
  static let tokensRefusedMax = 3
  /// How many calls of one connection may wait.
  static let callsMax = 64
  /// How long a connection may stay unauthenticated.
  static let openMilliseconds: Int64 = 10_000
  /// How long an expired token is still good for receiving.
  static let graceMilliseconds: Int64 = 25_000
}

/// What a call may add to a session once it is answered.
enum SessionGrowth {
  case room, ticker

  /// What a call may add; nothing for most.
  init?(_ call: Call) {
    switch call {
    case .join: self = .room
    case .subscribe: self = .ticker
    default: return nil
    }
  }

  /// Where a session counts those that wait for an answer.
  var inFlight: WritableKeyPath<Session, Int32> {
    switch self {
    case .room: \.joinsInFlight
    case .ticker: \.subscriptionsInFlight
    }
  }
}

/// Answers to a batch that are gathered until all are there. Source: JSON-RPC 2.0, section 6.
final class BatchAnswers {
  private var answers: [[UInt8]?]
  private var missing: Int

  /// Waits for this many answers.
  init(count: Int) {
    answers = Array(repeating: nil, count: count)
    missing = count
  }

  /// Puts an answer in its place; an empty one for a call that wants none.
  ///
  /// - Returns: all answers in order, once the last one is there.
  func put(_ answer: [UInt8], at place: Int) -> [[UInt8]]? {
    answers[place] = answer
    missing -= 1
    return missing == 0 ? answers.compactMap { $0 }.filter { !$0.isEmpty } : nil
  }
}
