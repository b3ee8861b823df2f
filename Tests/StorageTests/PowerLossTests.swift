// Power failures, in the short form; `Tools/crash --power-cuts N` plays any number of histories.

import Glibc
import Testing

@testable import Storage

@Suite("Durability: the power fails")
struct PowerLossTests {
  private static let generations = 4
  private static let first: UInt64 = number("WAGGLE_POWER_SEED") ?? 1
  /// Each history loses power several times.
  private static let histories = (number("WAGGLE_POWER_CUTS") ?? 60) / UInt64(generations)

  private static func number(_ variable: String) -> UInt64? {
    getenv(variable).flatMap { UInt64(String(cString: $0)) }
  }

  @Test("What was acknowledged before a power failure is there once, the rest wholly or not at all")
  func powerFails() throws {
    var total = PowerCutReport()
    for seed in Self.first..<Self.first + max(1, Self.histories) {
      let report = try PowerCut.play(seed: seed, generations: Self.generations)
      #expect(report.findings.isEmpty, "\(report.findings)")
      total.cuts += report.cuts
      total.met += report.met
      total.survived += report.survived
      total.atOpening += report.atOpening
      total.commits += report.commits
    }
    // The cuts are spread over what they are to meet, or they would show little.
    #expect(total.met > total.cuts / 5)
    if total.cuts >= 40 { #expect(total.survived > 0 && total.atOpening > 0) }
    print(
      """
      power failures: \(total.cuts), \(total.met) in a commit (\(total.survived) of those were there), \
      \(total.atOpening) while opening; \(total.commits) commits acknowledged
      """)
  }

  @Test("A store that does not wait for the disk is found out", arguments: ["OFF", "NORMAL"])
  func careless(_ mode: String) throws {
    var found = 0
    for seed in UInt64(1)...8 {
      let report = try PowerCut.play(seed: seed, generations: 4, carelessness: mode)
      if !report.findings.isEmpty { found += 1 }
    }
    #expect(found >= 4, "only \(found) of 8 histories")
  }
}
