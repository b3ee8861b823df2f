// `waggle replay`, declared. Starting a server is an argument, so that this knows only sockets.

import Transport

/// The command that replays a month of retail data.
package enum ReplayCommand {
  /// A server that runs for one replay.
  package struct OwnServer {
    /// Where it is and the right to use it.
    package let target: ReplayTarget
    /// Ends it.
    package let stop: () -> Void

    /// Makes a running server.
    ///
    /// - Parameters:
    ///   - target: where it is, with a token of the storefront `retail` with `operator backend`.
    ///   - stop: ends it; called once.
    package init(target: ReplayTarget, stop: @escaping () -> Void) {
      self.target = target
      self.stop = stop
    }
  }

  /// The command.
  ///
  /// - Parameter start: starts a server on a free port of the loopback address; is given the folder
  ///   of `--data`, or nothing where a temporary one is wanted, and where to write.
  /// - Returns: the declaration.
  package static func subcommand(
    start: @escaping @Sendable (_ dataFolder: String?, CommandOutput) throws -> OwnServer
  ) -> Subcommand {
    Subcommand(
      name: "replay",
      summary: "Run a month of real sales through a server and print who earned what",
      details: """
        Each store becomes a host's live room, each household a viewer, each campaign a promoter \
        whose link its households open on the day it starts, each basket an order. Everything goes \
        over sockets: catalogue, rooms, listings, touches, placement, payment, delivery. The last \
        line is one JSON object with the figures of the server's ledger, amounts in cents. Lines \
        without quantity or price are counted and skipped. A replay that was broken off can be run \
        again on the same data and comes to the same figures. Files may be gzipped.
        """,
      options: [
        .value("transactions", "FILE", "The lines of all baskets."),
        .value("products", "FILE", "What is known of the products."),
        .value("campaigns", "FILE", "When each campaign started."),
        .value("campaign-households", "FILE", "Which households each campaign reached."),
        .value(
          "url", "URL",
          "A running server, such as http://127.0.0.1:8080; otherwise one is started for this run."),
        .value(
          "token", "TOKEN", isSecret: true,
          "With --url: a token of the storefront retail with the scopes operator and backend."),
        .value(
          "data", "DIR",
          "Without --url: where the server keeps its data; a temporary folder where left out."),
      ],
      examples: [
        .init(
          "replay --transactions t.csv.gz --products p.csv.gz --campaigns c.csv"
            + " --campaign-households h.csv",
          "Replay a month into a new server and throw it away.")
      ],
      run: { input, output in try run(input, output, start) })
  }

  private static func run(
    _ input: CommandInput, _ output: CommandOutput,
    _ start: @Sendable (_ dataFolder: String?, CommandOutput) throws -> OwnServer
  ) throws -> ExitCode {
    let startedAt = monotonicMilliseconds()
    let paths = try ["transactions", "products", "campaigns", "campaign-households"].map {
      try input.text($0)
    }
    let given = try givenTarget(input)
    let month = try RetailMonth(
      transactions: .file(paths[0]), products: .file(paths[1]), campaigns: .file(paths[2]),
      campaignHouseholds: .file(paths[3]))
    output.note(month.summary)
    let own = given == nil ? try start(input.optionalText("data"), output) : nil
    defer { own?.stop() }
    guard let target = given ?? own?.target else { preconditionFailure("one of them is there") }
    var line: (label: String, progress: ProgressLine)?
    let replay = Replay(month, on: target) { label, unit, done, total in
      if line?.label != label {
        line?.progress.finish()
        line = (
          label,
          ProgressLine(
            label: label, unit: unit, total: Int64(total), now: monotonicMilliseconds,
            write: output.note)
        )
      }
      line?.progress.advance(to: Int64(done))
    }
    let report = try replay.run(startedAt: startedAt)
    line?.progress.finish()
    output.line(report.line)
    return .done
  }

  private static func givenTarget(_ input: CommandInput) throws -> ReplayTarget? {
    guard let url = input.optionalText("url") else { return nil }
    guard let target = ReplayTarget(url: url, token: try input.text("token")) else {
      throw input.refusal("url", "an address such as http://127.0.0.1:8080 is wanted")
    }
    return target
  }
}

extension RetailMonth {
  /// What was read, in a sentence.
  fileprivate var summary: String {
    "\(lineCount) lines, of which \(withoutQuantity) without quantity and \(withoutPrice) without"
      + " price are skipped; \(baskets.count) orders"
      + (splitBaskets > 0 ? ", \(splitBaskets) of them split from a basket that mixes buyers" : "")
      + "; \(stores.count) rooms, \(campaigns.count) promoters, \(products.count) products"
  }
}
