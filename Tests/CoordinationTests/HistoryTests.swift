// Whole random histories over every plan with random parameters, and the faults that the checker has
// to see: a checker that finds nothing in a faulty history would prove nothing about a sound one.

import Commission
import Coordination
import Histories
import Testing

@Suite("Random histories")
struct HistoryTests {
  private static let seeds: [UInt64] = Array(1...10)

  /// A history to its end, where everything is given back.
  struct Recorded: Sendable {
    let plan: Plan
    let seed: UInt64
    let steps: [HistoryStep]
    let refusals: Int

    init(_ name: String, _ seed: UInt64) throws {
      plan = try HistoryRun.plan(name, seed: seed)
      self.seed = seed
      let run = try HistoryRun(plan: plan, store: MemoryStore(), seed: seed)
      try run.run(steps: 280)
      try run.refundEverything()
      steps = run.steps
      refusals = run.refusals
    }
  }

  /// Made once, for the faults are planted in the same histories.
  private static let recorded = Result {
    try Plan.shippedNames.flatMap { name in try seeds.map { try Recorded(name, $0) } }
  }

  @Test("Every history conserves money, stays within the bound, and a full refund leaves nothing")
  func holds() throws {
    for history in try Self.recorded.get() {
      #expect(history.steps.count > 120)
      #expect(history.refusals > 10, "refused commands belong to a history too")
      for finding in HistoryChecker.findings(in: history.steps, plan: history.plan) {
        Issue.record("\(history.plan) seed \(history.seed): \(finding)")
      }
    }
  }

  @Test("Histories have what they are to test: refunds after release, debts, disputes, repeats")
  func areRich() throws {
    var kinds: [String: Int] = [:]
    for step in try Self.recorded.get().flatMap(\.steps) {
      if step.isRepeat { kinds["repeat", default: 0] += 1 }
      if case .resolve = step.command { kinds["resolve", default: 0] += 1 }
      for entry in step.entries {
        kinds["\(entry.cause.kind)", default: 0] += 1
        for posting in entry.postings {
          if case .debt = posting.account { kinds["debt", default: 0] += 1 }
          if case .available = posting.account, entry.cause.kind == .refund {
            kinds["refund after release", default: 0] += 1
          }
        }
      }
    }
    let wanted = [
      "repeat", "sale", "refund", "release", "payout", "award", "debt", "refund after release",
      "resolve",
    ]
    for kind in wanted { #expect(kinds[kind, default: 0] >= 20, "\(kind): \(kinds)") }
  }

  @Test("The checker catches every kind of fault", arguments: HistoryFault.allCases)
  func catches(_ fault: HistoryFault) throws {
    var shown = 0
    for history in try Self.recorded.get() {
      let faulty = fault.planted(in: history.steps, plan: history.plan)
      let differs = zip(faulty, history.steps).contains { after, before in
        after.entries.count != before.entries.count
          || !zip(after.entries, before.entries).allSatisfy { $0.says(theSameAs: $1) }
      }
      guard differs else { continue }
      shown += 1
      let findings = HistoryChecker.findings(in: faulty, plan: history.plan)
      #expect(
        findings.contains { $0.rule == fault.rule },
        "\(fault) in \(history.plan), seed \(history.seed), found \(findings)")
    }
    #expect(shown >= 3, "\(fault) showed in \(shown) histories only")
  }
}
