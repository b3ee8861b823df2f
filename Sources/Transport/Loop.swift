// The handle of an event loop: what any thread may do to it. The loop itself runs on one thread of
// its own (LoopTurns.swift), where its delegate and its connections live and die.
//
// Posting is lossless: messages wait in an array behind a lock, which the loop swaps for an empty
// one at each turn. The kernel is asked to wake the loop only for the first message after a swap.
import CLinux
import Glibc
import Synchronization

/// One thread that serves connections.
package final class Loop<Delegate: LoopDelegate>: Sendable {
  struct Inbox {
    var messages: [Delegate.Message] = []
    var isWoken = false
    var drainMilliseconds: Int64?
  }

  /// The index in the ids of its connections, 0…255.
  package let index: Int
  let configuration: LoopConfiguration
  let listener: Listener?
  let poller: Poller
  let inbox = Mutex(Inbox())
  private let thread = Mutex<pthread_t?>(nil)

  /// Makes a loop that does not run yet.
  ///
  /// - Parameters:
  ///   - index: 0…255, different for each loop of a server.
  ///   - configuration: limits and time-outs.
  ///   - listener: a listening socket of its own; nil for none.
  /// - Throws: the system's reason, such as no descriptor left.
  package init(
    index: Int, configuration: LoopConfiguration, listener: Listener?
  ) throws(SystemError) {
    precondition((0..<256).contains(index), "a loop's index has 8 bits")
    self.index = index
    self.configuration = configuration
    self.listener = listener
    poller = try Poller()
  }

  /// Starts the thread; to be called once.
  ///
  /// - Parameter makeDelegate: makes the delegate on the loop's thread, which alone may use it and
  ///   the connections it is given.
  /// - Throws: the system's reason, such as too many threads.
  package func start(
    _ makeDelegate: @escaping @Sendable (Loop<Delegate>, Connections) -> Delegate
  ) throws(SystemError) {
    let started = try startThread(name: "loop-\(index)") { [self] in
      let turns = LoopTurns(self, makeDelegate)
      turns.run()
    }
    thread.withLock { thread in
      precondition(thread == nil, "a loop is started once")
      thread = started
    }
  }

  /// Hands a message to the delegate, on the loop's thread; from any thread, never waits.
  ///
  /// What is posted after the loop has ended is never delivered.
  /// - Parameter message: delivered after everything this thread posted before.
  package func post(_ message: Delegate.Message) { put { $0.append(message) } }

  /// Hands messages to the delegate, all of them in one turn; as `post(_:)`.
  ///
  /// - Parameter messages: in order.
  package func post(contentsOf messages: [Delegate.Message]) {
    put { $0.append(contentsOf: messages) }
  }

  private func put(_ add: (inout [Delegate.Message]) -> Void) {
    let needsWake = inbox.withLock { inbox in
      add(&inbox.messages)
      defer { inbox.isWoken = true }
      return !inbox.isWoken
    }
    if needsWake { poller.wake() }
  }

  /// Has the loop take a turn now, so that it looks at the clock.
  package func wake() { poller.wake() }

  /// Stops orderly: accepts nothing more, answers what is in flight, sends every WebSocket a close
  /// frame with 1012, and ends as soon as all are gone, or at the deadline.
  ///
  /// - Parameter milliseconds: from now until the rest is cut off; 0 cuts off at once.
  package func drain(withinMilliseconds milliseconds: Int64) {
    inbox.withLock { inbox in
      inbox.drainMilliseconds = min(inbox.drainMilliseconds ?? Int64.max, milliseconds)
    }
    poller.wake()
  }

  /// Waits until the thread has ended; not to be called on a loop's thread.
  package func join() {
    guard let thread = thread.withLock({ $0.take() }) else { return }
    let result = pthread_join(thread, nil)
    precondition(result == 0, "a thread that was started can be joined once")
  }
}

/// Starts a thread of the system, for work that must not share the cooperative pool.
///
/// - Parameters:
///   - name: for debuggers, up to 15 bytes.
///   - body: runs on it.
/// - Returns: the thread, to be joined.
/// - Throws: the system's reason.
package func startThread(
  name: String, _ body: @escaping @Sendable () -> Void
) throws(SystemError) -> pthread_t {
  final class Body: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }
  let argument = Unmanaged.passRetained(Body(body))
  var thread = pthread_t()
  let code = pthread_create(
    &thread, nil,
    { argument in
      guard let argument else { preconditionFailure("pthread_create passes its argument on") }
      Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
      return nil
    }, argument.toOpaque())
  guard code == 0 else {
    argument.release()
    throw SystemError(operation: "pthread_create", code: code)
  }
  clinux_name_thread(thread, name)
  return thread
}
