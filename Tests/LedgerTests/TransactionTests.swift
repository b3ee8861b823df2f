// Transactions: what may be booked, how postings come together, and the bytes that digests cover.

import Commerce
import Ledger
import Testing

@Suite("Transactions")
struct TransactionTests {
  private let member = MemberID(trusted: "P")
  private let cause = Cause(kind: .sale, subject: "o1", fact: "pay-1")

  private static func transaction(_ postings: [Posting]) -> Transaction {
    Transaction(
      sequence: 7, at: Timestamp(milliseconds: 1_772_330_400_000),
      cause: Cause(kind: .sale, subject: "o1", fact: "pay-1"), currency: .cny, postings: postings)
  }

  @Test("Every field of a transaction is in its canonical bytes, in a fixed order")
  func canonicalBytes() {
    let transaction = TransactionTests.transaction([
      Posting(.buyers, Amount(-9_999)), Posting(.supplier(SupplierID(trusted: "s")), Amount(6_001)),
      Posting(.pending(member), Amount(449)), Posting(.platform, Amount(3_549)),
    ])
    #expect(
      String(decoding: transaction.canonicalBytes, as: UTF8.self) == """
        7|1772330400000|sale|o1|pay-1|CNY
        buyers|-9999
        supplier/s|6001
        pending/P|449
        platform|3549

        """)
  }

  @Test("Any other field gives other bytes")
  func bytesTellApart() {
    let postings = [Posting(.buyers, Amount(-1)), Posting(.platform, Amount(1))]
    func bytes(
      sequence: Int64 = 1, at: Int64 = 2, kind: CauseKind = .sale, subject: String = "o",
      fact: String = "f", postings: [Posting]
    ) -> [UInt8] {
      Transaction(
        sequence: sequence, at: Timestamp(milliseconds: at),
        cause: Cause(kind: kind, subject: subject, fact: fact), currency: .cny, postings: postings
      ).canonicalBytes
    }
    let all = [
      bytes(postings: postings), bytes(sequence: 2, postings: postings),
      bytes(at: 3, postings: postings), bytes(kind: .refund, postings: postings),
      bytes(subject: "p", postings: postings), bytes(fact: "g", postings: postings),
      bytes(postings: postings.reversed()),
      bytes(postings: [Posting(.buyers, Amount(-2)), Posting(.platform, Amount(2))]),
      bytes(postings: [Posting(.buyers, Amount(-1)), Posting(.paid(member), Amount(1))]),
    ]
    #expect(Set(all).count == all.count)
  }

  @Test("A transaction that does not sum to zero, or has nothing to say, stops the program")
  func imbalance() async {
    await #expect(processExitsWith: .failure) {
      _ = TransactionTests.transaction([
        Posting(.buyers, Amount(-2)), Posting(.platform, Amount(1)),
      ])
    }
    await #expect(processExitsWith: .failure) { _ = TransactionTests.transaction([]) }
    await #expect(processExitsWith: .success) {
      _ = TransactionTests.transaction([
        Posting(.buyers, Amount(-1)), Posting(.platform, Amount(1)),
      ])
    }
  }

  @Test(
    "Postings to one account come together where it was first named; what cancels out is not booked"
  )
  func postings() {
    var postings = Postings()
    #expect(postings.booked == [])
    postings.add(.platform, Amount(5))
    postings.add(.pending(member), Amount(3))
    postings.add(.buyers, Amount(-8))
    postings.add(.platform, Amount(2))
    postings.add(.pending(member), Amount(-3))
    postings.append(.paid(member), Amount(0))
    postings.append(.available(member), Amount(1))
    #expect(
      postings.booked == [
        Posting(.platform, Amount(7)), Posting(.buyers, Amount(-8)),
        Posting(.available(member), Amount(1)),
      ])
  }

  @Test("Lines of the digest name subject, party and account with their amounts")
  func digestLines() {
    #expect(
      DigestLine.net(subject: "o1", party: "member/P", amount: Amount(-3)) == "net|o1|member/P|-3\n"
    )
    #expect(DigestLine.balance(account: "debt/P", amount: Amount(-3)) == "balance|debt/P|-3\n")
  }
}
