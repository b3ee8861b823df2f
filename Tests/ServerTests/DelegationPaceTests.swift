// When a service is called: the circuit breaker and the waits between attempts, at their boundaries.

import Testing

@testable import Server

@Suite("The circuit breaker")
struct CircuitBreakerTests {
  private func opened(at now: Int64) -> CircuitBreaker {
    var breaker = CircuitBreaker()
    for _ in 0..<CircuitBreaker.failuresMax { breaker.failed(at: now) }
    return breaker
  }

  @Test("Four failures in a row leave it closed, the fifth opens it", arguments: [4, 5, 6])
  func opens(failures: Int) {
    var breaker = CircuitBreaker()
    for _ in 0..<failures { breaker.failed(at: 100) }
    #expect(breaker.opensUntil == (failures < 5 ? nil : 1_100))
    let isAdmitted = breaker.admits(at: 100)
    #expect(isAdmitted == (failures < 5))
  }

  @Test("A success in between starts the count again")
  func successForgets() {
    var breaker = CircuitBreaker()
    for _ in 0..<4 { breaker.failed(at: 0) }
    breaker.succeeded()
    for _ in 0..<4 { breaker.failed(at: 0) }
    #expect(breaker.state == .closed(failures: 4))
  }

  @Test(
    "It stays open for one second to the millisecond", arguments: [999, 1_000, 1_001] as [Int64])
  func coolDown(elapsed: Int64) {
    var breaker = opened(at: 5_000)
    let isAdmitted = breaker.admits(at: 5_000 + elapsed)
    #expect(isAdmitted == (elapsed >= 1_000))
  }

  @Test("Half-open, exactly one probe gets through")
  func oneProbe() {
    var breaker = opened(at: 0)
    let admitted = [1_000, 1_000, 1_000_000].map { breaker.admits(at: $0) }
    #expect(admitted == [true, false, false])
    breaker.succeeded()
    #expect(breaker == CircuitBreaker())
  }

  @Test("Each failed probe doubles the cool-down up to a minute, and a success resets it")
  func doubles() {
    var breaker = opened(at: 0)
    var now: Int64 = 0
    for wait in [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000] as [Int64] {
      let admitted = [now + wait - 1, now + wait].map { breaker.admits(at: $0) }
      #expect(admitted == [false, true], "after \(wait)")
      now += wait
      breaker.failed(at: now)
    }
    breaker.succeeded()
    for _ in 0..<5 { breaker.failed(at: now) }
    #expect(breaker.opensUntil == now + 1_000)
  }

  @Test("A failure of a call that began before changes nothing while it is open")
  func lateFailure() {
    var breaker = opened(at: 0)
    breaker.failed(at: 900)
    #expect(breaker.opensUntil == 1_000)
  }
}

@Suite("The waits between attempts")
struct BackoffTests {
  @Test(
    "The ceiling doubles from half a second to five minutes",
    arguments: [
      (1, 500), (2, 1_000), (3, 2_000), (10, 256_000), (11, 300_000), (12, 300_000),
      (62, 300_000), (63, 300_000), (64, 300_000), (Int64.max, 300_000),
    ] as [(Int64, Int64)])
  func ceiling(failures: Int64, milliseconds: Int64) {
    #expect(Backoff.standard.ceilingMilliseconds(afterFailures: failures) == milliseconds)
  }

  @Test("A limit that is a power of the base is reached and not passed")
  func exactLimit() {
    let backoff = Backoff(baseMilliseconds: 1, limitMilliseconds: 1 << 40)
    #expect(backoff.ceilingMilliseconds(afterFailures: 40) == 1 << 39)
    #expect(backoff.ceilingMilliseconds(afterFailures: 41) == 1 << 40)
    #expect(backoff.ceilingMilliseconds(afterFailures: 42) == 1 << 40)
  }

  @Test(
    "Chance spreads the wait from nothing to the ceiling, both included",
    arguments: [(0, 0), (UInt64.max, 500), (UInt64.max / 2, 250), (UInt64.max / 501, 0)]
      as [(UInt64, Int64)])
  func jitter(chance: UInt64, milliseconds: Int64) {
    #expect(Backoff.standard.delayMilliseconds(afterFailures: 1, chance: chance) == milliseconds)
  }
}
