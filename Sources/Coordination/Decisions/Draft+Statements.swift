// Statements: paying out what is available, and what the backend says came of it.
// Source: domain.md, section 3; Protocol/decisions/0018-statements.md.

import Commerce
import Ledger
import Notation

extension Draft {
  /// How many members one transaction pays, so that no transaction is larger than a page.
  static let payoutsPerTransaction = 500
  /// How many lines the answer to a new statement tells; the rest is read page by page.
  static let linesTold = 100

  /// Closes the period since the last statement and pays out what is available of it.
  ///
  /// What became available after the period is left for the next statement; what was taken back after
  /// it is not paid, although the period does not show it yet. Debt was offset when it arose or when
  /// money became available.
  mutating func payOut(
    _ id: StatementID, until: Timestamp?, _ period: StatementPeriod
  ) throws(Stop) -> JSON {
    if let until, until > now {
      throw .refuse(.invalidField, "until must not lie in the future.", field: "until")
    }
    var lines: [StatementLine] = []
    var total = StatementFigures()
    var payees: [StatementLine] = []
    for found in period.lines {
      var figures = found.figures
      let available = try balance(.available(found.member))
      figures.paid = max(.zero, min(figures.closing, available))
      let line = StatementLine(
        member: found.member, name: try member(found.member)?.name ?? "", figures: figures)
      write(.statementLine(storefrontID, id, found.member), .statementLine(line))
      lines.append(line)
      total += figures
      if figures.paid > .zero { payees.append(line) }
    }
    var sequence = try storefrontProgress().sequence
    var rest = payees[...]
    while !rest.isEmpty {
      var postings = Postings()
      for line in rest.prefix(Draft.payoutsPerTransaction) {
        postings.append(.available(line.member), -line.figures.paid)
        postings.append(.paid(line.member), line.figures.paid)
      }
      rest = rest.dropFirst(Draft.payoutsPerTransaction)
      sequence = try book(
        Cause(kind: .payout, subject: "statement/\(id)", fact: id.text), postings)
    }
    let statement = Statement(
      id: id, number: period.number, from: period.from, to: period.to, until: until,
      createdAt: now, members: Int64(lines.count), payees: Int64(payees.count), figures: total,
      sequence: sequence)
    write(.statement(storefrontID, id), .statement(statement))
    let told = payees.prefix(Draft.linesTold).map(statementLineView)
    return .object(
      statementView(statement, currency: try storefront().currency)
        + [JSON.Member("lines", .array(told))])
  }

  /// The backend has paid: what failed goes back to the members, after what they owe by now.
  ///
  /// A bank may send payments back for days: each further acknowledgement tells of others that failed.
  mutating func acknowledge(
    _ id: StatementID, _ acknowledgement: FactID, failed: [FailedPayment], at: Timestamp
  ) throws(Stop) -> JSON {
    guard case .statement(var statement)? = try read(.statement(storefrontID, id)) else {
      throw .refuse(.unknownStatement, "There is no statement \(id).", field: "statement")
    }
    if let earlier = statement.acknowledgement, failed.isEmpty {
      throw .refuse(
        .alreadyAcknowledged, "Statement \(id) was acknowledged by \(earlier.id).",
        field: "statement")
    }
    var returned = Amount.zero
    var rest = failed.indices
    while !rest.isEmpty {
      var postings = Postings()
      for index in rest.prefix(Draft.payoutsPerTransaction) {
        returned += try giveBack(failed[index], of: id, at: "failed[\(index)]", to: &postings)
      }
      rest = rest.dropFirst(Draft.payoutsPerTransaction)
      try book(
        Cause(kind: .payoutReturned, subject: statement.subject, fact: acknowledgement.text),
        postings)
    }
    let earlier = statement.acknowledgement
    statement.acknowledgement = Acknowledgement(
      id: earlier?.id ?? acknowledgement, at: earlier?.at ?? at,
      failed: (earlier?.failed ?? 0) + Int64(failed.count),
      returned: (earlier?.returned ?? .zero) + returned)
    write(.statement(storefrontID, id), .statement(statement))
    return .object(statementView(statement, currency: try storefront().currency))
  }

  private mutating func giveBack(
    _ failure: FailedPayment, of id: StatementID, at path: String, to postings: inout Postings
  ) throws(Stop) -> Amount {
    let key = Key.statementLine(storefrontID, id, failure.member)
    guard case .statementLine(var line)? = try read(key), line.figures.paid > .zero else {
      throw .refuse(
        .notOnStatement, "Statement \(id) pays nothing to \(failure.member).",
        field: path + ".member")
    }
    guard line.failure == nil else {
      throw .refuse(
        .invalidField, "\(failure.member) stands in the list already.", field: path + ".member")
    }
    line.failure = failure.reason
    write(key, .statementLine(line))
    postings.append(.paid(failure.member), -line.figures.paid)
    try credit(failure.member, line.figures.paid, isReleased: true, to: &postings)
    return line.figures.paid
  }
}

/// A statement in the form of Protocol/schemas.
package func statementView(_ statement: Statement, currency: Currency) -> [JSON.Member] {
  let figures = statement.figures
  return [
    JSON.Member("statement", .string(statement.id.text)),
    JSON.Member("number", .integer(statement.number)),
    JSON.Member("state", statement.acknowledgement == nil ? "open" : "acknowledged"),
    JSON.Member("from", .integer(statement.from)), JSON.Member("to", .integer(statement.to)),
    JSON.Member("until", statement.until.map { .string($0.description) } ?? .null),
    JSON.Member("createdAt", .string(statement.createdAt.description)),
    JSON.Member("currency", .string(currency.code)),
    JSON.Member("members", .integer(statement.members)),
    JSON.Member("payees", .integer(statement.payees)),
    JSON.Member("opening", .integer(figures.opening.minorUnits)),
    JSON.Member("released", .integer(figures.released.minorUnits)),
    JSON.Member("reversed", .integer(figures.reversed.minorUnits)),
    JSON.Member("returned", .integer(figures.returned.minorUnits)),
    JSON.Member("offset", .integer(figures.offset.minorUnits)),
    JSON.Member("total", .integer(figures.paid.minorUnits)),
    JSON.Member("closing", .integer(figures.closing.minorUnits)),
    JSON.Member("sequence", .integer(statement.sequence)),
    JSON.Member(
      "acknowledgement",
      statement.acknowledgement.map {
        [
          "acknowledgement": .string($0.id.text), "acknowledgedAt": .string($0.at.description),
          "failed": .integer($0.failed), "returned": .integer($0.returned.minorUnits),
        ]
      } ?? .null),
  ]
}

/// One line of a statement in the form of Protocol/schemas.
package func statementLineView(_ line: StatementLine) -> JSON {
  let figures = line.figures
  return [
    "member": .string(line.member.text), "name": .string(line.name),
    "opening": .integer(figures.opening.minorUnits),
    "released": .integer(figures.released.minorUnits),
    "reversed": .integer(figures.reversed.minorUnits),
    "returned": .integer(figures.returned.minorUnits),
    "offset": .integer(figures.offset.minorUnits),
    "amount": .integer(figures.paid.minorUnits), "closing": .integer(figures.closing.minorUnits),
    "releases": .integer(figures.releases), "reversals": .integer(figures.reversals),
    "failure": line.failure.map { .string($0) } ?? .null,
  ]
}
