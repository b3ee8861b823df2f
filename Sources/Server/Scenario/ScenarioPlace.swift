// A value of a scenario together with where it stands, such as `steps[3].lines[0].paid`, so that
// every fault of form says where it is. Strict: a key that nobody asked for is a fault like a
// missing one. Values only; any thread.

import Commerce
import Notation

/// Why a scenario cannot be run, and where in the file.
struct ScenarioFault: Error, Equatable, CustomStringConvertible {
  /// Such as `steps[3].lines[0].paid`; empty for the file as a whole.
  let place: String
  /// A clause that fits behind the place.
  let reason: String

  var description: String { place.isEmpty ? reason : "\(place): \(reason)" }
}

/// A value and its path from the root of the file.
struct ScenarioPlace {
  let value: JSON
  let path: String

  init(_ value: JSON, path: String = "") {
    self.value = value
    self.path = path
  }

  func fault(_ reason: String) -> ScenarioFault { ScenarioFault(place: path, reason: reason) }

  /// Checks that this is an object with all of `required` and nothing that is in neither list.
  func object(_ required: [String], optional: [String] = []) throws(ScenarioFault) {
    for field in try members() where !(required + optional).contains(field.key) {
      throw field.place.fault("is unknown here")
    }
    for key in required where value[key] == nil { throw self[key].fault("is missing") }
  }

  /// The members of an object whose keys are not known beforehand, in the file's order.
  func members() throws(ScenarioFault) -> [(key: String, place: ScenarioPlace)] {
    guard let members = value.members else { throw fault("must be an object, is \(value.kind)") }
    return members.map { ($0.key, self[$0.key]) }
  }

  /// A field; one that is not there reads as `null`, which every reading refuses.
  subscript(key: String) -> ScenarioPlace {
    ScenarioPlace(value[key] ?? .null, path: path.isEmpty ? key : path + "." + key)
  }

  /// A field that may be left out.
  func optional(_ key: String) -> ScenarioPlace? { value[key] == nil ? nil : self[key] }

  func list() throws(ScenarioFault) -> [ScenarioPlace] {
    guard let elements = value.elements else { throw fault("must be an array, is \(value.kind)") }
    return elements.enumerated().map { ScenarioPlace($1, path: "\(path)[\($0)]") }
  }

  func text() throws(ScenarioFault) -> String {
    guard let text = value.text else { throw fault("must be a string, is \(value.kind)") }
    return text
  }

  func integer() throws(ScenarioFault) -> Int64 {
    guard let integer = value.integer else {
      if case .number(let text) = value { throw fault("must be a whole number, is \(text)") }
      throw fault("must be a whole number, is \(value.kind)")
    }
    return integer
  }

  func id<Tag>() throws(ScenarioFault) -> Identifier<Tag> {
    let text = try text()
    do { return try Identifier(text) } catch { throw badIdentifier(text) }
  }

  private func badIdentifier(_ text: String) -> ScenarioFault {
    fault("\"\(text)\" is no id: 1…64 bytes out of A–Z a–z 0–9 . _ : ~ -")
  }

  func time() throws(ScenarioFault) -> Timestamp {
    let text = try text()
    do { return try Timestamp(text) } catch {
      throw fault("\"\(text)\" is no time such as 2026-03-01T10:00:00Z (RFC 3339)")
    }
  }
}
