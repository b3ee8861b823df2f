// Names of accounts, as they are stored and digested.

import Commerce
import Ledger
import Testing

@Suite("Accounts")
struct AccountTests {
  private static let member = MemberID(trusted: "a.b_c:d~e-f")
  static let accounts: [(account: Account, name: String, party: String)] = [
    (.buyers, "buyers", "buyers"), (.platform, "platform", "platform"),
    (.supplier(SupplierID(trusted: "s1")), "supplier/s1", "supplier/s1"),
    (.pending(member), "pending/a.b_c:d~e-f", "member/a.b_c:d~e-f"),
    (.available(member), "available/a.b_c:d~e-f", "member/a.b_c:d~e-f"),
    (.paid(member), "paid/a.b_c:d~e-f", "member/a.b_c:d~e-f"),
    (.debt(member), "debt/a.b_c:d~e-f", "member/a.b_c:d~e-f"),
  ]

  @Test(
    "An account's name gives the account again, and its party is whose money it is",
    arguments: accounts)
  func names(_ example: (account: Account, name: String, party: String)) {
    #expect(example.account.name == example.name)
    #expect(Account(name: example.name) == example.account)
    #expect(example.account.party == example.party)
    #expect(example.account.member == (example.party.hasPrefix("member/") ? Self.member : nil))
  }

  @Test(
    "What is no account's name gives none",
    arguments: [
      "", "buyer", "buyers/", "buyers/x", "platform/x", "supplier", "pending", "Paid/x", "debts/x",
    ])
  func noNames(_ name: String) { #expect(Account(name: name) == nil) }
}
