// Certificates: what was paid went to somebody, to the last minor unit, and here is the part of the
// ledger that proves it. Written so that a third party can recompute them: Protocol/certificates.md.

import Commerce
import Commission
import Coordination
import Crypto
import Ledger
import Notation
import Storage

extension Queries {
  /// Transactions of a page are few; one that pays hundreds of members ends it earlier.
  static let postingsPerPage = 4_000

  /// The certificate of one order: what its plan says, what the books say, and that both are the same.
  func orderCertificate(_ id: OrderID) throws -> JSON {
    try reader.moment {
      let settled = try settled(id)
      let (order, settlement) = (settled.order, settled.settlement)
      let entries = try reader.ledgerEntries(storefront, subject: id.text)
      let due = parties(of: order, settlement)
      let booked = nets(entries)
      let paid = order.lines.reduce(Amount.zero) { $0 + $1.paid }
      let refunded = order.lines.reduce(Amount.zero) { $0 + $1.refunded }
      let sum = due.reduce(Amount.zero) { $0 + $1.amount }
      let isBooked = order.paidAt != nil
      let holds =
        sum == .zero && entries.allSatisfy(\.holds)
        && booked.elementsEqual(isBooked ? due : []) { $0 == $1 }
      let end = try reader.chainEnd(storefront)
      return [
        "certificate": "order", "storefront": .string(storefront.text), "order": .string(id.text),
        "state": .string(order.state.rawValue), "booked": .bool(isBooked),
        "currency": .string(settled.storefront.currency.code), "paid": amount(paid),
        "refunded": amount(refunded), "net": amount(order.net),
        "suppliers": .array(parties(due, of: "supplier/", as: "supplier")),
        "shares": .array(parties(due, of: "member/", as: "member")),
        "platform": amount(settlement.platform),
        "unsettled": amount(order.net - settlement.net), "sum": amount(sum), "holds": .bool(holds),
        "plan": [
          "name": .string(settled.plan.name), "version": .integer(settlement.plan.version),
          "activation": .integer(order.planVersion), "digest": digest(settled.plan.document),
        ],
        "snapshot": ["digest": digest(order.snapshot.json.bytes), "content": order.snapshot.json],
        "transactions": .array(entries.map(entryView)),
        "chain": ["sequence": .integer(end.sequence), "digest": .string(end.digest)],
      ]
    }
  }

  /// The certificate of one day: everything booked in it, added up by party, between two digests. The
  /// totals are those of all parties, whatever page of them is told.
  func dayCertificate(_ day: CivilDay, after: String?, limit: Int) throws -> JSON {
    let found = try inspected { draft throws(Stop) in try draft.storefront() }
    let from = found.zone.start(of: day)
    let until = found.zone.start(of: day.advanced(byDays: 1))
    let run = try reader.ledgerRun(storefront, from: from, until: until)
    let sum = run.parties.reduce(Amount.zero) { $0 + $1.amount }
    var totals: [String: Amount] = [:]
    for (party, amount) in run.parties { totals[kind(of: party), default: .zero] += amount }
    let isEmpty = run.last == run.after
    let rest = run.parties.drop { one in
      after.map { !$0.utf8.lexicographicallyPrecedes(one.party.utf8) } ?? false
    }
    let page = rest.prefix(limit)
    return [
      "certificate": "day", "storefront": .string(storefront.text), "day": .string("\(day)"),
      "timeZone": .string(found.zone.name), "from": .string(from.description),
      "until": .string(until.description), "complete": .bool(now >= until),
      "currency": .string(found.currency.code), "transactions": .integer(run.last - run.after),
      "firstSequence": isEmpty ? .null : .integer(run.after + 1),
      "lastSequence": isEmpty ? .null : .integer(run.last),
      "openingDigest": .string(run.opening), "closingDigest": .string(run.closing),
      "postings": .integer(run.postings),
      "kinds": .object(run.kinds.map { JSON.Member($0.kind.rawValue, .integer($0.count)) }),
      "totals": .object(
        ["buyers", "suppliers", "platform", "members", "unsettled"].map {
          JSON.Member($0, amount(totals[$0] ?? .zero))
        }),
      "parties": .array(
        page.map { ["party": .string($0.party), "amount": amount($0.amount)] }),
      "after": page.count < rest.count ? page.last.map { .string($0.party) } ?? .null : .null,
      "sum": amount(sum), "holds": .bool(run.holds && sum == .zero),
    ]
  }

  /// A run of the ledger with its digests, from which everything above can be recomputed.
  func transactionRun(from: Int64, to: Int64, limit: Int) throws -> JSON {
    try reader.moment {
      let entries = try reader.ledgerEntries(
        storefront, from: from, to: to, limit: limit, postingsMax: Queries.postingsPerPage)
      let end = try reader.chainEnd(storefront)
      let last = entries.last?.transaction.sequence
      let next = last.flatMap { $0 < min(to, end.sequence) ? $0 + 1 : nil }
      return [
        "transactions": .array(entries.map(entryView)),
        "next": next.map { .integer($0) } ?? .null,
      ]
    }
  }

  // MARK: Parties

  /// What every party is due from an order, in order of name by bytes, without zeros.
  private func parties(
    of order: Order, _ settlement: Settlement
  ) -> [(party: String, amount: Amount)] {
    var due: [String: Amount] = [
      Account.buyers.party: -order.net, Account.platform.party: settlement.platform,
      Account.unsettled.party: order.net - settlement.net,
    ]
    for (line, settled) in zip(order.lines, settlement.lines) {
      due[Account.supplier(line.supplier).party, default: .zero] += settled.supplier
    }
    for payee in settlement.payees {
      due[Account.pending(payee.payee).party, default: .zero] += payee.amount
    }
    return ordered(due)
  }

  private func nets(_ entries: [LedgerEntry]) -> [(party: String, amount: Amount)] {
    var nets: [String: Amount] = [:]
    for entry in entries {
      for posting in entry.transaction.postings {
        nets[posting.account.party, default: .zero] += posting.amount
      }
    }
    return ordered(nets)
  }

  private func ordered(_ amounts: [String: Amount]) -> [(party: String, amount: Amount)] {
    amounts.filter { $0.value != .zero }.map { (party: $0.key, amount: $0.value) }
      .sorted { $0.party.utf8.lexicographicallyPrecedes($1.party.utf8) }
  }

  private func parties(
    _ all: [(party: String, amount: Amount)], of prefix: String, as name: String
  ) -> [JSON] {
    all.filter { $0.party.hasPrefix(prefix) }.map {
      .object([
        JSON.Member(name, .string(String($0.party.dropFirst(prefix.count)))),
        JSON.Member("amount", amount($0.amount)),
      ])
    }
  }

  private func kind(of party: String) -> String {
    if party.hasPrefix("supplier/") { return "suppliers" }
    return party.hasPrefix("member/") ? "members" : party
  }

  private func amount(_ amount: Amount) -> JSON { .integer(amount.minorUnits) }

  private func digest(_ bytes: [UInt8]) -> JSON { .string(hexadecimal(SHA256.digest(of: bytes))) }

  private func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
