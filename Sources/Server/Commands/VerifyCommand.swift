// `waggle verify`: checks everything that was ever booked, from the database of a data directory.

import Commerce
import Notation
import Storage

extension Subcommand {
  /// Checks the books.
  static let verify = Subcommand(
    name: "verify", summary: "Check everything that was ever booked",
    details: """
      Walks the ledger of each storefront of a data directory: no gap in the sequence, every \
      transaction sums to zero, the chain of digests holds, running balances and earnings equal the \
      postings, every order's money equals what its pinned plan and snapshot say, statements equal \
      what was booked, and so do the figures that are shown live. Prints one JSON object a \
      storefront with the digest of its books; the first difference is named and the exit code is \
      1. Works while a server runs on the directory.
      """,
    options: [
      .data,
      .value("storefront", "ID", "Only this storefront; without it, all of them."),
    ],
    examples: [.init("verify --data ./data", "every storefront")]
  ) { input, output in
    let reader = try openReader(try input.text("data"))
    var storefronts = try reader.storefronts()
    if input.optionalText("storefront") != nil {
      let wanted: StorefrontID = try identifier(input, "storefront")
      guard storefronts.contains(wanted) else {
        throw CommandFailure(.failed, "there is no storefront \(wanted)")
      }
      storefronts = [wanted]
    }
    var code = ExitCode.done
    for storefront in storefronts {
      let progress = VerifyProgress(storefront, output)
      let result = try reader.verify(storefront, progress: progress.advance)
      progress.finish()
      output.line(verificationReport(storefront, result).description)
      if let fault = result.fault {
        output.note("\(storefront): \(fault)")
        code = .failed
      }
    }
    return code
  }
}

/// The result for one storefront, as one JSON object.
func verificationReport(_ storefront: StorefrontID, _ result: Verification) -> JSON {
  [
    "storefront": .string(storefront.text), "holds": .bool(result.fault == nil),
    "fault": result.fault.map { .string($0.description) } ?? .null,
    "transactions": .integer(result.transactions), "postings": .integer(result.postings),
    "accounts": .integer(result.accounts), "orders": .integer(result.orders),
    "bonuses": .integer(result.bonuses), "statements": .integer(result.statements),
    "delegated": .integer(result.delegated), "unsettled": .integer(result.unsettled),
    "disagreeing": .integer(result.disagreeing),
    "ledgerSum": result.digest.map { .integer($0.sum.minorUnits) } ?? .null,
    "digest": result.digest.map { .string($0.digest) } ?? .null, "chain": .string(result.chain),
  ]
}

/// One progress line for each stage of a check.
private final class VerifyProgress {
  private let storefront: StorefrontID
  private let output: CommandOutput
  private var stage: Verification.Stage?
  private var line: ProgressLine?

  init(_ storefront: StorefrontID, _ output: CommandOutput) {
    self.storefront = storefront
    self.output = output
  }

  func advance(_ stage: Verification.Stage, done: Int64, of total: Int64) {
    if stage != self.stage {
      line?.finish()
      self.stage = stage
      line = ProgressLine(
        label: "verifying \(storefront), \(stage.rawValue)", unit: "rows", total: total,
        write: output.note)
    }
    line?.advance(to: done)
  }

  func finish() { line?.finish() }
}
