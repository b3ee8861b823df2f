// Statements, payout files, the income of payees, and the calendar of releases.

import Commerce
import Coordination
import Notation
import Storage

/// A file that answers a question.
struct ExportFile {
  /// What it is called where it is saved.
  let name: String
  /// CSV.
  let bytes: [UInt8]
}

extension Queries {
  /// Answers a question about the books that has a JSON answer; `file` answers the others.
  func books(_ query: BooksQuery) throws -> JSON {
    switch query {
    case .statements(let after, let limit): return try statements(after: after, limit: limit)
    case .statement(let id, let after, let limit):
      return try statement(id, after: after, limit: limit)
    case .statementMember(let id, let member, let after, let limit):
      return try statementMember(id, member, after: after, limit: limit)
    case .tax(let quarter, let after, let limit):
      return try tax(quarter, after: after, limit: limit)
    case .orderCertificate(let order): return try orderCertificate(order)
    case .dayCertificate(let day, let after, let limit):
      return try dayCertificate(day, after: after, limit: limit)
    case .calendar(let member): return try calendar(member)
    case .transactions(let subject):
      let entries = try reader.moment {
        try reader.ledgerEntries(storefront, subject: subject)
      }
      return ["transactions": .array(entries.map(entryView)), "next": .null]
    case .accounts(let after, let limit): return try accounts(after: after, limit: limit)
    case .unsettled(let after, let limit): return try unsettled(after: after, limit: limit)
    case .webhooks(let named): return try webhooks(named)
    case .deadLetters(let endpoint, let after, let limit):
      return try deadLetters(of: endpoint, after: after, limit: limit)
    case .transactionRun(let from, let to, let limit):
      return try transactionRun(from: from, to: to, limit: limit)
    case .payoutFile, .taxFile: preconditionFailure("a file is answered by file(_:)")
    }
  }

  /// Answers a question whose answer is a file, or nothing for any other question.
  func file(_ query: Query) throws -> ExportFile? {
    switch query {
    case .books(.payoutFile(let id)): try payoutFile(id)
    case .books(.taxFile(let quarter)): try taxFile(quarter)
    default: nil
    }
  }

  // MARK: Statements

  private func found(_ id: StatementID) throws -> Statement {
    guard let statement = try reader.statement(storefront, id) else {
      throw Fault(
        Rejection(.unknownStatement, "There is no statement \(id).", field: "statement"))
    }
    return statement
  }

  private func currency() throws -> Currency {
    try inspected { draft throws(Stop) in try draft.storefront().currency }
  }

  private func statements(after: StatementID?, limit: Int) throws -> JSON {
    let number = try after.map { try found($0).number } ?? 0
    let page = try reader.statements(storefront, after: number, limit: limit)
    let currency = try currency()
    let next = page.count == limit ? page.last?.id : nil
    return [
      "statements": .array(page.map { .object(statementView($0, currency: currency)) }),
      "after": next.map { .string($0.text) } ?? .null,
    ]
  }

  private func statement(_ id: StatementID, after: MemberID?, limit: Int) throws -> JSON {
    try reader.moment {
      let statement = try found(id)
      let page = try reader.statementLines(storefront, id, after: after, limit: limit)
      let next = page.count == limit ? page.last?.member : nil
      return .object(
        statementView(statement, currency: try currency()) + [
          JSON.Member("lines", .array(page.map(statementLineView))),
          JSON.Member("after", next.map { .string($0.text) } ?? .null),
        ])
    }
  }

  private func statementMember(
    _ id: StatementID, _ member: MemberID, after: Int64?, limit: Int
  ) throws -> JSON {
    try reader.moment {
      let statement = try found(id)
      guard let line = try reader.statementLine(storefront, id, member) else {
        throw Fault(
          Rejection(
            .notOnStatement, "Statement \(id) has no line for \(member).", field: "member"))
      }
      let entries = try reader.entries(
        of: statement, storefront, member, after: after, limit: limit)
      let next = entries.count == limit ? entries.last?.sequence : nil
      return [
        "statement": .string(id.text), "currency": .string(try currency().code),
        "line": statementLineView(line),
        "entries": .array(
          entries.map {
            [
              "sequence": .integer($0.sequence), "at": .string($0.at.description),
              "kind": .string($0.cause.kind.rawValue), "subject": .string($0.cause.subject),
              "fact": .string($0.cause.fact), "amount": .integer($0.amount.minorUnits),
              "offset": .integer($0.offset.minorUnits),
            ]
          }),
        "after": next.map { .integer($0) } ?? .null,
      ]
    }
  }

  /// One record a payment, in order of member. The same statement gives the same bytes for ever.
  private func payoutFile(_ id: StatementID) throws -> ExportFile {
    _ = try found(id)
    let currency = try currency()
    var file = CSVWriter()
    file.header([
      "statement", "member", "name", "currency", "amount", "amountMinor", "reference",
    ])
    try reader.forEachPayment(storefront, of: id) { line in
      let paid = line.figures.paid
      file.text(id.text)
      file.text(line.member.text)
      file.text(line.name)
      file.text(currency.code)
      file.number(paid.decimal(fractionDigits: currency.fractionDigits))
      file.integer(paid.minorUnits)
      // No identifier contains a slash, so that no two payments share a reference.
      file.text("\(id)/\(line.member)")
      file.endRecord()
    }
    return ExportFile(name: "payout-\(id).csv", bytes: file.bytes)
  }

  // MARK: Income

  private func report(
    _ quarter: Quarter
  ) throws -> (report: IncomeReport, storefront: Storefront, from: Timestamp, until: Timestamp) {
    let found = try inspected { draft throws(Stop) in try draft.storefront() }
    let from = found.zone.start(of: quarter.start)
    let until = found.zone.start(of: quarter.end)
    return (try reader.income(storefront, from: from, until: until), found, from, until)
  }

  /// The totals are those of all payees, whatever page of them is told.
  private func tax(_ quarter: Quarter, after: MemberID?, limit: Int) throws -> JSON {
    let (report, found, from, until) = try report(quarter)
    let rest = report.payees.drop { payee in after.map { payee.member <= $0 } ?? false }
    let page = rest.prefix(limit)
    return [
      "quarter": .string(quarter.description), "timeZone": .string(found.zone.name),
      "from": .string(from.description), "until": .string(until.description),
      "complete": .bool(now >= until), "currency": .string(found.currency.code),
      "firstSequence": report.last > report.after ? .integer(report.after + 1) : .null,
      "lastSequence": report.last > report.after ? .integer(report.last) : .null,
      "payees": .array(
        page.map {
          .object(
            [
              JSON.Member("member", .string($0.member.text)), JSON.Member("name", .string($0.name)),
            ] + incomeView($0.income))
        }),
      "after": page.count < rest.count
        ? page.last.map { .string($0.member.text) } ?? .null : .null,
      "total": .object(incomeView(report.total)),
      "ledger": .integer(-report.others.minorUnits),
      "holds": .bool(report.total.net == -report.others),
    ]
  }

  private func incomeView(_ income: Income) -> [JSON.Member] {
    [
      JSON.Member("gross", .integer(income.gross.minorUnits)),
      JSON.Member("returns", .integer(income.returns.minorUnits)),
      JSON.Member("net", .integer(income.net.minorUnits)),
      JSON.Member("commission", .integer(income.commission.minorUnits)),
      JSON.Member("bonuses", .integer((income.net - income.commission).minorUnits)),
      JSON.Member("paid", .integer(income.paid.minorUnits)),
      JSON.Member("orders", .integer(income.orders)),
    ]
  }

  /// One record a payee, in order of id, and one more with the totals and no payee.
  private func taxFile(_ quarter: Quarter) throws -> ExportFile {
    let (report, found, _, _) = try report(quarter)
    var file = CSVWriter()
    file.header([
      "quarter", "kind", "member", "name", "currency", "gross", "returns", "net", "commission",
      "bonuses", "paid", "orders",
    ])
    func add(_ kind: String, _ member: String, _ name: String, _ income: Income) {
      file.text(quarter.description)
      file.text(kind)
      file.text(member)
      file.text(name)
      file.text(found.currency.code)
      for amount in [
        income.gross, income.returns, income.net, income.commission,
        income.net - income.commission, income.paid,
      ] {
        file.number(amount.decimal(fractionDigits: found.currency.fractionDigits))
      }
      file.integer(income.orders)
      file.endRecord()
    }
    for payee in report.payees { add("payee", payee.member.text, payee.name, payee.income) }
    add("total", "", "", report.total)
    return ExportFile(name: "tax-\(storefront)-\(quarter).csv", bytes: file.bytes)
  }

  // MARK: The calendar

  private func calendar(_ id: MemberID) throws -> JSON {
    try reader.moment {
      let (zone, currency, pending, sequence) = try inspected { draft throws(Stop) in
        guard try draft.member(id) != nil else {
          throw .rejected(
            Rejection(.unknownMember, "There is no member \(id).", field: "member"))
        }
        let storefront = try draft.storefront()
        return (
          storefront.zone, storefront.currency, try draft.balance(.pending(id)),
          try draft.storefrontProgress().sequence
        )
      }
      var days: [JSON] = []
      var disputed: JSON = ["amount": 0, "orders": 0]
      var undelivered: JSON = ["amount": 0, "orders": 0]
      var unsettled: JSON = ["amount": 0, "orders": 0]
      for group in try reader.pendingGroups(storefront, id) {
        let amount = JSON.integer(group.amount.minorUnits)
        switch group.wait {
        case .day(let due):
          days.append([
            "day": .string(zone.day(at: due).description), "at": .string(due.description),
            "amount": amount, "orders": .integer(group.orders), "bonuses": .integer(group.bonuses),
          ])
        case .dispute: disputed = ["amount": amount, "orders": .integer(group.orders)]
        case .delivery: undelivered = ["amount": amount, "orders": .integer(group.orders)]
        case .settlement: unsettled = ["amount": amount, "orders": .integer(group.orders)]
        }
      }
      return [
        "member": .string(id.text), "currency": .string(currency.code),
        "timeZone": .string(zone.name), "pending": .integer(pending.minorUnits),
        "days": .array(days), "disputed": disputed, "undelivered": undelivered,
        "unsettled": unsettled,
        "sequence": .integer(sequence),
      ]
    }
  }
}
