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
// says so), none may be unknown, none stand twice, and every amount lies within ±`Amount.limit`, so
// that no sum of what was read can overflow. A line that does not sum to its net, and a share that is
// not what its own rate makes of its base, are refused here: a settlement in memory has neither.
// Pure; any thread.

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
  /// The most shares that a line can have, and the most rules that can pay nobody.
  static let sharesMax = 64
  /// The most bytes of a rule's id.
  static let ruleBytesMax = 15
  /// The most bytes of a wording.
  static let wordingBytesMax = 256
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
    writer.value(json(request.plan))
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
    [
      "version": .integer(version), "id": .string(id), "plan": json(settlement.plan),
      "currency": .string(settlement.currency.code), "lines": .array(settlement.lines.map(json)),
      "withheld": .array(settlement.withheld.map(json)),
      "selfPurchase": .bool(settlement.isSelfPurchase),
    ]
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
      let settlement = Settlement(
        plan: try reference(&fields), currency: try fields.required("currency").currency(),
        lines: try settledLines(&fields),
        withheld: try fields.objects("withheld", count: 0...sharesMax, withheld),
        isSelfPurchase: try fields.required("selfPurchase").flag())
      return (id, settlement)
    }
  }

  private static func json(_ line: LineSettlement) -> JSON {
    [
      "net": .integer(line.net.minorUnits), "pool": .integer(line.pool.minorUnits),
      "supplier": .integer(line.supplier.minorUnits),
      "platform": .integer(line.platform.minorUnits), "shares": .array(line.shares.map(json)),
    ]
  }

  private static func settledLines(_ fields: inout Fields) throws(Fault) -> [LineSettlement] {
    try fields.objects("lines", count: 1...Sale.linesMax) { (fields) throws(Fault) in
      let line = LineSettlement(
        net: try fields.required("net").amount(), pool: try fields.required("pool").amount(),
        supplier: try fields.required("supplier").amount(),
        shares: try fields.objects("shares", count: 0...sharesMax, share))
      guard line.pool <= line.net else {
        throw fields.fault("pool", "The pool is more than the net.")
      }
      // Its own limits are those of the sum: at most 64 shares and a supplier's part below zero.
      let platform = try fields.integer("platform", in: Int64.min...Int64.max)
      guard platform == line.platform.minorUnits else {
        throw fields.fault(
          "platform",
          "The line does not sum to its net: the platform's part would be \(line.platform).")
      }
      return line
    }
  }

  private static func json(_ share: Share) -> JSON {
    let base: JSON =
      switch share.baseName {
      case .net: "net"
      case .pool: "pool"
      case .share(let rule): ["share": .string(rule)]
      }
    let funding: JSON =
      switch share.funding {
      case .platform: "platform"
      case .share(let rule): ["share": .string(rule)]
      }
    return [
      "payee": .string(share.payee.text), "rule": .string(share.rule), "base": base,
      "baseAmount": .integer(share.base.minorUnits),
      "ratePpm": share.rate.map { .integer(Int64($0.partsPerMillion)) } ?? .null,
      "deducted": .integer(share.deducted.minorUnits),
      "amount": .integer(share.amount.minorUnits), "funding": funding,
      "rounding": .string(rounding(share.rounding)),
    ]
  }

  private static func share(_ fields: inout Fields) throws(Fault) -> Share {
    let share = Share(
      payee: try fields.identifier("payee"), rule: try rule(fields.required("rule")),
      taking: try fields.nullable("ratePpm").map { (field) throws(Fault) in try field.rate() },
      of: try base(fields.required("base")), base: try fields.required("baseAmount").amount(),
      deducted: try fields.required("deducted").amount(),
      amount: try fields.required("amount").amount(), funding: try funding(&fields))
    guard try fields.required("rounding").value.text == rounding(share.rounding) else {
      throw fields.fault("rounding", "A share is rounded down, or the rest of its base.")
    }
    let gross = share.amount + share.deducted
    if let rate = share.rate, gross != share.base.part(rate) {
      throw fields.fault(
        "amount", "Amount and deducted must be \(share.base.part(rate)) together: the rate's part.")
    }
    guard gross <= share.base else {
      throw fields.fault("amount", "A share is more than its base.")
    }
    return share
  }

  private static func base(_ field: Field) throws(Fault) -> ShareBase {
    if field.value.text == "net" { return .net }
    if field.value.text == "pool" { return .pool }
    return .share(try otherShare(field, "net, pool or an object with a share"))
  }

  private static func funding(_ fields: inout Fields) throws(Fault) -> ShareFunding {
    let field = try fields.required("funding")
    if field.value.text == "platform" { return .platform }
    return .share(try otherShare(field, "platform or an object with a share"))
  }

  private static func otherShare(_ field: Field, _ wanted: String) throws(Fault) -> String {
    guard field.value.members != nil else { throw field.refusal(wanted) }
    var fields = try field.fields()
    let id = try rule(fields.required("share"))
    try fields.finish()
    return id
  }

  private static func rounding(_ rounding: ShareRounding) -> String {
    switch rounding {
    case .down: "down"
    case .rest: "rest"
    }
  }

  private static func json(_ share: WithheldShare) -> JSON {
    let reason: JSON =
      switch share.reason {
      case .nobody(let wording): json("nobody", wording)
      case .condition(let wording): json("condition", wording)
      case .selfPurchase: ["kind": "self_purchase"]
      }
    return [
      "rule": .string(share.rule), "member": share.member.map { .string($0.text) } ?? .null,
      "reason": reason,
    ]
  }

  private static func json(_ kind: JSON, _ wording: Wording) -> JSON {
    ["kind": kind, "en": .string(wording.english), "zh": .string(wording.chinese)]
  }

  private static func withheld(_ fields: inout Fields) throws(Fault) -> WithheldShare {
    let rule = try rule(fields.required("rule"))
    let member: MemberID? = try fields.nullable("member").map { (field) throws(Fault) in
      try field.identifier()
    }
    var reason = try fields.required("reason").fields()
    let kind = try reason.required("kind")
    let why: WithheldReason =
      switch kind.value.text {
      case "nobody": .nobody(try wording(&reason))
      case "condition": .condition(try wording(&reason))
      case "self_purchase": .selfPurchase
      default: throw kind.refusal("nobody, condition or self_purchase")
      }
    try reason.finish()
    return WithheldShare(by: rule, from: member, because: why)
  }

  private static func wording(_ fields: inout Fields) throws(Fault) -> Wording {
    func text(_ field: Field) throws(Fault) -> String {
      // A plan may word itself in several lines, so control characters are let pass.
      guard let text = field.value.text, (1...wordingBytesMax).contains(text.utf8.count) else {
        throw field.refusal("a text of 1 to \(wordingBytesMax) bytes")
      }
      return text
    }
    return Wording(
      english: try text(fields.required("en")), chinese: try text(fields.required("zh")))
  }
}

// What requests and answers share.
extension SettlementCodec {
  private static func json(_ plan: PlanReference) -> JSON {
    ["name": .string(plan.name), "version": .integer(plan.version)]
  }

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
