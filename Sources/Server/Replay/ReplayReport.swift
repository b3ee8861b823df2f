// What a replay came to, as the server's ledger has it. Amounts in cents. A value; any thread.

import Notation

/// The figures of a finished replay.
package struct ReplayReport {
  private let counts: [JSON.Member]
  private let paid, suppliers, hosts, platform, sum: Int64
  private let promoters: [JSON.Member]
  private let digest: String
  /// How long the run took.
  var milliseconds: Int64 = 0

  /// The last line of a replay's output: one JSON object.
  package var line: String {
    let tail: [JSON.Member] = [
      JSON.Member("paid", .integer(paid)), JSON.Member("supplier", .integer(suppliers)),
      JSON.Member("hosts", .integer(hosts)), JSON.Member("platform", .integer(platform)),
      JSON.Member("promoters", .object(promoters)), JSON.Member("ledgerSum", .integer(sum)),
      JSON.Member("digest", .string(digest)),
      JSON.Member("seconds", .number("\(milliseconds / 1000).\(milliseconds % 1000 / 100)")),
    ]
    return JSON.object(counts + tail).description
  }

  /// Asks the server.
  ///
  /// - Throws: `CommandFailure` where the server's own figures do not fit together.
  init(_ month: RetailMonth, _ desk: ReplayDesk) throws {
    counts = [
      JSON.Member("lines", .integer(month.lineCount)),
      JSON.Member(
        "skipped",
        [
          "noQuantity": .integer(month.withoutQuantity), "noPrice": .integer(month.withoutPrice),
        ]),
      JSON.Member("orders", .integer(Int64(month.baskets.count))),
    ]
    let ledger = try desk.get("/v1/ledger", subject: "the ledger")
    guard let sum = ledger["sum"]?.integer, let digest = ledger["digest"]?.text,
      let suppliers = ledger["parties"]?["suppliers"]?.integer,
      let platform = ledger["parties"]?["platform"]?.integer,
      let buyers = ledger["parties"]?["buyers"]?.integer,
      let members = ledger["parties"]?["members"]?.integer
    else { throw CommandFailure(.failed, "the ledger lacks figures: \(ledger.description)") }
    self.sum = sum
    self.digest = digest
    self.suppliers = suppliers
    self.platform = platform
    paid = -buyers
    var hosts: Int64 = 0
    for store in month.stores { hosts += try ReplayReport.earned(store.member, desk) }
    self.hosts = hosts
    var earnings: [(campaign: RetailCampaign, amount: Int64)] = []
    for campaign in month.campaigns {
      earnings.append((campaign, try ReplayReport.earned(campaign.member, desk)))
    }
    earnings.sort { $0.campaign.number < $1.campaign.number }
    promoters = earnings.map { JSON.Member($0.campaign.id, .integer($0.amount)) }
    let all = hosts + earnings.reduce(0) { $0 + $1.amount }
    guard all == members else {
      throw CommandFailure(
        .failed,
        "hosts and promoters earned \(all), but the ledger owes its members \(members): the"
          + " storefront is not used by this replay alone")
    }
  }

  /// Everything a member has earned, wherever it stands now; a debt is what was paid out too much.
  private static func earned(_ member: String, _ desk: ReplayDesk) throws -> Int64 {
    let view = try desk.get("/v1/members/\(member)", subject: "member \(member)")
    var total: Int64 = 0
    for part in ["pending", "available", "paid", "debt"] {
      guard let amount = view["balances"]?[part]?.integer else {
        throw CommandFailure(.failed, "\(member) has no \(part): \(view.description)")
      }
      total += part == "debt" ? -abs(amount) : amount
    }
    return total
  }
}
