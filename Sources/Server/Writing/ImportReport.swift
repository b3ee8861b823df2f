import Notation

/// What became of the rows of a catalogue import, with every rejected line by its number.
struct ImportReport {
  private var lines: Int64 = 0
  private var outcomes: (added: Int64, changed: Int64, unchanged: Int64) = (0, 0, 0)
  private var rejected: [JSON] = []
  private var rejectedCount: Int64 = 0

  /// How many rejected lines are told one by one; all are counted.
  static let toldMax = 1000

  /// A row was taken.
  mutating func count(_ outcome: String) {
    lines += 1
    switch outcome {
    case "added": outcomes.added += 1
    case "changed": outcomes.changed += 1
    default: outcomes.unchanged += 1
    }
  }

  /// A row was refused.
  mutating func reject(line: Int, _ fault: Fault) {
    lines += 1
    rejectedCount += 1
    guard rejected.count < ImportReport.toldMax else { return }
    rejected.append([
      "line": .integer(Int64(line)), "code": .string(fault.code),
      "message": .string(fault.field.map { "\($0): \(fault.message)" } ?? fault.message),
    ])
  }

  /// The report as the contract has it.
  var json: JSON {
    [
      "lines": .integer(lines), "added": .integer(outcomes.added),
      "changed": .integer(outcomes.changed), "unchanged": .integer(outcomes.unchanged),
      "rejected": .array(rejected), "rejectedCount": .integer(rejectedCount),
    ]
  }
}
