// Catalogue files: what a row comes to, and how a bad one is told.

import Commerce
import Coordination
import Testing
import Wire

@testable import Server

private func rows(_ text: String, _ type: CatalogueFileType = .csv) throws -> [ImportedRow] {
  try CatalogueImport.rows(of: Array(text.utf8), as: type)
}

private func item(_ row: ImportedRow?) throws -> CatalogueItem { try #require(row).item.get() }

private func problem(_ row: ImportedRow) -> Fault? {
  if case .failure(let fault) = row.item { fault } else { nil }
}

@Suite("Catalogue files")
struct CallsCatalogueTests {
  static let header =
    "sku,product,supplier,title,variant,category,picture,currency,price,cost,ratePpm,stock,"
    + "saleFrom,saleUntil\r\n"

  @Test("A row has everything that the catalogue keeps, in both forms")
  func whole() throws {
    let csv =
      Self.header + "s1,p1,u1,\"茶, 明前\",100g,茶,https://x/1.jpg,USD,16800,9200,200000,12,"
      + "2026-03-01T10:00:00Z,2026-03-01T10:00:01Z\r\n"
    let json =
      #"{"sku":"s1","product":"p1","supplier":"u1","title":"茶, 明前","variant":"100g","#
      + #""category":"茶","picture":"https://x/1.jpg","currency":"USD","price":16800,"cost":9200,"#
      + #""ratePpm":200000,"stock":12,"saleFrom":"2026-03-01T10:00:00Z","#
      + #""saleUntil":"2026-03-01T10:00:01Z"}"#
    let wanted = CatalogueItem(
      product: Product(
        id: ProductID(trusted: "p1"), supplier: SupplierID(trusted: "u1"), title: "茶, 明前",
        category: "茶", picture: "https://x/1.jpg"),
      sku: SKU(
        id: SKUID(trusted: "s1"), product: ProductID(trusted: "p1"),
        supplier: SupplierID(trusted: "u1"), title: "茶, 明前 100g", picture: "https://x/1.jpg",
        currency: try Currency("USD"), price: Amount(16_800), cost: Amount(9_200),
        rate: Rate(trusted: 200_000), saleFrom: Timestamp(milliseconds: 1_772_359_200_000),
        saleUntil: Timestamp(milliseconds: 1_772_359_201_000)), supplied: 12)
    #expect(try item(rows(csv).first) == wanted)
    #expect(try item(rows(json, .jsonLines).first) == wanted)
  }

  @Test("What is optional may be left out or left empty: unlimited stock, yuan, no window")
  func optional() throws {
    let bare = try item(rows(Sample.catalogueHeader + "\ns,p,u,T,0,0,50000").first)
    let empty = try item(rows(Self.header + "s,p,u,T,,,,,0,0,50000,,,").first)
    let json = try item(
      rows(
        #"{"sku":"s","product":"p","supplier":"u","title":"T","price":0,"cost":0,"#
          + #""ratePpm":50000,"stock":null}"#, .jsonLines
      ).first)
    #expect(bare == empty && bare == json)
    #expect(bare.supplied == nil && bare.sku.currency == .cny && bare.sku.title == "T")
    #expect(bare.sku.saleFrom == nil && bare.sku.saleUntil == nil && bare.sku.picture.isEmpty)
  }

  /// Cells behind `sku,product,supplier,title,…`, and the field at fault.
  static let cells: [(String, String)] = [
    (",p,u,T,,,,,1,1,50000,,,", "sku"), ("s s,p,u,T,,,,,1,1,50000,,,", "sku"),
    ("s,,u,T,,,,,1,1,50000,,,", "product"), ("s,p,供,T,,,,,1,1,50000,,,", "supplier"),
    ("s,p,u,,,,,,1,1,50000,,,", "title"), ("s,p,u,\"a\nb\",,,,,1,1,50000,,,", "title"),
    ("s,p,u,T,,,,cny,1,1,50000,,,", "currency"), ("s,p,u,T,,,,,,1,50000,,,", "price"),
    ("s,p,u,T,,,,,1.50,1,50000,,,", "price"), ("s,p,u,T,,,,,-1,1,50000,,,", "price"),
    ("s,p,u,T,,,,,+1,1,50000,,,", "price"), ("s,p,u,T,,,,,1e3,1,50000,,,", "price"),
    ("s,p,u,T,,,,,¥5,1,50000,,,", "price"), ("s,p,u,T,,,,,1000000000001,1,50000,,,", "price"),
    ("s,p,u,T,,,,,99999999999999999999,1,50000,,,", "price"),
    ("s,p,u,T,,,,,1,-1,50000,,,", "cost"), ("s,p,u,T,,,,,1,1,49999,,,", "ratePpm"),
    ("s,p,u,T,,,,,1,1,400001,,,", "ratePpm"), ("s,p,u,T,,,,,1,1,20%,,,", "ratePpm"),
    ("s,p,u,T,,,,,1,1,50000,-1,,", "stock"), ("s,p,u,T,,,,,1,1,50000,many,,", "stock"),
    ("s,p,u,T,,,,,1,1,50000,,tomorrow,", "saleFrom"),
    ("s,p,u,T,,,,,1,1,50000,,2026-03-01T10:00:00Z,2026-03-01T18:00:00+08:00", "saleUntil"),
  ]

  @Test(
    "A bad cell is told with its line and its column, and the next line is taken", arguments: cells)
  func badCell(cells: String, column: String) throws {
    let found = try rows(Self.header + cells + "\ns,p,u,T,,,,,1,1,400000,0,,\n")
    #expect(found.count == 2)
    let fault = found.first.flatMap(problem)
    #expect(found.first?.line == 2 && fault?.code == "invalid_field" && fault?.field == column)
    #expect(try item(found.last).supplied == 0)
  }

  @Test("Title and variant have at most a thousand bytes together")
  func longTitle() throws {
    for (count, isTaken) in [(998, true), (999, false)] {
      let title = String(repeating: "t", count: count)
      let found = try rows(Self.header + "s,p,u,\(title),v,,,,1,1,50000,,,")
      #expect(found.map { problem($0)?.field } == [isTaken ? nil : "variant"])
    }
  }

  @Test("A line that is no row is told with its number, and the rest is taken")
  func badLines() throws {
    let good = "s,p,u,T,1,1,50000"
    let found = try rows(
      [Sample.catalogueHeader, good, "s,p", good, "s,p,u,T\"x,1,1,1", "s,p,u,\"T,1,1,50000", good]
        .joined(separator: "\n"))
    #expect(found.map(\.line) == [2, 3, 4, 5, 6, 7])
    #expect(
      found.map { problem($0)?.code }
        == [nil, "malformed_line", nil, "malformed_line", "malformed_line", nil])
  }

  @Test("A cell that is not UTF-8 is told")
  func notUTF8() throws {
    let bytes =
      Array((Sample.catalogueHeader + "\ns,p,u,").utf8) + [0xFF] + Array(",1,1,50000".utf8)
    let found = try CatalogueImport.rows(of: bytes, as: .csv)
    #expect(found.map { problem($0)?.field } == ["title"])
  }

  @Test(
    "A header that lacks a column or has an unknown or double one refuses the whole file",
    arguments: [
      ("", "sku"), ("\n", "sku"), ("sku,product,supplier,title,price,cost\n", "ratePpm"),
      ("sku;product;supplier;title;price;cost;ratePpm\n", "sku"),
      (Sample.catalogueHeader + ",colour\n", "colour"),
      (Sample.catalogueHeader + ",sku\n", "header"),
      ("SKU,product,supplier,title,price,cost,ratePpm\n", "sku"),
      ("\"sku,product\n", "header"),
    ])
  func badHeader(text: String, field: String) throws {
    do {
      let found = try rows(text)
      Issue.record("\(found.count) rows were taken")
    } catch let fault as Fault {
      #expect(fault.code == "invalid_field" && fault.field == field)
    }
  }

  @Test("A header alone is an empty catalogue, and a byte order mark is passed over")
  func emptyFile() throws {
    #expect(try rows(Sample.catalogueHeader).isEmpty)
    #expect(try rows("\u{FEFF}" + Sample.catalogueHeader + "\r\n").isEmpty)
    #expect(try rows("", .jsonLines).isEmpty)
  }

  @Test("JSON lines are taken line by line; blank ones count and say nothing")
  func jsonLines() throws {
    let good =
      #"{"sku":"s","product":"p","supplier":"u","title":"T","price":1,"cost":1,"ratePpm":50000}"#
    let lines = [
      good, "", "  \r", "{", "[]", good.replacing(":1,", with: ":\"1\","),
      good.replacing("sku", with: "SKU"), good.replacing("{", with: #"{"colour":1,"#), good + "\r",
    ]
    let found = try rows(lines.joined(separator: "\n"), .jsonLines)
    #expect(found.map(\.line) == [1, 4, 5, 6, 7, 8, 9])
    #expect(
      found.map { problem($0)?.code } == [
        nil, "malformed_line", "malformed_line", "invalid_field", "invalid_field",
        "invalid_field", nil,
      ])
    #expect(
      found.map { problem($0)?.field } == [nil, nil, nil, "price", "sku", "colour", nil])
  }

  @Test("The file's type decides how it is read, and any other type is refused")
  func types() throws {
    let csv = Sample.catalogueHeader + "\ns,p,u,T,1,1,50000\n"
    for (type, isTaken) in [
      ("text/csv", true), ("text/csv; charset=UTF-8", true), ("text/csv; charset=gbk", false),
      ("application/json", false),
    ] {
      let found = try fault {
        try httpCall("POST /v1/catalogue/import", csv, .backend, type: type)
      }
      #expect(found?.code == (isTaken ? nil : "unsupported_media_type"), "\(type)")
    }
    guard
      case .importCatalogue(let found) = try httpCall(
        "POST /v1/catalogue/import", "{}", .backend, type: "application/x-ndjson")
    else {
      Issue.record("no import")
      return
    }
    #expect(found.map { problem($0)?.field } == ["sku"])
  }
}
