// Faults on purpose, one by name, and the same things done right. Tools/sanitize compiles this with the
// flags of the tests and runs it before them: a sanitizer that does not see these would not see any.

import Glibc
import Synchronization

/// What two threads touch at once.
///
/// `@unchecked Sendable` is a lie, on purpose: nothing guards `unguarded`.
final class Shared: @unchecked Sendable {
  let guarded = Mutex<[Int]>([])
  var unguarded = 0
}

@main
enum Planted {
  static func main() {
    switch CommandLine.arguments.dropFirst().first {
    case "race": onFourThreads { $0.unguarded += 1 }
    case "meeting":
      // They really meet in the lock: inside, each of them lets the others run.
      onFourThreads { shared in
        shared.guarded.withLock { numbers in
          numbers.append(numbers.count)
          sched_yield()
        }
      }
    case "overflow":
      let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: 16)
      bytes.initialize(repeating: 1, count: 16)
      exit(Int32(bytes[distance(16)]) & 0)
    case "use-after-free":
      let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: 16)
      bytes.initialize(repeating: 1, count: 16)
      bytes.deallocate()
      exit(Int32(bytes[distance(3)]) & 0)
    case "leak":
      // More than one, since a stale copy of the last one's address may still lie on the stack.
      for size in 1...8 { forget(size: size * 1000) }
    case "clean":
      var text = "what is given back"
      for number in 0..<100 { text += " \(number)" }
      if text.utf8.count < 100 { exit(2) }
    default:
      fputs("usage: planted race|meeting|overflow|use-after-free|leak|clean\n", stderr)
      exit(64)
    }
  }

  private static func onFourThreads(_ body: @escaping @Sendable (Shared) -> Void) {
    final class Work: Sendable {
      let shared = Shared()
      let body: @Sendable (Shared) -> Void
      init(_ body: @escaping @Sendable (Shared) -> Void) { self.body = body }
    }
    let work = Work(body)
    var threads: [pthread_t] = []
    for _ in 0..<4 {
      var thread = pthread_t()
      let code = pthread_create(
        &thread, nil,
        { argument in
          guard let argument else { preconditionFailure("pthread_create passes its argument on") }
          let work = Unmanaged<Work>.fromOpaque(argument).takeRetainedValue()
          for _ in 0..<2000 { work.body(work.shared) }
          return nil
        }, Unmanaged.passRetained(work).toOpaque())
      precondition(code == 0, "four threads can be had")
      threads.append(thread)
    }
    for thread in threads { pthread_join(thread, nil) }
  }

  /// The same number, in a way that the compiler does not see through.
  @inline(never)
  private static func distance(_ number: Int) -> Int {
    CommandLine.arguments.count > 100 ? 0 : number
  }

  @inline(never)
  private static func forget(size: Int) {
    let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: size)
    bytes.initialize(repeating: 1, count: size)
  }
}
