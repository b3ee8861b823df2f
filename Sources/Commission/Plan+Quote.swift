// What a host would earn on one unit, before they list it. Pure; any thread.
import Commerce

/// A host's earning on one unit, exact in minor units. Source: domain.md, section 1.
public struct Quote: Equatable, Sendable {
  /// Where no promoter brought the buyer.
  public let alone: Amount
  /// Where a promoter did: a stranger to the host's own line in the invite tree.
  public let withPromoter: Amount
  /// What that promoter would earn.
  public let promoter: Amount

  /// Makes a quote.
  ///
  /// - Parameters:
  ///   - alone: minor units.
  ///   - withPromoter: minor units.
  ///   - promoter: minor units.
  public init(alone: Amount, withPromoter: Amount, promoter: Amount) {
    self.alone = alone
    self.withPromoter = withPromoter
    self.promoter = promoter
  }
}

extension Plan {
  /// What a host would earn on one unit of a product, by settling a sale that has not happened.
  ///
  /// - Parameters:
  ///   - price: what a buyer would pay for one unit, minor units, 0…`Amount.limit`.
  ///   - rate: the product's commission rate, within `lineRates`.
  ///   - pact: the room's pact, or nothing for the plan's own figure.
  ///   - host: whose earning it is.
  ///   - standing: looks a member up; may throw.
  /// - Returns: the quote, or why such a sale would be refused.
  /// - Throws: what `standing` throws, unchanged.
  public func quote<Failure: Error>(
    price: Amount, rate: Rate, pact: Rate?, host: MemberID,
    standing: (MemberID) throws(Failure) -> Standing?
  ) throws(Failure) -> Result<Quote, SettlementRefusal> {
    // Somebody of the lowest rank whom nobody invited; the id only has to differ from the host's.
    let stranger = MemberID(trusted: host.text == "~" ? "~~" : "~")
    let lookUp = { (member: MemberID) throws(Failure) -> Standing? in
      member == stranger
        ? Standing(inviter: nil, rank: self.lowestRank) : try standing(member)
    }
    let sale = Sale(
      currency: .cny, lines: [Sale.Line(paid: price, cost: .zero, rate: rate)])
    let alone = try snapshot(of: Participants(host: host, pact: pact), standing: lookUp)
    let brought = try snapshot(
      of: Participants(host: host, promoter: stranger, pact: pact), standing: lookUp)
    do {
      let first = try settle(sale, alone)
      let second = try settle(sale, brought)
      return .success(
        Quote(
          alone: first.total(of: host), withPromoter: second.total(of: host),
          promoter: second.total(of: stranger)))
    } catch {
      return .failure(error)
    }
  }
}
