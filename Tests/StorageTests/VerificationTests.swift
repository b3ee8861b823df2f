// The digest, and that a check of the books finds what was altered behind the program's back.

import CSQLite
import Commerce
import Coordination
import Crypto
import Ledger
import Testing

@testable import Storage

@Suite("Checking the books")
struct VerificationTests {
  let storefront = Script.storefront

  /// The digest as its definition has it, with everything in memory.
  private func naiveDigest(_ transactions: [Transaction]) -> String {
    struct Net: Hashable {
      let subject: String
      let party: String
    }
    var nets: [Net: Amount] = [:]
    var balances: [String: Amount] = [:]
    for transaction in transactions {
      for posting in transaction.postings {
        let net = Net(subject: transaction.cause.subject, party: posting.account.party)
        nets[net, default: .zero] += posting.amount
        balances[posting.account.name, default: .zero] += posting.amount
      }
    }
    var text = ""
    for (net, amount) in nets.sorted(by: {
      ($0.key.subject, $0.key.party) < ($1.key.subject, $1.key.party)
    })
    where amount != .zero {
      text += DigestLine.net(subject: net.subject, party: net.party, amount: amount)
    }
    for (account, amount) in balances.sorted(by: { $0.key < $1.key }) where amount != .zero {
      text += DigestLine.balance(account: account, amount: amount)
    }
    return hex(SHA256.digest(of: Array(text.utf8)))
  }

  @Test("The digest is that of its definition, and the sum is zero")
  func digest() throws {
    try withWorld { (reader, memory, _) throws in
      for name in [storefront, Script.other] {
        let transactions = memory.transactions.filter { $0.storefront == name }.map(\.transaction)
        let digest = try reader.ledgerDigest(name)
        #expect(digest.digest == naiveDigest(transactions))
        #expect(digest.sequence == Int64(transactions.count))
        #expect(digest.sum == .zero)
      }
      let empty = try reader.ledgerDigest(StorefrontID(trusted: "none"))
      #expect(empty == LedgerDigest(sequence: 0, sum: .zero, digest: hex(SHA256.digest(of: []))))
    }
  }

  @Test("Books that nobody touched hold, and the counts are those of the history")
  func sound() throws {
    try withWorld { (reader, memory, _) throws in
      for name in [storefront, Script.other] {
        var stages: [Verification.Stage] = []
        let result = try reader.verify(name) { stage, done, total in
          #expect(done <= total)
          if stages.last != stage { stages.append(stage) }
        }
        #expect(result.fault == nil)
        #expect(result.digest == (try reader.ledgerDigest(name)))
        let transactions = memory.transactions.filter { $0.storefront == name }.map(\.transaction)
        #expect(result.transactions == Int64(transactions.count))
        #expect(result.postings == Int64(transactions.reduce(0) { $0 + $1.postings.count }))
        var chain = [UInt8](repeating: 0, count: 32)
        for transaction in transactions {
          chain = SHA256.digest(of: chain + transaction.canonicalBytes)
        }
        #expect(result.chain == hex(chain))
        #expect(result.orders == (name == storefront ? 6 : 5))
        #expect(stages == Verification.Stage.allCases)
      }
    }
  }

  // What is altered, and where the check must say so.
  static let alterations: [(sql: String, place: String)] = [
    (
      """
      UPDATE transactions SET postings = replace(postings, char(10) || 'p', '1' || char(10) || 'p')
      WHERE sequence = 3
      """, "transaction 3, sum of postings"
    ),
    (
      """
      UPDATE transactions SET postings = replace(postings, 'platform|', 'unsettled|')
      WHERE sequence = 3
      """, "transaction 3, digest"
    ),
    (
      """
      UPDATE transactions SET postings = replace(postings, 'platform|', 'platforn|')
      WHERE sequence = 3
      """, "transaction 3, posting 0"
    ),
    (
      "UPDATE member_postings SET member = 'zz' WHERE sequence = 3",
      "transaction 3, posting 1, member"
    ),
    (
      "UPDATE member_postings SET ordinal = 9 WHERE sequence = 3",
      "transaction 3, posting 1, member"
    ),
    (
      "UPDATE member_postings SET amount = amount + 1 WHERE sequence = 3",
      "transaction 3, posting 1, member"
    ),
    (
      "UPDATE member_postings SET purse = 'debt' WHERE sequence = 3",
      "transaction 3, posting 1, member"
    ),
    (
      """
      UPDATE transactions SET postings = 'platform|9223372036854775807' || char(10)
      || substr(postings, instr(postings, char(10)) + 1) WHERE sequence = 3
      """, "transaction 3, sum of postings"
    ),
    (
      """
      UPDATE transactions SET postings = 'platform|-9223372036854775808' || char(10)
      || substr(postings, instr(postings, char(10)) + 1) WHERE sequence = 3
      """, "transaction 3, posting 0"
    ),
    (
      "UPDATE bonuses SET amount = (-9223372036854775807 - 1) WHERE joined = 'c'",
      "bonus c/joinBonus, amount"
    ),
    ("UPDATE transactions SET postings = '' WHERE sequence = 3", "transaction 3, has postings"),
    (
      "UPDATE facts SET answer = NULL, answer_of = 99 WHERE number = 1",
      "reports whose answer is lost"
    ),
    ("DELETE FROM member_postings WHERE sequence = 3", "transaction 3, posting 1, member"),
    (
      "INSERT INTO member_postings VALUES ('zz', 'sf', 999, 0, 'paid', 5)",
      "members' postings of known transactions"
    ),
    ("UPDATE transactions SET at = at + 1 WHERE sequence = 4", "transaction 4, digest"),
    ("UPDATE transactions SET subject = 'o2' WHERE sequence = 4", "transaction 4, digest"),
    ("UPDATE transactions SET currency = 'USD' WHERE sequence = 4", "transaction 4, currency"),
    ("DELETE FROM transactions WHERE sequence = 5", "transaction 6, sequence"),
    (
      "DELETE FROM transactions WHERE sequence = 1; DELETE FROM member_postings WHERE sequence = 1",
      "transaction 2, sequence"
    ),
    (
      "UPDATE storefront_progress SET sequence = sequence + 1 WHERE orders > 0",
      "sequence of the storefront"
    ),
    ("UPDATE balances SET amount = amount + 1 WHERE account = 'buyers'", "running balance buyers"),
    ("DELETE FROM balances WHERE account = 'paid/p'", "running balance paid/p"),
    (
      "UPDATE earnings SET pending = pending - 1 WHERE member = 'a' AND room = ''",
      "pending earnings of a"
    ),
    (
      "UPDATE earnings SET released = released - 1 WHERE member = 'p' AND room = ''",
      "released earnings of p"
    ),
    (
      """
      UPDATE orders SET body = json_set(body, '$.lines[0].refunded', 1) WHERE id = 'o2'
      """, "order o2, party buyers"
    ),
    ("UPDATE orders SET plan_version = 7 WHERE id = 'o2'", "order o2"),
    ("UPDATE orders SET paid_at = NULL WHERE id = 'o2'", "order o2, party buyers"),
    ("DELETE FROM orders WHERE id = 'o2'", "ledger"),
    ("UPDATE bonuses SET payee = 'p' WHERE joined = 'd'", "bonus d/"),
    ("DELETE FROM bonuses WHERE joined = 'd'", "ledger"),
    (
      "UPDATE member_progress SET locked_fans = locked_fans + 1 WHERE member = 'd'",
      "locked fans of d"
    ),
    (
      "UPDATE member_progress SET settled_sales = settled_sales + 1 WHERE member = 'd'",
      "settled sales of d"
    ),
    ("UPDATE members SET rank = 'senior' WHERE id = 'b'", "rank of b"),
    ("DELETE FROM rank_changes WHERE member = 'b' AND number = 1", "rank change 2 of b, number"),
    ("DELETE FROM rank_changes WHERE member = 'p'", "rank of p"),
    ("UPDATE orders SET released_at = NULL WHERE id = 'o4'", "order o4, released to"),
    ("UPDATE bonuses SET released_at = 1 WHERE joined = 'c'", "bonus c/joinBonus, pending of"),
    ("UPDATE orders SET state = 'paid' WHERE id = 'o1'", "order o1, state"),
    ("UPDATE orders SET due_at = 1 WHERE id = 'o4'", "order o4, day of release"),
    ("UPDATE orders SET expires_at = 1 WHERE id = 'o4'", "order o4, expiry"),
    ("UPDATE bonuses SET released_at = NULL WHERE joined = 'd'", "bonus d/joinBonus, released"),
    ("UPDATE bonuses SET due_at = 1 WHERE joined = 'd'", "bonus d/joinBonus, day of release"),
    ("UPDATE storefront_progress SET gmv = gmv + 1 WHERE orders > 0", "turnover of the storefront"),
    ("UPDATE storefront_progress SET refunded = 0 WHERE orders > 0", "refunds of the storefront"),
    ("UPDATE room_progress SET orders = orders + 1 WHERE room = 'r'", "orders of room r"),
    ("DELETE FROM room_progress WHERE room = 'r'", "room r"),
    (
      "UPDATE earnings SET released = released + 1 WHERE member = 'p' AND room = 'r'",
      "released earnings of p in room r"
    ),
    (
      "UPDATE earnings SET reversed = reversed + 1 WHERE member = 'd' AND room = ''",
      "reversed earnings of d"
    ),
    ("DELETE FROM earnings WHERE member = 'p' AND room = 'r'", "earnings of p in room r"),
  ]

  @Test("Whatever is altered is found, at its place", arguments: alterations)
  func altered(sql: String, place: String) throws {
    try withWorld { (_, _, directory) throws in
      var handle: OpaquePointer?
      #expect(sqlite3_open(directory + "/waggle.sqlite3", &handle) == SQLITE_OK)
      let limited = sql.replacing("WHERE ", with: "WHERE storefront = 'sf' AND ")
      #expect(sqlite3_exec(handle, limited, nil, nil, nil) == SQLITE_OK)
      #expect(sqlite3_changes(handle) > 0)
      #expect(sqlite3_close(handle) == SQLITE_OK)
      let reader = try SQLiteReader.open(directory: directory, zone: zones)
      let result = try reader.verify(storefront)
      #expect(result.fault?.place.hasPrefix(place) == true, "\(String(describing: result.fault))")
      #expect(result.digest == nil)
      // The other storefront's books are as they were.
      let others = try reader.verify(Script.other)
      #expect(others.fault == nil)
    }
  }

  static let quotaAlterations: [(sql: String, place: String)] = [
    ("UPDATE quotas SET consumed = 0 WHERE member = 'p'", "quota of p, left"),
    (
      """
      UPDATE quotas SET sums = '[{"per":100000,"settled":5}]' WHERE member = 'p'
      """, "quota of p, sales at 100000"
    ),
    ("DELETE FROM quota_entries WHERE member = 'p' AND number = 3", "quota of p, entry 4, number"),
    (
      "UPDATE quota_entries SET units = 4 WHERE member = 'p' AND number = 1",
      "quota of p, entry 1, left"
    ),
    (
      "UPDATE quota_entries SET amount = amount + 1 WHERE member = 'p' AND number = 1",
      "quota of p, orders of its entries"
    ),
    (
      "UPDATE quota_entries SET \"order\" = 'other' WHERE member = 'p' AND number = 1",
      "quota of p, orders of its entries"
    ),
    ("UPDATE invites SET state = 'open' WHERE id = 'i1'", "quota of p, open codes"),
    ("UPDATE invites SET state = 'consumed' WHERE id = 'i2'", "quota of p, consumed"),
    // Orders that a service settles: what it said is held against the order again.
    (
      "UPDATE orders SET settle_at = NULL WHERE id = 'o6'",
      "order o6, next attempt at its settlement"
    ),
    (
      """
      UPDATE orders SET body = json_set(body, '$.delegation.settlement.lines[0].supplier', 1,
      '$.delegation.settlement.lines[0].platform',
      json_extract(body, '$.delegation.settlement.lines[0].platform')
      + json_extract(body, '$.delegation.settlement.lines[0].supplier') - 1) WHERE id = 'o5'
      """, "order o5"
    ),
    (
      "UPDATE orders SET body = json_remove(body, '$.delegation.settlement') WHERE id = 'o5'",
      "order o5, party member/a"
    ),
  ]

  @Test("Whatever is altered of a quota is found, at its place", arguments: quotaAlterations)
  func quotas(sql: String, place: String) throws {
    try withWorld { (_, _, directory) throws in
      var handle: OpaquePointer?
      #expect(sqlite3_open(directory + "/waggle.sqlite3", &handle) == SQLITE_OK)
      #expect(sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK)
      #expect(sqlite3_changes(handle) > 0)
      #expect(sqlite3_close(handle) == SQLITE_OK)
      let reader = try SQLiteReader.open(directory: directory, zone: zones)
      let result = try reader.verify(Script.other)
      #expect(result.fault?.place == place, "\(String(describing: result.fault))")
    }
  }

  @Test("A storefront that is not there cannot be checked")
  func unknown() throws {
    try withWorld { (reader, _, _) throws in
      #expect(storageError { _ = try reader.verify(StorefrontID(trusted: "none")) } != nil)
    }
  }

  @Test("A check works on one moment, while the writer goes on")
  func concurrent() throws {
    try withStore { (store, directory) throws in
      let steps = try Script.whole().steps
      let world = World(store)
      try world.run(steps.prefix(steps.count - 35), batch: 10)
      let reader = try SQLiteReader.open(directory: directory, zone: zones)
      let before = try reader.ledgerDigest(storefront)
      var rest = steps.suffix(35)
      let result = try reader.verify(storefront) { _, _, _ in
        let now = rest
        rest = []
        #expect(throws: Never.self) { try world.run(now, batch: 3) }
      }
      #expect(result.digest == before)
      #expect(rest.isEmpty)
      #expect(try reader.ledgerDigest(storefront).sequence > before.sequence)
      #expect(try reader.verify(storefront).fault == nil)
    }
  }
}
