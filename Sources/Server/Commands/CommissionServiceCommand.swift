// `waggle commission-service`: settles sales for the servers of storefronts until it is told to stop.

import Glibc
import Transport

extension Subcommand {
  /// Runs a commission service.
  static let commissionService = Subcommand(
    name: "commission-service", summary: "Run a commission service",
    details: """
      Settles sales for servers whose storefronts have theirs settled elsewhere: POST \
      /v1/settlements, signed both ways; see Protocol/commission-service.md. It stores nothing, so \
      any number may run behind one address. Stop it with Control-C or SIGTERM.
      """,
    options: [
      .value("host", "ADDRESS", default: "127.0.0.1", "The IP address to listen on."),
      .value("port", "PORT", default: "8090", "The port to listen on; 0 takes any free one."),
      .value(
        "keys", "FILE",
        "The keys that requests are signed with, {\"version\": 1, \"commissionKeys\": [{\"id\": …,"
          + " \"secret\": \"whsec_…\"}]}, readable by its owner only."),
    ],
    examples: [
      .init("commission-service --keys commission-keys.json", "serve on http://127.0.0.1:8090")
    ],
    run: serveSettlements)
}

@Sendable private func serveSettlements(
  _ input: CommandInput, _ output: CommandOutput
) throws -> ExitCode {
  let host = try input.text("host")
  let port = UInt16(try input.integer("port", in: 0...65_535))
  guard let wanted = InternetAddress(host: host, port: port) else {
    throw input.refusal("host", "an IP address is wanted")
  }
  let path = try input.text("keys")
  let keys: CommissionKeys
  do throws(KeyringError) { keys = try CommissionKeys.load(path) } catch {
    if case .malformed = error { throw CommandFailure(.malformedInput, error.description) }
    throw CommandFailure(.inputOutput, error.description)
  }
  // Before any thread starts, so that all of them leave these signals to `sigwait` below.
  var signals = sigset_t()
  sigemptyset(&signals)
  sigaddset(&signals, SIGTERM)
  sigaddset(&signals, SIGINT)
  pthread_sigmask(SIG_BLOCK, &signals, nil)
  // Whoever read our output may have gone; that is no reason to stop serving.
  signal(SIGPIPE, SIG_IGN)

  let running: CommissionService.Running
  do throws(SystemError) { running = try CommissionService(keys: keys).start(on: wanted) } catch {
    throw CommandFailure(.unavailable, "cannot listen on \(host) port \(port): \(error)")
  }
  output.line("waggle commission-service is ready on http://\(running.address)")
  var received: Int32 = 0
  sigwait(&signals, &received)
  output.note("stopping")
  running.stop()
  return .done
}
