// What one person of a storefront may use of the server, over all of their sessions and all loops.
//
// A session keeps what its person uses, so a call costs one compare-and-swap and no lock; the table is
// locked only where a session begins or ends and where an HTTP request, which has no session, comes in.
// The table keeps whoever has a session, which the limits of connections bound, and whoever has gone but
// is not made up for, of whom there is a bound of its own. Any thread.

import Commerce
import Synchronization
import Transport

/// What a person does that is limited.
enum PersonLimit: String, CaseIterable, Sendable {
  /// Sessions open at once.
  case sessions
  /// Calls, over the WebSocket and over HTTP.
  case calls
  /// Joins, of any room.
  case joins
  /// Links made.
  case links

  /// How many sessions a person may have open at once. See Protocol/limits.md.
  static let sessionsMax = 64

  /// The pace; sessions have none.
  var pace: Pace? {
    switch self {
    case .sessions: nil
    case .calls: Pace(intervalMilliseconds: 5, burst: 400)
    case .joins: Pace(intervalMilliseconds: 100, burst: 120)
    case .links: Pace(intervalMilliseconds: 1_000, burst: 60)
    }
  }
}

/// A meter that many threads use at once.
struct SharedPaceMeter: ~Copyable, Sendable {
  private let restedAt = Atomic<Int64>(.min)

  /// Uses one up; see `PaceMeter.take`.
  borrowing func take(_ pace: Pace, at now: Int64) -> Int64 {
    var seen = restedAt.load(ordering: .relaxed)
    while true {
      var meter = PaceMeter(restedAt: seen)
      let wait = meter.take(pace, at: now)
      guard wait == 0 else { return wait }
      let (isDone, found) = restedAt.weakCompareExchange(
        expected: seen, desired: meter.restedAt, ordering: .relaxed)
      if isDone { return 0 }
      seen = found
    }
  }

  /// Whether everything is made up for.
  borrowing func isRested(at now: Int64) -> Bool { restedAt.load(ordering: .relaxed) <= now }
}

/// What one person uses.
final class PersonUse: Sendable {
  private let calls = SharedPaceMeter()
  private let joins = SharedPaceMeter()
  private let links = SharedPaceMeter()

  /// Uses one up.
  ///
  /// - Parameters:
  ///   - limit: one that has a pace.
  ///   - now: monotonic milliseconds.
  /// - Returns: 0 where it may be done; otherwise in how many milliseconds it may, and nothing is used.
  func take(_ limit: PersonLimit, at now: Int64) -> Int64 {
    guard let pace = limit.pace else { return 0 }
    switch limit {
    case .sessions: return 0
    case .calls: return calls.take(pace, at: now)
    case .joins: return joins.take(pace, at: now)
    case .links: return links.take(pace, at: now)
    }
  }

  /// Whether everything is made up for.
  func isRested(at now: Int64) -> Bool {
    calls.isRested(at: now) && joins.isRested(at: now) && links.isRested(at: now)
  }
}

/// What all persons use, over all loops of a server.
final class PersonLimits: Sendable {
  /// Whose use it is: the same id in two storefronts is two persons.
  struct Key: Hashable, Sendable {
    let storefront: StorefrontID
    let person: PersonID

    init(_ caller: Caller) {
      storefront = caller.storefront
      person = caller.person
    }
  }

  private struct Table {
    /// Whoever has a session, and how many.
    var present: [Key: (use: PersonUse, sessions: Int)] = [:]
    /// Whoever has none, but has used something that is not made up for.
    var absent: [Key: PersonUse] = [:]
    var nextSweep = Int64.min
  }

  private let absentMax: Int
  private let table = Mutex(Table())
  /// Everybody without a session for whom there is no room.
  private let ofOthers = PersonUse()

  /// Makes limits that nobody has used anything of.
  ///
  /// - Parameter absentMax: how many without a session are kept apart; ≥ 1, some 300 bytes each.
  init(absentMax: Int = 65_536) {
    precondition(absentMax >= 1, "at least one person is kept apart")
    self.absentMax = absentMax
  }

  /// How many persons are kept.
  var count: Int { table.withLock { $0.present.count + $0.absent.count } }

  /// Begins a session.
  ///
  /// - Returns: what the person uses, to be kept by the session until `leave`; none where they have as
  ///   many sessions as they may, and then there is nothing to leave.
  func enter(_ key: Key) -> PersonUse? {
    table.withLock { table in
      if let (use, sessions) = table.present[key] {
        guard sessions < PersonLimit.sessionsMax else { return nil }
        table.present[key] = (use, sessions + 1)
        return use
      }
      let use = table.absent.removeValue(forKey: key) ?? PersonUse()
      table.present[key] = (use, 1)
      return use
    }
  }

  /// Ends a session that `enter` began.
  ///
  /// Somebody for whom there is no room among those who have gone is forgotten, with what they used.
  func leave(_ key: Key, at now: Int64) {
    table.withLock { table in
      guard let (use, sessions) = table.present[key] else {
        preconditionFailure("a session ended that never began")
      }
      guard sessions == 1 else { return table.present[key] = (use, sessions - 1) }
      table.present[key] = nil
      if !use.isRested(at: now), makeRoom(&table, at: now) { table.absent[key] = use }
    }
  }

  /// Uses one up for a request without a session; see `PersonUse.take`.
  ///
  /// - Complexity: O(1), and once a second O(n) in those who have gone while there is no room.
  func take(_ limit: PersonLimit, of key: Key, at now: Int64) -> Int64 {
    table.withLock { table in
      if let use = table.present[key]?.use ?? table.absent[key] { return use.take(limit, at: now) }
      guard makeRoom(&table, at: now) else { return ofOthers.take(limit, at: now) }
      let use = PersonUse()
      table.absent[key] = use
      return use.take(limit, at: now)
    }
  }

  private func makeRoom(_ table: inout Table, at now: Int64) -> Bool {
    if table.absent.count >= absentMax, now >= table.nextSweep {
      table.nextSweep = now + 1000
      table.absent = table.absent.filter { !$0.value.isRested(at: now) }
    }
    return table.absent.count < absentMax
  }
}

extension Call {
  /// The limit of persons that the call falls under besides that of all calls.
  var personLimit: PersonLimit? {
    switch self {
    case .join: .joins
    case .command(.createLink): .links
    default: nil
    }
  }
}
