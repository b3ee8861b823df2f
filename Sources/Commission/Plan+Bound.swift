// How much of a price a plan can ever pay out in shares, whatever the tree. Pure; any thread.
import Commerce

extension Plan {
  /// The most that all shares of a line can come to, in parts per million of the net, over every
  /// tree, pact and line rate; awards for joining are not in it.
  ///
  /// An upper bound that the rules prove, rounded up: 500 000 for `wanwu` funded by the platform
  /// (40 % × 1.25). May exceed 1 000 000 for a plan that pays out more than it takes.
  /// Source: domain.md, section 5, "Lint".
  public var worstCasePayoutPpm: Int64 {
    let pool = Int64(lineRates.upperBound.partsPerMillion)
    var largest: [Int64] = []
    // Shares of the net or the pool never exceed it together; what is reckoned on another share
    // comes on top, unless it is deducted there.
    var ofNet: Int64 = 0
    var ofPool: Int64 = 0
    var onTop: Int64 = 0
    for share in shares {
      let base =
        switch share.base {
        case .net: Int64(1_000_000)
        case .pool: pool
        case .share(let index): largest[index]
        }
      let part =
        switch share.rate {
        case .fixed(let rate): (base * Int64(rate.partsPerMillion) + 999_999) / 1_000_000
        case .pact, .rest: base
        }
      largest.append(part)
      switch share.base {
      case .net: ofNet += part
      case .pool: ofPool += part
      case .share: onTop += share.deductedFrom == nil ? part : 0
      }
    }
    return min(ofNet, 1_000_000) + min(ofPool, pool) + onTop
  }
}
