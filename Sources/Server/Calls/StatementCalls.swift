// Reads calls about statements, exports, certificates, the calendar and the ledger. Pure; any thread.
// Source: domain.md sections 3 and 7.

import Commerce
import Coordination
import Notation
import Wire

/// Questions about the books; answered from a read-only snapshot of the database.
package enum BooksQuery: Sendable {
  /// Statements in order of number, after one of them.
  case statements(after: StatementID?, limit: Int)
  /// A statement with its lines in order of member.
  case statement(StatementID, after: MemberID?, limit: Int)
  /// A member's line with the bookings behind it, after a sequence.
  case statementMember(StatementID, MemberID, after: Int64?, limit: Int)
  /// The payments of a statement as a file.
  case payoutFile(StatementID)
  /// What payees earned in a quarter, in order of id, after one of them.
  case tax(Quarter, after: MemberID?, limit: Int)
  /// The same as a file.
  case taxFile(Quarter)
  /// The conservation certificate of an order.
  case orderCertificate(OrderID)
  /// The conservation certificate of a day in the storefront's zone; parties after one of them.
  case dayCertificate(CivilDay, after: String?, limit: Int)
  /// When a member's pending money is released.
  case calendar(MemberID)
  /// The transactions about one subject.
  case transactions(subject: String)
  /// The transactions of a run of sequences.
  case transactionRun(from: Int64, to: Int64, limit: Int)
  /// Accounts of the ledger with what they hold, in order of name, after one of them.
  case accounts(after: String?, limit: Int)
  /// Orders that wait for a commission service, in order of id, after one of them.
  case unsettled(after: OrderID?, limit: Int)
  /// How far endpoints were told; these are those of the key file.
  case webhooks([WebhookEndpoint])
  /// The dead letters of an endpoint, in order of sequence, after one of them.
  case deadLetters(EndpointID, after: Int64, limit: Int)
}

/// Calls about statements and what is told of the books.
enum StatementCalls {
  /// How many failures one acknowledgement may tell.
  static let failuresMax = 5_000
  /// Bytes of the reason of a failure.
  static let reasonBytesMax = 200

  static func create(_ request: inout CallRequest) throws(Fault) -> Call {
    .payOut(
      try request.fields.identifier("statement"),
      until: try request.fields.optionalTimestamp("until"))
  }

  static func acknowledge(_ request: inout CallRequest) throws(Fault) -> Call {
    let failed = try request.fields.optional("failed")?.objects(count: 0...failuresMax) {
      (fields: inout Fields) throws(Fault) -> FailedPayment in
      FailedPayment(
        member: try fields.identifier("member"),
        reason: try fields.text("reason", bytesMax: reasonBytesMax))
    }
    var seen: Set<MemberID> = []
    for (index, failure) in (failed ?? []).enumerated()
    where !seen.insert(failure.member).inserted {
      let path = "failed[\(index)].member"
      throw .invalidField(path, "\(path) stands in the list already.")
    }
    return .command(
      .acknowledge(
        try request.fields.identifier("statement"),
        acknowledgement: try request.fields.identifier("acknowledgement"), failed: failed ?? [],
        at: try request.fields.timestamp("acknowledgedAt")))
  }

  static func list(_ request: inout CallRequest) throws(Fault) -> Call {
    .query(
      .books(
        .statements(
          after: try request.fields.optionalIdentifier("after"),
          limit: try request.fields.limit(max: CallLimits.pageMax))))
  }

  static func get(_ request: inout CallRequest) throws(Fault) -> Call {
    .query(
      .books(
        .statement(
          try request.fields.identifier("statement"),
          after: try request.fields.optionalIdentifier("after"),
          limit: try request.fields.limit(max: CallLimits.pageMax))))
  }

  static func member(_ request: inout CallRequest) throws(Fault) -> Call {
    let member: MemberID = try request.fields.identifier("member")
    guard request.caller.seesEverything || request.caller.person == member else {
      throw .forbidden("reading another member's statement")
    }
    return .query(
      .books(
        .statementMember(
          try request.fields.identifier("statement"), member,
          after: try request.fields.optionalInteger("after", in: 0...Int64.max),
          limit: try request.fields.limit(max: CallLimits.pageMax))))
  }

  static func payoutFile(_ request: inout CallRequest) throws(Fault) -> Call {
    .query(.books(.payoutFile(try request.fields.identifier("statement"))))
  }

  static func tax(_ request: inout CallRequest) throws(Fault) -> Call {
    .query(
      .books(
        .tax(
          try quarter(&request), after: try request.fields.optionalIdentifier("after"),
          limit: try request.fields.limit(max: CallLimits.partiesMax))))
  }

  static func taxFile(_ request: inout CallRequest) throws(Fault) -> Call {
    .query(.books(.taxFile(try quarter(&request))))
  }

  private static func quarter(_ request: inout CallRequest) throws(Fault) -> Quarter {
    let field = try request.fields.required("quarter")
    guard let quarter = Quarter(try field.text(bytes: 1...16)) else {
      throw field.refusal("a quarter such as 2026Q1")
    }
    return quarter
  }

  static func orderCertificate(_ request: inout CallRequest) throws(Fault) -> Call {
    .query(.books(.orderCertificate(try request.fields.identifier("order"))))
  }

  static func dayCertificate(_ request: inout CallRequest) throws(Fault) -> Call {
    let field = try request.fields.required("day")
    guard let day = CivilDay(try field.text(bytes: 1...16)) else {
      throw field.refusal("a date such as 2026-03-01")
    }
    return .query(
      .books(
        .dayCertificate(
          day, after: try request.fields.optionalText("after", bytesMax: 128),
          limit: try request.fields.limit(max: CallLimits.partiesMax))))
  }

  /// The calendar of the member in the path.
  static func calendarOf(_ request: inout CallRequest) throws(Fault) -> Call {
    let member: MemberID = try request.fields.identifier("member")
    guard request.caller.seesEverything || request.caller.person == member else {
      throw .forbidden("reading another member's calendar")
    }
    return .query(.books(.calendar(member)))
  }

  /// The caller's own calendar, or that of whom staff name.
  static func calendar(_ request: inout CallRequest) throws(Fault) -> Call {
    .query(.books(.calendar(try request.member("member", orCallerAs: [.host, .promoter]))))
  }

  static func unsettled(_ request: inout CallRequest) throws(Fault) -> Call {
    .query(
      .books(
        .unsettled(
          after: try request.fields.optionalIdentifier("after"),
          limit: try request.fields.limit(max: CallLimits.pageMax))))
  }

  static func ledger(_ request: inout CallRequest) throws(Fault) -> Call { .query(.ledger) }

  static func accounts(_ request: inout CallRequest) throws(Fault) -> Call {
    .query(
      .books(
        .accounts(
          after: try request.fields.optionalText("after", bytesMax: 128),
          limit: try request.fields.limit(max: CallLimits.partiesMax))))
  }

  /// Either everything about a subject, or a run of sequences.
  static func transactions(_ request: inout CallRequest) throws(Fault) -> Call {
    if let subject = try request.fields.optionalText("subject", bytesMax: 256) {
      return .query(.books(.transactions(subject: subject)))
    }
    guard let field = request.fields.optional("from") else {
      throw request.fields.fault("subject", "subject or from is missing.")
    }
    let from = try field.integer(in: 1...Int64.max)
    return .query(
      .books(
        .transactionRun(
          from: from,
          to: try request.fields.optionalInteger("to", in: from...Int64.max) ?? Int64.max,
          limit: try request.fields.limit(max: CallLimits.pageMax))))
  }
}

extension HTTPRoute {
  /// The paths of this file, in the order of Protocol/README.md.
  static let statements: [HTTPRoute] = {
    let reporters: Token.Scopes = [.backend, .operator]
    let readers: Token.Scopes = [.backend, .operator, .broker]
    return [
      HTTPRoute(
        .post, "/v1/statements", .operator, reportID: "statement", StatementCalls.create),
      HTTPRoute(.get, "/v1/statements", reporters, StatementCalls.list),
      HTTPRoute(.get, "/v1/statements/{statement}", reporters, StatementCalls.get),
      HTTPRoute(
        .get, "/v1/statements/{statement}/members/{member}", .any, StatementCalls.member),
      HTTPRoute(
        .get, "/v1/statements/{statement}/payout.csv", reporters, StatementCalls.payoutFile),
      HTTPRoute(
        .post, "/v1/statements/{statement}/acknowledgement", reporters,
        reportID: "acknowledgement", StatementCalls.acknowledge),
      HTTPRoute(.get, "/v1/members/{member}/calendar", .any, StatementCalls.calendarOf),
      HTTPRoute(.get, "/v1/exports/tax", reporters, StatementCalls.tax),
      HTTPRoute(.get, "/v1/exports/tax.csv", reporters, StatementCalls.taxFile),
      HTTPRoute(
        .get, "/v1/orders/{order}/certificate", readers, StatementCalls.orderCertificate),
      HTTPRoute(.get, "/v1/certificates/{day}", reporters, StatementCalls.dayCertificate),
      HTTPRoute(.get, "/v1/unsettled", reporters, StatementCalls.unsettled),
      HTTPRoute(.get, "/v1/ledger", reporters, StatementCalls.ledger),
      HTTPRoute(.get, "/v1/ledger/accounts", reporters, StatementCalls.accounts),
      HTTPRoute(.get, "/v1/ledger/transactions", reporters, StatementCalls.transactions),
    ]
  }()
}
