import Commerce
import Transport

/// What the operator of a server chose.
package struct ServerOptions: Sendable {
  /// The directory of the database, the keys and the lock.
  package var directory: String
  /// The address to listen on.
  package var host = "127.0.0.1"
  /// The port; 0 takes any free one.
  package var port: UInt16 = 8080
  /// The certificate with the chain above it, PEM; none serves plain HTTP.
  package var tlsCertificate: String?
  /// The certificate's key, PEM; there where `tlsCertificate` is.
  package var tlsKey: String?
  /// Event loops, 1…64.
  package var loops = 1
  /// Origins besides the server's own whose pages may connect; `*` allows all.
  package var origins: [String] = []
  /// Whether a visitor without a token gets a guest session from a landing link.
  package var allowsGuests = false
  /// Whether the demonstration's sign-in and checkout are there.
  package var isDemo = false
  /// Endpoints of webhooks beside those of the key file, such as the demonstration's own.
  package var webhooks: [WebhookEndpoint] = []
  /// Proxies that say in `X-Forwarded-For` whom they ask for; addresses without ports.
  package var trustedProxies: Set<InternetAddress> = []
  /// Addresses: how many connections one may have.
  package var connectionsPerAddress = 20_000
  /// Connections a second that one address may open in the long run, and four times as many at once:
  /// 0…1,000, 0 for as many as it likes. Nil is 100, and none for addresses of this machine: a proxy
  /// on it would make everybody one of them.
  package var connectsPerSecond: Int64?
  /// How many calls may wait for the writer or the reader before callers are told that it is busy.
  package var callsWaitingMax = 20_000
  /// How long a stop may take.
  package var drainMilliseconds: Int64 = 5_000
  /// How long sending one webhook may take, milliseconds, > 0.
  package var webhookTimeoutMilliseconds: Int64 = 5_000
  /// How long a stop only says that the server is not ready, before anybody is sent away.
  package var noticeMilliseconds: Int64 = 0
  /// How many clients a second are to come back after a stop: their delays are spread accordingly.
  package var reconnectsPerSecond = 1_000
  /// Bytes that must be free on the disk of the directory, or the server is not ready.
  package var diskFreeBytesMin = 67_108_864
  /// Listening sockets that somebody else keeps open; without any, the server opens its own.
  package var listeners: [Listener] = []
  /// The process that supervises this one, if there is one.
  package var notifier: Notifier?
  /// How the log is written.
  package var logFormat = LogFormat.text
  /// Whether every HTTP request is logged; otherwise only those that failed for our fault.
  package var logsRequests = false
  /// The moment of day, for everything that is stored.
  package var clock: @Sendable () -> Timestamp = wallClock
  /// Milliseconds that only grow, for time-outs and for the pace of pushes.
  package var monotonicClock: @Sendable () -> Int64 = monotonicMilliseconds
  /// The VFS that SQLite writes by, where a test has one of its own; see `SQLiteConnection.init`.
  package var fileSystem: String?
  /// Where the process ends itself, for crash tests.
  package var failPoint: ArmedFailPoint?
  /// Finds time zones by name.
  package var zone: @Sendable (String) throws -> TimeZoneTable
  /// Takes one line for the log.
  package var log: @Sendable (String) -> Void

  /// Whether connections are encrypted by this server.
  var isEncrypted: Bool { certificateFiles != nil }

  /// What measures how fast addresses open connections; the interval is cut to whole milliseconds.
  var openings: AddressPaces? {
    guard connectsPerSecond != 0 else { return nil }
    let perSecond = connectsPerSecond ?? 100
    return AddressPaces(
      Pace(intervalMilliseconds: 1_000 / perSecond, burst: 4 * perSecond),
      sparesLoopback: connectsPerSecond == nil)
  }

  /// Where the certificate and its key lie, if there are any.
  var certificateFiles: WatchedFiles.CertificateFiles? {
    guard let tlsCertificate, let tlsKey else { return nil }
    return WatchedFiles.CertificateFiles(certificate: tlsCertificate, key: tlsKey)
  }

  /// Options with defaults.
  ///
  /// - Parameters:
  ///   - directory: where everything is stored; created where it is missing.
  ///   - zone: finds time zones by name.
  ///   - log: takes one line for the log.
  package init(
    directory: String, zone: @escaping @Sendable (String) throws -> TimeZoneTable,
    log: @escaping @Sendable (String) -> Void
  ) {
    self.directory = directory
    self.zone = zone
    self.log = log
  }
}
