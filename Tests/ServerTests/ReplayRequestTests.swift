// What goes over the wire, and where to.

import Commerce
import Notation
import Testing

@testable import Server

@Suite("The requests of a replay")
struct ReplayRequestTests {
  @Test("A basket is placed, paid and delivered at its own moment")
  func basket() throws {
    let month = try RetailTexts().month()
    let requests = month.baskets[0].requests
    #expect(
      requests.map(\.target) == [
        "/v1/orders", "/v1/orders/basket-7/payment", "/v1/orders/basket-7/delivery",
      ])
    #expect(
      requests.map { String(decoding: $0.body, as: UTF8.self) } == [
        #"{"order":"basket-7","buyer":"household-1","room":"store-20","lines":"#
          + #"[{"sku":"36","units":2,"paid":301,"cost":165}],"placedAt":"2017-03-01T10:00:00Z"}"#,
        #"{"payment":"payment-basket-7","paidAt":"2017-03-01T10:00:00Z"}"#,
        #"{"delivery":"delivery-basket-7","deliveredAt":"2017-03-01T10:00:00Z"}"#,
      ])
  }

  @Test("A touch names viewer, link and moment, and must be accepted")
  func touch() throws {
    let reach = RetailReach(campaign: 0, household: "12")
    let request = reach.touch(link: "abc", at: try Timestamp("2017-03-03T00:00:00Z"))
    #expect(request.mustBeAccepted)
    #expect(
      String(decoding: request.body, as: UTF8.self)
        == #"{"viewer":"household-12","link":"abc","touchedAt":"2017-03-03T00:00:00Z"}"#)
  }

  @Test("The catalogue is cut into files of bounded length, each with its header")
  func catalogue() throws {
    var texts = RetailTexts()
    texts.products += "37,,,,,\"THE \"\"BEST\"\", SLICED\",\n38,,,,,,\n"
    let files = try texts.month().catalogue(rowsMax: 2)
    #expect(files.map(\.rows) == [2, 1])
    let lines = String(decoding: files[0].bytes, as: UTF8.self).split(separator: "\n")
    #expect(
      lines == [
        "sku,product,supplier,title,price,cost,ratePpm,category,variant,currency",
        #"36,36,"manufacturer-5","WHITE BREAD",150,82,50000,"BREAD","20 OZ",USD"#,
        #"37,37,"unknown","THE ""BEST"", SLICED",1,0,60000,"","",USD"#,
      ])
  }

  @Test("A room lists at most five hundred products with one call", arguments: [1, 500, 501, 1200])
  func listings(count: Int) {
    let store = RetailStore(id: "4", products: (0..<Int64(count)).map { $0 })
    let calls = store.listings
    #expect(calls.count == (count + 499) / 500)
    #expect(calls.allSatisfy { ($0["skus"]?.elements?.count ?? 0) <= 500 })
    #expect(
      calls.flatMap { $0["skus"]?.elements ?? [] } == (0..<count).map { .string(String($0)) })
  }

  @Test(
    "A server's address is read",
    arguments: [
      ("http://127.0.0.1:8080", "127.0.0.1", 8080), ("http://localhost/", "localhost", 80),
      ("http://[::1]:9", "::1", 9), ("http://[::1]", "::1", 80),
    ] as [(String, String, UInt16)])
  func address(url: String, host: String, port: UInt16) throws {
    let target = try #require(ReplayTarget(url: url, token: "t"))
    #expect(target.host == host)
    #expect(target.port == port)
  }

  @Test(
    "An address of another kind is refused",
    arguments: [
      "", "127.0.0.1:80", "https://127.0.0.1", "http://", "http://:80", "http://a:0",
      "http://a:65536", "http://a/b",
    ])
  func badAddress(url: String) {
    #expect(ReplayTarget(url: url, token: "t") == nil)
  }
}
