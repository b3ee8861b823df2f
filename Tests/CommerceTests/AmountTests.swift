import Commerce
import Testing

@Suite("Amounts, rates, currencies and ids")
struct AmountTests {
  @Test("A part is rounded towards minus infinity", arguments: parts)
  func part(_ example: (amount: Int64, rate: Int32, expected: Int64)) {
    #expect(Amount(example.amount).part(Rate(trusted: example.rate)) == Amount(example.expected))
  }

  static let parts: [(amount: Int64, rate: Int32, expected: Int64)] = [
    (20_000, 200_000, 4000), (4000, 250_000, 1000), (1, 999_999, 0), (1, 1_000_000, 1),
    (0, 500_000, 0), (3, 333_333, 0), (4, 333_333, 1), (999, 50_000, 49), (1000, 50_000, 50),
    (-1, 1, -1), (-1, 0, 0), (-1, 1_000_000, -1), (-999, 50_000, -50), (-1000, 50_000, -50),
    (-1001, 50_000, -51), (.max, 1_000_000, .max), (.min, 1_000_000, .min),
    (.max, 500_000, 4_611_686_018_427_387_903), (.min, 500_000, -4_611_686_018_427_387_904),
    (.max, 0, 0), (.min, 0, 0), (.max, 1, 9_223_372_036_854), (.min, 1, -9_223_372_036_855),
  ]

  @Test("A fraction of an amount agrees with 128-bit arithmetic")
  func fractions() {
    var state: UInt64 = 0x5EED
    func next() -> UInt64 {  // SplitMix64: the same numbers on every run.
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
    var checked = 0
    while checked < 20_000 {
      let amount = Int64(bitPattern: next()) >> Int64(next() % 64)
      let numerator = Int64(next() >> (1 + next() % 63))
      let denominator = Int64(next() >> (1 + next() % 62)) | 1
      let product = Int128(amount) * Int128(numerator)
      let (quotient, rest) = product.quotientAndRemainder(dividingBy: Int128(denominator))
      guard let expected = Int64(exactly: rest < 0 ? quotient - 1 : quotient) else { continue }
      let part = Amount(amount).multiplied(by: numerator, dividedBy: denominator)
      #expect(part.minorUnits == expected, "\(amount) × \(numerator) / \(denominator)")
      checked += 1
    }
  }

  @Test("A quotient at the edge of 64 bits is exact")
  func edges() {
    #expect(Amount(.min).multiplied(by: 1, dividedBy: 1).minorUnits == .min)
    #expect(Amount(.max).multiplied(by: 1, dividedBy: 1).minorUnits == .max)
    #expect(Amount(.min).multiplied(by: .max, dividedBy: .max).minorUnits == .min)
    #expect(Amount(.max).multiplied(by: .max, dividedBy: .max).minorUnits == .max)
    #expect(Amount(-1).multiplied(by: 1, dividedBy: .max).minorUnits == -1)
    #expect(Amount(1).multiplied(by: 1, dividedBy: .max).minorUnits == 0)
  }

  @Test("A quotient beyond 64 bits stops the program")
  func beyond() async {
    await #expect(processExitsWith: .failure) {
      _ = Amount(.max).multiplied(by: 2, dividedBy: 1)
    }
    await #expect(processExitsWith: .failure) {
      _ = Amount(.min).multiplied(by: 1_000_001, dividedBy: 1_000_000)
    }
    await #expect(processExitsWith: .failure) {
      _ = Amount(1).multiplied(by: -1, dividedBy: 1)
    }
  }

  @Test("Amounts add, subtract, negate and order by value")
  func arithmetic() {
    var amount = Amount(5) + Amount(-7)
    #expect(amount == Amount(-2))
    amount += Amount(10)
    amount -= Amount(1)
    #expect(amount == Amount(7) && -amount == Amount(-7) && Amount(3) - Amount(5) == Amount(-2))
    #expect(Amount(-1) < .zero && .zero < Amount.limit && !(Amount.zero < .zero))
    #expect(Amount(-5).description == "-5")
  }

  @Test(
    "A rate lies between nothing and the whole",
    arguments: [
      (-1, false), (0, true), (1, true), (1_000_000, true), (1_000_001, false),
      (Int64(Int32.max) + 1, false), (.min, false), (.max, false),
    ] as [(Int64, Bool)])
  func rates(_ partsPerMillion: Int64, _ isRate: Bool) throws {
    if isRate {
      let rate = try Rate(partsPerMillion: partsPerMillion)
      #expect(rate.description == String(partsPerMillion))
      #expect(Rate.zero <= rate && rate <= .whole)
    } else {
      #expect(throws: CommerceError.rateOutOfRange) { try Rate(partsPerMillion: partsPerMillion) }
    }
  }

  @Test(
    "A currency is three upper-case letters",
    arguments: [
      ("CNY", true), ("USD", true), ("AAA", true), ("ZZZ", true), ("cny", false), ("CN", false),
      ("CNYX", false), ("", false), ("C1Y", false), ("CN@", false), ("CN[", false), ("CÑY", false),
      ("¥", false),
    ])
  func currencies(_ code: String, _ isCurrency: Bool) throws {
    if isCurrency {
      #expect(try Currency(code).description == code)
    } else {
      #expect(throws: CommerceError.malformedCurrency) { try Currency(code) }
    }
  }

  @Test(
    "An amount for people has the digits of its currency, every one of them",
    arguments: [
      ("CNY", 359, "3.59 CNY"), ("CNY", 0, "0.00 CNY"), ("CNY", 5, "0.05 CNY"),
      ("CNY", 99, "0.99 CNY"), ("CNY", 100, "1.00 CNY"), ("CNY", -1, "-0.01 CNY"),
      ("USD", -12_345, "-123.45 USD"), ("JPY", 359, "359 JPY"), ("JPY", 0, "0 JPY"),
      ("KRW", -7, "-7 KRW"), ("VND", 1000, "1000 VND"), ("KWD", 1, "0.001 KWD"),
      ("BHD", 999, "0.999 BHD"), ("OMR", 1000, "1.000 OMR"), ("JOD", 12_345, "12.345 JOD"),
      ("TND", -1, "-0.001 TND"), ("CLF", 10_000, "1.0000 CLF"),
      ("CNY", .max, "92233720368547758.07 CNY"), ("CNY", .min, "-92233720368547758.08 CNY"),
    ] as [(String, Int64, String)])
  func amountTexts(_ code: String, _ minorUnits: Int64, _ text: String) throws {
    #expect(try Currency(code).text(of: Amount(minorUnits)) == text)
  }

  @Test(
    "An id has 1…64 bytes out of its alphabet",
    arguments: [
      ("a", true), ("Z", true), ("0", true), ("a.b_c:d~e-f", true),
      (String(repeating: "x", count: 64), true), (String(repeating: "x", count: 65), false),
      ("", false), (" ", false), ("a b", false), ("a/b", false), ("a\n", false), ("é", false),
      ("a\u{0}", false), ("@", false), ("[", false), ("`", false), ("{", false), (";", false),
      ("店主", false), ("a\u{301}", false),
    ])
  func identifiers(_ text: String, _ isIdentifier: Bool) throws {
    if isIdentifier {
      #expect(try RoomID(text).text == text)
      #expect(try RoomID(text) == RoomID(trusted: text))
    } else {
      #expect(throws: CommerceError.malformedIdentifier) { try RoomID(text) }
    }
  }

  @Test("Ids are ordered by their bytes")
  func order() {
    let texts = ["-", ".", "0", "10", "2", ":", "A", "B", "_", "a", "aa", "b", "~"]
    #expect(texts.reversed().map(RoomID.init(trusted:)).sorted().map(\.description) == texts)
  }
}
