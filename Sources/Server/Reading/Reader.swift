// The threads that answer questions from read-only snapshots, so that no question delays a commit: one
// for what is answered from a page of rows or a short list, one for what grows with all that is stored
// (`Query.isLong`; which is which, and what is left: decision 0039).

import Commerce
import Coordination
import Notation
import Storage

/// A question and where its answer goes.
struct ReaderMessage: Sendable {
  /// What is asked; none stops the reader.
  let query: Query?
  /// Who asks; always there with a query.
  let caller: Caller?
  /// Where the answer goes; always there with a query.
  let address: ReplyAddress?
}

/// Answers queries; owns one read-only connection. One thread.
final class Reader {
  private let mailbox: Mailbox<ReaderMessage>
  private let reader: SQLiteReader
  private let loops: [any LoopPort]
  private let health: Health
  private let clock: @Sendable () -> Timestamp

  init(
    mailbox: Mailbox<ReaderMessage>, reader: SQLiteReader, loops: [any LoopPort], health: Health,
    clock: @escaping @Sendable () -> Timestamp
  ) {
    self.mailbox = mailbox
    self.reader = reader
    self.loops = loops
    self.health = health
    self.clock = clock
  }

  /// Works until it is told to stop.
  func run() {
    while true {
      for message in mailbox.take(waitingMilliseconds: 60_000) {
        guard let query = message.query, let caller = message.caller,
          let address = message.address
        else { return }
        loops[address.loop].post(.answer(address, answer(query, caller)))
      }
    }
  }

  private func answer(_ query: Query, _ caller: Caller) -> Result<Answer, Fault> {
    do {
      let queries = Queries(reader: reader, storefront: caller.storefront, now: clock())
      if let file = try queries.file(query) {
        return .success(Answer(body: file.bytes, fileName: file.name))
      }
      return .success(Answer(body: try queries.answer(query).bytes))
    } catch let fault as Fault {
      return .failure(fault)
    } catch {
      health.storageFailed(error)
      return .failure(.storageUnavailable)
    }
  }
}
