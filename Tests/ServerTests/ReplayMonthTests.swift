// Reading a month: dirty rows, order, gzip; merging touches and baskets.

import Commerce
import Glibc
import Testing

@testable import Server

/// Four small files; each test changes one of them.
struct RetailTexts {
  var transactions = """
    basket_id,transaction_timestamp,household_id,store_id,product_id,quantity,sales_cents
    7,2017-03-01T10:00:00Z,1,20,36,2,301

    """
  var products = """
    product_id,manufacturer_id,department,brand,product_category,product_type,package_size
    36,5,GROCERY,Private,BREAD,WHITE BREAD,20 OZ

    """
  var campaigns = "campaign_id,campaign_type,start_date,end_date\n1,A,2017-03-01,2017-04-01\n"
  var reached = "campaign_id,household_id\n1,1\n"

  static let header =
    "basket_id,transaction_timestamp,household_id,store_id,product_id,quantity,sales_cents\n"

  init(transactions: String? = nil) {
    if let transactions { self.transactions = RetailTexts.header + transactions }
  }

  /// Reads them, handing over `chunk` bytes at a time.
  func month(chunk: Int = 7) throws -> RetailMonth {
    func source(_ name: String, _ text: String) -> RetailSource {
      RetailSource(name: name) { take in
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
          try take(rest.prefix(chunk))
          rest = rest.dropFirst(chunk)
        }
      }
    }
    return try RetailMonth(
      transactions: source("t", transactions), products: source("p", products),
      campaigns: source("c", campaigns), campaignHouseholds: source("h", reached))
  }
}

@Suite("A month of retail data")
struct ReplayMonthTests {
  @Test(
    "A line without quantity or price is counted once and left out",
    arguments: [
      ("2", "301", 0, 0, 1), ("1", "1", 0, 0, 1), ("32175", "301", 0, 0, 1),
      ("", "301", 1, 0, 0), ("0", "301", 1, 0, 0), ("-1", "301", 1, 0, 0),
      ("1.5", "301", 1, 0, 0), ("NA", "301", 1, 0, 0), ("2", "", 0, 1, 0), ("2", "0", 0, 1, 0),
      ("2", "-5", 0, 1, 0), ("", "", 1, 0, 0), ("0", "0", 1, 0, 0),
    ])
  func dirtyLines(
    quantity: String, cents: String, noQuantity: Int64, noPrice: Int64, orders: Int
  ) throws {
    let row = "7,2017-03-01T10:00:00Z,1,20,36,\(quantity),\(cents)\n"
    let month = try RetailTexts(transactions: row).month()
    #expect(month.lineCount == 1)
    #expect(month.withoutQuantity == noQuantity)
    #expect(month.withoutPrice == noPrice)
    #expect(month.baskets.count == orders)
    #expect(month.stores.count == orders)
  }

  @Test("A basket keeps its lines in the order of the file, without the dirty ones")
  func linesOfBasket() throws {
    let month = try RetailTexts(
      transactions: """
        7,2017-03-01T10:00:00Z,1,20,36,2,301
        7,2017-03-01T10:00:00Z,1,20,40,0,99
        7,2017-03-01T10:00:00Z,1,20,36,1,150
        """
    ).month()
    #expect(month.lineCount == 3)
    #expect(
      month.baskets == [
        RetailBasket(
          order: "basket-7", household: "1", store: "20", at: try Timestamp("2017-03-01T10:00:00Z"),
          lines: [
            RetailLine(product: 36, units: 2, paid: 301),
            RetailLine(product: 36, units: 1, paid: 150),
          ])
      ])
    #expect(month.stores == [RetailStore(id: "20", products: [36])])
  }

  @Test("Baskets come in order of time, those of one moment in the order of the file")
  func orderOfBaskets() throws {
    let month = try RetailTexts(
      transactions: """
        9,2017-03-02T00:00:00Z,1,20,36,1,10
        8,2017-03-01T00:00:01Z,1,20,36,1,10
        3,2017-03-01T00:00:00Z,1,20,36,1,10
        2,2017-03-01T01:00:00+01:00,2,20,36,1,10
        9,2017-03-02T00:00:00Z,1,20,37,1,10
        """
    ).month()
    #expect(month.baskets.map(\.order) == ["basket-3", "basket-2", "basket-8", "basket-9"])
    #expect(month.baskets.map(\.lines.count) == [1, 1, 1, 2])
  }

  @Test("A basket whose lines disagree about household, store or time becomes several orders")
  func mixedBasket() throws {
    let month = try RetailTexts(
      transactions: """
        7,2017-03-01T10:00:00Z,1,20,36,1,10
        7,2017-03-01T10:00:00Z,2,20,36,1,10
        7,2017-03-01T10:00:00Z,1,21,36,1,10
        7,2017-03-01T10:00:01Z,1,20,36,1,10
        7,2017-03-01T10:00:00Z,1,20,36,1,10
        """
    ).month()
    #expect(
      month.baskets.map(\.order) == ["basket-7", "basket-7.2", "basket-7.3", "basket-7.4"])
    #expect(month.splitBaskets == 3)
    #expect(month.baskets[0].lines.count == 2)
  }

  @Test(
    "The first unit price is the price, rounded down, but at least one cent",
    arguments: [(2, 301, 150), (1, 1, 1), (9, 1, 1), (1000, 2999, 2)] as [(Int, Int, Int64)])
  func price(units: Int, cents: Int, price: Int64) throws {
    let month = try RetailTexts(
      transactions: """
        7,2017-03-01T10:00:00Z,1,20,36,0,7777
        7,2017-03-01T10:00:00Z,1,20,36,\(units),\(cents)
        7,2017-03-01T10:00:00Z,1,20,36,1,9999
        """
    ).month()
    #expect(month.products.map(\.price) == [price])
  }

  @Test("A product without a row, or with empty fields, gets plain stand-ins")
  func standIns() throws {
    var texts = RetailTexts(
      transactions: "7,2017-03-01T10:00:00Z,1,20,99,1,250\n7,2017-03-01T10:00:00Z,1,20,38,1,40\n")
    texts.products += "37,,,,,,\n38,6,MEAT,,,,\n36,9,TWICE,,,,\n"
    let products = try texts.month().products
    #expect(products.map(\.id) == [36, 37, 38, 99])
    #expect(products.map(\.supplier) == ["manufacturer-5", "unknown", "manufacturer-6", "unknown"])
    #expect(products.map(\.title) == ["WHITE BREAD", "product 37", "MEAT", "product 99"])
    #expect(products.map(\.price) == [1, 1, 40, 250])
    #expect(products.map(\.ratePartsPerMillion) == [50_000, 60_000, 70_000, 320_000])
  }

  @Test("Campaigns stand in order of start, then of id as a number")
  func orderOfCampaigns() throws {
    var texts = RetailTexts()
    texts.campaigns = """
      campaign_id,start_date
      10,2017-03-05
      9,2017-03-05
      2,2017-03-06
      27,2016-12-01
      """
    texts.reached = "campaign_id,household_id\n10,1\n2,5\n9,1\n10,3\n27,4\n"
    let month = try texts.month()
    #expect(month.campaigns.map(\.id) == ["27", "9", "10", "2"])
    #expect(month.reached.map(\.household) == ["4", "1", "1", "3", "5"])
    #expect(month.openedCampaigns == [0, 1, 2, 3])
  }

  @Test(
    "A campaign is opened before a basket of the same moment, and after an earlier one",
    arguments: [
      ("2016-11-14", [0, 1]), ("2017-03-01", [0, 1]), ("2017-03-02", [0, 1]),
      ("2017-03-03", [1, 0]),
    ])
  func merging(start: String, order: [Int]) throws {
    var texts = RetailTexts(transactions: "7,2017-03-02T00:00:00Z,1,20,36,1,10\n")
    texts.campaigns = "campaign_id,start_date\n1,\(start)\n"
    let reach = RetailReach(campaign: 0, household: "1")
    let events = [
      RetailEvent.touch(reach, at: try Timestamp(start + "T00:00:00Z")), .basket(0),
    ]
    #expect(try texts.month().timeline == order.map { events[$0] })
  }

  @Test("One millisecond decides between a campaign and a basket")
  func mergingBoundary() throws {
    var texts = RetailTexts(
      transactions: """
        1,2017-03-01T23:59:59.999Z,1,20,36,1,10
        2,2017-03-02T00:00:00.000Z,1,20,36,1,10
        """)
    texts.campaigns = "campaign_id,start_date\n1,2017-03-02\n"
    let timeline = try texts.month().timeline
    #expect(timeline.count == 3)
    #expect(timeline.first == .basket(0))
    #expect(timeline.last == .basket(1))
  }

  @Test(
    "What cannot be understood is told with file and line",
    arguments: [
      ("7,2017-03-01,1,20,x,1,10\n", "t, line 2: product_id \"x\" is no number"),
      (
        "7,yesterday,1,20,36,1,10\n",
        "t, line 2: \"yesterday\" is no moment such as 2017-03-01T00:01:30Z"
      ),
      ("7,2017-03-01,,20,36,1,10\n", "t, line 2: \"\" cannot be an id"),
      ("7,2017-03-01,1,2~0,36,1,10\n", "t, line 2: \"2~0\" cannot be an id"),
      ("7,2017-03-01,1,20,36,1\n", "t, line 2: 6 fields instead of 7"),
    ])
  func malformed(row: String, message: String) {
    #expect(throws: CommandFailure(.malformedInput, message)) {
      try RetailTexts(transactions: row).month()
    }
  }

  @Test("A missing column, an unknown campaign and a second campaign of one id are refused")
  func malformedFiles() {
    var texts = RetailTexts()
    texts.campaigns = "campaign_id,begin\n1,2017-03-01\n"
    #expect(
      throws: CommandFailure(.malformedInput, "c, line 1: there is no column \"start_date\"")
    ) { try texts.month() }
    texts = RetailTexts()
    texts.reached += "8,1\n"
    #expect(throws: CommandFailure(.malformedInput, "h, line 3: there is no campaign \"8\"")) {
      try texts.month()
    }
    texts = RetailTexts()
    texts.campaigns += "1,A,2017-03-02,2017-04-01\n"
    #expect(throws: CommandFailure(.malformedInput, "c, line 3: campaign 1 stands twice")) {
      try texts.month()
    }
  }

  @Test("A file cut anywhere reads the same", arguments: [1, 2, 3, 64, 4096])
  func chunks(size: Int) throws {
    let texts = RetailTexts()
    #expect(try texts.month(chunk: size).baskets == texts.month(chunk: 1_000_000).baskets)
  }
}
