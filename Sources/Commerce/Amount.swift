/// A sum of money in minor units (fen, cents) of a currency that stands beside it.
///
/// The currency is written once where it is the same for everything under it: on the storefront, the
/// order, the ledger transaction. Range: what fits in 64 bits; amounts that come from outside are
/// held to `Amount.limit`, so that sums of millions of them cannot overflow. Never floating point.
/// Source: domain.md, section 3.
@frozen
public struct Amount: Hashable, Comparable, Sendable {
  /// Minor units; negative where something is taken back or owed.
  public var minorUnits: Int64

  /// Nothing.
  public static let zero = Amount(0)
  /// The largest amount accepted from outside: ten thousand million major units.
  public static let limit = Amount(1_000_000_000_000)

  /// Makes an amount.
  ///
  /// - Parameter minorUnits: fen or cents.
  public init(_ minorUnits: Int64) { self.minorUnits = minorUnits }

  /// Orders by value.
  public static func < (left: Amount, right: Amount) -> Bool { left.minorUnits < right.minorUnits }
  /// Sum; overflow is a bug and stops the program, since input is held to `limit`.
  public static func + (left: Amount, right: Amount) -> Amount {
    Amount(left.minorUnits + right.minorUnits)
  }
  /// Difference; overflow is a bug and stops the program.
  public static func - (left: Amount, right: Amount) -> Amount {
    Amount(left.minorUnits - right.minorUnits)
  }
  /// The same amount the other way round.
  public static prefix func - (amount: Amount) -> Amount { Amount(-amount.minorUnits) }
  /// Adds in place.
  public static func += (left: inout Amount, right: Amount) { left = left + right }
  /// Subtracts in place.
  public static func -= (left: inout Amount, right: Amount) { left = left - right }

  /// `floor(self × rate)`: the part of an amount that a rate gives.
  ///
  /// Multiplies at full width before it divides, so it cannot overflow.
  /// - Parameter rate: parts per million.
  /// - Returns: the part, rounded towards minus infinity to a whole minor unit.
  public func part(_ rate: Rate) -> Amount {
    multiplied(by: Int64(rate.partsPerMillion), dividedBy: 1_000_000)
  }

  /// `floor(self × numerator / denominator)`, exact in between.
  ///
  /// - Parameters:
  ///   - numerator: ≥ 0.
  ///   - denominator: > 0.
  /// - Returns: the quotient rounded towards minus infinity. A quotient that does not fit in 64
  ///   bits is a bug and stops the program.
  public func multiplied(by numerator: Int64, dividedBy denominator: Int64) -> Amount {
    precondition(numerator >= 0 && denominator > 0, "a part is a non-negative fraction")
    let product = minorUnits.magnitude.multipliedFullWidth(by: numerator.magnitude)
    precondition(product.high < denominator.magnitude, "the part does not fit in 64 bits")
    let (quotient, remainder) = denominator.magnitude.dividingFullWidth(product)
    // Towards minus infinity: a negative amount with a remainder is one further from nothing.
    let magnitude = minorUnits < 0 && remainder > 0 ? quotient + 1 : quotient
    let limit = minorUnits < 0 ? Int64.min.magnitude : Int64.max.magnitude
    precondition(magnitude <= limit, "the part does not fit in 64 bits")
    return Amount(Int64(truncatingIfNeeded: minorUnits < 0 ? 0 &- magnitude : magnitude))
  }
}

extension Amount: CustomStringConvertible {
  /// Minor units in digits.
  public var description: String { String(minorUnits) }
}

/// A currency by its ISO 4217 code.
@frozen
public struct Currency: Hashable, Sendable, CustomStringConvertible {
  /// Three upper-case letters.
  public let code: String

  /// Chinese yuan, counted in fen.
  public static let cny = Currency(trusted: "CNY")

  /// Checks the form of the code, not that a state issues it.
  ///
  /// - Parameter code: such as `CNY`.
  /// - Throws: `CommerceError.malformedCurrency`.
  public init(_ code: String) throws(CommerceError) {
    let letters = UInt8(ascii: "A")...UInt8(ascii: "Z")
    guard code.utf8.count == 3, code.utf8.allSatisfy(letters.contains) else {
      throw .malformedCurrency
    }
    self.code = code
  }

  private init(trusted code: String) { self.code = code }

  /// How many digits of an amount stand behind the point: 0…4; two for every code not in the list.
  /// Source: ISO 4217, list one (minor units).
  public var fractionDigits: Int {
    switch code {
    case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND",
      "VUV", "XAF", "XOF", "XPF":
      0
    case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND": 3
    case "CLF", "UYW": 4
    default: 2
    }
  }

  /// An amount for people, exact, such as `3.59 CNY` or `-0.01 CNY`.
  ///
  /// - Parameter amount: in this currency's minor units.
  /// - Returns: major and minor units with a point between them, and the code.
  public func text(of amount: Amount) -> String {
    "\(amount.decimal(fractionDigits: fractionDigits)) \(code)"
  }

  /// The code.
  public var description: String { code }
}

/// A rate in whole parts per million, 0…1 000 000. Source: domain.md, section 3.
@frozen
public struct Rate: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// 1 000 000 is the whole.
  public let partsPerMillion: Int32

  /// Nothing of it.
  public static let zero = Rate(trusted: 0)
  /// All of it.
  public static let whole = Rate(trusted: 1_000_000)

  /// Checks the range.
  ///
  /// - Parameter partsPerMillion: 0…1 000 000.
  /// - Throws: `CommerceError.rateOutOfRange`.
  public init(partsPerMillion: Int64) throws(CommerceError) {
    guard (0...1_000_000).contains(partsPerMillion) else { throw .rateOutOfRange }
    self.partsPerMillion = Int32(partsPerMillion)
  }

  /// Takes a value that is known to be in range: read back from storage, or written in the code.
  ///
  /// - Parameter partsPerMillion: 0…1 000 000.
  public init(trusted partsPerMillion: Int32) { self.partsPerMillion = partsPerMillion }

  /// Orders by value.
  public static func < (left: Rate, right: Rate) -> Bool {
    left.partsPerMillion < right.partsPerMillion
  }
  /// Parts per million in digits.
  public var description: String { String(partsPerMillion) }
}
