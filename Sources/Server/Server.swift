// Composition: opens the store, starts the writer, the reader and the loops, and stops them in order.

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
  /// Its keys, for issuing tokens in the same process.
  package let keyring: Keyring
  /// Its counters.
  package let health: Health

  private let context: ServerContext
  private let desks: [Mailbox<SettlementDeskMessage>]
  private let loops: [Loop<LoopServer>]
  private let threads: Mutex<[pthread_t]>

  private init(
    address: InternetAddress, context: ServerContext, desks: [Mailbox<SettlementDeskMessage>],
    loops: [Loop<LoopServer>], threads: [pthread_t]
  ) {
    self.address = address
    self.context = context
    self.desks = desks
    self.loops = loops
    self.threads = Mutex(threads)
    keyring = context.keyring
    health = context.health
  }

  /// How many calls may wait for the writer or the reader before callers are told that it is busy.
  static let callsWaitingMax = 20_000
  /// The largest body of a request: a part of a catalogue file.
  static let requestBodyBytesMax = 1_048_576

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
    let store = wrap(try SQLiteStore.open(directory: options.directory, zone: options.zone))
    let reader = try SQLiteReader.open(directory: options.directory, zone: options.zone)
    let keyring = try Keyring.loadOrCreate(directory: options.directory)
    let health = Health(log: options.log)
    let context = ServerContext(
      writer: Mailbox(capacity: callsWaitingMax), reader: Mailbox(capacity: callsWaitingMax),
      keyring: keyring, options: options, health: health, clock: options.clock)
    if options.isDemo { try Demo.prepare(store: store, at: options.clock()) }

    guard let wanted = InternetAddress(host: options.host, port: options.port) else {
      throw CommandFailure(.usage, "\(options.host) is not an IP address.")
    }
    let listeners = try Listener.open(wanted, count: options.loops)
    var configuration = LoopConfiguration(sha1: SHA1.digest(of:))
    configuration.requestBodyBytesMax = requestBodyBytesMax
    configuration.clock = options.monotonicClock
    configuration.quota = AddressQuota(connectionsMax: options.connectionsPerAddress)
    var loops: [Loop<LoopServer>] = []
    for (index, listener) in listeners.enumerated() {
      loops.append(try Loop(index: index, configuration: configuration, listener: listener))
    }
    let ports: [any LoopPort] = loops
    // The store and the reader are handed over to their threads and used nowhere else from here on.
    let handedStore = HandedOver(store)
    let handedReader = HandedOver(reader)
    // A desk for each commission service, and one for storefronts that have none any more.
    let services = keyring.commissionKeys.services
    let desks = (0...services.count).map { _ in
      Mailbox<SettlementDeskMessage>(capacity: .max)
    }
    let surroundings = SettlementDesk.Surroundings(
      writer: context.writer, health: health, clock: options.clock,
      monotonicClock: options.monotonicClock)
    var threads = [
      try startThread(name: "writer") {
        Writer(
          mailbox: context.writer, store: handedStore.value, loops: ports, desks: desks,
          health: health, clock: options.clock
        ).run()
      },
      try startThread(name: "reader") {
        Reader(
          mailbox: context.reader, reader: handedReader.value, loops: ports, health: health,
          clock: options.clock
        ).run()
      },
    ]
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
    for loop in loops { try loop.start { LoopServer($0, $1, context) } }
    return Server(
      address: listeners[0].address, context: context, desks: desks, loops: loops,
      threads: threads)
  }

  /// Stops orderly: clients are told when to come back, what was accepted is decided, stored and
  /// answered, then everything ends. Blocks until it has; a second stop does nothing.
  package func stop() {
    health.drains()
    let closing = LoopMessage.closing(
      reconnectAfterMilliseconds: 1000, withinMilliseconds: context.options.drainMilliseconds)
    for loop in loops { loop.post(closing) }
    for loop in loops { loop.join() }
    // First those who give the writer work of their own, then the writer.
    for desk in desks { desk.post(.stop) }
    context.writer.post(.stop)
    context.reader.post(.stop)
    let running = threads.withLock { threads in
      defer { threads = [] }
      return threads
    }
    for thread in running { pthread_join(thread, nil) }
  }
}

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
