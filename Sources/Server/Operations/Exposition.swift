// The text that Prometheus reads, version 0.0.4: families of samples, each with HELP and TYPE once.
// Whole numbers only: times are kept in microseconds and written as seconds with all their digits.
// Source: https://prometheus.io/docs/instrumenting/exposition_formats/. A value; any thread.

/// Builds the text.
struct Exposition {
  /// What a family is.
  enum Kind: String {
    case counter, gauge, histogram
  }

  private(set) var text = ""

  /// Begins a family; its samples follow.
  mutating func family(_ name: String, _ kind: Kind, _ help: String) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
  }

  /// One sample; label values are words of the source, with nothing to escape.
  mutating func sample(_ name: String, _ labels: [(String, String)] = [], _ value: String) {
    let inside = labels.map { "\($0.0)=\"\($0.1)\"" }.joined(separator: ",")
    text += inside.isEmpty ? "\(name) \(value)\n" : "\(name){\(inside)} \(value)\n"
  }

  /// A family of one sample.
  mutating func single(_ name: String, _ kind: Kind, _ help: String, _ value: Int) {
    family(name, kind, help)
    sample(name, [], String(value))
  }

  /// A histogram; where its values are microseconds, it is told in seconds.
  mutating func histogram(
    _ name: String, _ help: String, _ histogram: Histogram, areMicroseconds: Bool
  ) {
    func number(_ value: Int) -> String {
      areMicroseconds ? Exposition.seconds(microseconds: value) : String(value)
    }
    family(name, .histogram, help)
    let counts = histogram.cumulative
    for (bound, count) in zip(histogram.bounds, counts) {
      sample(name + "_bucket", [("le", number(bound))], String(count))
    }
    let all = counts[histogram.bounds.count]
    sample(name + "_bucket", [("le", "+Inf")], String(all))
    sample(name + "_sum", [], number(histogram.sum))
    sample(name + "_count", [], String(all))
  }

  /// Such as `0.0025`.
  static func seconds(microseconds: Int) -> String {
    let whole = String(microseconds / 1_000_000)
    let digits = String(microseconds % 1_000_000 + 1_000_000).dropFirst()
    let fraction = digits.reversed().drop { $0 == "0" }.reversed()
    return fraction.isEmpty ? whole : whole + "." + String(fraction)
  }
}
