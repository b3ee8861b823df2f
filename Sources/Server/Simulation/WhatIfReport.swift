// A what-if for people and for programs. Money is in minor units; a difference that is no loss has a
// plus sign. Values only; any thread.

import Commerce
import Commission
import Coordination
import Notation

/// Writes a what-if down.
struct WhatIfReport {
  private typealias Figures = PlanComparison.Figures

  private let result: WhatIf
  private var comparison: PlanComparison { result.comparison }

  init(_ result: WhatIf) { self.result = result }

  /// Members whose money differs.
  private var affected: Int {
    comparison.members.values.filter { $0.difference != .zero }.count
  }

  // MARK: For people

  /// The result as a table.
  ///
  /// - Parameter peopleMax: how many members are shown at the most.
  /// - Returns: lines without their ends.
  func lines(peopleMax: Int) -> [String] {
    let people = comparison.membersBySize
    var lines = heading
    lines +=
      Table(
        rows: people.prefix(peopleMax).map { row("member \($0.member)", $0.figures) }
          + totals.map { row($0.name, $0.figures) }
      ).lines
    if people.count > peopleMax {
      lines.append(
        "\(people.count - peopleMax) more members with smaller differences: --limit, --json")
    }
    if comparison.grantsAfter != .zero {
      lines.append(
        "Besides, joinings would grant \(comparison.grantsAfter) in face value that is not money.")
    }
    return lines + refusals
  }

  private var heading: [String] {
    let counts =
      "\(comparison.orders) paid orders with \(comparison.lines) lines and \(comparison.joinings)"
      + " joinings, net \(comparison.net) \(result.storefront.currency) minor units"
    let days =
      switch (result.days.from, result.days.until) {
      case (nil, nil): "all days"
      case (let from?, nil): "from \(from)"
      case (nil, let until?): "until \(until)"
      case (let from?, let until?): "\(from) to \(until)"
      }
    return [
      "storefront \(result.storefront.id), \(days): \(counts)",
      "before: " + result.plansBefore.map { words(for: $0) }.joined(separator: "; "),
      "after: \(words(for: comparison.plan)); \(affected) members earn more or less",
      "ranks: as the orders pin them, else as they were on the day",
    ]
  }

  private func words(for version: (number: Int64, plan: Plan)) -> String {
    words(for: version.plan) + ", activation \(version.number)"
  }

  private func words(for plan: Plan) -> String {
    let parameters = plan.parameters.map { "\($0.name)=\($0.value.words)" }
    return "\(plan)" + (parameters.isEmpty ? "" : " (\(parameters.joined(separator: " ")))")
  }

  private var totals: [(name: String, figures: PlanComparison.Figures)] {
    [
      ("all members", comparison.membersTotal), ("all suppliers", comparison.suppliers),
      ("platform", comparison.platform),
    ]
  }

  private func row(_ name: String, _ figures: PlanComparison.Figures) -> [String] {
    let difference = figures.difference
    return [
      name, "\(figures.before)", "\(figures.after)",
      difference > .zero ? "+\(difference)" : "\(difference)",
    ]
  }

  private var refusals: [String] {
    guard comparison.refusedCount > 0 else { return [] }
    let shown = comparison.refused.prefix(Self.refusalsShown)
    var lines = [
      "\(comparison.plan) refuses \(comparison.refusedCount) lines; they count on neither side:"
    ]
    lines += shown.map { "  order \($0.order), line \($0.line), net \($0.net): \($0.code)" }
    if comparison.refusedCount > Int64(shown.count) {
      lines.append("  and \(comparison.refusedCount - Int64(shown.count)) more: --json")
    }
    return lines
  }

  private static let refusalsShown = 20

  // MARK: For programs

  /// The result as one JSON object.
  var json: JSON { json(membersMax: .max) }

  /// The result as one JSON object.
  ///
  /// - Parameter membersMax: how many members it names at the most, the largest differences first.
  /// - Returns: the form of Protocol/schemas/whatIf.json.
  func json(membersMax: Int) -> JSON {
    [
      "storefront": .string(result.storefront.id.text),
      "currency": .string(result.storefront.currency.code),
      "from": result.days.from.map { .string($0.description) } ?? .null,
      "until": result.days.until.map { .string($0.description) } ?? .null,
      "before": .array(
        result.plansBefore.map { version in
          [
            "activation": .integer(version.number), "plan": .string(version.plan.name),
            "version": .integer(version.plan.version), "parameters": json(version.plan.parameters),
          ]
        }),
      "after": [
        "plan": .string(comparison.plan.name), "version": .integer(comparison.plan.version),
        "parameters": json(comparison.plan.parameters),
      ], "orders": .integer(comparison.orders), "lines": .integer(comparison.lines),
      "joinings": .integer(comparison.joinings), "net": .integer(comparison.net.minorUnits),
      "members": .array(
        comparison.membersBySize.prefix(membersMax).map { entry in
          json(entry.figures, [JSON.Member("member", .string(entry.member.text))])
        }),
      "affected": .integer(Int64(affected)),
      "totals": [
        "members": json(comparison.membersTotal), "suppliers": json(comparison.suppliers),
        "platform": json(comparison.platform),
      ], "grantsAfter": .integer(comparison.grantsAfter.minorUnits),
      "refusedLines": .integer(comparison.refusedCount),
      "refused": .array(
        comparison.refused.map {
          [
            "order": .string($0.order.text), "line": .integer(Int64($0.line)),
            "net": .integer($0.net.minorUnits), "code": .string($0.code),
          ]
        }),
    ]
  }

  private func json(_ parameters: [Plan.Parameter]) -> JSON {
    .object(parameters.map { JSON.Member($0.name, $0.value.json) })
  }

  private func json(
    _ figures: PlanComparison.Figures, _ first: [JSON.Member] = []
  ) -> JSON {
    .object(
      first + [
        JSON.Member("before", .integer(figures.before.minorUnits)),
        JSON.Member("after", .integer(figures.after.minorUnits)),
        JSON.Member("difference", .integer(figures.difference.minorUnits)),
      ])
  }
}

/// Rows of a name and three figures under each other.
private struct Table {
  let rows: [[String]]

  private static let names = ["", "before", "after", "difference"]

  var lines: [String] {
    let all = [Table.names] + rows
    let widths = Table.names.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
    return all.map { row in
      var line = row[0] + String(repeating: " ", count: widths[0] - row[0].count)
      for column in row.indices.dropFirst() {
        line += String(repeating: " ", count: 2 + widths[column] - row[column].count) + row[column]
      }
      return line
    }
  }
}

extension PlanValue {
  /// The value as it is written behind `name=` on a command line.
  var words: String {
    switch self {
    case .integer(let integer): String(integer)
    case .text(let text): text
    case .texts(let texts): texts.joined(separator: ",")
    }
  }
}
