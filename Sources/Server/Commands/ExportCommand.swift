// `waggle export` and `waggle certificate`: what others are given of the books, from the database of a
// data directory, also while a server runs on it.

import Commerce
import Coordination
import Notation
import Storage

extension Subcommand {
  /// Writes a file for payments or tax reports.
  static let export = Subcommand(
    name: "export", summary: "Write a payout file or a tax report",
    details: """
      `export tax` adds up per payee what was booked in a quarter of the storefront's zone: gross, \
      returns, net, commission, bonuses, what was paid out, and the number of orders, with a record \
      of totals that equals the ledger. `export payout` writes the payments of one statement. CSV is \
      UTF-8 with a header (RFC 4180). Reads the data directory, also while a server runs on it.
      """,
    arguments: [CommandArgument("WHAT", "tax or payout.")],
    options: [
      .data, .storefront,
      .value("quarter", "YYYYQN", "The quarter of a tax report, such as 2026Q1."),
      .value("statement", "ID", "The statement of a payout file."),
      .value("format", "FORMAT", default: "csv", "csv, or json for a tax report."),
    ],
    examples: [
      .init("export tax --storefront demo --quarter 2026Q1", "to standard output"),
      .init("export payout --storefront demo --statement may", "the payments of a statement"),
    ]
  ) { input, output in
    let format = try input.text("format")
    guard ["csv", "json"].contains(format) else { throw input.refusal("format", "csv or json") }
    let queries = try openQueries(input)
    switch input.arguments.first {
    case "tax":
      guard let quarter = Quarter(try input.text("quarter")) else {
        throw input.refusal("quarter", "a quarter such as 2026Q1")
      }
      if format == "json" {
        output.line(
          try answer { try queries.books(.tax(quarter, after: nil, limit: .max)) }.description)
      } else {
        try write(.books(.taxFile(quarter)), queries, output)
      }
    case "payout":
      guard format == "csv" else { throw input.refusal("format", "csv for a payout file") }
      _ = try input.text("statement")
      try write(
        .books(.payoutFile(try identifier(input, "statement"))), queries, output)
    default: throw CommandFailure(.usage, "WHAT is tax or payout")
    }
    return .done
  }

  /// Prints a conservation certificate.
  static let certificate = Subcommand(
    name: "certificate", summary: "Certify where the money of an order or a day went",
    details: """
      Prints one JSON object: what was paid, what every party got, that both sum to zero, and the \
      transactions with the digests of the chain that prove it. Protocol/certificates.md tells how \
      anybody can recompute it. The exit code is 1 where it does not hold. Reads the data directory, \
      also while a server runs on it.
      """,
    options: [
      .data, .storefront, .value("order", "ID", "The order."),
      .value("day", "YYYY-MM-DD", "The day, in the storefront's zone."),
    ],
    examples: [
      .init("certificate --storefront demo --order basket-1", "one order"),
      .init("certificate --storefront demo --day 2026-03-01", "one day"),
    ]
  ) { input, output in
    let query: BooksQuery
    switch (input.optionalText("order"), input.optionalText("day")) {
    case (.some, nil): query = .orderCertificate(try identifier(input, "order"))
    case (nil, let text?):
      guard let day = CivilDay(text) else {
        throw input.refusal("day", "a date such as 2026-03-01")
      }
      query = .dayCertificate(day, after: nil, limit: .max)
    default: throw CommandFailure(.usage, "either --order or --day is needed")
    }
    let queries = try openQueries(input)
    let certificate = try answer { try queries.books(query) }
    output.line(certificate.description)
    return certificate["holds"] == true ? .done : .failed
  }
}

/// The questions of a data directory, now.
private func openQueries(_ input: CommandInput) throws -> Queries {
  Queries(
    reader: try openReader(try input.text("data")),
    storefront: try identifier(input, "storefront"), now: wallClock())
}

/// What a question gives, or the refusal as a failure of the command.
private func answer<Value>(_ body: () throws -> Value) throws -> Value {
  do { return try body() } catch let fault as Fault {
    throw CommandFailure(.failed, fault.message)
  }
}

private func write(_ query: Query, _ queries: Queries, _ output: CommandOutput) throws {
  guard let file = try answer({ try queries.file(query) }) else {
    preconditionFailure("this question is answered by a file")
  }
  // The output ends every line itself.
  output.line(String(decoding: file.bytes.dropLast(), as: UTF8.self))
}
