// The four files → `RetailMonth`. The data is dirty, as real data is: lines without quantity or price
// are counted and left out, products without a row or with empty fields get plain stand-ins. What cannot
// be understood at all (a moment, a product id, a missing column) ends the reading with file and line.
//
// Nothing depends on the order of a dictionary: what is looked up there is kept in arrays. One thread.

import Commerce

extension RetailMonth {
  /// Reads a month.
  ///
  /// - Parameters:
  ///   - transactions: the lines of all baskets.
  ///   - products: what is known of the products.
  ///   - campaigns: when each campaign started.
  ///   - campaignHouseholds: whom each campaign reached.
  /// - Throws: `CommandFailure`.
  /// - Complexity: O(n log n) in the number of baskets, else linear.
  package init(
    transactions: RetailSource, products: RetailSource, campaigns: RetailSource,
    campaignHouseholds: RetailSource
  ) throws {
    try readCampaigns(campaigns, campaignHouseholds)
    let prices = try readTransactions(transactions)
    try readProducts(products, prices)
  }

  private mutating func readCampaigns(
    _ campaignRows: RetailSource, _ reachRows: RetailSource
  ) throws {
    var found: [RetailCampaign] = []
    try campaignRows.forEachRow(["campaign_id", "start_date"]) { row in
      let id = try row.identifier(0)
      guard let number = Int64(id), number >= 0 else {
        throw row.fault("campaign_id \"\(id)\" is no number")
      }
      guard !found.contains(where: { $0.id == id }) else {
        throw row.fault("campaign \(id) stands twice")
      }
      found.append(RetailCampaign(id: id, number: number, start: try row.moment(1)))
    }
    campaigns = found.sorted { ($0.start, $0.number) < ($1.start, $1.number) }
    var places: [String: Int] = [:]
    for (index, campaign) in campaigns.enumerated() { places[campaign.id] = index }
    var byCampaign = [[RetailReach]](repeating: [], count: campaigns.count)
    try reachRows.forEachRow(["campaign_id", "household_id"]) { row in
      let id = row.text(0)
      guard let place = places[id] else { throw row.fault("there is no campaign \"\(id)\"") }
      byCampaign[place].append(RetailReach(campaign: place, household: try row.identifier(1)))
    }
    reached = byCampaign.flatMap { $0 }
  }

  /// Returns each product that was bought with its first unit price, in the order of the file.
  private mutating func readTransactions(_ rows: RetailSource) throws -> [FirstPrice] {
    let columns = [
      "basket_id", "transaction_timestamp", "household_id", "store_id", "product_id", "quantity",
      "sales_cents",
    ]
    var collector = BasketCollector()
    try rows.forEachRow(columns) { row in
      lineCount += 1
      guard let units = row.positive(5) else {
        withoutQuantity += 1
        return
      }
      guard let paid = row.positive(6) else {
        withoutPrice += 1
        return
      }
      let line = RetailLine(product: try row.product(4), units: units, paid: paid)
      try collector.add(
        line, basket: try row.identifier(0), at: try row.moment(1),
        household: try row.identifier(2), store: try row.identifier(3))
    }
    // Stable, because the index decides between baskets of the same moment.
    baskets = collector.baskets.enumerated()
      .sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }
      .map(\.element)
    stores = collector.stores
    splitBaskets = collector.splitBaskets
    return collector.prices
  }

  private mutating func readProducts(_ rows: RetailSource, _ prices: [FirstPrice]) throws {
    let columns = [
      "product_id", "manufacturer_id", "department", "product_category", "product_type",
      "package_size",
    ]
    var first: [Int64: Int64] = [:]
    for price in prices { first[price.product] = price.cents }
    var known: Set<Int64> = []
    try rows.forEachRow(columns) { row in
      var product = RetailProduct(id: try row.product(0))
      guard known.insert(product.id).inserted else { return }
      if !row.text(1).isEmpty { product.supplier = "manufacturer-" + (try row.identifier(1)) }
      let names = [row.text(4), row.text(3), row.text(2)].filter { !$0.isEmpty }
      if let name = names.first { product.title = name }
      product.category = [row.text(3), row.text(2)].first { !$0.isEmpty } ?? ""
      product.variant = row.text(5)
      product.price = first[product.id] ?? product.price
      products.append(product)
    }
    for price in prices where !known.contains(price.product) {
      var product = RetailProduct(id: price.product)
      product.price = price.cents
      products.append(product)
    }
  }
}

/// What one unit of a product cost when it was first bought.
private struct FirstPrice {
  let product: Int64
  /// Rounded down, at least one cent.
  let cents: Int64
}

/// Gathers lines into baskets, stores and first prices.
private struct BasketCollector {
  private struct BasketKey: Hashable {
    let basket: String
    let household: String
    let store: String
    let at: Timestamp
  }

  private struct StoreProduct: Hashable {
    let store: Int
    let product: Int64
  }

  private(set) var baskets: [RetailBasket] = []
  private(set) var stores: [RetailStore] = []
  private(set) var prices: [FirstPrice] = []
  private(set) var splitBaskets: Int64 = 0
  private var places: [BasketKey: Int] = [:]
  private var parts: [String: Int] = [:]
  private var storePlaces: [String: Int] = [:]
  private var listed: Set<StoreProduct> = []
  private var priced: Set<Int64> = []

  /// Adds a line to its basket.
  ///
  /// An order has one buyer, one room and one moment. Should the lines of a basket disagree about
  /// them, each combination becomes an order of its own: `basket-7`, `basket-7.2`, `basket-7.3`,
  /// numbered in the order of the file.
  mutating func add(
    _ line: RetailLine, basket: String, at: Timestamp, household: String, store: String
  ) throws {
    let key = BasketKey(basket: basket, household: household, store: store, at: at)
    if let place = places[key] {
      baskets[place].lines.append(line)
    } else {
      let part = parts[basket, default: 0] + 1
      parts[basket] = part
      if part > 1 { splitBaskets += 1 }
      places[key] = baskets.count
      baskets.append(
        RetailBasket(
          order: "basket-\(basket)" + (part > 1 ? ".\(part)" : ""), household: household,
          store: store, at: at, lines: [line]))
    }
    let place = storePlaces[store] ?? stores.count
    if place == stores.count {
      storePlaces[store] = place
      stores.append(RetailStore(id: store, products: []))
    }
    if listed.insert(StoreProduct(store: place, product: line.product)).inserted {
      stores[place].products.append(line.product)
    }
    if priced.insert(line.product).inserted {
      prices.append(FirstPrice(product: line.product, cents: max(1, line.paid / line.units)))
    }
  }
}

extension RetailRow {
  /// A text that can be part of an id.
  fileprivate func identifier(_ column: Int) throws -> String {
    let text = text(column)
    // The longest prefix is `manufacturer-`, and `.2` may follow.
    guard text.utf8.count <= 40, !text.utf8.contains(UInt8(ascii: "~")),
      (try? PersonID(text)) != nil
    else { throw fault("\"\(text)\" cannot be an id") }
    return text
  }

  fileprivate func product(_ column: Int) throws -> Int64 {
    guard let id = Int64(text(column)), id >= 0 else {
      throw fault("product_id \"\(text(column))\" is no number")
    }
    return id
  }

  /// A moment; a day alone is its first moment in UTC.
  fileprivate func moment(_ column: Int) throws -> Timestamp {
    let text = text(column)
    do {
      return try Timestamp(text.utf8.count == 10 ? text + "T00:00:00Z" : text)
    } catch {
      throw fault("\"\(text)\" is no moment such as 2017-03-01T00:01:30Z")
    }
  }
}
