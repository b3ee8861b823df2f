// A month of a chain of shops, as the replay understands it. Values only; any thread.

import Commerce

/// One thing bought: a row of the transactions that has a quantity and a price.
struct RetailLine: Equatable {
  let product: Int64
  let units: Int64
  /// Cents for the whole line.
  let paid: Int64

  /// What the supplier is owed: 55 % of what was paid, rounded down; the data has no cost.
  var cost: Int64 { Amount(paid).multiplied(by: 55, dividedBy: 100).minorUnits }
}

/// What one household bought at one moment in one store.
struct RetailBasket: Equatable {
  /// The id of the order, unique.
  let order: String
  let household: String
  let store: String
  let at: Timestamp
  /// In the order of the file, at least one.
  var lines: [RetailLine]
}

/// A store: a host with one live room.
struct RetailStore: Equatable {
  let id: String
  /// What it sold, each product once, in the order of the file.
  var products: [Int64]
}

/// A campaign: a promoter.
struct RetailCampaign: Equatable {
  let id: String
  /// The id as a number, by which campaigns of one day are ordered.
  let number: Int64
  /// The first moment of the day it starts on, in UTC.
  let start: Timestamp
}

/// A product of the catalogue.
struct RetailProduct: Equatable {
  let id: Int64
  var supplier = "unknown"
  var title: String
  var category = ""
  var variant = ""
  /// Cents for one unit.
  var price: Int64 = 1

  init(id: Int64) {
    self.id = id
    title = "product \(id)"
  }

  /// 5 %…40 %, fixed by the id: the data has no commission rates.
  var ratePartsPerMillion: Int64 { 50_000 + 10_000 * (id % 36) }
  /// 55 % of the price, rounded down.
  var cost: Int64 { Amount(price).multiplied(by: 55, dividedBy: 100).minorUnits }
}

/// A household that a campaign reached.
struct RetailReach: Equatable {
  /// Index into the campaigns.
  let campaign: Int
  let household: String
}

/// What happens, in the order in which it happens.
enum RetailEvent: Equatable {
  /// A household opens a campaign's link.
  case touch(RetailReach, at: Timestamp)
  /// A basket is bought, paid and received; an index into the baskets.
  case basket(Int)
}

/// Everything that the four files say.
package struct RetailMonth {
  /// Rows of the transactions.
  package var lineCount: Int64 = 0
  /// Rows skipped because they have no quantity, whatever their price.
  package var withoutQuantity: Int64 = 0
  /// Rows skipped because they have a quantity but no price.
  package var withoutPrice: Int64 = 0
  /// Baskets whose rows disagree about household, store or time, beyond the first of each.
  package var splitBaskets: Int64 = 0
  /// In order of time; at the same moment in the order of the file.
  var baskets: [RetailBasket] = []
  /// In the order of the file.
  var stores: [RetailStore] = []
  /// In order of start, then of id as a number.
  var campaigns: [RetailCampaign] = []
  /// In order of campaign, then of the file.
  var reached: [RetailReach] = []
  /// In the order of the products file, then those that only the transactions know.
  var products: [RetailProduct] = []

  /// Touches and baskets merged: by time; a campaign that starts at the moment of a basket comes first.
  ///
  /// - Complexity: O(n).
  var timeline: [RetailEvent] {
    var events: [RetailEvent] = []
    events.reserveCapacity(reached.count + baskets.count)
    var touches = reached[...]
    for (index, basket) in baskets.enumerated() {
      while let reach = touches.first, campaigns[reach.campaign].start <= basket.at {
        events.append(.touch(reach, at: campaigns[reach.campaign].start))
        touches.removeFirst()
      }
      events.append(.basket(index))
    }
    return events + touches.map { .touch($0, at: campaigns[$0.campaign].start) }
  }
}
