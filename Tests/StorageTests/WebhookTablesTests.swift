// Endpoints and dead letters as the reader gives them: in order, paged, each storefront's its own.

import Commerce
import Coordination
import Storage
import Testing

extension Generator {
  /// Progress of an endpoint and one dead letter.
  mutating func webhooks(_ storefront: StorefrontID) -> [(Key, Record)] {
    let endpoint: EndpointID = id()
    func failure(_ chance: inout Generator) -> WebhookFailure {
      WebhookFailure(chance.one(of: WebhookFailure.Kind.allCases), chance.text())
    }
    let progress = WebhookProgress(
      delivered: integer(), attempts: integer(), failure: maybe { failure(&$0) },
      nextAttempt: maybe { $0.time() }, dead: integer(),
      replay: maybe { WebhookProgress.Replay(next: $0.integer(), through: $0.integer()) },
      stoppedAt: maybe { $0.time() })
    let letter = DeadLetter(
      sequence: integer(), attempts: integer(), failure: failure(&self), at: time(),
      deliveredAt: maybe { $0.time() })
    return [
      (.webhookProgress(storefront, endpoint), .webhookProgress(progress)),
      (.deadLetter(storefront, endpoint, letter.sequence), .deadLetter(letter)),
    ]
  }
}

@Suite("Stored webhooks")
struct WebhookTablesTests {
  private func storefront(_ id: String) throws -> Storefront {
    Storefront(
      id: StorefrontID(trusted: id), name: "", currency: .cny, zone: .shanghai,
      precedence: [.lock], visitHoldMilliseconds: 1, unpaidHoldMilliseconds: 1, planVersion: 1,
      createdAt: Timestamp(milliseconds: 0))
  }

  @Test("Endpoints come in order of id and dead letters in order of sequence, page by page")
  func pages() throws {
    try withStore { (store, directory) throws in
      var changes = Changes()
      let failure = WebhookFailure(.refused, "no")
      for id in ["a", "b"] {
        let storefront = try storefront(id)
        changes.set(.storefront(storefront.id), .storefront(storefront))
        for (place, name) in ["y", "x"].enumerated() {
          let endpoint = EndpointID(trusted: name)
          changes.set(
            .webhookProgress(storefront.id, endpoint),
            .webhookProgress(WebhookProgress(delivered: Int64(place))))
          for sequence in [10, 2, 30] as [Int64] {
            changes.set(
              .deadLetter(storefront.id, endpoint, sequence),
              .deadLetter(
                DeadLetter(
                  sequence: sequence, attempts: 12, failure: failure,
                  at: Timestamp(milliseconds: sequence))))
          }
        }
      }
      try store.commit(changes)
      let reader = try SQLiteReader.open(directory: directory, zone: zones)
      let (a, x) = (StorefrontID(trusted: "a"), EndpointID(trusted: "x"))
      #expect(try reader.webhooks(a).map(\.endpoint.text) == ["x", "y"])
      #expect(try reader.webhooks(a).map(\.progress.delivered) == [1, 0])
      #expect(try reader.webhooks(StorefrontID(trusted: "c")).isEmpty)
      func page(after: Int64, _ limit: Int) throws -> [Int64] {
        try reader.deadLetters(a, x, after: after, limit: limit).map(\.sequence)
      }
      #expect(try page(after: 0, 2) == [2, 10])
      #expect(try page(after: 10, 2) == [30])
      #expect(try page(after: 30, 2) == [])
      #expect(try page(after: 1, 9) == [2, 10, 30])
    }
  }

  @Test("A failure's message is cut between characters, and stays as it is when it is read again")
  func messages() {
    for text in ["", "a", String(repeating: "长", count: 200), String(repeating: "🐝", count: 200)] {
      let failure = WebhookFailure(.unwell, "x" + text)
      #expect(failure.message.utf8.count <= WebhookFailure.messageBytesMax)
      #expect(("x" + text).hasPrefix(failure.message))
      #expect(WebhookFailure(.unwell, failure.message) == failure)
    }
    #expect(WebhookFailure(.gone, String(repeating: "a", count: 301)).message.utf8.count == 300)
  }
}
