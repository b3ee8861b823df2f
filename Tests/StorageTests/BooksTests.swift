// What the reader tells of the books, against naive sums over every transaction of the small world.

import CSQLite
import Commerce
import Coordination
import Crypto
import Ledger
import Testing

@testable import Storage

@Suite("The books as others are told of them")
struct BooksTests {
  let storefront = Script.storefront
  private let always = Timestamp(milliseconds: 0)
  private let never = Timestamp(milliseconds: 4_000_000_000_000)

  private func transactions(_ memory: MemoryStore) -> [Transaction] {
    memory.transactions.filter { $0.storefront == storefront }.map(\.transaction)
  }

  @Test("Every transaction holds in the chain, whatever the pages")
  func chain() throws {
    try withWorld { (reader, memory, _) throws in
      let all = transactions(memory)
      for limit in [1, 3, 1000] {
        var found: [LedgerEntry] = []
        var from: Int64 = 1
        while true {
          let page = try reader.ledgerEntries(
            storefront, from: from, to: .max, limit: limit, postingsMax: 1_000_000)
          if page.isEmpty { break }
          found += page
          from += Int64(page.count)
        }
        #expect(found.map(\.transaction) == all)
        let holds = found.allSatisfy { $0.holds }
        let joins = zip(found, found.dropFirst()).allSatisfy { $0.digest == $1.previous }
        #expect(holds && joins)
        #expect(found.first?.previous == String(repeating: "0", count: 64))
        #expect(try reader.chainEnd(storefront).digest == found.last?.digest)
      }
      let short = try reader.ledgerEntries(
        storefront, from: 1, to: .max, limit: 100, postingsMax: 1)
      #expect(short.count == 1, "a page ends with the transaction that reaches the bound")
    }
  }

  @Test("A run adds up to what was booked in it, and runs that follow each other join")
  func runs() throws {
    try withWorld { (reader, memory, _) throws in
      let all = transactions(memory)
      let whole = try reader.ledgerRun(storefront, from: always, until: never)
      #expect(whole.holds && whole.last == Int64(all.count) && whole.after == 0)
      #expect(whole.parties.reduce(Amount.zero) { $0 + $1.amount } == .zero)
      #expect(whole.kinds.reduce(0) { $0 + $1.count } == Int64(all.count))
      for cut in [minute(0), minute(day), minute(11 * day), minute(11 * day + 1), never] {
        let first = try reader.ledgerRun(storefront, from: always, until: cut)
        let second = try reader.ledgerRun(storefront, from: cut, until: never)
        #expect(first.closing == second.opening && first.last == second.after)
        #expect(first.last == Int64(all.filter { $0.at < cut }.count))
        #expect(first.postings + second.postings == whole.postings)
        #expect(second.closing == whole.closing)
      }
    }
  }

  @Test("Income is what was booked and taken back, to each payee, and equals the ledger")
  func income() throws {
    try withWorld { (reader, memory, _) throws in
      let all = transactions(memory)
      for (from, until) in [(always, never), (always, minute(day)), (minute(day), never)] {
        var expected: [MemberID: Income] = [:]
        for transaction in all where transaction.at >= from && transaction.at < until {
          var nets: [MemberID: Amount] = [:]
          for posting in transaction.postings {
            guard let member = posting.account.member else { continue }
            nets[member, default: .zero] += posting.amount
            if case .paid = posting.account {
              expected[member, default: Income()].paid += posting.amount
            }
          }
          for (member, net) in nets where net != .zero {
            if net > .zero { expected[member, default: Income()].gross += net }
            if net < .zero { expected[member, default: Income()].returns -= net }
            if !transaction.cause.subject.hasPrefix("award/") {
              expected[member, default: Income()].commission += net
            }
            if transaction.cause.kind == .sale { expected[member, default: Income()].orders += 1 }
          }
        }
        let report = try reader.income(storefront, from: from, until: until)
        #expect(
          Dictionary(uniqueKeysWithValues: report.payees.map { ($0.member, $0.income) })
            == expected.filter { !$0.value.isEmpty })
        #expect(report.payees.map(\.member) == report.payees.map(\.member).sorted())
        #expect(report.total.net == -report.others)
        #expect(report.payees.reduce(Amount.zero) { $0 + $1.income.net } == report.total.net)
      }
    }
  }

  @Test("The calendar of a member sums to what is pending, at every step of the world")
  func calendar() throws {
    try withStore { (store, directory) throws in
      let world = World(store)
      var waits: Set<String> = []
      for step in try Script.whole().steps {
        try world.run([step], batch: 1)
        let reader = try SQLiteReader.open(directory: directory, zone: zones)
        for member in ["a", "b", "c", "d", "p"].map({ MemberID(trusted: $0) }) {
          let groups = try reader.pendingGroups(storefront, member)
          let pending = try reader.balance(storefront, member).balance.pending
          #expect(groups.reduce(Amount.zero) { $0 + $1.amount } == pending)
          for group in groups {
            switch group.wait {
            case .day(let due):
              waits.insert("day")
              #expect(TimeZoneTable.shanghai.start(of: TimeZoneTable.shanghai.day(at: due)) == due)
            case .dispute: waits.insert("dispute")
            case .delivery: waits.insert("delivery")
            case .settlement: waits.insert("settlement")
            }
          }
        }
      }
      #expect(waits == ["day", "dispute", "delivery"])
    }
  }

  @Test("The bookings behind a line sum to what the line says")
  func entries() throws {
    try withWorld { (reader, _, _) throws in
      var lines = 0
      for statement in try reader.statements(storefront, limit: 100) {
        for line in try reader.statementLines(storefront, statement.id, limit: 100) {
          let whole = try reader.entries(of: statement, storefront, line.member, limit: 100)
          let figures = line.figures
          #expect(
            whole.reduce(Amount.zero) { $0 + $1.amount }
              == figures.closing + figures.paid - figures.opening)
          #expect(whole.reduce(Amount.zero) { $0 + $1.offset } == figures.offset)
          var paged: [StatementEntry] = []
          while true {
            let page = try reader.entries(
              of: statement, storefront, line.member, after: paged.last?.sequence, limit: 1)
            if page.isEmpty { break }
            paged += page
          }
          #expect(paged == whole)
          lines += 1
        }
      }
      #expect(lines > 5)
    }
  }

  @Test("The payments of a statement are its lines that pay, in order of member")
  func payments() throws {
    try withWorld { (reader, memory, _) throws in
      let may = StatementID(trusted: "may")
      var paid: [MemberID] = []
      try reader.forEachPayment(storefront, of: may) { paid.append($0.member) }
      let expected = memory.records.compactMap { key, record -> MemberID? in
        guard case .statementLine(storefront, may, let member) = key,
          case .statementLine(let line) = record, line.figures.paid > .zero
        else { return nil }
        return member
      }
      #expect(paid == expected.sorted() && !paid.isEmpty)
    }
  }

  static let alterations: [(sql: String, place: String)] = [
    ("UPDATE statement_lines SET released = released + 1 WHERE member = 'd'", "release"),
    ("UPDATE statement_lines SET reversed = reversed - 1 WHERE statement = 'june'", "refund"),
    ("UPDATE statement_lines SET returned = returned + 1 WHERE statement = 'june'", "returned"),
    ("UPDATE statement_lines SET opening = opening + 1 WHERE statement = 'june'", "opening"),
    ("UPDATE statement_lines SET paid = paid - 1 WHERE statement = 'may'", "paid"),
    ("UPDATE statement_lines SET failure = NULL WHERE statement = 'may'", "failure"),
    ("DELETE FROM statement_lines WHERE statement = 'may' AND member = 'd'", "a line for d"),
    ("UPDATE statements SET from_sequence = from_sequence + 1 WHERE id = 'june'", "from"),
    ("UPDATE statements SET members = members + 1 WHERE id = 'may'", "members"),
    ("UPDATE statements SET paid = paid + 1 WHERE id = 'may'", "total"),
    ("UPDATE statements SET failed = 2 WHERE id = 'may'", "failed"),
    ("DELETE FROM statements WHERE id = 'may'", "number"),
    ("UPDATE statement_lines SET debt_offset = 7 WHERE statement = 'june'", "offset"),
    ("UPDATE statement_lines SET releases = releases + 1 WHERE statement = 'may'", "releases"),
    ("UPDATE statement_lines SET reversals = reversals + 1 WHERE statement = 'june'", "refunds"),
    ("UPDATE statements SET payees = payees + 1 WHERE id = 'may'", "payees"),
    ("UPDATE statements SET released = released + 1 WHERE id = 'may'", "totals"),
    ("UPDATE statements SET reversals = reversals + 1 WHERE id = 'june'", "totals"),
    ("UPDATE statements SET failed_amount = failed_amount + 1 WHERE id = 'may'", "failed amount"),
    ("UPDATE statements SET until = until - 86400000 WHERE id = 'june'", "to"),
  ]

  @Test("A check of the books finds an altered statement", arguments: alterations)
  func verify(sql: String, place: String) throws {
    try withWorld { (reader, _, directory) throws in
      let sound = try reader.verify(storefront)
      #expect(sound.fault == nil && sound.statements == 2)
      var handle: OpaquePointer?
      #expect(sqlite3_open(directory + "/waggle.sqlite3", &handle) == SQLITE_OK)
      #expect(sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK)
      #expect(sqlite3_changes(handle) > 0)
      #expect(sqlite3_close(handle) == SQLITE_OK)
      let found = try reader.verify(storefront)
      let fault = try #require(found.fault)
      #expect(fault.description.contains(place), "\(fault)")
      #expect(fault.place.hasPrefix("statement"))
    }
  }
}
