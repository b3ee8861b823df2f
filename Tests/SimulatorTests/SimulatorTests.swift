// The simulator itself, in short: a hundred seeds with nothing found, the same seed twice, and
// every planted bug found by the rule that is there for it.

import Testing

@testable import Simulator

@Suite("Simulator")
struct SimulatorTests {
  @Test("A hundred seeds keep every rule", arguments: 0..<4)
  func honest(part: UInt64) {
    for seed in part * 25 + 1...part * 25 + 25 {
      let report = Simulation.run(Swarm(seed: seed))
      #expect(report.findings.isEmpty, "\(report.swarm.description): \(report.findings)")
    }
  }

  @Test("A seed gives the same run again, byte for byte, and another seed another one")
  func reproducible() {
    for seed: UInt64 in [3, 14, 159] {
      let digest = Simulation.run(Swarm(seed: seed)).digest
      #expect(digest == Simulation.run(Swarm(seed: seed)).digest)
      #expect(digest != Simulation.run(Swarm(seed: seed + 1)).digest)
    }
  }

  @Test("Two hundred seeds see every feature, every plan, deaths and failures")
  func variety() {
    let swarms = (1...200).map { Swarm(seed: UInt64($0)) }
    for feature in Feature.allCases {
      let count = swarms.count { $0.has(feature) }
      #expect((60...140).contains(count), "\(feature): \(count)")
    }
    #expect(Set(swarms.map(\.plan)).count == SimulatedPlan.allCases.count)
    let reports = swarms.prefix(20).map(Simulation.run)
    #expect(reports.reduce(0) { $0 + $1.deaths } > 10)
    #expect(reports.reduce(0) { $0 + $1.failures } > 10)
    #expect(reports.reduce(0) { $0 + $1.transactions } > 100)
  }

  @Test("Every planted bug is found within twenty seeds", arguments: PlantedFault.allCases)
  func planted(fault: PlantedFault) {
    let found = (1...20).lazy.map { seed in
      Simulation.run(Swarm(seed: UInt64(seed), planted: fault))
    }.first { report in report.findings.contains { fault.rules.contains($0.rule) } }
    #expect(found != nil, "\(fault) was not found")
  }

  @Test("A failing run is made shorter and still fails by the same rule")
  func shrinking() throws {
    let report = try #require(
      (1...20).lazy.map { Simulation.run(Swarm(seed: $0, planted: .lostEvent)) }
        .first { $0.findings.first?.rule == .stream })
    let short = report.shrunk()
    #expect(short.findings.contains { $0.rule == .stream })
    #expect(short.swarm.steps < report.swarm.steps)
    #expect(short.swarm.features.count < report.swarm.features.count)
  }
}
