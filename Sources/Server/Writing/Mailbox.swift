// A queue between threads: many post, one takes everything that is there. Bounded for those who ask
// for something; what merely tells (a viewer left) is always taken, since it frees things.

import Synchronization

/// A bounded queue of messages for one thread.
package final class Mailbox<Message: Sendable>: Sendable {
  private struct Contents {
    var messages: [Message] = []
    /// Places of messages that were taken and that their poster still gathers.
    var promised = 0
    var isWaiting = false

    var count: Int { messages.count + promised }
  }

  private let contents = Mutex(Contents())
  private let bell: Doorbell
  private let capacity: Int

  /// Makes an empty mailbox.
  ///
  /// - Parameter capacity: how many messages may wait before `offer` refuses.
  package init(capacity: Int) {
    self.capacity = capacity
    bell = Doorbell()
  }

  /// Posts a message unless too many wait.
  ///
  /// - Returns: whether it was taken.
  package func offer(_ message: Message) -> Bool { put(message, isBounded: true) }

  /// Posts a message whatever waits.
  package func post(_ message: Message) { _ = put(message, isBounded: false) }

  /// Promises a place to a message, unless too many wait: its poster gathers some and posts them together.
  ///
  /// - Returns: whether it was taken; it has to be posted then, with `post(promised:)`.
  func promise() -> Bool {
    contents.withLock { contents in
      guard contents.count < capacity else { return false }
      contents.promised += 1
      return true
    }
  }

  /// Posts messages that were promised: whoever takes finds all of them or none.
  func post(promised messages: [Message]) {
    let needsBell = contents.withLock { contents in
      contents.promised -= messages.count
      contents.messages.append(contentsOf: messages)
      defer { contents.isWaiting = false }
      return contents.isWaiting
    }
    if needsBell { bell.ring() }
  }

  /// How many messages wait now.
  var count: Int { contents.withLock { $0.count } }

  /// Whether so many wait, nine tenths of what may, that nobody should be asked in.
  var isNearlyFull: Bool { count >= capacity - capacity / 10 }

  private func put(_ message: Message, isBounded: Bool) -> Bool {
    let (taken, needsBell) = contents.withLock { contents -> (Bool, Bool) in
      if isBounded, contents.count >= capacity { return (false, false) }
      contents.messages.append(message)
      defer { contents.isWaiting = false }
      return (true, contents.isWaiting)
    }
    if needsBell { bell.ring() }
    return taken
  }

  /// Ends the present or the next wait of whoever takes, though nothing may have come.
  func ring() { bell.ring() }

  /// Takes everything that waits, in order; waits until there is something, or the time is over.
  ///
  /// - Parameter milliseconds: how long to wait at the most.
  /// - Returns: the messages; none when the time is over.
  package func take(waitingMilliseconds milliseconds: Int64) -> [Message] {
    let messages = takeAll(marksWaiting: true)
    if !messages.isEmpty { return messages }
    bell.wait(milliseconds: milliseconds)
    return takeAll(marksWaiting: false)
  }

  private func takeAll(marksWaiting: Bool) -> [Message] {
    contents.withLock { contents in
      if contents.messages.isEmpty {
        contents.isWaiting = marksWaiting
        return []
      }
      contents.isWaiting = false
      var messages: [Message] = []
      swap(&messages, &contents.messages)
      return messages
    }
  }
}
