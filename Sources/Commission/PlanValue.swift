// Values given for a plan's parameters, and why a plan document is refused.
// Values only; safe on any thread.
import Notation

/// A value for a parameter of a plan.
public enum PlanValue: Hashable, Sendable {
  /// A count, a sum in minor units, or a rate in parts per million, as the parameter's kind has it.
  case integer(Int64)
  /// One of the parameter's options.
  case text(String)
  /// Names of ranks.
  case texts([String])

  /// Takes a value out of JSON, or nothing where a parameter could never have such a value.
  ///
  /// - Parameter json: a whole number, a string, or an array of strings.
  package init?(json: JSON) {
    switch json {
    case .integer(let integer): self = .integer(integer)
    case .string(let text): self = .text(text)
    case .array(let elements):
      var texts: [String] = []
      for element in elements {
        guard let text = element.text else { return nil }
        texts.append(text)
      }
      self = .texts(texts)
    default: return nil
    }
  }

  /// The value as JSON.
  package var json: JSON {
    switch self {
    case .integer(let integer): .integer(integer)
    case .text(let text): .string(text)
    case .texts(let texts): .array(texts.map { .string($0) })
    }
  }
}

/// Why a plan could not be made.
public enum PlanError: Error, Equatable, Sendable, CustomStringConvertible {
  /// No shipped plan has this name.
  case unknownPlan(String)
  /// The document is not JSON; the reason tells line and column.
  case notJSON(String)
  /// Something in the document is missing, unknown, of the wrong kind or out of range.
  ///
  /// `path` is a JSONPath such as `$.sale.shares[1].ratePpm` (RFC 9535, normal form with dots).
  case malformed(path: String, reason: String)
  /// A value was given for a parameter that the plan does not have.
  case unknownParameter(String)
  /// The value given for a parameter is of the wrong kind or out of range.
  case parameterRefused(name: String, reason: String)

  /// One line in English.
  public var description: String {
    switch self {
    case .unknownPlan(let name): "no plan is called \"\(name)\""
    case .notJSON(let reason): "the plan is not JSON: \(reason)"
    case .malformed(let path, let reason): "\(path): \(reason)"
    case .unknownParameter(let name): "the plan has no parameter \"\(name)\""
    case .parameterRefused(let name, let reason): "the parameter \"\(name)\" \(reason)"
    }
  }
}
