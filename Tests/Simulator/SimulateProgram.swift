// The program behind Tools/simulate: runs seeds one after the other, tells what was found, and makes a
// failing run shorter.

import Glibc

/// Runs seeds from the command line.
package enum SimulateProgram {
  static let help = """
    Tools/simulate: the whole server but its sockets, under a simulated clock, network and disk.

      --seeds N      how many seeds to run (100)
      --from S       the first one (1)
      --seed X       only this one
      --plant FAULT  plants a bug, which has to be found: \
    \(PlantedFault.allCases.map(\.rawValue).joined(separator: ", "))
      --seconds T    stops after so many seconds, whatever is left
      --verbose      a line with a digest for every seed; two runs of a seed give the same

    Ends with 1 where something was found, 64 where it is used wrongly.
    """

  /// What is to be run.
  private struct Options {
    var seeds: UInt64 = 100
    var from: UInt64 = 1
    var planted: PlantedFault?
    var seconds = Int.max
    var isVerbose = false
  }

  /// Runs what the arguments say.
  ///
  /// - Parameter arguments: without the program's name.
  /// - Returns: the exit code.
  package static func run(_ arguments: [String]) -> Int32 {
    if arguments.contains("--help") {
      print(help)
      return 0
    }
    guard let options = read(arguments) else {
      print(help)
      return 64
    }
    let start = seconds()
    var (count, failed, transactions, deaths, failures, simulated) = (0, 0, 0, 0, 0, Int64(0))
    for seed in options.from..<options.from + options.seeds {
      if seconds() - start >= Double(options.seconds) { break }
      let report = Simulation.run(Swarm(seed: seed, planted: options.planted))
      count += 1
      transactions += report.transactions
      deaths += report.deaths
      failures += report.failures
      simulated += report.milliseconds
      defer { fflush(nil) }
      if options.isVerbose {
        print(
          "\(String(report.digest, radix: 16)) \(report.transactions) transactions,"
            + " \(report.events) events, \(report.deaths) deaths, \(report.swarm.description)")
      }
      guard !report.findings.isEmpty else { continue }
      failed += 1
      tell(report)
    }
    let took = max(seconds() - start, 0.001)
    print(
      "\(count) seeds from \(options.from), \(failed) with findings; \(transactions) transactions,"
        + " \(deaths) deaths of the process, \(failures) failures of the disk,"
        + " \(simulated / 1000) simulated seconds;"
        + " \(Int(took * 10) / 10) s, \(Int(Double(count) / took)) seeds/s")
    return failed == 0 ? 0 : 1
  }

  private static func tell(_ report: SimulationReport) {
    print("FOUND in \(report.swarm.description)")
    for finding in report.findings { print("  \(finding)") }
    let short = report.shrunk()
    print("  shortest: \(short.swarm.description)")
    if let finding = short.findings.first { print("    \(finding)") }
  }

  private static func read(_ arguments: [String]) -> Options? {
    var options = Options()
    var rest = arguments[...]
    while let name = rest.popFirst() {
      if name == "--verbose" {
        options.isVerbose = true
        continue
      }
      guard let value = rest.popFirst() else { return nil }
      if name == "--plant" {
        guard let fault = PlantedFault(rawValue: value) else { return nil }
        options.planted = fault
        continue
      }
      guard let number = UInt64(value), number < 1 << 40 else { return nil }
      switch name {
      case "--seeds": options.seeds = number
      case "--from": options.from = number
      case "--seed": (options.from, options.seeds) = (number, 1)
      case "--seconds": options.seconds = Int(number)
      default: return nil
      }
    }
    return options
  }

  private static func seconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}

extension SimulationReport {
  /// The same seed with fewer steps and fewer features, as long as the same rule is broken.
  package func shrunk() -> SimulationReport {
    guard let rule = findings.first?.rule else { return self }
    var best = self
    func attempt(_ swarm: Swarm) -> Bool {
      let report = Simulation.run(swarm)
      guard report.findings.contains(where: { $0.rule == rule }) else { return false }
      best = report
      return true
    }
    var step = max(best.swarm.steps / 2, 1)
    while step > 0 {
      var fewer = best.swarm
      fewer.steps -= step
      if fewer.steps < 0 || !attempt(fewer) { step /= 2 }
    }
    for feature in Feature.allCases where best.swarm.has(feature) {
      var without = best.swarm
      without.features.remove(feature)
      _ = attempt(without)
    }
    return best
  }
}
