// `waggle serve`: runs a server until it is told to stop.

import Commerce
import Glibc
import Storage
import Transport

extension Subcommand {
  /// Runs a server.
  static let serve = Subcommand(
    name: "serve", summary: "Run the server",
    details: """
      Serves HTTP and WebSocket on one port from one data directory, on SQLite, and prints the \
      addresses to open. Stop it with Control-C or SIGTERM: clients are told when to come back, \
      everything accepted is stored and answered first; a second signal ends it at once. On the first \
      start it makes its keys; tokens come from `waggle token`. Takes its listening sockets from \
      systemd (LISTEN_FDS) where it is given some, and tells it how it is doing (NOTIFY_SOCKET): \
      see Tools/systemd.
      """,
    options: [
      .data,
      .value("host", "ADDRESS", default: "127.0.0.1", "The IP address to listen on."),
      .value("port", "PORT", default: "8080", "The port to listen on; 0 takes any free one."),
      .value(
        "tls-certificate", "FILE",
        "Speak TLS with this certificate and the chain above it, PEM; a changed file is taken up"
          + " without a restart, and so is one after SIGHUP."),
      .value("tls-key", "FILE", "The certificate's key, PEM, unreadable for others."),
      .value("loops", "N", default: "1", "Event loops, 1 to 64; one for each core that is free."),
      .list(
        "origin", "ORIGIN",
        "An origin besides the server's own whose pages may connect, such as https://shop.example;"
          + " * allows all."),
      .list(
        "trusted-proxy", "ADDRESS",
        "The IP address of a proxy in front: limits by address then count whom its X-Forwarded-For"
          + " names last, and figures need a token. Nobody else's header is believed."),
      .flag("guests", "Give a visitor who opens a link without a token a guest session."),
      .flag(
        "demo", "Set up a demonstration storefront and let anybody sign in to it; implies --guests."
      ),
      .value(
        "drain-seconds", "SECONDS", default: "5", "How long a stop may take, 0 to 300."),
      .value(
        "notice-seconds", "SECONDS", default: "0",
        "How long a stop only turns /readyz red before clients are sent away, 0 to 60: time for a"
          + " load balancer to see it."),
      .value(
        "reconnects", "N", default: "1000",
        "How many clients a second are to come back after a stop, 1 to 100000; their delays are"
          + " spread accordingly."),
      .value(
        "connects", "N",
        "Connections a second that one address may open, 0 to 1000, four times as many at once; 0 for"
          + " no limit. Without it 100, and no limit for addresses of this machine. Behind a proxy"
          + " elsewhere, all come from its address."),
      .value(
        "disk-free-mib", "N", default: "64",
        "With less room on the disk, in MiB, /readyz is red; 0 to 1048576."),
      .value(
        "log-format", "FORMAT",
        "text or json; without it, text where standard error is a terminal and json elsewhere."),
      .flag("log-requests", "Log every HTTP request, not only those that failed for our fault."),
    ],
    examples: [
      .init("serve --demo", "try everything on http://127.0.0.1:8080"),
      .init("serve --data /var/lib/waggle --port 9000 --loops 2", "a real one"),
      .init(
        "serve --data /var/lib/waggle --host 0.0.0.0 --port 443 --tls-certificate chain.pem"
          + " --tls-key key.pem", "one on the open internet"),
    ],
    run: serveUntilStopped)
}

@Sendable private func serveUntilStopped(
  _ input: CommandInput, _ output: CommandOutput
) throws -> ExitCode {
  try serveUntilStopped(try serverOptions(input, output), output) { _ in nil }
}

/// Has every thread that starts from now on leave the signals that end a server to `sigwait`.
///
/// - Returns: those signals, and the one that has it read its keys again.
@discardableResult
func leaveSignalsToWait() -> sigset_t {
  var signals = sigset_t()
  sigemptyset(&signals)
  sigaddset(&signals, SIGTERM)
  sigaddset(&signals, SIGINT)
  sigaddset(&signals, SIGHUP)
  pthread_sigmask(SIG_BLOCK, &signals, nil)
  return signals
}

/// Runs a server until a signal ends it.
///
/// - Parameters:
///   - options: what the operator chose.
///   - output: where the addresses are printed.
///   - accompany: starts what is to run beside the server; it is ended before the server is.
/// - Returns: the exit code.
/// - Throws: why it could not start.
func serveUntilStopped(
  _ options: ServerOptions, _ output: CommandOutput,
  accompany: (Server) throws -> DemoCrowd?
) throws -> ExitCode {
  let signals = leaveSignalsToWait()
  // Whoever read our output may have gone; that is no reason to stop serving.
  signal(SIGPIPE, SIG_IGN)

  let server = try startServer(options)
  let crowd = try accompany(server)
  welcome(server, options, output)
  options.notifier?.send("READY=1", "STATUS=ready on \(server.address)")
  server.log.write(.info, "started", [("address", .string(server.address.description))])
  var (waited, received) = (signals, Int32(0))
  while sigwait(&waited, &received) == 0, received == SIGHUP {
    server.log.write(.info, "reloading")
    server.reload()
  }
  options.notifier?.send("STOPPING=1", "STATUS=draining")
  server.log.write(.info, "stopping", [("signal", .integer(Int64(received)))])
  try endAtOnce(server, onNext: signals)
  crowd?.stop()
  server.stop()
  server.log.write(.info, "stopped")
  return .done
}

private func serverOptions(
  _ input: CommandInput, _ output: CommandOutput
) throws -> ServerOptions {
  var options = ServerOptions(
    directory: try input.text("data"), zone: { try TimeZones.table(named: $0) }, log: output.note)
  options.host = try input.text("host")
  options.port = UInt16(try input.integer("port", in: 0...65_535))
  options.tlsCertificate = input.optionalText("tls-certificate")
  options.tlsKey = input.optionalText("tls-key")
  guard (options.tlsCertificate == nil) == (options.tlsKey == nil) else {
    throw CommandFailure(.usage, "--tls-certificate and --tls-key belong together.")
  }
  options.loops = Int(try input.integer("loops", in: 1...64))
  options.origins = input.list("origin")
  for text in input.list("trusted-proxy") {
    guard let address = InternetAddress(host: text, port: 0) else {
      throw input.refusal("trusted-proxy", "an IP address is wanted")
    }
    options.trustedProxies.insert(address)
  }
  options.isDemo = input.flag("demo")
  options.allowsGuests = input.flag("guests") || options.isDemo
  options.drainMilliseconds = try input.integer("drain-seconds", in: 0...300) * 1000
  options.noticeMilliseconds = try input.integer("notice-seconds", in: 0...60) * 1000
  options.reconnectsPerSecond = Int(try input.integer("reconnects", in: 1...100_000))
  if input.optionalText("connects") != nil {
    options.connectsPerSecond = try input.integer("connects", in: 0...1_000)
  }
  options.diskFreeBytesMin = Int(try input.integer("disk-free-mib", in: 0...1_048_576)) << 20
  options.logsRequests = input.flag("log-requests")
  options.logFormat = try logFormat(input)
  options.failPoint = try armedFailPoint(output)
  options.notifier = Notifier(environment: Notifier.variable)
  do throws(SystemError) { options.listeners = try Listener.passed() } catch {
    throw CommandFailure(.unavailable, "cannot use the sockets of LISTEN_FDS: \(error)")
  }
  return options
}

/// How the log is written: as wanted, or as whoever reads it will like it.
func logFormat(_ input: CommandInput) throws -> LogFormat {
  guard let wanted = input.optionalText("log-format") else {
    return isatty(STDERR_FILENO) == 1 ? .text : .json
  }
  guard let format = LogFormat(rawValue: wanted) else {
    throw input.refusal("log-format", "text or json is wanted")
  }
  return format
}

private func welcome(_ server: Server, _ options: ServerOptions, _ output: CommandOutput) {
  let base = "\(options.isEncrypted ? "https" : "http")://\(server.address)"
  output.line("waggle is ready on \(base)")
  if options.isDemo {
    for (role, what) in [
      ("host", "open a room, list products"), ("promoter", "make a link, watch earnings"),
      ("viewer", "watch and buy"),
      ("ops", "explain, refund, pay out; another storefront, with ranks, is at the top"),
    ] {
      output.line("  \(base)/#\(role)  \(what)")
    }
  }
  output.line("  \(base)/metrics, /livez, /readyz; stop with Control-C")
}

/// From now on another of these signals cuts the stop short. A second one more, and whoever still
/// waits for a disk that does not answer is given up: ended so, nothing that was acknowledged is lost.
private func endAtOnce(_ server: Server, onNext signals: sigset_t) throws {
  _ = try startThread(name: "signals") {
    var signals = signals
    var received: Int32 = 0
    sigwait(&signals, &received)
    server.log.write(.warning, "ending_at_once")
    server.hurry()
    var patience = timespec(tv_sec: 1, tv_nsec: 0)
    nanosleep(&patience, nil)
    _exit(ExitCode.failed.rawValue)
  }
}

/// The fail point that the environment names, which is said; a wrong name is refused, not ignored.
private func armedFailPoint(_ output: CommandOutput) throws -> ArmedFailPoint? {
  guard let value = getenv(ArmedFailPoint.variable) else { return nil }
  let text = String(cString: value)
  guard let armed = ArmedFailPoint(text) else {
    throw CommandFailure(.usage, "\(ArmedFailPoint.variable) names no fail point: \(text)")
  }
  output.note("crash test: this process will end itself at \(text)")
  return armed
}

/// Starts a server and says in a user's words what is in the way.
func startServer(_ options: ServerOptions) throws -> Server {
  do {
    return try Server.start(options)
  } catch let error as SystemError {
    throw CommandFailure(
      .unavailable, "cannot listen on \(options.host) port \(options.port): \(error)")
  } catch let error as StorageError {
    throw CommandFailure(.inputOutput, "cannot open \(options.directory): \(error)")
  } catch let error as TLSError {
    throw CommandFailure(.inputOutput, "cannot use the certificate: \(error)")
  } catch let error as SmallFile.Fault {
    throw CommandFailure(
      .inputOutput, "cannot read \(options.tlsCertificate ?? "the certificate"): \(error)")
  }
}
