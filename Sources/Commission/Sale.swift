// A sale as the commission module sees it: money and rates, no people (those are in the snapshot).
// Values only; safe on any thread.
import Commerce

/// What was paid for and returned, line by line, in one currency.
public struct Sale: Equatable, Sendable {
  /// The most lines that one sale may have.
  public static let linesMax = 1000

  /// The currency of every amount in the sale.
  public var currency: Currency
  /// 1…1000 lines.
  public var lines: [Line]

  /// Makes a sale; the figures are checked when it is settled.
  ///
  /// - Parameters:
  ///   - currency: of every amount.
  ///   - lines: 1…1000.
  public init(currency: Currency, lines: [Line]) {
    self.currency = currency
    self.lines = lines
  }

  /// One line of a sale. All amounts are for the whole line, not for one unit.
  public struct Line: Equatable, Sendable {
    /// What the buyer paid, minor units, 0…`Amount.limit`.
    public var paid: Amount
    /// What has been returned of it so far, minor units, 0…`paid`.
    public var refunded: Amount
    /// What the supplier is owed if nothing is returned, minor units, 0…`Amount.limit`.
    public var cost: Amount
    /// The commission rate, in parts per million of the net, within the plan's range.
    public var rate: Rate

    /// Makes a line; the figures are checked when the sale is settled.
    ///
    /// - Parameters:
    ///   - paid: minor units.
    ///   - refunded: minor units.
    ///   - cost: minor units.
    ///   - rate: parts per million.
    public init(paid: Amount, refunded: Amount = .zero, cost: Amount, rate: Rate) {
      self.paid = paid
      self.refunded = refunded
      self.cost = cost
      self.rate = rate
    }
  }
}
