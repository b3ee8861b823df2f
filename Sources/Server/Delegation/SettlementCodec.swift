// The wire form of a delegated settlement; see Protocol/commission-service.md.
//
// Request: {"version":1,"id":"shop/o1/3","plan":{"name":"wanwu","version":1},"planDocument":{…},
//           "currency":"CNY","sale":{"lines":[{"paid":…,"refunded":…,"cost":…,"ratePpm":…}]},
//           "snapshot":{…}}
// Answer:  {"version":1,"id":"shop/o1/3","plan":{…},"currency":"CNY","lines":[{"net":…,"pool":…,
//           "supplier":…,"platform":…,"shares":[{"payee":…,"rule":…,"base":"net"|"pool"|{"share":…},
//           "baseAmount":…,"ratePpm":…|null,"deducted":…,"amount":…,"funding":"platform"|{"share":…},
//           "rounding":"down"|"rest"}]}],
//           "withheld":[{"rule":…,"member":…|null,"reason":{"kind":…,"en":…,"zh":…}}],
//           "selfPurchase":false}
//
// Exact: what was written is read back equal. Strict: every field must be there (null where the form
// says so), none may be unknown, none stand twice. What a settlement may hold is said where it is read:
// Settlement+JSON.swift. Pure; any thread.

import Commerce
import Commission
import Notation

/// Why a text is no request or answer, and where.
package struct CodecFault: Error, Equatable, Sendable, CustomStringConvertible {
  /// The place, such as `lines[2].shares[0].amount`; empty for the whole.
  package let place: String
  /// What is wrong, as a sentence.
  package let reason: String

  /// Makes a fault.
  ///
  /// - Parameters:
  ///   - place: such as `lines[2].net`.
  ///   - reason: a sentence.
  package init(_ place: String, _ reason: String) {
    self.place = place
    self.reason = reason
  }

  init(_ fault: Fault) { self.init(fault.field ?? "", fault.message) }

  /// The sentence.
  package var description: String { reason }
}

/// Writes and reads requests for settlements and their answers.
package enum SettlementCodec {
  /// The version of the format.
  package static let version: Int64 = 1
  /// The most bytes of a rule's id.
  static let ruleBytesMax = 15
}

// Requests.
extension SettlementCodec {
  /// The text of a request.
  ///
  /// - Parameter request: its plan document is one JSON value.
  /// - Returns: UTF-8 JSON without spaces.
  package static func bytes(_ request: SettlementRequest) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("version")
    writer.integer(version)
    writer.key("id")
    writer.string(request.id)
    writer.key("plan")
    writer.value(request.plan.json)
    writer.key("planDocument")
    // As it stands: the digest of a plan is that of these bytes.
    writer.raw(request.planDocument)
    writer.key("currency")
    writer.string(request.sale.currency.code)
    writer.key("sale")
    writer.value(["lines": .array(request.sale.lines.map(json))])
    writer.key("snapshot")
    writer.value(request.snapshot.json)
    writer.endObject()
    return writer.bytes
  }

  /// Reads the text of a request.
  ///
  /// Amounts may be of any size and lines of any number that a text can hold: to refuse them is the
  /// plan's, which has a code for each.
  /// - Parameter bytes: UTF-8 JSON.
  /// - Returns: the request; its plan document is written without spaces.
  /// - Throws: `CodecFault` with the first fault.
  package static func request(_ bytes: [UInt8]) throws(CodecFault) -> SettlementRequest {
    try reading(bytes) { (fields) throws(Fault) in
      _ = try fields.integer("version", in: version...version)
      let id = try requestID(&fields)
      let plan = try reference(&fields)
      let document = try fields.required("planDocument")
      _ = try document.members()
      let currency = try fields.required("currency").currency()
      var sale = try fields.required("sale").fields()
      let lines = try sale.objects("lines", count: 0...Int.max, line)
      try sale.finish()
      return SettlementRequest(
        id: id, planDocument: document.value.bytes, plan: plan,
        sale: Sale(currency: currency, lines: lines), snapshot: try snapshot(&fields))
    }
  }

  private static func json(_ line: Sale.Line) -> JSON {
    [
      "paid": .integer(line.paid.minorUnits), "refunded": .integer(line.refunded.minorUnits),
      "cost": .integer(line.cost.minorUnits),
      "ratePpm": .integer(Int64(line.rate.partsPerMillion)),
    ]
  }

  private static func line(_ fields: inout Fields) throws(Fault) -> Sale.Line {
    let any = Int64.min...Int64.max
    return Sale.Line(
      paid: Amount(try fields.integer("paid", in: any)),
      refunded: Amount(try fields.integer("refunded", in: any)),
      cost: Amount(try fields.integer("cost", in: any)),
      rate: try fields.required("ratePpm").rate())
  }

  private static func snapshot(_ fields: inout Fields) throws(Fault) -> Snapshot {
    let field = try fields.required("snapshot")
    do throws(PlanError) { return try Snapshot(json: field.value) } catch {
      guard case .malformed(let path, let reason) = error else {
        throw field.refusal("a snapshot: \(error)")
      }
      let place = field.path + path.dropFirst()
      throw .invalidField(place, "\(place) \(reason).")
    }
  }
}

// Answers.
extension SettlementCodec {
  /// An answer as JSON.
  ///
  /// - Parameters:
  ///   - settlement: what the request came to.
  ///   - id: of the request.
  /// - Returns: the object that `answer(_:)` reads.
  package static func json(_ settlement: Settlement, id: String) -> JSON {
    .object(
      [JSON.Member("version", .integer(version)), JSON.Member("id", .string(id))]
        + (settlement.json.members ?? []))
  }

  /// Reads the text of an answer.
  ///
  /// - Parameter bytes: UTF-8 JSON.
  /// - Returns: the id of the request, and the settlement; each of its lines sums to its net.
  /// - Throws: `CodecFault` with the first fault.
  package static func answer(
    _ bytes: [UInt8]
  ) throws(CodecFault) -> (id: String, settlement: Settlement) {
    try reading(bytes) { (fields) throws(Fault) in
      _ = try fields.integer("version", in: version...version)
      let id = try requestID(&fields)
      // The rest is the settlement, which is read strictly where it is written.
      var members: [JSON.Member] = []
      for key in Settlement.keys {
        members.append(JSON.Member(key, try fields.required(key).value))
      }
      do throws(PlanError) {
        return (id, try Settlement(json: .object(members)))
      } catch {
        guard case .malformed(let path, let reason) = error else {
          throw .invalidField("", "No settlement: \(error).")
        }
        let place = String(path.dropFirst(2))
        throw .invalidField(place, "\(place) \(reason).")
      }
    }
  }
}

// What requests and answers share.
extension SettlementCodec {
  private static func reference(_ fields: inout Fields) throws(Fault) -> PlanReference {
    var plan = try fields.required("plan").fields()
    let reference = PlanReference(
      name: try rule(plan.required("name")),
      version: try plan.integer("version", in: 1...Int64.max))
    try plan.finish()
    return reference
  }

  private static func requestID(_ fields: inout Fields) throws(Fault) -> String {
    let field = try fields.required("id")
    guard let id = field.value.text, SettlementRequest.isID(id) else {
      throw field.refusal("storefront/order/revision")
    }
    return id
  }

  /// A word of a plan: its name, or the id of a rule.
  private static func rule(_ field: Field) throws(Fault) -> String {
    let text = try field.text(bytes: 1...ruleBytesMax)
    guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw field.refusal("a word of ASCII")
    }
    return text
  }

  /// Reads an object to its end.
  static func reading<Value>(
    _ bytes: [UInt8], _ read: (inout Fields) throws(Fault) -> Value
  ) throws(CodecFault) -> Value {
    let json: JSON
    do throws(JSONError) { json = try JSON.read(bytes) } catch {
      throw CodecFault("", "This is not JSON: \(error).")
    }
    guard json.members != nil else { throw CodecFault("", "This must be an object.") }
    do throws(Fault) {
      var fields = Fields(json)
      let value = try read(&fields)
      try fields.finish()
      return value
    } catch {
      throw CodecFault(error)
    }
  }
}
