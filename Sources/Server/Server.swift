// Composition: opens the store, starts the writer, the readers and the loops, and stops them in order.

import Commerce
import Coordination
import Crypto
import Glibc
import Storage
import Synchronization
import Transport

/// A running server.
package final class Server: Sendable {
  /// Where it listens, with the port that the system chose.
  package let address: InternetAddress
  /// The keys that hold now, for issuing tokens in the same process.
  package var keyring: Keyring { context.keyring }
  /// Its counters.
  package let health: Health

  /// Its log.
  package let log: Log

  private let context: ServerContext
  private let desks: [Mailbox<SettlementDeskMessage>]
  private let webhooks: [WebhookKey: Mailbox<WebhookDeskMessage>]
  private let watch: Mailbox<Void>
  private let loops: [Loop<LoopServer>]
  private let watched: WatchedFiles
  private let watching: Mailbox<WatchMessage>
  private let threads: Mutex<[pthread_t]>
  /// Ends the waits of those who talk to other servers.
  private let cutoff: Cutoff
  private let isHurried = Atomic<Bool>(false)

  private init(
    address: InternetAddress, context: ServerContext, desks: [Mailbox<SettlementDeskMessage>],
    webhooks: [WebhookKey: Mailbox<WebhookDeskMessage>], watch: Mailbox<Void>,
    loops: [Loop<LoopServer>], watched: WatchedFiles, watching: Mailbox<WatchMessage>,
    threads: [pthread_t], cutoff: Cutoff
  ) {
    self.cutoff = cutoff
    self.address = address
    self.context = context
    self.desks = desks
    self.webhooks = webhooks
    self.watch = watch
    self.loops = loops
    self.watched = watched
    self.watching = watching
    self.threads = Mutex(threads)
    health = context.health
    log = context.log
  }

  /// Starts a server; it accepts connections when this returns.
  ///
  /// - Parameter options: what the operator chose.
  /// - Returns: the running server.
  /// - Throws: `StorageError`, `SystemError`, `KeyringError`: what could not be opened, and why.
  package static func start(_ options: ServerOptions) throws -> Server {
    try start(options) { $0 }
  }

  /// Starts a server whose store is reached through another, which may fail on purpose.
  ///
  /// - Parameters:
  ///   - options: what the operator chose.
  ///   - wrap: gives the store that the writer uses.
  /// - Returns: the running server.
  /// - Throws: as `start(_:)`.
  static func start(
    _ options: ServerOptions, through wrap: (SQLiteStore) -> any Store
  ) throws -> Server {
    // What this process creates is for its own user only: the database holds who earns what.
    umask(0o077)
    let store = wrap(
      try SQLiteStore.open(
        directory: options.directory, zone: options.zone, fileSystem: options.fileSystem))
    let reader = try SQLiteReader.open(directory: options.directory, zone: options.zone)
    let stamps = WatchedFiles.Stamps(directory: options.directory, options.certificateFiles)
    let keyring = try Keyring.loadOrCreate(directory: options.directory)
    let endpoints = keyring.webhooks.with(options.webhooks).endpoints
    // A wake that waits already is as good as another: more than one need not be kept.
    var webhooks: [WebhookKey: Mailbox<WebhookDeskMessage>] = [:]
    for endpoint in endpoints { webhooks[endpoint.key] = Mailbox(capacity: 1) }
    let webhookDesks = webhooks
    let keys = LiveKeys(keyring)
    let revocations = Revocations(try reader.revocations())
    let log = Log(
      format: options.logFormat, clock: options.clock, monotonicClock: options.monotonicClock,
      write: options.log)
    let health = Health(
      monotonicClock: options.monotonicClock,
      note: { log.write(.warning, "notice", [("detail", .string($0))]) },
      log: { log.write(.error, "storage_failed", [("detail", .string($0))]) })
    health.starts()
    let context = ServerContext(
      writer: Mailbox(capacity: options.callsWaitingMax),
      reader: Mailbox(capacity: options.callsWaitingMax),
      longReader: Mailbox(
        capacity: min(options.callsWaitingMax, ServerContext.longQuestionsWaitingMax)),
      keys: keys, revocations: revocations, options: options, health: health, log: log,
      clock: options.clock)
    if options.isDemo { try Demo.prepare(store: store, context.environment) }
    try WebhookDesk.begin(endpoints, in: store, at: options.clock())

    let listeners = try listeners(options)
    var configuration = LoopConfiguration(sha1: SHA1.digest(of:))
    configuration.requestBodyBytesMax = HTTPCalls.longBodyBytesMax
    configuration.clock = options.monotonicClock
    let certificate = try options.certificateFiles.map { ($0, TLSIdentity(try $0.load())) }
    if let certificate {
      configuration.tls = certificate.1
      configuration.standingHeaders = [("Strict-Transport-Security", "max-age=31536000")]
    }
    configuration.openings = options.openings
    configuration.quota = AddressQuota(
      connectionsMax: Surroundings.connectionsPerAddress(
        options.connectionsPerAddress, descriptorsMax: Surroundings.descriptorsMax),
      loopbackMax: options.connectionsPerAddress)
    var loops: [Loop<LoopServer>] = []
    for (index, listener) in listeners.enumerated() {
      loops.append(try Loop(index: index, configuration: configuration, listener: listener))
    }
    let ports: [any LoopPort] = loops
    // The store and the readers are handed over to their threads and used nowhere else from here on; the
    // writer and the committer have the store by turns.
    let metered = MeteredStore(store, times: health.commitTime)
    let handedStore = HandedOver(metered)
    let beside = HandedOver(
      try SQLiteReader.open(
        directory: options.directory, zone: options.zone, fileSystem: options.fileSystem))
    let committer = try CommitThread(store: metered) { context.writer.ring() }
    let readers = [
      (context.reader, HandedOver(reader)),
      (
        context.longReader,
        HandedOver(try SQLiteReader.open(directory: options.directory, zone: options.zone))
      ),
    ]
    // A desk for each commission service, and one for storefronts that have none any more.
    let services = keyring.commissionKeys.services
    let desks = (0...services.count).map { _ in
      Mailbox<SettlementDeskMessage>(capacity: .max)
    }
    let cutoff = Cutoff()
    let surroundings = SettlementDesk.Surroundings(
      writer: context.writer, health: health, clock: options.clock,
      monotonicClock: options.monotonicClock, failPoint: options.failPoint, cutoff: cutoff)
    var threads = [
      try startThread(name: "writer") {
        Writer(
          mailbox: context.writer, store: handedStore.value, beside: beside.value,
          committer: committer, loops: ports, desks: desks, webhooks: webhookDesks,
          health: health, revocations: revocations, clock: options.clock,
          failPoint: options.failPoint
        ).run()
      }
    ]
    for (mailbox, reader) in readers {
      threads.append(
        try startThread(name: "reader") {
          Reader(
            mailbox: mailbox, reader: reader.value, loops: ports, health: health,
            clock: options.clock
          ).run()
        })
    }
    for (index, desk) in desks.enumerated() {
      let reader = HandedOver(
        try SQLiteReader.open(directory: options.directory, zone: options.zone))
      let service = index < services.count ? services[index] : nil
      threads.append(
        try startThread(name: "settlement") {
          SettlementDesk(
            mailbox: desk, index: index, reader: reader.value, service: service,
            among: services, surroundings
          ).run()
        })
    }
    for endpoint in endpoints {
      guard let mailbox = webhooks[endpoint.key] else { continue }
      let reader = HandedOver(
        try SQLiteReader.open(directory: options.directory, zone: options.zone))
      threads.append(
        try startThread(name: "webhooks") {
          WebhookDesk(
            mailbox: mailbox, writer: context.writer, reader: reader.value,
            endpoint: endpoint, timeoutMilliseconds: options.webhookTimeoutMilliseconds,
            cutoff: cutoff, health: health, clock: options.clock,
            failPoint: options.failPoint
          ).run()
        })
    }
    let watch = Mailbox<Void>(capacity: .max)
    let watchReader = HandedOver(
      try SQLiteReader.open(directory: options.directory, zone: options.zone))
    threads.append(
      try startThread(name: "watch") {
        Watch(
          mailbox: watch, reader: watchReader.value, options: options, health: health, log: log
        ).run()
      })
    for loop in loops { try loop.start { LoopServer($0, $1, context) } }
    let watched = WatchedFiles(
      since: stamps, directory: options.directory, keys: keys, certificate: certificate,
      health: health, load: { try Keyring.load(directory: options.directory) },
      log: { log.write(.warning, "access", [("detail", .string($0))]) }
    ) {
      for port in ports { port.post(.accessChanged) }
    }
    let watching = Mailbox<WatchMessage>(capacity: .max)
    threads.append(
      try startThread(name: "files") {
        while watching.take(waitingMilliseconds: watchMilliseconds).isEmpty { watched.look() }
      })
    health.started()
    return Server(
      address: listeners[0].address, context: context, desks: desks, webhooks: webhooks,
      watch: watch, loops: loops, watched: watched, watching: watching, threads: threads,
      cutoff: cutoff)
  }

  /// How often the files of keys and certificates are looked at.
  private static let watchMilliseconds: Int64 = 1000

  /// Reads the keys, the certificate and its key again; what cannot be used changes nothing but the
  /// log. It happens by itself, too, within a second or two of a change.
  package func reload() { watched.look(isForced: true) }

  /// One listening socket for each loop: those that were passed, each as often as needed, or new ones.
  private static func listeners(_ options: ServerOptions) throws -> [Listener] {
    guard options.listeners.isEmpty else {
      let passed = options.listeners
      let more = max(0, options.loops - passed.count)
      return try passed + (0..<more).map { try passed[$0 % passed.count].duplicate() }
    }
    guard let wanted = InternetAddress(host: options.host, port: options.port) else {
      throw CommandFailure(.usage, "\(options.host) is not an IP address.")
    }
    return try Listener.open(wanted, count: options.loops)
  }

  /// Stops orderly: first readiness turns red, then clients are told when and where to go on, what was
  /// accepted is decided, stored and answered, then everything ends. Blocks until it has; a second stop
  /// does nothing.
  package func stop() {
    health.drains()
    awaitNotice()
    // They may be waiting for an endpoint; better while the loops drain than after.
    for desk in webhooks.values { desk.post(.stop) }
    let options = context.options
    cutoff.set(monotonicMilliseconds() + options.drainMilliseconds)
    let closing = LoopMessage.closing(
      reconnectAfterMilliseconds: 1000, withinMilliseconds: options.drainMilliseconds)
    for loop in loops { loop.post(closing) }
    for (index, loop) in loops.enumerated() {
      loop.join()
      health.pulse.retire(.loop(index))
    }
    // First those who give the writer work of their own, then the writer.
    for desk in desks { desk.post(.stop) }
    context.writer.post(.stop)
    context.reader.post(.stop)
    context.longReader.post(.stop)
    watching.post(WatchMessage())
    watch.post(())
    let running = threads.withLock { threads in
      defer { threads = [] }
      return threads
    }
    for thread in running { pthread_join(thread, nil) }
  }

  /// Cuts a stop short: every connection is closed at once. What was accepted is still stored.
  package func hurry() {
    isHurried.store(true, ordering: .releasing)
    cutoff.set(monotonicMilliseconds())
    for loop in loops { loop.drain(withinMilliseconds: 0) }
  }

  /// Whoever sends clients here gets time to see that it should not.
  private func awaitNotice() {
    let end = monotonicMilliseconds() + context.options.noticeMilliseconds
    while monotonicMilliseconds() < end, !isHurried.load(ordering: .acquiring) {
      var pause = timespec(tv_sec: 0, tv_nsec: 20_000_000)
      nanosleep(&pause, nil)
    }
  }
}

/// Ends the watching of files.
private struct WatchMessage: Sendable {}

/// The wall clock.
@Sendable package func wallClock() -> Timestamp {
  var time = timespec()
  clock_gettime(CLOCK_REALTIME, &time)
  return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
}

extension Loop: LoopPort where Delegate == LoopServer {}

extension ReaderMessage {
  /// Ends the reader.
  static let stop = ReaderMessage(query: nil, caller: nil, address: nil)
}

/// Carries something that belongs to one thread at a time over to the thread that will own it.
///
/// `@unchecked Sendable` holds because the giver lets go: `start` above neither keeps nor touches the
/// value after the thread has been started.
private final class HandedOver<Value>: @unchecked Sendable {
  let value: Value
  init(_ value: Value) { self.value = value }
}
