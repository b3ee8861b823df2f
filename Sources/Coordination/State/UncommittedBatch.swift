// What was decided and is not stored: what it changes, and what held before.
//
// The state always has the newest value of a record, for decisions, which are by far the most who ask. What
// is told to anybody must show what is committed and no more: for that, a batch remembers of everything it
// changes what was known when it began. So looking back costs those who publish, and nobody else.

/// The changes of decisions that will be stored in one commit, on top of what held before them.
struct UncommittedBatch {
  /// What is to be stored.
  private(set) var changes = Changes()
  /// What was known of each changed record before the first of these decisions, in their order.
  private var before: [Record??] = []

  /// Takes what a decision changed, and applies it to the state.
  mutating func take(_ later: Changes, into state: State) {
    for number in later.records.indices {
      let known = state.replace(number, of: later)
      if changes.take(number, of: later) { before.append(known) }
    }
    changes.transactions.append(contentsOf: later.transactions)
    changes.events.append(contentsOf: later.events)
  }

  /// What a record was before this batch.
  enum Former {
    /// The batch does not change it.
    case unchanged
    /// It was this one, or there was none.
    case known(Record?)
    /// Nobody had looked: what is stored is what it was.
    case unread
  }

  /// What a record was before this batch.
  func former(_ key: Key) -> Former {
    guard let number = changes.number(of: key) else { return .unchanged }
    guard let known = before[number] else { return .unread }
    return .known(known)
  }
}
