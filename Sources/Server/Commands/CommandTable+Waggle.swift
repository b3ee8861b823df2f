// The program's commands, in the order of `waggle --help`.

extension CommandTable {
  /// The commands of `waggle`.
  package static let waggle = CommandTable(
    name: "waggle", version: "0.1.0",
    summary:
      "Coordinates live-stream commerce: rooms, one-tap listings, attribution, settlement, tickers.",
    commands: [
      .serve, .demo, .token, .importCatalogue, .replay, ScenarioCommand.subcommand, .verify,
      .explain,
      .lintPlan, .showPlan, .listPlans,
      .preview, .simulatePlan,
      .export, .certificate, .commissionService, .backup, .restore, .doctor,
    ])
}

extension CommandOption {
  /// Where a server keeps everything.
  static let data = CommandOption.value(
    "data", "DIR", default: "./data",
    "The data directory: the database, the keys and a lock. Created where it is missing.")
  /// A running server.
  static let url = CommandOption.value(
    "url", "URL", "A running server, such as http://127.0.0.1:8080.")
  /// A token for a running server.
  static let token = CommandOption.value(
    "token", "TOKEN", isSecret: true,
    "A token for the running server; better given as WAGGLE_TOKEN, which no process list shows.")
  /// Which storefront.
  static let storefront = CommandOption.value(
    "storefront", "ID", default: "demo", "The storefront.")
}
