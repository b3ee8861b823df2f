// `waggle demo`: a server with the demonstration's storefront, and people in it.

import Commerce
import Glibc

extension Subcommand {
  /// Runs a demonstration in which everything moves.
  static let demo = Subcommand(
    name: "demo", summary: "Run a demonstration in which everything moves",
    details: """
      A server as `waggle serve --demo` runs it: a storefront with 208 products, five weeks of shows, \
      orders and payouts, rooms that are on now and rooms that are announced, and anybody may sign in. \
      Beside it, in the same process and over the public API on the loopback address, played viewers \
      come and go, buy, pay, send back and complain, and played hosts pin products. They go into every \
      room that is open, also into yours, and by the links that its promoters made. A receiver on \
      the loopback address stands for the storefront's other systems, which are told of what is \
      booked. All of it ends with the server; the same data directory goes on where it was.
      """,
    options: [
      .data,
      .value("host", "ADDRESS", default: "127.0.0.1", "The IP address to listen on."),
      .value("port", "PORT", default: "8080", "The port to listen on; 0 takes any free one."),
      .value("viewers", "N", default: "24", "How many played viewers are there at once, 0 to 200."),
      .value(
        "orders", "N", default: "24", "About how many orders a minute they place, 0 to 600."),
      .value("seed", "N", default: "1", "What their chance begins with."),
      .value(
        "log-format", "FORMAT",
        "text or json; without it, text where standard error is a terminal and json elsewhere."),
    ],
    examples: [
      .init("demo", "try everything on http://127.0.0.1:8080"),
      .init("demo --data /tmp/show --port 9000 --viewers 100 --orders 120", "a busy evening"),
    ],
    run: runDemo)
}

@Sendable private func runDemo(
  _ input: CommandInput, _ output: CommandOutput
) throws -> ExitCode {
  var options = ServerOptions(
    directory: try input.text("data"), zone: { try TimeZones.table(named: $0) }, log: output.note)
  options.host = try input.text("host")
  options.port = UInt16(try input.integer("port", in: 0...65_535))
  options.isDemo = true
  options.allowsGuests = true
  options.logFormat = try logFormat(input)
  let crowd = DemoCrowd.Options(
    viewers: Int(try input.integer("viewers", in: 0...200)),
    ordersPerMinute: try input.integer("orders", in: 0...600),
    seed: UInt64(try input.integer("seed", in: 0...Int64.max)))
  leaveSignalsToWait()
  let receiver = try DemoReceiver.start()
  options.webhooks = receiver.endpoints
  // Longer than the server, which would take its going for a failure.
  defer { receiver.stop() }
  return try serveUntilStopped(options, output) { server in
    try DemoCrowd.start(in: server, crowd)
  }
}
