// One sale from placement to refund with the commission module alone: no server, no database.

import Commerce
import Commission

/// Settles a sale under the shipped plan `wanwu`, gives half of it back, and tells the story.
func settleOneSale() throws -> [String] {
  // A plan with one of its parameters bound; your own document works as well: Plan(document:).
  let plan = try Plan.shipped("wanwu", parameters: ["fundedBy": .text("seller")])
  var story = ["\(plan) pays out \(plan.worstCasePayoutPpm) ppm of a price at the most."]

  // Who invited whom, and their ranks, from wherever you keep them.
  let ada = try MemberID("ada")
  let bo = try MemberID("bo")
  let senior = plan.rank(named: "senior") ?? plan.lowestRank
  let organisation = [
    ada: Standing(inviter: nil, rank: senior), bo: Standing(inviter: ada, rank: plan.lowestRank),
  ]

  // When the order is placed: pin what settlement will need to know about people. Keep the snapshot.
  let participants = Participants(seller: bo, buyer: try PersonID("kim"))
  let snapshot = plan.snapshot(of: participants) { organisation[$0] }

  // When it is paid: CNY 200.00 at 20 %, of which the supplier is owed CNY 120.00. Money is in fen.
  var sale = Sale(
    currency: .cny,
    lines: [
      Sale.Line(
        paid: Amount(20_000), cost: Amount(12_000), rate: try Rate(partsPerMillion: 200_000))
    ])
  let due = try plan.settle(sale, snapshot)
  story.append("Of \(due.net): supplier \(due.supplier), platform \(due.platform),")
  for payee in due.payees { story.append("  \(payee.payee) \(payee.amount)") }
  story += due.explanation(by: plan, in: .english)
  story += due.explanation(by: plan, in: .chinese, for: ada)

  // When some of it is given back: settle what is left on the same snapshot, and book the difference.
  sale.lines[0].refunded = Amount(10_000)
  let left = try plan.settle(sale, snapshot)
  for payee in due.payees {
    story.append("  \(payee.payee) \(left.total(of: payee.payee) - payee.amount)")
  }

  // What cannot be settled is refused with a reason, before anything is booked.
  sale.lines[0].refunded = Amount(20_001)
  do throws(SettlementRefusal) {
    _ = try plan.settle(sale, snapshot)
  } catch {
    story.append("Giving back more than was paid: \(error.code)")
  }
  return story
}
