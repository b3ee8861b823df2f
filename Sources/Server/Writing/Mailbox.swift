// A queue between threads: many post, one takes everything that is there. Bounded for those who ask
// for something; what merely tells (a viewer left) is always taken, since it frees things.

import Glibc
import Synchronization

/// A bounded queue of messages for one thread.
final class Mailbox<Message: Sendable>: Sendable {
  private struct Contents {
    var messages: [Message] = []
    var isWaiting = false
  }

  private let contents = Mutex(Contents())
  private let bell: Doorbell
  private let capacity: Int

  /// Makes an empty mailbox.
  ///
  /// - Parameter capacity: how many messages may wait before `offer` refuses.
  init(capacity: Int) {
    self.capacity = capacity
    bell = Doorbell()
  }

  /// Posts a message unless too many wait.
  ///
  /// - Returns: whether it was taken.
  func offer(_ message: Message) -> Bool { put(message, isBounded: true) }

  /// Posts a message whatever waits.
  func post(_ message: Message) { _ = put(message, isBounded: false) }

  /// How many messages wait now.
  var count: Int { contents.withLock { $0.messages.count } }

  private func put(_ message: Message, isBounded: Bool) -> Bool {
    let (taken, needsBell) = contents.withLock { contents -> (Bool, Bool) in
      if isBounded, contents.messages.count >= capacity { return (false, false) }
      contents.messages.append(message)
      defer { contents.isWaiting = false }
      return (true, contents.isWaiting)
    }
    if needsBell { bell.ring() }
    return taken
  }

  /// Takes everything that waits, in order; waits until there is something, or the time is over.
  ///
  /// - Parameter milliseconds: how long to wait at the most.
  /// - Returns: the messages; none when the time is over.
  func take(waitingMilliseconds milliseconds: Int64) -> [Message] {
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

/// Wakes one waiting thread through an eventfd: a ring before the wait is not lost.
private final class Doorbell: Sendable {
  private let descriptor: Int32

  init() {
    descriptor = eventfd(0, Int32(EFD_CLOEXEC.rawValue) | Int32(EFD_NONBLOCK.rawValue))
    precondition(descriptor >= 0, "a process has a descriptor for its writer")
  }

  deinit { close(descriptor) }

  func ring() {
    var one: UInt64 = 1
    _ = write(descriptor, &one, 8)
  }

  func wait(milliseconds: Int64) {
    var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    _ = poll(&waiting, 1, Int32(clamping: milliseconds))
    var count: UInt64 = 0
    _ = read(descriptor, &count, 8)
  }
}
