// A writer whose rounds a test carries out, on a store in memory. No threads.

import Commerce
import Coordination
import Notation
import Testing
import Wire

@testable import Server
@testable import Transport

/// A writer on a store in memory.
final class WriterBench {
  let mailbox = Mailbox<WriterMessage>(capacity: 1000)
  let loop = RecordingLoop()
  let desk = Mailbox<SettlementDeskMessage>(capacity: .max)
  let faults = FaultSwitch()
  let memory = MemoryStore()
  let health = Health(log: { _ in })
  let writer: Writer
  let committer: HeldCommitter
  private var calls: UInt64 = 0

  /// Makes a writer with a storefront, `tea`, three of `rare`, and a room `r1` of `lin` in which `tea` is.
  init(stateBytesMax: Int = 268_435_456) throws {
    let store = FaultyStore(memory, faults)
    committer = HeldCommitter(store)
    writer = Writer(
      mailbox: mailbox, store: store, committer: committer, loops: [loop], desks: [desk],
      health: health, revocations: Revocations(), stateBytesMax: stateBytesMax,
      clock: { Sample.now })
    let rows = "tea,tea,sup,Tea,10000,6000,200000,\nrare,rare,sup,Rare,5000,3000,100000,3\n"
    let file = Array((Sample.catalogueHeader + ",stock\n" + rows).utf8)
    let imported = try CatalogueImport.rows(of: file, as: .csv)
    let first = round([
      call(.configure(StorefrontWish())), call(.importCatalogue(imported)),
      command(.join(member: id("lin"), name: "", inviter: nil, rank: nil, at: Sample.now)),
      command(.openRoom(id("r1"), host: id("lin"), title: "Tea", pact: nil)),
      command(.addListings(id("r1"), .skus([id("tea")]))),
    ])
    try #require(first.answers.allSatisfy { $0.code == nil })
  }

  func call(_ call: Call, _ person: String = "desk", _ scopes: Token.Scopes = .backend)
    -> WriterMessage
  {
    calls += 1
    let address = ReplyAddress(
      loop: 0, connection: ConnectionID(loop: 0, generation: 0, slot: 0), call: calls)
    return .call(call, Sample.caller(scopes, person: person), address)
  }

  func command(_ command: Command) -> WriterMessage { call(.command(command)) }

  func report(_ order: String, buyer: String = "v1") -> Command {
    .reportOrder(
      ReportedOrder(
        id: id(order), room: id("r1"), seller: nil, promoter: nil,
        buyer: id(buyer),
        lines: [ReportedLine(sku: id("tea"), units: 1, paid: Amount(10_000))],
        placedAt: Sample.now))
  }

  func order(_ order: String, buyer: String = "v1") -> WriterMessage {
    command(report(order, buyer: buyer))
  }

  func sale(_ order: String) -> [WriterMessage] {
    let paid = Command.pay(
      id(order), payment: id("p-" + order), paid: [], at: Sample.now)
    return [self.order(order), command(paid)]
  }

  func join(
    _ viewer: String, since: (epoch: Int64, offset: Int64)? = nil
  ) -> WriterMessage {
    call(.join(JoinWish(room: id("r1"), link: nil, since: since)), viewer, .viewer)
  }

  func subscribe() -> WriterMessage { call(.subscribe(.storefront(Sample.storefront))) }

  /// Carries out one round, and has everything stored and told that was decided.
  func round(_ messages: [WriterMessage]) -> [LoopMessage] {
    for message in messages { mailbox.post(message) }
    mailbox.post(.stop)
    writer.run()
    return loop.take()
  }

  /// Carries out one round of a writer that goes on.
  func turn(_ messages: [WriterMessage] = []) -> [LoopMessage] {
    #expect(writer.round(messages))
    return loop.take()
  }

  /// Has what is being stored be done, and carries out a round.
  func finish(_ messages: [WriterMessage] = []) -> [LoopMessage] {
    committer.finish()
    return turn(messages)
  }
}

/// Stores each batch at once, unless a test holds it: then when that says so, or the writer waits.
final class HeldCommitter: Committer {
  private let store: any Store
  private var changes: Changes?
  private var last: Result<Void, any Error>?
  /// Whether batches wait.
  var holds = false
  /// How many batches were begun.
  private(set) var count = 0
  /// Whether the last one was said to be alone.
  private(set) var wasAlone = false

  init(_ store: any Store) { self.store = store }

  /// Whether a batch waits.
  var isHolding: Bool { changes != nil }

  func begin(_ changes: Changes, isAlone: Bool) {
    wasAlone = isAlone
    precondition(self.changes == nil && last == nil, "one batch is stored after the other")
    count += 1
    self.changes = changes
    if !holds { finish() }
  }

  /// Stores what waits.
  func finish() {
    guard let changes = changes.take() else {
      Issue.record("nothing waits")
      return
    }
    last = Result { try store.commit(changes) }
  }

  func outcome() -> Result<Void, any Error>? { last.take() }

  func awaitOutcome() -> Result<Void, any Error> {
    if last == nil { finish() }
    return last.take() ?? .success(())
  }

  func stop() {}
}

func id<Tag>(_ text: String) -> Identifier<Tag> { Identifier(trusted: text) }

/// What a call was answered.
struct Answered: Equatable {
  let code: String?
  let isTemporary: Bool
  let isRepeat: Bool
  let body: JSON

  init(_ result: Result<Answer, Fault>) {
    switch result {
    case .success(let answer):
      (code, isTemporary, isRepeat) = (nil, false, answer.isRepeat)
      body = (try? JSON.read(answer.body)) ?? .null
    case .failure(let fault):
      (code, isTemporary, isRepeat, body) = (fault.code, fault.isTemporary, false, .null)
    }
  }
}

extension [LoopMessage] {
  var answers: [Answered] {
    compactMap { message in
      switch message {
      case .answer(_, let result): Answered(result)
      case .joined(_, _, _, _, let answer), .watching(_, _, let answer),
        .leaving(_, _, let answer):
        Answered(.success(answer))
      case .event, .level, .figures, .accessChanged, .published, .closing: nil
      }
    }
  }

  var eventCount: Int { count { if case .event = $0 { true } else { false } } }

  var figures: [JSON] {
    compactMap { message in
      guard case .figures(_, let bytes) = message else { return nil }
      return (try? JSON.read(bytes))?["params"]
    }
  }
}
