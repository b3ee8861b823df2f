// Reads the text format of Prometheus as strictly as it is written down, so that a test notices what a
// lenient reader would let pass. Source:
// https://prometheus.io/docs/instrumenting/exposition_formats/#text-format-details.

import Testing

/// The samples of one exposition, by name with labels as they stand.
struct Samples {
  /// What is wrong, with the line.
  struct Fault: Error, CustomStringConvertible {
    let description: String
  }

  private struct Family {
    let name: String
    let kind: String
    var lines: [(name: String, labels: String, value: String)] = []
  }

  private var values: [String: String] = [:]

  init(_ text: String) throws {
    guard text.hasSuffix("\n") else { throw Fault(description: "the last line has no end") }
    var families: [Family] = []
    var helped: String?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
      let words = line.split(separator: " ").map(String.init)
      if line.hasPrefix("# HELP ") {
        guard helped == nil, words.count > 3 else { throw Fault(description: "HELP: \(line)") }
        helped = words[2]
      } else if line.hasPrefix("# TYPE ") {
        guard words.count == 4, helped == words[2], Samples.isName(words[2]),
          ["counter", "gauge", "histogram"].contains(words[3]),
          !families.contains(where: { $0.name == words[2] }),
          words[3] != "counter" || words[2].hasSuffix("_total")
        else { throw Fault(description: "TYPE: \(line)") }
        families.append(Family(name: words[2], kind: words[3]))
        helped = nil
      } else {
        guard helped == nil, !families.isEmpty else { throw Fault(description: "\(line)") }
        let sample = try Samples.sample(String(line))
        families[families.count - 1].lines.append(sample)
        guard values.updateValue(sample.value, forKey: sample.name + sample.labels) == nil else {
          throw Fault(description: "twice: \(line)")
        }
      }
    }
    for family in families { try Samples.check(family) }
  }

  subscript(name: String) -> String? { values[name] }

  private static func sample(
    _ line: String
  ) throws -> (name: String, labels: String, value: String) {
    guard let space = line.lastIndex(of: " ") else { throw Fault(description: line) }
    let value = String(line[line.index(after: space)...])
    let head = String(line[..<space])
    let name = String(head.prefix { $0 != "{" })
    let labels = String(head.dropFirst(name.count))
    guard isName(name), Double(value) != nil, isLabels(labels) else {
      throw Fault(description: line)
    }
    return (name, labels, value)
  }

  private static func isName(_ text: String) -> Bool {
    text.wholeMatch(of: /[a-zA-Z_:][a-zA-Z0-9_:]*/) != nil
  }

  private static func isLabels(_ text: String) -> Bool {
    text.isEmpty
      || text.wholeMatch(of: /\{[a-z_]+="[^"\\\n]*"(,[a-z_]+="[^"\\\n]*")*\}/) != nil
  }

  private static func check(_ family: Family) throws {
    let fault = Fault(description: "family \(family.name)")
    guard !family.lines.isEmpty else { throw fault }
    guard family.kind == "histogram" else {
      guard family.lines.allSatisfy({ $0.name == family.name }) else { throw fault }
      return
    }
    let buckets = family.lines.filter { $0.name == family.name + "_bucket" }
    let counts = buckets.compactMap { Int($0.value) }
    let bounds = buckets.compactMap { bucket in
      bucket.labels.wholeMatch(of: /\{le="(.*)"\}/).map { String($0.1) }
    }
    guard let last = bounds.last, last == "+Inf", counts.count == bounds.count,
      zip(counts, counts.dropFirst()).allSatisfy({ $0 <= $1 })
    else { throw fault }
    let numbers = bounds.dropLast().compactMap { Double($0) }
    let rest = family.lines.dropFirst(buckets.count).map(\.name)
    guard numbers.count == bounds.count - 1, zip(numbers, numbers.dropFirst()).allSatisfy(<),
      rest == [family.name + "_sum", family.name + "_count"],
      family.lines.last?.value == buckets.last?.value
    else { throw fault }
  }
}
