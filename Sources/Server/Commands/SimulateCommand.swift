// `waggle plan simulate`: what history would have come to under another plan.

import Commerce
import Commission
import Storage

extension Subcommand {
  /// Runs history under another plan.
  static let simulatePlan = Subcommand(
    name: "plan simulate", summary: "Run history under another plan and show who gains and loses",
    details: """
      Settles every paid order of a storefront, with its present refunds, and every joining again \
      under another plan or other parameters, and prints what each member, the suppliers and the \
      platform get before and after. Relations and ranks are those of the moment of the order. A \
      room's pact stays as it was agreed, unless it is just what its plan gives a room that states \
      none: then it follows the other plan. Lines that the other plan refuses are listed and count \
      on neither side. Money is in minor units.
      Reads only, also while a server runs on the directory. With --scenario the history is what the \
      steps of a scenario file bring about.
      """,
    options: [.data, .storefront]
      + PlanChoice.options + [
        .value("from", "DAY", "Only orders and joinings from this day, such as 2026-03-01."),
        .value("until", "DAY", "The last day that counts, in the storefront's time zone."),
        .value("scenario", "FILE", "A scenario instead of a data directory; see waggle scenario."),
        .value("limit", "N", default: "40", "How many members the table shows, 0 to 1000000."),
        .flag("json", "Print everything as one JSON object."),
      ],
    examples: [
      .init(
        "plan simulate --storefront demo --parameter pactPpm=400000",
        "the plan in force with another pact"),
      .init(
        "plan simulate --scenario Tests/Scenarios/wanwu-room.json --parameter fundedBy=seller",
        "a scenario"),
    ]
  ) { input, output in
    let days = (from: try day(input, "from"), until: try day(input, "until"))
    if let from = days.from, let until = days.until, from > until {
      throw input.refusal("until", "a day not before --from")
    }
    let result: WhatIf
    if let path = input.optionalText("scenario") {
      let scenario: Scenario
      do { scenario = try ScenarioCommand.read(path) } catch {
        throw CommandFailure(.malformedInput, "\(path): \(error)")
      }
      let plan = try PlanChoice(input).plan(otherwise: scenario.plan)
      let runner = ScenarioRunner(scenario)
      for failure in try runner.run() { output.note("\(path): \(failure)") }
      let history = MemoryHistory(runner.store, ScenarioRunner.storefront)
      result = try simulate(history, plan, days, output)
    } else {
      let storefront: StorefrontID = try identifier(input, "storefront")
      let reader = try openReader(try input.text("data"))
      // One moment, so that a server that is at work does not change history on the way.
      result = try reader.moment {
        let history = StoredHistory(reader, storefront)
        let present = try plan(inForce: history)
        return try simulate(history, try PlanChoice(input).plan(otherwise: present), days, output)
      }
    }
    let report = WhatIfReport(result)
    if input.flag("json") {
      output.line(report.json.description)
    } else {
      let limit = Int(try input.integer("limit", in: 0...1_000_000))
      report.lines(peopleMax: limit).forEach(output.line)
    }
    return .done
  }
}

private func plan(inForce history: StoredHistory) throws -> Plan {
  do { return try history.plan(version: try history.storefront().planVersion) } catch let fault
    as HistoryFault
  {
    throw CommandFailure(.failed, fault.description)
  }
}

private func simulate(
  _ history: some History, _ plan: Plan, _ days: (from: CivilDay?, until: CivilDay?),
  _ output: CommandOutput
) throws -> WhatIf {
  var line: ProgressLine?
  let result: WhatIf
  do {
    result = try WhatIf.run(history, under: plan, days: days) { done, total in
      if line == nil {
        line = ProgressLine(
          label: "simulating \(plan)", unit: "orders", total: total, write: output.note)
      }
      line?.advance(to: done)
    }
  } catch let fault as HistoryFault {
    throw CommandFailure(.failed, fault.description)
  }
  line?.finish()
  return result
}

/// A day given as an option, or nothing where it was left out.
private func day(_ input: CommandInput, _ name: String) throws(CommandFailure) -> CivilDay? {
  guard let text = input.optionalText(name) else { return nil }
  let parts = text.split(separator: "-", omittingEmptySubsequences: false)
  guard parts.map(\.utf8.count) == [4, 2, 2],
    parts.allSatisfy({ $0.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } }
    ),
    let year = Int64(parts[0]), let month = Int64(parts[1]), let day = Int64(parts[2]),
    let found = CivilDay(year: year, month: month, day: day)
  else { throw input.refusal(name, "a day such as 2026-03-01") }
  return found
}
