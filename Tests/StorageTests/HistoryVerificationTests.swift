// Random histories through the real database: what `verify` recomputes equals what was booked live.

import Commerce
import Commission
import Coordination
import Crypto
import Histories
import Ledger
import Testing

@testable import Storage

@Suite("Checking random histories")
struct HistoryVerificationTests {
  private static let cases = Plan.shippedNames.flatMap { name in
    (1...2).map { (name, UInt64($0)) }
  }

  private func withHistory(
    _ plan: Plan, _ seed: UInt64, _ body: (HistoryRun, String) throws -> Void
  ) throws {
    try withDirectory { directory in
      let store = try SQLiteStore.open(directory: directory, zone: zones)
      let run = try HistoryRun(plan: plan, store: store, seed: seed)
      try run.run(steps: 150)
      try body(run, directory)
    }
  }

  @Test("What verify recomputes equals what was booked live, to the digest", arguments: cases)
  func equalsLive(_ name: String, _ seed: UInt64) throws {
    let plan = try HistoryRun.plan(name, seed: seed)
    try withHistory(plan, seed) { run, directory in
      #expect(HistoryChecker.findings(in: run.steps, plan: plan).isEmpty)
      let reader = try SQLiteReader.open(directory: directory, zone: zones)
      let result = try reader.verify(HistoryRun.storefront)
      #expect(result.fault == nil)
      #expect(result.transactions == Int64(run.transactions.count))
      let live = HistoryChecker.digestText(of: run.transactions)
      #expect(result.digest?.digest == hex(SHA256.digest(of: Array(live.utf8))))
      // Twice from the same books, and from a store in memory: always the same.
      #expect(try reader.verify(HistoryRun.storefront).chain == result.chain)
      let memory = try HistoryRun(plan: plan, store: MemoryStore(), seed: seed)
      try memory.run(steps: 150)
      #expect(HistoryChecker.digestText(of: memory.transactions) == live)
    }
  }
}
