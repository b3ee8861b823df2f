// A settlement as JSON, for storing it and for a service that makes it in another process:
//
//   {"plan":{"name":"wanwu","version":1},"currency":"CNY",
//    "lines":[{"net":900,"pool":180,"supplier":400,"platform":410,
//      "shares":[{"payee":"B","rule":"seller","base":"net"|"pool"|{"share":"host"},"baseAmount":180,
//        "ratePpm":500000|null,"deducted":0,"amount":90,"funding":"platform"|{"share":"host"},
//        "rounding":"down"|"rest"}]}],
//    "withheld":[{"rule":"head","member":"A"|null,"reason":{"kind":"nobody"|"condition","en":"…",
//      "zh":"…"} or {"kind":"self_purchase"}}],
//    "selfPurchase":false}
//
// Exact: what was written is read back equal. Strict: no field may be missing or unknown, every
// amount lies in 0…`Amount.limit` so that no sum of what was read can overflow, a line sums to its
// net, and a share is what its rate makes of its base. Whether it fits an order is not known here.
import Commerce
import Notation

extension Settlement {
  /// The most shares that a line can have, and the most rules that can pay nobody.
  static let sharesMax = 64

  /// The settlement as JSON, in the form that the header of this file shows.
  package var json: JSON {
    [
      "plan": plan.json, "currency": .string(currency.code), "lines": .array(lines.map(\.json)),
      "withheld": .array(withheld.map(\.json)), "selfPurchase": .bool(isSelfPurchase),
    ]
  }

  /// The keys of `json`, for whoever puts it into an object with more of them.
  package static let keys = ["plan", "currency", "lines", "withheld", "selfPurchase"]

  /// Reads what `json` wrote.
  ///
  /// - Parameter json: a settlement.
  /// - Throws: `PlanError.malformed` with the place and the reason of the first fault.
  package init(json: JSON) throws(PlanError) {
    let root = try Place(json).object(Settlement.keys)
    let plan = try PlanReference(place: root["plan"])
    let currency: Currency
    do { currency = try Currency(try root["currency"].text()) } catch let error as PlanError {
      throw error
    } catch { throw root["currency"].fault("is no currency of three capital letters") }
    var lines: [LineSettlement] = []
    for place in try root["lines"].list(1...Sale.linesMax) {
      lines.append(try LineSettlement(place: place))
    }
    var withheld: [WithheldShare] = []
    for place in try root["withheld"].list(0...Settlement.sharesMax) {
      withheld.append(try WithheldShare(place: place))
    }
    self.init(
      plan: plan, currency: currency, lines: lines, withheld: withheld,
      isSelfPurchase: try root["selfPurchase"].flag())
  }
}

extension PlanReference {
  /// Name and version as JSON.
  package var json: JSON { ["name": .string(name), "version": .integer(version)] }

  fileprivate init(place: Place) throws(PlanError) {
    let fields = try place.object(["name", "version"])
    self.init(
      name: try fields["name"].name(), version: try fields["version"].integer(in: 1...Int64.max))
  }
}

extension LineSettlement {
  fileprivate var json: JSON {
    [
      "net": .integer(net.minorUnits), "pool": .integer(pool.minorUnits),
      "supplier": .integer(supplier.minorUnits), "platform": .integer(platform.minorUnits),
      "shares": .array(shares.map(\.json)),
    ]
  }

  fileprivate init(place: Place) throws(PlanError) {
    let fields = try place.object(["net", "pool", "supplier", "platform", "shares"])
    var shares: [Share] = []
    for share in try fields["shares"].list(0...Settlement.sharesMax) {
      shares.append(try Share(place: share))
    }
    self.init(
      net: try fields["net"].amount(), pool: try fields["pool"].amount(),
      supplier: try fields["supplier"].amount(), shares: shares)
    guard pool <= net else { throw fields["pool"].fault("is more than the net") }
    let stated = try fields["platform"].integer(in: Int64.min...Int64.max)
    guard stated == platform.minorUnits else {
      throw fields["platform"].fault("must be \(platform), or the line does not sum to its net")
    }
  }
}

extension Share {
  fileprivate var json: JSON {
    let base: JSON =
      switch baseName {
      case .net: "net"
      case .pool: "pool"
      case .share(let rule): ["share": .string(rule)]
      }
    let payer: JSON =
      switch funding {
      case .platform: "platform"
      case .share(let rule): ["share": .string(rule)]
      }
    return [
      "payee": .string(payee.text), "rule": .string(rule), "base": base,
      "baseAmount": .integer(self.base.minorUnits),
      "ratePpm": rate.map { .integer(Int64($0.partsPerMillion)) } ?? .null,
      "deducted": .integer(deducted.minorUnits), "amount": .integer(amount.minorUnits),
      "funding": payer, "rounding": .string(rounding.word),
    ]
  }

  fileprivate init(place: Place) throws(PlanError) {
    let fields = try place.object([
      "payee", "rule", "base", "baseAmount", "ratePpm", "deducted", "amount", "funding", "rounding",
    ])
    let baseName: ShareBase =
      switch fields["base"].value.text {
      case "net": .net
      case "pool": .pool
      default: .share(try fields["base"].otherShare())
      }
    self.init(
      payee: try fields["payee"].member(), rule: try fields["rule"].name(),
      taking: fields["ratePpm"].value == .null ? nil : try fields["ratePpm"].rate(),
      of: baseName, base: try fields["baseAmount"].amount(),
      deducted: try fields["deducted"].amount(), amount: try fields["amount"].amount(),
      funding: fields["funding"].value.text == "platform"
        ? .platform : .share(try fields["funding"].otherShare()))
    guard fields["rounding"].value.text == rounding.word else {
      throw fields["rounding"].fault("must be \(rounding.word) with this ratePpm")
    }
    let gross = amount + deducted
    if let rate, gross != base.part(rate) {
      throw fields["amount"].fault("with deducted must be \(base.part(rate)), the rate's part")
    }
    guard gross <= base else { throw fields["amount"].fault("is more than its base") }
  }
}

extension ShareRounding {
  fileprivate var word: String {
    switch self {
    case .down: "down"
    case .rest: "rest"
    }
  }
}

extension WithheldShare {
  fileprivate var json: JSON {
    func told(_ kind: JSON, _ wording: Wording) -> JSON {
      ["kind": kind, "en": .string(wording.english), "zh": .string(wording.chinese)]
    }
    let why: JSON =
      switch reason {
      case .nobody(let wording): told("nobody", wording)
      case .condition(let wording): told("condition", wording)
      case .selfPurchase: ["kind": "self_purchase"]
      }
    return [
      "rule": .string(rule), "member": member.map { .string($0.text) } ?? .null, "reason": why,
    ]
  }

  fileprivate init(place: Place) throws(PlanError) {
    let fields = try place.object(["rule", "member", "reason"])
    let reason = fields["reason"]
    let why: WithheldReason
    switch reason.value["kind"]?.text {
    case "nobody": why = .nobody(try reason.toldWording())
    case "condition": why = .condition(try reason.toldWording())
    case "self_purchase":
      _ = try reason.object(["kind"])
      why = .selfPurchase
    default: throw reason.fault("must have the kind nobody, condition or self_purchase")
    }
    self.init(
      by: try fields["rule"].name(),
      from: fields["member"].value == .null ? nil : try fields["member"].member(), because: why)
  }
}

extension Place {
  fileprivate func amount() throws(PlanError) -> Amount {
    Amount(try integer(in: 0...Amount.limit.minorUnits))
  }

  fileprivate func flag() throws(PlanError) -> Bool {
    guard let flag = value.bool else { throw fault("must be true or false, is \(value.kind)") }
    return flag
  }

  fileprivate func otherShare() throws(PlanError) -> String {
    try object(["share"])["share"].name()
  }

  fileprivate func toldWording() throws(PlanError) -> Wording {
    let fields = try object(["kind", "en", "zh"])
    return Wording(english: try fields["en"].label(), chinese: try fields["zh"].label())
  }
}
