// How calls about the books are read: what they mean, and what is refused and where.

import Commerce
import Coordination
import Notation
import Testing
import Wire

@testable import Server

extension Sample {
  /// A valid request to every path about the books.
  static let statementRequests: [(route: String, target: String, body: String)] = [
    (
      "POST /v1/statements", "/v1/statements",
      #"{"statement":"t1","until":"2026-03-01T10:00:00Z"}"#
    ),
    ("GET /v1/statements", "/v1/statements?after=t1&limit=10", ""),
    ("GET /v1/statements/{statement}", "/v1/statements/t1?after=m&limit=10", ""),
    (
      "GET /v1/statements/{statement}/members/{member}",
      "/v1/statements/t1/members/ann?after=7&limit=10", ""
    ), ("GET /v1/statements/{statement}/payout.csv", "/v1/statements/t1/payout.csv", ""),
    (
      "POST /v1/statements/{statement}/acknowledgement", "/v1/statements/t1/acknowledgement",
      #"{"acknowledgement":"a1","acknowledgedAt":"2026-03-02T10:00:00Z","failed":[]}"#
    ), ("GET /v1/members/{member}/calendar", "/v1/members/ann/calendar", ""),
    ("GET /v1/exports/tax", "/v1/exports/tax?quarter=2026Q1", ""),
    ("GET /v1/exports/tax.csv", "/v1/exports/tax.csv?quarter=2026Q1", ""),
    ("GET /v1/orders/{order}/certificate", "/v1/orders/o1/certificate", ""),
    ("GET /v1/certificates/{day}", "/v1/certificates/2026-03-01", ""),
    ("GET /v1/unsettled", "/v1/unsettled?limit=10", ""),
    ("GET /v1/ledger", "/v1/ledger", ""),
    ("GET /v1/ledger/accounts", "/v1/ledger/accounts?after=member&limit=10", ""),
    ("GET /v1/ledger/transactions", "/v1/ledger/transactions?subject=o1", ""),
  ]
}

@Suite("Calls about the books")
struct StatementCallsTests {
  private let acknowledgement = "POST /v1/statements/t1/acknowledgement"

  @Test("An acknowledgement names what failed and why")
  func acknowledgementFields() throws {
    let body = """
      {"acknowledgement":"a1","acknowledgedAt":"2026-03-02T10:00:00Z",
      "failed":[{"member":"m","reason":"账户"}]}
      """
    let call = try httpCall(acknowledgement, body, .backend)
    guard case .command(.acknowledge(let statement, let id, let failed, let at)) = call else {
      Issue.record("\(call)")
      return
    }
    #expect(statement.text == "t1" && id.text == "a1")
    #expect(failed == [FailedPayment(member: MemberID(trusted: "m"), reason: "账户")])
    #expect(at.description == "2026-03-02T10:00:00Z")
  }

  static let malformed: [(line: String, body: String, field: String)] = [
    ("POST /v1/statements", #"{"statement":"t","until":"tomorrow"}"#, "until"),
    ("POST /v1/statements", #"{"statement":"t","members":[]}"#, "members"),
    (
      "POST /v1/statements/t1/acknowledgement",
      #"{"acknowledgement":"a","acknowledgedAt":"2026-03-02T10:00:00Z","failed":[{"member":"m"}]}"#,
      "failed[0].reason"
    ),
    (
      "POST /v1/statements/t1/acknowledgement",
      #"{"acknowledgement":"a","acknowledgedAt":"2026-03-02T10:00:00Z","failed":"#
        + #"[{"member":"m","reason":"x"},{"member":"m","reason":"y"}]}"#, "failed[1].member"
    ), ("POST /v1/statements/t1/acknowledgement", #"{"acknowledgement":"a"}"#, "acknowledgedAt"),
    ("GET /v1/exports/tax?quarter=2026Q5", "", "quarter"), ("GET /v1/exports/tax", "", "quarter"),
    ("GET /v1/exports/tax.csv?quarter=2026", "", "quarter"),
    ("GET /v1/certificates/2026-02-29", "", "day"),
    ("GET /v1/certificates/2026-02-28?limit=1001", "", "limit"),
    ("GET /v1/exports/tax?quarter=2026Q1&limit=0", "", "limit"),
    ("GET /v1/exports/tax?quarter=2026Q1&after=%20", "", "after"),
    ("GET /v1/ledger/transactions", "", "subject"),
    ("GET /v1/ledger/transactions?from=0", "", "from"),
    ("GET /v1/ledger/transactions?from=5&to=4", "", "to"),
    ("GET /v1/ledger/transactions?from=1&limit=101", "", "limit"),
    ("GET /v1/ledger/transactions?subject=o1&from=1", "", "from"),
  ]

  @Test("What is malformed is refused by its field", arguments: malformed)
  func refused(line: String, body: String, field: String) throws {
    let found = try fault { try httpCall(line, body, .operator) }
    #expect(found?.code == "invalid_field" && found?.field == field, "\(String(describing: found))")
  }

  @Test("The key of an acknowledgement is its own id")
  func key() throws {
    #expect(
      HTTPRoute.statements.first { $0.path.hasSuffix("/acknowledgement") }?.reportID
        == "acknowledgement")
  }

  @Test("Nobody reads another member's statement or calendar, staff and brokers read all")
  func others() throws {
    for path in ["GET /v1/statements/t1/members/bob", "GET /v1/members/bob/calendar"] {
      for scope in [Token.Scopes.viewer, .host, .promoter] {
        #expect(try fault { try httpCall(path, "", scope) }?.code == "forbidden")
      }
      for scope in [Token.Scopes.backend, .operator, .broker] {
        #expect(try fault { try httpCall(path, "", scope) } == nil)
      }
    }
    #expect(
      try fault { try socketCall("calendar.get", #"{"member":"bob"}"#, .promoter) }?.code
        == "forbidden")
  }
}
