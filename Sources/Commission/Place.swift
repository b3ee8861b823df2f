// A JSON value together with where it stands in its document, so that every refusal can say where.
// Strict: a key that nobody asked for is refused like a missing one. Values only.
import Commerce
import Notation

/// A value and its path from the root of the document.
struct Place {
  let value: JSON
  let path: String

  init(_ value: JSON, path: String = "$") {
    self.value = value
    self.path = path
  }

  func fault(_ reason: String) -> PlanError { .malformed(path: path, reason: reason) }

  /// The fields of an object that has all of `required`, and none that is in neither list.
  func object(
    _ required: [String], optional: [String] = []
  ) throws(PlanError) -> Fields {
    guard let members = value.members else { throw fault("must be an object, is \(value.kind)") }
    for member in members where !required.contains(member.key) && !optional.contains(member.key) {
      throw PlanError.malformed(path: path + "." + member.key, reason: "is unknown here")
    }
    for key in required where value[key] == nil {
      throw PlanError.malformed(path: path + "." + key, reason: "is missing")
    }
    return Fields(place: self)
  }

  /// The elements of an array with that many of them.
  func list(_ counts: ClosedRange<Int>) throws(PlanError) -> [Place] {
    guard let elements = value.elements else { throw fault("must be an array, is \(value.kind)") }
    guard counts.contains(elements.count) else {
      throw fault("must have \(counts.lowerBound)…\(counts.upperBound) elements")
    }
    return elements.enumerated().map { Place($1, path: "\(path)[\($0)]") }
  }

  func text() throws(PlanError) -> String {
    guard let text = value.text else { throw fault("must be a string, is \(value.kind)") }
    return text
  }

  /// A text of 1…200 bytes to be shown to people.
  func label() throws(PlanError) -> String {
    let text = try text()
    guard (1...200).contains(text.utf8.count) else { throw fault("must have 1…200 bytes") }
    return text
  }

  /// A word of the plan: 1…15 ASCII letters and digits, a letter first. Fifteen bytes are what a
  /// Swift string keeps without an allocation, and shares carry such words.
  func name() throws(PlanError) -> String {
    let text = try text()
    guard Place.isName(text) else { throw fault("must be 1…15 letters and digits, a letter first") }
    return text
  }

  static func isName(_ text: String, bytesMax: Int = 15) -> Bool {
    func isLetter(_ byte: UInt8) -> Bool {
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
    func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
    guard let first = text.utf8.first, isLetter(first), text.utf8.count <= bytesMax else {
      return false
    }
    return text.utf8.allSatisfy { isLetter($0) || isDigit($0) }
  }

  func integer(in range: ClosedRange<Int64>) throws(PlanError) -> Int64 {
    guard let integer = value.integer else {
      throw fault("must be a whole number, is \(value.kind)")
    }
    guard range.contains(integer) else {
      throw fault("must be \(range.lowerBound)…\(range.upperBound), is \(integer)")
    }
    return integer
  }

  func rate() throws(PlanError) -> Rate {
    Rate(trusted: Int32(try integer(in: 0...1_000_000)))
  }

  func member() throws(PlanError) -> MemberID {
    do { return try MemberID(try text()) } catch let error as PlanError {
      throw error
    } catch { throw fault("is no id: 1…64 bytes out of A–Z a–z 0–9 . _ : ~ -") }
  }

  func wording() throws(PlanError) -> Wording {
    let fields = try object(["en", "zh"])
    return Wording(english: try fields["en"].label(), chinese: try fields["zh"].label())
  }
}

/// The fields of an object whose keys have been checked.
struct Fields {
  let place: Place

  /// A field; one that is not there reads as `null`, which every reading refuses.
  subscript(key: String) -> Place {
    Place(place.value[key] ?? .null, path: place.path + "." + key)
  }

  func optional(_ key: String) -> Place? {
    place.value[key].map { Place($0, path: place.path + "." + key) }
  }

  func has(_ key: String) -> Bool { place.value[key] != nil }
}
