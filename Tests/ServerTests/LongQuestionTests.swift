// Questions that take as long as much is stored must hold up nobody who asks for a page.

import Commerce
import Synchronization
import Testing
import Transport

@testable import Server

@Suite("Long questions hold up no short ones")
struct LongQuestionTests {
  @Test("Where as many long questions wait as may, the next is refused and short ones are taken")
  func separate() throws {
    let zone = { @Sendable name in try TimeZones.table(named: name) }
    let context = ServerContext(
      writer: Mailbox(capacity: 1), reader: Mailbox(capacity: 1), longReader: Mailbox(capacity: 2),
      keys: LiveKeys(
        Keyring(
          tokenSecrets: [],
          linkSecrets: [Keyring.LinkSecret(id: 1, secret: [UInt8](repeating: 7, count: 32))])),
      revocations: Revocations(),
      options: ServerOptions(directory: "/nowhere", zone: zone, log: { _ in }),
      health: Health(log: { _ in }), log: Log(format: .text, write: { _ in }), clock: wallClock)
    let address = ReplyAddress(
      loop: 0, connection: ConnectionID(loop: 0, generation: 0, slot: 0), call: 0)
    var outbox = Outbox(to: context.writer)
    func isTaken(_ query: Query) -> Bool {
      context.submit(.query(query), Sample.caller(.operator), address, through: &outbox)
    }
    #expect(isTaken(.ledger))
    #expect(isTaken(.timeline(RoomID(trusted: "r1"), by: nil)))
    #expect(!isTaken(.ledger))
    #expect(isTaken(.storefront(withTotals: false)))
    #expect(!isTaken(.orders(room: nil, buyer: nil, direction: .newest, after: nil, limit: 1)))
    #expect(!isTaken(.plans))
    let member = MemberID(trusted: "chen")
    #expect(!Query.earningOrders(member, room: nil, after: nil, limit: 100).isLong)
    let room = RoomID(trusted: "r1")
    #expect(Query.earningOrders(member, room: room, after: nil, limit: 100).isLong)
    #expect(!Query.orders(room: room, buyer: nil, direction: .newest, after: nil, limit: 1).isLong)
    #expect(context.longReader.count == 2)
    #expect(context.reader.count == 1)
    #expect(context.health.callsRefusedBusy.load(ordering: .relaxed) == 3)
  }
}
