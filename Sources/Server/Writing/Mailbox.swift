// A queue between threads: many post, one takes everything that is there. Bounded for those who ask
// for something; what merely tells (a viewer left) is always taken, since it frees things.

import Glibc
import Synchronization

/// A bounded queue of messages for one thread.
package final class Mailbox<Message: Sendable>: Sendable {
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

  /// How many messages wait now.
  var count: Int { contents.withLock { $0.messages.count } }

  /// Whether so many wait, nine tenths of what may, that nobody should be asked in.
  var isNearlyFull: Bool { count >= capacity - capacity / 10 }

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

/// Wakes one waiting thread: a ring before the wait is not lost.
///
/// `@unchecked Sendable` holds because every field is touched only between lock and unlock of `mutex`,
/// and the pointers themselves never change.
private final class Doorbell: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var hasRung = false

  init() {
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    // The wall clock may jump; waiting must not.
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, &attributes)
    pthread_condattr_destroy(&attributes)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  func ring() {
    pthread_mutex_lock(mutex)
    hasRung = true
    pthread_cond_signal(condition)
    pthread_mutex_unlock(mutex)
  }

  func wait(milliseconds: Int64) {
    var deadline = timespec()
    clock_gettime(CLOCK_MONOTONIC, &deadline)
    let nanoseconds = Int64(deadline.tv_nsec) + milliseconds % 1000 * 1_000_000
    deadline.tv_sec += Int(milliseconds / 1000 + nanoseconds / 1_000_000_000)
    deadline.tv_nsec = Int(nanoseconds % 1_000_000_000)
    pthread_mutex_lock(mutex)
    while !hasRung, pthread_cond_timedwait(condition, mutex, &deadline) == 0 {}
    hasRung = false
    pthread_mutex_unlock(mutex)
  }
}
