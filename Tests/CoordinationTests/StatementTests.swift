// Statements: periods without gaps, figures that make up the amount, failed payments.

import Commerce
import Coordination
import Ledger
import Notation
import Testing

@Suite("Statements")
struct StatementTests {
  /// A host H with orders in a room, each of 10 000 at 20 %: 2 000 for the host.
  private func shop() throws -> Shop {
    let shop = try Shop()
    try shop.join("H")
    try shop.open()
    return shop
  }

  private func deliverAndRelease(_ shop: Shop, _ orders: String...) throws {
    for order in orders { try shop.accept(shop.deliver(order)) }
    shop.wait(days: 9)
    try shop.release()
  }

  private func line(_ shop: Shop, _ statement: String, _ member: String = "H") -> StatementLine? {
    let key = Key.statementLine(Shop.id, StatementID(trusted: statement), person(member))
    guard case .statementLine(let line)? = shop.store.records[key] else { return nil }
    return line
  }

  private func statement(_ shop: Shop, _ id: String) -> Statement? {
    guard
      case .statement(let found)? = shop.store.records[
        .statement(Shop.id, StatementID(trusted: id))]
    else { return nil }
    return found
  }

  private func acknowledge(
    _ shop: Shop, _ statement: String, _ id: String, failed: [(String, String)] = []
  ) -> Command {
    .acknowledge(
      StatementID(trusted: statement), acknowledgement: FactID(trusted: id),
      failed: failed.map { FailedPayment(member: person($0.0), reason: $0.1) }, at: shop.now)
  }

  @Test("A line says what makes up the amount, and the next statement opens with what is left")
  func figures() throws {
    let shop = try shop()
    for order in ["o1", "o2", "o3"] { try shop.sell(order) }
    try deliverAndRelease(shop, "o1", "o2")
    try shop.accept(shop.refund("o1", "f1", [(0, 5_000)]))
    let first = try shop.payOut("s1")
    #expect(
      line(shop, "s1")?.figures
        == StatementFigures(
          released: Amount(4_000), reversed: Amount(1_000), paid: Amount(3_000), releases: 2,
          reversals: 1))
    #expect(first.reply["total"] == 3_000 && first.reply["payees"] == 1)
    // After the payout: a debt of 1 000, then a release that pays it off.
    try shop.accept(shop.refund("o1", "f2"))
    try deliverAndRelease(shop, "o3")
    try shop.payOut("s2")
    #expect(
      line(shop, "s2")?.figures
        == StatementFigures(
          released: Amount(2_000), reversed: Amount(1_000), offset: Amount(1_000),
          paid: Amount(1_000), releases: 1, reversals: 1))
    #expect(shop.balance(.paid(person("H"))) == 4_000)
  }

  @Test("A debt stands on every statement until it is paid off")
  func debt() throws {
    let shop = try shop()
    for order in ["o1", "o2"] { try shop.sell(order) }
    try deliverAndRelease(shop, "o1")
    try shop.payOut("s1")
    try shop.accept(shop.refund("o1", "f1"))
    try shop.payOut("s2")
    #expect(line(shop, "s2")?.figures.closing == Amount(-2_000))
    try shop.payOut("s3")
    #expect(line(shop, "s3")?.figures == StatementFigures(opening: Amount(-2_000)))
    try deliverAndRelease(shop, "o2")
    try shop.payOut("s4")
    #expect(line(shop, "s4")?.figures.closing == .zero)
    #expect(line(shop, "s4")?.figures.paid == .zero)
    try shop.payOut("s5")
    #expect(line(shop, "s5") == nil)
  }

  @Test("Every booking is in exactly one period: each begins where the one before ended")
  func ranges() throws {
    let shop = try shop()
    try shop.sell("o1")
    try deliverAndRelease(shop, "o1")
    try shop.payOut("s1")
    try shop.payOut("s2")
    let one = try #require(statement(shop, "s1"))
    let two = try #require(statement(shop, "s2"))
    #expect(one.number == 1 && one.from == 0 && one.to == 2 && one.sequence == 3)
    // The payout itself is behind the period that it pays.
    #expect(two.number == 2 && two.from == 2 && two.to == 3 && two.sequence == 3)
    #expect(two.members == 0 && two.figures == StatementFigures())
  }

  @Test("What was booked at the end of a period or later is left for the next")
  func until() throws {
    for (shift, paid) in [(Int64(0), Int64(0)), (1, 2_000)] {
      let shop = try shop()
      try shop.sell("o1")
      try deliverAndRelease(shop, "o1")
      let released = shop.now
      shop.wait(days: 1)
      try shop.payOut("s1", until: released.advanced(byMilliseconds: shift))
      #expect(line(shop, "s1")?.figures.paid.minorUnits ?? 0 == paid, "\(shift) ms")
      try shop.payOut("s2")
      #expect(line(shop, "s2")?.figures.paid.minorUnits ?? 0 == 2_000 - paid, "\(shift) ms")
    }
  }

  @Test("What was taken back after the period is not paid, and shows in the next")
  func late() throws {
    let shop = try shop()
    try shop.sell("o1")
    try deliverAndRelease(shop, "o1")
    shop.wait(1)
    let end = shop.now
    shop.wait(1)
    try shop.accept(shop.refund("o1", "f1", [(0, 5_000)]))
    try shop.payOut("s1", until: end)
    #expect(
      line(shop, "s1")?.figures
        == StatementFigures(released: Amount(2_000), paid: Amount(1_000), releases: 1))
    try shop.payOut("s2")
    #expect(
      line(shop, "s2")?.figures
        == StatementFigures(opening: Amount(1_000), reversed: Amount(1_000), reversals: 1))
    #expect(shop.balance(.available(person("H"))) == 0)
  }

  @Test("The end of a period lies not in the future, and is part of what a repeat repeats")
  func periodEnd() throws {
    let shop = try shop()
    let id = StatementID(trusted: "s1")
    let future = shop.now.advanced(byMilliseconds: 1)
    #expect(try shop.refusal(.payOut(id, until: future, .empty)) == .invalidField)
    try shop.payOut("s1", until: shop.now)
    #expect(try shop.payOut("s1", until: shop.now).isRepeat)
    #expect(try shop.refusal(.payOut(id, until: nil, .empty)) == .idempotencyConflict)
  }

  @Test("A closed statement never changes, whatever happens later")
  func immutable() throws {
    let shop = try shop()
    for order in ["o1", "o2"] { try shop.sell(order) }
    try deliverAndRelease(shop, "o1")
    let first = try shop.payOut("s1").reply
    let before = (statement(shop, "s1"), line(shop, "s1"))
    try shop.accept(shop.refund("o1", "f1"))
    try deliverAndRelease(shop, "o2")
    try shop.payOut("s2")
    #expect(statement(shop, "s1") == before.0 && line(shop, "s1") == before.1)
    let again = try shop.payOut("s1")
    #expect(again.isRepeat && again.reply == first)
  }

  @Test("A failed payment is available again, once, and the next statement pays it")
  func failure() throws {
    let shop = try shop()
    try shop.sell("o1")
    try deliverAndRelease(shop, "o1")
    try shop.payOut("s1")
    let failed = [("H", "no such account")]
    let told = try shop.accept(acknowledge(shop, "s1", "a1", failed: failed))
    #expect(told.reply["state"] == "acknowledged")
    #expect(told.reply["acknowledgement"]?["returned"] == 2_000)
    #expect(shop.balance(.available(person("H"))) == 2_000)
    #expect(shop.balance(.paid(person("H"))) == 0)
    #expect(line(shop, "s1")?.failure == "no such account")
    #expect(try shop.accept(acknowledge(shop, "s1", "a1", failed: failed)).isRepeat)
    try shop.payOut("s2")
    #expect(
      line(shop, "s2")?.figures
        == StatementFigures(returned: Amount(2_000), paid: Amount(2_000)))
  }

  @Test("A failed payment pays off what the member owes by then before it is available")
  func failureAgainstDebt() throws {
    let shop = try shop()
    try shop.sell("o1")
    try deliverAndRelease(shop, "o1")
    try shop.payOut("s1")
    try shop.accept(shop.refund("o1", "f1", [(0, 7_500)]))
    try shop.accept(acknowledge(shop, "s1", "a1", failed: [("H", "refused")]))
    #expect(shop.balance(.debt(person("H"))) == 0)
    #expect(shop.balance(.available(person("H"))) == 500)
    try shop.payOut("s2")
    #expect(
      line(shop, "s2")?.figures
        == StatementFigures(
          reversed: Amount(1_500), returned: Amount(2_000), offset: Amount(1_500),
          paid: Amount(500), reversals: 1))
  }

  @Test("An acknowledgement that cannot be is refused and changes nothing")
  func refusals() throws {
    let shop = try shop()
    try shop.join("other")
    try shop.sell("o1")
    try deliverAndRelease(shop, "o1")
    try shop.payOut("s1")
    func refusal(_ statement: String, _ id: String, _ failed: [(String, String)] = []) throws
      -> RejectionCode?
    {
      try shop.refusal(acknowledge(shop, statement, id, failed: failed))
    }
    #expect(try refusal("s9", "a1") == .unknownStatement)
    #expect(try refusal("s1", "a1", [("other", "x")]) == .notOnStatement)
    #expect(try refusal("s1", "a1", [("H", "x"), ("H", "x")]) == .invalidField)
    try shop.accept(acknowledge(shop, "s1", "a1"))
    #expect(try refusal("s1", "a1", [("H", "x")]) == .idempotencyConflict)
    #expect(try refusal("s1", "a2") == .alreadyAcknowledged)
  }

  @Test("Payments that come back later are told of one by one, and each only once")
  func bounces() throws {
    let shop = try Shop()
    try shop.join("H", "P")
    try shop.open(pact: 300_000)
    try shop.sell("o1", promoter: "P")
    try deliverAndRelease(shop, "o1")
    try shop.payOut("s1")
    try shop.accept(acknowledge(shop, "s1", "a1"))
    let paid = ["H", "P"].map { shop.balance(.paid(person($0))) }
    #expect(paid.allSatisfy { $0 > 0 })
    for (index, member) in ["P", "H"].enumerated() {
      shop.wait(days: 1)
      try shop.accept(acknowledge(shop, "s1", "b\(index)", failed: [(member, "returned")]))
      #expect(shop.balance(.paid(person(member))) == 0)
      #expect(
        try shop.refusal(acknowledge(shop, "s1", "c\(index)", failed: [(member, "again")]))
          == .invalidField)
    }
    let known = try #require(statement(shop, "s1"))
    #expect(known.acknowledgement?.id == FactID(trusted: "a1"))
    #expect(known.acknowledgement?.failed == 2)
    #expect(known.acknowledgement?.returned.minorUnits == paid.reduce(0, +))
    #expect(known.figures.paid.minorUnits == paid.reduce(0, +))
  }

  @Test(
    "Many members are paid in transactions of a bounded size, and the answer tells the first hundred",
    arguments: [499, 500, 501, 1_001])
  func many(count: Int) throws {
    let shop = try Shop()
    let lines = (0..<count).map {
      StatementPeriod.Line(
        member: person("m\($0)"), figures: StatementFigures(released: Amount(1), releases: 1))
    }
    // Everybody has one fen available.
    shop.auditsAlways = false
    shop.give(lines.map(\.member))
    let period = StatementPeriod(number: 1, from: 0, to: 0, lines: lines)
    let told = try shop.accept(.payOut(StatementID(trusted: "s1"), until: nil, period))
    #expect(told.reply["total"] == .integer(Int64(count)))
    #expect(told.reply["lines"]?.elements?.count == 100)
    let paid = shop.store.transactions.map(\.transaction.postings.count)
    #expect(paid.reduce(0, +) == count * 2)
    #expect(paid.allSatisfy { $0 <= 1_000 } && paid.count == (count + 499) / 500)
  }
}

extension Shop {
  /// Lets members have one minor unit available that nobody booked.
  fileprivate func give(_ members: [MemberID]) {
    var changes = Changes()
    for member in members {
      changes.set(.balance(Shop.id, .available(member)), .balance(Amount(1)))
    }
    store.commit(changes)
  }
}
